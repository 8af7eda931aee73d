"""What a network says of whole tracks, and how good that is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from taglab.batches import Material, whole_track_batches
from taglab.metrics import figures_of
from taglab.metrics.scored import scored
from taglab.metrics.tagging import left_out_of_macro
from taglab.metrics.thresholds import Confusion
from taglab.outcomes import Predictions
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line
from taglab.training.divergence import Diverged
from taglab.training.step import TrainingStep


@dataclass(frozen=True, eq=False)
class Heard:
    """What a network said of the tracks of a part.

    Attributes:
        predictions: Scores are the mean, over a track's consecutive windows, of the probabilities.
        loss: Mean over all windows.
    """

    predictions: Predictions
    loss: float

    __repr__ = one_line


def hear(
    step: TrainingStep,
    material: Material,
    part: str,
    batch_size: int,
    progress: Progress = silent,
    *,
    epoch: int = 0,
) -> Heard:
    """Let a network hear every track of a part, whole; several processes share the tracks.

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
    place = np.full(len(material.tracks), -1)
    place[positions] = np.arange(len(positions))
    device = fabric.device
    sums = torch.zeros(len(positions), len(material.classes), dtype=torch.float64, device=device)
    counts = torch.zeros(len(positions), dtype=torch.float64, device=device)
    losses = torch.zeros((), dtype=torch.float64, device=device)
    own = _share(material, positions, fabric.global_rank, fabric.world_size)
    pin = device.type == "cuda"
    with step.evaluating():
        for waveform, owners in whole_track_batches(own, part, batch_size, pin=pin):
            logits = step.logits(waveform)
            rows = torch.from_numpy(place[owners]).to(device)
            targets = torch.from_numpy(material.targets[owners]).float().to(device)
            losses += len(owners) * step.loss(logits, targets, step.weights).double()
            sums.index_add_(0, rows, torch.sigmoid(logits).double())
            counts.index_add_(0, rows, torch.ones_like(rows, dtype=torch.float64))
            done = int(place[owners[-1]]) + 1
            progress(done / len(positions), counted(f"hearing the {part} tracks", done, len(positions)))
    if fabric.world_size > 1:
        for total in (sums, counts, losses):
            torch.distributed.all_reduce(total)
    # Infinite logits make sound scores of 0 and 1, and no sound loss.
    if not (torch.isfinite(sums).all() and torch.isfinite(losses)):
        raise Diverged(epoch, 0, "the logits are")
    scores = (sums / counts[:, None]).cpu().numpy().astype(np.float32)
    return Heard(_predictions(material, positions, scores), float(losses / counts.sum()))


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
class Judged:
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


def judge(predictions: Predictions) -> Judged:
    """Return every label's metrics and their means."""
    material = scored(predictions.truth, predictions.scores)
    by_label, means = figures_of(material)
    positives = material.positives
    table = pd.DataFrame({"label": list(predictions.classes), **by_label, "positives": positives})
    without = int((positives == 0).sum()), int((positives == predictions.n_tracks).sum())
    return Judged(means, table, material.counts, left_out_of_macro(*without, predictions.n_classes))
