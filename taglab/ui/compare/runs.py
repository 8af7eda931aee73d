"""Picking runs: by name, or in a table of all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from taglab import runs
from taglab.errors import TaglabError
from taglab.metrics import mean_columns
from taglab.runs import Run
from taglab.ui.compare.importing import import_popover
from taglab.ui.messages import guard, literal
from taglab.ui.remembered import remembered

_FIRST_SEEN = ("thesis-3.3-k100-spectrogram", "thesis-3.3-tags-spectrogram")
_NEWEST = 3
_IMPORTED = "imported runs"
_TEXTS = ["run", "title", "group", "tags", "note"]
_SHOWN = ["title", "kind", "group", "created", "classes", "epochs"]
_BEST = "At the best epoch, on validation tracks"
_COLUMNS = {
    "title": st.column_config.TextColumn("title", width="medium"),
    "created": st.column_config.TextColumn("created (UTC)"),
}


def pick_runs() -> list[Run]:
    """Let runs be picked. In the URL as `runs`, once for each; always, for what is seen first may change."""
    names = [*runs.run_names(), *runs.published_names()]
    if "runs" not in st.session_state:
        asked = st.query_params.get_all("runs")
        for gone in (name for name in asked if name not in names):
            st.warning(
                literal(f"The link asks for the run {gone!r}, which is not here."), icon=":material/link_off:"
            )
        held = [name for name in dict.fromkeys(asked) if name in names]
        st.session_state["runs"] = held if asked else _first_seen(names)
    st.session_state["runs"] += st.session_state.pop(_IMPORTED, [])
    titled = {name: _title(runs.open_run(name)) for name in names}
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    chosen = bar.multiselect(
        "Runs", names, format_func=lambda name: titled.get(name, name), key="runs", persist_state="session",
        help="Runs trained or imported here, and results that others published.",
    )  # fmt: skip
    # Streamlit's own binding would write titles, which may change, and leave out what is seen first.
    if st.query_params.get_all("runs") != chosen:
        st.query_params["runs"] = chosen
    if bar.button("Find …", key="find runs", icon=":material/manage_search:"):
        _find_dialog()
    with bar:
        import_popover(_compare_too)
    return [runs.open_run(name) for name in chosen]


def _first_seen(names: Sequence[str]) -> list[str]:
    """Return the newest runs that have results; where there are none, the pair of the thesis's table 34."""
    table = runs.runs_table()
    own = [name for name in table["run"] if (runs.open_run(name).folder / "per_label_by_epoch.csv").exists()]
    return own[:_NEWEST] or [name for name in _FIRST_SEEN if name in names]


@st.dialog("Find runs", width="large")
@guard()
def _find_dialog() -> None:
    table = runs.runs_table([*runs.run_names(), *runs.published_names()])
    text = st.text_input("Find", key="find_run", placeholder="Words of a name, title, group, tag or note")
    found = found_runs(table.assign(created=table["created"].str[:16].str.replace("T", " ")), text)
    means = {
        column: st.column_config.NumberColumn(mean.title, format="%.4f", help=_BEST)
        for column, mean in mean_columns().items() if mean.average == "macro"
    }  # fmt: skip
    chosen = st.dataframe(
        found[[*_SHOWN, *means, "run"]], key=f"found runs {text}", on_select="rerun",
        selection_mode="multi-row", hide_index=True, height=380, column_config=_COLUMNS | means,
        alt="Runs that match the search",
    )  # fmt: skip
    ticked = [str(found["run"].iloc[row]) for row in chosen.selection.rows]
    said = f"Compare these {len(ticked)}" if ticked else "Tick runs to compare"
    if st.button(said, on_click=_pick, args=(ticked,), disabled=not ticked, type="primary"):
        st.rerun()


def _compare_too(name: str) -> None:
    st.session_state[_IMPORTED] = [name]


def _pick(names: list[str]) -> None:
    st.session_state["runs"] = names


def found_runs(table: pd.DataFrame, text: str) -> pd.DataFrame:
    """Return the rows of a table of runs in whose texts every word of `text` occurs, whatever the case."""
    hay = table[_TEXTS].astype(str).agg(" ".join, axis=1).str.casefold()
    held = np.ones(len(table), bool)
    for word in text.casefold().split():
        held &= hay.str.contains(word, regex=False).to_numpy(bool)
    return table[held].reset_index(drop=True)


@remembered("tiny")
def _title(run: Run) -> str:
    try:
        return run.title
    except TaglabError:
        return run.name


def titles_of(picked: Sequence[Run]) -> list[str]:
    """Return what each run is called, with its name behind where two have one title."""
    titles = [_title(run) for run in picked]
    return [
        title if titles.count(title) == 1 else f"{title} ({run.name})"
        for run, title in zip(picked, titles, strict=True)
    ]
