"""Projections kept in the cache, by content: the same vectors and settings are placed once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from taglab.cache import content_key, derived_path, keep, recalled
from taglab.errors import DataError
from taglab.progress import Progress, silent
from taglab.projection.compute import project, project_distances, settings_used
from taglab.projection.result import Projection
from taglab.projection.settings import ProjectionSettings
from taglab.vectors import Vectors

# To be raised whenever the same settings come to mean another picture.
_FORMAT = 1

Source = Vectors | npt.NDArray[np.float32]
"""What is projected: vectors, or a matrix of distances (tags, tags)."""


def projection_path(source: Source, settings: ProjectionSettings) -> Path:
    """Return where the projection of these vectors or distances lies or would lie.

    Settings that come to the same (t-SNE does not heed `min_dist`) have the same place.
    """
    used, notes = settings_used(settings, len(source))
    content = source.fingerprint if isinstance(source, Vectors) else source
    key = content_key(_FORMAT, content, used.model_dump(), list(notes))
    return derived_path("projections", key, ".npz")


def find_projection(source: Source, settings: ProjectionSettings) -> Projection | None:
    """Return a projection if it is in the cache; a damaged one counts as absent, and will be made again."""
    return recalled(projection_path(source, settings), _read)


def _read(path: Path) -> Projection | None:
    try:
        return Projection.open(path)
    except DataError:
        return None


def keep_projection(path: Path, projection: Projection) -> None:
    """Keep a projection where `projection_path` says."""
    keep(path, projection, lambda temporary, one: one.write(temporary))


def cached_projection(
    source: Source, settings: ProjectionSettings, progress: Progress = silent
) -> Projection:
    """Return a projection from the cache, or make it and keep it; as `project` and `project_distances`."""
    found = find_projection(source, settings)
    if found is None:
        if isinstance(source, Vectors):
            found = project(source, settings, progress)
        else:
            found = project_distances(source, settings, progress)
        keep_projection(projection_path(source, settings), found)
    return found
