"""What a design tells so far, as tables: one for each of the thesis's, from whatever is finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel import MultilevelModel, bootstrap_intervals
from taglab.progress import Progress, between, silent
from taglab.studies.design.analysis import (
    single_source_association,
    size_model,
    source_variances,
    spread_of_repeats,
    strategy_differences,
    strategy_means,
    strategy_model,
    with_standard_scores,
)
from taglab.studies.design.kept import Design
from taglab.studies.design.plan import STRATEGIES, alias_matrix

__all__ = ["TABLES", "DesignTable", "TableAndNotes", "progress_table"]

Notes = list[str]
TableAndNotes = tuple[pd.DataFrame, Notes]


@dataclass(frozen=True)
class DesignTable:
    """A table of what a design tells.

    Attributes:
        about: What it is, a phrase.
        make: Makes it of a design, the replicates of a bootstrap (0: none) and a progress.
    """

    about: str
    make: Callable[[Design, int, Progress], TableAndNotes]


def _scores(design: Design) -> pd.DataFrame:
    return with_standard_scores(design.scored_runs(), design.settings.sources)


def progress_table(design: Design, replicates: int = 0, progress: Progress = silent) -> TableAndNotes:
    """Return how far the design has come by strategy and number of sources, and its marginal means so far.

    Args:
        design: A design.
        replicates: Nothing here.
        progress: Nothing here.

    Returns:
        `strategy`, `n`, `planned`, `made`, `scored` (runs), and of the standardised score `estimate`, `low`,
        `high`, NaN where nothing can be told yet; and why that is, a sentence.
    """
    runs = design.runs.assign(
        made_of=design.runs["run"] != "", judged=design.runs["number"].isin(design.scores["number"])
    )
    order = {name: at for at, name in enumerate(STRATEGIES)}
    cells = runs.groupby(["strategy", "n"], as_index=False).agg(
        planned=("number", "size"), made=("made_of", "sum"), scored=("judged", "sum")
    )
    cells = cells.sort_values(["strategy", "n"], key=lambda c: c.map(order) if c.name == "strategy" else c)
    figures = ["estimate", "low", "high"]
    try:
        table = _scores(design)
        model = strategy_model(table)
        means = strategy_means(table, model)[["strategy", "n", *figures]]
    except InvalidSetting as error:
        cells = cells.assign(**dict.fromkeys(figures, np.nan))
        return cells.reset_index(drop=True), [f"nothing can be told of strategies yet: {error}"]
    return cells.merge(means, how="left", on=["strategy", "n"]), model.notes()


def _runs(design: Design, replicates: int, progress: Progress) -> TableAndNotes:
    sources = design.settings.sources
    named = [" ".join(np.array(sources)[used]) for used in design.runs[list(sources)].to_numpy(bool)]
    table = design.runs[["number", "strategy", "n", "phase", "seed", "run"]].copy()
    table.insert(2, "sources", named)
    tasks = design.scores.groupby("number").size()
    return table.assign(tasks=table["number"].map(tasks).fillna(0).astype(int)), []


def _differences(design: Design, replicates: int, progress: Progress) -> TableAndNotes:
    table = _scores(design)
    model = strategy_model(table)
    return strategy_differences(table, model)[1], model.notes()


def _effects(design: Design, replicates: int, progress: Progress) -> TableAndNotes:
    table = _scores(design)
    models = {"strategy": strategy_model(table)}
    notes = models["strategy"].notes()
    try:
        models["size"] = size_model(table)
        notes += models["size"].notes()
    except InvalidSetting as error:
        notes.append(f"the second model cannot be fitted yet: {error}")
    rows = [
        _coefficients(model, replicates, between(progress, at / len(models), (at + 1) / len(models))).assign(
            model=name
        )
        for at, (name, model) in enumerate(models.items())
    ]
    effects = pd.concat(rows, ignore_index=True)
    return effects[["model", *(name for name in effects.columns if name != "model")]], notes


def _coefficients(model: MultilevelModel, replicates: int, progress: Progress) -> pd.DataFrame:
    table = model.coefficients()
    if replicates:
        drawn = bootstrap_intervals(model, replicates=replicates, progress=progress)
        table[["low", "high"]] = drawn[["low", "high"]].to_numpy()
    return table


def _components(design: Design, replicates: int, progress: Progress) -> TableAndNotes:
    model = strategy_model(_scores(design))
    table = model.variance_components()
    return table.assign(percent=100 * table["variance"] / table["variance"].sum()), model.notes()


def _sources(design: Design, replicates: int, progress: Progress) -> TableAndNotes:
    return source_variances(_scores(design), design.settings.sources), []


def _alone(design: Design, replicates: int, progress: Progress) -> TableAndNotes:
    table = _scores(design)
    points, (r, low, high) = single_source_association(
        table, source_variances(table, design.settings.sources)
    )
    if np.isnan(r):
        return points, ["fewer than four points that differ: no correlation"]
    return points, [f"Pearson's r = {r:.2f} [{low:.2f}, {high:.2f}]; 0.38 in Kim 2021"]


def _repeats(design: Design, replicates: int, progress: Progress) -> TableAndNotes:
    shares = spread_of_repeats(_scores(design), design.settings.sources)
    known = shares["share"].dropna()
    if known.empty:
        return shares, ["no source was trained alone twice and scored: nothing is known of the spread"]
    median, most = known.quantile([0.5, 0.9])
    return shares, [
        f"half of the shares are at most {median:.2f}, 90 % at most {most:.2f}; 0.15, 0.30 in Kim"
    ]


def _alias(design: Design, replicates: int, progress: Progress) -> TableAndNotes:
    matrix = alias_matrix(design.runs, design.settings.sources)
    return matrix.rename_axis("effect").reset_index(), []


TABLES: dict[str, DesignTable] = {
    "progress": DesignTable("runs by strategy and number of sources, and their means so far", progress_table),
    "runs": DesignTable("the runs in their order", _runs),
    "differences": DesignTable("strategies against each other, with Tukey's allowance", _differences),
    "effects": DesignTable("fixed effects of both models (figures 2.11, 2.12)", _effects),
    "components": DesignTable("variances of the first model", _components),
    "sources": DesignTable("what each source accounts for by task (table 2.6)", _sources),
    "alone": DesignTable("that beside how well each does alone (figure 2.14)", _alone),
    "repeats": DesignTable("how far runs of one source differ", _repeats),
    "alias": DesignTable("correlations of main effects (figure 2.7)", _alias),
}
"""Name → what a design tells."""
