"""What of the paper is done again, and how large."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from taglab.joint_space import JointSpaceSettings
from taglab.settings import Group

Rate = Annotated[float, Field(gt=0, le=100)]
Size = Annotated[int, Field(ge=1, le=100)]


class JointSpaceStudy(BaseModel):
    """How the study is carried out.

    Attributes:
        space: How a space is trained, where nothing below says otherwise.
        learning_rates: Tried for every loss, features and tasks; that of the best validation precision is
            taken, as in the paper, which tells none.
        limits: C, tried with each of them.
        members: Sizes of ensembles; the paper's d = 100 … 800 are 1 … 8 spaces of d = 100.
        wider: Dimensions of single spaces, trained beside the ensembles as the paper does not.
        songs_timed: Held-out songs by which time is taken.
        seed: Of the first space of every ensemble; the next ones count on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    space: Annotated[
        JointSpaceSettings, Group("the space", omit=("tasks", "loss", "learning_rate", "limit", "seed"))
    ] = JointSpaceSettings()
    learning_rates: tuple[Rate, ...] = (0.002, 0.005, 0.02)
    limits: tuple[Rate, ...] = (1.0, 3.0)
    members: tuple[Size, ...] = (1, 2, 3, 4, 6, 8)
    wider: tuple[Annotated[int, Field(ge=1, le=10_000)], ...] = (200, 400)
    songs_timed: int = Field(200, ge=1)
    seed: int = Field(0, ge=0, lt=2**31)
