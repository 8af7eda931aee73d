"""Every method on every kind of input, and that the same picture comes twice."""

import hashlib
import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest

from taglab.errors import Cancelled, InvalidSetting
from taglab.projection import (
    AS_IS,
    PROJECTIONS,
    ProjectionSettings,
    cost,
    judged,
    project,
    project_distances,
    settings_used,
)
from taglab.vectors import TagVectors

from .test_points import unit_vectors

METHODS = sorted(PROJECTIONS)


def tag_vectors(vectors: npt.NDArray[np.float32]) -> TagVectors:
    return TagVectors.from_any([f"tag {row}" for row in range(len(vectors))], vectors)


def groups(n_groups: int = 4, size: int = 25, dim: int = 10) -> TagVectors:
    """Tags in well separated groups."""
    centres = np.repeat(unit_vectors(n_groups, dim), size, axis=0)
    noise = np.random.default_rng(5).normal(scale=0.05, size=centres.shape)
    return tag_vectors((centres + noise).astype(np.float32))


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_groups_are_seen_and_the_picture_is_the_same_twice(method: str, dimensions: int) -> None:
    vectors = groups()
    settings = ProjectionSettings(method=method, dimensions=dimensions)
    fractions: list[float] = []
    projected = project(vectors, settings, lambda fraction, text: fractions.append(fraction))
    assert projected.method == method
    assert projected.positions.shape == (100, dimensions)
    assert projected.positions.dtype == np.float32
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    assert projected.trustworthiness > 0.9
    assert f"{projected.trustworthiness:.3f}" in projected.quality_sentence
    assert "every one of the 100 points" in projected.quality_sentence
    np.testing.assert_array_equal(projected.positions, project(vectors, settings).positions)
    centres = projected.positions.reshape(4, 25, dimensions).mean(axis=1)
    nearest = np.linalg.norm(projected.positions[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == np.repeat(np.arange(4), 25)).mean() > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_distances_do_as_well(method: str) -> None:
    vectors = groups()
    projected = project_distances(
        1 - vectors.vectors @ vectors.vectors.T + 0, ProjectionSettings(method=method)
    )
    assert projected.positions.shape == (100, 2)
    assert projected.trustworthiness > 0.9
    assert projected.explained_variance is None
    assert any("classical scaling" in note for note in projected.notes) == (method == "pca")


def test_pca_tells_the_variance_it_shows() -> None:
    projected = project(groups())
    assert projected.scree is not None
    assert projected.explained_variance is not None
    assert projected.scree.shape == (10,)
    assert projected.scree.sum() == pytest.approx(1)
    np.testing.assert_array_equal(projected.explained_variance, projected.scree[:2])


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_another_seed_gives_another_picture(method: str) -> None:
    one, other = (project(groups(), ProjectionSettings(method=method, seed=seed)) for seed in (0, 1))
    assert not np.allclose(one.positions, other.positions)


@pytest.mark.parametrize("n_tags", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("method", METHODS)
def test_very_few_tags_are_placed(method: str, n_tags: int) -> None:
    projected = project(tag_vectors(unit_vectors(n_tags, 5)), ProjectionSettings(method=method, dimensions=3))
    assert projected.positions.shape == (n_tags, 3)
    if n_tags < PROJECTIONS[method].least_tags:
        assert "placed by PCA" in projected.notes[0]
        assert projected.settings.method == "pca"
    elif method != "pca":
        assert any(note.startswith(("perplexity is", "n_neighbors is")) for note in projected.notes)
    assert np.isnan(projected.trustworthiness) == (n_tags < 3)
    assert projected.quality_sentence


@pytest.mark.parametrize("method", METHODS)
def test_tags_that_all_have_one_vector_lie_on_one_point(method: str) -> None:
    projected = project(
        tag_vectors(np.repeat(unit_vectors(1, 5), 30, axis=0)), ProjectionSettings(method=method)
    )
    assert projected.method == AS_IS
    assert not projected.positions.any()
    assert "same vector" in projected.notes[-1]


@pytest.mark.parametrize("method", METHODS)
def test_many_copies_of_few_vectors_are_placed(method: str) -> None:
    projected = project(
        tag_vectors(np.repeat(unit_vectors(3, 5), 40, axis=0)), ProjectionSettings(method=method)
    )
    assert np.ptp(projected.positions, axis=0).min() > 0
    assert projected.neighbours_kept > 0.99


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dim", [1, 2])
def test_flat_vectors_are_shown_as_they_are(method: str, dim: int) -> None:
    vectors = tag_vectors(unit_vectors(30, dim))
    projected = project(vectors, ProjectionSettings(method=method))
    assert projected.method == AS_IS
    assert "as they are" in projected.notes[-1]
    np.testing.assert_array_equal(projected.positions[:, :dim], vectors.vectors)
    assert not projected.positions[:, dim:].any()


def test_no_tag_and_an_unknown_method_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="0 tags"):
        project(tag_vectors(np.zeros((3, 4), np.float32)))
    with pytest.raises(InvalidSetting, match="0 tags"):
        project_distances(np.zeros((0, 0)))
    with pytest.raises(InvalidSetting, match="must be one of pca, tsne, umap"):
        project(groups(), ProjectionSettings(method="mds"))


@pytest.mark.parametrize(
    "unknown", [{"colour": 1}, {"dimensions": 4}, {"perplexity": 0}, {"min_dist": 1.0}, {"seed": -1}]
)
def test_impossible_settings_are_refused(unknown: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(unknown))):
        ProjectionSettings(**unknown)


def test_settings_that_do_not_fit_are_said_and_what_is_not_heeded_is_left_out() -> None:
    used, notes = settings_used(ProjectionSettings(method="tsne", perplexity=50, min_dist=0.7), 31)
    assert used.perplexity == 10
    assert used.min_dist == ProjectionSettings().min_dist
    assert notes == ("perplexity is 10, the most that 31 tags allow, not 50.",)
    assert settings_used(used, 31) == (used, ())


@pytest.mark.parametrize("after", [0, 3, 60])
@pytest.mark.parametrize("method", METHODS)
def test_raising_from_progress_stops_it(method: str, after: int) -> None:
    calls = 0

    def stop(fraction: float, text: str) -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            raise Cancelled("stopped")

    if method == "pca" and after:
        pytest.skip("PCA has no step to stop between")
    with pytest.raises(Cancelled):
        project(groups(), ProjectionSettings(method=method), stop)
    assert calls == after + 1


PICTURE = """
import hashlib, sys
from tests.projection.test_compute import groups
from taglab.projection import ProjectionSettings, project
for method in ("pca", "tsne", "umap"):
    positions = project(groups(), ProjectionSettings(method=method)).positions
    print(hashlib.blake2b(positions.tobytes()).hexdigest())
"""


def test_another_process_with_another_number_of_threads_draws_the_same_picture(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    here = [
        hashlib.blake2b(project(groups(), ProjectionSettings(method=method)).positions.tobytes()).hexdigest()
        for method in METHODS
    ]
    for threads in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(threads, "1")
    there = subprocess.run(
        [sys.executable, "-c", PICTURE],
        capture_output=True,
        text=True,
        check=True,
        cwd=request.config.rootpath,
    )
    assert there.stdout.split() == here


def test_a_projection_imports_no_more_than_it_needs() -> None:
    code = "import sys, taglab.projection, taglab.projection.worker; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"streamlit", "torch", "umap", "numba", "openTSNE", "sklearn", "plotly", "pandas"} & set(
        loaded
    )


@pytest.mark.parametrize("method", METHODS)
def test_the_cost_is_said_and_grows(method: str) -> None:
    settings = ProjectionSettings(method=method)
    few, some, many = (cost(n_tags, 200, settings) for n_tags in (1, 7_700, 522_000))
    assert few.seconds < some.seconds < many.seconds
    assert PROJECTIONS[method].title in many.sentence
    assert "522,000 tags" in many.sentence
    assert ("cancelled" in many.sentence) == (method != "pca")


@pytest.mark.realdata
@pytest.mark.parametrize("method", METHODS)
def test_the_map_of_real_tags_can_be_trusted(method: str, request: pytest.FixtureRequest) -> None:
    path = request.config.rootpath / "../shared/data/word-vectors/lastfm-tags.7362.200d.npy"
    if not path.is_file():
        pytest.skip(f"{path.name} is not there")
    some = np.load(path)[::3]  # all of them take a minute; with fewer around them they are placed less well
    projected = project(tag_vectors(some), ProjectionSettings(method=method))
    assert projected.queries == len(projected) == 2454
    least = {"pca": (0.75, 0.3), "tsne": (0.9, 0.5), "umap": (0.9, 0.5)}[method]
    assert projected.trustworthiness > least[0]
    assert projected.neighbours_kept > least[1]


def test_a_map_can_be_judged_later() -> None:
    tags, settings = groups(), ProjectionSettings(method="pca")
    whole = project(tags, settings)
    first = project(tags, settings, judge=False)
    assert first.queries == 0
    assert "still being found out" in first.quality_sentence
    later = judged(tags, first)
    assert np.array_equal(later.positions, whole.positions)
    assert later.queries == 100
    assert later.quality_sentence == whole.quality_sentence
