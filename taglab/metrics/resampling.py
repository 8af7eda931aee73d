"""Average precision and ROC-AUC on weighted tracks: what a bootstrap computes a thousand times.

The scores that positives have cut all scores into segments. Summed over segments, a track's weight is all
that a replicate needs, so that scores are sorted and searched once whatever the number of replicates.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.metrics.validation import BoolArray, ScoreArray
from taglab.parallel import blocks

DoubleArray = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]

# Replicates computed together; their weights of 25,000 tracks take 13 MB.
TOGETHER = 128
# Micro averages have too many positives for a level each; their replicates see this many.
MICRO_LEVELS = 256
# (track, class) pairs counted at a time for micro averages.
_MICRO_PAIRS = 1 << 20


def draws(generator: np.random.Generator, n_tracks: int, replicates: int) -> list[FloatArray]:
    """Return how often each track is drawn, arrays (tracks, some of the replicates)."""
    drawn = []
    for part in blocks(replicates, TOGETHER):
        width = part.stop - part.start
        cells = generator.integers(0, n_tracks, (width, n_tracks)) * width
        cells += np.arange(width)[:, None]
        counts = np.bincount(cells.ravel(), minlength=n_tracks * width)
        drawn.append(counts.reshape(n_tracks, width).astype(np.float32))
    return drawn


def label_replicates(truth: BoolArray, scores: ScoreArray, weights: list[FloatArray]) -> DoubleArray:
    """Return average precision and ROC-AUC of one label in each replicate (2, replicates)."""
    rows = np.flatnonzero(truth)
    if not len(rows):
        return np.full((2, sum(each.shape[1] for each in weights)), np.nan)
    levels, groups = np.unique(scores[rows], return_inverse=True)
    # Even segments lie between two levels (the scores that positives have), odd ones on a level.
    segments = levels.searchsorted(scores, "left") + levels.searchsorted(scores, "right")
    in_segment = _membership(segments, 2 * len(levels) + 1)
    in_group = _membership(groups, len(levels))
    found = []
    for each in weights:
        masses = in_segment @ each
        found.append(of_weights(in_group @ each[rows], masses[1::2], masses[2::2], len(scores)))
    return np.concatenate(found, axis=1)


def _membership(groups: npt.NDArray[np.integer], n_groups: int) -> sparse.csc_array:
    """Return the matrix (groups, members) that sums members' rows into their groups'."""
    return sparse.csc_array(
        (
            np.ones(len(groups), np.float32),
            groups.astype(np.int32),
            np.arange(len(groups) + 1, dtype=np.int32),
        ),
        shape=(n_groups, len(groups)),
    )


def of_weights(positives: FloatArray, tied: FloatArray, above: FloatArray | None, total: int) -> DoubleArray:
    """Return average precision and ROC-AUC from weights at ascending levels (2, replicates).

    Args:
        positives: Weight of the positives at each level (levels, replicates).
        tied: Weight of everything at the level, positives included.
        above: Weight of what lies between the level and the next; None where nothing does.
        total: Weight of everything.
    """
    found = _from_above(positives)
    predicted = _from_above(tied if above is None else tied + above)
    n_positives = found[0].astype(np.float64)
    n_negatives = total - n_positives
    precision = np.divide(found, predicted, out=np.zeros_like(found), where=predicted > 0)
    # Negatives below, and half of those tied.
    lower = found - predicted + (tied - positives) / 2 + (total - found[0])
    areas = np.stack(
        [
            (positives * precision).sum(axis=0, dtype=np.float64),
            (positives * lower).sum(axis=0, dtype=np.float64),
        ]
    )
    divisors = np.stack([n_positives, n_positives * n_negatives])
    result = np.full(areas.shape, np.nan)
    np.divide(areas, divisors, out=result, where=divisors > 0)
    return result


def _from_above(weights: FloatArray) -> FloatArray:
    """Return cumulated sums from the last row up to each."""
    return np.ascontiguousarray(weights[::-1].T).cumsum(axis=1)[:, ::-1].T


def micro_replicates(
    truth: BoolArray, scores: ScoreArray, weights: list[FloatArray], estimate: DoubleArray
) -> DoubleArray:
    """Return micro average precision and ROC-AUC in each replicate (2, replicates).

    Positives of all classes are too many for a level each, so scores are told apart at some of them only,
    and the replicates shifted by what that changes without resampling.
    """
    positives = scores[truth]
    if not len(positives):
        return np.full((2, sum(each.shape[1] for each in weights)), np.nan)
    levels = levels_among(positives, MICRO_LEVELS)
    n_segments = 2 * len(levels) + 1
    sums = [np.zeros((2 * n_segments, each.shape[1]), np.float32) for each in (*weights, positives[:1, None])]
    for rows in blocks(len(truth), _MICRO_PAIRS // truth.shape[1]):
        counts = counts_at_levels(truth[rows], scores[rows], levels)
        for sum_, each in zip(sums, weights, strict=False):
            sum_ += counts.T @ each[rows]
        sums[-1] += counts.sum(axis=0)[:, None]
    found = [of_weights(sum_[n_segments:], sum_[:n_segments], None, truth.size) for sum_ in sums]
    return np.concatenate(found[:-1], axis=1) + (estimate[:, None] - found[-1])


def levels_among(positives: ScoreArray, at_most: int) -> ScoreArray:
    """Return scores of positives at which to tell scores apart, ascending: all, or of many so many.

    Half of those lie evenly over recall, half crowded at the highest, where precision changes fastest.
    """
    if len(positives) <= at_most:
        return np.unique(positives)
    even = np.linspace(1, len(positives), at_most // 2)
    crowded = np.geomspace(1, len(positives), at_most // 2)
    ranks = np.unique(np.concatenate([even, crowded]).astype(np.int64))
    return np.unique(np.sort(positives)[len(positives) - ranks])


def counts_at_levels(truth: BoolArray, scores: ScoreArray, levels: ScoreArray) -> FloatArray:
    """Return each track's scores in each segment, of all classes and then of its own (tracks, 2 segments)."""
    n_segments = 2 * len(levels) + 1
    flat = scores.ravel()
    segments = (levels.searchsorted(flat, "left") + levels.searchsorted(flat, "right")).reshape(truth.shape)
    segments += 2 * n_segments * np.arange(len(truth))[:, None]
    size = len(truth) * 2 * n_segments
    counts = np.bincount(segments.ravel(), minlength=size)
    counts += np.bincount(segments[truth] + n_segments, minlength=size)
    return counts.reshape(len(truth), -1).astype(np.float32)
