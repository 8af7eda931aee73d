"""Bootstrap confidence intervals over tracks, of one model and of the difference between two.

Tracks are drawn with replacement, the same draw for every label and for both models, so that means over
labels and differences between models have intervals, too. A draw is a weight per track: every label is sorted
once, and each replicate only sums weights between the scores of positives, which is exact.

A track drawn twice ties with itself, which raises average precision, most where positives are rare: the
percentiles of the replicates would lie too high, and for a macro mean often above the estimate itself. So
replicates are shifted until their mean is the estimate. What the interval is to cover, then, is the metric's
mean over draws of as many tracks. In 79 simulated data sets of 1,500 tracks and 20 classes, 95 % intervals
covered it in 96 % of cases for the macro mean (unshifted, 91 %), and in 95, 90 and 84 % for classes of about
60, 25 and 10 positives: they are too narrow for the rarest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from taglab.errors import InvalidSetting
from taglab.metrics.parallel import blocks, on_every_core
from taglab.metrics.resampling import TOGETHER, draws, label_replicates, micro_replicates
from taglab.metrics.tagging import tagging_scores
from taglab.metrics.validation import BoolArray, ScoreArray, truth_and_scores
from taglab.progress import Progress, between, silent

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Weights held at a time: 256 MB of float32.
_HELD_WEIGHTS = 1 << 26


class BootstrapSettings(BaseModel):
    """How tracks are resampled.

    Attributes:
        replicates: Times the tracks are drawn; 1,000 give the ends of a 95 % interval to about a
            fiftieth of its width.
        level: Share of the replicates within the interval.
        seed: Of the draws.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    replicates: int = Field(default=1000, ge=20, le=100_000)
    level: float = Field(default=0.95, gt=0, lt=1)
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class Interval:
    """A number and where it would lie with other tracks.

    Attributes:
        estimate: On the tracks as they are.
        low: Lower end of the interval.
        high: Upper end.
        p: Of a difference, twice the smaller share of replicates on either side of 0; NaN for one model.
    """

    estimate: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, eq=False)
class Intervals:
    """One metric's intervals: per class, and of its means.

    Attributes:
        estimate: On the tracks as they are (classes,); NaN where undefined.
        low: Lower ends (classes,).
        high: Upper ends (classes,).
        p: As of `Interval` (classes,). Of many classes some are small by chance.
        undefined: Replicates in which no positive (for ROC-AUC: or no negative) was drawn (classes,); they
            do not count towards the class's interval, nor the class towards their macro mean.
        macro: Of the mean over classes.
        micro: Of all (track, class) pairs as one label.
    """

    estimate: DoubleArray
    low: DoubleArray
    high: DoubleArray
    p: DoubleArray
    undefined: IntArray
    macro: Interval
    micro: Interval


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Intervals of both metrics; of one model's values, or of the difference between two.

    Attributes:
        average_precision: As `tagging_scores` defines it.
        roc_auc: The same.
        n_tracks: Tracks drawn from, and drawn each time.
        settings: How they were drawn.
    """

    average_precision: Intervals
    roc_auc: Intervals
    n_tracks: int
    settings: BootstrapSettings


# Metrics times classes, then their macro mean, then micro: one array for the estimates (2, classes + 2), one
# for the replicates (2, classes + 2, replicates). The difference of two models is the difference of these.
_Resampled = tuple[DoubleArray, DoubleArray]


def bootstrap(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    settings: BootstrapSettings | None = None,
    progress: Progress = silent,
) -> Bootstrap:
    """Return confidence intervals of a model's metrics.

    Args:
        truth: 0/1 or bool (tracks, classes).
        scores: (tracks, classes), finite.
        settings: How tracks are drawn; the defaults where None.
        progress: Told after each class.

    Raises:
        InvalidSetting: If shapes or values are not as above.
    """
    chosen = settings or BootstrapSettings()
    judged, given = truth_and_scores(truth, scores)
    ((estimates, replicates),) = _resample(judged, [given], chosen, progress)
    return _summary(estimates, replicates, chosen, len(judged), paired=False)


def paired_bootstrap(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    other_scores: npt.ArrayLike,
    settings: BootstrapSettings | None = None,
    progress: Progress = silent,
) -> Bootstrap:
    """Return confidence intervals of the difference between two models, first minus second.

    Both are judged on the same draws of tracks, so what makes a draw hard for both cancels out.

    Args:
        truth: 0/1 or bool (tracks, classes), the one truth of both.
        scores: (tracks, classes), finite.
        other_scores: The same of the other model, row for row and class for class.
        settings: How tracks are drawn; the defaults where None.
        progress: Told after each class.

    Raises:
        InvalidSetting: If shapes or values are not as above.
    """
    chosen = settings or BootstrapSettings()
    judged, first = truth_and_scores(truth, scores)
    _, second = truth_and_scores(truth, other_scores)
    ours, theirs = _resample(judged, [first, second], chosen, progress)
    return _summary(ours[0] - theirs[0], ours[1] - theirs[1], chosen, len(judged), paired=True)


def bootstrap_models(
    truth: npt.ArrayLike,
    models: Sequence[npt.ArrayLike],
    settings: BootstrapSettings | None = None,
    progress: Progress = silent,
) -> tuple[tuple[Bootstrap, ...], Bootstrap]:
    """Return the intervals of several models and those of the first two's difference, from the same draws.

    The same as `bootstrap` of each and `paired_bootstrap` of the first two, in about half the time.

    Args:
        truth: 0/1 or bool (tracks, classes), the one truth of all.
        models: Scores of two models or more, (tracks, classes) each, row for row and class for class.
        settings: How tracks are drawn; the defaults where None.
        progress: Told after each class.

    Raises:
        InvalidSetting: If shapes or values are not as above, or there is one model only.
    """
    if len(models) < 2:
        raise InvalidSetting(f"{len(models)} models have no difference; there must be 2 or more")
    chosen = settings or BootstrapSettings()
    checked = [truth_and_scores(truth, scores) for scores in models]
    judged = checked[0][0]
    found = _resample(judged, [given for _, given in checked], chosen, progress)
    ours, theirs = found[:2]
    difference = _summary(ours[0] - theirs[0], ours[1] - theirs[1], chosen, len(judged), paired=True)
    each = (_summary(*one, chosen, len(judged), paired=False) for one in found)
    return tuple(each), difference


def _resample(
    truth: BoolArray, models: Sequence[ScoreArray], settings: BootstrapSettings, progress: Progress
) -> list[_Resampled]:
    n_tracks, n_classes = truth.shape
    if n_tracks >= 1 << 24:
        raise InvalidSetting(f"{n_tracks} tracks are too many to resample; at most {(1 << 24) - 1}")
    estimates = [_estimates(truth, scores) for scores in models]
    rounds = blocks(settings.replicates, max(TOGETHER, _HELD_WEIGHTS // n_tracks))
    parts: list[list[DoubleArray]] = [[] for _ in models]
    generator = np.random.default_rng(settings.seed)
    for number, chunk in enumerate(rounds):
        weights = draws(generator, n_tracks, chunk.stop - chunk.start)
        told = between(progress, number / len(rounds), (number + 1) / len(rounds))
        per_label = on_every_core(
            lambda at, weights=weights: [  # type: ignore[misc]
                label_replicates(truth[:, at.start], scores[:, at.start], weights) for scores in models
            ],
            blocks(n_classes, 1),
            told,
            "resampling tracks",
        )
        for model, scores in enumerate(models):
            labels = np.stack([values[model] for values in per_label], axis=1)
            micro = micro_replicates(truth, scores, weights, estimates[model][:, -1])
            parts[model].append(_with_means(labels, micro))
    return [
        (estimate, np.concatenate(replicates, axis=2))
        for estimate, replicates in zip(estimates, parts, strict=True)
    ]


def _estimates(truth: BoolArray, scores: ScoreArray) -> DoubleArray:
    found = tagging_scores(truth, scores)
    return np.array(
        [
            [*found.average_precision, found.macro_average_precision, found.micro_average_precision],
            [*found.roc_auc, found.macro_roc_auc, found.micro_roc_auc],
        ]
    )


def _with_means(labels: DoubleArray, micro: DoubleArray) -> DoubleArray:
    """Append the macro mean over defined classes, and micro (2, classes + 2, replicates)."""
    defined = ~np.isnan(labels)
    n_defined = defined.sum(axis=1)
    macro = np.full(n_defined.shape, np.nan)
    np.divide(np.where(defined, labels, 0).sum(axis=1), n_defined, out=macro, where=n_defined > 0)
    return np.concatenate([labels, macro[:, None], micro[:, None]], axis=1)


def _summary(
    estimates: DoubleArray, replicates: DoubleArray, settings: BootstrapSettings, n_tracks: int, paired: bool
) -> Bootstrap:
    average_precision, roc_auc = (
        _intervals(estimate, values, settings.level, paired)
        for estimate, values in zip(estimates, replicates, strict=True)
    )
    return Bootstrap(average_precision, roc_auc, n_tracks, settings)


def _intervals(estimate: DoubleArray, replicates: DoubleArray, level: float, paired: bool) -> Intervals:
    """Return intervals from estimates (classes + 2,) and replicates (classes + 2, replicates)."""
    tail = (1 - level) / 2
    ends = np.full((len(estimate), 2), np.nan)
    p = np.full(len(estimate), np.nan)
    undefined = np.isnan(replicates)
    for row, (values, out) in enumerate(zip(replicates, undefined, strict=True)):
        defined = values[~out]
        if np.isnan(estimate[row]) or not len(defined):
            continue
        centred = defined + (estimate[row] - defined.mean())
        ends[row] = np.clip(np.quantile(centred, (tail, 1 - tail)), -1 if paired else 0, 1)
        if paired:
            fewer = min((centred <= 0).sum(), (centred >= 0).sum())
            p[row] = min(1.0, 2 * (fewer + 1) / (len(defined) + 1))
    low, high = ends.T
    macro, micro = (
        Interval(float(estimate[row]), float(low[row]), float(high[row]), float(p[row])) for row in (-2, -1)
    )
    return Intervals(
        estimate[:-2], low[:-2], high[:-2], p[:-2], undefined[:-2].sum(axis=1).astype(np.int64), macro, micro
    )
