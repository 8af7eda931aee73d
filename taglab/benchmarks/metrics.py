"""Metrics of every label against a loop over scikit-learn's, at the size of a real evaluation."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.metrics.intervals import BootstrapSettings, bootstrap
from taglab.metrics.tagging import label_scores, tagging_scores
from taglab.metrics.thresholds import confusion
from taglab.parallel import cores

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]

N_TRACKS = 25_000
N_CLASSES = 500
N_BOOTSTRAPPED = 100
REPLICATES = 1_000
REPEATS = 3


def made_up_scores(n_tracks: int, n_classes: int, seed: int = 0) -> tuple[BoolArray, FloatArray]:
    """Return truth and scores (tracks, classes) as of a tagger: few positives, something known, some ties.

    The share of positives falls from 0.3 with the root of the rank of the class; scores have five decimals.
    """
    random = np.random.default_rng(seed)
    prevalence = 0.3 / np.arange(1, n_classes + 1) ** 0.5
    truth = random.random((n_tracks, n_classes)) < prevalence
    scores = 0.8 * random.random((n_tracks, n_classes), dtype=np.float32) ** 2
    scores += 0.2 * truth
    return truth, scores.round(5)


def metrics_per_label() -> list[Row]:
    """Average precision and ROC-AUC of every label, against a loop over scikit-learn's two functions."""
    truth, scores = made_up_scores(N_TRACKS, N_CLASSES)

    def ours(_: int) -> DoubleArray:
        found = label_scores(truth, scores)
        return np.stack([found.average_precision, found.roc_auc])

    return [_row("average precision and ROC-AUC", ours, lambda _: _scikit_learn(truth, scores), REPEATS)]


def metrics_with_micro() -> list[Row]:
    """The same with micro averages, which sort all scores once more."""
    truth, scores = made_up_scores(N_TRACKS, N_CLASSES)
    flat = truth.ravel(), scores.ravel()

    def ours(_: int) -> DoubleArray:
        found = tagging_scores(truth, scores)
        per_label = np.stack([found.average_precision, found.roc_auc])
        return np.append(per_label, [found.micro_average_precision, found.micro_roc_auc])

    def peer(_: int) -> DoubleArray:
        micro = _scikit_learn(flat[0][:, None], flat[1][:, None])
        return np.append(_scikit_learn(truth, scores), micro)

    return [_row("the same and their micro averages", ours, peer, 1)]


def resampling() -> list[Row]:
    """Bootstrap intervals and confusion counts, which have no peer but loops over single metrics."""
    truth, scores = made_up_scores(N_TRACKS, N_BOOTSTRAPPED)
    settings = BootstrapSettings(replicates=REPLICATES)
    size = f"{N_TRACKS} tracks x {N_BOOTSTRAPPED} labels"
    return [
        _alone(
            f"intervals from {REPLICATES} bootstrap replicates, {size}",
            lambda: bootstrap(truth, scores, settings),
        ),
        _alone(f"confusion counts at 200 thresholds, {size}", lambda: confusion(truth, scores)),
    ]


def _scikit_learn(truth: BoolArray, scores: FloatArray) -> DoubleArray:
    from sklearn.metrics import average_precision_score, roc_auc_score

    columns = list(zip(truth.T, scores.T, strict=True))
    return np.array(
        [[metric(*column) for column in columns] for metric in (average_precision_score, roc_auc_score)]
    )


def _row(
    name: str,
    ours: Callable[[int], DoubleArray],
    peer: Callable[[int], DoubleArray],
    repeats: int,
) -> Row:
    timed = alternate(ours, peer, repeats=repeats)
    return Row(
        name=f"{name}, {N_TRACKS} tracks x {N_CLASSES} labels, against a loop over scikit-learn",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"largest difference {np.abs(timed.ours[0] - timed.peers[0]).max():.0e}",
        note=f"{cores()} threads",
    )


def _alone(name: str, compute: Callable[[], Any]) -> Row:
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        compute()
        times.append(time.perf_counter() - started)
    return Row(name, statistics.median(times), math.nan, math.nan, "", f"{cores()} threads")
