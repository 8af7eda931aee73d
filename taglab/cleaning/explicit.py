"""A map of tags made elsewhere, or exported from a cleaning, as a step."""

from __future__ import annotations

from typing import Literal

import pydantic

from taglab.cleaning.plan import CATEGORY, DROP, MERGE, Decision
from taglab.cleaning.step import Decisions, Step
from taglab.cleaning.tag_map import TagMap
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress
from taglab.vectors import TagVectors


class Entry(pydantic.BaseModel):
    """What one tag becomes.

    Attributes:
        tag: The tag.
        targets: What it becomes: nothing drops it, itself keeps it.
        category: Of a tag that is kept, or stays and adds others; empty for none.
        reason: Why, as a phrase.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    tag: str
    targets: tuple[str, ...] = ()
    category: str = ""
    reason: str = ""


class ExplicitMap(Step):
    """Do with each tag what a list says.

    Attributes:
        entries: What becomes of which tag; those not named stay.
    """

    kind: Literal["map"] = "map"
    entries: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, tag_map: TagMap) -> ExplicitMap:
        """Return the step that does what a map says."""
        rows = tag_map.table[(tag_map.table["action"] != "keep") | (tag_map.table["category"] != "")]
        names = ("tag", "targets", "category", "reason")
        return cls(
            entries=tuple(
                Entry(tag=tag, targets=targets, category=category, reason=reason)
                for tag, targets, category, reason in zip(*(rows[name] for name in names), strict=True)
            )
        )

    def decide(self, folksonomy: Folksonomy, vectors: TagVectors | None, progress: Progress) -> Decisions:
        decisions = {}
        for entry in self.entries:
            reason = entry.reason or "as the map says"
            if not entry.targets:
                decisions[entry.tag] = Decision(DROP, reason)
            elif entry.targets != (entry.tag,):
                category = entry.category if entry.tag in entry.targets else ""
                decisions[entry.tag] = Decision(MERGE, reason, entry.targets, category)
            elif entry.category:
                decisions[entry.tag] = Decision(CATEGORY, reason, category=entry.category)
        return decisions, {}

    def describe(self) -> str:
        return f"do as a map of {len(self.entries)} tags says"
