"""What a network predicts of whole tracks, and how good that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from taglab.audio.store import Rows
from taglab.batches import Material, whole_track_batches
from taglab.labels import LABELS
from taglab.metrics import figures_of
from taglab.metrics.scored import scored
from taglab.metrics.tagging import left_out_of_macro
from taglab.metrics.thresholds import Confusion
from taglab.outcomes import Predictions
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line
from taglab.training.divergence import Diverged
from taglab.training.step import TrainingStep


def window_outputs(
    step: TrainingStep,
    material: Material,
    part: str,
    batch_size: int,
    output: Callable[[torch.Tensor], torch.Tensor],
    progress: Progress = silent,
) -> Iterator[tuple[torch.Tensor, Rows]]:
    """Yield what a network makes of whole tracks, some of their consecutive windows at a time.

    Args:
        step: Holds the network.
        material: The tracks.
        part: "train", "validation" or "test".
        batch_size: Windows at a time.
        output: What of it is wanted, as `step.logits`: (windows, samples) int16 to (windows, …).
        progress: Told after each batch.

    Yields:
        The output (windows, …) on the device, and the position of each window's track, (windows,).
    """
    positions, pin = material.of(part), step.fabric.device.type == "cuda"
    with step.evaluating():
        for waveform, owners in whole_track_batches(material, part, batch_size, pin=pin):
            yield output(waveform), owners
            done = int(np.searchsorted(positions, owners[-1])) + 1
            progress(done / len(positions), counted(f"the {part} tracks", done, len(positions)))


class TrackMeans:
    """Means over the windows of tracks, gathered batch by batch on the device.

    Args:
        positions: Of the tracks in the material, ascending (tracks,).
        n_columns: Numbers a window has.
        device: Where windows come from.
    """

    def __init__(self, positions: Rows, n_columns: int, device: torch.device) -> None:
        self.positions = positions
        self.sums = torch.zeros(len(positions), n_columns, dtype=torch.float64, device=device)
        self.counts = torch.zeros(len(positions), dtype=torch.float64, device=device)

    def add(self, windows: torch.Tensor, owners: Rows) -> None:
        """Add windows (windows, columns), and the positions of their tracks (windows,)."""
        rows = torch.from_numpy(np.searchsorted(self.positions, owners)).to(windows.device)
        self.sums.index_add_(0, rows, windows.double())
        self.counts.index_add_(0, rows, torch.ones_like(rows, dtype=torch.float64))

    def means(self) -> npt.NDArray[np.float32]:
        """Return the mean of every track's windows, (tracks, columns)."""
        return (self.sums / self.counts[:, None]).cpu().numpy().astype(np.float32)


@dataclass(frozen=True, eq=False)
class PartPredictions:
    """What a network predicts of the tracks of a part.

    Attributes:
        predictions: Scores are the mean, over a track's consecutive windows, of the probabilities.
        loss: Mean over all windows.
    """

    predictions: Predictions
    loss: float

    __repr__ = one_line


def predict_part(
    step: TrainingStep,
    material: Material,
    part: str,
    batch_size: int,
    progress: Progress = silent,
    *,
    epoch: int = 0,
) -> PartPredictions:
    """Predict every track of a part, whole; several processes share the tracks.

    Args:
        step: Holds the network.
        material: The tracks.
        part: "train", "validation" or "test".
        batch_size: Windows at a time.
        progress: Told after each batch.
        epoch: After which this is, for the message where scores are no numbers.

    Raises:
        Diverged: If a score is not finite.
    """
    positions, fabric = material.of(part), step.fabric
    scores = TrackMeans(positions, len(material.classes), fabric.device)
    losses = torch.zeros((), dtype=torch.float64, device=fabric.device)
    own = _share(material, positions, fabric.global_rank, fabric.world_size)
    for logits, owners in window_outputs(step, own, part, batch_size, step.logits, progress):
        targets = torch.from_numpy(material.targets[owners]).float().to(fabric.device)
        losses += len(owners) * step.objectives[LABELS].of(logits, targets).double()
        scores.add(torch.sigmoid(logits), owners)
    if fabric.world_size > 1:
        for total in (scores.sums, scores.counts, losses):
            torch.distributed.all_reduce(total)
    # Infinite logits make sound scores of 0 and 1, and no sound loss.
    if not (torch.isfinite(scores.sums).all() and torch.isfinite(losses)):
        raise Diverged(epoch, 0, "the logits are")
    loss = float(losses / scores.counts.sum())
    return PartPredictions(_predictions(material, positions, scores.means()), loss)


def _share(material: Material, positions: npt.NDArray[np.int64], rank: int, world: int) -> Material:
    """Return the material with every `world`-th track of the part only, from the `rank`-th on."""
    if world == 1:
        return material
    parts = np.full(material.parts.shape, "", material.parts.dtype)
    mine = positions[rank::world]
    parts[mine] = material.parts[mine]
    return replace(material, parts=parts)


def _predictions(
    material: Material, positions: npt.NDArray[np.int64], scores: npt.NDArray[np.float32]
) -> Predictions:
    return Predictions(
        tracks=tuple(material.tracks[position] for position in positions),
        classes=material.classes,
        truth=material.targets[positions],
        scores=scores,
        split=material.split.fingerprint,
    )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How good predictions are.

    Attributes:
        figures: Means of all metrics of predictions, by `taglab.metrics.mean_columns`.
        per_label: Columns label, every metric, positives.
        counts: Confusion counts at 200 thresholds.
        left_out: What macro means leave out, a sentence; empty where nothing.
    """

    figures: dict[str, float]
    per_label: pd.DataFrame
    counts: Confusion
    left_out: str

    __repr__ = one_line


def evaluate(predictions: Predictions) -> Evaluation:
    """Return every label's metrics and their means."""
    material = scored(predictions.truth, predictions.scores)
    by_label, means = figures_of(material)
    positives = material.positives
    table = pd.DataFrame({"label": list(predictions.classes), **by_label, "positives": positives})
    without = int((positives == 0).sum()), int((positives == predictions.n_tracks).sum())
    return Evaluation(means, table, material.counts, left_out_of_macro(*without, predictions.n_classes))
