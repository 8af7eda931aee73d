"""What chapter 4 of Kim 2021 prints of its experiment, as printed, and what it leaves open."""

from __future__ import annotations

from taglab.errors import InvalidSetting
from taglab.studies.robustness.analysis import Modelled

__all__ = ["EPOCHS", "F_TESTS", "MEANS", "PERFORMANCE", "R_SQUARED", "TASKS", "task_title"]

TASKS: dict[str, str] = {
    "mfcc": "MFCC",
    "auto-tagging": "AT",
    "instruments": "IR",
    "voice-separation": "VS",
    "autoencoder": "AE",
    "random": "untrained",
}
"""Name of a task → what figures call its encoder; the first and the last are of no training."""

EPOCHS: dict[str, int] = {
    "autoencoder": 500,
    "auto-tagging": 200,
    "instruments": 500,
    "voice-separation": 5_000,
}
"""Of section 4.2.3."""

MEANS: dict[Modelled, dict[str, tuple[float, float]]] = {
    Modelled("within", "euclidean"): {
        "MFCC": (0.741, 0.014), "AT": (0.671, 0.007), "IR": (0.539, 0.008), "VS": (0.331, 0.007),
        "AE": (0.17, 0.006),
    },
    Modelled("agreement", "cosine", "simple"): {"MFCC": (0.796, 0.015)},
    Modelled("rank_correlation", "euclidean", "dtw"): {
        "MFCC": (0.881, 0.004), "AE": (0.209, 0.005), "IR": (0.184, 0.003), "VS": (0.181, 0.002),
        "AT": (0.08, 0.003),
    },
}  # fmt: skip
"""Marginal means and standard errors. Networks of the second model "range between 0.731 and 0.273"."""

F_TESTS: dict[Modelled, dict[str, tuple[int, int, float]]] = {
    Modelled("within", "euclidean"): {"degradation": (4, 1_793, 1_087), "encoder": (4, 1_793, 1_066)},
    Modelled("within", "cosine"): {"degradation": (4, 1_794, 913), "encoder": (4, 1_794, 1_263)},
    Modelled("agreement", "cosine", "simple"): {"degradation": (4, 1_772, 285), "encoder": (4, 1_772, 440)},
    Modelled("rank_correlation", "euclidean", "dtw"): {"encoder": (4, 1_877, 6_549)},
}
"""Degrees of freedom above and below, and F. Points count as independent there, though clips recur."""

R_SQUARED: dict[Modelled, float] = {
    Modelled("within", "euclidean"): 0.98,
    Modelled("within", "cosine"): 0.981,
    Modelled("agreement", "cosine", "simple"): 0.96,
    Modelled("rank_correlation", "euclidean", "dtw"): 0.96,
}

PERFORMANCE: dict[str, tuple[float, float]] = {"networks": (0.84, 0.008), "MFCC": (-0.52, 0.009)}
"""Marginal means of performance at the tasks, in standard deviations within a task."""


def task_title(task: str) -> str:
    """Return what figures call the encoder of a task.

    Raises:
        InvalidSetting: If there is no such task.
    """
    if task not in TASKS:
        raise InvalidSetting(f"task={task!r} must be one of {', '.join(TASKS)}")
    return TASKS[task]
