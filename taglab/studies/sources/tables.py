"""Tables 2.1, 2.2, 2.4, 2.5 and 2.6, as printed and as they are here; what the models estimate; places."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from taglab.errors import DataError, InputsChanged, InvalidSetting
from taglab.factors.describe import strongest_terms
from taglab.figures.theme import visible
from taglab.nets.sharing import parameter_counts, staged
from taglab.progress import silent
from taglab.runs.kept_targets import KeptTargets, read_targets
from taglab.studies.design.tables import TABLES
from taglab.studies.pages import Section
from taglab.studies.sources.places import NEAREST, Places
from taglab.studies.sources.published import (
    LEARNING_SOURCES,
    PROPERTIES,
    SPLITS_NOTE,
    TAG_FACTORS,
    TARGETS,
    VARIANCES,
)
from taglab.studies.sources.study import StudyOfSources
from taglab.targets import Targets

TERMS, FACTORS = 4, 5
"""Of table 2.2: terms of a factor, and factors of a source."""
_NONE_FINISHED = "no run is trained to its end yet"


def tables(study: StudyOfSources, places: Places | str) -> list[Section]:
    """Return all of them, in order.

    Args:
        study: As far as it is.
        places: Of figure 2.16, or why there are none.
    """
    kept = kept_of(study)
    return [
        _learning_sources(study, kept),
        _strongest_terms(kept),
        _properties(study),
        _targets(study),
        _baselines(study),
        _variances(study),
        *(_of_design(study, *one) for one in _OF_DESIGN),
        _of_places(places),
    ]


def kept_of(study: StudyOfSources) -> dict[str, Targets]:
    """Return what the sources say of the tracks, as finished runs keep it, by source."""
    kept: dict[str, Targets] = {}
    for run in study.finished.values():
        try:
            targets: KeptTargets = read_targets(run)
        except (DataError, InputsChanged):
            continue
        kept |= {name: own for name, own in targets.of.items() if name not in kept}
        if {source.name for source in study.config.sources if not source.by_pairs} <= kept.keys():
            break
    return kept


def _learning_sources(study: StudyOfSources, kept: Mapping[str, Targets]) -> Section:
    rows = []
    for source in study.config.sources:
        own = kept.get(source.name)
        factors = None if own is None else own.factors
        rows.append(
            {
                "source": source.name,
                "made by": source.maker,
                "terms": np.nan if factors is None else len(factors.terms),
                "of": "" if factors is None else factors.kind,
                "factors": np.nan if own is None else len(own.columns),
                "tracks known": 1.0 if source.by_pairs else np.nan if own is None else own.coverage,
            }
        )
    absent = [f"{row['source']} is not made: {row['reason']}" for row in study.absent.to_dict("records")]
    return Section("Table 2.1", "Learning sources", LEARNING_SOURCES, pd.DataFrame(rows), ". ".join(absent))


def _strongest_terms(kept: Mapping[str, Targets]) -> Section:
    tables = [largest_factors(own).assign(source=name) for name, own in kept.items() if own.factors]
    if not tables:
        return Section("Table 2.2", "Strongest terms of factors", TAG_FACTORS, None, _NONE_FINISHED)
    here = pd.concat(tables, ignore_index=True)[["source", "factor", "share", "strongest terms"]]
    said = f"The {FACTORS} factors of the largest share of the tracks, of every source of terms."
    return Section("Table 2.2", "Strongest terms of factors", TAG_FACTORS, here, said)


def largest_factors(targets: Targets, factors: int = FACTORS, terms: int = TERMS) -> pd.DataFrame:
    """Return what the factors of the largest share are about.

    Args:
        targets: Of factors of terms.
        factors: How many factors.
        terms: How many terms of each, the likeliest.

    Returns:
        `factor` (its number, counted from 1), `share` of the known tracks, `strongest terms`.

    Raises:
        InvalidSetting: If they are of no factors.
    """
    of_columns = strongest_terms(targets, terms).groupby("factor", sort=False)["term"]
    texts = of_columns.agg(lambda column: ", ".join(visible(term, 30) for term in column))
    shares = targets.totals() / max(int(targets.known.sum()), 1)
    rows = [
        {"factor": int(at) + 1, "share": float(shares[at]), "strongest terms": texts[targets.columns[at]]}
        for at in np.argsort(-shares, kind="stable")[:factors]
    ]
    return pd.DataFrame(rows)


def _properties(study: StudyOfSources) -> Section:
    counts = parameter_counts(
        staged(study.config.network), max(len(study.config.sources), 2), _factors(study)
    )
    counts = counts[counts["sources"].isin([1, counts["sources"].max()])]
    columns = ["strategy", "sources", "parameters", "times_single", "representation"]
    here = counts[columns].rename(columns={"times_single": "times SS-R"})
    return Section("Table 2.4", "Strategies", PROPERTIES, here, "Networks as they are trained here.")


def _factors(study: StudyOfSources) -> int:
    factors = [int(source.settings.get("k", 50)) for source in study.config.sources if not source.by_pairs]
    return max(factors, default=50)


def _targets(study: StudyOfSources) -> Section:
    rows = []
    for task in study.target.tasks:
        problem = task.problem(study.target.data, study.target.plays)
        rows.append({"task": task.title, "measure": task.measure, "tracks": len(problem.tracks)})
    said = f"{study.target.splits.splits} splits of {study.target.data.name}."
    return Section("Table 2.5", "Target tasks", TARGETS, pd.DataFrame(rows), said, (SPLITS_NOTE,))


def _baselines(study: StudyOfSources) -> Section:
    """Return what is drawn as lines in figures 2.8 and 2.9; the thesis prints no numbers of it."""
    heading, title = "Section 2.4.2", "Baselines: scores by task"
    table = study.baselines
    if table.empty:
        return Section(heading, title, None, None, _NONE_FINISHED)
    here = table.pivot_table(index="baseline", columns="task", values="score", sort=False)
    note = f"Mean of {study.target.splits.splits} splits, each on the tracks that it has features of."
    return Section(heading, title, None, here.rename_axis(columns=None).reset_index(), note)


def _variances(study: StudyOfSources) -> Section:
    title = "What each source accounts for, percent"
    try:
        table, _ = TABLES["sources"].make(study.design, 0, silent)
    except InvalidSetting as error:
        return Section("Table 2.6", title, VARIANCES, None, str(error))
    here = table.pivot_table(index="source", columns="task", values="percent", dropna=False)
    here = here.reindex(index=list(study.design.settings.sources), columns=list(dict.fromkeys(table["task"])))
    said = "Of the variance of all sources together, among runs of several; the tasks are others."
    return Section("Table 2.6", title, VARIANCES, here.rename_axis(columns=None).reset_index(), said)


_OF_DESIGN: tuple[tuple[str, str, str], ...] = (
    ("differences", "Section 2.5.2", "Strategies against each other"),
    ("effects", "Figures 2.11 and 2.12", "Fixed effects of both models"),
    ("components", "Section 2.5.2", "Variances of the first model"),
    ("repeats", "Section 2.5.1", "Spread of repeated runs, as a share of that of all scores of the task"),
)


def _of_design(study: StudyOfSources, name: str, heading: str, title: str) -> Section:
    """Return a table that is not printed in the thesis."""
    try:
        table, notes = TABLES[name].make(study.design, 0, silent)
    except InvalidSetting as error:
        return Section(heading, title, None, None, str(error))
    return Section(heading, title, None, table, " ".join(notes))


def _of_places(places: Places | str) -> Section:
    heading, title = "Figure 2.16", "Strongest factors of each source, at places of the map"
    if isinstance(places, str):
        return Section(heading, title, None, None, places)
    note = (
        f"{places.about} Mean of the {NEAREST} tracks nearest to a place (share), and of all; as the network "
        "expects them, not as the sources have them."
    )
    return Section(heading, title, None, places.strongest, note)
