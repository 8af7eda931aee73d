"""Tables that a person looks through: what a step does, what went into a tag, where the counts went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from taglab.cleaning.categories import JUNK, UNCATEGORISED
from taglab.cleaning.plan import CATEGORY, DROP, KEEP, MERGE, StepPlan
from taglab.cleaning.tag_map import TagMap
from taglab.folksonomy import Folksonomy

REVIEW_COLUMNS = ("tag", "action", "targets", "category", "count", "score", "risk", "reason")
REJECTED = "rejected"
Order = Literal["impact", "risk"]


def review_table(plan: StepPlan, by: Order = "impact", find: str = "") -> pd.DataFrame:
    """Return what a step would do, a row a tag that it speaks of.

    Args:
        plan: Of the step.
        by: "impact" puts the most used tags first, "risk" the most doubtful; where a step tells no risk, both
            are the same.
        find: Only rows whose tag, targets or category contain this, whatever the case.

    Returns:
        Columns `REVIEW_COLUMNS`. The action of what a person rejected is "rejected"; "keep" are tags that
        the step left alone and says why.
    """
    table = plan.changes[list(REVIEW_COLUMNS)].copy()
    by_hand = (table["action"] == KEEP) & table["reason"].str.startswith("rejected by hand")
    table["action"] = table["action"].mask(by_hand, REJECTED)
    if find:
        sought = find.casefold()
        texts = table["tag"] + "\n" + table["targets"].map("\n".join) + "\n" + table["category"]
        table = table[texts.astype("str").str.casefold().str.contains(sought, regex=False)]
    if by == "risk":
        table = table.sort_values("risk", ascending=False, kind="stable", na_position="last")
    return table.reset_index(drop=True)


def category_shares(plan: StepPlan) -> dict[str, float]:
    """Return how much a step puts into a category.

    Returns:
        `in_category` (share of tags, junk left out: it says what a tag is not), `junk`, `uncategorised` (of
        tags likewise), `of_counts` (share of (track, tag) pairs whose tag is in a category, junk left out).
    """
    category, counts = plan.table["category"], plan.table["count"]
    junk = category.isin(JUNK)
    none = category.isin(("", UNCATEGORISED))
    within = ~junk & ~none
    return {
        "in_category": float(within.mean()) if len(plan.table) else 0.0,
        "junk": float(junk.mean()) if len(plan.table) else 0.0,
        "uncategorised": float(none.mean()) if len(plan.table) else 0.0,
        "of_counts": float(counts[within].sum() / max(counts.sum(), 1)),
    }


def step_effects(plans: Sequence[StepPlan]) -> pd.DataFrame:
    """Return a row a step.

    Returns:
        Columns `step` (from 1), `kind`, `merges`, `drops`, `categories` and `rejected` (tags), `counts`
        ((track, tag) pairs of tags that merge or go), `tracks` (that have one of them), `tags_after`.
    """
    rows = []
    for number, plan in enumerate(plans, start=1):
        tags = plan.summary.set_index("action")["tags"]
        moved = plan.table["action"].isin((MERGE, DROP))
        actions = review_table(plan)["action"]
        rows.append(
            {
                "step": number,
                "kind": plan.kind,
                "merges": int(tags[MERGE]),
                "drops": int(tags[DROP]),
                "categories": int(tags[CATEGORY]),
                "rejected": int((actions == REJECTED).sum()),
                "counts": int(plan.table.loc[moved, "count"].sum()),
                "tracks": plan.tracks,
                "tags_after": plan.tags_after,
            }
        )
    columns = ["step", "kind", "merges", "drops", "categories", "rejected", "counts", "tracks", "tags_after"]
    return pd.DataFrame(rows, columns=columns)


def went_into(tag_map: TagMap, target: str, before: Folksonomy | None = None) -> pd.DataFrame:
    """Return what went into a tag, and why.

    Args:
        tag_map: Of an applied cleaning.
        target: A tag as it is after.
        before: The data before, for the counts.

    Returns:
        Columns `tag`, `count` (tracks before; <NA> where not known), `step`, `reason`; most used first.

    Raises:
        NotFound: If nothing has it as its target.
    """
    rows = tag_map.into(target)
    counts = before.counts() if before is not None else pd.Series(dtype="Int64")
    table = rows.assign(count=counts.reindex(rows["tag"]).astype("Int64").to_numpy())
    order = np.argsort(-table["count"].fillna(0).to_numpy(np.int64), kind="stable")
    return table.iloc[order][["tag", "count", "step", "reason"]].reset_index(drop=True)


def count_flow(tag_map: TagMap, before: Folksonomy, at_most: int = 14) -> pd.DataFrame:
    """Return where the (track, tag) pairs of changed tags went.

    Args:
        tag_map: Of an applied cleaning.
        before: What it was applied to.
        at_most: Targets named; what goes elsewhere is taken together.

    Returns:
        Columns `step` (the first that changed the tag, by number and kind), `target`, `kind` ("tag",
        "other" or "dropped"), `counts`, `tags`. Pairs of a tag that goes into several targets count at
        each.
    """
    counts = before.counts()
    table = tag_map.table
    moved = table[(table["action"] != KEEP) & table["tag"].isin(counts.index)]
    pairs = moved[["tag", "step", "targets"]].assign(counts=counts.reindex(moved["tag"]).to_numpy())
    pairs["step"] = pairs["step"].str.split("; ").str[0]
    pairs = pairs.explode("targets").rename(columns={"targets": "target"})
    gained = pairs.groupby("target")["counts"].sum().sort_values(ascending=False, kind="stable")
    named = set(gained.index[:at_most])
    is_dropped = pairs["target"].isna()
    pairs["kind"] = np.where(is_dropped, "dropped", np.where(pairs["target"].isin(named), "tag", "other"))
    pairs["target"] = pairs["target"].where(pairs["kind"] == "tag", "")
    flow = pairs.groupby(["step", "target", "kind"], as_index=False).agg(
        counts=("counts", "sum"), tags=("tag", "size")
    )
    return flow.sort_values("counts", ascending=False, kind="stable", ignore_index=True)


def counts_by_category(folksonomy: Folksonomy, categories: pd.Series) -> pd.DataFrame:
    """Return how much of a folksonomy is of which category.

    Args:
        folksonomy: Any.
        categories: Category by tag; tags that it does not name count as "".

    Returns:
        Columns `category`, `tags`, `counts`.
    """
    named = folksonomy.tags["tag"].map(categories).fillna("").astype("str")
    grouped = folksonomy.tags.groupby(named)["count"].agg(["size", "sum"])
    table = grouped.rename(columns={"size": "tags", "sum": "counts"}).rename_axis("category").reset_index()
    return table.sort_values("counts", ascending=False, kind="stable", ignore_index=True)
