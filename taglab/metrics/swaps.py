"""Whether two models differ by more than chance: their scores swapped, track by track.

If it made no difference which of two models scored a track, their scores could change sides at any track.
The difference in a metric is computed for many such swaps, and p is the share of them that set the models at
least as far apart as they are. At few tracks all patterns of swaps are enumerated, and p is exact; at more
they are drawn, and the observed one counts as one of them, so that p is never 0. A track changes sides with
all its labels, so that means over labels are tested, too, whatever labels have to do with one another.

What is swapped is a score's rank among a label's tracks, because metrics know nothing but order and the
scores of two models need not lie on one scale. That makes the test exact for models of one scale only up to
the ties that swapped ranks bring; `python -m tests.studies.run_null_differences` tells how often it errs.

There is no p, but a reason in words, where nothing can be told: of a label without positives, or without
negatives; where no swap changes the difference; and where even the swaps that set the models furthest apart
are too many for p to fall below the level.

Source: Fisher 1935; Venkatraman, Begg, "A distribution-free procedure for comparing receiver operating
characteristic curves from a paired experiment", Biometrika 83 (1996); Phipson, Smyth, "Permutation p-values
should never be zero", Stat. Appl. Genet. Mol. Biol. 9 (2010).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.stats import rankdata

from taglab.metrics.resampling import MICRO_LEVELS, counts_at_levels, levels_among, of_weights
from taglab.metrics.validation import BoolArray, ScoreArray
from taglab.parallel import blocks, on_every_core
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line

DoubleArray = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

# Patterns computed together at most, and swaps held at a time: 64 MB of float32.
_TOGETHER = 512
_HELD_SWAPS = 1 << 24
# Of labels with more positives, scores are told apart at so many places.
_MOST_LEVELS = 512
# (track, class) pairs counted at a time for micro averages.
_MICRO_PAIRS = 1 << 20
# Differences nearer than this are the same: sums in another order, of single precision.
_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class SwapTests:
    """What swaps say of one metric's differences.

    Attributes:
        p: Share of the patterns that set the models at least as far apart as observed (tests,); NaN where
            there is a reason against.
        reasons: Why there is no p, a phrase each; empty where there is one.
        observed: The differences (tests,).
        reach: How far from 0 a difference must lie for p to fall below 1 - level (tests,); NaN where p is.
        patterns: How many there are, the observed one among them.
        enumerated: Whether these are all.
    """

    p: DoubleArray
    reasons: tuple[str, ...]
    observed: DoubleArray
    reach: DoubleArray
    patterns: int
    enumerated: bool

    __repr__ = one_line


def number_of_patterns(n_tracks: int, swaps: int) -> tuple[int, bool]:
    """Return how many patterns of swaps are tried, none among them, and whether these are all.

    A pattern and its opposite give the same difference but for its sign, so half of all are all.

    Args:
        n_tracks: Tracks that can be swapped.
        swaps: Patterns to draw, where all are more.
    """
    enumerated = n_tracks <= 1 or 2 ** (n_tracks - 1) <= swaps + 1
    return (2 ** max(n_tracks - 1, 0) if enumerated else swaps + 1), enumerated


def swap_patterns(n_tracks: int, swaps: int, seed: int) -> Iterator[FloatArray]:
    """Yield the patterns: 1 where a track is swapped, arrays (tracks, some of the patterns), none first."""
    total, enumerated = number_of_patterns(n_tracks, swaps)
    generator = np.random.default_rng(seed)
    for part in blocks(total, min(_TOGETHER, _HELD_SWAPS // max(n_tracks, 1))):
        if enumerated:
            bits = np.arange(part.start, part.stop) >> np.arange(n_tracks)[:, None] & 1
        else:
            bits = generator.integers(0, 2, (n_tracks, part.stop - part.start), dtype=np.int8)
            bits[:, : 1 - min(part.start, 1)] = 0
        yield bits.astype(np.float32)


class Swapped:
    """One label's tracks, ready to be swapped between two models.

    Of more than 512 positives scores are told apart at 512 places of the curve, in all patterns alike.

    Args:
        truth: Which tracks have the label, bool (tracks,).
        ours: Scores of the first model (tracks,).
        theirs: Those of the second.
    """

    def __init__(self, truth: BoolArray, ours: ScoreArray, theirs: ScoreArray) -> None:
        self._n_tracks = len(truth)
        self._defined = bool(truth.any())
        if self._defined:
            ranks = [rankdata(scores) for scores in (ours, theirs)]
            levels = levels_among(np.concatenate([side[truth] for side in ranks]), _MOST_LEVELS)
            at = [levels.searchsorted(side) + levels.searchsorted(side, "right") for side in ranks]
            n_places, every = 2 * len(levels) + 1, np.ones(len(truth), np.bool_)
            self._all, self._positives = (_Moves(at[0], at[1], rows, n_places) for rows in (every, truth))

    def differences(self, swapped: FloatArray) -> DoubleArray:
        """Return the first model's average precision and ROC-AUC minus the second's (2, patterns).

        Args:
            swapped: 1 where a track changes sides (tracks, patterns).

        Returns:
            NaN of a label without positives; of one without negatives, ROC-AUC is.
        """
        if not self._defined:
            return np.full((2, swapped.shape[1]), np.nan)
        sides = zip(self._positives.weights(swapped), self._all.weights(swapped), strict=True)
        ours, theirs = (of_weights(*side, None, self._n_tracks) for side in sides)
        return np.asarray(ours - theirs)


class _Moves:
    """How many tracks lie in each place of either model, and what swaps move.

    Args:
        ours: Place of each track in the first model.
        theirs: In the second.
        counted: Which tracks count.
        n_places: Number of places.
    """

    def __init__(self, ours: IntArray, theirs: IntArray, counted: BoolArray, n_places: int) -> None:
        moved = (ours != theirs) & counted
        places = np.stack([theirs[moved], ours[moved]], axis=1).ravel()
        signs = np.tile(np.array([1, -1], np.float32), int(moved.sum()))
        starts = np.concatenate([[0], 2 * moved.cumsum()])
        self._changes = sparse.csc_array(
            (signs, places.astype(np.int32), starts.astype(np.int32)), shape=(n_places, len(ours))
        )
        self._ours, self._theirs = (
            np.bincount(side[counted], minlength=n_places).astype(np.float32)[:, None]
            for side in (ours, theirs)
        )

    def weights(self, swapped: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return how many tracks lie in each place of either model (places, patterns)."""
        changes = self._changes @ swapped
        return self._ours + changes, self._theirs - changes


class _MicroSwapped:
    """All (track, label) pairs as one label, ready to be swapped by track; see `micro_replicates`."""

    def __init__(self, truth: BoolArray, ours: ScoreArray, theirs: ScoreArray) -> None:
        self._total = truth.size
        ranks = [rankdata(scores).reshape(scores.shape) for scores in (ours, theirs)]
        levels = levels_among(np.concatenate([side[truth] for side in ranks]), MICRO_LEVELS)
        self._n_segments = 2 * len(levels) + 1
        self._changes = np.empty((len(truth), 2 * self._n_segments), np.float32)
        self._sums = [np.zeros((2 * self._n_segments, 1)) for _ in ranks]
        for rows in blocks(len(truth), _MICRO_PAIRS // truth.shape[1]):
            counts = [counts_at_levels(truth[rows], side[rows], levels) for side in ranks]
            self._changes[rows] = counts[1] - counts[0]
            for sums, side in zip(self._sums, counts, strict=True):
                sums += side.sum(axis=0, dtype=np.float64)[:, None]

    def differences(self, swapped: FloatArray) -> DoubleArray:
        """Return the first model's micro averages minus the second's, as `Swapped.differences` does."""
        changes = self._changes.T @ swapped
        ours, theirs = (
            of_weights(side[self._n_segments :], side[: self._n_segments], None, self._total)
            for side in (self._sums[0] + changes, self._sums[1] - changes)
        )
        return np.asarray(ours - theirs)


def swap_tests(
    truth: BoolArray,
    ours: ScoreArray,
    theirs: ScoreArray,
    level: float,
    swaps: int,
    seed: int,
    progress: Progress = silent,
) -> tuple[SwapTests, SwapTests]:
    """Return the tests of every label and, last, of the macro and micro means: average precision, ROC-AUC.

    Of 100 labels and 25,000 tracks, 9,999 swaps take about two minutes of processor time.

    Args:
        truth: The one truth of both models, bool (tracks, classes).
        ours: Scores of the first model (tracks, classes).
        theirs: Those of the second, row for row and class for class.
        level: 1 less the p at which a difference counts.
        swaps: Patterns to draw, where all are more.
        seed: Of what is drawn.
        progress: Told after every block of patterns.
    """
    n_tracks, n_classes = truth.shape
    positives = truth.sum(axis=0)
    labels = [Swapped(truth[:, at], ours[:, at], theirs[:, at]) for at in range(n_classes)]
    micro = [_MicroSwapped(truth, ours, theirs)] if truth.any() else []
    total, enumerated = number_of_patterns(n_tracks, swaps)
    parts = []
    done = 0
    for swapped in swap_patterns(n_tracks, swaps, seed):
        told = between(progress, done / total, (done + swapped.shape[1]) / total)
        parts.append(_differences([*labels, *micro], swapped, told))
        done += swapped.shape[1]
    found = np.concatenate(parts, axis=2)
    if not micro:
        found = np.concatenate([found, np.full((2, 1, total), np.nan)], axis=1)
    with_macro = np.insert(found, n_classes, _mean_of_defined(found[:, :n_classes]), axis=1)
    reasons = [_undefined_difference(int(count), n_tracks) for count in positives]
    average_precision, roc_auc = (
        judge_swaps(metric, level, [*reasons, "", ""], enumerated) for metric in with_macro
    )
    return average_precision, roc_auc


def _differences(
    tests: Sequence[Swapped | _MicroSwapped], swapped: FloatArray, progress: Progress
) -> DoubleArray:
    """Return the differences of all tests (2, tests, patterns)."""

    def work(at: slice) -> DoubleArray:
        differences: DoubleArray = tests[at.start].differences(swapped)
        return differences

    return np.stack(on_every_core(work, blocks(len(tests), 1), progress, "swapping tracks"), axis=1)


def _mean_of_defined(values: DoubleArray) -> DoubleArray:
    """Return means over labels of (2, labels, patterns); a label has a value in all patterns or in none."""
    means = np.full((len(values), values.shape[2]), np.nan)
    for row, metric in enumerate(values):
        defined = metric[~np.isnan(metric[:, 0])]
        if len(defined):
            means[row] = defined.mean(axis=0)
    return means


def _undefined_difference(positives: int, n_tracks: int) -> str:
    single = {1: "a single track has the label", n_tracks - 1: "a single track lacks the label"}
    return undefined(positives, n_tracks) or single.get(positives, "")


def undefined(positives: int, n_tracks: int) -> str:
    """Return why nothing can be told of a label, whatever the scores; empty where something may."""
    if not positives:
        return "no track has the label"
    return "every track has the label" if positives == n_tracks else ""


def false_discovery(p: DoubleArray) -> DoubleArray:
    """Return p-values adjusted for their number: of those below 0.05 one in twenty is expected to be chance.

    Args:
        p: (tests,); NaN is no test, stays NaN and is not counted.

    Source: Benjamini, Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B 57 (1995).

    >>> false_discovery(np.array([0.01, np.nan, 0.04]))
    array([0.02,  nan, 0.04])
    """
    from scipy.stats import false_discovery_control

    adjusted, tested = np.full(len(p), np.nan), ~np.isnan(p)
    if tested.any():
        adjusted[tested] = false_discovery_control(p[tested])
    return adjusted


def judge_swaps(
    differences: DoubleArray, level: float, reasons: Iterable[str] = (), enumerated: bool = False
) -> SwapTests:
    """Return p, or the reason against it, of differences under swaps.

    Args:
        differences: (tests, patterns); the first pattern is the observed one. NaN where undefined.
        level: As of `swap_tests`.
        reasons: What is known against a test before; a phrase each, or empty.
        enumerated: Whether the patterns are all that there are.
    """
    n_tests, total = differences.shape
    known = list(reasons) or [""] * n_tests
    p, reach = np.full(n_tests, np.nan), np.full(n_tests, np.nan)
    rank = max(int(np.ceil((1 - level) * total - 1e-9)), 1)
    for row, values in enumerate(differences):
        if known[row] or np.isnan(values[0]):
            known[row] = known[row] or "no label has a value"
            continue
        apart = np.sort(np.abs(values))
        known[row] = _nothing_to_tell(apart, level)
        if not known[row]:
            p[row] = _share_from(apart, abs(values[0]))
            reach[row] = apart[total - rank] + _SAME
    return SwapTests(p, tuple(known), differences[:, 0], reach, total, enumerated)


def _share_from(apart: DoubleArray, least: float) -> float:
    """Return the share of ascending distances that are at least so large."""
    return float(np.mean(apart >= least - _SAME))


def _nothing_to_tell(apart: DoubleArray, level: float) -> str:
    if apart[-1] <= _SAME:
        return "no swap changes the difference: both models order these tracks alike"
    least = _share_from(apart, apart[-1])
    if least >= 1 - level:
        return f"too few tracks: even the swaps that set the models furthest apart have p = {least:.2g}"
    return ""
