"""`RunWriter`: what training writes into a run, so that a reader at any moment finds it whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from taglab.cache import locked, write_json
from taglab.errors import InvalidSetting
from taglab.metrics.thresholds import Confusion
from taglab.outcomes import Predictions
from taglab.runs import layout
from taglab.runs.inputs import INPUTS, Inputs
from taglab.runs.run import About, Part, Run, best_epoch, summary_of
from taglab.runs.tables import results, summary_table
from taglab.settings import checked


class RunWriter:
    """Writes a run as it goes. One process writes a run; any number may read it meanwhile.

    Args:
        run: As `create_run` or `open_run` gave it.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._last_step: tuple[int, int] | None = None

    def epoch(self, row: Mapping[str, Any], per_label: pd.DataFrame | None, counts: Confusion | None) -> None:
        """Keep what an epoch gave; what lies there of this epoch and later ones is replaced.

        Args:
            row: Row of the history: epoch (from 1), train_loss, validation_loss, auc_pr_micro, ...
            per_label: Columns label, auc_pr, and where known other metrics and positives, in class order.
            counts: Confusion counts of the classes in their order.

        Raises:
            InvalidSetting: If labels or counts are not those of the run's classes.
            StorageError: If the disk is full; what was there before is whole.
        """
        epoch, classes = int(row["epoch"]), self.run.classes
        if per_label is None or counts is None:
            raise InvalidSetting("per_label and counts must be given: a run is of labels")
        if tuple(per_label["label"]) != classes or counts.tp.shape[1] != len(classes):
            raise InvalidSetting("per_label and counts must be of the run's classes, in their order")
        folder = self.run.folder
        earlier = [past for past in layout.read_lines(folder / layout.HISTORY) if past["epoch"] < epoch]
        history = pd.DataFrame([*earlier, row])
        layout.write_confusion(folder / layout.CONFUSION, counts)
        if best_epoch(history) == epoch:
            layout.write_confusion(folder / layout.CONFUSION_BEST, counts)
        elif (self.run.summary()["best_epoch"] or 0) >= epoch:  # of an epoch that no longer is
            (folder / layout.CONFUSION_BEST).unlink(missing_ok=True)
        if "positives" not in per_label:
            per_label = per_label.assign(positives=counts.positives)
        self._write_per_label(epoch, per_label)
        layout.write_lines(folder / layout.HISTORY, [*earlier, row])
        self.summarise(**summary_of(self.run.history(), len(classes)))

    def looks(self, rows: Sequence[Mapping[str, Any]], best: int) -> None:
        """Keep the history of a run that is of no labels, in place of the one that lies there.

        Args:
            rows: Of the history: epoch (from 1) and figures, a row a look.
            best: Epoch of the best look; 0 where there is none.
        """
        layout.write_lines(self.run.folder / layout.HISTORY, rows)
        plain = [{name: layout.plain(value) for name, value in row.items()} for row in rows]
        of_best = plain[best - 1] if best else {}
        self.summarise(
            epochs=len(rows), best_epoch=best or None, best=of_best, last=plain[-1] if plain else {}
        )

    def _write_per_label(self, epoch: int, per_label: pd.DataFrame) -> None:
        path = self.run.folder / layout.PER_LABEL
        kept = layout.read_per_label(path) if path.exists() else pd.DataFrame({"epoch": []})
        past = sorted(set(kept["epoch"]))
        earlier = {int(number): kept[kept["epoch"] == number] for number in past if number < epoch}
        layout.write_per_label(path, {**earlier, epoch: per_label})

    def step(self, row: Mapping[str, Any]) -> None:
        """Keep what a step of training gave; steps that lie there from this one on are dropped first.

        Args:
            row: epoch, step (both ascending), loss, clips_per_s, memory_gib, time (Unix seconds).
        """
        path, place = self.run.folder / layout.STEPS, (int(row["epoch"]), int(row["step"]))
        if self._last_step is None or place <= self._last_step:
            past = layout.read_lines(path)
            earlier = [old for old in past if (old["epoch"], old["step"]) < place]
            # Also when only the last line is half written, lest ours becomes its rest.
            layout.write_lines(path, [*earlier, row])
        else:
            layout.append_text(path, layout.json_line(row))
        self._last_step = place

    def predictions(
        self, part: Part, predictions: Predictions, figures: Mapping[str, float] | None = None
    ) -> None:
        """Keep what the best model says of a part of the tracks.

        Args:
            part: "test" or "validation"; figures by epoch are of the latter.
            predictions: Of the run's classes, in their order.
            figures: Metrics of them by name (auc_pr_micro, ap_macro ...), for the table of runs.

        Raises:
            InvalidSetting: If the classes are not the run's.
        """
        if predictions.classes != self.run.classes:
            raise InvalidSetting("predictions must be of the run's classes, in their order")
        about = {"split": predictions.split}
        if part == "validation":
            about["evaluated"] = predictions.evaluated
        change_about(self.run, **about)
        self.summarise(**{part: {key: layout.plain(value) for key, value in (figures or {}).items()}})
        # Last, for those of the test tracks say that a run is finished.
        predictions.save(self.run.folder / layout.PREDICTIONS / f"{part}.npz")
        if part == "test":  # no page is to be the first to read a finished run
            results(self.run)
            summary_table({self.run.name: self.run})

    def summarise(self, **changes: Any) -> None:
        """Change entries of the summary, `parameters` for instance."""
        write_json(self.run.folder / layout.SUMMARY, {**self.run.summary(), **changes})

    def inputs(self, inputs: Inputs) -> None:
        """Keep what the run is made of, in place of what was known of it when it was made."""
        write_json(self.run.folder / layout.INPUTS, INPUTS.dump_python(dict(inputs), mode="json"))

    def log(self, text: str) -> None:
        """Add a line to the log."""
        layout.append_text(self.run.folder / layout.LOG, text.rstrip("\n") + "\n")


def change_about(run: Run, **changes: Any) -> About:
    """Change what is said about a run; raises InvalidSetting where a value may not be."""
    path = run.folder / layout.ABOUT
    with locked(path):
        about = checked(About, {**run.about.model_dump(), **changes})
        write_json(path, about.model_dump(mode="json"))
    return about
