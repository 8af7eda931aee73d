"""Confidence intervals over tracks, of one model and of the difference between two.

Tracks are drawn with replacement, the same draw for every label and for both models, so that means over
labels and differences between models have intervals, too. A draw is a weight per track: every label is sorted
once, and each replicate only sums weights between the scores of positives, which is exact. What an interval
is to cover is the metric's mean over draws of as many tracks.

A bootstrap is too sure of itself where there is little to draw from: three positives that all came first come
first in every draw. Therefore

- a label of one model has a score interval: those values from which the estimate is no further than a normal
  distribution allows. Its variance at each of them is a binomial's of as many positives (average precision)
  or Hanley and McNeil's (ROC-AUC), times a ratio: that of the bootstrap's variance to theirs at the estimate,
  but no less than 1, or 10 / positives where that is less. The fewer the positives, the less a bootstrap is
  believed that is surer than theory;
- means over labels, and differences, have the percentiles of the replicates, shifted to a mean that is the
  estimate (a track drawn twice ties with itself, which raises average precision) and widened as Student's t
  is for as few positives, negatives or, of means, tracks. The interval of a difference is nowhere narrower
  than its test by swaps (`taglab.metrics.swaps`), from which p comes: it leaves out 0 only if p is small.

`python -m tests.studies.run_coverage --data-sets 400` tells how often they cover what they should. Of 84
cases (10 to 1,000 tracks, 3 to 100 of them positive, models near chance and near perfection, one model and a
difference, both metrics) the worst is covered 90.5 % of the time, the median 97 %.

Source: Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic",
Statistics in Medicine 25 (2006), method 5; Boyd, Eng, Page, "Area under the precision-recall curve",
ECML PKDD (2013); Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69
(2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from taglab.errors import InvalidSetting
from taglab.metrics.resampling import TOGETHER, draws, label_replicates, micro_replicates
from taglab.metrics.swaps import false_discovery, swap_tests, undefined
from taglab.metrics.tagging import tagging_scores
from taglab.metrics.validation import BoolArray, ScoreArray, truth_and_scores
from taglab.parallel import blocks, on_every_core
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Weights held at a time: 256 MB of float32.
_HELD_WEIGHTS = 1 << 26
# Share of the time that a comparison takes for the draws; the rest is the swaps'.
_RESAMPLING = 0.3
# So many positives for the bootstrap's variance to be believed where it is less than theory's.
_BELIEVED_FROM = 10
_HALVINGS = 50


class BootstrapSettings(BaseModel):
    """How tracks are resampled.

    Attributes:
        replicates: Times the tracks are drawn; 1,000 give the ends of a 95 % interval to about a
            fiftieth of its width.
        swaps: Times two models' scores are swapped at random, where these are not all patterns there are;
            more than the draws, because p must be able to stay small when many labels are allowed for.
        level: How often an interval is to cover; 1 less the p at which a difference counts.
        seed: Of all that is drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    replicates: int = Field(default=1000, ge=20, le=100_000)
    swaps: int = Field(default=9_999, ge=99, le=1_000_000)
    level: float = Field(default=0.95, gt=0, lt=1)
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class Interval:
    """A number and where it would lie with other tracks.

    Attributes:
        estimate: On the tracks as they are.
        low: Lower end of the interval.
        high: Upper end.
        p: Of a difference, see `taglab.metrics.swaps`; NaN for one model.
        reason: Why there is no interval, a phrase; empty where there is one.
    """

    estimate: float
    low: float
    high: float
    p: float
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Intervals:
    """One metric's intervals: per class, and of its means.

    Attributes:
        estimate: On the tracks as they are (classes,); NaN where undefined.
        low: Lower ends (classes,).
        high: Upper ends (classes,).
        p: As of `Interval` (classes,). Of many classes some are small by chance; `p_adjusted` allows for it.
        undefined: Replicates in which no positive (for ROC-AUC: or no negative) was drawn (classes,); they
            do not count towards the class's interval, nor the class towards their macro mean.
        reasons: Why there is no interval and no p, a phrase for each class; empty where there is.
        macro: Of the mean over classes.
        micro: Of all (track, class) pairs as one label.
    """

    estimate: DoubleArray
    low: DoubleArray
    high: DoubleArray
    p: DoubleArray
    undefined: IntArray
    reasons: tuple[str, ...]
    macro: Interval
    micro: Interval

    __repr__ = one_line

    @property
    def p_adjusted(self) -> DoubleArray:
        """P allowed for the number of classes that have one (classes,), see `false_discovery`."""
        return false_discovery(self.p)


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

    __repr__ = one_line


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
    (found,) = _resample(judged, [given], chosen, progress)
    return _of_one_model(judged, found, chosen)


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
    found = _resample(judged, [first, second], chosen, between(progress, 0, _RESAMPLING))
    return _of_two_models(judged, [first, second], found, chosen, between(progress, _RESAMPLING, 1))


def bootstrap_models(
    truth: npt.ArrayLike,
    scores: Sequence[npt.ArrayLike],
    settings: BootstrapSettings | None = None,
    progress: Progress = silent,
) -> tuple[tuple[Bootstrap, ...], Bootstrap]:
    """Return the intervals of several models and those of the first two's difference, from the same draws.

    The same as `bootstrap` of each and `paired_bootstrap` of the first two, in about half the time.

    Args:
        truth: 0/1 or bool (tracks, classes), the one truth of all.
        scores: Of two models or more, (tracks, classes) each, row for row and class for class.
        settings: How tracks are drawn; the defaults where None.
        progress: Told after each class.

    Raises:
        InvalidSetting: If shapes or values are not as above, or there is one model only.
    """
    if len(scores) < 2:
        raise InvalidSetting(f"{len(scores)} models have no difference; there must be 2 or more")
    chosen = settings or BootstrapSettings()
    checked = [truth_and_scores(truth, each) for each in scores]
    judged = checked[0][0]
    models = [given for _, given in checked]
    found = _resample(judged, models, chosen, between(progress, 0, _RESAMPLING))
    difference = _of_two_models(judged, models[:2], found[:2], chosen, between(progress, _RESAMPLING, 1))
    return tuple(_of_one_model(judged, one, chosen) for one in found), difference


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


def _of_one_model(truth: BoolArray, resampled: _Resampled, settings: BootstrapSettings) -> Bootstrap:
    n_tracks = len(truth)
    positives = truth.sum(axis=0)

    def of_metric(is_area: bool) -> Intervals:
        estimate, replicates = (side[int(is_area)] for side in resampled)
        reasons = [undefined(int(count), n_tracks) for count in positives]
        ends = _widened(estimate, replicates, np.full(len(estimate), n_tracks), settings.level)
        known = np.array([not why for why in reasons], np.bool_)
        variance = np.array([_variance(values) for values in replicates[:-2]])
        ends[:-2][known] = score_interval(
            estimate[:-2][known], variance[known], positives[known], n_tracks, settings.level, is_area
        )
        reasons += [_nothing_drawn(values) for values in replicates[-2:]]
        p = np.full(len(estimate), np.nan)
        return _intervals(estimate, np.clip(ends, 0, 1), p, reasons, replicates)

    return Bootstrap(of_metric(False), of_metric(True), n_tracks, settings)


def _of_two_models(
    truth: BoolArray,
    scores: Sequence[ScoreArray],
    resampled: Sequence[_Resampled],
    settings: BootstrapSettings,
    progress: Progress,
) -> Bootstrap:
    n_tracks = len(truth)
    positives = truth.sum(axis=0)
    sizes = np.array([*np.minimum(positives, n_tracks - positives), n_tracks, n_tracks])
    ours, theirs = scores
    first, second = resampled
    tests = swap_tests(truth, ours, theirs, settings.level, settings.swaps, settings.seed, progress)

    def of_metric(metric: int) -> Intervals:
        test = tests[metric]
        estimate, replicates = (
            ours[metric] - theirs[metric] for ours, theirs in zip(first, second, strict=True)
        )
        ends = _widened(estimate, replicates, sizes, settings.level)
        reach = test.reach + abs(estimate - test.observed)  # of many positives the test sees some only
        ends[:, 0] = np.minimum(ends[:, 0], estimate - reach)
        ends[:, 1] = np.maximum(ends[:, 1], estimate + reach)
        return _intervals(estimate, np.clip(ends, -1, 1), test.p, test.reasons, replicates)

    return Bootstrap(of_metric(0), of_metric(1), n_tracks, settings)


def _widened(
    estimate: DoubleArray, replicates: DoubleArray, sizes: npt.NDArray[np.integer], level: float
) -> DoubleArray:
    """Return percentiles of replicates (rows, replicates), shifted and widened (rows, 2).

    Args:
        estimate: What the mean of the replicates is shifted to (rows,).
        replicates: NaN where undefined.
        sizes: How many are drawn from (rows,); of fewer than 2 nothing follows.
        level: Of the intervals.
    """
    ends = np.full((len(estimate), 2), np.nan)
    for row, values in enumerate(replicates):
        drawn = values[~np.isnan(values)]
        if sizes[row] > 1 and len(drawn) and not np.isnan(estimate[row]):
            tail = _widened_tail(int(sizes[row]), level)
            ends[row] = np.quantile(drawn + (estimate[row] - drawn.mean()), (tail, 1 - tail))
    return ends


def _widened_tail(size: int, level: float) -> float:
    """Return the share of replicates on either side of an interval: less than for a normal distribution."""
    from scipy.stats import norm, t

    return float(norm.cdf(-np.sqrt(size / (size - 1)) * t.ppf((1 + level) / 2, size - 1)))


def score_interval(
    estimate: DoubleArray,
    variance: DoubleArray,
    positives: npt.NDArray[np.integer],
    n_tracks: int,
    level: float,
    is_area: bool,
) -> DoubleArray:
    """Return score intervals of labels (labels, 2), see this module.

    Args:
        estimate: Average precision or ROC-AUC (labels,).
        variance: Of the bootstrap's replicates (labels,); NaN is 0.
        positives: Tracks with the label, at least 1 and fewer than all (labels,).
        n_tracks: All tracks.
        level: Of the intervals.
        is_area: Whether it is ROC-AUC.
    """
    from scipy.stats import norm

    negatives = n_tracks - positives

    def at(value: DoubleArray) -> DoubleArray:
        return _area_variance(value, positives, negatives) if is_area else value * (1 - value) / positives

    expected = at(estimate)
    seen = np.divide(np.nan_to_num(variance), expected, out=np.ones_like(expected), where=expected > 1e-12)
    fewest = np.minimum(positives, negatives) if is_area else positives
    ratio = np.maximum(seen, np.minimum(1, _BELIEVED_FROM / fewest))
    width = float(norm.ppf((1 + level) / 2))
    ends = np.empty((len(estimate), 2))
    for end, limit in enumerate((0.0, 1.0)):
        inside, outside = estimate.copy(), np.full_like(estimate, limit)
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            near = abs(estimate - middle) <= width * np.sqrt(ratio * at(middle))
            inside, outside = np.where(near, middle, inside), np.where(near, outside, middle)
        ends[:, end] = outside
    return ends


def _area_variance(
    area: DoubleArray, positives: npt.NDArray[np.integer], negatives: npt.NDArray[np.integer]
) -> DoubleArray:
    """Return the variance of an ROC-AUC, as Newcombe takes it after Hanley and McNeil."""
    half = (positives + negatives) / 2 - 1
    of_pairs = 1 + half * ((1 - area) / (2 - area) + area / (1 + area))
    return np.asarray(area * (1 - area) / (positives * negatives) * of_pairs)


def _variance(replicates: DoubleArray) -> float:
    drawn = replicates[~np.isnan(replicates)]
    return float(drawn.var()) if len(drawn) else float("nan")


def _nothing_drawn(replicates: DoubleArray) -> str:
    """Return why replicates of a mean give no interval; empty where they do."""
    drawn = replicates[~np.isnan(replicates)]
    if not len(drawn):
        return "no label has a value"
    return "" if np.ptp(drawn) > 0 else "every draw of tracks gives the same value"


def _intervals(
    estimate: DoubleArray,
    ends: DoubleArray,
    p: DoubleArray,
    reasons: Sequence[str],
    replicates: DoubleArray,
) -> Intervals:
    """Return intervals of classes and, of the last two rows, of their means; none where there is a reason."""
    low, high = np.where(np.array([bool(why) for why in reasons])[:, None], np.nan, ends).T
    macro, micro = (
        Interval(float(estimate[row]), float(low[row]), float(high[row]), float(p[row]), reasons[row])
        for row in (-2, -1)
    )
    undrawn = np.isnan(replicates[:-2]).sum(axis=1).astype(np.int64)
    return Intervals(estimate[:-2], low[:-2], high[:-2], p[:-2], undrawn, tuple(reasons[:-2]), macro, micro)
