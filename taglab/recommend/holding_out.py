"""Which plays a recommender does not see and is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy import sparse

from taglab.dropped import Dropped
from taglab.errors import DataError, InvalidSetting
from taglab.interactions import Interactions
from taglab.reprs import one_line


class HoldingOut(BaseModel):
    """How plays are held out.

    Attributes:
        by: "user": of every user a share of the items they played, drawn, but never all. "item": a share of
            the items with all who played them, which nobody has then played (cold start), and which alone are
            ranked. "temporal-user": of every user the share that they played last, but never all.
            "temporal-global": of all plays the share that was last, whoever's they are. "nothing": all is
            learned from. Both temporal splits need to know when plays were; what was played often is as late
            as its last play, so that nothing is learned from what came after.
        share: Held out.
        after: Date (2012-01-31, UTC) from which on all is held out, in place of a share; temporal-global.
        seed: Of what is drawn.

    Source: the names of temporal splits are those of Meng, McCreadie, Macdonald, Ounis, "Exploring data
    splitting strategies for the evaluation of recommendation models", RecSys 2020.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Literal["user", "item", "temporal-user", "temporal-global", "nothing"] = "user"
    share: float = Field(0.2, gt=0, lt=1)
    after: str | None = None
    seed: int = Field(0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _is_a_date_for_all(self) -> Self:
        if self.after is None:
            return self
        if self.by != "temporal-global":
            raise ValueError(f"after={self.after!r} is of by='temporal-global', not of by={self.by!r}")
        try:
            date.fromisoformat(self.after)
        except ValueError as error:
            raise ValueError(f"after={self.after!r} must be a date such as 2012-01-31") from error
        return self


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Plays in two parts.

    Attributes:
        train: What is learned from; users and items are all there, some perhaps without a play.
        test: What is held out, (users, items), bool.
        candidates: Rows of the items that are ranked; all where None.
        asked: How.
    """

    train: Interactions
    test: sparse.csr_array
    candidates: npt.NDArray[np.int64] | None
    asked: HoldingOut

    __repr__ = one_line

    @property
    def asked_users(self) -> npt.NDArray[np.int64]:
        """Rows of the users of whom something is held out: nobody else is judged by."""
        return np.flatnonzero(np.diff(self.test.indptr))


def hold_out(plays: Interactions, settings: HoldingOut | None = None) -> HeldOut:
    """Split plays into what is learned from and what is held out.

    Args:
        plays: Counts.
        settings: See `HoldingOut`; the defaults where None.

    Raises:
        InvalidSetting: If times are needed, and the plays have none.
        DataError: If nothing is left to learn from, or nothing held out.
    """
    asked = settings or HoldingOut()
    n_all = plays.matrix.nnz
    if asked.by in _TEMPORAL:
        plays = plays.select_values(~np.isnan(_times_of(plays, asked)))
    held, candidates = _DRAWN[asked.by](plays, asked)
    if asked.by != "nothing" and (not held.any() or held.all()):
        wanted = f"share={asked.share}" if asked.after is None else f"after={asked.after}"
        raise DataError(
            plays.name,
            f"has {plays.matrix.nnz:,} plays, of which {wanted} by {asked.by} holds out "
            f"{int(held.sum()):,}; hold out another share{_span(plays, asked)}",
        )
    train, test = plays.select_values(~held), plays.select_values(held)
    if n_all > plays.matrix.nnz:
        reason = "neither learned from nor held out, for nothing says when they were"
        note = Dropped(reason, n_all - plays.matrix.nnz, "plays")
        train = replace(train, dropped=(*train.dropped, note))
    return HeldOut(train, test.matrix.astype(bool), candidates, asked)


_Drawn = tuple[npt.NDArray[np.bool_], "npt.NDArray[np.int64] | None"]


def _by_user(plays: Interactions, asked: HoldingOut) -> _Drawn:
    """Hold out of each user the nearest whole number of items to the share, at most all but one."""
    drawn = np.random.default_rng(asked.seed).random(plays.matrix.nnz)
    return _first_share_by_user(plays, asked.share, drawn), None


def _first_share_by_user(
    plays: Interactions, share: float, *keys: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return which plays are the share of their user's that comes first by keys, the last key first."""
    per_user = plays.per_user()
    rows = np.repeat(np.arange(plays.n_users), per_user)
    place = np.empty(len(rows), np.int64)
    place[np.lexsort((*keys, rows))] = np.arange(len(rows)) - np.repeat(plays.matrix.indptr[:-1], per_user)
    wanted = np.minimum(np.floor(share * per_user + 0.5).astype(np.int64), per_user - 1)
    first: npt.NDArray[np.bool_] = place < wanted[rows]
    return first


def _by_item(plays: Interactions, asked: HoldingOut) -> _Drawn:
    played = np.flatnonzero(plays.per_track())
    n_held = max(1, round(asked.share * len(played)))
    cold = np.sort(np.random.default_rng(asked.seed).choice(played, n_held, replace=False))
    return np.isin(plays.matrix.indices, cold), cold.astype(np.int64)


def _times_of(plays: Interactions, asked: HoldingOut) -> npt.NDArray[np.float64]:
    """Return when plays were; raises InvalidSetting where they do not say."""
    if plays.times is None or np.isnan(plays.times).all():
        raise InvalidSetting(
            f"by={asked.by!r} needs to know when plays were, and those of {plays.name} do not say; hold out "
            "by user, or add the data with a column of times"
        )
    return plays.times


def _last_share_by_user(plays: Interactions, asked: HoldingOut) -> _Drawn:
    """Hold out the latest; of those at one time any, by a number drawn for each."""
    drawn = np.random.default_rng(asked.seed).random(plays.matrix.nnz)
    return _first_share_by_user(plays, asked.share, drawn, -_times_of(plays, asked)), None


def _last_of_all(plays: Interactions, asked: HoldingOut) -> _Drawn:
    """Hold out what was later than the share allows, never a part of what was at one time."""
    times = _times_of(plays, asked)
    if asked.after is None:
        return times > np.quantile(times, 1 - asked.share), None
    return times >= datetime.fromisoformat(asked.after).replace(tzinfo=UTC).timestamp(), None


def _span(plays: Interactions, asked: HoldingOut) -> str:
    """Say from when to when plays are, where that is what does not fit."""
    if asked.after is None or plays.times is None or not len(plays.times):
        return ""
    ends = float(plays.times.min()), float(plays.times.max())
    first, last = (datetime.fromtimestamp(end, UTC).date() for end in ends)
    return f", or from another date: they are from {first} to {last}"


def _nothing(plays: Interactions, asked: HoldingOut) -> _Drawn:
    return np.zeros(plays.matrix.nnz, bool), None


_TEMPORAL = {"temporal-user": _last_share_by_user, "temporal-global": _last_of_all}
_DRAWN = {"nothing": _nothing, "user": _by_user, "item": _by_item, **_TEMPORAL}
