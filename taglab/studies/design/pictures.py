"""Every picture of a design, of whatever is scored; and all of them as one HTML file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from taglab.cache import replacing
from taglab.errors import InvalidSetting
from taglab.figures.designs import (
    alias_heatmap,
    alone_and_among,
    interval_dots,
    scores_by_sources,
    variance_heatmap,
)
from taglab.figures.theme import plain
from taglab.progress import Progress, silent
from taglab.studies.design.analysis import (
    by_best_source,
    by_strategy,
    linear_fits,
    single_source_association,
    size_model,
    source_variances,
    strategy_differences,
    strategy_model,
    with_standard_scores,
)
from taglab.studies.design.kept import Design
from taglab.studies.design.plan import alias_matrix
from taglab.studies.design.tables import TABLES
from taglab.studies.pages import STYLE, html_table, safe

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["PICTURES", "Picture", "write_design_report"]

_AXIS = "standardised score"


@dataclass(frozen=True)
class Picture:
    """A picture of a design.

    Attributes:
        title: What it shows.
        draw: Draws it of a design, and of one of its tasks, or of all where None; raises InvalidSetting where
            nothing can be told yet.
        by_task: Whether there is one of each task.
    """

    title: str
    draw: Callable[[Design, str | None], go.Figure]
    by_task: bool = False


def _scores(design: Design) -> pd.DataFrame:
    return with_standard_scores(design.scored_runs(), design.settings.sources)


def _alias(design: Design, task: str | None) -> go.Figure:
    return alias_heatmap(alias_matrix(design.runs, design.settings.sources))


def _by_strategy(design: Design, task: str | None) -> go.Figure:
    points, single = by_strategy(_scores(design), task)
    if not len(points):
        raise InvalidSetting("no run of several sources is scored yet")
    of = "mean over tasks" if task is None else plain(task)
    return scores_by_sources(points, linear_fits(points), single, f"Scores by number of sources, {of}")


def _by_best(design: Design, task: str | None) -> go.Figure:
    table = _scores(design)
    points, best = by_best_source(table, design.settings.sources, task or str(table["task"].iloc[0]))
    title = f"With {plain(best)}, best alone at {plain(task or str(table['task'].iloc[0]))}, and without"
    return scores_by_sources(points, linear_fits(points), None, title)


def _means(design: Design, task: str | None) -> go.Figure:
    means, _ = strategy_differences(_scores(design))
    return interval_dots(means, "Strategies at the mean number of sources", _AXIS)


def _slopes(design: Design, task: str | None) -> go.Figure:
    effects = strategy_model(_scores(design)).coefficients()
    slopes = effects[effects["name"].str.endswith(": n*")]
    if not len(slopes):
        raise InvalidSetting("no strategy is scored with two numbers of sources yet")
    slopes = slopes.assign(name=slopes["name"].str.removesuffix(": n*"))
    return interval_dots(slopes, "What one more source brings", f"{_AXIS}, a source", zero=True)


def _size(design: Design, task: str | None) -> go.Figure:
    effects = size_model(_scores(design)).coefficients()
    return interval_dots(effects, "Size of the network and number of sources", _AXIS, zero=True)


def _sources(design: Design, task: str | None) -> go.Figure:
    return variance_heatmap(source_variances(_scores(design), design.settings.sources))


def _alone(design: Design, task: str | None) -> go.Figure:
    table = _scores(design)
    points, (r, low, high) = single_source_association(
        table, source_variances(table, design.settings.sources)
    )
    if not len(points):
        raise InvalidSetting("no source was scored alone and among others yet")
    return alone_and_among(points, {"r": r, "low": low, "high": high} if r == r else None)


PICTURES: dict[str, Picture] = {
    "by-strategy": Picture("Scores by number of sources (figure 2.10)", _by_strategy, by_task=True),
    "means": Picture("Strategies (figure 2.11)", _means),
    "slopes": Picture("What one more source brings (figure 2.11)", _slopes),
    "size": Picture("Size and number of sources (figure 2.12)", _size),
    "best": Picture("With and without the best source (figure 2.13)", _by_best, by_task=True),
    "sources": Picture("What each source accounts for (table 2.6)", _sources),
    "alone": Picture("Sources alone and among others (figure 2.14)", _alone),
    "alias": Picture("Aliasing of main effects (figure 2.7)", _alias),
}
"""Name → a picture of a design."""


def write_design_report(design: Design, path: Path, progress: Progress = silent) -> None:
    """Write every table and picture of a design to one HTML file that needs neither server nor network.

    Args:
        design: A design; of what is not scored yet it says so.
        path: The file; one that is there gives way once the new one is whole.
        progress: Told how far it is.

    Raises:
        StorageError: If it cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text("".join(_page(design, progress)), encoding="utf-8")


def _page(design: Design, progress: Progress) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Design {safe(design.name)}</title><style>{STYLE}</style></head><body>"
    yield f"<h1>Design {safe(design.name)}</h1>"
    made, scored = int((design.runs["run"] != "").sum()), design.scores["number"].nunique()
    yield f"<p>{len(design.runs):,} runs planned, {made:,} made, {scored:,} scored. "
    yield "Scores are standardised within each task; intervals are of 95 %. Source: Kim 2021, chapter 2.</p>"
    library = True  # goes into the file once, before the first figure
    tasks = sorted(design.scores["task"].unique())
    for place, picture in enumerate(PICTURES.values()):
        progress(0.5 * place / len(PICTURES), picture.title)
        yield f"<h2>{safe(picture.title)}</h2>"
        for task in (tasks or [None]) if picture.by_task else [None]:
            try:
                figure = picture.draw(design, task)
            except InvalidSetting as error:
                yield f'<p class="said">{safe(error)}</p>'
                continue
            yield figure.to_html(include_plotlyjs=library, full_html=False, config={"displaylogo": False})
            library = False
    yield from _tables(design, progress)
    yield "</body></html>"


def _tables(design: Design, progress: Progress) -> Iterator[str]:
    for place, (name, table) in enumerate(TABLES.items()):
        progress(0.5 + 0.5 * place / len(TABLES), table.about)
        yield f'<h2 id="{safe(name)}">{safe(table.about[:1].upper() + table.about[1:])}</h2>'
        try:
            rows, notes = table.make(design, 0, silent)
        except InvalidSetting as error:
            yield f'<p class="said">{safe(error)}</p>'
            continue
        yield "".join(f'<p class="said">{safe(note)}</p>' for note in notes)
        yield html_table(rows)
