"""What figures say of a claim: one of four verdicts, by a rule fixed before any training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Verdict = Literal["holds", "contradicted", "not shown", "cannot be tested"]
HOLDS: Verdict = "holds"
CONTRADICTED: Verdict = "contradicted"
NOT_SHOWN: Verdict = "not shown"
UNTESTED: Verdict = "cannot be tested"

VERDICTS: dict[Verdict, str] = {
    HOLDS: "the figures pass the rule",
    CONTRADICTED: "the interval lies on the other side of 0",
    NOT_SHOWN: "the figures say neither, which is no refutation",
    UNTESTED: "figures are missing, or of too few labels",
}
"""Verdict → when it is given, a phrase."""


@dataclass(frozen=True)
class Judgement:
    """What figures say of a claim.

    Attributes:
        verdict: One of `VERDICTS`.
        difference: What the rule looks at; NaN where it cannot be tested.
        low: Lower end of the 95 % interval; NaN where there is none.
        high: Upper end.
        count: It rests on so many.
        reason: Why, a phrase.
        of: What `count` counts.
    """

    verdict: Verdict
    difference: float
    low: float
    high: float
    count: int
    reason: str
    of: str = "labels"

    @property
    def why(self) -> str:
        """What it rests on, a phrase."""
        if np.isnan(self.difference):
            return self.reason
        parts = [f"{self.difference:+.4f}"]
        if np.isfinite([self.low, self.high]).all():
            parts.append(f"interval {self.low:+.4f} to {self.high:+.4f}")
        parts += [f"{self.count} {self.of}"] if self.count else []
        return ", ".join([*parts, *([self.reason] if self.reason else [])])


def untested(reason: str, count: int = 0) -> Judgement:
    """Return that a claim cannot be tested, and why."""
    return Judgement(UNTESTED, np.nan, np.nan, np.nan, count, reason)


def decided(
    difference: float, low: float, high: float, count: int, least: float, of: str = "labels"
) -> Judgement:
    """Return what a difference says of the claim that it is positive.

    Args:
        difference: What is claimed to be positive.
        low: Lower end of its interval; ∞, and NaN the upper end, where there is none to be had.
        high: Upper end.
        count: It rests on so many.
        least: A smaller one shows nothing.
        of: What `count` counts.

    Returns:
        That it cannot be tested where the difference, or the interval that there should be, is NaN.
    """
    if np.isnan([difference, low]).any() or (np.isnan(high) and np.isfinite(low)):
        return Judgement(UNTESTED, np.nan, np.nan, np.nan, count, "the figures give no interval", of)
    verdict, reason = HOLDS, ""
    if high < 0:
        verdict, reason = CONTRADICTED, "the interval lies below 0"
    elif difference < least:
        verdict, reason = NOT_SHOWN, f"the difference is less than {least:g}"
    elif low <= 0:
        verdict, reason = NOT_SHOWN, "the interval reaches 0"
    return Judgement(verdict, difference, low, high, count, reason, of)


def weakest(parts: Sequence[Judgement]) -> Judgement:
    """Return the part on which a claim of several fails first; where none does, the least."""
    order = (CONTRADICTED, NOT_SHOWN, UNTESTED, HOLDS)
    return min(parts, key=lambda part: (order.index(part.verdict), part.difference))
