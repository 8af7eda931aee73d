"""What scores of a design's runs tell: the models of Kim 2021, section 2.5, on whatever is finished.

Scores are a table, a row a run and target task: `run`, `strategy`, a column for each source (whether it was
learned from), `n` (how many were), `task`, `score`. `with_standard_scores` adds what the models need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel import (
    MultilevelModel,
    RandomTerm,
    fit_multilevel,
    marginal_rows,
    pairwise,
    standardised,
)
from taglab.studies.design.plan import SINGLE, STRATEGIES, extra_sources

__all__ = [
    "by_best_source",
    "by_strategy",
    "linear_fits",
    "single_source_association",
    "size_model",
    "source_variances",
    "spread_of_repeats",
    "strategy_differences",
    "strategy_means",
    "strategy_model",
    "with_standard_scores",
]


def with_standard_scores(scores: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    """Check scores and add what the models need.

    Args:
        scores: As this module tells; rows without a score are left out, for their runs are not finished.
        sources: Which columns are sources.

    Returns:
        The rows with a score, with `standard`, the score standardised within its task; `extra`, n*; and
        `size`, r*.

    Raises:
        InvalidSetting: If a strategy is unknown, no score is there, no score of a task that others have is
            there, the sources of a run do not make up its n, or the scores of a task are all the same.
    """
    unknown = sorted(set(map(str, scores["strategy"])) - set(STRATEGIES))
    if unknown:
        raise InvalidSetting(f"strategy={unknown[0]!r} must be one of {', '.join(STRATEGIES)}")
    if len(scores) and (scores[list(sources)].sum(axis=1) != scores["n"]).any():
        raise InvalidSetting("n must be the number of sources a run was learned from; are sources missing?")
    present = scores[scores["score"].notna()]
    without = sorted(set(map(str, scores["task"])) - set(map(str, present["task"])))
    if not len(present) or without:
        which = ", ".join(without[:3]) or "the design"
        raise InvalidSetting(
            f"no score of {which} is there; score finished runs first, or leave the task out"
        )
    table = present.reset_index(drop=True)
    table["standard"] = standardised(table["score"], table["task"])
    table["extra"] = extra_sources(table["strategy"], table["n"])
    table["size"] = table["strategy"].map(STRATEGIES).astype(float)
    return table


def _strategies(table: pd.DataFrame) -> list[str]:
    return [name for name in STRATEGIES if (table["strategy"] == name).any()]


def _tasks(table: pd.DataFrame) -> np.ndarray:
    if table["task"].nunique() < 2:
        raise InvalidSetting("a multilevel model needs two target tasks or more, better five; there is one")
    return table["task"].to_numpy()


def _slopes_by_strategy(strategies: Sequence[str]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return what makes a design of `strategy` and `extra`: an intercept and a slope of n* for each."""

    def design_of(rows: pd.DataFrame) -> pd.DataFrame:
        columns = {name: (rows["strategy"] == name).astype(float) for name in strategies}
        # SS-R has n* = 0 always: no slope can be told of it.
        slopes = {f"{name}: n*": columns[name] * rows["extra"] for name in strategies if name != SINGLE}
        return pd.DataFrame(columns | slopes, rows.index)

    return design_of


def strategy_model(table: pd.DataFrame, pooled: bool = True, by_run: bool = False) -> MultilevelModel:
    """Fit the first model: a mean and a slope of n* by strategy, which vary by target task.

    Args:
        table: As of `with_standard_scores`.
        pooled: One variance of all strategies' means, and one of all slopes; False for variances of their
            own, as printed, each of as few numbers as there are tasks: often singular.
        by_run: Add a random effect of the run, whose scores on several tasks are of one network; the thesis
            takes them for independent.

    Returns:
        Fixed effects by the strategy's name, `STRATEGY: n*` the slopes.

    Raises:
        InvalidSetting: If there is one task only, or too few scores.

    Source: Kim 2021, equations 2.10 to 2.12.
    """
    tasks, strategies = _tasks(table), _strategies(table)
    extra = table["extra"].to_numpy()
    if pooled:
        groups = (table["strategy"] + " · " + table["task"].astype(str)).to_numpy()
        random = [RandomTerm("mean by task", groups)]
        random += [RandomTerm("slope by task", groups, extra)] if extra.any() else []
    else:
        rows = [(name, np.asarray(table["strategy"] == name, np.float64)) for name in strategies]
        random = [RandomTerm(f"{name} by task", tasks, used) for name, used in rows]
        random += [
            RandomTerm(f"{name}: n* by task", tasks, used * extra)
            for name, used in rows
            if (used * extra).any()
        ]
    random += [RandomTerm("run", table["run"].to_numpy())] if by_run else []
    return fit_multilevel(table["standard"], _slopes_by_strategy(strategies)(table), random)


def size_model(table: pd.DataFrame) -> MultilevelModel:
    """Fit the second model: slopes of the network's size r*, of n* and of their product, which vary by task.

    There is no random intercept: standardised, every task has a mean of 0.

    Args:
        table: As of `with_standard_scores`.

    Returns:
        Fixed effects `mean`, `size`, `n*`, `size x n*`.

    Raises:
        InvalidSetting: If there is one task or one strategy only, or none of several sources.

    Source: Kim 2021, equations 2.13 to 2.16.
    """
    tasks = _tasks(table)
    if table["strategy"].nunique() < 2 or not table["extra"].any():
        raise InvalidSetting(
            "the size of networks and the number of sources are told apart by two strategies or more, with "
            "two numbers of sources or more; train further runs first"
        )
    columns = {
        "size": table["size"].to_numpy(),
        "n*": table["extra"].to_numpy(),
        "size x n*": (table["size"] * table["extra"]).to_numpy(),
    }
    random = [RandomTerm(f"{name} by task", tasks, values) for name, values in columns.items()]
    return fit_multilevel(table["standard"], pd.DataFrame({"mean": 1.0, **columns}, table.index), random)


def strategy_means(
    table: pd.DataFrame, model: MultilevelModel | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Return the marginal mean of every strategy at every number of sources that it was trained with.

    Args:
        table: As of `with_standard_scores`.
        model: As of `strategy_model`; that of the table where None.
        level: Of the intervals.

    Returns:
        `strategy`, `n`, `runs`, and of the standardised score `estimate`, `standard_error`, `df`, `low`,
        `high`.
    """
    model = model or strategy_model(table)
    cells = table.groupby(["strategy", "n"], as_index=False).agg(runs=("run", "nunique"))
    order = {name: at for at, name in enumerate(STRATEGIES)}
    cells = cells.sort_values(["strategy", "n"], key=lambda c: c.map(order) if c.name == "strategy" else c)
    cells = cells.reset_index(drop=True)
    grid = cells.assign(extra=extra_sources(cells["strategy"], cells["n"]))
    rows = _slopes_by_strategy(_strategies(table))(grid)
    means = model.contrasts(_estimable(model, rows), level)
    return cells.join(means[["estimate", "standard_error", "df", "low", "high"]])


def _estimable(model: MultilevelModel, rows: pd.DataFrame) -> pd.DataFrame:
    """Return combinations without slopes that no run tells of: there n* is 0 or what the mean stands for."""
    return rows[[name for name in rows.columns if name not in model.dropped]]


def strategy_differences(
    table: pd.DataFrame, model: MultilevelModel | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the marginal means of strategies and the differences of all pairs.

    Those of several sources stand at the mean n* of theirs, SS-R at its one source.

    Args:
        table: As of `with_standard_scores`.
        model: As of `strategy_model`; that of the table where None.

    Returns:
        `name`, `estimate`, `standard_error`, `df`, `t`, `p`, `low`, `high` by strategy; and as of
        `taglab.metrics.multilevel.pairwise`.

    Raises:
        InvalidSetting: If there is one strategy only.
    """
    strategies = _strategies(table)
    model = model or strategy_model(table)
    several = table.loc[table["strategy"] != SINGLE, "extra"]
    at = {"extra": float(several.mean()) if len(several) else 0.0}
    used = table[["strategy", "extra"]].assign(strategy=pd.Categorical(table["strategy"], strategies))
    rows = _estimable(model, marginal_rows(_slopes_by_strategy(strategies), used, "strategy", at))
    return model.contrasts(rows), pairwise(model, rows)


def source_variances(table: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    """Return how much of the variance between runs of several sources each source accounts for, by task.

    Every source is a random effect of two levels, there and not there; strategies are fixed effects, which
    the thesis does not say.

    Args:
        table: As of `with_standard_scores`.
        sources: Which columns are sources.

    Returns:
        `task`, `source`, `variance`, `percent` of all sources' variances together (NaN where all are 0).

    Raises:
        InvalidSetting: If a task has too few runs of several sources.

    Source: Kim 2021, table 2.6.
    """
    parts = []
    for task, rows in table[table["strategy"] != SINGLE].groupby("task", sort=False):
        varied = [source for source in sources if rows[source].nunique() == 2]
        if not varied:
            raise InvalidSetting(
                f"{task}: no source is there in some runs and not in others; train further ones"
            )
        random = [RandomTerm(source, rows[source].to_numpy()) for source in varied]
        design = pd.DataFrame(
            {name: (rows["strategy"] == name).astype(float) for name in _strategies(rows)}, rows.index
        )
        model = fit_multilevel(rows["standard"], design, random)
        variance = pd.Series(model.variances, varied).reindex(list(sources))
        percent = 100 * variance / variance.sum() if variance.sum() > 0 else variance * np.nan
        parts.append(
            pd.DataFrame({"task": task, "source": list(sources), "variance": variance, "percent": percent})
        )
    if not parts:
        raise InvalidSetting("no run of several sources is scored yet; variances of sources need some")
    return pd.concat(parts, ignore_index=True)


def single_source_association(
    table: pd.DataFrame, variances: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[float, float, float]]:
    """Set the variance of each source beside how well it does alone.

    Args:
        table: As of `with_standard_scores`.
        variances: As of `source_variances`.

    Returns:
        `task`, `source`, `alone` (mean standardised score of its SS-R runs), `percent`; and Pearson's r of
        the two with its 95 % interval, low and high (NaN of fewer than four points).

    Source: Kim 2021, figure 2.14; there r is 0.38.
    """
    from scipy.stats import pearsonr

    singles = table[table["strategy"] == SINGLE]
    parts = [
        singles[singles[source]]
        .groupby("task")["standard"]
        .mean()
        .rename("alone")
        .reset_index()
        .assign(source=source)
        for source in dict.fromkeys(variances["source"])
    ]
    points = variances.merge(pd.concat(parts), on=["task", "source"]).dropna(subset=["alone", "percent"])
    points = points[["task", "source", "alone", "percent"]].reset_index(drop=True)
    if len(points) < 4 or points["alone"].nunique() < 2 or points["percent"].nunique() < 2:
        return points, (float("nan"),) * 3
    result = pearsonr(points["alone"], points["percent"])
    interval = result.confidence_interval(0.95)
    return points, (float(result.statistic), float(interval.low), float(interval.high))


def spread_of_repeats(table: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    """Return how far repeated runs of one source differ, against how far all scores of the task do.

    Args:
        table: As of `with_standard_scores`.
        sources: Which columns are sources.

    Returns:
        `task`, `source`, `runs`, `share`: the standard deviation of the source's SS-R runs over that of the
        task's scores, which is 1 by standardising; NaN of one run.

    Source: Kim 2021, section 2.5.1, where half of the shares are under 0.15 and 90 % under 0.30.
    """
    singles = table[table["strategy"] == SINGLE]
    rows = [
        {"task": task, "source": source, "runs": len(own), "share": float(own["standard"].std(ddof=1))}
        for task, part in singles.groupby("task", sort=False)
        for source in sources
        if len(own := part[part[source]])
    ]
    return pd.DataFrame(rows, columns=["task", "source", "runs", "share"])


def by_strategy(table: pd.DataFrame, task: str | None = None) -> tuple[pd.DataFrame, float | None]:
    """Return scores by strategy and number of sources, for one task or as each run's mean over tasks.

    Args:
        table: As of `with_standard_scores`.
        task: One of its tasks; None takes all.

    Returns:
        `group` (the strategy), `n`, `run`, `score`, a row a run, of those of several sources; and the mean
        score of one source, None where none was scored.

    Source: Kim 2021, figure 2.10.
    """
    rows = table if task is None else table[table["task"] == task]
    columns = ["strategy", "n", "run"]
    points = rows.groupby(columns, as_index=False).agg(score=("standard", "mean"))
    points = points.rename(columns={"strategy": "group"})
    single = points["group"] == SINGLE
    mean = float(points.loc[single, "score"].mean()) if single.any() else None
    order = {name: at for at, name in enumerate(STRATEGIES)}
    several = points[~single].sort_values("group", key=lambda names: names.map(order), kind="stable")
    return several.reset_index(drop=True), mean


def by_best_source(table: pd.DataFrame, sources: Sequence[str], task: str) -> tuple[pd.DataFrame, str]:
    """Return a task's scores by whether the source is learned from that does best alone.

    Args:
        table: As of `with_standard_scores`.
        sources: Which columns are sources.
        task: One of its tasks.

    Returns:
        `group` ("with SOURCE" or "without"), `n`, `run`, `score`, a row a run of several sources; and the
        source.

    Raises:
        InvalidSetting: If no source was scored alone.

    Source: Kim 2021, figure 2.13.
    """
    rows = table[table["task"] == task]
    singles = rows[rows["strategy"] == SINGLE]
    if not len(singles):
        raise InvalidSetting(f"{task}: no source was scored alone, so that none is known to be best")
    alone = pd.Series({source: singles.loc[singles[source], "standard"].mean() for source in sources})
    best = str(alone.idxmax())
    several = rows[rows["strategy"] != SINGLE]
    group = np.where(several[best], f"with {best}", "without")
    points = pd.DataFrame(
        {"group": group, "n": several["n"], "run": several["run"], "score": several["standard"]}
    )
    return points.sort_values("group", kind="stable").reset_index(drop=True), best


def linear_fits(points: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Fit a line over the number of sources to every group, by least squares.

    Args:
        points: `group`, `n`, `score`.
        level: Of the interval of the line.

    Returns:
        `group`, `n`, `estimate`, `low`, `high`, a row for each number of sources the group has; NaN ends
        where its runs are too few for an interval, and no row of a group of one number of sources.
    """
    from scipy.stats import t

    parts = []
    for group, rows in points.groupby("group", sort=False):
        n, score = rows["n"].to_numpy(np.float64), rows["score"].to_numpy(np.float64)
        at = np.unique(n)
        if len(at) < 2:
            continue
        centred = n - n.mean()
        slope = (centred @ score) / (centred @ centred)
        estimate = score.mean() + slope * (at - n.mean())
        degrees = len(n) - 2
        left = score - score.mean() - slope * centred
        variance = left @ left / degrees if degrees > 0 else np.nan
        error = np.sqrt(variance * (1 / len(n) + (at - n.mean()) ** 2 / (centred @ centred)))
        reach = t.ppf((1 + level) / 2, degrees) * error if degrees > 0 else error
        parts.append(
            pd.DataFrame(
                {"group": group, "n": at.astype(int), "estimate": estimate, "low": estimate - reach,
                 "high": estimate + reach}
            )
        )  # fmt: skip
    columns = ["group", "n", "estimate", "low", "high"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
