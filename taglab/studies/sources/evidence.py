"""What the scores of a design say of the claims: the estimates that their rules look at."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import studentized_range, t

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel import MultilevelModel
from taglab.reprs import one_line
from taglab.studies.design import SINGLE
from taglab.studies.design.analysis import (
    single_source_association,
    size_model,
    source_variances,
    spread_of_repeats,
    strategy_differences,
    strategy_model,
    with_standard_scores,
)
from taglab.studies.design.kept import Design

CONCATENATED = ("MSS-CR", "MS-CR@2", "MS-CR@4", "MS-CR@6")
"""Strategies whose representation grows with the number of sources."""
TEMPO_TASKS = frozenset({"bpm", "tempo", "tempo_bpm", "dance"})
"""Titles of tasks whose answer is read off the tempo, as that of Extended Ballroom's dances is."""
_REPLICATES = 2_000
_SLOPE = ": n*"


class Ends(NamedTuple):
    """An estimate, its 95 % interval, and on how many runs or points it rests."""

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a design scored so far.

    Attributes:
        scores: As of `with_standard_scores`.
        sources: Which columns are sources.
        times_single: Parameters of the published network of eight sources over those of one, by strategy.
    """

    scores: pd.DataFrame
    sources: tuple[str, ...]
    times_single: pd.Series

    __repr__ = one_line

    @classmethod
    def of(cls, design: Design, times_single: pd.Series) -> Evidence:
        """Make it of a design; raises InvalidSetting where nothing is scored."""
        sources = design.settings.sources
        return cls(with_standard_scores(design.scored_runs(), sources), sources, times_single)

    @cached_property
    def runs(self) -> int:
        """How many runs are scored."""
        return int(self.scores["run"].nunique())

    @cached_property
    def model(self) -> MultilevelModel:
        """The first model."""
        return strategy_model(self.scores)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """All pairs of strategies, see `strategy_differences`."""
        return strategy_differences(self.scores, self.model)[1]

    @cached_property
    def variances(self) -> pd.DataFrame:
        """What each source accounts for, by task."""
        return source_variances(self.scores, self.sources)

    def slope(self) -> Ends:
        """Return what one more source brings, mean of the slopes of strategies that concatenate.

        Raises:
            InvalidSetting: If no such slope is known yet.
        """
        names = [name for name in self.model.effect_rows().columns if name.endswith(_SLOPE)]
        names = [name for name in names if name.removesuffix(_SLOPE) in CONCATENATED]
        if not names:
            raise InvalidSetting("no strategy that concatenates is scored with two numbers of sources")
        row = pd.DataFrame(0.0, ["mean slope"], self.model.effect_rows().columns)
        row[names] = 1 / len(names)
        return _ends(self.model.contrasts(row).iloc[0], self.runs)

    def size_slope(self) -> Ends:
        """Return what the size of the network brings, by the second model; raises InvalidSetting."""
        table = size_model(self.scores).coefficients().set_index("name")
        return _ends(table.loc[["size"]].iloc[0], self.runs)

    def difference(self, first: str, second: str) -> tuple[Ends, float]:
        """Return how much better a strategy is than another, and p; both with Tukey's allowance.

        Raises:
            InvalidSetting: If one of them is not scored.
        """
        table = self.differences
        for one, other, sign in ((first, second, 1), (second, first, -1)):
            rows = table[(table["first"] == one) & (table["second"] == other)]
            if len(rows):
                row, means = rows.iloc[0], len(set(table["first"]) | set(table["second"]))
                estimate = sign * float(row["estimate"])
                reach = _tukey_quantile(means, float(row["df"])) / np.sqrt(2) * row["standard_error"]
                ends = Ends(estimate, estimate - float(reach), estimate + float(reach), self.runs)
                return ends, float(row["p"])
        raise InvalidSetting(f"{first} and {second} are not both scored")

    def spread_slope(self, seed: int = 0) -> Ends:
        """Return how much the distance of scores from their line falls with every further source.

        The line is of a strategy and task, over the number of sources; a run's distances are divided by what
        its leverage leaves of them, and averaged over tasks. Runs are drawn again for the interval.

        Raises:
            InvalidSetting: If fewer than three numbers of sources are scored.
        """
        distances = _distances(self.scores)
        n, spread = distances["n"].to_numpy(np.float64), distances["distance"].to_numpy(np.float64)
        if len(np.unique(n)) < 3:
            raise InvalidSetting("runs of fewer than three numbers of sources lie off their line")
        generator = np.random.default_rng(seed)
        drawn = generator.integers(0, len(n), (_REPLICATES, len(n)))
        slopes = np.array([_slope(n[rows], spread[rows]) for rows in drawn])
        low, high = np.nanquantile(-slopes, [0.025, 0.975])
        return Ends(-_slope(n, spread), float(low), float(high), len(n))

    def association(self) -> Ends:
        """Return Pearson's r of a source's variance and its score alone; raises InvalidSetting."""
        points, (r, low, high) = single_source_association(self.scores, self.variances)
        if np.isnan(r):
            raise InvalidSetting("fewer than four sources and tasks are known both alone and among others")
        return Ends(r, low, high, len(points))

    def repeats(self) -> pd.Series:
        """Return how far repeats of one source differ, as shares of all spread; raises InvalidSetting."""
        shares = spread_of_repeats(self.scores, self.sources)["share"].dropna()
        if shares.empty:
            raise InvalidSetting("no source was trained alone twice and scored")
        return shares

    def effect_of(self, source: str, task: str) -> Ends:
        """Return what it brings a task to learn from a source, too, among several.

        Least squares by strategy and all sources, on runs of several.

        Raises:
            InvalidSetting: If runs with and without the source are too few to be told apart.
        """
        rows = self.scores[(self.scores["task"] == task) & (self.scores["strategy"] != SINGLE)]
        varied = [name for name in self.sources if rows[name].nunique() == 2]
        columns = [rows[name].to_numpy(np.float64) for name in varied]
        columns += [(rows["strategy"] == name).to_numpy(np.float64) for name in rows["strategy"].unique()]
        design = np.column_stack(columns) if columns else np.empty((len(rows), 0))
        degrees = len(rows) - np.linalg.matrix_rank(design)
        if source not in varied or degrees < 1 or not _is_apart(design, varied.index(source)):
            raise InvalidSetting(f"too few runs of several sources tell what {source} brings {task}")
        inverse = np.linalg.pinv(design.T @ design)
        effects = inverse @ design.T @ rows["standard"].to_numpy(np.float64)
        left = rows["standard"].to_numpy(np.float64) - design @ effects
        at = varied.index(source)
        reach = t.ppf(0.975, degrees) * np.sqrt(left @ left / degrees * inverse[at, at])
        return Ends(float(effects[at]), float(effects[at] - reach), float(effects[at] + reach), len(rows))


def _is_apart(design: npt.NDArray[np.float64], column: int) -> bool:
    """Return whether a column is no sum of multiples of the others, which alone could stand for it."""
    others = np.delete(design, column, axis=1)
    return bool(np.linalg.matrix_rank(design) > np.linalg.matrix_rank(others))


def _ends(row: pd.Series, count: int) -> Ends:
    return Ends(float(row["estimate"]), float(row["low"]), float(row["high"]), count)


@functools.lru_cache(maxsize=1024)
def _tukey_quantile(means: int, df: float) -> float:
    """Return what the range of so many means is below in 95 % of cases; half a second to compute."""
    return float(studentized_range.ppf(0.95, means, df))


def _distances(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how far each run lies off its line, mean over tasks: `run`, `n`, `distance`."""
    parts = []
    for _, rows in scores.groupby(["task", "strategy"], sort=False):
        at = rows["n"].to_numpy(np.float64)
        design = np.column_stack([np.ones(len(at)), at]) if len(np.unique(at)) > 1 else np.ones((len(at), 1))
        hat = design @ np.linalg.pinv(design)
        left = rows["standard"].to_numpy(np.float64)
        left = left - hat @ left
        share = 1 - np.diag(hat)
        known = share > 1e-6  # a run that is a line's only one has no distance
        distance = np.abs(left[known]) / np.sqrt(share[known])
        parts.append(pd.DataFrame({"run": rows["run"][known], "n": at[known], "distance": distance}))
    table = pd.concat(parts, ignore_index=True)
    return table.groupby(["run", "n"], as_index=False).agg(distance=("distance", "mean"))


def _slope(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    centred = x - x.mean()
    variance = centred @ centred
    return float(centred @ y / variance) if variance > 0 else float("nan")


def tempo_tasks(tasks: Sequence[str]) -> list[str]:
    """Return the tasks whose answer is read off the tempo."""
    return [task for task in tasks if task in TEMPO_TASKS]
