"""Results without a training: figures by label, confusion counts, or scores and truth from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pydantic

from taglab.archives import read_arrays
from taglab.cache import write_json
from taglab.errors import NO_SUCH_FILE, DataError, InvalidSetting
from taglab.metrics import MATERIALS, figures_of, figures_of_counts, mean_columns
from taglab.metrics.scored import scored
from taglab.metrics.thresholds import Confusion, auc_pr_interpolated
from taglab.outcomes import UNKNOWN, Predictions, open_predictions, read_scores
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.runs import layout
from taglab.runs.imported_tables import read_table
from taglab.runs.library import put_run
from taglab.runs.naming import name_of_text
from taglab.runs.run import About, Part, Run, macro_means, per_label_of, summary_of

# Figures of published files have six decimals.
_SAME = 1e-4


class ResultsSettings(pydantic.BaseModel):
    """How results of another program are read.

    Attributes:
        title: What people read; the file's name where empty.
        note: Free text.
        group: Name of the experiment they belong to.
        auc_pr: What a table's AUC-PR is: "interpolated" over 200 thresholds as by Keras, or "exact" average
            precision as by scikit-learn; "auto": exact where its column is named so, else interpolated,
            which is then said in the note.
        label_column: Of a table: name of the column of labels, where its name would not tell.
        auc_pr_column: Of a table: name of the column of AUC-PR.
        auc_roc_column: Of a table: name of the column of AUC-ROC.
        count_column: Of a table: name of the column of positives.
        summary_rows: Of a table: whether rows called mean, average, median, std, total, overall, all,
            accuracy, macro, micro or weighted (avg, average) are labels; else they are left out, and said.
        part: Of scores: the tracks they are of, "test" or "validation".
        logits: Of scores: whether they still need the sigmoid.
        classes: Of scores: names of the classes, where the file does not tell.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")
    title: str = ""
    note: str = ""
    group: str = ""
    auc_pr: Literal["auto", "interpolated", "exact"] = "auto"
    label_column: str = ""
    auc_pr_column: str = ""
    auc_roc_column: str = ""
    count_column: str = ""
    summary_rows: bool = False
    part: Part = "test"
    logits: bool = False
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Results:
    """What was read, before it is a run.

    Attributes:
        kind: "folder", "table" or "scores".
        classes: Their names, in order.
        per_label: Figures by epoch and label, as of `Run.per_label_by_epoch`.
        micro: Metrics of all labels together at the last epoch, by their names in a history.
        counts: Confusion counts, where known.
        predictions: Scores and truth, where known.
        notes: What was assumed or found, a sentence each.
    """

    kind: str
    classes: tuple[str, ...]
    per_label: pd.DataFrame
    micro: dict[str, float]
    counts: Confusion | None = None
    predictions: Predictions | None = None
    notes: tuple[str, ...] = ()

    __repr__ = one_line


def import_results(
    path: Path,
    name: str | None = None,
    settings: ResultsSettings | None = None,
    progress: Progress = silent,
) -> Run:
    """Make a run of results that were computed elsewhere.

    Args:
        path: A folder with classes.json and per_label_by_epoch.csv, confusion.npz or both; a CSV of labels,
            AUC-PR, and where known AUC-ROC and counts; or an .npz of scores and truth, see `read_scores`.
        name: What to call the run, which must be free; None: as the file, with a number where taken.
        settings: How it is read; the defaults where None.
        progress: Told how far it is.

    Raises:
        DataError: If it is none of these, or damaged.
        Conflict: If the name given is taken.
    """
    settings = settings or ResultsSettings()
    found = read_results(path, settings, progress)

    def fill(folder: Path) -> None:
        _write(folder, path, found, settings)

    wanted = name_of_text(path.name if path.is_dir() else path.stem) if name is None else name
    return put_run(wanted, fill, exact=name is not None)


def read_results(path: Path, settings: ResultsSettings, progress: Progress = silent) -> Results:
    """Read results, keeping nothing; arguments and errors as of `import_results`."""
    if path.is_dir():
        return _read_folder(path)
    if not path.is_file():
        raise DataError(path, NO_SUCH_FILE)
    return _READERS.get(path.suffix.lower(), _read_table)(path, settings, progress)


def import_means(
    name: str, means: Mapping[str, float], title: str = "", note: str = "", part: Part = "test"
) -> Run:
    """Make a run of means alone: printed tables often have no more.

    Args:
        name: What to call the run, which must be free.
        means: Column of a mean (`taglab.metrics.mean_columns`, of any kind of outcome) → its value.
        title: What people read; the name where empty.
        note: Free text, such as where it was printed.
        part: The tracks they are of.

    Raises:
        InvalidSetting: If there is none, a column is unknown, or a value is not one its metric can have.
        Conflict: If the name is taken.
    """
    known = {column: mean for kind in MATERIALS for column, mean in mean_columns(kind).items()}
    strange = [column for column in means if column not in known]
    if strange or not means:
        raise InvalidSetting(f"means={list(means)} must be some of: {', '.join(known)}")
    for column, value in means.items():
        if np.isnan(value) or len(known[column].metric.out_of_range(np.array([value]))):
            low, high = known[column].metric.range
            raise InvalidSetting(f"{column}={value:g} must lie in [{low:g}, {high:g}]; in percent?")

    def fill(folder: Path) -> None:
        about = About(kind="imported", title=title or name, note=note)
        write_json(folder / layout.ABOUT, about.model_dump(mode="json"))
        write_json(folder / layout.CONFIG, {"source": "means"})
        write_json(folder / layout.SUMMARY, {part: {column: float(value) for column, value in means.items()}})

    return put_run(name, fill, exact=True)


def _read_folder(path: Path) -> Results:
    """Read a folder laid out as those published with the thesis, or as any run."""
    table_path, counts_path = path / layout.PER_LABEL, path / layout.CONFUSION
    if not (table_path.exists() or counts_path.exists()):
        raise DataError(path, f"holds neither {layout.PER_LABEL} nor {layout.CONFUSION}")
    classes = layout.read_classes(path / layout.CLASSES)
    counts = layout.read_confusion(counts_path, len(classes)) if counts_path.exists() else None
    micro = {} if counts is None else figures_of_counts(counts)[1]
    if not table_path.exists():
        found = per_label_of(layout.read_confusion(counts_path), classes).assign(epoch=0)
        return Results("folder", classes, found, micro, counts)
    table = layout.read_per_label(table_path)
    _require_classes(table_path, table, classes)
    last = table[table["epoch"] == table["epoch"].max()].reset_index(drop=True)
    apart = pd.Series(0.0, last.index)
    if counts is not None:
        apart = (last["auc_pr"] - auc_pr_interpolated(counts)).abs()
    if not apart.max() >= _SAME:
        return Results("folder", classes, table, micro, counts)
    note = (
        "The confusion counts are not those of the last epoch's figures by label, which differ by up to "
        f"{apart.max():.4f} ({last.loc[apart.idxmax(), 'label']}) in AUC-PR; micro figures are therefore "
        "not told."
    )
    return Results("folder", classes, table, {}, counts, notes=(note,))


def _require_classes(path: Path, table: pd.DataFrame, classes: tuple[str, ...]) -> None:
    for epoch in sorted(set(table["epoch"])):
        if tuple(table.loc[table["epoch"] == epoch, "label"]) != classes:
            raise DataError(path, f"epoch {epoch} must have each class of classes.json once, in its order")


def _read_table(path: Path, settings: ResultsSettings, _: Progress = silent) -> Results:
    told = {
        "label": settings.label_column,
        "auc_pr": settings.auc_pr_column,
        "auc_roc": settings.auc_roc_column,
        "positives": settings.count_column,
    }
    table, notes = read_table(path, told, settings.summary_rows)
    if settings.auc_pr == "exact" and table["average_precision"].isna().all():
        table = table.assign(average_precision=table["auc_pr"], auc_pr=np.nan)
    elif settings.auc_pr == "auto" and table["auc_pr"].notna().any():
        notes = (*notes, "AUC-PR is taken as interpolated over 200 thresholds; the file does not say.")
    labels = tuple(table.loc[table["epoch"] == table["epoch"].min(), "label"])
    order = {label: at for at, label in enumerate(labels)}
    table = table.sort_values(
        ["epoch", "label"], key=lambda one: one.map(order) if one.name == "label" else one
    )
    return Results("table", labels, table, {}, notes=notes)


def _read_scores(path: Path, settings: ResultsSettings, progress: Progress = silent) -> Results:
    """Read scores and truth: taglab's own, or another program's."""
    if "format" in read_arrays(path):
        predictions = open_predictions(path)
    else:
        predictions = read_scores(path, settings.classes, logits=settings.logits)
    if not predictions.n_tracks or not predictions.n_classes:
        raise DataError(path, "holds no track or no class")
    material = scored(predictions.truth, predictions.scores, progress)
    by_class, means = figures_of(material)
    micro = {column: means[column] for column, mean in mean_columns().items() if mean.average == "micro"}
    table = per_label_of(material.counts, predictions.classes).assign(epoch=0, **by_class)
    return Results("scores", predictions.classes, table, micro, material.counts, predictions)


_READERS: dict[str, Callable[[Path, ResultsSettings, Progress], Results]] = {".npz": _read_scores}


def _write(folder: Path, path: Path, found: Results, settings: ResultsSettings) -> None:
    predictions, notes = found.predictions, (settings.note, *found.notes)
    about = About(
        kind="imported",
        title=settings.title or (path.name if path.is_dir() else path.stem),
        note=" ".join(note for note in notes if note),
        group=settings.group,
        split=predictions.split if predictions else UNKNOWN,
        evaluated=predictions.evaluated if predictions else UNKNOWN,
    )
    write_json(folder / layout.ABOUT, about.model_dump(mode="json"))
    write_json(folder / layout.CONFIG, {"source": found.kind, "file": path.name})
    write_json(folder / layout.CLASSES, list(found.classes))
    epochs = sorted(set(map(int, found.per_label["epoch"])))
    tables = {epoch: found.per_label[found.per_label["epoch"] == epoch] for epoch in epochs}
    layout.write_per_label(folder / layout.PER_LABEL, tables)
    if found.counts is not None:
        layout.write_confusion(folder / layout.CONFUSION, found.counts)
    history = macro_means(found.per_label)
    history.loc[history.index[-1], list(found.micro)] = list(found.micro.values())
    summary: dict[str, Any] = summary_of(history, len(found.classes))
    if predictions is not None:
        predictions.save(folder / layout.PREDICTIONS / f"{settings.part}.npz")
        summary[settings.part] = summary["last"]
    elif epochs != [0]:
        layout.write_lines(folder / layout.HISTORY, layout.rows_of(history))
    write_json(folder / layout.SUMMARY, summary)
