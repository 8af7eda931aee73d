"""`Dropped`: what reading or selecting left out, so that nothing goes silently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dropped:
    """Something a reader or a selection left out.

    Attributes:
        reason: Why, as a phrase ("weight below 10").
        count: How many.
        what: Of what ("rows", "tags", "tracks", "assignments").
        examples: A few of them, as text.
    """

    reason: str
    count: int
    what: str = "rows"
    examples: tuple[str, ...] = ()
