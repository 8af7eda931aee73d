"""The task of recommending tracks that nobody played yet, from their features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ConfigDict, Field
from scipy import sparse

from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.metrics.ranking import ndcg_at_k
from taglab.parallel import blocks
from taglab.progress import Progress
from taglab.recommend import FactorisationSettings, factorise
from taglab.reprs import one_line
from taglab.studies.transfer.task import PLAYS, Features, Judged, Rows, answers_table, standardised

_SCORES_AT_ONCE = 1 << 24


class Recommendation(FactorisationSettings):
    """Which tracks that nobody played yet would a user play? Plays of the other tracks are factorised with
    features as a prior; nDCG at `depth` over the tracks held out, the mean over users who played one of them,
    is the score (Kim 2021, eq. 2.7 and section 2.4.3, where 5 % of tracks are held out).

    Attributes:
        task: Which task this is.
        depth: So many places of a list count.
        min_tracks: Users of fewer tracks are left out, and then again, until none is left to go.
        min_users: Tracks of fewer users are left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "nDCG"
    best: ClassVar[float] = 1.0
    merit: ClassVar[str] = "share of held-out tracks ranked below, mean over its listeners"
    has_plays: ClassVar[bool] = True

    task: Literal["recommendation"] = "recommendation"
    depth: int = Field(500, ge=1)
    min_tracks: int = Field(5, ge=1)
    min_users: int = Field(5, ge=1)

    @property
    def title(self) -> str:
        """Nothing more is asked."""
        return PLAYS

    def problem(self, folksonomy: Folksonomy, plays: Interactions | None) -> Plays:
        """Return the question; see `Task.problem`."""
        if plays is None or plays.kind != "counts":
            what = "has no plays" if plays is None else "has ratings, not plays"
            raise InvalidSetting(
                f"{folksonomy.name} {what}, and recommending learns from plays; those of a table are added "
                "with it (taglab data add table FILE --plays FILE)"
            )
        of_data = plays.select_tracks(folksonomy.tracks["track"])
        active = of_data.select_active(self.min_tracks, self.min_users)
        if not active.matrix.nnz:
            raise DataError(
                folksonomy.name,
                f"has no user of {self.min_tracks} tracks that {self.min_users} users played; let them be "
                "fewer (min_tracks, min_users)",
            )
        return Plays(self, active)


@dataclass(frozen=True, eq=False)
class Plays:
    """Who played what.

    Attributes:
        task: What is asked.
        plays: Of the users and tracks that are enough.
    """

    task: Recommendation
    plays: Interactions

    __repr__ = one_line

    @property
    def tracks(self) -> tuple[str, ...]:
        """Those played by enough users."""
        return self.plays.tracks

    @property
    def fingerprint(self) -> str:
        """Of the plays."""
        return self.plays.fingerprint

    def judge(self, features: Features, train: Rows, test: Rows, seed: int, progress: Progress) -> Judged:
        """Return the mean nDCG of users; see `Problem.judge`."""
        scaled = standardised(features, train)
        with_mean = np.concatenate([scaled, np.ones((len(scaled), 1), np.float32)], axis=1)
        names = FactorisationSettings.model_fields
        settings = FactorisationSettings(**{name: getattr(self.task, name) for name in names})
        matrix = self.plays.matrix
        model = factorise(sparse.csr_array(matrix[:, train]), with_mean[train], settings, seed, progress)
        held_out = sparse.csr_array(matrix[:, test])
        ndcg: list[npt.NDArray[np.float64]] = []
        listeners, below = np.zeros(len(test), np.int64), np.zeros(len(test))
        # All users by all tracks held out are more than memory holds.
        for users in blocks(held_out.shape[0], max(1, _SCORES_AT_ONCE // len(test))):
            played = np.asarray(held_out[users].toarray() > 0)
            asked = played.any(axis=1)
            if asked.any():
                scores, played = model.scores_of_new(with_mean[test], users)[asked], played[asked]
                ndcg.append(ndcg_at_k(scores, played, self.task.depth))
                listeners += played.sum(axis=0)
                below += (_shares_below(scores) * played).sum(axis=0)
        if not ndcg:
            raise DataError(self.plays.name, "has no user who played a track held out; hold out more")
        return Judged(float(np.nanmean(np.concatenate(ndcg))), self._answers(listeners, below, test))

    def _answers(
        self, listeners: npt.NDArray[np.int64], below: npt.NDArray[np.float64], test: Rows
    ) -> pd.DataFrame:
        """Return for each track held out how many listeners it has, and how high it is ranked for them.

        Args:
            listeners: Of each (test,).
            below: Share of the others ranked below each, summed over its listeners (test,).
            test: Rows of the tracks.
        """
        heard = np.flatnonzero(listeners)
        merit = below[heard] / listeners[heard]
        return answers_table(
            (self.plays.tracks[row] for row in test[heard]),
            (f"{count:,} listeners" for count in listeners[heard]),
            (f"ranked above {share:.0%} for them" for share in merit),
            merit,
        )


def _shares_below(scores: Features) -> npt.NDArray[np.float64]:
    """Return for each user and track the share of the other tracks ranked below it (users, tracks)."""
    from scipy.stats import rankdata

    shares: npt.NDArray[np.float64] = (rankdata(scores, axis=1) - 1) / max(scores.shape[1] - 1, 1)
    return shares
