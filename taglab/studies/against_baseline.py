"""Whether a network is worth its trouble: runs of several splits against the baseline, paired.

The baseline (`taglab.studies.baseline`) learns from the same training part, is tuned on the same validation
part and judged on the same held-out tracks as each run. A difference is the mean over the runs of the
difference in macro average precision, and has three intervals, for none is the right one alone:

- *tracks*: bootstrap over tracks, each drawn as often in every split that tests it: what other tracks would
  give these trained models; the difference's p is of swaps of the two models' scores
  (`taglab.metrics.swaps`), a track's in every split at once, and its interval nowhere narrower than that;
- *splits*: Student's t over the runs, as if their splits were independent, which they are not;
- *corrected*: the same with the variance that Nadeau and Bengio allow for splits that share their tracks.

Source: Nadeau, Bengio, "Inference for the generalization error", Machine Learning 52 (2003).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.intervals import BootstrapSettings, Interval
from taglab.metrics.repeated import mean_interval
from taglab.metrics.resampling import draws, label_replicates
from taglab.metrics.swaps import Swapped, judge_swaps, swap_patterns
from taglab.metrics.tagging import mean_of_defined, tagging_scores
from taglab.outcomes import Predictions, in_common
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.studies.baseline import Features, fit_baseline, mfcc_features
from taglab.training import configuration, material_of

__all__ = ["AgainstBaseline", "Pair", "against_baseline", "baseline_of", "judge_pairs"]

Doubles = npt.NDArray[np.float64]
_SIDES = ("network", "baseline", "difference")


@dataclass(frozen=True, eq=False)
class Pair:
    """What a network and the baseline said of the same held-out tracks.

    Attributes:
        name: Of the run.
        network: Its predictions.
        baseline: The other's, row for row and class for class.
        trained_on: Tracks of the training part.
    """

    name: str
    network: Predictions
    baseline: Predictions
    trained_on: int

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class AgainstBaseline:
    """Runs against the baseline.

    Attributes:
        by_run: A row a run: `run`, `tracks` (held out), `network`, `baseline` and `difference` in macro
            average precision, `prevalence` (mean over classes).
        by_class: A row a class: `class`, and the three as means over the runs in which it has a positive.
        tracks: Intervals over tracks, by `network`, `baseline` and `difference`.
        splits: The same, Student's over runs.
        corrected: The same, after Nadeau and Bengio.
    """

    by_run: pd.DataFrame
    by_class: pd.DataFrame
    tracks: Mapping[str, Interval]
    splits: Mapping[str, Interval]
    corrected: Mapping[str, Interval]

    __repr__ = one_line


def against_baseline(
    runs: Sequence[Run], settings: BootstrapSettings | None = None, progress: Progress = silent
) -> AgainstBaseline:
    """Fit the baseline on the parts of each run, and compare.

    Args:
        runs: Trained to their end, of the same classes; each has its split.
        settings: Of the bootstrap over tracks.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If there are fewer than two runs, one is not trained to its end, or their classes
            differ.
    """
    known: dict[str, Features] = {}
    pairs = [
        baseline_of(run, known, between(progress, at / len(runs), (at + 1) / len(runs), run.name))
        for at, run in enumerate(runs)
    ]
    return judge_pairs(pairs, settings)


def baseline_of(run: Run, known: dict[str, Features] | None = None, progress: Progress = silent) -> Pair:
    """Return what a run and the baseline, fitted on its parts, say of its held-out tracks.

    Args:
        run: Trained to its end.
        known: Name of audio and track → its features, (features,); those computed are added.
        progress: Told how far it is.
    """
    said = run.predictions("test")
    if said is None:
        raise InvalidSetting(f"run {run.name!r} must be trained to its end; it has no test predictions")
    config, space = configuration(run)
    known = {} if known is None else known
    material = material_of(config, space, between(progress, 0, 0.2))
    keys = [f"{config.audio}\0{track}" for track in material.tracks]
    missing = [at for at, key in enumerate(keys) if key not in known]
    store = material.windows.store
    new = mfcc_features(store, material.rows[missing], progress=between(progress, 0.2, 0.7))
    known.update(zip((keys[at] for at in missing), new, strict=True))
    features = np.stack([known[key] for key in keys])
    fitted = fit_baseline(material, features=features, progress=between(progress, 0.7, 1))
    if fitted.split != said.split:
        raise InvalidSetting(f"run {run.name!r} was split otherwise than its settings say now; train it anew")
    return Pair(run.name, *in_common(said, fitted), trained_on=len(material.of("train")))


def judge_pairs(pairs: Sequence[Pair], settings: BootstrapSettings | None = None) -> AgainstBaseline:
    """Compare what networks and baselines said; see this module.

    Args:
        pairs: Two or more, of the same classes.
        settings: Of the bootstrap over tracks.

    Raises:
        InvalidSetting: If there are fewer, or classes differ.
    """
    if len(pairs) < 2:
        raise InvalidSetting(f"{len(pairs)} runs do not tell how much they vary; there must be 2 or more")
    if len({pair.network.classes for pair in pairs}) > 1:
        raise InvalidSetting("the runs must have the same classes, in the same order")
    settings = settings or BootstrapSettings()
    precision = np.stack([[_precision(pair.network), _precision(pair.baseline)] for pair in pairs])
    macro = np.array([[mean_of_defined(labels) for labels in sides] for sides in precision])
    reached = np.column_stack([macro, macro[:, 0] - macro[:, 1]])  # (runs, sides)
    by_run = pd.DataFrame(reached, columns=list(_SIDES))
    by_run.insert(0, "run", [pair.name for pair in pairs])
    by_run.insert(1, "tracks", [pair.network.n_tracks for pair in pairs])
    by_run["prevalence"] = [float(pair.network.truth.mean()) for pair in pairs]
    shares = [pair.network.n_tracks / pair.trained_on for pair in pairs]
    return AgainstBaseline(
        by_run,
        _by_class(pairs[0].network.classes, precision),
        _over_tracks(pairs, reached.mean(0), settings),
        _over_runs(reached, 0.0, settings.level),
        _over_runs(reached, float(np.mean(shares)), settings.level),
    )


def _precision(predictions: Predictions) -> Doubles:
    return tagging_scores(predictions.truth, predictions.scores).average_precision


def _by_class(classes: tuple[str, ...], precision: Doubles) -> pd.DataFrame:
    """Return means over the runs of (runs, sides, classes); NaN for a class that never has a positive."""
    network, baseline = (
        np.array([mean_of_defined(values) for values in precision[:, side].T]) for side in (0, 1)
    )
    table = {"class": classes, "network": network, "baseline": baseline, "difference": network - baseline}
    return pd.DataFrame(table)


def _over_tracks(
    pairs: Sequence[Pair], estimates: Doubles, settings: BootstrapSettings
) -> dict[str, Interval]:
    """Return bootstrap intervals, centred on the estimates as those of `taglab.metrics.intervals` are."""
    row_of = {track: row for row, track in enumerate(sorted({t for p in pairs for t in p.network.tracks}))}
    weights = draws(np.random.default_rng(settings.seed), len(row_of), settings.replicates)
    found = np.zeros((3, settings.replicates))
    for pair in pairs:
        rows = [row_of[track] for track in pair.network.tracks]
        own = [drawn[rows] for drawn in weights]
        for side, said in enumerate((pair.network, pair.baseline)):
            labels = [
                label_replicates(said.truth[:, at], said.scores[:, at], own)[0]
                for at in np.flatnonzero(said.truth.any(0))
            ]
            found[side] += np.nanmean(np.stack(labels), axis=0) / len(pairs)
    found[2] = found[0] - found[1]
    tail = (1 - settings.level) / 2
    intervals = {}
    for side, name in enumerate(_SIDES):
        low, high = np.quantile(found[side] - found[side].mean() + estimates[side], (tail, 1 - tail))
        intervals[name] = Interval(float(estimates[side]), float(low), float(high), float("nan"))
    intervals["difference"] = _tested(intervals["difference"], _swapped(pairs, row_of, settings), settings)
    return intervals


def _swapped(pairs: Sequence[Pair], row_of: Mapping[str, int], settings: BootstrapSettings) -> Doubles:
    """Return the mean difference under every pattern of swaps (patterns,)."""
    sides = []
    for pair in pairs:
        said, other = pair.network, pair.baseline
        labels = [
            Swapped(said.truth[:, at], said.scores[:, at], other.scores[:, at])
            for at in np.flatnonzero(said.truth.any(0))
        ]
        sides.append(([row_of[track] for track in said.tracks], labels))
    means = [
        np.mean(
            [
                np.mean([label.differences(swapped[rows])[0] for label in labels], axis=0)
                for rows, labels in sides
            ],
            axis=0,
        )
        for swapped in swap_patterns(len(row_of), settings.swaps, settings.seed)
    ]
    return np.concatenate(means)


def _tested(found: Interval, swapped: Doubles, settings: BootstrapSettings) -> Interval:
    """Return an interval with the p of swaps, nowhere narrower than their reach; none where none is."""
    test = judge_swaps(swapped[None], settings.level)
    if test.reasons[0]:
        return Interval(found.estimate, np.nan, np.nan, np.nan, test.reasons[0])
    reach = float(test.reach[0]) + abs(found.estimate - float(test.observed[0]))
    low, high = min(found.low, found.estimate - reach), max(found.high, found.estimate + reach)
    return Interval(found.estimate, low, high, float(test.p[0]))


def _over_runs(reached: Doubles, shared: float, level: float) -> dict[str, Interval]:
    """Return intervals of the means over runs of (runs, sides); p of the difference alone.

    Args:
        reached: Figures.
        shared: Test tracks over training tracks.
        level: Of the intervals.
    """
    found = {name: mean_interval(reached[:, side], shared, level) for side, name in enumerate(_SIDES)}
    return {
        name: interval if name == "difference" else replace(interval, p=float("nan"))
        for name, interval in found.items()
    }
