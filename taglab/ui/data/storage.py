"""What the cache folder holds, and making room in it, on the Data page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from taglab import cache
from taglab.ui.dialogs import dialog
from taglab.ui.export import export_panel
from taglab.ui.messages import guard
from taglab.ui.visitors import may_read_paths

_MEANING = {
    "yours": "what you added and named: never removed",
    "derived": "computed, and computed again when it is wanted",
    "downloads": "public data sets, fetched again when they are wanted",
    "trash": "deleted runs",
    "left over": "of programs that were killed",
    "taglab's own": "queues and settings: never removed",
}
_DAY_S = 86_400.0
_AGES = {"Everything": None, "A week": 7 * _DAY_S, "A month": 30 * _DAY_S, "Three months": 90 * _DAY_S}


def show_storage() -> None:
    """Sizes by kind, read only when they are asked for."""
    panel = st.expander(
        "Storage", key="storage", on_change="rerun", bind="query-params", icon=":material/hard_drive:"
    )
    if not panel.open:
        return
    with panel, guard():
        table = cache.sizes(cache.contents())
        limit = cache.limit_bytes()
        held = f"held below {cache.size_text(limit)}" if limit else "kept without a limit"
        st.caption(f"{cache.size_text(float(table['bytes'].sum()))} in all; derived results are {held}")
        st.dataframe(
            _shown(table),
            hide_index=True,
            width="stretch",
            key="storage table",
            alt="What takes room on the disk",
        )
        st.caption("; ".join(f"{what}: {_MEANING[what]}" for what in table["what"].unique()))
        export_panel("storage", table, command=["taglab", "cache", "show"])
        if not may_read_paths():
            st.caption("Only who works on this machine, or logged in, can remove anything of it.")
        elif st.button("Make room", icon=":material/mop:", key="make room"):
            _ask()


def _shown(sizes: pd.DataFrame) -> pd.DataFrame:
    """Return a table of sizes as people read it: moments to the minute, UTC."""
    moments = sizes["used"].str[:16].str.replace("T", " ")
    return sizes.assign(**{"last used (UTC)": moments})[["kind", "what", "size", "count", "last used (UTC)"]]


@dialog("Make room")
def _ask() -> None:
    ask_what_goes()


def ask_what_goes() -> None:
    """Say what would go, and remove it when that is confirmed."""
    with guard():
        what = st.multiselect(
            "Remove", cache.PRUNABLE, default=["left over", "derived"], key="prune what",
            format_func=lambda one: f"{one}: {_MEANING[one]}",
        )  # fmt: skip
        age = st.selectbox("Not used for", _AGES, index=2, key="prune age")
        older_than_s = _AGES[age]
        plan = cache.plan_pruning(what, older_than_s, 0 if older_than_s is None else None)
        if not plan.removed:
            st.text("There is nothing of it to remove.")
            return
        st.dataframe(
            _shown(cache.sizes(plan.removed)), hide_index=True, key="what goes", alt="What would be removed"
        )
        label = f"Remove {cache.size_text(plan.freed_bytes)}"
        if st.button(label, icon=":material/delete:", type="primary", key="prune now"):
            done = cache.prune(plan)
            for sentence in done.failed:
                st.text(sentence)
            st.success(f"{len(done.removed):,} removed, {cache.size_text(done.freed_bytes)} freed")
