"""Which networks are trained of which learning sources, and in which order.

Of a few sources and ways to share a network between them far more runs are possible than anybody trains. They
are put in an order of which every beginning is balanced and aliases no two effects more than it must, so that
training may end at any time.

Source: Kim 2021, section 2.4.3 and algorithm 2.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from taglab.errors import InvalidSetting
from taglab.progress import Progress, counted, silent
from taglab.settings import Flag

__all__ = [
    "SINGLE",
    "SOURCES",
    "STRATEGIES",
    "DesignSettings",
    "alias_matrix",
    "extra_sources",
    "plan_runs",
]

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SOURCES = ("self", "year", "bpm", "taste", "tag", "lyrics", "expert", "artist")
"""The learning sources of Kim 2021, in the order of section 2.4.3; expert is cdr_tag there."""
SINGLE = "SS-R"
"""The strategy of one source."""
STRATEGIES = {SINGLE: 0.0, "MS-SR@FC": 0.2, "MS-CR@6": 0.4, "MS-CR@4": 0.6, "MS-CR@2": 0.8, "MSS-CR": 1.0}
"""Strategy → size of its network on an ordinal scale, r* of Kim 2021, section 2.5.2; the first is of one
source, those after it share less and less between several."""
SHARING = tuple(name for name in STRATEGIES if name != SINGLE)
MOST_SOURCES = 8
_NAME = re.compile(r"[\w-]{1,40}")
_COLUMNS = {
    *("number", "run", "strategy", "n", "phase", "seed", "task", "score", "standard", "extra", "size"),
}  # of the tables that sources are columns of
_SAME = 1e-9  # what is told apart of two aliases
_SEEDS = 2**32  # that a training may have


class DesignSettings(BaseModel):
    """What a design varies, and how far it goes.

    Attributes:
        sources: Learning sources, two to eight, by the names that runs know them by.
        strategies: Of several sources, how the network is shared.
        single_repeats: Runs of each source alone.
        all_repeats: Runs of all sources by each strategy.
        fractional: Runs of some of the sources, the best order's first; at most as many as there are.
        seed: Of the order, and of the runs' own seeds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Annotated[tuple[str, ...], Flag(metavar="SOURCES")] = SOURCES
    strategies: Annotated[tuple[str, ...], Flag(metavar="STRATEGIES")] = SHARING
    single_repeats: int = Field(default=6, ge=0, le=1_000)
    all_repeats: int = Field(default=5, ge=0, le=1_000)
    fractional: int = Field(default=352, ge=0)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)

    @field_validator("sources")
    @classmethod
    def _several_sources(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not 2 <= len(names) <= MOST_SOURCES:
            raise ValueError(
                f"a design varies which of several sources are learned from: give two to {MOST_SOURCES}, not "
                f"{len(names)}"
            )
        if len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
            raise ValueError(
                f"sources={', '.join(names)} must be different names of letters, digits, - and _"
            )
        taken = _COLUMNS & set(names)
        if taken:
            raise ValueError(f"source={taken.pop()!r} is what a column of the design is called; rename it")
        return names

    @field_validator("strategies")
    @classmethod
    def _known_strategies(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in SHARING]
        if unknown or not names or len(set(names)) < len(names):
            raise ValueError(
                f"strategies={', '.join(names) or 'none'} must be different ones of {', '.join(SHARING)}"
                + (f"; {SINGLE} is that of one source, and always there" if SINGLE in unknown else "")
            )
        return names

    @property
    def possible(self) -> int:
        """How many runs of some of the sources there are."""
        subsets: int = 2 ** len(self.sources)
        return (subsets - len(self.sources) - 2) * len(self.strategies)

    @property
    def planned(self) -> int:
        """How many runs the design has in all."""
        singles = len(self.sources) * self.single_repeats
        return singles + len(self.strategies) * self.all_repeats + min(self.fractional, self.possible)


def plan_runs(settings: DesignSettings, progress: Progress = silent) -> pd.DataFrame:
    """Return the runs of a design, a row each, in the order they are to be trained.

    Each source alone, all sources by each strategy, then algorithm 2.

    Args:
        settings: What is varied.
        progress: Told how far it is.

    Returns:
        `strategy`; a column for each source, bool: whether it is learned from; `n`, how many are; `phase`, 1
        to 3; `seed`, of the run's own training, no two the same.
    """
    m = len(settings.sources)
    alone = [(SINGLE, row, 1) for _ in range(settings.single_repeats) for row in np.eye(m, dtype=bool)]
    every = np.ones(m, bool)
    of_all = [(name, every, 2) for _ in range(settings.all_repeats) for name in settings.strategies]
    of_some = [(settings.strategies[strategy], used, 3) for strategy, used in _fractional(settings, progress)]
    rows = [*alone, *of_all, *of_some]
    table = pd.DataFrame([used for _, used, _ in rows], columns=list(settings.sources), dtype=bool)
    table.insert(0, "strategy", [strategy for strategy, _, _ in rows])
    table["n"] = table[list(settings.sources)].sum(axis=1).astype(int)
    table["phase"] = [phase for _, _, phase in rows]
    table["seed"] = (settings.seed * 10_000 + np.arange(len(rows))) % _SEEDS
    return table


def _fractional(settings: DesignSettings, progress: Progress) -> list[tuple[int, npt.NDArray[np.bool_]]]:
    """Return strategy and sources of the runs of some of the sources, by algorithm 2."""
    m = len(settings.sources)
    subsets = np.array([row for row in itertools.product([False, True], repeat=m) if 1 < sum(row) < m], bool)
    candidates = _Candidates(
        strategy=np.repeat(np.arange(len(settings.strategies)), len(subsets)),
        used=np.tile(subsets.reshape(-1, m), (len(settings.strategies), 1)),
    )
    generator = np.random.default_rng(settings.seed)
    order = _greedy_order(candidates, min(settings.fractional, len(candidates.strategy)), generator, progress)
    return [(int(candidates.strategy[row]), candidates.used[row]) for row in order]


@dataclass(frozen=True, eq=False)
class _Candidates:
    """All runs of some of the sources.

    Attributes:
        strategy: Number of the strategy (runs,).
        used: Whether a source is learned from (runs, sources).
    """

    strategy: IntArray
    used: npt.NDArray[np.bool_]

    def factors(self) -> list[DoubleArray]:
        """Return the levels of each factor as indicators (runs, levels): strategy, n, sources as one."""
        numbers = self.used.sum(axis=1)
        return [
            (self.strategy[:, None] == np.unique(self.strategy)).astype(float),
            (numbers[:, None] == np.unique(numbers)).astype(float),
            self.used.astype(float),
        ]

    def effects(self) -> DoubleArray:
        """Return the columns of main effects, sources before strategies (runs, effects)."""
        return np.column_stack([self.used.astype(float), self.factors()[0]])


def _greedy_order(
    candidates: _Candidates, number: int, generator: np.random.Generator, progress: Progress
) -> list[int]:
    """Return rows of the candidates: at each step of the least unbalanced the least aliased, then by chance.

    Where the thesis minimises the greatest unbalance of any factor, the others are minimised, too, the
    greater ones first: the greatest one alone lets all others drift as far as itself.
    """
    factors, effects = candidates.factors(), candidates.effects()
    compared = _compared_pairs(candidates.used.shape[1], effects.shape[1])
    left = np.ones(len(effects), bool)
    counts = [np.zeros(levels.shape[1]) for levels in factors]
    order: list[int] = []
    sums, products = np.zeros(effects.shape[1]), np.zeros((effects.shape[1],) * 2)
    for step in range(number):
        if step % 50 == 0:
            progress(step / number, counted("runs put in order", step, number))
        rows = np.flatnonzero(left)
        unbalance = np.stack(
            [_ranges(count, levels, left, rows) for count, levels in zip(counts, factors, strict=True)],
            axis=1,
        )
        rows = rows[_least_rows(-np.sort(-unbalance, axis=1))]
        aliases = _greatest_alias(sums, products, effects[rows], step + 1, compared)
        rows = rows[aliases <= aliases.min() + _SAME]
        chosen = int(generator.choice(rows))
        order.append(chosen)
        left[chosen] = False
        sums += effects[chosen]
        products += np.outer(effects[chosen], effects[chosen])
        for count, levels in zip(counts, factors, strict=True):
            count += levels[chosen]
    return order


def _ranges(
    counts: DoubleArray, levels: DoubleArray, left: npt.NDArray[np.bool_], rows: IntArray
) -> DoubleArray:
    """Return most less least used level with each of the rows (rows,); exhausted ones do not count."""
    alive = levels[left].any(axis=0)
    after = counts[alive] + levels[np.ix_(rows, alive)]
    return np.asarray(np.ptp(after, axis=1), np.float64)


def _least_rows(values: DoubleArray) -> npt.NDArray[np.bool_]:
    """Return which rows are least, compared by their first column, where equal by the second …"""
    least = np.ones(len(values), bool)
    for column in values.T:
        least &= column == column[least].min()
    return least


def _compared_pairs(n_sources: int, n_effects: int) -> npt.NDArray[np.bool_]:
    """Return which pairs of main effects are held apart: two sources, and a source and a strategy.

    Two strategies exclude one another in any design.
    """
    pairs = np.triu(np.ones((n_effects, n_effects), bool), 1)
    pairs[n_sources:, n_sources:] = False
    return pairs


def _greatest_alias(
    sums: DoubleArray, products: DoubleArray, rows: DoubleArray, n: int, compared: npt.NDArray[np.bool_]
) -> DoubleArray:
    """Return the greatest absolute correlation of two effects with each of the rows (rows,).

    A column that is the same in every run so far correlates with none.
    """
    first, second = np.nonzero(compared)
    mean = (sums + rows) / n
    centred = (products[first, second] + rows[:, first] * rows[:, second]) / n - mean[:, first] * mean[
        :, second
    ]
    variance = mean * (1 - mean)  # of zeros and ones
    scale = np.sqrt(variance[:, first] * variance[:, second])
    correlation = np.divide(centred, scale, out=np.zeros_like(centred), where=scale > _SAME)
    return np.asarray(np.abs(correlation).max(axis=1, initial=0.0), np.float64)


def alias_matrix(runs: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    """Return how far any two main effects of a design are aliased: their correlation.

    That is the alias matrix (X₁'X₁)⁻¹X₁'X₂ of one standardised effect that is estimated and one that is left
    out. The number of sources, the sum of theirs, is shown with them, but never enters one model with all.

    Args:
        runs: As of `plan_runs`.
        sources: Which columns are sources.

    Returns:
        Sources, the number of sources, then strategies, by rows and columns; NaN where an effect is the same
        in all runs.

    Raises:
        InvalidSetting: If there are fewer than two runs.

    Source: Kim 2021, figure 2.7.
    """
    if len(runs) < 2:
        raise InvalidSetting("effects are told apart by two runs or more; wait until there are")
    columns = runs[list(sources)].astype(float)
    columns["number of sources"] = runs["n"].astype(float)
    for name in (name for name in STRATEGIES if (runs["strategy"] == name).any()):
        columns[name] = (runs["strategy"] == name).astype(float)
    return columns.corr()


def extra_sources(strategy: pd.Series, n: pd.Series) -> pd.Series:
    """Return n*, by how many sources a run has more than the least its strategy can have.

    Source: Kim 2021, section 2.5.2: 0 for SS-R, n - 2 for the others.
    """
    return (n - 2).where(strategy != SINGLE, 0).astype(float)
