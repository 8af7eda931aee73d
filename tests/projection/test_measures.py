"""Maps of tracks by each measure: placed by its distance, and judged by it."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

from taglab.projection import PROJECTIONS, ProjectionSettings, project, project_distances, projection_path
from taglab.projection.jobs import ProjectionWorker
from taglab.projection.points import POINTS, nearest
from taglab.vectors import MEASURES, Vectors
from tests.vectors.tracks import random_tracks


def distances(vectors: Vectors) -> np.ndarray:
    rows = vectors.vectors.astype(float)
    return cdist(rows, rows, "cosine") if vectors.measure == "cosine" else cdist(rows, rows)


@pytest.mark.parametrize("scale", [1e-15, 1.0, 1e15])
@pytest.mark.parametrize("measure", MEASURES)
def test_neighbours_are_by_the_distance_of_the_measure(measure: str, scale: float) -> None:
    vectors = random_tracks(measure, scale=scale)
    rows, apart = nearest(POINTS[vectors.by.metric](vectors.points), 5)
    expected = distances(vectors)
    np.fill_diagonal(expected, np.inf)
    np.testing.assert_array_equal(rows, np.argsort(expected, axis=1)[:, :5])
    unit = scale if measure != "cosine" else 1
    np.testing.assert_allclose(apart, np.sort(expected, axis=1)[:, :5], rtol=1e-4, atol=1e-6 * unit)


@pytest.mark.parametrize("measure", ["dot", "euclidean"])
def test_pca_is_that_of_vectors_as_they_are(measure: str) -> None:
    vectors = random_tracks(measure)
    projection = project(vectors)
    expected = PCA(2).fit_transform(vectors.vectors.astype(float))
    assert projection.explained_variance is not None
    for axis in range(2):
        ours, theirs = projection.positions[:, axis], expected[:, axis]
        np.testing.assert_allclose(ours, theirs * np.sign(ours @ theirs), atol=1e-4)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("method", PROJECTIONS)
def test_maps_are_judged_by_the_distance_of_the_measure(method: str, measure: str) -> None:
    vectors = random_tracks(measure, n=80, dim=3)
    settings = ProjectionSettings(method=method, perplexity=10)
    projection = project(vectors, settings)
    judged = project_distances(distances(vectors), settings)
    assert projection.trustworthiness > 0.8
    if method == "pca":
        return
    # The same distances, reached in another way, give as good a map.
    assert projection.trustworthiness == pytest.approx(judged.trustworthiness, abs=0.05)


def test_a_map_says_whose_distance_it_shows() -> None:
    assert "√(x·x − 2 x·y + y·y)" in project(random_tracks("dot")).notes[0]
    assert project(random_tracks("cosine")).notes == project(random_tracks("euclidean")).notes == ()


def test_measures_have_maps_of_their_own() -> None:
    paths = {projection_path(random_tracks(measure), ProjectionSettings()) for measure in MEASURES}
    assert len(paths) == len(MEASURES)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_other_process_makes_the_same_map(measure: str) -> None:
    vectors = random_tracks(measure)
    worker = ProjectionWorker()
    try:
        made_there = worker.submit(vectors, ProjectionSettings()).result(timeout_s=60)
    finally:
        worker.close()
    here = project(vectors)
    np.testing.assert_allclose(made_there.positions, here.positions, atol=1e-5)
    assert made_there.notes == here.notes


def test_equal_and_coinciding_tracks() -> None:
    rows = np.repeat(np.array([[1, 1], [4, 1]], np.float32), 5, axis=0)
    vectors = Vectors("tracks", tuple(map(str, range(10))), np.pad(rows, ((0, 0), (0, 2))), measure="dot")
    _, apart = nearest(POINTS["euclidean"](vectors.points), 4)
    assert not apart.any()
    alike = vectors.select(["0", "1", "2"])
    assert "one point" in " ".join(project(alike).notes)
