"""`Vectors` of any kind: compared by their measure, never scaled behind anybody's back."""

import numpy as np
import pytest

from taglab.errors import InvalidSetting, NotFound
from taglab.vectors import KINDS, MEASURES, Vectors

# Worked by hand: c has the direction of a and thrice its length; b is nearer to a than c is.
ROWS = np.array([[1, 0], [1, 1], [3, 0]], np.float32)
IDS = ("a", "b", "c")


def tracks(measure: str, rows: np.ndarray = ROWS) -> Vectors:
    return Vectors("tracks", IDS[: len(rows)], rows, name="made up", measure=measure)


@pytest.mark.parametrize(
    ("measure", "scores", "nearest"),
    [
        ("cosine", [1, 0.5**0.5, 1], {"similarity": [1, 0.5**0.5, 1], "distance": [0, 1 - 0.5**0.5, 0]}),
        ("dot", [1, 1, 3], {"similarity": [1, 1, 3]}),
        ("euclidean", [0, -1, -2], {"distance": [0, 1, 2]}),
    ],
)
def test_scores_of_a_measure(measure: str, scores: list[float], nearest: dict[str, list[float]]) -> None:
    given = MEASURES[measure].score(ROWS[:1], ROWS)
    np.testing.assert_allclose(given, [scores], atol=1e-6)
    columns = MEASURES[measure].columns(given[0])
    assert list(columns) == list(nearest)
    for name, values in nearest.items():
        np.testing.assert_allclose(columns[name], values, atol=1e-6)


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_given_is_what_is_held(measure: str) -> None:
    vectors = tracks(measure)
    np.testing.assert_array_equal(vectors.vectors, ROWS)
    expected = ROWS if measure != "cosine" else [[1, 0], [0.5**0.5, 0.5**0.5], [1, 0]]
    np.testing.assert_allclose(vectors.points, expected, atol=1e-7)
    assert vectors.n_points == (3 if measure != "cosine" else 2)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
@pytest.mark.parametrize("measure", MEASURES)
def test_points_are_told_apart_at_any_scale(measure: str, scale: float) -> None:
    rows = (np.array([[1, 0], [1, 1e-3], [1, 0]]) * scale).astype(np.float32)
    assert tracks(measure, rows).point_of.tolist() == [0, 1, 0]


def test_one_line_says_what_it_is() -> None:
    assert repr(tracks("dot")) == "<Vectors made up: 3 tracks, 2 dimensions, by dot product>"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "albums"}, "kind='albums' must be one of: tags, tracks"),
        ({"measure": "hamming"}, "measure='hamming' must be one of: cosine, dot, euclidean"),
        ({"ids": ("a", "b")}, r"must be \(tracks, dim\) with 2 rows"),
        ({"ids": ("a", "b", "a")}, "a track stands twice"),
        ({"missing": ("c",)}, "a track stands twice"),
        ({"vectors": ROWS.astype(float)}, "float32"),
        ({"vectors": np.array([[1, 0], [np.nan, 0], [0, 1]], np.float32)}, "NaN"),
        ({"vectors": np.array([[1, 0], [0, 0], [0, 1]], np.float32)}, "'b' is all zeros"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Vectors(**{"kind": "tracks", "ids": IDS, "vectors": ROWS} | change)  # type: ignore[arg-type]


def test_rows_of_zeros_are_missing_only_where_directions_count() -> None:
    rows = [[1.0, 0.0], [0.0, 0.0]]
    assert Vectors.of("users", ["u", "v"], rows).missing == ("v",)
    for measure in ("dot", "euclidean"):
        vectors = Vectors.of("users", ["u", "v"], rows, measure=measure)
        assert (vectors.ids, vectors.missing) == (("u", "v"), ())
    with pytest.raises(ValueError, match="scale them down"):
        Vectors.of("users", ["u"], [[1e300, 0]], measure="dot")


def test_fingerprint_is_of_kind_ids_array_and_measure() -> None:
    one = tracks("dot")
    assert one.fingerprint == Vectors("tracks", IDS, ROWS, name="other", measure="dot").fingerprint
    others = [
        tracks("euclidean"),
        Vectors("artists", IDS, ROWS, measure="dot"),
        Vectors("tracks", IDS[::-1], ROWS, measure="dot"),
        Vectors("tracks", IDS, ROWS[::-1].copy(), measure="dot"),
    ]
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == 5


def test_select_keeps_kind_measure_and_origin() -> None:
    vectors = Vectors("artists", IDS, ROWS, name="some", measure="dot", origin={"encoder": "mfcc"})
    chosen = vectors.select(["c", "x", "a"])
    assert (chosen.kind, chosen.measure, chosen.name) == ("artists", "dot", "some")
    assert (chosen.ids, chosen.missing, chosen.origin) == (("c", "a"), ("x",), {"encoder": "mfcc"})
    np.testing.assert_array_equal(chosen.vectors, ROWS[[2, 0]])
    assert chosen.fingerprint != vectors.fingerprint


def test_sentences_name_the_kind() -> None:
    vectors = tracks("cosine")
    with pytest.raises(NotFound, match="track 'x' has no vector in made up: it is not among the tracks"):
        vectors.row("x")
    with pytest.raises(NotFound, match="nothing is known of it"):
        vectors.select(["x"]).row("x")
    with pytest.raises(InvalidSetting, match=r"3 tracks have .* \(0 have none\), 4 are needed"):
        vectors.require(4)
    assert vectors.column == "track"
    assert set(KINDS) == {"tags", "tracks", "artists", "classes", "users", "entities"}
