"""Figures 2.7 to 2.16 of whatever is scored; of those published no numbers are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.figures.designs import parameters_by_sources, scores_by_group
from taglab.figures.places import places_map
from taglab.figures.theme import plain
from taglab.nets.sharing import parameter_counts, staged
from taglab.studies.design import SINGLE, STRATEGIES
from taglab.studies.design.kept import Design
from taglab.studies.design.pictures import PICTURES
from taglab.studies.sources.places import Places
from taglab.studies.sources.published import ASSOCIATION, SLOPE, TIMES_SINGLE
from taglab.studies.sources.study import StudyOfSources
from taglab.studies.study_report import Drawn
from taglab.training.source_config import PRESETS, source_run

if TYPE_CHECKING:
    import plotly.graph_objects as go

_NOT_PRINTED = "Drawn in the thesis; its numbers are not printed."
_PRINTED = {
    "2.11": f"one more source brings about {SLOPE:g} of a standard deviation",
    "2.14": f"Pearson's r is {ASSOCIATION[0]:g}",
    "2.15": "at eight sources " + ", ".join(f"{name} has {n:g}" for name, n in TIMES_SINGLE.items())
    + " times the parameters of SS-R",
}  # fmt: skip
"""Number of a figure → what the text prints of it."""
_PUBLISHED_RUN = {
    "sources": [{"name": "any", "maker": "same-track"}],
    "strategy": "ss-r",
    **PRESETS["sources"],
}
PUBLISHED_NETWORK = staged(source_run(_PUBLISHED_RUN).network)
"""The network of table 2.3, on stereo sound."""


def _published(number: str) -> str:
    """Return what is known of a figure as it was published, a sentence."""
    printed = _PRINTED.get(number)
    return f"Drawn in the thesis; printed is that {printed}." if printed else _NOT_PRINTED


def times_single(sources: int = 8) -> pd.Series:
    """Return by strategy how often the parameters of SS-R the published network of so many sources has."""
    counts = parameter_counts(PUBLISHED_NETWORK, sources)
    rows = counts[counts["sources"] == sources]
    return pd.Series(rows["times_single"].to_numpy(), rows["strategy"].str.upper())


def figures(study: StudyOfSources, places: Places | str) -> list[Drawn]:
    """Return all of them, in order.

    Args:
        study: As far as it is.
        places: Of figure 2.16, or why there are none.
    """
    design, tasks = study.design, list(dict.fromkeys(study.design.scores["task"]))
    drawn = [_of_design(design, "alias", "2.7", None)]
    for number, points_of in (("2.8", _by_source), ("2.9", _by_strategy)):
        drawn += [_raw(study, number, task, points_of) for task in tasks]
    drawn += [_of_design(design, "by-strategy", "2.10", task) for task in [None, *tasks]]
    drawn += [_of_design(design, name, number, None) for name, number in _OF_ALL]
    drawn += [_of_design(design, "best", "2.13", task) for task in tasks]
    drawn.append(_of_design(design, "alone", "2.14", None))
    return [*drawn, _parameters(), _of_places(places)]


_OF_ALL = (("means", "2.11"), ("slopes", "2.11"), ("size", "2.12"))


def _of_design(design: Design, name: str, number: str, task: str | None) -> Drawn:
    picture = PICTURES[name]
    title = picture.title.split(" (")[0] + (f", {task}" if task else "")
    try:
        return Drawn(f"Figure {number}", title, None, picture.draw(design, task), (_published(number), ""))
    except InvalidSetting as error:
        return Drawn(f"Figure {number}", title, None, None, (_published(number), str(error)))


def _raw(
    study: StudyOfSources, number: str, task: str, points_of: Callable[[Design, str], pd.DataFrame]
) -> Drawn:
    points = points_of(study.design, task)
    title = {"2.8": "Each source alone", "2.9": "Each strategy"}[number] + f", {task}"
    if points.empty:
        return Drawn(f"Figure {number}", title, None, None, (_NOT_PRINTED, "no such run is scored yet"))
    measures = {one.title: one.measure for one in study.target.tasks}
    figure = scores_by_group(
        points, _lines(study, task), plain(title), plain(measures.get(task, "score")), boxes=number == "2.9"
    )
    return Drawn(f"Figure {number}", title, None, figure, (_NOT_PRINTED, ""))


def _lines(study: StudyOfSources, task: str) -> Mapping[str, float]:
    rows = study.baselines[study.baselines["task"] == task]
    return dict(zip(rows["baseline"].astype(str), rows["score"].astype(float), strict=True))


def _by_source(design: Design, task: str) -> pd.DataFrame:
    rows = design.scored_runs()
    rows = rows[(rows["task"] == task) & (rows["strategy"] == SINGLE)]
    sources = np.array(design.settings.sources)
    group = [sources[used].item() for used in rows[list(sources)].to_numpy(bool)]
    return _ordered(rows.assign(group=group), list(sources))


def _by_strategy(design: Design, task: str) -> pd.DataFrame:
    rows = design.scored_runs()
    rows = rows[rows["task"] == task]
    return _ordered(rows.assign(group=rows["strategy"]), list(STRATEGIES))


def _ordered(rows: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    places = {name: place for place, name in enumerate(order)}
    return rows.sort_values("group", key=lambda names: names.map(places), kind="stable")[
        ["group", "run", "score"]
    ]


def _parameters() -> Drawn:
    counts = parameter_counts(PUBLISHED_NETWORK)
    counts = counts.assign(strategy=counts["strategy"].str.upper())
    figure: go.Figure = parameters_by_sources(counts[counts["strategy"].isin(STRATEGIES)], SINGLE)
    return Drawn(
        "Figure 2.15",
        "Parameters by number of sources",
        None,
        figure,
        (_published("2.15"), "Of the published network."),
    )


def _of_places(places: Places | str) -> Drawn:
    heading, title = "Figure 2.16", "What one network expects its sources to say, on a map of tracks"
    if isinstance(places, str):
        return Drawn(heading, title, None, None, (_NOT_PRINTED, places))
    figure = places_map(
        places.points, places.places, "What lies at the numbered places stands in the table of figure 2.16"
    )
    return Drawn(heading, title, None, figure, (_NOT_PRINTED, places.about))
