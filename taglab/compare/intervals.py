"""Intervals of runs judged by one truth, of the difference of two and its p, cached by content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from taglab.cache import content_key, derived_path, keep, recalled
from taglab.errors import InvalidSetting
from taglab.metrics import metrics_of
from taglab.metrics.intervals import Bootstrap, BootstrapSettings, Intervals, bootstrap_models
from taglab.metrics.swaps import number_of_patterns
from taglab.outcomes import Predictions
from taglab.progress import Progress, silent
from taglab.reprs import one_line

# To be raised whenever the same predictions come to mean other intervals.
_FORMAT = 2


@dataclass(frozen=True, eq=False)
class PairIntervals:
    """Intervals of several runs, and of the difference of two of them.

    Each table has a row a label and two more, labelled None and named in the column `mean` ("" elsewhere):
    macro and micro. Columns: `label`, `mean`, and of each metric that has intervals METRIC, METRIC_low,
    METRIC_high, METRIC_p, METRIC_p_adjusted (for the number of labels that have a p, after Benjamini and
    Hochberg; NaN of means) and METRIC_reason (why there is no interval and no p, a phrase).

    Attributes:
        runs: Title → table.
        difference: Of the first run minus the second; p is NaN in all other tables.
    """

    runs: Mapping[str, pd.DataFrame]
    difference: pd.DataFrame

    __repr__ = one_line


def pair_intervals(
    predictions: Mapping[str, Predictions],
    first: str,
    second: str,
    settings: BootstrapSettings | None = None,
    progress: Progress = silent,
) -> PairIntervals:
    """Return intervals of every label, and p of differences; what is in the cache is not computed again.

    Args:
        predictions: Title → predictions, all on the same tracks, classes and truth.
        first: Title of a run.
        second: Title of another.
        settings: How tracks are drawn; the defaults where None.
        progress: Told after each class.

    Raises:
        InvalidSetting: If they are not of the same tracks, classes and truth.
    """
    chosen = settings or BootstrapSettings()
    for each in predictions.values():
        _require_same_truth(predictions[first], each)
    paths = {title: _path(chosen, each) for title, each in predictions.items()}
    of_pair = _path(chosen, predictions[first], predictions[second])
    tables = {path: recalled(path, _read) for path in (*paths.values(), of_pair)}
    missing = [title for title, path in paths.items() if tables[path] is None]
    if missing or tables[of_pair] is None:
        order = list(dict.fromkeys([first, second, *missing]))
        judged = predictions[first]
        found, difference = bootstrap_models(
            judged.truth, [predictions[title].scores for title in order], chosen, progress
        )
        for path, one in zip(
            [*(paths[title] for title in order), of_pair], [*found, difference], strict=True
        ):
            tables[path] = _table(judged.classes, one)
            keep(path, tables[path], _write)
    known = {path: table for path, table in tables.items() if table is not None}
    return PairIntervals({title: known[path] for title, path in paths.items()}, known[of_pair])


def _path(settings: BootstrapSettings, *predictions: Predictions) -> Path:
    fingerprints = [each.fingerprint for each in predictions]
    key = content_key(_FORMAT, list(_with_interval()), fingerprints, settings.model_dump())
    return derived_path("intervals", key, ".parquet")


def _read(path: Path) -> pd.DataFrame | None:
    """Return a table of the cache, None where there is none or it is damaged and so is computed anew."""
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):
        return None


def _write(path: Path, table: pd.DataFrame | None) -> None:
    if table is not None:
        table.to_parquet(path, index=False)


def _table(classes: tuple[str, ...], found: Bootstrap) -> pd.DataFrame:
    names = {"label": [*classes, None, None], "mean": [""] * len(classes) + ["macro", "micro"]}
    columns = [_columns(name, of(found)) for name, of in _with_interval().items()]
    return pd.concat([pd.DataFrame(names), *columns], axis=1)


def _with_interval() -> dict[str, Callable[[Bootstrap], Intervals]]:
    """Return the metrics that have intervals, and what takes these out of those of tracks drawn again."""
    return {name: metric.interval for name, metric in metrics_of().items() if metric.interval is not None}


def _columns(name: str, values: Intervals) -> pd.DataFrame:
    means = (values.macro, values.micro)
    return pd.DataFrame(
        {
            name: [*values.estimate, *(mean.estimate for mean in means)],
            f"{name}_low": [*values.low, *(mean.low for mean in means)],
            f"{name}_high": [*values.high, *(mean.high for mean in means)],
            f"{name}_p": [*values.p, *(mean.p for mean in means)],
            f"{name}_p_adjusted": [*values.p_adjusted, np.nan, np.nan],
            f"{name}_reason": [*values.reasons, *(mean.reason for mean in means)],
        }
    )


_OF_DIFFERENCE = ("p", "p_adjusted", "low", "high", "reason")


@dataclass(frozen=True, eq=False)
class JudgedPairs:
    """Pairs of results with their intervals, and what is to be said of all of them together.

    Attributes:
        table: As `taglab.compare.tables.paired` gives, with "low TITLE" and "high TITLE" of each run, and
            `difference_low`, `difference_high`, `difference_p`, `difference_p_adjusted` and
            `difference_reason` (why these are NaN).
        mean: The mean over labels: `difference`, `difference_low`, `difference_high`, `difference_p` and
            `difference_reason`.
        tracks: On so many tracks.
        settings: How intervals and p come about.
    """

    table: pd.DataFrame
    mean: pd.Series
    tracks: int
    settings: BootstrapSettings

    __repr__ = one_line

    @property
    def compared(self) -> int:
        """Labels that have a p."""
        return int(self.table["difference_p"].notna().sum())

    def below(self, column: str = "difference_p") -> int:
        """Return how many labels have a p that counts."""
        return int((self.table[column] < 1 - self.settings.level).sum())

    @property
    def said(self) -> str:
        """What was compared, how, and how many differences count, as sentences."""
        level, mean = 1 - self.settings.level, self.mean
        patterns, enumerated = number_of_patterns(self.tracks, self.settings.swaps)
        how = f"all {patterns:,}" if enumerated else f"{patterns - 1:,} random"
        parts = [f"p: {how} swaps of the two models' scores by track, of {self.tracks:,} tracks."]
        interval = f"{1 - level:.0%} interval of the mean difference"
        if mean["difference_reason"]:
            parts.append(f"No {interval}: {mean['difference_reason']}.")
        else:
            ends = f"{mean['difference_low']:+.4f} to {mean['difference_high']:+.4f}"
            parts.append(f"The {interval} is {ends} (p = {mean['difference_p']:.2g}).".replace("-", "−"))
        parts.append(
            f"{self.compared:,} labels were compared: {self.below():,} have p < {level:g}, where without any "
            f"difference about {level * self.compared:.0f} would; allowing for their number (Benjamini and "
            f"Hochberg), {self.below('difference_p_adjusted'):,} have."
        )
        untold = len(self.table) - self.compared
        if untold:
            parts.append(f"Of {untold:,} more nothing can be told; the column of reasons says why.")
        return " ".join(parts)


def with_intervals(
    table: pd.DataFrame,
    predictions: Mapping[str, Predictions],
    first: str,
    second: str,
    metric: str,
    progress: Progress = silent,
) -> JudgedPairs:
    """Add intervals and p to pairs.

    Args:
        table: As `taglab.compare.tables.paired` gives of `first` and `second`.
        predictions: Title → predictions, all on the same tracks, classes and truth; these get intervals.
        first: Title of a run.
        second: Title of another.
        metric: One that has intervals.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If the predictions are not of the same tracks, classes and truth.
    """
    settings = BootstrapSettings()
    found = pair_intervals(predictions, first, second, settings, progress)
    labels, of_runs, of_difference = table["label"], {}, {}
    for title, intervals in found.runs.items():
        for end in ("low", "high"):
            of_runs[f"{end} {title}"] = labels.map(_by_label(intervals, f"{metric}_{end}"))
    macro = found.difference[found.difference["mean"] == "macro"].iloc[0]
    mean = {"difference": macro[metric]}
    for name in _OF_DIFFERENCE:
        of_difference[f"difference_{name}"] = labels.map(_by_label(found.difference, f"{metric}_{name}"))
        mean[f"difference_{name}"] = macro[f"{metric}_{name}"]
    after = list(table.columns).index("difference") + 1
    parts = [table.iloc[:, :after], pd.DataFrame(of_difference), table.iloc[:, after:], pd.DataFrame(of_runs)]
    judged = pd.concat(parts, axis=1)
    return JudgedPairs(judged, pd.Series(mean), predictions[first].n_tracks, settings)


def _by_label(intervals: pd.DataFrame, column: str) -> pd.Series:
    return intervals[intervals["mean"] == ""].set_index("label")[column]


def _require_same_truth(ours: Predictions, theirs: Predictions) -> None:
    same = ours.tracks == theirs.tracks and ours.classes == theirs.classes
    if not same or not np.array_equal(ours.truth, theirs.truth):
        raise InvalidSetting(
            "paired intervals need one truth: all models on the same tracks and classes; take common_truth "
            "first"
        )
