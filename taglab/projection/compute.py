"""From vectors or distances to a `Projection`: settings made to fit, positions, and their quality."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.projection.methods import PROJECTIONS, ProjectionMethod
from taglab.projection.points import POINTS, Axes, DistancePoints, FloatArray, Points
from taglab.projection.quality import Quality, map_quality
from taglab.projection.result import AS_IS, Projection
from taglab.projection.settings import ProjectionSettings
from taglab.vectors import Vectors

_DEFAULTS = ProjectionSettings()


def project(
    vectors: Vectors,
    settings: ProjectionSettings = _DEFAULTS,
    progress: Progress = silent,
    judge: bool = True,
) -> Projection:
    """Draw a map of tags, tracks, or whatever has vectors, by the distance of their measure.

    Args:
        vectors: At least one. What are compared by dot product are placed by the distance that belongs to it,
            and `Projection.notes` says so.
        settings: What does not fit the number of tags is made to fit, and `Projection.notes` says so.
        progress: Raising from it cancels.
        judge: Whether to find out how far the map can be trusted, which of very many takes longer than PCA;
            `judged` does it later.

    Raises:
        InvalidSetting: If no tag has a vector, or the method is unknown.
    """
    vectors.require(1)
    points = POINTS[vectors.by.metric](vectors.points)
    return project_points(points, settings, progress, vectors.by.note, judge)


def judged(vectors: Vectors, placed: Projection, progress: Progress = silent) -> Projection:
    """Return a map with how far it can be trusted, as `project` would have given it.

    Args:
        vectors: What was placed.
        placed: Its map.
        progress: Raising from it cancels.
    """
    points = POINTS[vectors.by.metric](vectors.points)
    used = placed.settings
    quality = map_quality(points, placed.positions, used.quality_neighbours, used.seed, progress)
    return replace(placed, **vars(quality))


def project_distances(
    distances: npt.ArrayLike, settings: ProjectionSettings = _DEFAULTS, progress: Progress = silent
) -> Projection:
    """Draw a map of tags from their distances.

    "pca" is classical scaling, which of Euclidean distances gives the principal components; t-SNE and UMAP
    take the distances as they are.

    Args:
        distances: Matrix (tags, tags), symmetric, 0 on the diagonal.
        settings: As for `project`.
        progress: Raising from it cancels.

    Raises:
        InvalidSetting: If they are not such distances, or the method is unknown.
    """
    return project_points(DistancePoints(distances), settings, progress)


def find_method(name: str) -> ProjectionMethod:
    """Return a projection method by name.

    Raises:
        InvalidSetting: If there is none of this name.
    """
    if name not in PROJECTIONS:
        raise InvalidSetting(f"method={name!r} must be one of {', '.join(PROJECTIONS)}")
    return PROJECTIONS[name]


def settings_used(settings: ProjectionSettings, n_tags: int) -> tuple[ProjectionSettings, tuple[str, ...]]:
    """Make settings fit a number of tags.

    Returns:
        The settings, with what the method does not heed at its default, so that equal ones mean equal maps;
        and a sentence on each that had to be changed.

    Raises:
        InvalidSetting: If there is no tag, or the method is unknown.
    """
    if n_tags < 1:
        raise InvalidSetting(
            "0 tags cannot be placed on a map; lower the minimum count or choose other vectors"
        )
    method = find_method(settings.method)
    notes = []
    values = settings.model_dump()
    if n_tags < method.least_tags:
        notes.append(f"{method.title} needs {method.least_tags} tags, and {n_tags} are here: placed by PCA.")
        values["method"] = "pca"
        method = PROJECTIONS["pca"]
    for name in ("perplexity", "n_neighbors", "min_dist"):
        if name not in method.uses:
            values[name] = getattr(_DEFAULTS, name)
    largest = {
        "perplexity": max((n_tags - 1) / 3, 1.0),
        "n_neighbors": max(n_tags - 1, 2),
        "quality_neighbours": max((n_tags - 1) // 2, 1),
    }
    for name, limit in largest.items():
        if values[name] > limit:
            if name in method.uses:
                notes.append(
                    f"{name} is {limit:.4g}, the most that {n_tags} tags allow, not {values[name]:g}."
                )
            values[name] = limit
    return ProjectionSettings(**values), tuple(notes)


def project_points(
    points: Points,
    settings: ProjectionSettings,
    progress: Progress = silent,
    note: str = "",
    judge: bool = True,
) -> Projection:
    """Draw a map of any points; what `project` and `project_distances` share.

    Args:
        points: What is placed.
        settings: As for `project`.
        progress: Raising from it cancels.
        note: A sentence on their distance that the map is to carry.
        judge: As for `project`.
    """
    used, notes = settings_used(settings, len(points))
    positions, axes, placed_by, remark = _place(points, used, between(progress, 0.0, 0.9))
    quality = Quality(float("nan"), float("nan"), 0)
    if judge:
        left = between(progress, 0.9, 1.0)
        quality = map_quality(points, positions, used.quality_neighbours, used.seed, left)
    scree = None if axes is None or axes.variances is None else _shares(axes.variances)
    return Projection(
        positions=positions,
        method=placed_by,
        settings=used,
        notes=(*filter(None, [note]), *notes, *remark),
        trustworthiness=quality.trustworthiness,
        neighbours_kept=quality.neighbours_kept,
        queries=quality.queries,
        explained_variance=None if scree is None else _padded(scree, used.dimensions),
        scree=scree,
    )


def _place(
    points: Points, settings: ProjectionSettings, progress: Progress
) -> tuple[FloatArray, Axes | None, str, tuple[str, ...]]:
    """Return positions, axes if there are any, what placed the tags, and what is to be said of it."""
    dimensions = settings.dimensions
    if points.all_alike:
        why = () if len(points) == 1 else ("All tags have the same vector: they lie on one point.",)
        return np.zeros((len(points), dimensions), np.float32), None, AS_IS, why
    shown = points.shown_as_is(dimensions)
    if shown is not None:
        return shown, None, AS_IS, ("The vectors have no more dimensions than the map: shown as they are.",)
    positions, axes = PROJECTIONS[settings.method].place(points, settings, progress)
    return positions, axes, settings.method, _scaling_note(axes)


def _scaling_note(axes: Axes | None) -> tuple[str, ...]:
    """Say how much classical scaling shows; of vectors, `explained_variance` does."""
    if axes is None or axes.variances is not None:
        return ()
    return (
        "Placed by classical scaling of the distances; the axes hold "
        f"{axes.share:.0%} of the squared eigenvalues.",
    )


def _shares(variances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    shares: npt.NDArray[np.float64] = variances / variances.sum()
    return shares


def _padded(scree: npt.NDArray[np.float64], dimensions: int) -> npt.NDArray[np.float64]:
    """Return the shares of the axes shown, 0 where the map has more axes than the vectors."""
    return np.pad(scree[:dimensions], (0, max(0, dimensions - len(scree))))
