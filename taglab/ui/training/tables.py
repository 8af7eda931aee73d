"""All runs in a table, and the runs of a sweep beside what was varied."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from taglab import cache, launch, runs
from taglab.errors import TaglabError
from taglab.figures.training import sweep_curves
from taglab.launch import RunState
from taglab.metrics import METRICS, deciding, mean_columns, metrics_of
from taglab.settings import listed
from taglab.training.sweeps import groups, sweep_table, sweep_warning
from taglab.ui.compare.importing import download_run, import_popover
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal
from taglab.ui.training.watch import tell, watch_next
from taglab.ui.visitors import refusal
from taglab.verbs.sweeps import Show

_MARKS = {
    "queued": "⏳ queued",
    "running": "▶ running",
    "finished": "✓ finished",
    "failed": "✗ failed",
    "stopped": "■ stopped",
    "lost": "✗ lost",
}
_TICKED = "runs table"
_MOST_DOWNLOADS = 8
_FIGURE = "%.4f"
_COLUMNS = {
    "state": st.column_config.TextColumn("state"),
    "run": st.column_config.TextColumn("run", width="large"),
    "epochs": st.column_config.NumberColumn("epochs done"),
    "classes": st.column_config.NumberColumn("classes"),
    "parameters": st.column_config.NumberColumn("parameters", format="compact"),
    "best_epoch": st.column_config.NumberColumn("best epoch"),
    "group": st.column_config.TextColumn("sweep"),
    "note": st.column_config.TextColumn("note"),
    "tags": st.column_config.TextColumn("tags"),
    "created": st.column_config.DatetimeColumn("made", format="distance"),
    "problem": st.column_config.TextColumn("problem"),
}


def _figure_columns() -> dict[str, Any]:
    """Return the means of a table of runs, by their columns."""
    return {
        column: st.column_config.NumberColumn(mean.title, help="Validation, best epoch", format=_FIGURE)
        for column, mean in mean_columns().items()
    }


def _columns_of_runs() -> dict[str, Any]:
    """Return the columns of the table of runs, in their order; None where one has nothing but its name."""
    by = deciding()
    tested = st.column_config.NumberColumn(
        f"test {by.title}", help="Of the held-out tracks, best checkpoint", format=_FIGURE
    )
    figures = _figure_columns() | {f"test_{by.column}": tested}
    first, last = ("state", "run", "epochs", "best_epoch"), ("classes", "parameters")
    names = [*first, *figures, *last, "group", "note", "tags", "created", "problem"]
    return {name: figures.get(name, _COLUMNS.get(name)) for name in names}


def show_runs() -> None:
    """The table of runs with their states; ticked ones are drawn above, noted or removed."""
    every = runs.runs_table()
    table = every[every["kind"].isin(["trained"]) | (every["problem"] != "")]
    if table.empty:
        st.text("No run was made yet.")
        import_popover(_arrived)
        return
    states = launch.states(list(table["run"]))
    table = table.assign(state=[_state(states.get(str(name))) for name in table["run"]])
    table["tags"] = table["tags"].map(", ".join)
    table["created"] = pd.to_datetime(table["created"], errors="coerce", utc=True)
    if not (table["problem"] != "").any():
        table = table.drop(columns="problem")
    columns = _columns_of_runs()
    shown = table[[name for name in columns if name in table]]
    event = st.dataframe(
        shown,
        key=_TICKED,
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        column_config=columns,
        alt="Runs, newest first",
    )
    ticked = [str(shown["run"].iloc[row]) for row in event.selection.rows if row < len(shown)]
    active = sum(state.active for state in states.values())
    waiting = f", {active} trained or waiting" if active else ""
    number = f"{len(shown):,} run{'s' if len(shown) > 1 else ''}"
    st.caption(f"{number}, newest first{waiting}. Tick some to show, note, tag, download or remove them.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _act_on(ticked)
        import_popover(_arrived)
        export_panel("runs", shown, command=["taglab", "runs", "list"])


def _state(state: RunState | None) -> str:
    return _MARKS[state.state] if state is not None else ""


def _act_on(ticked: list[str]) -> None:
    st.button(
        "Show", key="show ticked", icon=":material/show_chart:", disabled=not ticked, on_click=watch_next,
        args=(ticked,), help="Draws their curves over one another, at the top of the page.",
    )  # fmt: skip
    with st.popover("Note", icon=":material/edit_note:", disabled=not ticked):
        note = st.text_input("Note for the ticked runs", key="note ticked", max_chars=500)
        st.button("Save", key="save note", on_click=_note, args=(ticked, note))
    with st.popover("Tags", icon=":material/sell:", disabled=not ticked):
        tags = st.text_input(
            "Tags of the ticked runs, in place of theirs (comma-separated)", key="tag ticked", max_chars=500
        )
        st.button("Save", key="save tags", on_click=_tag, args=(ticked, tags))
    with st.popover("Download", icon=":material/folder_zip:", disabled=not ticked):
        for name in ticked[:_MOST_DOWNLOADS]:
            download_run(name)
    with st.popover("Remove", icon=":material/delete:", disabled=not ticked):
        st.text(f"Moves {len(ticked)} run{'s' if len(ticked) > 1 else ''} to the trash folder of the cache.")
        st.button("Remove", key="remove ticked", on_click=_remove, args=(ticked,), type="primary")


def _note(names: list[str], note: str) -> None:
    try:
        for name in names:
            runs.set_note(name, note)
    except TaglabError as error:
        tell(str(error), went_well=False)


def _tag(names: list[str], tags: str) -> None:
    try:
        for name in names:
            runs.set_tags(name, listed(tags))
    except TaglabError as error:
        tell(str(error), went_well=False)


def _arrived(name: str) -> None:
    if runs.open_run(name).kind == "trained":
        watch_next([name])
    tell(f"Imported as {name}; Compare shows its results.")


def _remove(names: list[str]) -> None:
    """Move runs to the trash; one that is trained is to be stopped first."""
    reason = refusal()
    try:
        if reason is not None:
            tell(reason, went_well=False)
            return
        busy = [name for name, state in launch.states(names).items() if state.active]
        for name in names:
            if name not in busy:
                runs.delete_run(name)
        said = f"Moved to {cache.home() / cache.TRASH}."
        tell(f"{', '.join(busy)}: still active; stop it first. {said}" if busy else said, went_well=not busy)
    except TaglabError as error:
        tell(str(error), went_well=False)


def show_sweeps() -> None:
    """One sweep: its runs beside what was varied, and how the figures depend on it."""
    names = groups()
    if not names:
        st.text("No sweep was made yet; the tab New sweep makes one.")
        return
    if "sweep" in st.session_state and st.session_state["sweep"] not in names:
        st.session_state["sweep"] = names[0]
    group = st.selectbox("Sweep", names, key="sweep", bind="query-params")
    table = sweep_table(group)
    warning = sweep_warning(table)
    if warning:
        st.warning(warning, icon=":material/call_split:")
    states = launch.states(list(table["run"]))
    table.insert(1, "state", [_state(states.get(str(name))) for name in table["run"]])
    means = _figure_columns()
    known = ("run", "state", "classes", "epochs", *means)
    varied = [str(name) for name in table.columns if name not in known]
    st.dataframe(
        table, hide_index=True, key="sweep table", column_config=_COLUMNS | means, alt="Runs of the sweep"
    )
    _say_progress(table, states)
    figure = None
    if varied:
        columns = st.columns(3)
        metric = columns[0].selectbox(
            "Metric", list(metrics_of()), format_func=lambda name: METRICS[name].title, key="sweep metric"
        )
        field = columns[1].selectbox("Over", varied, index=_best_axis(table, varied), key="sweep over")
        others = [name for name in varied if name != field]
        by = columns[2].selectbox(
            "Colour", ["", *others], key="sweep by", format_func=lambda name: name or "average"
        )
        figure = sweep_curves(table, field, _measures(metric, by), by)
        st.plotly_chart(figure, config=picture_config(), key="sweep curves", alt=f"Figures by {field}")
    with st.container(horizontal=True):
        st.button(
            "Show their curves", key="show sweep", icon=":material/show_chart:", on_click=watch_next,
            args=([str(name) for name in table["run"][:8]],),
        )  # fmt: skip
        export_panel(f"{group} sweep", table, figure, Show(name=group))


def _measures(metric: str, by: str) -> dict[str, str]:
    """Return what is drawn of a metric: its means, or of many lines the macro mean only."""
    return {
        column: mean.title
        for column, mean in mean_columns().items()
        if mean.name == metric and (mean.average == "macro" or not by)
    }


def _best_axis(table: pd.DataFrame, varied: list[str]) -> int:
    """Return which field has the most values, numbers before others."""

    def rank(name: str) -> tuple[bool, int]:
        return pd.api.types.is_numeric_dtype(table[name]), table[name].nunique()

    return varied.index(max(varied, key=rank))


def _say_progress(table: pd.DataFrame, states: dict[str, RunState]) -> None:
    done = sum(state.state == "finished" for state in states.values())
    st.caption(literal(f"{done} of {len(table)} runs finished. Figures are those of each run's best epoch."))
