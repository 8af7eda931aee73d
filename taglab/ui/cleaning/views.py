"""The cleaning as a whole: before and after, where the counts went, what went into a tag, apply, files."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from taglab import cleaning as room
from taglab import sources
from taglab.cleaning import Categories, Cleaned, counts_by_category, went_into
from taglab.cleaning import count_flow as count_flow_table
from taglab.figures.cleaning import before_and_after, category_bars, count_flow
from taglab.progress import silent
from taglab.ui.cleaning.command import apply_questions, collapsed_questions
from taglab.ui.cleaning.work import TITLES, Work, applied, memory, tell
from taglab.ui.export import copy_as_command, export_panel, picture_config
from taglab.ui.messages import guard, literal
from taglab.ui.pickers import pick_tag
from taglab.ui.tables import column_labels

_NEW_NAME = "name of the cleaned data"
_MERGED = "What was meant may be a tag that was not there before; then one comes for those that go."
_ASSIGNMENTS = "Pairs of a track and a tag it has; of tags that become one, a track keeps one."


def show_facts(work: Work, made: Cleaned) -> None:
    """Tags and assignments before and after."""
    after = made.folksonomy
    actions = made.tag_map.table["action"].value_counts()
    numbers = (
        ("Tags", after.n_tags, work.data.n_tags, ""),
        ("Assignments", after.n_assignments, work.data.n_assignments, _ASSIGNMENTS),
        ("Tags merged", int(actions.get("merge", 0)), None, _MERGED),
        ("Tags dropped", int(actions.get("drop", 0)), None, ""),
    )  # fmt: skip
    with st.container(horizontal=True):
        for label, value, before, meaning in numbers:
            told = f"{value:,}" if before is None else f"{before:,} → {value:,}"
            st.metric(label, told, help=meaning or None, width="content")


def show_before_after(work: Work, made: Cleaned) -> None:
    """Popularity, and assignments by category, before and after."""
    table = _categories(work, made)
    if table is not None:
        bars = category_bars(table)
        st.plotly_chart(bars, config=picture_config(), key="categories", alt="Assignments by category")
        export_panel(f"{work.name} categories", table, bars)
    else:
        st.caption("The step Categories shows here how much of each there is.")
    curve = before_and_after(work.data.tags, made.folksonomy.tags)
    st.plotly_chart(
        curve, config=picture_config(), key="before after", alt="Tracks by rank of tag, before and after"
    )
    export_panel(f"{work.name} cleaned popularity", made.folksonomy.tags[["tag", "count"]], curve)


def _categories(work: Work, made: Cleaned) -> pd.DataFrame | None:
    """Return tags and assignments by category before and after; None where no step tells categories."""
    steps = [step for step in work.draft.cleaning.steps if isinstance(step, Categories)]
    if not steps:
        return None
    known = memory()
    _, plan = known.take(steps[-1], known.start(work.data), None)
    before = counts_by_category(work.data, pd.Series(plan.categories))
    after = counts_by_category(made.folksonomy, pd.Series(made.tag_map.categories, dtype=object))
    table = before.merge(after, on="category", how="outer", suffixes=("_before", "_after")).fillna(0)
    numbers = [name for name in table.columns if name != "category"]
    table = table.astype(dict.fromkeys(numbers, "int64"))
    table["category"] = table["category"].replace("", "none")
    return table.sort_values("counts_before", ascending=False, kind="stable", ignore_index=True)


def show_flow(work: Work, made: Cleaned) -> None:
    """Where the assignments of changed tags went."""
    flow = count_flow_table(made.tag_map, work.data)
    if flow.empty:
        st.text("No tag changes.")
        return
    flow["step"] = flow["step"].map(_titled)
    counts = work.data.counts()
    gone = [tag for tag in made.tag_map.mapping if tag in counts.index]
    moved = int(counts.reindex(gone).sum())
    figure = count_flow(flow)
    st.plotly_chart(
        figure,
        config=picture_config(),
        key="count flow",
        alt="From the steps to what the tags they changed became",
    )
    st.caption(
        f"{moved:,} of {work.data.n_assignments:,} assignments are of tags that change; the others stay as "
        "written. What goes into several tags counts at each."
    )
    export_panel(f"{work.name} count flow", flow, figure)


def _titled(step: str) -> str:
    """Return a step's number and kind as the page calls it."""
    number, _, kind = step.partition(" ")
    return f"{number}. {TITLES.get(kind, kind)}"


def show_collapsed(work: Work, made: Cleaned) -> None:
    """What went into a tag, and why."""
    table = made.tag_map.table
    gone = table[table["action"] == "merge"]["targets"].explode()
    sizes = gone.value_counts()
    if sizes.empty:
        st.text("No tag goes into another.")
        return
    counts = made.folksonomy.counts()
    order = sorted(sizes.index, key=lambda tag: (-int(sizes[tag]), -int(counts.get(tag, 0)), tag))
    tag = pick_tag(order, "What went into", "into")
    if tag not in sizes.index:
        st.text("Nothing went into it.")
        return
    rows = went_into(made.tag_map, tag, work.data)
    st.caption(f"{len(rows):,} tags became this one; {int(counts.get(tag, 0)):,} tracks have it now.")
    st.dataframe(
        rows,
        hide_index=True,
        column_config=column_labels(rows),
        height=min(460, 40 + 35 * len(rows)),
        alt="Tags that went into this one",
    )
    first, *further = collapsed_questions(work, tag)
    export_panel(f"{work.name} into", rows, command=first, further=further)


def show_apply(work: Work, made: Cleaned | None) -> None:
    """Save the cleaned data under a name of their own; the map and the steps as files."""
    suggested = f"{work.name}-clean"
    with guard():
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(
                "Name of the cleaned data", suggested, key=f"{_NEW_NAME} {work.name}", max_chars=100,
                help="The data themselves stay as they are.",
            ).strip()  # fmt: skip
            asked = st.button(
                "Apply",
                key="apply cleaning",
                type="primary",
                icon=":material/cleaning_services:",
                disabled=made is None,
            )
        replaces = name in sources.folksonomy_names() and st.toggle(
            literal(f"replace {name}, which is there already"), key="replace cleaned"
        )
        if asked and made is not None:
            _apply(work, made, name, replaces)
    _show_files(work, name)


def _apply(work: Work, made: Cleaned, name: str, replaces: bool) -> None:
    named = replace(made, folksonomy=replace(made.folksonomy, name=name))
    room.save_cleaned(named, work.draft.cleaning, work.name, replaces)
    after = made.folksonomy
    sizes = f"{after.n_tags:,} tags, {after.n_assignments:,} assignments"
    tell(f"Saved as {name}: {sizes}. Every page lists it as a data set; {work.name} is as it was.")
    st.rerun()


def _show_files(work: Work, new: str) -> None:
    cleaning = work.draft.cleaning
    with st.popover("Export", icon=":material/download:", width="stretch"):
        st.download_button(
            "Steps (JSON)", cleaning.to_json(), f"{cleaning.name}.json", "application/json",
            key="cleaning json", on_click="ignore", icon=":material/list:", width="stretch",
        )  # fmt: skip
        st.download_button(
            "What becomes of every tag (TSV)", lambda: _map_tsv(work), f"{work.name} map.tsv",
            "text/tab-separated-values", key="cleaning map", on_click="ignore", icon=":material/table:",
            width="stretch",
        )  # fmt: skip
        st.caption("Copy as command")
        copy_as_command(*apply_questions(work, new or "NEW"))


def _map_tsv(work: Work) -> bytes:
    return applied(work, silent).tag_map.to_tsv().encode()
