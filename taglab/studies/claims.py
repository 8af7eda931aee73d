"""What a work claims, each with the rule by which figures decide on it, printed ones and ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pandas as pd

from taglab.studies.verdicts import Judgement

Evidence = TypeVar("Evidence")


@dataclass(frozen=True)
class Claim(Generic[Evidence]):
    """A claim of a work.

    Attributes:
        says: What it claims.
        source: Where.
        rule: By what it is decided; fixed before anything is trained.
        here: Carries the rule out on what a study brought.
        published: Carries it out on the printed figures.
    """

    says: str
    source: str
    rule: str
    here: Callable[[Evidence], Judgement]
    published: Callable[[], Judgement]


def claims_table(claims: Mapping[str, Claim[Evidence]], evidence: Evidence) -> pd.DataFrame:
    """Return every claim, decided by the printed figures and by ours.

    Args:
        claims: Key → claim.
        evidence: What the study brought.

    Returns:
        See `claim_row`.
    """
    rows = [
        claim_row(key, (claim.says, claim.source, claim.rule), claim.published(), claim.here(evidence))
        for key, claim in claims.items()
    ]
    return pd.DataFrame(rows)


def claim_row(key: str, about: tuple[str, str, str], published: Judgement, here: Judgement) -> dict[str, Any]:
    """Return a row of a table of claims.

    Args:
        key: The claim's.
        about: What it says, where, and by what rule it is decided.
        published: What the printed figures say of it.
        here: What ours say.

    Returns:
        claim (key), says, source, rule; and, of "published" and "here" each, the verdict, and under
        "published why" and "here why" what it rests on, a phrase.
    """
    row = dict(zip(("claim", "says", "source", "rule"), (key, *about), strict=True))
    for whose, judgement in (("published", published), ("here", here)):
        row |= {whose: judgement.verdict, f"{whose} why": judgement.why}
    return row
