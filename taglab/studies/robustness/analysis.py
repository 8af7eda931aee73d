"""What consistency depends on: additive models of encoder and change, errors clustered by clip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.additive import AdditiveModel, fit_additive
from taglab.metrics.intervals import Interval
from taglab.metrics.paired import interval_over_queries
from taglab.studies.robustness.measuring import FIGURES, Consistencies
from taglab.studies.robustness.spaces import FEATURE_DISTANCES, SOUND_DISTANCES

__all__ = [
    "BETWEEN_MEASURES",
    "MODELS",
    "Modelled",
    "fit_models",
    "mildest",
    "paired_over_clips",
    "require_severities",
]

Measure = Literal["within", "agreement", "rank_correlation"]
BETWEEN_MEASURES: tuple[Measure, ...] = ("agreement", "rank_correlation")
"""Columns of `Consistencies.between` that Kim 2021 models."""
FEWEST_SEVERITIES = 2
"""A change of fewer has no smooth, and enters no model."""


class Modelled(NamedTuple):
    """What a model is of.

    Attributes:
        measure: "within", or one of `BETWEEN_MEASURES`.
        distance: In features.
        sound: Distance in sound; empty of "within".
    """

    measure: Measure
    distance: str
    sound: str = ""


MODELS: tuple[Modelled, ...] = (
    *(Modelled("within", distance) for distance in FEATURE_DISTANCES),
    *(
        Modelled(measure, distance, sound)
        for measure in BETWEEN_MEASURES
        for sound in SOUND_DISTANCES
        for distance in FEATURE_DISTANCES
    ),
)
"""The two models within spaces and the eight between them."""


def fit_models(result: Consistencies, tasks: Mapping[str, str]) -> dict[Modelled, AdditiveModel]:
    """Fit every model that can be: of two encoders or more, and of changes of two magnitudes or more.

    Args:
        result: What was measured.
        tasks: Name of features → what their encoder is called; features of one name are trials of one.

    Raises:
        InvalidSetting: If features have no name among tasks, fewer than two encoders have one, or no change
            has two severities.
    """
    unnamed = [name for name in dict.fromkeys(result.within["features"]) if name and name not in tasks]
    if unnamed:
        raise InvalidSetting(f"features {unnamed[0]!r} have no task; name it")
    if len(set(tasks.values())) < 2:
        raise InvalidSetting("a model of encoders needs two or more; name further features")
    severities = result.within.groupby("degradation", sort=False)["severity"].nunique()
    require_severities({str(name): int(count) for name, count in severities.items()})
    return {of: _fitted(result, tasks, of) for of in MODELS if of.sound == "" or len(result.between)}


def require_severities(counts: Mapping[str, int]) -> None:
    """Refuse changes none of which has a smooth.

    Args:
        counts: Degradation → how many severities are tried.

    Raises:
        InvalidSetting: If none has two or more.
    """
    if max(counts.values(), default=0) < FEWEST_SEVERITIES:
        raise InvalidSetting(
            f"{', '.join(counts)} tried at one severity cannot be modelled, because consistency is modelled "
            f"as a smooth of severity; take a degradation of {FEWEST_SEVERITIES} or more"
        )


def _fitted(result: Consistencies, tasks: Mapping[str, str], of: Modelled) -> AdditiveModel:
    if of.measure == "within":
        table, of_clips = result.within.assign(value=result.within["consistency"]), result.within_of_clips
    else:
        table = result.between.assign(value=result.between[of.measure])
        of_clips = result.between_of_clips[:, :, FIGURES.index(of.measure)]
    counts = table.groupby("degradation")["severity"].nunique()
    smooth = set(counts.index[counts >= FEWEST_SEVERITIES])
    chosen = (
        table["degradation"].isin(smooth) & (table["distance"] == of.distance) & (table["features"] != "")
    )
    if of.sound:
        chosen &= table["sound"] == of.sound
    rows = table[chosen].assign(encoder=lambda part: part["features"].map(tasks))
    return fit_additive(rows, "value", of_clips[chosen.to_numpy()])


def mildest(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which rows are of the mildest magnitude of their degradation; of two sides both."""
    least = table.groupby("degradation")["severity"].transform("min")
    return (table["severity"] == least).to_numpy()


def paired_over_clips(
    result: Consistencies, first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]
) -> Interval:
    """Return by how much the mean consistency of some rows of `within` exceeds that of others, over clips.

    Args:
        result: What was measured.
        first: Which rows (rows,).
        second: Which others.
    """
    values = result.within_of_clips
    return interval_over_queries(values[first].mean(axis=0) - values[second].mean(axis=0))
