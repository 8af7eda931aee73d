"""What a projection will cost, said before it is begun."""

from __future__ import annotations

from dataclasses import dataclass

from taglab.projection.compute import find_method, settings_used
from taglab.projection.methods import pairs_seconds
from taglab.projection.quality import ALL_UP_TO, SAMPLE
from taglab.projection.settings import ProjectionSettings


@dataclass(frozen=True)
class Cost:
    """An estimate.

    Attributes:
        seconds: On two cores of a server processor, otherwise idle, UMAP compiled; right to a factor of two.
        sentence: To be shown beforehand.
    """

    seconds: float
    sentence: str


def cost(n_tags: int, dim: int, settings: ProjectionSettings) -> Cost:
    """Estimate how long a projection takes, its quality included.

    Args:
        n_tags: At least 1.
        dim: Of the vectors; 0 where a distance matrix is given.
        settings: The method above all.
    """
    used, _ = settings_used(settings, n_tags)
    method = find_method(used.method)
    seconds = method.seconds(n_tags, dim, used) + _quality_seconds(n_tags, dim, used)
    text = f"{method.title} of {n_tags:,} tags takes about {_duration(seconds)}"
    if seconds > 60:
        text += "; it can be cancelled at any time, PCA is there in seconds"
    return Cost(seconds, text + ".")


def _quality_seconds(n_tags: int, dim: int, settings: ProjectionSettings) -> float:
    queries = n_tags if n_tags <= ALL_UP_TO else SAMPLE
    ranking = 2e-10 * settings.quality_neighbours * n_tags + 3e-6 * settings.quality_neighbours
    return queries * (ranking + pairs_seconds(1, n_tags, dim))


def _duration(seconds: float) -> str:
    if seconds < 1.5:
        return "a second or less"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
