"""Projections kept in the cache, by content: the same vectors and settings are placed once."""

from __future__ import annotations

from pathlib import Path

from taglab.cache import content_key, derived_path
from taglab.errors import DataError
from taglab.progress import Progress, silent
from taglab.projection.compute import project, settings_used
from taglab.projection.result import Projection
from taglab.projection.settings import ProjectionSettings
from taglab.tag_vectors import TagVectors

# To be raised whenever the same settings come to mean another picture.
_FORMAT = 1


def projection_path(vectors: TagVectors, settings: ProjectionSettings) -> Path:
    """Return where the projection of these vectors lies or would lie.

    Settings that come to the same (t-SNE does not heed `min_dist`) have the same place.
    """
    used, notes = settings_used(settings, len(vectors))
    key = content_key(_FORMAT, vectors.fingerprint, used.model_dump(), list(notes))
    return derived_path("projections", key, ".npz")


def find_projection(vectors: TagVectors, settings: ProjectionSettings) -> Projection | None:
    """Return a projection if it is in the cache; a damaged one counts as absent, and will be made again."""
    path = projection_path(vectors, settings)
    if not path.is_file():
        return None
    try:
        return Projection.open(path)
    except DataError:
        return None


def cached_projection(
    vectors: TagVectors, settings: ProjectionSettings, progress: Progress = silent
) -> Projection:
    """Return a projection from the cache, or make it and keep it; as `taglab.projection.project`."""
    found = find_projection(vectors, settings)
    if found is None:
        found = project(vectors, settings, progress)
        found.save(projection_path(vectors, settings))
    return found
