"""Runs: what was trained here, imported or published; shown, described, brought in and handed out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from taglab.compare.inputs import inputs_table
from taglab.launch import follow_log, state
from taglab.metrics import mean_columns
from taglab.progress import Progress
from taglab.runs import (
    ResultsSettings,
    Run,
    delete_run,
    export_run,
    filter_runs,
    import_results,
    import_run,
    layout,
    open_run,
    published_names,
    run_names,
    runs_table,
    set_note,
    set_tags,
    set_title,
)
from taglab.runs.published import PublishedRun
from taglab.settings import Flag, Group
from taglab.verbs.question import Question
from taglab.verbs.report import Report, records
from taglab.verbs.shelves import OneFile

_LISTED = ("run", "kind", "group", "tags", "classes", "epochs")
_ADDED = "{name, title, kind, classes, note, rows: [{label, ...}]}"
RunName = Annotated[str, Flag(metavar="RUN", word=True)]
ItsName = Annotated[str | None, Flag(metavar="NAME")]


class List(Question):
    """List runs, newest first, with their figures at the best epoch by validation: ap is exact average
    precision, auc_pr is interpolated over 200 thresholds. --json and --out tell more.

    Attributes:
        words: Only runs that tell of all of these words.
        published: The published ones, too.
        kind: Only these.
        group: Only of this group.
        tag: Only with this tag; several: with all.
    """

    returns: ClassVar[str] = (
        "[{run, kind, title, group, tags, note, created, classes, parameters, epochs, best_epoch, METRIC, "
        "METRIC_last, test_METRIC, split, evaluated, problem}], METRIC being the mean of a metric, as "
        "ap_macro, ap_micro"
    )
    examples: ClassVar[str] = (
        "taglab runs list --tag good --kind trained\ntaglab runs list --published spectrogram"
    )

    words: Annotated[tuple[str, ...], Flag(metavar="WORD", word=True)] = ()
    published: bool = False
    kind: Annotated[tuple[Literal["trained", "imported", "published"], ...], Flag(several=True)] = ()
    group: Annotated[tuple[str, ...], Flag(metavar="GROUP", several=True)] = ()
    tag: Annotated[tuple[str, ...], Flag(metavar="TAG", several=True)] = ()

    def answer(self, progress: Progress) -> Report:
        """Return a row for each."""
        published = self.published or "published" in self.kind
        table = runs_table([*run_names(), *(published_names() if published else ())])
        table = filter_runs(table, " ".join(self.words), self.kind, self.group, self.tag)
        metrics = [name for name in mean_columns() if table[name].notna().any()]
        problems = tuple(problem for problem in table["problem"] if problem)
        return Report(table=table, shown=[*_LISTED, *metrics], notes=problems)


class Show(Question):
    """Show a run: configuration, what it was made of and whether that has changed since, summary, and the
    figures of every label at one epoch.

    Attributes:
        name: Name of a run.
        epoch: Its number, best, or last.
    """

    returns: ClassVar[str] = (
        "{name, title, kind, note, notes: [sentence], tags, group, created, split, evaluated, classes, "
        "epochs, best_epoch, parameters, config, best, last, validation, test, inputs: [{input, name, "
        "fingerprint, now}], rows: [{label, METRIC, positives}]}; of a published one also groups: [{table, "
        "group, auc_pr}], decisions: [{table, label, threshold, tp, tn, fp, fn}], and counts in rows"
    )
    examples: ClassVar[str] = "taglab runs show mine --epoch best --out labels.csv"

    name: RunName
    epoch: Annotated[int | Literal["best", "last"], Flag(metavar="N")] = "last"

    def answer(self, progress: Progress) -> Report:
        """Return what it was asked to do, and a row for every label."""
        run = open_run(self.name)
        about, summary = run.about, run.summary()
        facts = {
            "name": run.name,
            "title": run.title,
            "kind": about.kind,
            "note": about.note,
            "notes": list(run.notes),
            "tags": list(about.tags),
            "group": about.group,
            "created": about.created,
            "split": about.split,
            "evaluated": about.evaluated,
            **{key: summary[key] for key in ("classes", "epochs", "best_epoch", "parameters")},
            "config": run.config,
            "inputs": records(inputs_table(run, progress=progress)),
            **{key: summary[key] for key in ("best", "last", "validation", "test")},
        }
        if isinstance(run, PublishedRun):
            facts |= {"groups": records(run.groups()), "decisions": records(run.decisions())}
        return Report(facts, run.per_label(self.epoch))


class _Describing(Question):
    """Something that people say of a run.

    Attributes:
        name: Name of a run.
    """

    returns: ClassVar[str] = "{name, title, note, tags, group}"
    table: ClassVar[bool] = False

    name: RunName

    def describe(self) -> None:
        """Keep what is said."""
        raise NotImplementedError

    def answer(self, progress: Progress) -> Report:
        """Return what is said of the run now."""
        self.describe()
        run = open_run(self.name)
        about = run.about
        facts = {"name": run.name, "title": run.title, "note": about.note, "tags": list(about.tags)}
        return Report({**facts, "group": about.group})


class Note(_Describing):
    """Replace a run's note.

    Attributes:
        text: The note.
    """

    examples: ClassVar[str] = "taglab runs note mine 'with the longer window'"

    text: Annotated[str, Flag(metavar="TEXT", word=True)]

    def describe(self) -> None:
        """Keep the note."""
        set_note(self.name, self.text)


class Title(_Describing):
    """Replace the title that people read in place of a run's name.

    Attributes:
        text: The title.
    """

    examples: ClassVar[str] = "taglab runs title mine 'Clusters, k = 100'"

    text: Annotated[str, Flag(metavar="TEXT", word=True)]

    def describe(self) -> None:
        """Keep the title."""
        set_title(self.name, self.text)


class Tag(_Describing):
    """Replace a run's tags; without any it has none.

    Attributes:
        tags: Its tags from now on.
    """

    examples: ClassVar[str] = "taglab runs tag mine good baseline"

    tags: Annotated[tuple[str, ...], Flag(metavar="TAG", word=True)] = ()

    def describe(self) -> None:
        """Keep the tags."""
        set_tags(self.name, self.tags)


def _added(run: Run) -> Report:
    facts = {
        "name": run.name,
        "title": run.title,
        "kind": run.kind,
        "classes": len(run.classes),
        "note": run.about.note,
    }
    return Report(facts, run.per_label(), notes=(f"kept as run {run.name}",))


class Add(Question):
    """Make a run of results that were computed elsewhere: a CSV of labels, AUC-PR, and where known AUC-ROC
    and counts; an .npz of scores and truth; or a folder laid out as a run, with classes.json,
    per_label_by_epoch.csv and confusion.npz.

    Attributes:
        path: A CSV, an .npz or a folder.
        name: What to call it (default: as the file).
        settings: How it is read.
    """

    returns: ClassVar[str] = _ADDED
    examples: ClassVar[str] = """
taglab runs add theirs.csv --name theirs --auc-pr exact
taglab runs add scores.npz --classes rock,jazz,folk
taglab runs add thesis-results/model-1-tags-spectrogram
"""

    path: Annotated[Path, Flag(metavar="PATH", word=True)]
    name: ItsName = None
    settings: Annotated[ResultsSettings, Group("how it is read")] = ResultsSettings()

    def answer(self, progress: Progress) -> Report:
        """Return what was read."""
        return _added(import_results(self.path, self.name, self.settings, progress))


class Import(Question):
    """Read a run from a zip that `taglab runs export` wrote. Nothing in it is trusted: paths that lead
    outside, links, pickles and files that are of no run are refused.

    Attributes:
        path: The zip.
        name: What to call it (default: as in the zip).
    """

    returns: ClassVar[str] = _ADDED
    examples: ClassVar[str] = "taglab runs import mine.zip --name theirs"

    path: Annotated[Path, Flag(metavar="FILE", word=True)]
    name: ItsName = None

    def answer(self, progress: Progress) -> Report:
        """Return what was read."""
        return _added(import_run(self.path, self.name, progress))


class Export(Question):
    """Write a run to a zip that `taglab runs import` reads elsewhere.

    Attributes:
        name: Name of a run.
        out: The zip (default: RUN.zip in this folder).
        checkpoints: Take the network's weights along.
    """

    returns: ClassVar[str] = "{name, path, bytes}"
    examples: ClassVar[str] = "taglab runs export mine --out mine.zip --no-checkpoints"
    table: ClassVar[bool] = False

    name: RunName
    out: OneFile = None
    checkpoints: bool = True

    def answer(self, progress: Progress) -> Report:
        """Return where it was written."""
        path = self.out or Path(f"{self.name}.zip")
        export_run(self.name, path, self.checkpoints, progress)
        return Report({"name": self.name, "path": str(path), "bytes": path.stat().st_size})


class Delete(Question):
    """Move a run to the folder `trash` of the cache; moved back to `runs`, it is a run again.

    Attributes:
        name: Name of a run.
    """

    returns: ClassVar[str] = "{deleted, moved_to}"
    examples: ClassVar[str] = "taglab runs delete RUN"
    table: ClassVar[bool] = False

    name: RunName

    def answer(self, progress: Progress) -> Report:
        """Return where it lies now."""
        return Report({"deleted": self.name, "moved_to": str(delete_run(self.name))})


class Log(Question):
    """Show the last lines of what a run wrote.

    Attributes:
        name: Name of a run.
        lines: How many lines.
        follow: Go on until the run has ended.
    """

    returns: ClassVar[str] = "each line as a text, one after the other"
    examples: ClassVar[str] = "taglab log my-run\ntaglab log my-run --follow"
    table: ClassVar[bool] = False

    name: RunName
    lines: Annotated[int, Flag(metavar="N", short="n")] = Field(40, ge=1)
    follow: Annotated[bool, Flag(short="f")] = False

    def answer(self, progress: Progress) -> Report:
        """Return its lines, which come while it goes on where it is followed."""
        run = open_run(self.name)
        return Report(
            lines=follow_log(
                run.folder / layout.LOG, lambda: self.follow and state(run.name).active, self.lines
            )
        )
