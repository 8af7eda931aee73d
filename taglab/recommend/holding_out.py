"""Which plays a recommender does not see and is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse

from taglab.errors import DataError, InvalidSetting
from taglab.interactions import Interactions
from taglab.reprs import one_line


class HoldingOut(BaseModel):
    """How plays are held out.

    Attributes:
        by: "user": of every user a share of the items they played, drawn, but never all. "item": a share of
            the items with all who played them, which nobody has then played (cold start), and which alone are
            ranked. "time": the last plays of all, where plays say when they were. "nothing": all is learned
            from.
        share: Held out.
        seed: Of what is drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Literal["user", "item", "time", "nothing"] = "user"
    share: float = Field(0.2, gt=0, lt=1)
    seed: int = Field(0, ge=0, lt=2**63)


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


def hold_out(
    plays: Interactions, settings: HoldingOut | None = None, times: npt.ArrayLike | None = None
) -> HeldOut:
    """Split plays into what is learned from and what is held out.

    Args:
        plays: Counts.
        settings: See `HoldingOut`; the defaults where None.
        times: When each stored play was last, in the order of `plays.matrix.data`; for `by="time"`.

    Raises:
        InvalidSetting: If times are needed and not given, or are of another number.
        DataError: If nothing is left to learn from, or nothing held out.
    """
    asked = settings or HoldingOut()
    held, candidates = _DRAWN[asked.by](plays, asked, times)
    if asked.by != "nothing" and (not held.any() or held.all()):
        raise DataError(
            plays.name,
            f"has {plays.matrix.nnz:,} plays, of which share={asked.share} by {asked.by} holds out "
            f"{int(held.sum()):,}; hold out another share",
        )
    matrix = plays.matrix
    rows = np.repeat(np.arange(plays.n_users), np.diff(matrix.indptr))
    parts = [
        sparse.csr_array((matrix.data[part], (rows[part], matrix.indices[part])), shape=matrix.shape)
        for part in (~held, held)
    ]
    for part in parts:
        part.sort_indices()
    return HeldOut(replace(plays, matrix=parts[0]), parts[1].astype(bool), candidates, asked)


_Drawn = tuple[npt.NDArray[np.bool_], "npt.NDArray[np.int64] | None"]


def _by_user(plays: Interactions, asked: HoldingOut, times: npt.ArrayLike | None) -> _Drawn:
    """Hold out of each user the nearest whole number of items to the share, at most all but one."""
    per_user = plays.per_user()
    drawn = np.random.default_rng(asked.seed).random(plays.matrix.nnz)
    rows = np.repeat(np.arange(plays.n_users), per_user)
    place = np.empty(len(rows), np.int64)
    place[np.lexsort((drawn, rows))] = np.arange(len(rows)) - np.repeat(plays.matrix.indptr[:-1], per_user)
    wanted = np.minimum(np.floor(asked.share * per_user + 0.5).astype(np.int64), per_user - 1)
    return place < wanted[rows], None


def _by_item(plays: Interactions, asked: HoldingOut, times: npt.ArrayLike | None) -> _Drawn:
    played = np.flatnonzero(plays.per_track())
    n_held = max(1, round(asked.share * len(played)))
    cold = np.sort(np.random.default_rng(asked.seed).choice(played, n_held, replace=False))
    return np.isin(plays.matrix.indices, cold), cold.astype(np.int64)


def _by_time(plays: Interactions, asked: HoldingOut, times: npt.ArrayLike | None) -> _Drawn:
    if times is None:
        raise InvalidSetting(
            f"by='time' needs to know when plays were, and those of {plays.name} do not say; hold out by user"
        )
    when = np.asarray(times, np.float64)
    if when.shape != plays.matrix.data.shape or not np.isfinite(when).all():
        raise InvalidSetting(
            f"times {when.shape} must be one finite number for each of {plays.matrix.nnz:,} plays"
        )
    return when > np.quantile(when, 1 - asked.share), None


def _nothing(plays: Interactions, asked: HoldingOut, times: npt.ArrayLike | None) -> _Drawn:
    return np.zeros(plays.matrix.nnz, bool), None


_DRAWN = {"nothing": _nothing, "user": _by_user, "item": _by_item, "time": _by_time}
