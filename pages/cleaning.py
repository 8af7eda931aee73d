"""What each cleaning step merges or drops, before it does."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.cleaning import pick_work, previewed, show_in_link, show_told
from taglab.ui.cleaning_review import show_review, step_title
from taglab.ui.cleaning_steps import show_settings, show_shelf, show_steps
from taglab.ui.cleaning_views import show_apply, show_before_after, show_collapsed, show_facts, show_flow

VIEWS = {
    "Preview": None,
    "Before and after": show_before_after,
    "Where the counts went": show_flow,
    "What went into a tag": show_collapsed,
}

heading("Cleaning", "What would each step merge or drop, before it does?")
work = pick_work()
title(work.name)
show_told()
with st.sidebar:
    show_shelf(work.draft)
plans = previewed(work)
show_facts(work)
left, right = st.columns([3, 7])
with left:
    show_steps(work, plans)
    with st.expander(f"Settings of {step_title(work)}", icon=":material/tune:"):
        show_settings(work.draft)
    show_apply(work)
with right:
    tabs = st.tabs(list(VIEWS), key="view", bind="query-params", on_change="rerun")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab, guard():
                if show is None:
                    show_review(work, plans)
                else:
                    show(work)
if not show_in_link(work.draft):
    st.caption("These steps are too long for a link; save them, and the link names them.")
