"""Two representations on one task, down to the tracks that one gets right and the other wrong."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from taglab.metrics.intervals import Interval
from taglab.studies.transfer import side_by_side
from taglab.ui.export import export_panel
from taglab.ui.messages import literal
from taglab.ui.pickers import choose_among
from taglab.ui.representations.material import Material, scores_of
from taglab.ui.tracks import names_of, show_players

_MOST_HEARD = 200


def show_beside(material: Material) -> None:
    """Let a task and two of the features be chosen, and show where they differ."""
    names = [one.name for one in material.features]
    if len(names) < 2:
        st.caption("Choose at least two features in the sidebar to set them side by side.")
        return
    result = scores_of(material)
    with st.container(horizontal=True):
        title = choose_among("on", "Task", list(material.tasks), 0, "task")
        first = choose_among("first", "Features", names, 0, "features")
        others = [name for name in names if name != first]
        second = choose_among("second", "Beside", others, 0, "features")
    number = list(material.tasks).index(title)
    one, other = result.results[number, first], result.results[number, second]
    task = material.tasks[title]
    st.markdown(literal(_difference(one.less(other), task.measure, first, second)))
    _show_tracks(material, task, side_by_side(one, other), first, second)


def _difference(difference: Interval, measure: str, first: str, second: str) -> str:
    estimate = f"Difference in {measure}, {first} less {second}: {difference.estimate:+.3f}"
    if difference.reason:
        return f"{estimate} ({difference.reason}, so that no interval follows)."
    verdict = "more than chance" if difference.p < 0.05 else "not more than chance would give"
    return (
        f"{estimate} [{difference.low:+.3f}, {difference.high:+.3f}], p {difference.p:.3f} over splits: "
        f"{verdict}."
    )


def _show_tracks(material: Material, task: Any, table: pd.DataFrame, first: str, second: str) -> None:
    better = {
        f"{first} better": table[table["difference"] > 0],
        f"{second} better": table[table["difference"] < 0],
        "Alike": table[table["difference"] == 0],
    }
    options = [name for name, rows in better.items() if len(rows)]
    if st.session_state.get("which", options[0]) not in options:
        st.session_state["which"] = options[0]
    which = st.segmented_control(
        "Tracks", options, default=options[0], key="which", required=True, format_func=literal,
        bind="query-params",
    )  # fmt: skip
    rows = better[which]
    names = names_of(material.data)
    shown = rows.rename(columns={"answer": first, "other answer": f"{second} ", "times": "splits"})
    shown.insert(0, "name", [names.get(track, track) for track in rows["track"]])
    st.dataframe(
        shown.drop(columns=["track", "merit", "other merit"]),
        key="tracks beside",
        hide_index=True,
        height=300,
        column_config={
            "difference": st.column_config.NumberColumn("difference", format="%.3g", help=task.merit),
            "splits": st.column_config.NumberColumn("splits", help="How many splits held it out."),
        },
        alt="Answers of both features to tracks held out",
    )  # fmt: skip
    counts = "; ".join(f"{name}: {len(tracks):,}" for name, tracks in better.items())
    st.caption(
        literal(f"{counts}. Difference: of {task.merit}; the mean over splits that held the track out.")
    )
    export_panel(
        f"{material.data.name} side by side",
        table,
        command=material.question.model_copy(update={"rows": "tracks"}),
    )
    heard = rows.head(_MOST_HEARD)
    facts = [
        f"{row.truth}. {first}: {row.answer}. {second}: {other}."
        for row, other in zip(heard.itertuples(index=False), heard["other answer"], strict=True)
    ]
    show_players(material.data, material.audio, heard["track"].tolist(), facts, "beside")
