"""`Run`: a folder in which a training, or somebody's results, can be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pydantic

from taglab.cache import read_object
from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.labels import LabelSpace, from_json
from taglab.metrics import figures_of_counts, mean_columns
from taglab.metrics.thresholds import Confusion
from taglab.outcomes import UNKNOWN, Predictions, open_predictions, split_warning
from taglab.runs import layout
from taglab.runs.inputs import INPUTS, Inputs

Kind = Literal["trained", "imported", "published"]
Part = Literal["validation", "test"]
Kept = Literal["validation", "test", "validation-last"]
"""Predictions a run keeps: of the best epoch by validation, with "-last" of the last one."""

_LOG_TAIL_BYTES = 1 << 20
_BEYOND = 1e15  # no count and no time is as large, and all below is exact as a float
_MOST_FIGURES = 500  # a training tells about a dozen


class About(pydantic.BaseModel):
    """What a run is, beside what it was asked to do.

    Attributes:
        kind: "trained" here or elsewhere by taglab, "imported" results of another program, or "published".
        title: What it is called where people read; the run's name where empty.
        note: Free text.
        tags: Free words to find it by.
        group: Name of the sweep or experiment it belongs to.
        created: When, in ISO 8601, UTC.
        split: Fingerprint of the split it was trained on, or "unknown".
        evaluated: Fingerprint of the tracks its figures by epoch are of, or "unknown".
        auc_pr: What auc_pr of the per-label table is: "interpolated" over 200 thresholds as by Keras, or
            "exact" average precision.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")
    kind: Kind = "trained"
    title: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""
    created: str = pydantic.Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    split: str = UNKNOWN
    evaluated: str = UNKNOWN
    auc_pr: Literal["interpolated", "exact"] = "interpolated"


@dataclass(frozen=True)
class Run:
    """A run on disk. Every call reads what lies there now, for training may be writing it.

    Attributes:
        name: Under which `open_run` finds it.
        folder: Where its files lie; see `layout`.
    """

    name: str
    folder: Path

    def __repr__(self) -> str:
        return f"<Run {self.name}>"

    @property
    def config(self) -> dict[str, Any]:
        """What it was asked to do: a training's configuration, or {"source": ...} of results only."""
        return read_object(self.folder / layout.CONFIG)

    @property
    def inputs(self) -> Inputs:
        """What it was made of, by name and fingerprint; empty where that is not known, as of earlier runs."""
        path = self.folder / layout.INPUTS
        if not path.exists():
            return {}
        try:
            return INPUTS.validate_python(read_object(path))
        except pydantic.ValidationError as error:
            raise DataError(path, _first_problem(error)) from error

    @property
    def about(self) -> About:
        """What it is; raises DataError."""
        path = self.folder / layout.ABOUT
        try:
            return About.model_validate(read_object(path))
        except pydantic.ValidationError as error:
            raise DataError(path, _first_problem(error)) from error

    @property
    def kind(self) -> Kind:
        return self.about.kind

    @property
    def title(self) -> str:
        """What people read: its title, or its name."""
        return self.about.title or self.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the model's outputs; none of a run that is of no labels."""
        of_labels = (layout.CLASSES, layout.LABELS, layout.PER_LABEL)
        if not any((self.folder / file).exists() for file in of_labels):
            return ()
        return layout.read_classes(self.folder / layout.CLASSES)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of its figures, a sentence each: of published ones, contradictions."""
        return ()

    @property
    def checkpoints(self) -> Path:
        """Folder of best.pt and last.pt, which may not be there yet."""
        return self.folder / layout.CHECKPOINTS

    @property
    def finished(self) -> bool:
        """Whether it was trained to its end: its test predictions or losses, or its space, are last."""
        return any((self.folder / last).exists() for last in layout.WRITTEN_LAST)

    def label_space(self) -> LabelSpace | None:
        """Return the label space as it was when the run was made; None of results only."""
        path = self.folder / layout.LABELS
        return from_json(layout.read_text(path), str(path)) if path.exists() else None

    def history(self) -> pd.DataFrame:
        """Return one row an epoch: epoch, losses, metrics, seconds ...; NaN where not known."""
        return _numbers(self.folder / layout.HISTORY, ("epoch", *mean_columns()))

    def steps(self, after: int = 0) -> pd.DataFrame:
        """Return the measured training steps.

        Args:
            after: How many rows to leave out at the beginning, those the caller has already.

        Returns:
            Columns epoch, step, loss, clips_per_s, memory_gib, time (Unix seconds).
        """
        columns = ("epoch", "step", "loss", "clips_per_s", "memory_gib", "time")
        return _numbers(self.folder / layout.STEPS, columns).iloc[after:].reset_index(drop=True)

    def log_tail(self, lines: int = 200) -> str:
        """Return the last lines of the log; empty where there is none."""
        try:
            with (self.folder / layout.LOG).open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(size - _LOG_TAIL_BYTES, 0))
                text = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise DataError(self.folder / layout.LOG, f"cannot be read ({error.strerror})") from error
        return "\n".join(text.splitlines()[-lines:])

    def per_label_by_epoch(self) -> pd.DataFrame:
        """Return the figures of every label at every epoch.

        Returns:
            Columns epoch and `layout.per_label_columns`. Empty before the first epoch is done. Where only
            confusion counts are there: one epoch, 0, taken from them.
        """
        path = self.folder / layout.PER_LABEL
        if path.exists():
            return layout.read_per_label(path)
        counts = self.confusion()
        if counts is None:
            return pd.DataFrame(columns=["epoch", *layout.per_label_columns()])
        return per_label_of(counts, self.classes).assign(epoch=0)[["epoch", *layout.per_label_columns()]]

    def per_label(self, epoch: int | Literal["best", "last"] | None = None) -> pd.DataFrame:
        """Return the figures of every label at one epoch.

        Args:
            epoch: Its number, "best" by `best_epoch`, or "last", which None means too.

        Returns:
            The columns of `layout.per_label_columns`, in class order; NaN where a label has no positives or
            a figure is not known. Empty before the first epoch is done.

        Raises:
            NotFound: If there is no such epoch.
        """
        wanted = epoch
        if wanted == "best":
            told = self.summary()["best_epoch"]
            wanted = best_epoch(macro_means(self.per_label_by_epoch())) if told is None else int(told)
        chosen = self._of_epoch("last" if wanted is None else wanted)
        if chosen.empty and len(last := self._of_epoch("last")):
            raise NotFound(
                f"run {self.name!r} has no figures of epoch {epoch}; its last is {last['epoch'].iloc[0]}"
            )
        return chosen[layout.per_label_columns()]

    def _of_epoch(self, epoch: int | Literal["last"]) -> pd.DataFrame:
        path = self.folder / layout.PER_LABEL
        if path.exists():
            return layout.read_per_label(path, epoch)
        table = self.per_label_by_epoch()  # of counts alone, which are of one epoch
        return table if epoch == "last" else table[table["epoch"] == epoch].reset_index(drop=True)

    def confusion(self, which: Literal["last", "best"] = "last") -> Confusion | None:
        """Return the confusion counts of the last or the best epoch; None where there are none."""
        path = self.folder / (layout.CONFUSION_BEST if which == "best" else layout.CONFUSION)
        return layout.read_confusion(path, len(self.classes)) if path.exists() else None

    def predictions(self, kept: Kept = "test") -> Predictions | None:
        """Return what the best model, or the last, said of a part of the tracks; None if it is not kept."""
        path = self.folder / layout.PREDICTIONS / f"{kept}.npz"
        return open_predictions(path) if path.exists() else None

    def summary(self) -> dict[str, Any]:
        """Return what a table of runs needs.

        Returns:
            classes, epochs (the last one done; 0 before the first), best_epoch, parameters, best and last
            (each an epoch's row of `history`), test and validation, the figures of kept predictions, and,
            where it was trained, device.
            What is not known is None or an empty dict.
        """
        path = self.folder / layout.SUMMARY
        found = {**_NO_SUMMARY, **(read_object(path) if path.exists() else {})}
        for key, usual in _NO_SUMMARY.items():
            value = found[key]
            sound = isinstance(value, dict) if isinstance(usual, dict) else value is None or is_count(value)
            if not sound:
                raise DataError(path, f"{key}={found[key]!r} is not what a summary holds there")
        return found


def _first_problem(error: pydantic.ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"


def split_warning_of(runs: Iterable[Run]) -> str | None:
    """Return why figures of runs may not be comparable, a sentence to be shown where they share an axis.

    Args:
        runs: Those of which there are figures; before training begins, a run's split is not known.

    Returns:
        None where all are of one split and the same tracks.
    """
    abouts = [run.about for run in runs]
    return split_warning([about.split for about in abouts], [about.evaluated for about in abouts])


_NO_SUMMARY: dict[str, Any] = {
    "classes": None,
    "epochs": 0,
    "best_epoch": None,
    "parameters": None,
    "best": {},
    "last": {},
    "test": {},
    "validation": {},
}


def is_count(value: Any) -> bool:
    """Return whether something read from a file is a whole number from 0, and no larger than any count."""
    return isinstance(value, int) and 0 <= value < _BEYOND


def is_figure(value: Any) -> bool:
    """Return whether something read from a file is a number that is finite, and no larger than any count."""
    return isinstance(value, int | float) and abs(value) < _BEYOND


def best_epoch(history: pd.DataFrame) -> int | None:
    """Return the epoch of the best macro mean of the first metric, the first of equals; None where unknown.

    That is average precision. Where it was not measured, as in results of others, the next one that was
    decides: AUC-PR over 200 thresholds; and where no label is predicted, the first measured of rankings.
    """
    for column, mean in {**mean_columns(), **mean_columns("rankings")}.items():
        if mean.average == "macro" and column in history and history[column].notna().any():
            values = mean.metric.sign * history[column].to_numpy(np.float64)
            return int(history["epoch"].to_numpy()[int(np.nanargmax(values))])
    return None


def macro_means(per_label_by_epoch: pd.DataFrame) -> pd.DataFrame:
    """Return the macro mean of every metric by epoch: over labels that have a figure."""
    names = {mean.name: column for column, mean in mean_columns().items() if mean.average == "macro"}
    return per_label_by_epoch.groupby("epoch")[list(names)].mean().rename(columns=names).reset_index()


def per_label_of(counts: Confusion, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the per-label table that confusion counts alone give; what they do not tell is NaN.

    Raises:
        InvalidSetting: If there are not as many classes as the counts are of.
    """
    if counts.tp.shape[1] != len(classes):
        raise InvalidSetting(f"counts are of {counts.tp.shape[1]} classes, and {len(classes)} are named")
    by_class, _ = figures_of_counts(counts)
    columns = {"label": list(classes), **by_class, "positives": counts.positives.astype(np.float64)}
    return pd.DataFrame(columns, columns=layout.per_label_columns())


def _numbers(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return rows of a JSON-lines file as a table that has at least these columns, all of numbers."""
    rows = layout.read_lines(path)
    wanted = dict.fromkeys([*columns, *(key for row in rows for key in row)])
    if len(wanted) > _MOST_FIGURES:  # each is a column as long as the file has lines
        raise DataError(path, f"tells {len(wanted):,} figures by name, more than {_MOST_FIGURES}")
    table = pd.DataFrame({name: [_number(row.get(name)) for row in rows] for name in wanted}, dtype="float64")
    whole = [name for name in ("epoch", "step") if name in columns]
    if not table[whole].map(float.is_integer).all(axis=None):
        raise DataError(path, f"every line must tell its {' and '.join(whole)} as whole numbers")
    return table.astype(dict.fromkeys(whole, "int64"))


def _number(value: Any) -> float:
    return float(value) if is_figure(value) else np.nan


def summary_of(history: pd.DataFrame, n_classes: int) -> dict[str, Any]:
    """Return a history's part of a summary: classes, epochs, best_epoch, best, last."""
    best = best_epoch(history)
    rows = [{key: layout.plain(value) for key, value in row.items()} for row in layout.rows_of(history)]
    by_epoch = {int(row["epoch"]): row for row in rows}
    last = max(by_epoch, default=0)
    return {
        "classes": n_classes,
        "epochs": last,
        "best_epoch": best,
        "best": by_epoch[best] if best is not None else {},
        "last": by_epoch.get(last, {}),
    }
