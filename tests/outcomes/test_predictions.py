"""`Predictions` checks itself and comes back from its file as it was."""

import dataclasses
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taglab.errors import DataError, NotFound, StorageError
from taglab.outcomes import (
    UNKNOWN,
    open_predictions,
    split_fingerprint,
    split_warning,
    track_set_fingerprint,
)
from tests.outcomes.examples import made_up

SPLIT = split_fingerprint(["a", "b"], ["train", "test"])
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda s: not s.endswith("\0"))


def test_columns_and_counts() -> None:
    found = made_up(tracks=("a", "b", "c"), classes=("rock", "sad"), truth=[[1, 0], [1, 0], [0, 0]])
    assert (found.n_tracks, found.n_classes) == (3, 2)
    np.testing.assert_array_equal(found.positives, [2, 0])
    assert found.column("sad") == 1
    with pytest.raises(NotFound, match=r"'jazz'.*rock, sad"):
        found.column("jazz")
    turned = found.select_classes(["sad", "rock"])
    np.testing.assert_array_equal(turned.scores, found.scores[:, ::-1])
    np.testing.assert_array_equal(turned.positives, [0, 2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": np.zeros((2, 2), bool)}, r"\(tracks, classes\)"),
        ({"truth": np.zeros((3, 2), int)}, "truth must be bool"),
        ({"scores": np.zeros((3, 2))}, "scores float32"),
        ({"scores": np.full((3, 2), 1.5, np.float32)}, r"must lie in \[0, 1\].*logits"),
        ({"scores": np.full((3, 2), np.nan, np.float32)}, "diverged"),
        ({"tracks": ("a", "b", "a")}, "track 'a' stands twice"),
        ({"classes": ("x", "x")}, "class 'x' stands twice"),
        ({"classes": ("x", "y\0")}, "NUL"),
        ({"split": "today's"}, "split_fingerprint"),
    ],
)
def test_what_disagrees_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(made_up(tracks=("a", "b", "c"), classes=("rock", "sad")), **change)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tracks=st.lists(NAMES, unique=True, max_size=4),
    classes=st.lists(NAMES, unique=True, max_size=3),
    named=st.booleans(),
    split=st.sampled_from([UNKNOWN, SPLIT]),
)
def test_saved_and_opened_again(
    tmp_path: Path, tracks: list[str], classes: list[str], named: bool, split: str
) -> None:
    before = dataclasses.replace(made_up(tuple(tracks), tuple(classes)), named=named, split=split)
    before.save(tmp_path / "predictions.npz")
    after = open_predictions(tmp_path / "predictions.npz")
    assert (after.tracks, after.classes, after.split, after.named) == (
        before.tracks,
        before.classes,
        split,
        named,
    )
    np.testing.assert_array_equal(after.truth, before.truth)
    np.testing.assert_array_equal(after.scores, before.scores)
    assert after.fingerprint == before.fingerprint


def test_the_file_needs_no_pickle_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    made_up().save(tmp_path / "predictions.npz")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["predictions.npz"]
    with np.load(tmp_path / "predictions.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_a_place_that_cannot_be_written_keeps_its_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "predictions.npz"
    made_up().save(path)
    old = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(StorageError, match="No space left"):
        made_up(seed=1).save(path)
    assert path.read_bytes() == old


def changed(path: Path, **arrays: object) -> Path:
    """Write the file again with these arrays in place of its own; None leaves one out."""
    with np.load(path) as file:
        held = {name: file[name] for name in file.files} | arrays
    np.savez(path, **{name: array for name, array in held.items() if array is not None})
    return path


def test_damaged_files_are_told_as_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"

    def refused(match: str) -> None:
        with pytest.raises(DataError, match=match) as caught:
            open_predictions(path)
        assert str(path) in str(caught.value)

    refused("there is no such file")
    path.write_bytes(b"not a zip")
    refused("not a zip")
    made_up().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused("was cut off")
    spot = whole.index(b"scores.npy") + 200
    path.write_bytes(whole[:spot] + bytes([whole[spot] ^ 255]) + whole[spot + 1 :])
    refused("CRC")
    for arrays, message in [
        ({"format": np.int64(99)}, "newer taglab"),
        ({"format": np.zeros(3)}, "damaged"),
        ({"split": None}, "lacks split; read_scores"),
        ({"scores": np.zeros((1, 1), np.float32)}, "damaged"),
        ({"tracks": np.array([{"a": 1}], dtype=object)}, "plain arrays"),
    ]:
        made_up().save(path)
        changed(path, **arrays)
        refused(message)


def test_an_archive_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from taglab import archives

    monkeypatch.setattr(archives, "_ARRAYS", archives.Limits(largest_bytes=1 << 20))
    path = tmp_path / "bomb.npz"
    zeros = io.BytesIO()
    np.save(zeros, np.zeros(1 << 20))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scores.npy", zeros.getvalue())
    with pytest.raises(DataError, match="unpacks to more than 1,048,576 bytes"):
        open_predictions(path)


def test_fingerprints_tell_sets_and_assignments_and_nothing_else() -> None:
    tracks, parts = ["a", "b", "c"], ["train", "test", "train"]
    assert split_fingerprint(tracks, parts) == split_fingerprint(tracks[::-1], parts[::-1])
    assert split_fingerprint(tracks, parts) != split_fingerprint(tracks, ["train", "train", "test"])
    assert split_fingerprint(["a", "b"], ["x", "y"]) != split_fingerprint(["a", "y"], ["x", "b"])
    assert track_set_fingerprint(tracks) == track_set_fingerprint(tracks[::-1])
    assert track_set_fingerprint(tracks) != track_set_fingerprint(tracks[:2])
    with pytest.raises(ValueError, match="stands twice"):
        split_fingerprint(["a", "a"], parts[:2])
    with pytest.raises(ValueError, match="3 tracks and 2 parts"):
        split_fingerprint(tracks, parts[:2])


def test_evaluated_tracks_have_a_fingerprint_where_they_have_ids() -> None:
    found = made_up(tracks=("a", "b"))
    assert found.evaluated == track_set_fingerprint(["b", "a"])
    assert dataclasses.replace(found, named=False).evaluated == UNKNOWN


def test_results_of_different_splits_come_with_a_warning() -> None:
    other = split_fingerprint(["a", "b"], ["test", "train"])
    on, elsewhere = track_set_fingerprint(["a"]), track_set_fingerprint(["b"])
    assert split_warning([SPLIT], [on]) is None
    assert split_warning([SPLIT, SPLIT], [on, on]) is None
    assert "different splits" in str(split_warning([SPLIT, other], [on, on]))
    assert "different tracks" in str(split_warning([SPLIT, SPLIT], [on, elsewhere]))
    assert "2 of these 3 results are unknown" in str(
        split_warning([SPLIT, UNKNOWN, SPLIT], [on, on, UNKNOWN])
    )
    assert "different splits" in str(split_warning([SPLIT, other, UNKNOWN], [on, on, UNKNOWN]))
