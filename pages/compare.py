"""Models side by side: what each label gained or lost, and how far that can be trusted."""

import streamlit as st

from taglab.ui import heading, title
from taglab.ui.compare.co_prediction import show_co_prediction
from taglab.ui.compare.compared import pick_compared, show_notes
from taglab.ui.compare.confusion import show_confusion
from taglab.ui.compare.curves import show_curves
from taglab.ui.compare.rankings import show_rankings
from taglab.ui.compare.thesis import show_thesis
from taglab.ui.compare.views import (
    show_counts,
    show_groups,
    show_histograms,
    show_pairs,
    show_summary,
    show_training,
)
from taglab.ui.pickers import bound_choice

VIEWS = {
    "Histograms": show_histograms,
    "Labels": show_pairs,
    "Summary": show_summary,
    "Confusion": show_confusion,
    "Co-prediction": show_co_prediction,
    "Curves": show_curves,
    "Rankings": show_rankings,
    "Counts": show_counts,
    "Tag groups": show_groups,
    "Training": show_training,
    "Thesis": show_thesis,
}

heading("Compare", "Which model is better, at which labels, and is that more than chance?")
compared = pick_compared()
if compared is not None:
    title(f"{len(compared.runs)} runs")
    show_notes(compared)
    tabs = st.tabs(list(VIEWS), key="view", bind=bound_choice("view", "view", list(VIEWS)), on_change="rerun")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab:
                show(compared)
