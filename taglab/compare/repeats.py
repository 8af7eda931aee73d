"""Runs that differ in nothing but seeds, splits and folds, averaged, with their spread."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from taglab.metrics import mean_columns
from taglab.metrics.intervals import Interval
from taglab.metrics.repeated import mean_interval
from taglab.runs.run import Run
from taglab.runs.tables import MOMENTS

__all__ = ["COLUMNS", "repeats_table"]

COLUMNS = (
    "runs", "figures", "metric", "repetitions", "splits", "mean", "sd", "low", "high", "difference",
    "difference_low", "difference_high", "difference_p", "reason",
)  # fmt: skip

_REPEATED = ("seed", "split_seed", "fold")
# Settings that older runs do not know; where they are off, these are the same.
_LATER = ("stratified", "folds")
# What says where a run is computed, and not what.
_OF_MACHINE = ("accelerator", "devices", "nodes")


@dataclass(frozen=True, eq=False)
class _Repeats:
    """Runs of one configuration.

    Attributes:
        titles: Of the runs.
        runs: The runs, in the same order.
        ratio: Tracks tested per track trained on, as the configuration asks for.
    """

    titles: tuple[str, ...]
    runs: tuple[Run, ...]
    ratio: float

    @property
    def splits(self) -> int:
        """How many splits the runs have."""
        return len({run.about.split for run in self.runs})

    def values(self, moment: str, metric: str) -> pd.Series:
        """Return a figure by split, means over seeds, or, of one split, by seed."""
        figures = [
            (run.about.split, run.config["train"].get("seed", 0), run.summary()[moment].get(metric))
            for run in self.runs
        ]
        table = pd.DataFrame(figures, columns=["split", "seed", "value"])
        by = "split" if self.splits > 1 else "seed"
        return table["value"].astype(np.float64).groupby(table[by]).mean()

    def interval(self, values: pd.Series) -> Interval:
        """Return the mean of such values; splits share their tracks, seeds on one split are independent."""
        return mean_interval(values, self.ratio if self.splits > 1 else 0.0)


def repeats_table(runs: Mapping[str, Run], moment: str = "test") -> pd.DataFrame:
    """Return the mean of each experiment over its repetitions, with its spread.

    An experiment is all runs that differ in nothing but the seed of training, that of the split, and the
    fold. Repetitions are splits, of each of which its seeds are averaged; where there is one split only they
    are the seeds, and the interval is of what another seed would give on these very tracks.

    Args:
        runs: Title → run; those without a configuration of a training have no row.
        moment: One of `taglab.compare.tables.MOMENTS`.

    Returns:
        `COLUMNS`, a row an experiment and metric: `runs` (titles), `figures` (what they are of),
        `repetitions`, `splits` (how many), `mean`, `sd` (over repetitions), `low` and `high` (95 %, over
        splits corrected after Nadeau and Bengio); and, where an experiment has repetitions in common with the
        first, `difference` from it (this minus the first) with interval and p, of these pairs. `reason` says
        why there is no interval.
    """
    groups = _groups(runs)
    rows = []
    for number, group in enumerate(groups):
        for column, mean in mean_columns().items():
            values = group.values(moment, column)
            if values.notna().any():
                first = groups[0].values(moment, column) if number else None
                rows.append({"metric": mean.title, "figures": MOMENTS[moment], **_row(group, values, first)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(group: _Repeats, values: pd.Series, first: pd.Series | None) -> dict[str, Any]:
    found = group.interval(values)
    row = {
        "runs": ", ".join(group.titles), "repetitions": int(values.notna().sum()), "splits": group.splits,
        "mean": found.estimate, "sd": float(values.std(ddof=1)), "low": found.low, "high": found.high,
        "reason": found.reason,
    }  # fmt: skip
    if first is not None:
        paired = (values - first).dropna()
        if len(paired):
            apart = group.interval(paired)
            row |= {
                "difference": apart.estimate, "difference_low": apart.low, "difference_high": apart.high,
                "difference_p": apart.p, "reason": found.reason or apart.reason,
            }  # fmt: skip
    return row


def _groups(runs: Mapping[str, Run]) -> Sequence[_Repeats]:
    by_key: dict[str, dict[str, Run]] = {}
    for title, run in runs.items():
        if isinstance(run.config.get("train"), Mapping):
            by_key.setdefault(_key(run.config), {})[title] = run
    return [
        _Repeats(tuple(group), tuple(group.values()), _ratio(next(iter(group.values())).config["train"]))
        for group in by_key.values()
    ]


def _key(config: Mapping[str, Any]) -> str:
    """Return what repetitions have in common, as text."""
    left_out = (*_REPEATED, *_OF_MACHINE)
    train = {
        name: value
        for name, value in config["train"].items()
        if name not in left_out and (value or name not in _LATER)
    }
    return json.dumps({**config, "train": train}, sort_keys=True, default=str)


def _ratio(train: Mapping[str, Any]) -> float:
    """Return how many tracks are tested for each that is trained on."""
    folds = int(train.get("folds", 0))
    if folds:
        return 1 / (folds - 2)
    validation, test = float(train.get("validation_share", 0.1)), float(train.get("test_share", 0.1))
    return test / (1 - validation - test)
