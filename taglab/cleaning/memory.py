"""What steps did, kept so that it is not computed again: a preview, the next one, and applying share it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from taglab.cache import content_key
from taglab.cleaning.plan import CATEGORY_COLUMN, StepPlan
from taglab.cleaning.step import Step
from taglab.cleaning.tag_map import remap
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors


@dataclass(frozen=True, eq=False)
class Known:
    """A folksonomy, and a key of what it holds or how it came about."""

    folksonomy: Folksonomy
    key: str

    __repr__ = one_line


class Memory:
    """The outcomes of the last steps taken; may be shared between threads.

    Args:
        most_tags: How many tags the kept outcomes may have together; 0 keeps none. At some 300 bytes a tag,
            4 million are about a gigabyte.
    """

    def __init__(self, most_tags: int) -> None:
        self._most_tags = most_tags
        self._outcomes: OrderedDict[str, tuple[Known, StepPlan]] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, folksonomy: Folksonomy) -> Known:
        """Return a folksonomy with the key of all that steps heed of it."""
        if not self._most_tags:
            return Known(folksonomy, "")
        return Known(folksonomy, folksonomy.fingerprint)

    def take(
        self, step: Step, known: Known, vectors: TagVectors | None = None, progress: Progress = silent
    ) -> tuple[Known, StepPlan]:
        """Return what a step makes of a folksonomy, the very same where it changes nothing, and its plan."""
        key = _key(step, known, vectors) if self._most_tags else ""
        outcome = self._recall(key)
        if outcome is None:
            plan = step.plan(known.folksonomy, vectors, progress)
            after = known.folksonomy
            if mapping := plan.mapping:
                after = remap(after, mapping)
            after = categorised(after, plan.categories)
            outcome = (known if after is known.folksonomy else Known(after, key)), plan
            self._keep(key, outcome)
        return outcome

    def round(
        self,
        steps: tuple[Step, ...],
        known: Known,
        vectors: TagVectors | None = None,
        progress: Progress = silent,
    ) -> tuple[Known, tuple[StepPlan, ...]]:
        """Return what a list of steps makes of a folksonomy, the very same where it changes nothing."""
        plans = []
        began = known
        for number, step in enumerate(steps):
            part = between(progress, number / len(steps), (number + 1) / len(steps))
            part(0.0, step.describe())
            known, plan = self.take(step, known, vectors, part)
            plans.append(plan)
        if _same_tags(known, began, plans) and _same_categories(known, began):
            known = began  # a later step may have put back the categories that an earlier one changed
        return known, tuple(plans)

    def _recall(self, key: str) -> tuple[Known, StepPlan] | None:
        with self._lock:
            outcome = self._outcomes.get(key)
            if outcome is not None:
                self._outcomes.move_to_end(key)
            return outcome

    def _keep(self, key: str, outcome: tuple[Known, StepPlan]) -> None:
        with self._lock:
            if self._most_tags:
                self._outcomes[key] = outcome
            while sum(len(plan.table) for _, plan in self._outcomes.values()) > self._most_tags:
                self._outcomes.popitem(last=False)


def _key(step: Step, known: Known, vectors: TagVectors | None) -> str:
    meaning = vectors.fingerprint if step.needs_vectors and vectors is not None else ""
    return content_key(known.key, step.model_dump_json(), meaning)


def _same_tags(a: Known, b: Known, plans: Sequence[StepPlan]) -> bool:
    """Return whether steps left all as it was; a later one may drop again what an earlier one added."""
    moved = [(tag, targets) for plan in plans for tag, targets in plan.mapping.items()]
    if any(targets and tag not in targets for tag, targets in moved):
        return False
    return not moved or a.folksonomy.assignments_fingerprint == b.folksonomy.assignments_fingerprint


def _same_categories(a: Known, b: Known) -> bool:
    return _categories(a.folksonomy) == _categories(b.folksonomy)


def _categories(folksonomy: Folksonomy) -> list[str]:
    if CATEGORY_COLUMN not in folksonomy.tags.columns:
        return []
    return [str(name) for name in folksonomy.tags[CATEGORY_COLUMN].fillna("")]


def categories_of(folksonomy: Folksonomy) -> dict[str, str]:
    """Return tag → category, of those that have one."""
    pairs = zip(folksonomy.tags["tag"], _categories(folksonomy), strict=False)
    return {tag: category for tag, category in pairs if category}


def categorised(folksonomy: Folksonomy, categories: Mapping[str, str]) -> Folksonomy:
    """Return the folksonomy with a column `category`; the very same object where that says so already."""
    if not categories:
        return folksonomy
    has = CATEGORY_COLUMN in folksonomy.tags.columns
    old = folksonomy.tags[CATEGORY_COLUMN] if has else pd.Series("", folksonomy.tags.index)
    old = old.fillna("").astype("str")
    new = folksonomy.tags["tag"].map(categories).fillna(old).astype("str")
    if has and bool((new == old).all()):
        return folksonomy
    return replace(folksonomy, tags=folksonomy.tags.assign(**{CATEGORY_COLUMN: new}))
