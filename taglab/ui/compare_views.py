"""What is seen of several runs, one view at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from taglab.figures import compare as figures
from taglab.figures.theme import hue
from taglab.runs.comparison import (
    GROUPS,
    SUMMARY_METRICS,
    by_group,
    correlations,
    differing_settings,
    intervals,
    paired,
    summary_table,
)
from taglab.ui.compare import Compared
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal, working

_BIN_WIDTHS = (0.02, 0.05, 0.1)
_MOST_ROWS = 60
_GROUP_COLOURS = {group: hue(number) for number, group in enumerate(GROUPS[:-1])} | {GROUPS[-1]: "#8c8f94"}


def show_histograms(compared: Compared) -> None:
    """How a metric is distributed over labels: figures 9, 12 and 13 of the thesis."""
    if _nothing(compared):
        return
    width = st.segmented_control(
        "Bin width", _BIN_WIDTHS, default=0.05, key="bin_width", bind="query-params", required=True
    )
    top = 1.0 if compared.truth != "lift" else float(np.ceil(compared.rows["value"].max()))
    scale = top if compared.truth == "lift" else 1.0
    chance = {"lift": 1.0}.get(compared.truth, 0.5 if compared.metric == "auc_roc" else None)
    figure = figures.histograms(
        compared.rows, compared.drawn, compared.axis, float(width) * scale, chance, top=top
    )
    st.plotly_chart(figure, key="histograms", config=picture_config())
    st.caption(
        f"Results of: {literal(compared.what)}. Normalised: the area of each is 1, so runs of different "
        "numbers of labels can be laid over one another."
    )
    table = compared.rows
    export_panel("compare labels", table, figure, compared.command("label"))


def _nothing(compared: Compared) -> bool:
    """Say that there is nothing to draw, if so."""
    if len(compared.rows):
        return False
    st.info("None of these runs has this metric here; choose other results, another metric or truth.")
    return True


def show_pairs(compared: Compared) -> None:
    """One row a label, a dot a run, sorted by the difference of two of them: table 34 of the thesis."""
    if _nothing(compared):
        return
    titles = list(compared.drawn)
    if len(titles) < 2:
        st.info("Pick a second run in the sidebar to see labels in pairs.")
        return
    difference = _pick_difference(titles)
    table = _with_intervals(compared, paired(compared.rows, difference), difference)
    shown = _filtered(table)
    st.caption(_pairs_said(compared, table, difference))
    if not len(shown):
        st.info("No label is left by the filter.")
        return
    figure = figures.paired_plot(_ends(shown), compared.drawn, _GROUP_COLOURS, compared.axis, difference)
    st.plotly_chart(figure, key="pairs", config=picture_config())
    if len(shown) > _MOST_ROWS:
        st.caption(f"Drawn are the {_MOST_ROWS // 2} labels at either end; the table has all {len(shown):,}.")
    st.dataframe(shown, hide_index=True, key="pairs table")
    export_panel("compare pairs", table, figure, compared.command("pair"))


def _pick_difference(titles: list[str]) -> tuple[str, str]:
    first, second = st.columns(2)
    a = first.selectbox("Difference of", titles, key="first", bind="query-params")
    others = [title for title in titles if title != a]
    b = second.selectbox("minus", others, key="second", bind="query-params")
    return a, b


def _filtered(table: pd.DataFrame) -> pd.DataFrame:
    find, groups = st.columns(2)
    text = find.text_input("Find labels", key="find_label", bind="query-params")
    present = [group for group in GROUPS if group in set(table["group"])]
    chosen = groups.multiselect("Tag groups", present, key="groups", bind="query-params", placeholder="All")
    if text:
        table = table[table["label"].str.casefold().str.contains(text.casefold(), regex=False)]
    if chosen:
        table = table[table["group"].isin(chosen)]
    return table.reset_index(drop=True)


def _ends(table: pd.DataFrame) -> pd.DataFrame:
    if len(table) <= _MOST_ROWS:
        return table
    half = _MOST_ROWS // 2
    return pd.concat([table.head(half), table.tail(half)], ignore_index=True)


def _pairs_said(compared: Compared, table: pd.DataFrame, difference: tuple[str, str]) -> str:
    known = table["difference"].dropna()
    ahead = int((known > 0).sum())
    return (
        f"Results of: {literal(compared.what)}. {literal(difference[0])} is ahead on {ahead} of "
        f"{len(known)} labels that both have, by {known.mean():+.4f} on average."
    )


def _with_intervals(compared: Compared, table: pd.DataFrame, difference: tuple[str, str]) -> pd.DataFrame:
    """Add bootstrap intervals where all runs are judged by one truth."""
    if compared.truth != "common" or compared.metric == "auc_pr":
        return table
    name = compared.metric
    with working("Drawing tracks again for the intervals") as progress:
        for title, predictions in compared.predictions.items():
            found = intervals(predictions, progress=progress).set_index("label")
            table[f"low {title}"] = table["label"].map(found[f"{name}_low"])
            table[f"high {title}"] = table["label"].map(found[f"{name}_high"])
        first, second = (compared.predictions[title] for title in difference)
        found = intervals(first, second, progress=progress).set_index("label")
    for end in ("low", "high", "p"):
        table[f"difference_{end}"] = table["label"].map(found[f"{name}_{end}"])
    return table


def show_summary(compared: Compared) -> None:
    """Means of each run, and the settings in which they differ."""
    table = summary_table(compared.by_title)
    known = [name for name in SUMMARY_METRICS if table[name].notna().any()]
    shown = table[["run", "figures", "epoch", "classes", *known]]
    numbers = {name: st.column_config.NumberColumn(SUMMARY_METRICS[name], format="%.4f") for name in known}
    st.dataframe(shown, hide_index=True, column_config=numbers, key="summary table")
    export_panel("compare summary", table, command=compared.command("summary"))
    configs = {title: run.config for title, run in compared.by_title.items()}
    settings = differing_settings(configs)
    st.markdown("**Settings in which they differ**" if len(settings) else "No setting differs.")
    if len(settings):
        st.dataframe(settings, hide_index=True, key="settings table")
        export_panel("compare settings", settings, command=compared.command("settings"))


def show_counts(compared: Compared) -> None:
    """A metric against label counts, with their correlation."""
    if _nothing(compared):
        return
    figure = figures.against_counts(compared.rows, compared.drawn, compared.axis)
    st.plotly_chart(figure, key="counts", config=picture_config())
    table = correlations(compared.rows)
    st.dataframe(table, hide_index=True, key="correlations", column_config=_CORRELATION_COLUMNS)
    export_panel("compare counts", table, figure, compared.command("counts"))


_CORRELATION_COLUMNS: dict[str, Any] = {
    "r": st.column_config.NumberColumn("Pearson's r", format="%.4f"),
    "p": st.column_config.NumberColumn("p", format="%.2g"),
    "left_out": st.column_config.NumberColumn("left out (labels)"),
}


def show_groups(compared: Compared) -> None:
    """The mean over the labels of each tag group: tables 10 and 13 of the thesis."""
    if _nothing(compared):
        return
    means = by_group(compared.rows)
    figure = figures.group_means(means, compared.drawn, compared.axis)
    st.plotly_chart(figure, key="groups plot", config=picture_config())
    wide = means.pivot_table(index="group", columns="run", values="value").reindex(index=list(GROUPS))
    st.dataframe(wide.dropna(how="all"), key="groups table")
    export_panel("compare groups", means, figure, compared.command("group"))


def show_training(compared: Compared) -> None:
    """Training curves: appendix B of the thesis."""
    st.info("None of these runs has a training history.")
