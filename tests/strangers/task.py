"""A task of somebody who does not know the house: how long the id of a track is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress
from taglab.studies.transfer import Judged
from taglab.studies.transfer.task import Features, Rows, answers_table


class IdLength(BaseModel):
    """How many characters has the id of a track? Said of all tracks alike.

    Attributes:
        task: Which task this is.
        near: An answer is right within so many characters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "share within reach"
    merit: ClassVar[str] = "within reach (1) or not (0)"
    best: ClassVar[float] = 1.0
    has_plays: ClassVar[bool] = False

    task: Literal["id-length"] = "id-length"
    near: int = Field(0, ge=0)

    @property
    def title(self) -> str:
        """What it asks."""
        return "length of ids"

    def problem(self, folksonomy: Folksonomy, plays: Interactions | None) -> Lengths:
        """Return the question."""
        lengths = folksonomy.tracks["track"].str.len().to_numpy(np.float64)
        return Lengths(self, tuple(folksonomy.tracks["track"]), lengths)


@dataclass(frozen=True, eq=False)
class Lengths:
    """How long each id is."""

    task: IdLength
    tracks: Sequence[str]
    lengths: np.ndarray

    @property
    def fingerprint(self) -> str:
        """Of the lengths."""
        return str(self.lengths.tolist())

    def judge(self, features: Features, train: Rows, test: Rows, seed: int, progress: Progress) -> Judged:
        """Say the usual length of those learned from."""
        answer = float(np.median(self.lengths[train]))
        right = np.abs(self.lengths[test] - answer) <= self.task.near
        tracks = [self.tracks[row] for row in test]
        truth = [f"{length:g}" for length in self.lengths[test]]
        return Judged(float(right.mean()), answers_table(tracks, truth, [f"{answer:g}"] * len(test), right))
