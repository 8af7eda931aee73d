"""What the chosen step would do, row by row: search, sort, accept, reject, put into a category by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from taglab.cache import content_key
from taglab.cleaning import Categories, CollapseEmbeddings, Step, StepPlan, around_the_cut, distances_from
from taglab.cleaning.review import REJECTED, Order, category_shares, review_table
from taglab.embeddings import TagQuestion
from taglab.figures.cleaning import distance_fit, fit_bars
from taglab.figures.stages import percentile_curve as percentile_curve_figure
from taglab.figures.theme import named
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress
from taglab.studies.collapsing.stages import StageSettings
from taglab.studies.collapsing.trials import is_demo, percentile_curve
from taglab.ui.cleaning.command import preview_questions
from taglab.ui.cleaning.steps import offered_categories
from taglab.ui.cleaning.work import TITLES, Work, change, current_draft
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice
from taglab.ui.remembered import remembered
from taglab.vectors import TagVectors
from taglab.verbs.stages import Curve

_SHOWN = 5_000
_AROUND = 10
_CHARACTERS = 300
_SORTS: dict[Order, str] = {"impact": "Most used first", "risk": "Most doubtful first"}
_CATEGORY = "further category"


def show_review(work: Work, plans: Sequence[StepPlan]) -> None:
    """The chosen step's preview."""
    draft = work.draft
    step = draft.step
    if step is None:
        st.info("Add a step on the left to see what it would do.", icon=":material/arrow_back:")
        return
    plan = _plan_of_chosen(work, plans)
    if plan is None:
        off = not draft.cleaning.items[draft.chosen].on
        st.text("This step is off." if off else "This step was not previewed.")
        return
    st.caption(literal(f"{step_title(work)}: {step.describe()}"))
    _show_summary(work, plan)
    table = _show_search(plan, step)
    _show_bulk(table, plan)
    _show_editor(table, step)
    first, *further = preview_questions(work, plans.index(plan) + 1 if plan in plans else 1)
    whole = table.assign(targets=table["targets"].map(list))
    export_panel(f"{work.name} {step.kind}", whole, command=first, further=further)
    if isinstance(step, CollapseEmbeddings):
        _show_fits(work, step, plan)


def _plan_of_chosen(work: Work, plans: Sequence[StepPlan]) -> StepPlan | None:
    items = work.draft.cleaning.items
    if not items[work.draft.chosen].on:
        return None
    place = sum(item.on for item in items[: work.draft.chosen])
    return plans[place] if place < len(plans) else None


def _show_summary(work: Work, plan: StepPlan) -> None:
    tags = plan.summary.set_index("action")["tags"]
    moved = plan.table["action"].isin(("merge", "drop"))
    with st.container(horizontal=True):
        if tags["category"]:
            st.metric("Categorised", f"{tags['category']:,}")
            share = category_shares(plan)
            st.metric(
                "In a category", f"{share['in_category']:.0%} of tags",
                help=f"{share['of_counts']:.0%} of assignments; {share['junk']:.0%} of tags are junk besides",
            )  # fmt: skip
        else:
            if tags["merge"] or not tags["drop"]:
                st.metric("Tags that merge", f"{tags['merge']:,}")
            if tags["drop"]:
                st.metric("Tags that go", f"{tags['drop']:,}")
            counts = int(plan.table.loc[moved, "count"].sum())
            st.metric("Assignments touched", f"{counts:,}", help="Pairs of a track and a tag that changes")
            st.metric("Tracks touched", f"{plan.tracks:,}", help=f"of {work.data.n_tracks:,}")
        st.metric("Tags after it", f"{plan.tags_after:,}", help=f"{len(plan.table):,} before it")


def _show_search(plan: StepPlan, step: Step) -> pd.DataFrame:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        find = st.text_input(
            "Find", key="find", bind="query-params", placeholder="in tags, targets, categories"
        )
        by: Order = "impact"
        if plan.table["risk"].notna().any():
            key = f"order_{step.kind.replace('-', '_')}"
            by = st.segmented_control(
                "Sort", list(_SORTS), default="risk" if step.kind == "typos" else "impact",
                format_func=_SORTS.__getitem__, key=key, bind=bound_choice(key, "order", _SORTS),
                required=True,
            )  # fmt: skip
    return review_table(plan, by, find)


def _show_bulk(table: pd.DataFrame, plan: StepPlan) -> None:
    """Accept or reject many at once: all that is found, or by score."""
    open_rows = table[table["action"].isin(("merge", "drop", "category", REJECTED))]
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = min(len(table), _SHOWN)
        more = f"; the first {shown:,} are listed, search to see others" if shown < len(table) else ""
        st.caption(f"{len(table):,} of {len(plan.changes):,} rows{more}")
        with st.popover("All at once", icon=":material/done_all:", disabled=open_rows.empty):
            st.caption(f"The {len(open_rows):,} rows found")
            with st.container(horizontal=True):
                st.button("Accept all", key="accept found", on_click=_decide, args=(open_rows, None))
                st.button("Reject all", key="reject found", on_click=_decide, args=(None, open_rows))
            for name, about in (("score", "Similarity or distance"), ("risk", "Risk")):
                _by_measure(open_rows, name, about)


def _by_measure(rows: pd.DataFrame, name: str, about: str) -> None:
    values = rows[name].dropna()
    if values.empty:
        return
    low, high = float(values.min()), float(values.max())
    bound = st.number_input(
        f"{about}, {low:.3f} to {high:.3f}", value=float(np.round(values.median(), 3)), step=0.01,
        format="%.3f", key=f"bound of {name}",
    )  # fmt: skip
    above, below = rows[rows[name] >= bound], rows[rows[name] < bound]
    with st.container(horizontal=True):
        st.button(
            f"Accept only from there on ({len(above):,})", key=f"accept above {name}", on_click=_decide,
            args=(above, below),
        )  # fmt: skip
        st.button(
            f"Accept only below ({len(below):,})", key=f"accept below {name}", on_click=_decide,
            args=(below, above),
        )  # fmt: skip


def _decide(accepted: pd.DataFrame | None, rejected: pd.DataFrame | None) -> None:
    """Accept and reject rows of the chosen step, as one change."""
    draft = current_draft()
    step = draft.step
    if step is None:
        return
    new = step
    if accepted is not None:
        new = new.accept(*accepted["tag"])
    if rejected is not None:
        new = new.reject(*rejected["tag"])
    if new != step:
        change(draft.cleaning.replace_step(draft.chosen, new))


def _show_editor(table: pd.DataFrame, step: Step) -> None:
    """The rows, with a tick to take away from what is not wanted, and a category to choose."""
    if table.empty:
        st.text("Nothing found.")
        return
    rows = table.head(_SHOWN)
    draft = current_draft()
    shown = pd.DataFrame(
        {
            "apply": ~rows["action"].isin((REJECTED, "keep")),
            "tag": [named(tag, _CHARACTERS) for tag in rows["tag"]],
            "becomes": [_becomes(*row) for row in zip(rows["action"], rows["targets"], strict=True)],
            "category": rows["category"],
            "count": rows["count"],
            "score": rows["score"],
            "risk": rows["risk"],
            "reason": rows["reason"],
        }
    )
    is_categories = isinstance(step, Categories)
    unused = ["becomes"] if is_categories else ["category"]
    unused += [name for name in ("score", "risk") if rows[name].isna().all()]
    shown = shown.drop(columns=unused)
    same_rows = content_key(rows["tag"].tolist())[:12]
    key = f"review {draft.turn} {draft.chosen} {same_rows}"
    open_columns = ("apply", "category") if is_categories else ("apply",)
    st.data_editor(
        shown, key=key, hide_index=True, height=min(520, 76 + 35 * len(shown)),
        disabled=[name for name in shown.columns if name not in open_columns],
        column_config=_columns(step),
        on_change=_take_edits, args=(key, rows["tag"].tolist(), rows["action"].tolist()),
    )  # fmt: skip
    if isinstance(step, Categories):
        st.text_input(
            "A category of your own, to choose in the table",
            key=_CATEGORY,
            placeholder="language",
            max_chars=60,
        )


def _becomes(action: str, targets: Sequence[str]) -> str:
    if action == "merge":
        return " + ".join(named(target) for target in targets)
    return {"drop": "(dropped)", REJECTED: "(stays)", "keep": "(stays)"}.get(action, "")


def _columns(step: Step) -> dict[str, Any]:
    config = st.column_config
    columns: dict[str, Any] = {
        "apply": config.CheckboxColumn("✓", help="Untick what this step shall leave alone", width=52),
        "tag": config.TextColumn("tag", width=130),
        "becomes": config.TextColumn("becomes", width=130),
        "count": config.NumberColumn("tracks", width=60),
        "score": config.NumberColumn(_score_name(step), format="%.3f", width=70),
        "risk": config.NumberColumn("risk", format="%.2f", width=60, help="0 sure, 1 look at it"),
        "reason": config.TextColumn("why", width=190),
    }
    if isinstance(step, Categories):
        own = st.session_state.get(_CATEGORY, "").strip()
        options = list(dict.fromkeys((*offered_categories(step), *([own] if own else []))))
        columns["category"] = config.SelectboxColumn("category", options=options, required=True, width=110)
    return columns


def _score_name(step: Step) -> str:
    return "distance" if isinstance(step, CollapseEmbeddings) else "similarity"


def _take_edits(key: str, tags: list[str], actions: list[str]) -> None:
    """Turn what was ticked and chosen in the table into a change of the step."""
    draft = current_draft()
    step = draft.step
    if step is None:
        return
    new = step
    for row, edit in st.session_state[key]["edited_rows"].items():
        tag = tags[int(row)]
        if "apply" in edit and actions[int(row)] != "keep":
            new = new.accept(tag) if edit["apply"] else new.reject(tag)
        if "category" in edit and isinstance(new, Categories):
            new = new.assign(tag, edit["category"])
    if new != step:
        change(draft.cleaning.replace_step(draft.chosen, new), anew=False)


def _show_fits(work: Work, step: CollapseEmbeddings, plan: StepPlan) -> None:
    """How the cut of a target came about, and the tags around it."""
    fits, left_out = plan.details["fits"], plan.details["left_out"]
    if fits.empty or work.vectors is None:
        st.text("No target takes part.")
    else:
        target = st.selectbox(
            "Look at the cut of", fits["target"].tolist(), key="fit", bind="query-params",
            format_func=named,
        )  # fmt: skip
        row = fits.set_index("target").loc[target]
        distances = np.delete(distances_from(work.vectors, target), work.vectors.row(target))
        near = around_the_cut(work.vectors, target, float(row["cut"]), _AROUND)
        other = "empirical" if step.cut == "normal" else "normal"
        figure = distance_fit(
            distances, target, float(row["mean"]), float(row["sd"]), float(row["cut"]), near,
            (f"{other} cut", float(row[f"{other}_cut"])),
        )  # fmt: skip
        st.plotly_chart(
            figure,
            config=picture_config(),
            key="distance fit",
            alt="Distances of all tags from a target, with the cut",
        )
        st.caption(
            f"{int(row['inside']):,} tags inside. Skewness {row['skewness']:.2f}, excess kurtosis "
            f"{row['excess_kurtosis']:.2f} (0 each for a normal); p = {row['p_normal']:.2g} of being one."
        )
        bars = fit_bars(fits["target"].tolist(), fits["inside"].tolist())
        with st.expander(f"All {len(fits)} targets"):
            st.plotly_chart(
                bars, config=picture_config(), key="fits", alt="Tags inside the cut of each target"
            )
            st.dataframe(fits, hide_index=True, alt="How well tags fit each target")
        export_panel(f"{work.name} fits", fits, figure)
    if len(left_out):
        with st.expander(f"Targets left out ({len(left_out)})"):
            st.dataframe(left_out, hide_index=True, alt="Targets left out, and why")
    if work.vectors is not None and is_demo(work.data):
        _show_curve(work, step, work.vectors)
    without = plan.table[plan.table["reason"].str.startswith("has no vector")]
    st.caption(literal(f"{len(without):,} tags have no vector in {work.vectors_name} and stay as they are."))


def _show_curve(work: Work, step: CollapseEmbeddings, vectors: TagVectors) -> None:
    """How right the step is at several percentiles, of the demo, whose truth is known; when asked."""
    if not st.toggle(
        "How right it is, by percentile", key="curve", bind="query-params",
        help="Against what the demo's tags mean, as they are before any step.",
    ):  # fmt: skip
        return
    with working("Collapsing at several percentiles") as progress:
        table = _curve(work.data, vectors, step, progress)
    figure = percentile_curve_figure(table, step.percentile)
    st.plotly_chart(
        figure,
        key="percentile curve",
        config=picture_config(),
        alt="Recall, precision and junk by percentile",
    )
    tags = TagQuestion(data=work.name, vectors=work.vectors_name or "")
    asked = Curve(tags=tags, settings=_stage_settings(step))
    export_panel(f"{work.name} percentiles", table, figure, asked)


@remembered("small")
def _curve(
    data: Folksonomy, vectors: TagVectors, step: CollapseEmbeddings, _progress: Progress
) -> pd.DataFrame:
    return percentile_curve(data, vectors, step=step, progress=_progress)


def _stage_settings(step: CollapseEmbeddings) -> StageSettings:
    return StageSettings(
        targets=step.targets, percentile=step.percentile, cut=step.cut, all_near=step.several,
        numeric=step.numeric,
    )  # fmt: skip


def step_title(work: Work) -> str:
    """Return the name of the chosen step."""
    step = work.draft.step
    return f"{work.draft.chosen + 1}. {TITLES[step.kind]}" if step is not None else "Preview"
