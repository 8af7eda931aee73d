"""`Targets`: of every kind checked, and what is not known is never taken for negative."""

import numpy as np
import pytest
from scipy import sparse

from taglab.errors import NotFound
from taglab.targets import TARGET_KINDS, Targets

TRACKS = ("a", "b", "c")
COLUMNS = ("x", "y")
KNOWN = np.array([True, False, True])
VALUES = {
    "binary": [[1, 1], [0, 0], [0, 0]],
    "categorical": [[0, 1], [0, 0], [1, 0]],
    "distribution": [[0.25, 0.75], [0, 0], [1, 0]],
    "real": [[1999, -3], [0, 0], [0, 0.5]],
}


def held(kind: str, rows: object) -> sparse.csr_array | np.ndarray:
    dense = np.array(rows, np.float32)
    return sparse.csr_array(dense) if TARGET_KINDS[kind].sparse else dense


def targets(kind: str, **change: object) -> Targets:
    parts = {"tracks": TRACKS, "columns": COLUMNS, "values": held(kind, VALUES[kind]), "known": KNOWN}
    return Targets(kind, **parts | change, name="made up")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", TARGET_KINDS)
def test_each_kind_is_what_it_says(kind: str) -> None:
    made = targets(kind)
    np.testing.assert_allclose(made.dense(), np.array(VALUES[kind], np.float32))
    np.testing.assert_allclose(made.dense(np.array([2, 0])), np.array(VALUES[kind], np.float32)[[2, 0]])
    assert repr(made) == f"<Targets made up: {kind}, 3 tracks (2 known), 2 columns>"
    assert made.coverage == pytest.approx(2 / 3)
    np.testing.assert_allclose(made.totals(), np.sum(VALUES[kind], axis=0))
    assert made.column("y") == 1
    with pytest.raises(NotFound, match="no column 'z' in made up; there are: x, y"):
        made.column("z")


@pytest.mark.parametrize(
    ("kind", "rows", "sentence"),
    [
        ("binary", [[1, 1], [0, 0], [0, 2]], "track 'c' holds another value than 0 and 1"),
        ("categorical", [[1, 1], [0, 0], [1, 0]], "track 'a' is not in exactly one class"),
        ("categorical", [[0, 1], [0, 0], [0, 0]], "track 'c' is not in exactly one class"),
        ("distribution", [[0.5, 0.6], [0, 0], [1, 0]], "track 'a' holds shares"),
        ("distribution", [[-0.5, 1.5], [0, 0], [1, 0]], "track 'a' holds shares"),
        ("distribution", [[1, 0], [0, 0], [np.nan, 0]], "track 'c' holds shares"),
        ("real", [[1, 0], [0, 0], [np.nan, 0]], "track 'c' holds NaN or infinity"),
        ("real", [[1, 0], [2, 0], [1, 0]], "of tracks that are not known must be zeros"),
        ("binary", [[1, 0], [1, 0], [1, 0]], "of tracks that are not known must be zeros"),
    ],
)
def test_what_is_not_of_the_kind_is_refused(kind: str, rows: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        targets(kind, values=held(kind, rows))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"known": np.array([True, False])}, r"and known \(2,\) must be"),
        ({"tracks": ("a", "b")}, "must be"),
        ({"tracks": ("a", "b", "a")}, "stands twice"),
        ({"columns": ("x", "x")}, "stands twice"),
        ({"known": np.array([1, 0, 1])}, "known bool"),
        ({"values": np.zeros((3, 2), np.float32)}, "must be a sparse csr_array"),
        ({"values": sparse.csr_array((3, 2))}, "must be float32"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        targets("binary", **change)
    with pytest.raises(ValueError, match="kind='ordinal' must be one of: binary, categorical"):
        Targets("ordinal", TRACKS, COLUMNS, held("binary", VALUES["binary"]), KNOWN)


@pytest.mark.parametrize("kind", TARGET_KINDS)
def test_selected_tracks_stand_in_the_order_asked_for_and_others_are_unknown(kind: str) -> None:
    chosen = targets(kind).select(["c", "z", "a", "b", "c"])
    assert chosen.tracks == ("c", "z", "a", "b")
    assert chosen.known.tolist() == [True, False, True, False]
    rows = np.array(VALUES[kind], np.float32)
    np.testing.assert_allclose(chosen.dense(), [rows[2], [0, 0], rows[0], [0, 0]])
    assert targets(kind).select([]).coverage != 0  # NaN: there is nothing to know


@pytest.mark.parametrize("kind", TARGET_KINDS)
def test_fingerprint_is_of_all_but_the_name(kind: str) -> None:
    made = targets(kind)
    assert made.fingerprint == Targets(kind, TRACKS, COLUMNS, held(kind, VALUES[kind]), KNOWN).fingerprint
    swapped = held(kind, np.array(VALUES[kind])[:, ::-1])
    others = [
        targets(kind, tracks=("a", "b", "z")),
        targets(kind, columns=("x", "z")),
        made.select(["b", "a", "c"]),
        made.select(["a", "b"]),
        *([targets(kind, values=swapped)] if kind != "binary" else []),
    ]
    prints = {made.fingerprint, *(other.fingerprint for other in others)}
    assert len(prints) == len(others) + 1


def test_known_zeros_are_not_unknown_ones() -> None:
    all_known = targets("binary", known=np.ones(3, bool))
    assert all_known.fingerprint != targets("binary").fingerprint


def test_classes_by_number() -> None:
    made = Targets.of_classes(TRACKS, [1, -1, 0], COLUMNS, "genre")
    assert made.kind == "categorical"
    np.testing.assert_allclose(made.dense(), VALUES["categorical"])
    np.testing.assert_array_equal(made.known, KNOWN)
