"""Sweeps: a grid over settings as a group of runs, and its table."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

import pandas as pd
from pydantic import field_validator, model_validator

from taglab import launch
from taglab.errors import Conflict, NotFound
from taglab.launch import LAUNCHERS, LaunchSettings
from taglab.progress import Progress, between
from taglab.runs import runs_table
from taglab.settings import Flag, Group
from taglab.training.label_spaces import LabelGrid
from taglab.training.sweeps import groups, make_runs, parse_values, sweep_cells, sweep_table, sweep_warning
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.training import Configuring

_FUTURE = "to be made"
_CLUSTERINGS = Group(
    "label spaces made by clustering, one for each combination",
    flags={
        "ks": Flag("-k"),
        "min_counts": Flag("--min-count"),
        "method": Flag("--cluster-method"),
        "seed": Flag("--cluster-seed"),
    },
)


class Make(Configuring):
    """Make a run for every combination. With -k, --min-count or --vectors each combination of those has a
    label space of its own, made by clustering as in the thesis's models 3.2 and 3.3; otherwise all have that
    of --labels.

    Attributes:
        name: What to call the sweep.
        clusterings: What label spaces are made.
        vary: A setting and its values, as train.learning_rate=1e-3,1e-4; may be given several times.
        note: A note of your own, for every run.
        launch: Train them in the background.
        where: Where, and with what.
    """

    returns: ClassVar[str] = "{group, left_out: [text], rows: [{run, labels, ...}]}"
    examples: ClassVar[str] = """
taglab sweep make --name model-3.2 --data mine --vectors w2v,wiki,twitter --min-count 101,501 -k 500
taglab sweep make --name widths --labels genres --vary network.width=0.25,0.5,1 --vary train.seed=0,1,2
taglab sweep make --name folds --labels genres --stratified --folds 5 --vary train.fold=0,1,2,3,4 --launch
taglab sweep make --name far --labels genres --vary train.seed=0:9 --launch --launch-where slurm
"""

    name: Annotated[str, Flag(metavar="NAME")]
    clusterings: Annotated[LabelGrid | None, _CLUSTERINGS] = None
    vary: Annotated[tuple[str, ...], Flag(metavar="FIELD=VALUES", several=True)] = ()
    note: str = ""
    launch: bool = False
    where: Annotated[
        LaunchSettings | None, Group("where, and with what, they are launched", prefix="launch-")
    ] = None

    @field_validator("vary")
    @classmethod
    def _fields_with_values(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        names = []
        for text in texts:
            name, equals, values = text.partition("=")
            if not equals or name in names:
                raise ValueError(f"{text!r} must be FIELD=VALUES, each field once")
            parse_values(values)
            names.append(name)
        return texts

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.clusterings is None and not self.vary:
            raise ValueError("say what is varied: -k, --min-count, --vectors or --vary")
        if self.clusterings is not None and self.labels is not None:
            raise ValueError(
                "--labels names one label space, -k, --min-count and --vectors make others; take one"
            )
        if self.clusterings is None and self.labels is None:
            raise ValueError("--labels must name the label space to be learned")
        if self.where is not None and not self.launch:
            raise ValueError("where runs are launched means nothing without --launch")
        return self

    def fields(self) -> dict[str, tuple[Any, ...]]:
        """Return the values of what is varied, by dotted name."""
        parted = (text.partition("=") for text in self.vary)
        return {name: parse_values(values) for name, _, values in parted}

    def make(self, progress: Progress) -> tuple[list[str], list[str]]:
        """Make the runs and launch none; return their names, and what was left out, a few words each.

        Raises:
            Conflict: If there is a sweep of this name.
            InvalidSetting: If a field is none of a run, or a run could not be trained.
        """
        if self.name in groups():
            raise Conflict(f"there is a sweep {self.name!r} already; choose another name")
        base = self.config(_FUTURE if self.clusterings is not None else "")
        cells = sweep_cells(base, self.fields(), self.clusterings, between(progress, 0.0, 0.7))
        runs = make_runs(cells.configs, self.name, self.note, between(progress, 0.7, 1.0))
        return [run.name for run in runs], cells.notes

    def answer(self, progress: Progress) -> Report:
        """Return the runs, with what they do not have in common."""
        where = self.where or LaunchSettings()
        if self.launch:
            LAUNCHERS[where.where].require(where)
        names, left_out = self.make(progress)
        for run in names if self.launch else ():
            launch.submit(run, where)
        further = "`taglab queue` tells how they go"
        if not self.launch:
            further = f"`taglab launch {' '.join(names)}` trains them"
        table = sweep_table(self.name).dropna(axis="columns", how="all")
        notes = [f"left out: {note}" for note in left_out]
        return Report({"group": self.name, "left_out": left_out}, table, notes=(*notes, further))


class Show(Question):
    """Show the runs of a sweep: what they do not have in common, and the figures of each run's best epoch on
    the validation tracks.

    Attributes:
        name: A sweep.
    """

    returns: ClassVar[str] = (
        "[{run, state, ..., classes, epochs, and the means of every metric, as ap_macro, ap_micro}]"
    )
    examples: ClassVar[str] = "taglab sweep show model-3.3 --out model-3.3.csv"

    name: Annotated[str, Flag(metavar="NAME", word=True)]

    def answer(self, progress: Progress) -> Report:
        """Return a row for every run."""
        if self.name not in groups():
            raise NotFound(f"no sweep named {self.name!r}; there are: {', '.join(groups()) or 'none yet'}")
        table = sweep_table(self.name)
        warning = sweep_warning(table)
        doing = launch.states(table["run"])
        table.insert(1, "state", [doing[run].state if run in doing else "" for run in table["run"]])
        return Report(table=table, notes=(warning,) if warning else ())


class List(Question):
    """List the sweeps there are, the latest first."""

    returns: ClassVar[str] = "[{group, runs}]"
    examples: ClassVar[str] = "taglab sweep list"

    def answer(self, progress: Progress) -> Report:
        """Return a row for each."""
        counts = runs_table()["group"].value_counts()
        rows = [{"group": group, "runs": int(counts[group])} for group in groups()]
        return Report(table=pd.DataFrame(rows, columns=["group", "runs"]))
