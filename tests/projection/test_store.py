"""Projections in the cache."""

import numpy as np
import pytest

from taglab.cache import home
from taglab.errors import Cancelled, DataError
from taglab.projection import (
    Projection,
    ProjectionSettings,
    cached_projection,
    find_projection,
    project,
    projection_path,
)

from .test_compute import groups

TSNE = ProjectionSettings(method="tsne")


def test_a_projection_is_made_once_and_found_again() -> None:
    vectors = groups()
    assert find_projection(vectors, TSNE) is None
    made = cached_projection(vectors, TSNE)
    texts: list[str] = []
    again = cached_projection(groups(), TSNE, lambda fraction, text: texts.append(text))
    assert not texts
    np.testing.assert_array_equal(made.positions, again.positions)
    assert again.settings == made.settings
    assert again.notes == made.notes
    assert again.quality_sentence == made.quality_sentence


def test_a_saved_projection_opens_whole() -> None:
    made = project(groups())
    path = home() / "map.npz"
    made.save(path)
    opened = Projection.open(path)
    for name in ("positions", "explained_variance", "scree"):
        np.testing.assert_array_equal(getattr(opened, name), getattr(made, name))
    assert (opened.method, opened.queries) == (made.method, made.queries)


def test_other_settings_and_other_vectors_lie_elsewhere_equal_ones_together() -> None:
    vectors = groups()
    assert projection_path(vectors, TSNE) == projection_path(
        vectors, TSNE.model_copy(update={"min_dist": 0.5})
    )
    others = [
        projection_path(vectors, TSNE.model_copy(update=change))
        for change in ({"seed": 1}, {"dimensions": 3}, {"perplexity": 5.0}, {"method": "umap"})
    ]
    others.append(projection_path(groups(size=26), TSNE))
    assert len({projection_path(vectors, TSNE), *others}) == 6


def test_distances_are_kept_too() -> None:
    vectors = groups().vectors
    distances = np.maximum(1 - vectors @ vectors.T, 0)
    np.fill_diagonal(distances, 0)
    made = cached_projection(distances, ProjectionSettings())
    found = find_projection(distances, ProjectionSettings())
    assert found is not None
    np.testing.assert_array_equal(found.positions, made.positions)


def test_a_damaged_file_is_made_again() -> None:
    vectors = groups()
    made = cached_projection(vectors, ProjectionSettings())
    path = projection_path(vectors, ProjectionSettings())
    for damage in (b"", b"PK\x03\x04 not a zip", path.read_bytes()[:300]):
        path.write_bytes(damage)
        with pytest.raises(DataError, match="damaged"):
            Projection.open(path)
        assert find_projection(vectors, ProjectionSettings()) is None
        np.testing.assert_array_equal(
            cached_projection(vectors, ProjectionSettings()).positions, made.positions
        )


def test_what_is_cancelled_is_not_kept() -> None:
    def stop(fraction: float, text: str) -> None:
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        cached_projection(groups(), TSNE, stop)
    assert find_projection(groups(), TSNE) is None
    assert not [path for path in home().rglob("*") if path.is_file()]
