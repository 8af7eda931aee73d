"""Which tracks come when: a function of seed and step alone, so that training resumes without other state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from taglab.audio.store import Rows
from taglab.errors import InvalidSetting
from taglab.reprs import one_line

__all__ = ["SAMPLERS", "Draw", "Drawing", "Sampler"]

_ORDER, _DRAW = 1, 4  # what a random stream is for; crops and dropout take 2 and 3


class Draw(NamedTuple):
    """The tracks of a step.

    Attributes:
        positions: Of the tracks in the material, those of all processes one after the other.
        tasks: Names of the tasks that learn from them; None for all.
    """

    positions: Rows
    tasks: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Drawing:
    """What tracks are drawn from, and how many at a time.

    Attributes:
        positions: Of the tracks in the material that are drawn from, (tracks,).
        known: Of which tracks of the material each task knows anything, (n,); None of all.
        size: Clips a step of all processes together.
        seed: Of what is drawn.
        shuffle: Whether each pass has an order of its own.
        last: What becomes of a pass's last, incomplete batch: "drop" or "keep".
        by_pairs: Names of the tasks that compare clips by twos.
    """

    positions: Rows
    known: Mapping[str, npt.NDArray[np.bool_] | None]
    size: int
    seed: int
    shuffle: bool = True
    last: Literal["drop", "keep"] = "drop"
    by_pairs: frozenset[str] = frozenset()

    __repr__ = one_line


class Sampler(ABC):
    """Says which tracks come when.

    Args:
        drawing: See `Drawing`.

    Attributes:
        steps_per_pass: Steps that make a pass.
        validates_by: Name of the sampler by which all tracks are gone through once for validation.
    """

    validates_by: ClassVar[str] = "by-track"
    steps_per_pass: int

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.positions, self.size = drawing.positions, drawing.size

    @abstractmethod
    def draw(self, number: int, within: int) -> Draw:
        """Return the tracks of a step.

        Args:
            number: Of the pass, from 0.
            within: Step of it, from 0.
        """

    def _order(self, number: int) -> Rows:
        """Return the tracks in the order of a pass."""
        return np.random.default_rng([self.drawing.seed, _ORDER, number, 0]).permutation(self.positions)

    def _rng(self, number: int, within: int) -> np.random.Generator:
        return np.random.default_rng([self.drawing.seed, _DRAW, number, within])


class ByTrack(Sampler):
    """Every track once a pass.

    What does not fill a batch at the end of a pass is left for another one: where passes have no order of
    their own, the next begins with it, lest it is never drawn.
    """

    def __init__(self, drawing: Drawing) -> None:
        super().__init__(drawing)
        self.steps_per_pass, left = divmod(len(self.positions), self.size)
        if drawing.last == "keep" and left:
            self.steps_per_pass += 1

    def draw(self, number: int, within: int) -> Draw:
        """Return the next tracks of the pass's order."""
        if self.drawing.shuffle:
            return Draw(self._order(number)[within * self.size : (within + 1) * self.size])
        if self.drawing.last == "keep":
            return Draw(self.positions[within * self.size : (within + 1) * self.size])
        first = (number * self.steps_per_pass + within) * self.size
        return Draw(np.take(self.positions, np.arange(first, first + self.size), mode="wrap"))


class Pairs(Sampler):
    """Tracks by twos, the first of a batch with the second and so on: by turns the same track, and another.

    Every track is the first of a pair once a pass.

    Raises:
        InvalidSetting: If a batch has an odd number of clips, or there is one track only.
    """

    validates_by: ClassVar[str] = "pairs"

    def __init__(self, drawing: Drawing) -> None:
        super().__init__(drawing)
        positions, size = self.positions, self.size
        if size % 2 or len(positions) < 2:
            raise InvalidSetting(
                f"batch_size={size} must be even, and of {len(positions)} tracks at least two, for pairs"
            )
        self.pairs = size // 2
        self.steps_per_pass = max(len(positions) // self.pairs, 1)

    def draw(self, number: int, within: int) -> Draw:
        """Return the first of each pair, with what it is compared to behind it."""
        order = self._order(number) if self.drawing.shuffle else self.positions
        places = np.arange(within * self.pairs, (within + 1) * self.pairs) % len(order)
        further = self._rng(number, within).integers(1, len(order), self.pairs)
        partners = np.where(np.arange(self.pairs) % 2, (places + further) % len(order), places)
        return Draw(order[np.stack([places, partners], 1).ravel()])


class OneTask(Sampler):
    """One task a step, drawn at random, and tracks of which it knows something.

    A task that compares clips by twos is given pairs, half of them of one track. A pass is as many steps as
    go through all tracks once for each task, however many of them it knows.

    Raises:
        InvalidSetting: If a task knows of fewer tracks than fill a batch, or compares clips by twos and a
            batch has an odd number.

    Source: Kim (2021), algorithm 1.
    """

    def __init__(self, drawing: Drawing) -> None:
        super().__init__(drawing)
        positions, size = self.positions, self.size
        self.tracks_of = {
            task: positions if mask is None else positions[mask[positions]]
            for task, mask in drawing.known.items()
        }
        for task, tracks in self.tracks_of.items():
            if len(tracks) < size:
                raise InvalidSetting(
                    f"batch_size={size} must not exceed the {len(tracks)} training tracks of which the task "
                    f"{task!r} knows anything; take smaller batches, or leave it out"
                )
        if drawing.by_pairs and size % 2:
            raise InvalidSetting(
                f"batch_size={size} must be even for {', '.join(sorted(drawing.by_pairs))}, where clips are "
                "compared by twos"
            )
        self.steps_per_pass = len(positions) // size * len(self.tracks_of)

    def draw(self, number: int, within: int) -> Draw:
        """Return tracks of a task, each once; of one that compares clips, by twos."""
        rng = self._rng(number, within)
        task = str(rng.choice(list(self.tracks_of)))
        tracks = rng.choice(self.tracks_of[task], self.size, replace=False)
        if task in self.drawing.by_pairs:
            first, others = tracks[: self.size // 2], tracks[self.size // 2 :]
            same = np.arange(self.size // 2) % 2 == 0
            tracks = np.stack([first, np.where(same, first, others)], 1).ravel()
        return Draw(tracks, (task,))


SAMPLERS: dict[str, type[Sampler]] = {"by-track": ByTrack, "pairs": Pairs, "one-task": OneTask}
