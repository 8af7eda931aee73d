"""What compared runs were made of, and whether that is still there."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from taglab.compare.inputs import inputs_table
from taglab.progress import between
from taglab.ui.compare.compared import Compared
from taglab.ui.loaders import folksonomy
from taglab.ui.messages import working


def show_inputs(compared: Compared) -> None:
    """Show names and fingerprints of what was learned from; nothing where only results are compared."""
    trained = {title: run for title, run in compared.by_title.items() if run.kind == "trained"}
    if not trained:
        return
    panel = st.expander("What they were made of", key="inputs", on_change="rerun")
    if not panel.open:  # looking takes as long as opening their data
        return
    with panel:
        tables = []
        with working("Looking at what they were made of") as progress:
            for number, (title, run) in enumerate(trained.items()):
                share = between(progress, number / len(trained), (number + 1) / len(trained), title)
                tables.append(inputs_table(run, folksonomy, share).assign(run=title))
        table = pd.concat(tables, ignore_index=True)[["run", "input", "name", "now", "fingerprint"]]
        st.dataframe(table, hide_index=True, key="inputs table", alt="What each run was made of")
        st.caption(
            "A run keeps by fingerprint what it was made of: all that is known of its data, the sound of "
            "their tracks, which track is in which class, and the vectors of its loss. Of runs made before "
            "this was kept it is not known."
        )
