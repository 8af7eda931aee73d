"""What each cleaning step merges or drops, before it does."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.cleaning.review import show_review, step_title
from taglab.ui.cleaning.steps import show_settings, show_shelf, show_steps
from taglab.ui.cleaning.views import show_apply, show_before_after, show_collapsed, show_facts, show_flow
from taglab.ui.cleaning.work import cleaned, pick_work, show_in_link, show_told
from taglab.ui.pickers import bound_choice

_LIST_WIDTH_PX = 290
VIEWS = {
    "Preview": None,
    "Before and after": show_before_after,
    "Where the counts went": show_flow,
    "What went into a tag": show_collapsed,
}
# The views stand below the list where they would have less room than this beside it.
_LEAST_WIDTH_PX = 440

heading("Cleaning", "What would each step merge or drop, before it does?")
work = pick_work()
title(work.name)
show_told()
with st.sidebar:
    show_shelf(work.draft)
made = cleaned(work)
plans = made.plans if made is not None else ()
if made is not None:
    show_facts(work, made)
sides = st.container(horizontal=True, gap="medium")
with sides, st.container(width=_LIST_WIDTH_PX):
    show_steps(work, plans)
    with st.expander(f"Settings of {step_title(work)}", icon=":material/tune:"):
        show_settings(work.draft)
    show_apply(work, made)
with sides, st.container(width="stretch"):
    tabs = st.tabs(list(VIEWS), key="view", bind=bound_choice("view", "view", list(VIEWS)), on_change="rerun")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab, guard():
                if show is None:
                    show_review(work, plans)
                elif made is not None:
                    show(work, made)
    with st.container(horizontal=True):
        st.space(_LEAST_WIDTH_PX)
if not show_in_link(work.draft):
    st.caption("These steps are too long for a link; save them, and the link names them.")
