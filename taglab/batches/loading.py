"""Batches of windows and targets, read ahead by threads while the network works."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import torch

from taglab.audio.store import Rows
from taglab.batches.material import Material
from taglab.batches.samplers import SAMPLERS, Drawing, Sampler
from taglab.batches.targets import BatchTargets, Crops, LookedUp
from taglab.errors import InvalidSetting
from taglab.labels import LABELS
from taglab.parallel import cores

__all__ = ["Batch", "TrainingBatches", "whole_track_batches"]

T = TypeVar("T")

_CROPS = 2  # what a random stream is for; samplers and dropout take 1, 3 and 4


class Batch(NamedTuple):
    """What one step of training is given.

    Attributes:
        waveform: (batch, samples) int16, or (batch, channels, samples); divide by 32768 for [-1, 1). Of kept
            mels, (batch, mels, frames) float16, or (batch, channels, mels, frames).
        targets: By task, those that learn from this batch: float32, a row for each row of the head's output.
        known: By task, the rows of which anything is known, int64; None for all.
        positions: Of the tracks in the material, (batch,).
    """

    waveform: torch.Tensor
    targets: dict[str, torch.Tensor]
    known: dict[str, torch.Tensor | None]
    positions: Rows

    def to(self, device: torch.device) -> Batch:
        """Return the batch with its tensors on a device."""

        def moved(part: torch.Tensor) -> torch.Tensor:
            return part.to(device, non_blocking=True)

        known = {task: rows if rows is None else moved(rows) for task, rows in self.known.items()}
        targets = {task: moved(part) for task, part in self.targets.items()}
        return Batch(moved(self.waveform), targets, known, self.positions)


class TrainingBatches:
    """A part in batches.

    Which tracks come when, a sampler says; by default every track comes once a pass. Order and crops of a
    step are a function of seed, epoch and step alone, so that training resumes anywhere without any other
    state. With several processes each step's batch is drawn as for one process with a batch of
    `world · batch_size`, and each takes its share.

    Args:
        material: See `prepare`.
        batch_size: Tracks a step and process.
        seed: Of order and crops.
        shuffle: Whether each pass has its own order; else tracks come in the material's, over and over.
        window: "random" takes a window anywhere in the track, "middle" the one in its middle.
        steps_per_epoch: Steps that make an epoch; None: those of one pass. Epochs that are no whole passes
            go on where the one before stopped.
        rank: Number of this process, in [0, world).
        world: Number of processes.
        ahead: Batches read ahead, each by a thread of its own; 0 reads each when it is asked for. None: 2, or
            one for every two cores where there are more than four, at most 8.
        pin: Whether waveforms lie in page-locked memory, from which a GPU copies without waiting.
        last: What becomes of a pass's last, incomplete batch: "drop" or "keep".
        targets: Of each task, by its name; where None the material's, of the task "labels".
        sampler: A name in `SAMPLERS`.
        part: "train", "validation" or "test".

    Raises:
        InvalidSetting: If a number is out of its range, or the data do not fill a batch.
    """

    def __init__(
        self,
        material: Material,
        batch_size: int,
        seed: int,
        shuffle: bool = True,
        window: Literal["random", "middle"] = "random",
        steps_per_epoch: int | None = None,
        rank: int = 0,
        world: int = 1,
        ahead: int | None = None,
        pin: bool = False,
        last: Literal["drop", "keep"] = "drop",
        targets: Mapping[str, BatchTargets] | None = None,
        sampler: str = "by-track",
        part: str = "train",
    ) -> None:
        self.material = material
        self.targets = targets or {LABELS: LookedUp(material.targets)}
        self.positions = material.of(part)
        ahead = usual_ahead() if ahead is None else ahead
        _check(len(self.positions), batch_size, steps_per_epoch, rank, world, ahead, last)
        self.batch_size, self.seed, self.window = batch_size, seed, window
        self.rank, self.ahead, self.pin = rank, ahead, pin
        known = {task: own.known for task, own in self.targets.items()}
        by_pairs = frozenset(task for task, own in self.targets.items() if own.by_pairs)
        drawing = Drawing(self.positions, known, batch_size * world, seed, shuffle, last, by_pairs)
        self.sampler = _sampler(sampler)(drawing)
        self.steps_per_epoch = steps_per_epoch or self.sampler.steps_per_pass

    def epoch(self, number: int, start_step: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, from a step on.

        Args:
            number: Of the epoch, from 0.
            start_step: Steps of it that are already done.
        """
        if number < 0 or not 0 <= start_step <= self.steps_per_epoch:
            raise InvalidSetting(
                f"epoch={number} must not be negative, and start_step={start_step} must lie in 0 to "
                f"{self.steps_per_epoch}, the steps of an epoch"
            )
        steps = range(start_step, self.steps_per_epoch)
        return read_ahead((partial(self.batch, number, step) for step in steps), self.ahead)

    def batch(self, epoch: int, step: int) -> Batch:
        """Return one batch of this process, read now."""
        number, within = divmod(epoch * self.steps_per_epoch + step, self.sampler.steps_per_pass)
        draw = self.sampler.draw(number, within)
        starts = self._starts(draw.positions, number, within)
        share = slice(self.rank * self.batch_size, (self.rank + 1) * self.batch_size)
        crops = _crops(self.material, draw.positions[share], starts[share], self.pin)
        tasks = tuple(self.targets) if draw.tasks is None else draw.tasks
        return Batch(
            crops.waveform,
            {task: self.targets[task].of(crops) for task in tasks},
            {task: self.targets[task].known_rows(crops) for task in tasks},
            crops.positions,
        )

    def _starts(self, chosen: Rows, number: int, within: int) -> Rows:
        rows = self.material.rows[chosen]
        if self.window == "middle":
            return self.material.windows.middle_starts(rows)
        rng = np.random.default_rng([self.seed, _CROPS, number, within])
        return self.material.windows.random_starts(rows, rng)


def _sampler(name: str) -> type[Sampler]:
    if name not in SAMPLERS:
        raise InvalidSetting(f"sampler={name!r} must be one of {', '.join(SAMPLERS)}")
    return SAMPLERS[name]


def _check(n: int, batch_size: int, steps: int | None, rank: int, world: int, ahead: int, last: str) -> None:
    if batch_size < 1 or (steps is not None and steps < 1) or ahead < 0 or not 0 <= rank < world:
        raise InvalidSetting(
            f"batch_size={batch_size} and steps_per_epoch={steps} must be at least 1, ahead={ahead} at least "
            f"0, and rank={rank} in 0 to world={world} - 1"
        )
    if last == "keep":
        if world > 1:
            raise InvalidSetting(
                f"last='keep' must be 'drop' with world={world}: an incomplete batch cannot be shared evenly"
            )
        return
    if batch_size * world > n:
        processes = f" in each of {world} processes" if world > 1 else ""
        raise InvalidSetting(
            f"batch_size={batch_size}{processes} must not exceed the {n} tracks of the training part; set "
            f"batch_size to at most {max(n // world, 1)}"
        )


def whole_track_batches(
    material: Material, part: str, batch_size: int, ahead: int | None = None, pin: bool = False
) -> Iterator[tuple[torch.Tensor, Rows]]:
    """Yield consecutive windows of every track of a part, track after track.

    A track's score is the mean over its windows.

    Args:
        material: See `prepare`.
        part: "train", "validation" or "test".
        batch_size: Windows a batch; the last may have fewer.
        ahead: As for `TrainingBatches`.
        pin: As for `TrainingBatches`.

    Yields:
        Waveform (batch, samples) int16, and the position of the track of each window, (batch,).
    """
    ahead = usual_ahead() if ahead is None else ahead
    if batch_size < 1 or ahead < 0:
        raise InvalidSetting(f"batch_size={batch_size} must be at least 1, and ahead={ahead} at least 0")
    positions = material.of(part)
    starts = [material.windows.consecutive_starts(int(row)) for row in material.rows[positions]]
    owners = np.repeat(positions, [len(each) for each in starts])
    flat = np.concatenate(starts) if starts else np.zeros(0, np.int64)

    def read(begin: int) -> tuple[torch.Tensor, Rows]:
        chosen = owners[begin : begin + batch_size]
        return _crops(material, chosen, flat[begin : begin + batch_size], pin).waveform, chosen

    return read_ahead((partial(read, at) for at in range(0, len(owners), batch_size)), ahead)


def _crops(material: Material, positions: Rows, starts: Rows, pin: bool) -> Crops:
    rows, windows = material.rows[positions], material.windows
    dtype = torch.int16 if windows.dtype == np.int16 else torch.float16
    waveform = torch.empty(windows.shape(len(positions)), dtype=dtype, pin_memory=pin)
    windows.crops(rows, starts, out=waveform.numpy())
    return Crops(waveform, positions, rows, starts, windows)


def usual_ahead() -> int:
    """Return how many batches are read ahead on this machine."""
    return min(8, max(2, cores() // 2))


def read_ahead(reads: Iterator[Callable[[], T]], ahead: int) -> Iterator[T]:
    """Yield what each of `reads` returns, in order, up to `ahead` of them read by threads meanwhile.

    Where the consumer stops early, what was not begun is not read.
    """
    if ahead == 0:
        yield from (read() for read in reads)
        return
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(min(ahead, cores()), "taglab-batches") as threads:
        try:
            for read in reads:
                waiting.append(threads.submit(read))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
