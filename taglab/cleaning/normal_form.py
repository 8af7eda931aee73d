"""Spellings of one name become one tag, the most used of them."""

from __future__ import annotations

from typing import Literal

import pydantic

from taglab.cleaning.plan import MERGE, Decision
from taglab.cleaning.spelling import spelling_key
from taglab.cleaning.step import Decisions, Step
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, counted
from taglab.vectors import TagVectors

_REPORT_EVERY = 20_000


class NormalForm(Step):
    """Join spellings that differ by case, blanks, hyphens, "&", width or invisible characters.

    The most used spelling survives. "US" and "us", "IT" and "it" and a few more stay apart.

    Attributes:
        fold_case: Whether case is left aside, but for words that are something else in capitals.
        join_words: Whether blanks are left aside as well: "hip hop" and "hiphop".
    """

    kind: Literal["normal-form"] = "normal-form"
    fold_case: bool = pydantic.Field(True)
    join_words: bool = pydantic.Field(True)

    def decide(self, folksonomy: Folksonomy, vectors: TagVectors | None, progress: Progress) -> Decisions:
        survivors: dict[str, str] = {}
        decisions = {}
        tags = folksonomy.tags["tag"].tolist()
        for row, tag in enumerate(tags):
            if row % _REPORT_EVERY == 0:
                progress(row / len(tags), counted("comparing spellings", row, len(tags)))
            key = spelling_key(tag, self.fold_case, self.join_words)
            survivor = survivors.setdefault(key, tag)
            if survivor != tag:
                decisions[tag] = Decision(MERGE, f"another spelling of {survivor!r}", (survivor,))
        return decisions, {}

    def describe(self) -> str:
        return "join spellings of one name"
