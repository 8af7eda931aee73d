"""Asking vectors of tracks by each measure: neighbours, analogies, axes, overlap, export."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from taglab.embeddings import analogy, axis, neighbours, overlap_at_k, write_projector
from taglab.embeddings.neighbours import nearest_of_first, nearest_rows, nearest_to
from taglab.errors import InvalidSetting
from taglab.vectors import MEASURES, Vectors
from tests.vectors.tracks import random_tracks


def expected_scores(vectors: Vectors, queries: np.ndarray) -> np.ndarray:
    """By other means than ours, in double precision."""
    rows, wanted = vectors.vectors.astype(float), queries.astype(float)
    by = {
        "cosine": lambda: 1 - cdist(wanted, rows, "cosine"),
        "dot": lambda: np.einsum("ij,kj->ik", wanted, rows),
        "euclidean": lambda: -cdist(wanted, rows),
    }
    return by[vectors.measure]()


@pytest.mark.parametrize("per_block", [7, 10_000])
@pytest.mark.parametrize("measure", MEASURES)
def test_nearest_rows_are_exact_however_they_are_cut(
    measure: str, per_block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(nearest_rows.__globals__, "_CANDIDATES_PER_BLOCK", per_block)
    vectors = random_tracks(measure)
    queries = random_tracks(measure, n=4, seed=1).vectors
    rows, scores = nearest_rows(vectors, queries, 9)
    expected = expected_scores(vectors, queries)
    np.testing.assert_array_equal(rows, np.argsort(-expected, axis=1)[:, :9])
    np.testing.assert_allclose(scores, np.take_along_axis(expected, rows, 1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("per_block", [40, 10_000])
@pytest.mark.parametrize("measure", MEASURES)
def test_neighbours_of_the_first_are_all_others_by_score(
    measure: str, per_block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(nearest_rows.__globals__, "_SCORES_PER_BLOCK", per_block)
    vectors = random_tracks(measure)
    rows, scores = nearest_of_first(vectors, 7, 5)
    expected = expected_scores(vectors, vectors.vectors[:7])
    expected[np.arange(7), np.arange(7)] = -np.inf
    np.testing.assert_array_equal(rows, np.argsort(-expected, axis=1)[:, :5])
    np.testing.assert_allclose(scores, np.take_along_axis(expected, rows, 1), rtol=1e-4, atol=1e-5)


def test_neighbours_of_the_first_may_be_all_there_are_and_ties_keep_their_order() -> None:
    rows = np.repeat(np.array([[1, 2], [2, 1]], np.float32), 2, axis=0)
    vectors = Vectors("tracks", tuple("abcd"), rows)
    assert nearest_of_first(vectors, 4, 3)[0].tolist() == [[1, 2, 3], [0, 2, 3], [3, 0, 1], [2, 0, 1]]


@pytest.mark.parametrize("measure", MEASURES)
def test_equal_vectors_come_in_their_order_across_blocks(
    measure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(nearest_rows.__globals__, "_CANDIDATES_PER_BLOCK", 3)
    rows = np.repeat(np.array([[1, 2], [2, 1]], np.float32), 4, axis=0)
    vectors = Vectors("tracks", tuple("abcdefgh"), rows, measure=measure)
    assert nearest_rows(vectors, np.array([[2, 1]], np.float32), 6)[0].tolist() == [[4, 5, 6, 7, 0, 1]]


@pytest.mark.parametrize("measure", MEASURES)
def test_neighbours_say_what_the_measure_says(measure: str) -> None:
    vectors = random_tracks(measure)
    table = neighbours(vectors, "track 7", 5)
    columns = {"cosine": ["similarity", "distance"], "dot": ["similarity"], "euclidean": ["distance"]}
    assert table.columns.tolist() == ["track", *columns[measure]]
    scores = expected_scores(vectors, vectors.vectors[7:8])[0]
    scores[7] = -np.inf
    assert table["track"].tolist() == [f"track {row}" for row in np.argsort(-scores)[:5]]
    assert len(neighbours(vectors, "track 7", 1000)) == 59


def test_a_dot_product_may_find_another_nearer_than_the_vector_itself() -> None:
    vectors = Vectors("tracks", ("a", "b"), np.array([[1, 0], [3, 0]], np.float32), measure="dot")
    assert nearest_to(vectors, vectors.vectors[0], 2)["track"].tolist() == ["b", "a"]


def test_analogies_are_at_length_1_only_by_cosine() -> None:
    rows = np.array([[4, 0, 0], [0, 1, 0], [0, 0, 1], [1, -1, 1], [4, -1, 1]], np.float32)
    by = {measure: Vectors("tracks", tuple("abcde"), rows, measure=measure) for measure in MEASURES}
    assert analogy(by["cosine"], "a", "b", "c", 1)["track"].tolist() == ["d"]
    assert analogy(by["euclidean"], "a", "b", "c", 1)["track"].tolist() == ["e"]
    table = analogy(by["dot"], "a", "b", "c", 2)
    assert table["track"].tolist() == ["e", "d"]
    assert table["similarity"].tolist() == [18, 6]


def test_what_cancels_out_is_a_place_but_no_direction() -> None:
    rows = np.array([[1, 0], [2, 0], [1, 0], [0, 1]], np.float32)
    by = {measure: Vectors("tracks", tuple("abcd"), rows, measure=measure) for measure in MEASURES}
    with pytest.raises(InvalidSetting, match="cancels out; choose other tracks"):
        analogy(by["dot"], "a", "b", "c", 1)
    assert analogy(by["euclidean"], "a", "b", "c", 1)["distance"].tolist() == [1]
    opposite = Vectors("tracks", tuple("abc"), np.array([[1, 0], [0.5, 1], [-0.5, 1]], np.float32))
    assert len(analogy(opposite, "a", "b", "c", 1)) == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_an_axis_runs_through_the_points_of_the_measure(measure: str) -> None:
    vectors = random_tracks(measure)
    table = axis(vectors, "track 1", "track 2").set_index("track")
    assert table.loc["track 1", "position"] == pytest.approx(0, abs=1e-6)
    assert table.loc["track 2", "position"] == pytest.approx(1)
    start, line = vectors.points[1].astype(float), vectors.points[2].astype(float) - vectors.points[1]
    expected = (vectors.points[5] - start) @ line / (line @ line)
    assert table.loc["track 5", "position"] == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("measure", MEASURES)
def test_overlap_is_by_the_measure_at_any_scale(measure: str, scale: float) -> None:
    one, other = random_tracks(measure, scale=scale), random_tracks(measure, seed=3, scale=scale)
    table = overlap_at_k(one, other, 6)
    near = []
    for side in (one, other):
        scores = expected_scores(side, side.vectors)
        np.fill_diagonal(scores, -np.inf)
        near.append(np.argsort(-scores, axis=1)[:, :6])
    expected = [len(set(a) & set(b)) / 6 for a, b in zip(*near, strict=True)]
    assert table.columns.tolist() == ["track", "overlap"]
    np.testing.assert_allclose(table["overlap"], expected)


@pytest.mark.parametrize("measure", MEASURES)
def test_export_leaves_vectors_as_they_are(measure: str) -> None:
    vectors = random_tracks(measure, n=3)
    metadata = pd.DataFrame({"genre": ["x", "y", "z"], "track": vectors.ids[::-1]})
    files = write_projector(vectors, metadata)
    rows = [line.split("\t") for line in files.vectors.decode().splitlines()]
    np.testing.assert_array_equal(np.array(rows, np.float32), vectors.vectors)
    assert files.metadata.decode().splitlines() == [
        "track\tgenre", "track 0\tz", "track 1\ty", "track 2\tx",
    ]  # fmt: skip
    with pytest.raises(InvalidSetting, match="must have a column 'track'"):
        write_projector(vectors, metadata.rename(columns={"track": "tag"}))
