"""Scores of every representation on every task: dots with intervals, and the table."""

from __future__ import annotations

import streamlit as st

from taglab.figures.transfer import score_dots
from taglab.studies.transfer import Transfer, score_table
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal
from taglab.ui.representations.material import Material, scores_of


def show_scores(material: Material) -> None:
    """Show what the features are worth on the tasks."""
    result = scores_of(material)
    table = score_table(result)
    figure = score_dots(table)
    st.plotly_chart(figure, key="score dots", config=picture_config(), alt="Scores with intervals by task")
    st.caption(literal(" ".join(_sentences(material, result))))
    st.dataframe(
        table.drop(columns="task"), key="score table", hide_index=True,
        column_config={
            "asks": "task",
            "baseline": st.column_config.CheckboxColumn("baseline"),
            **{name: st.column_config.NumberColumn(name, format="%.3f")
               for name in ("mean", "low", "high", "deviation")},
            "learned_from": st.column_config.NumberColumn("learned from (tracks)", format="%.0f"),
            "held_out": st.column_config.NumberColumn("held out (tracks)", format="%.0f"),
        },
        alt="Scores by task and features",
    )  # fmt: skip
    export_panel(f"{material.data.name} scores", table, figure, command=material.question)


def _sentences(material: Material, result: Transfer) -> list[str]:
    n_splits = material.splits.splits
    sentences = [
        f"Mean over {n_splits} split{'s' if n_splits > 1 else ''} with its 95 % interval, which allows for "
        "splits that share tracks."
    ]
    if score_table(result)["baseline"].any():
        sentences.append("Lines and open dots are baselines.")
    else:
        sentences.append(
            "No baseline is chosen: features of MFCC statistics, of a random network or of musicnn are drawn "
            "as lines, and those that are named as baselines."
        )
    for one in result.asked:
        if one.without:
            known = len(one.problem.tracks)
            sentences.append(f"{one.task.title}: {one.without:,} of {known:,} tracks lack some features.")
        if not one.is_redrawn and n_splits > 1:
            sentences.append(f"{one.task.title}: splits have the same tracks, and differ in seeds alone.")
    return sentences
