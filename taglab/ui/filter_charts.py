"""Charts that filter, as a component: bars are counted here, drawn and brushed in the browser."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from taglab.crossfilter import Among, Categories, Column, Filter, Filters, Mask, Span, counts, passing
from taglab.errors import InvalidSetting

_HERE = Path(__file__).parent
_HTML, _CSS, _JS = (
    (_HERE / f"filter_charts.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
)
_component = st.components.v2.component("taglab.filter_charts", html=_HTML, css=_CSS, js=_JS)
_MOST_LISTED = 100


@dataclass(frozen=True, eq=False)
class FilterChart:
    """A column as a chart.

    Attributes:
        title: Above the chart, with the unit.
        column: What is counted.
        shown: What the names of a column of names are called, where that is not as they are.
        colours: Of the bars of names, as `#rrggbb`; one colour for all where empty.
    """

    title: str
    column: Column
    shown: Sequence[str] = ()
    colours: Sequence[str] = ()


def filter_charts(
    key: str,
    charts: Mapping[str, FilterChart],
    columns: Mapping[str, Column],
    filters: Filters,
    on_filter: Callable[[str, Filter | None], None],
) -> None:
    """Show charts, each with the counts under the filters of all other columns, all rows in grey behind.

    Args:
        key: Of the widget, unique on the page.
        charts: By name of column.
        columns: Those that are filtered by, at least.
        filters: In force now.
        on_filter: Called before the rerun with a column and its new filter, None where it is let go.
    """

    def report() -> None:
        event = st.session_state[key].get("filter")
        if isinstance(event, Mapping) and str(event.get("column")) in charts:
            on_filter(str(event["column"]), brushed(event))

    everything = passing(columns, filters)
    shown = [
        _drawn(name, chart, filters.get(name), passing(columns, filters, but=name))
        for name, chart in charts.items()
    ]
    _component(
        key=key,
        data={"charts": shown, "passing": -1 if everything is None else int(everything.sum())},
        on_filter_change=report,
    )


def brushed(event: Mapping[str, Any]) -> Filter | None:
    """Return the filter that the browser sends.

    Args:
        event: `names`, a list of them, or `low` and `high`, numbers or None where there is no bound.

    Returns:
        None where there is none, or what is sent is none.
    """
    low, high = event.get("low"), event.get("high")
    try:
        if event.get("names"):
            return Among(frozenset(map(str, event["names"])))
        if low is not None or high is not None:
            return Span(-math.inf if low is None else float(low), math.inf if high is None else float(high))
    except (InvalidSetting, TypeError, ValueError):
        return None
    return None


def _drawn(
    name: str, chart: FilterChart, allowed: Filter | None, under_others: Mask | None
) -> dict[str, Any]:
    column = chart.column
    common = {
        "name": name,
        "title": chart.title,
        "filtered": allowed is not None,
        "unknown": int((column.bins < 0).sum()),
    }
    bars = {"all": counts(column), "kept": counts(column, under_others)}
    if not isinstance(column, Categories):
        low, high = (allowed.low, allowed.high) if isinstance(allowed, Span) else (-math.inf, math.inf)
        return common | {kind: of_bins.tolist() for kind, of_bins in bars.items()} | {
            "edges": column.edges.tolist(),
            "whole": column.whole,
            "low": low if math.isfinite(low) else None,
            "high": high if math.isfinite(high) else None,
        }  # fmt: skip
    chosen = allowed.names if isinstance(allowed, Among) else frozenset()
    # The largest, and whatever is chosen, so that it can be let go.
    listed = [at for at, one in enumerate(column.names) if at < _MOST_LISTED or one in chosen]
    called = chart.shown or column.names
    return common | {kind: of_bins[listed].tolist() for kind, of_bins in bars.items()} | {
        "names": [column.names[at] for at in listed],
        "shown": [called[at] for at in listed],
        "colours": [chart.colours[at] for at in listed] if chart.colours else None,
        "chosen": sorted(chosen),
        "more": len(column.names) - len(listed),
    }  # fmt: skip
