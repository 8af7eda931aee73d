"""Scores and truth saved by other programs."""

from pathlib import Path

import numpy as np
import pytest

from taglab.errors import DataError
from taglab.outcomes import UNKNOWN, read_scores

TRUTH = np.array([[1, 0], [0, 0], [1, 1]])
SCORES = np.array([[0.9, 0.1], [0.2, 0.3], [0.7, 0.4]])


def saved(folder: Path, **arrays: object) -> Path:
    path = folder / "theirs.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("truth", [TRUTH, TRUTH.astype(bool), TRUTH.astype(np.float32)])
@pytest.mark.parametrize("names", [("truth", "scores"), ("y_true", "y_score"), ("targets", "predictions")])
def test_arrays_are_found_by_name(tmp_path: Path, truth: object, names: tuple[str, str]) -> None:
    found = read_scores(saved(tmp_path, **{names[0]: truth, names[1]: SCORES}))
    np.testing.assert_array_equal(found.truth, TRUTH.astype(bool))
    np.testing.assert_allclose(found.scores, SCORES, rtol=1e-6)
    assert found.classes == ("class 0", "class 1")
    assert found.tracks == ("0", "1", "2")
    assert not found.named
    assert (found.split, found.evaluated) == (UNKNOWN, UNKNOWN)


def test_names_come_from_the_file_or_the_caller(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        truth=TRUTH,
        scores=SCORES,
        classes=np.array(["rock", "sad"]),
        tracks=np.array([b"a", b"b", b"c"]),
    )
    found = read_scores(path)
    assert (found.classes, found.tracks, found.named) == (("rock", "sad"), ("a", "b", "c"), True)
    renamed = read_scores(path, classes=["x", "y"], tracks=["1", "2", "3"])
    assert (renamed.classes, renamed.tracks) == (("x", "y"), ("1", "2", "3"))


def test_logits_become_probabilities(tmp_path: Path) -> None:
    logits = np.log(SCORES / (1 - SCORES))
    by_name = read_scores(saved(tmp_path, truth=TRUTH, logits=logits))
    asked = read_scores(saved(tmp_path, truth=TRUTH, scores=logits), logits=True)
    np.testing.assert_allclose(by_name.scores, SCORES, rtol=1e-6)
    np.testing.assert_allclose(asked.scores, SCORES, rtol=1e-6)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"scores": SCORES}, "holds 'scores', but no array named 'truth' or"),
        ({"truth": TRUTH}, "no array named 'scores'"),
        ({"truth": TRUTH, "scores": SCORES[:2]}, r"'truth' is \(3, 2\) and 'scores' \(2, 2\)"),
        ({"truth": TRUTH[:, 0], "scores": SCORES[:, 0]}, r"must be \(tracks, classes\)"),
        ({"truth": SCORES, "scores": SCORES}, "only 0 and 1.*swapped"),
        ({"truth": TRUTH, "scores": SCORES * 5 - 1}, r"\[0, 1\], not -0.5 to 3.5.*logits"),
        ({"truth": TRUTH, "scores": SCORES + np.nan}, "finite"),
        ({"truth": TRUTH, "scores": SCORES.astype(str)}, "finite numbers"),
        ({"truth": np.array([[None]]), "scores": SCORES}, "plain arrays"),
        ({"truth": TRUTH, "scores": SCORES, "classes": np.array(["a", "a"])}, "class 'a' stands twice"),
        ({"truth": TRUTH, "scores": SCORES, "classes": np.array(["a"])}, r"\(3, 1\)"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, arrays: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_scores(saved(tmp_path, **arrays))


def test_a_member_that_is_no_array_is_passed_over(tmp_path: Path) -> None:
    import zipfile

    path = saved(tmp_path, truth=TRUTH, scores=SCORES)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("tracks", "not an array")
    assert not read_scores(path).named


def test_an_array_that_announces_more_than_it_holds_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    import io
    import zipfile

    head = io.BytesIO()
    announced = {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)}
    np.lib.format.write_array_header_1_0(head, announced)
    path = tmp_path / "scores.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("scores.npy", head.getvalue())
    with pytest.raises(DataError, match="its head announces"):
        read_scores(path)


def test_a_member_whose_packing_is_damaged_is_refused(tmp_path: Path) -> None:
    import io
    import zipfile

    held = io.BytesIO()
    np.save(held, SCORES)
    path = tmp_path / "scores.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("scores.npy", held.getvalue())
        begins = archive.infolist()[0].header_offset + 30 + len("scores.npy")
    raw = bytearray(path.read_bytes())
    raw[begins + 4 : begins + 12] = b"\xff" * 8
    path.write_bytes(raw)
    with pytest.raises(DataError, match="packed in an unusual way"):
        read_scores(path)
