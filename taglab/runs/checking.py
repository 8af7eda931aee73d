"""Whether a folder is a sound run: what came from elsewhere is read once, whole, before it is trusted."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np

from taglab.archives import opened_zip, read_arrays
from taglab.cache import CHECKSUMS, read_object
from taglab.errors import DataError
from taglab.metrics import metrics_of
from taglab.outcomes import open_predictions
from taglab.runs import layout
from taglab.runs.kept_targets import TARGETS, read_targets
from taglab.runs.run import Kept, Run, is_count, is_figure
from taglab.runs.status import STATUS_FILE, read_status

_SPACE_FILES = ("space.json", "vectors.npz", CHECKSUMS)
_LARGEST_ARRAYS_BYTES = 8 << 30
_LARGEST_PART_OF_A_CHECKPOINT = 1.01  # what torch writes is stored, not packed


def check_run(folder: Path) -> None:
    """Raise DataError unless every file of a run's folder is there that must be, and sound.

    What may be missing: all but about.json and config.json; classes.json where there is nothing of classes.
    """
    run = Run(folder.name, folder)
    about, config = run.about, run.config
    if about.kind == "published":
        raise DataError(folder / layout.ABOUT, "says it is published, as only runs that come with taglab are")
    train = config.get("train", {})
    epochs = train.get("epochs", 0) if isinstance(train, dict) else None
    if not isinstance(epochs, int) or not is_count(epochs):
        raise DataError(folder / layout.CONFIG, "does not tell how it was trained as a run's does")
    for file, check in _CHECKS.items():
        if (folder / file).exists():
            check(run)


def _check_labels(run: Run) -> None:
    read_object(run.folder / layout.LABELS)  # numbers that only pydantic reads are in nobody's way
    space = run.label_space()
    if space is not None and space.names != run.classes:
        raise DataError(run.folder / layout.LABELS, "has other classes than classes.json")


def _check_per_label(run: Run) -> None:
    path, classes = run.folder / layout.PER_LABEL, run.classes
    if not run.per_label_by_epoch()["epoch"].is_monotonic_increasing:
        raise DataError(path, "must tell its epochs in ascending order")
    for epoch, labels in run.per_label_by_epoch().groupby("epoch")["label"]:
        if tuple(labels) != classes:
            raise DataError(path, f"epoch {epoch} must have each class of classes.json once, in its order")
    table = run.per_label_by_epoch()
    for name, metric in metrics_of().items():
        wrong = metric.out_of_range(table[name].to_numpy(np.float64))
        if len(wrong):
            low, high = metric.range
            raise DataError(path, f"holds {name} of {wrong[0]:g}, outside [{low:g}, {high:g}]; in percent?")


def _check_summary(run: Run) -> None:
    for key, part in run.summary().items():
        figures = part if isinstance(part, dict) else {}
        strange = [name for name, value in figures.items() if value is not None and not is_figure(value)]
        if strange:
            raise DataError(run.folder / layout.SUMMARY, f"{key}.{strange[0]} is no number, or none as large")


def _check_predictions(run: Run, kept: Kept) -> None:
    path = run.folder / layout.PREDICTIONS / f"{kept}.npz"
    if open_predictions(path).classes != run.classes:
        raise DataError(path, "has other classes than classes.json")


def _check_log(run: Run) -> None:
    layout.read_text(run.folder / layout.LOG, layout.LARGEST_TABLE_BYTES)


def _check_space(run: Run, file: str) -> None:
    path = run.folder / layout.SPACE / file
    if path.suffix == ".npz":
        read_arrays(path, _LARGEST_ARRAYS_BYTES)
    else:
        read_object(path)


def _check_checkpoint(path: Path) -> None:
    """Raise unless a file is a checkpoint of tensors and plain values, and no larger than it looks."""
    import torch

    with opened_zip(path) as archive:
        unpacked = sum(file.file_size for file in archive.files)
        if unpacked > path.stat().st_size * _LARGEST_PART_OF_A_CHECKPOINT:
            raise DataError(path, "is packed, as no checkpoint of taglab is")
        archive.check()
    try:
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # the unpickler's errors are of a module that is imported nowhere here
        raise DataError(
            path, f"is no checkpoint of tensors and plain values ({type(error).__name__}); refused"
        ) from error


_CHECKS: dict[str, Callable[[Run], object]] = {
    layout.INPUTS: lambda run: run.inputs,
    layout.CLASSES: lambda run: run.classes,
    layout.LABELS: _check_labels,
    layout.PER_LABEL: _check_per_label,
    layout.CONFUSION: lambda run: run.confusion("last"),
    layout.CONFUSION_BEST: lambda run: run.confusion("best"),
    layout.HISTORY: lambda run: run.history(),
    layout.STEPS: lambda run: run.steps(),
    layout.LOG: _check_log,
    layout.LOSSES: lambda run: read_object(run.folder / layout.LOSSES),
    layout.SUMMARY: _check_summary,
    STATUS_FILE: lambda run: read_status(run.folder),
    **{
        f"{layout.PREDICTIONS}/{kept}.npz": functools.partial(_check_predictions, kept=kept)
        for kept in get_args(Kept)
    },
    f"{layout.TARGETS}/{CHECKSUMS}": lambda run: read_object(run.folder / layout.TARGETS / CHECKSUMS),
    f"{layout.TARGETS}/{TARGETS}": read_targets,
    **{f"{layout.SPACE}/{file}": functools.partial(_check_space, file=file) for file in _SPACE_FILES},
    f"{layout.CHECKPOINTS}/last.npz": lambda run: read_arrays(
        run.checkpoints / "last.npz", _LARGEST_ARRAYS_BYTES
    ),
    f"{layout.CHECKPOINTS}/best.pt": lambda run: _check_checkpoint(run.checkpoints / "best.pt"),
    f"{layout.CHECKPOINTS}/last.pt": lambda run: _check_checkpoint(run.checkpoints / "last.pt"),
}

FILES = (layout.ABOUT, layout.CONFIG, *_CHECKS)
"""Every file of a run that may travel, by its path within the run's folder."""
