"""A projection of somebody who does not know the house: tags on a circle, in their order."""

import numpy as np

from taglab.progress import Progress
from taglab.projection import ProjectionMethod, ProjectionSettings
from taglab.projection.points import Axes, FloatArray, Points


def place(points: Points, settings: ProjectionSettings, progress: Progress) -> tuple[FloatArray, Axes | None]:
    """Place tags on a circle."""
    turn = np.linspace(0, 2 * np.pi, len(points), endpoint=False)
    positions = np.zeros((len(turn), settings.dimensions), np.float32)
    positions[:, 0], positions[:, 1] = np.cos(turn), np.sin(turn)
    return positions, None


CIRCLE = ProjectionMethod("Circle", "On a circle.", (), 1, place, lambda *_: 0.0)
