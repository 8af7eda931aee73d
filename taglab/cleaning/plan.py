"""What a step would do to every tag: the preview, and what applying it follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.folksonomy import Folksonomy
from taglab.reprs import one_line

KEEP, MERGE, DROP, CATEGORY = "keep", "merge", "drop", "category"
CATEGORY_COLUMN = "category"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a step says of one tag. Of a tag it says nothing of, nothing changes.

    Attributes:
        action: keep, merge, drop or category.
        reason: Why, as a phrase.
        targets: Of a merge, the tags it goes into: one or several, itself among them if it stays as well.
        category: Of a category, which; of a merge, that of the tag if it stays as well.
        score: How sure, in the step's own measure; NaN where it has none.
        risk: How much a person should look at it, 0 to 1; NaN where the step does not say.
    """

    action: str
    reason: str
    targets: tuple[str, ...] = ()
    category: str = ""
    score: float = float("nan")
    risk: float = float("nan")


@dataclass(frozen=True, eq=False)
class StepPlan:
    """What one step would do to a folksonomy.

    Attributes:
        kind: Of the step.
        table: One row a tag, in the folksonomy's order: `tag`, `action` (keep, merge, drop, category),
            `targets` (tuple of tags; of a merge), `category`, `reason`, `score`, `risk`, `count` (tracks).
        touched: (tracks,) bool: which have a tag that merges or is dropped.
        tags_after: How many tags there are after it, new ones included.
        details: Further tables, by name; what they hold is said by the step.
    """

    kind: str
    table: pd.DataFrame
    touched: npt.NDArray[np.bool_]
    tags_after: int
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    __repr__ = one_line

    @property
    def tracks(self) -> int:
        """How many tracks have a tag that merges or is dropped."""
        return int(np.count_nonzero(self.touched))

    @property
    def mapping(self) -> dict[str, tuple[str, ...]]:
        """Tags that change → what they become; nothing where they are dropped."""
        moved = self.table[self.table["action"].isin((MERGE, DROP))]
        return dict(zip(moved["tag"], moved["targets"], strict=True))

    @property
    def categories(self) -> dict[str, str]:
        """Tags that are put into a category → which; also such that stay and add others."""
        rows = self.table[self.table["action"].isin((CATEGORY, MERGE)) & (self.table["category"] != "")]
        return dict(zip(rows["tag"], rows["category"], strict=True))

    @property
    def changes(self) -> pd.DataFrame:
        """The rows that say something, those of most used tags first."""
        rows = self.table[(self.table["action"] != KEEP) | (self.table["reason"] != "")]
        return rows.reset_index(drop=True)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Columns `action`, `tags`, `counts` ((track, tag) pairs of those tags)."""
        grouped = self.table.groupby("action")["count"].agg(["size", "sum"])
        ordered = grouped.reindex([KEEP, MERGE, DROP, CATEGORY], fill_value=0)
        return ordered.rename(columns={"size": "tags", "sum": "counts"}).rename_axis("action").reset_index()


def make_plan(
    kind: str,
    folksonomy: Folksonomy,
    decisions: Mapping[str, Decision],
    rejected: Iterable[str] = (),
    details: Mapping[str, pd.DataFrame] | None = None,
) -> StepPlan:
    """Return the plan of decisions by tag.

    Args:
        kind: Of the step.
        folksonomy: What it is planned for; decisions on tags it does not have tell where merges end.
        decisions: What the step says.
        rejected: Tags of which a person said that they stay as they are.
        details: Further tables.
    """
    tags = folksonomy.tags["tag"].tolist()
    there = {tag: decisions[tag] for tag in tags if tag in decisions}
    final = _resolved({**there, **decisions}, set(rejected))
    nothing = Decision(KEEP, "")
    rows = [final.get(tag, nothing) for tag in tags]
    if idle := _add_nothing(folksonomy, final):
        rows = [_without_targets(row) if tag in idle else row for tag, row in zip(tags, rows, strict=True)]
    table = pd.DataFrame(
        {
            "tag": pd.Series(tags, dtype="str"),
            "action": pd.Series([row.action for row in rows], dtype="str"),
            "targets": pd.Series([row.targets for row in rows], dtype=object),
            "category": pd.Series([row.category for row in rows], dtype="str"),
            "reason": pd.Series([row.reason for row in rows], dtype="str"),
            "score": np.array([row.score for row in rows], float),
            "risk": np.array([row.risk for row in rows], float),
            "count": folksonomy.tags["count"].to_numpy(),
        }
    )
    moved = table["action"].isin((MERGE, DROP)).to_numpy(bool)
    return StepPlan(kind, table, _tracks_with(folksonomy, moved), _number_after(tags, rows), details or {})


def _without_targets(decision: Decision) -> Decision:
    """Return a merge without its targets: the category of the tag, if it has one."""
    if decision.category:
        return Decision(CATEGORY, decision.reason, category=decision.category)
    return Decision(KEEP, "")


def _number_after(tags: Sequence[str], rows: Sequence[Decision]) -> int:
    """Return how many tags there are once decisions are followed."""
    ends = {target for row in rows if row.action == MERGE for target in row.targets}
    stay = (tag for tag, row in zip(tags, rows, strict=True) if row.action in (KEEP, CATEGORY))
    return len(ends.union(stay))


def _resolved(decisions: dict[str, Decision], rejected: set[str]) -> dict[str, Decision]:
    """Return the decisions without the rejected ones, merges pointing at what does not merge itself."""
    final = {
        tag: Decision(KEEP, f"rejected by hand: {decision.reason}", score=decision.score, risk=decision.risk)
        if tag in rejected and decision.action != KEEP
        else decision
        for tag, decision in decisions.items()
    }
    for tag, decision in final.items():
        if decision.action == MERGE:
            targets = _ends(tag, final)
            if not targets:
                final[tag] = Decision(DROP, f"{decision.reason}, and that is dropped")
            elif targets == (tag,):
                alone = _without_targets(decision) if tag in decision.targets else None
                final[tag] = alone or Decision(
                    KEEP, f"merges in a circle: {decision.reason}", score=decision.score
                )
            elif targets != decision.targets:
                final[tag] = replace(decision, targets=targets)
    return final


def _ends(tag: str, decisions: Mapping[str, Decision]) -> tuple[str, ...]:
    """Return the tags that merges from `tag` on lead to; none where all of them are dropped.

    A tag that is one of its own targets stays, and so is an end too; what merges in a circle ends at itself.
    """
    ends: dict[str, None] = {}
    seen = {tag}
    is_dropped = False
    waiting = list(reversed(decisions[tag].targets))
    while waiting:
        target = waiting.pop()
        further = decisions.get(target)
        if further is not None and further.action == DROP:
            is_dropped = True
        elif further is None or further.action != MERGE or target in further.targets:
            ends[target] = None
        if further is not None and further.action == MERGE and target not in seen:
            seen.add(target)
            waiting.extend(reversed(further.targets))
    return tuple(ends) or (() if is_dropped else (tag,))


def _add_nothing(folksonomy: Folksonomy, decisions: Mapping[str, Decision]) -> set[str]:
    """Return the tags that stay and whose tracks have their other targets already, at no less a weight."""
    staying = {tag: decision.targets for tag, decision in decisions.items() if tag in decision.targets}
    if not staying:
        return set()
    place = {tag: row for row, tag in enumerate(folksonomy.tags["tag"])}
    columns = folksonomy.matrix.tocsc()

    def is_on_all_of(tag: str, target: str) -> bool:
        return target in place and (columns[:, [place[tag]]] > columns[:, [place[target]]]).nnz == 0

    return {
        tag
        for tag, targets in staying.items()
        if tag in place and all(is_on_all_of(tag, target) for target in targets)
    }


def _tracks_with(folksonomy: Folksonomy, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return, (tracks,), which have one of the chosen tags."""
    starts = np.append(0, np.cumsum(chosen[folksonomy.matrix.indices]))[folksonomy.matrix.indptr]
    return np.asarray(np.diff(starts) > 0, bool)
