"""Runs of the stages of collapsing: by their own truth, by stage I's, and as published, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from taglab.cleaning import STAGE_1
from taglab.figures.stages import category_means
from taglab.runs import Run
from taglab.studies.collapsing.stages import (
    STAGES,
    Stage,
    categories_of_runs,
    published_categories,
    stage_runs,
)
from taglab.ui.compare.compared import Compared
from taglab.ui.export import export_panel, picture_config
from taglab.ui.loaders import folksonomy
from taglab.ui.messages import working


def show_stages(compared: Compared) -> None:
    """The means by category of the stages among the runs; nothing where none is one."""
    own = stage_runs(compared.runs)
    printed = {STAGES[run.name]: run for run in compared.runs if run.name in STAGES}
    stages = [stage for stage in STAGES.values() if stage in own or stage in printed]
    if not stages:
        return
    table = _means(own, stages)
    if compared.metric not in table or table[compared.metric].isna().all():
        return
    figure = category_means(table, compared.metric, compared.axis, tuple(STAGE_1), stages)
    st.plotly_chart(
        figure, key="stages plot", config=picture_config(), alt="Means by category and stage, a panel a truth"
    )
    st.caption(
        "Stages of collapsing. Against its own labels each later stage has more positives, and with that "
        "alone AUC-PR rises; against those of stage I, on the test tracks that all have, it does not."
    )
    names = [run.name for run in own.values()]
    command = ["taglab", "stages", "score", *names] if names else None
    export_panel("compare stages", table, figure, command)


def _means(own: dict[Stage, Run], stages: Sequence[Stage]) -> pd.DataFrame:
    theirs = published_categories()
    theirs = theirs[theirs["stage"].isin(stages)]
    if not own:
        return theirs
    with working("Scoring stages against one truth") as progress:
        data = folksonomy(str(next(iter(own.values())).config["data"]), progress)
        return pd.concat([categories_of_runs(own, data), theirs], ignore_index=True)
