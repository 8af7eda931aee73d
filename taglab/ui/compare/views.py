"""What is seen of several runs, one view at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from taglab.compare.groups import (
    GROUPINGS,
    GROUPS,
    by_group,
    grouping_of,
    printed_groups,
)
from taglab.compare.inputs import settings_with_inputs
from taglab.compare.intervals import JudgedPairs, with_intervals
from taglab.compare.repeats import repeats_table
from taglab.compare.tables import correlations, differing_settings, paired
from taglab.figures import compare as figures
from taglab.figures.training import training_curves
from taglab.metrics import METRICS, mean_columns
from taglab.runs.panels import panels
from taglab.runs.published import SCORES
from taglab.runs.run import best_epoch
from taglab.runs.tables import history, summary_table
from taglab.ui.compare.compared import Compared
from taglab.ui.compare.inputs import show_inputs
from taglab.ui.compare.stages import show_stages
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice

_BIN_WIDTHS = (0.02, 0.05, 0.1)
_MOST_ROWS = 60
# Of more runs only the two whose difference is shown are resampled; each takes seconds.
_MOST_RESAMPLED = 4
_CORRELATION_COLUMNS: dict[str, Any] = {
    "r": st.column_config.NumberColumn("Pearson's r", format="%.4f"),
    "p": st.column_config.NumberColumn(
        "p", format="%.2g", help="Of an |r| as large, were the two independent"
    ),
    "labels": st.column_config.NumberColumn("labels"),
    "left_out": st.column_config.NumberColumn("left out (labels)"),
}


_PAIR_COLUMNS: dict[str, Any] = {
    "difference_p": st.column_config.NumberColumn(
        "p", format="%.2g", help="Share of swaps of the two models' scores that set them as far apart"
    ),
    "difference_p_adjusted": st.column_config.NumberColumn(
        "p, number of labels allowed for", format="%.2g",
        help="Benjamini and Hochberg: of the labels below 0.05 about one in twenty is chance",
    ),
    "difference_reason": st.column_config.TextColumn("why there is no p"),
}  # fmt: skip


def _nothing(compared: Compared) -> bool:
    """Say that there is nothing to draw, if so."""
    if len(compared.rows):
        return False
    st.info(
        "None of these runs has this metric here; choose other results, another metric or another truth.",
        icon=":material/search_off:",
    )
    return True


def show_histograms(compared: Compared) -> None:
    """How a metric is distributed over labels: figures 9, 12 and 13 of the thesis."""
    if _nothing(compared):
        return
    lift, metric = compared.truth == "lift", METRICS[compared.metric]
    most = np.inf if lift else metric.range[1]
    top = most if np.isfinite(most) else float(np.ceil(compared.rows["value"].max())) or 1.0
    chance = 1.0 if lift else metric.chance
    slot = st.container()
    width = st.segmented_control(
        "Bin width", _BIN_WIDTHS, default=0.05, key="bin_width", bind="query-params", required=True,
        format_func=lambda share: f"{share * top:g}",
    )  # fmt: skip
    figure = figures.histograms(
        compared.rows, compared.drawn, compared.axis, float(width) * top, chance, top=top
    )
    slot.plotly_chart(figure, key="histograms", config=picture_config(), alt=_said_of(compared))
    slot.caption(
        f"Results of: {literal(compared.what)}. Each histogram has the area 1, so that runs of different "
        f"numbers of labels can lie over one another. {_strips_said(compared, chance)}"
    )
    export_panel("compare labels", compared.rows, figure, compared.command("label"))


def _said_of(compared: Compared) -> str:
    return f"{compared.axis} by label of {len(compared.drawn)} runs"


def _strips_said(compared: Compared, chance: float | str | None) -> str:
    if len(compared.drawn) > figures.MOST_STRIPS:
        return f"Of more than {figures.MOST_STRIPS} runs, only densities are drawn."
    if isinstance(chance, float):
        return f"Below, a tick for each label; the dotted line is chance, {chance:g}."
    if chance is None:
        return "Below, a tick for each label."
    if compared.rows["prevalence"].notna().any():
        return (
            "Below, a tick for each label, and in grey its prevalence, which chance would reach; the dotted "
            "lines are mean prevalences."
        )
    return "Below, a tick for each label. Their prevalence is not known."


def show_pairs(compared: Compared) -> None:
    """One row a label, a dot a run, sorted by the difference of two of them: table 34 of the thesis."""
    if _nothing(compared):
        return
    titles = list(compared.drawn)
    if len(titles) < 2:
        st.info("Pick a second run to see labels in pairs.", icon=":material/compare:")
        return
    first, second = _pick_difference(titles)
    table = paired(compared.rows, first, second)
    if table.empty:
        st.info("These two runs have no label in common.", icon=":material/search_off:")
        return
    metric = METRICS[compared.metric]
    said = f"Results of: {literal(compared.what)}. {_ahead(table, first, metric.sign)}"
    if compared.truth == "common" and metric.interval is not None:
        judged = _with_intervals(compared, table, first, second)
        table = judged.table
        said += judged.said
    shown = _filtered(table)
    st.caption(said)
    figure = figures.paired_plot(
        _ends(shown), compared.drawn, compared.axis, (first, second), higher_is_better=metric.higher_is_better
    )
    if len(shown):
        st.plotly_chart(figure, key="pairs", config=picture_config(), alt=_said_of(compared))
        st.caption(_bars_said(shown))
    if len(shown) > _MOST_ROWS:
        st.caption(f"Drawn: the {_MOST_ROWS // 2} labels at either end. The table has all {len(shown):,}.")
    st.dataframe(
        shown,
        hide_index=True,
        key="pairs table",
        column_config=_pair_columns(shown),
        alt="Labels of both models with their figures",
    )
    export_panel("compare pairs", table, figure, compared.command("pair", (first, second)))


def _bars_said(shown: pd.DataFrame) -> str:
    said = "Bars: the difference, in the colour of the run that is ahead; in grey each label's tag group."
    if "difference_p" in shown:
        said += " Pale bars: p is 0.05 or more, or nothing can be told; that has no interval."
    return said


def _pick_difference(titles: list[str]) -> tuple[str, str]:
    """Let two runs be chosen, the first two to begin with."""
    columns = st.columns(2)
    for key in ("first", "second"):
        if st.session_state.get(key) not in (None, *titles):
            del st.session_state[key]
    first = columns[0].selectbox(
        "Difference of", titles, key="first", bind=bound_choice("first", "run", titles)
    )
    others = [title for title in titles if title != first]
    if st.session_state.get("second") == first:
        st.session_state["second"] = others[0]
    return first, columns[1].selectbox(
        "minus", others, key="second", bind=bound_choice("second", "run", others)
    )


def _filtered(table: pd.DataFrame) -> pd.DataFrame:
    find, groups = st.columns(2)
    text = find.text_input(
        "Find labels", key="find_label", bind="query-params", placeholder="Part of a label"
    )
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


def _ahead(table: pd.DataFrame, first: str, sign: int) -> str:
    known, ahead = table["difference"], (sign * table["difference"] > 0).sum()
    return (
        f"{literal(first)} is ahead on {ahead} of the {len(known)} labels that both have; the "
        f"mean difference is {_signed(known.mean())}. "
    )


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−")


def _with_intervals(compared: Compared, table: pd.DataFrame, first: str, second: str) -> JudgedPairs:
    """Add intervals and p, of which there are any only by one truth."""
    judged = compared.predictions
    if len(judged) > _MOST_RESAMPLED:
        judged = {title: judged[title] for title in (first, second)}
    with working("Drawing and swapping tracks for intervals and p") as progress:
        return with_intervals(table, judged, first, second, compared.metric, progress)


def _pair_columns(table: pd.DataFrame) -> dict[str, Any]:
    numbers = [name for name in table.columns if name not in ("label", "group", *_PAIR_COLUMNS)]
    return _PAIR_COLUMNS | {
        name: st.column_config.NumberColumn(
            name.replace("_", " "), format="localized" if name.startswith("tracks ") else "%.4f"
        )
        for name in numbers
    }


def show_summary(compared: Compared) -> None:
    """Means of each run, and the settings in which they differ."""
    table = summary_table(compared.by_title)
    means = {column: mean.title for column, mean in mean_columns().items()}
    means |= {name: title for name, title in SCORES.items() if name in table}
    known = [name for name in means if table[name].notna().any()]
    shown = table[["run", "figures", "epoch", *known, "classes"]]
    numbers = {name: st.column_config.NumberColumn(means[name], format="%.4f") for name in known}
    texts = {
        "run": st.column_config.TextColumn("run", width=200, pinned=True),
        "figures": st.column_config.TextColumn("figures of", width=240),
    }
    st.dataframe(
        shown,
        hide_index=True,
        column_config=texts | numbers,
        key="summary table",
        alt="Mean figures of each run",
    )
    st.caption(
        "Each run by its own truth. Macro: mean over labels, those without positive tracks left out. Micro: "
        "all labels as one. Each metric's best epoch is what the thesis prints; no one model has all of them."
    )
    export_panel("compare summary", table, command=compared.command("summary"))
    _show_repeats(compared)
    settings = differing_settings(
        {title: settings_with_inputs(run) for title, run in compared.by_title.items()}
    )
    st.markdown("##### Settings in which they differ")
    if settings.empty:
        st.caption("None.")
    else:
        st.dataframe(settings, hide_index=True, key="settings table", alt="Settings of each run")
        export_panel("compare settings", settings, command=compared.command("settings"))
    show_inputs(compared)


_REPEATS_COLUMNS: dict[str, Any] = {
    "runs": st.column_config.TextColumn("runs", width=280),
    "figures": st.column_config.TextColumn("figures of"),
    **{
        name: st.column_config.NumberColumn(name.replace("_", " "), format="%.4f")
        for name in ("mean", "sd", "low", "high", "difference", "difference_low", "difference_high")
    },
    "difference_p": st.column_config.NumberColumn("difference p", format="%.2g"),
    "reason": st.column_config.TextColumn("why there is no interval"),
}


def _show_repeats(compared: Compared) -> None:
    """Average runs that differ in nothing but seeds, splits and folds, where there are any."""
    moments = ("test", "best", "last")
    every = (repeats_table(compared.by_title, moment) for moment in moments)
    table = next((found for found in every if len(found)), None)
    if table is None or table["repetitions"].max() < 2:
        return
    st.markdown("##### Repetitions averaged")
    shown = table.dropna(axis=1, how="all")
    st.dataframe(
        shown, hide_index=True, key="repeats table", column_config=_REPEATS_COLUMNS,
        alt="Means over repetitions, with their spread",
    )  # fmt: skip
    st.caption(
        "Runs that differ in nothing but seeds, splits and folds. sd: over repetitions, which are splits, "
        "the seeds of each averaged; where there is one split, they are the seeds, and the interval is of "
        "what other seeds would give on these tracks. 95 % intervals by Student's t, over splits widened "
        "after Nadeau and Bengio, because splits share tracks. difference: from the first row's runs, in "
        "pairs."
    )
    export_panel("compare repeats", table, command=compared.command("repeats"))


def show_counts(compared: Compared) -> None:
    """A metric against label counts, with their correlation."""
    if _nothing(compared):
        return
    counted = compared.rows[compared.rows["count"] > 0]
    if counted.empty:
        st.info("Of none of these runs is it known how many tracks have each label.")
        return
    colours = {title: shade for title, shade in compared.drawn.items() if title in set(counted["run"])}
    figure = figures.against_counts(counted, colours, compared.axis)
    st.plotly_chart(figure, key="counts", config=picture_config(), alt=_said_of(compared))
    whole = [title for title in colours if compared.tables[title]["positives"].isna().all()]
    if whole:
        named = ", ".join(f"“{literal(title)}”" for title in whole)
        st.caption(f"Counts are of tracks evaluated; those of {named}, as printed, of the whole data set.")
    table = correlations(compared.rows)
    st.dataframe(
        table,
        hide_index=True,
        key="correlations",
        column_config=_CORRELATION_COLUMNS,
        alt="Correlations of counts and figures",
    )
    st.caption("Pearson's correlation of the metric with the counts themselves, not their logarithms.")
    export_panel("compare counts", table, figure, compared.command("counts"))


_GROUPINGS = {"thesis": "Thesis's eight", "stages": "Stages' four"}


def show_groups(compared: Compared) -> None:
    """The mean over the labels of each tag group: tables 10 and 13 of the thesis, table 2 of the stages."""
    printed_of = compared.by_title if compared.truth == "own" else {}
    if not any(len(printed_groups(printed_of, compared.metric, name)) for name in GROUPINGS) and _nothing(
        compared
    ):
        return
    grouping = st.segmented_control(
        "Groups", list(_GROUPINGS), default=grouping_of(compared.rows, printed_of), required=True,
        format_func=_GROUPINGS.__getitem__, key="grouping",
        bind=bound_choice("grouping", "grouping", _GROUPINGS),
        help="The thesis's eight groups, or the four categories of the 50 tags chosen for the stages of "
        "collapsing.",
    )  # fmt: skip
    printed = printed_groups(printed_of, compared.metric, grouping)
    rows = compared.rows[~compared.rows["run"].isin(printed["run"])]
    means = pd.concat([part for part in (by_group(rows, grouping), printed) if len(part)] or [printed])
    drawn = {title: hue for title, hue in compared.colours.items() if title in set(means["run"])}
    if not drawn:
        st.info("Nothing is known of these groups; choose the others.", icon=":material/search_off:")
        return
    figure = figures.group_means(means, drawn, compared.axis)
    said = f"{compared.axis} by tag group of {len(drawn)} runs"
    st.plotly_chart(figure, key="groups plot", config=picture_config(), alt=said)
    wide = means.pivot_table(index="group", columns="run", values="value")
    wide = wide.reindex(index=list(GROUPINGS[grouping]))
    shown = wide.dropna(how="all")[list(drawn)].rename_axis(index="tag group", columns=None)
    numbers = {title: st.column_config.NumberColumn(format="%.4f") for title in shown.columns}
    st.dataframe(
        shown.reset_index(),
        hide_index=True,
        key="groups table",
        column_config=numbers,
        alt="Figures by group of tags",
    )
    st.caption(_grouping_said(grouping, list(dict.fromkeys(printed["run"]))))
    export_panel("compare groups", means, figure, compared.command("group", grouping=grouping))
    show_stages(compared)


def _grouping_said(grouping: str, printed: list[str]) -> str:
    said = {
        "thesis": "Groups as in the thesis. A label is put into one by the words it holds, the thesis's "
        "hundred tags as its author did.",
        "stages": "Categories of the 50 tags chosen for stage I; other labels are uncategorised. Collapsing "
        "makes labels more frequent, and with that alone AUC-PR rises: “Common” truth, of the run of "
        "stage I, tells what is gained.",
    }[grouping]
    names = ", ".join(f"“{literal(title)}”" for title in printed)
    return f"{said} Of {names}, figures as printed." if printed else said


def show_training(compared: Compared) -> None:
    """Training curves: appendix B of the thesis."""
    histories = {title: history(run) for title, run in compared.by_title.items()}
    parts = [table.assign(run=title) for title, table in histories.items() if len(table) > 1]
    together = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"run": []})
    having = [
        panel for panel in panels().values()
        if any(column in together and together[column].notna().any() for column in panel.lines)
    ]  # fmt: skip
    if not having:
        st.info("None of these runs has a figure of more than one epoch.", icon=":material/show_chart:")
        return
    best = {title: epoch for title, table in histories.items() if (epoch := best_epoch(table)) is not None}
    columns = st.columns(2)
    drawn = []
    for number, panel in enumerate(having):
        drawn.append(training_curves(together, panel, best=best, colours=compared.colours))
        columns[number % 2].plotly_chart(
            drawn[-1], key=f"training {panel.title}", config=picture_config(), alt=f"{panel.title} by epoch"
        )
    without = [title for title in compared.titles if title not in set(together["run"])]
    if without:
        named = ", ".join(f"“{literal(title)}”" for title in without)
        st.caption(f"Of {named} no epoch but one is known.")
    export_panel("compare training", together, drawn[0], compared.command("epoch"))
