"""Runs of a design: what they learn from, the next of them, trained here or elsewhere, and scored."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

import pandas as pd
from pydantic import Field, model_validator

from taglab import launch
from taglab.launch import LAUNCHERS, LaunchSettings
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import DEMO, open_folksonomy, plays_of
from taglab.studies.design.kept import Design, open_design
from taglab.studies.design.training import (
    config_of,
    make_next,
    prepare,
    questions_of,
    score_runs,
    to_score,
    work,
)
from taglab.studies.transfer import FIFTH, AnyTask, Splits, usual_tasks
from taglab.training.source_config import SourceRun, SourceTraining
from taglab.verbs import shell_line
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import DataName, Kept
from taglab.verbs.sources import Configuring, Train
from taglab.verbs.transfer import TASKS_GROUP

_WHERE = Group("where, and with what, they are launched", prefix="launch-")


class Prepare(Configuring):
    """Say what the runs of a design learn from, and how they are trained: a --source for each of its sources,
    under the design's name of it. Strategy, sources and seed of a run are those of the design.

    Attributes:
        name: A design.
    """

    returns: ClassVar[str] = "{name, sources: [what it is], data, audio, network}"
    examples: ClassVar[str] = """
taglab design prepare small --source tag --source artist --source bpm=bpm,k=20 --preset tiny-sources
"""
    table: ClassVar[bool] = False

    name: Kept

    def answer(self, progress: Progress) -> Report:
        """Return what they learn from."""
        config = self.config()
        prepare(self.name, config)
        facts = {
            "name": self.name,
            "sources": [source.text() for source in config.sources],
            "data": config.data,
            "audio": config.audio,
            "network": config.network.network,
        }
        return Report(facts, notes=(f"`taglab design next {self.name}` tells the next run",))


class Next(Question):
    """Tell the next runs of a design, with the line that makes each; --make makes them, --launch trains them
    in the background, too.

    Attributes:
        name: A design that was prepared.
        runs: How many.
        make: Make them; `taglab launch` trains them.
        launch: Make them, and train them in the background.
        where: Where, and with what.
    """

    returns: ClassVar[str] = "{name, left, rows: [{number, strategy, sources, seed, run, command}]}"
    examples: ClassVar[str] = """
taglab design next small
taglab design next small --runs 12 --launch
taglab design next small --runs 100 --launch --launch-where slurm --launch-partition gpu
"""

    name: Kept
    runs: int = Field(1, ge=1, le=100_000)
    make: bool = False
    launch: bool = False
    where: Annotated[LaunchSettings | None, _WHERE] = None

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.where is not None and not self.launch:
            raise ValueError("where runs are launched means nothing without --launch")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return a row for each."""
        where = self.where or LaunchSettings()
        if self.launch:
            LAUNCHERS[where.where].require(where)
        design = open_design(self.name)
        if not (self.make or self.launch):
            numbers = design.waiting["number"].head(self.runs).tolist()
            rows = [_row(design, number, command=_line(design, number)) for number in numbers]
            return self._report(design, rows, "`--make` makes them, `--launch` trains them")
        made = make_next(self.name, self.runs, progress)
        for _, run in made if self.launch else ():
            launch.submit(run.name, where)
        rows = [_row(design, number, run=run.name) for number, run in made]
        further = "`taglab queue` tells how they go" if self.launch else "`taglab launch` trains them"
        return self._report(open_design(self.name), rows, further)

    def _report(self, design: Design, rows: list[dict[str, Any]], further: str) -> Report:
        facts = {"name": self.name, "left": len(design.waiting)}
        return Report(facts, pd.DataFrame(rows), notes=(further if rows else "all of its runs are made",))


def _row(design: Design, number: int, **more: str) -> dict[str, Any]:
    row = design.runs.iloc[number - 1]
    used = " ".join(source for source in design.settings.sources if row[source])
    return {
        "number": number,
        "strategy": str(row["strategy"]),
        "sources": used,
        "seed": int(row["seed"]),
        **more,
    }


def _line(design: Design, number: int) -> str:
    return " ".join(shell_line(question_of_run(config_of(design, number), design.name)))


def question_of_run(config: SourceRun, group: str) -> Train:
    """Return what asks for a run in a shell."""
    return Train(
        source=tuple(source.text() for source in config.sources), strategy=config.strategy, data=config.data,
        audio=config.audio, network=config.network, split=config.split,
        copies_together=config.copies_together, train=SourceTraining(**config.train.model_dump()),
        group=group, only_make=True,
    )  # fmt: skip


class Work(Question):
    """Train runs of a design here, one after the other: those that were begun and left, then the next. Any
    number of workers share a design; stop one whenever you like, and another goes on where it stood. With
    --workers as many are started as one job array of SLURM.

    Attributes:
        name: A design that was prepared.
        runs: At most so many (of each worker); all by default.
        workers: Start so many on SLURM, and none here.
        settings: Of each of those.
    """

    returns: ClassVar[str] = "{name, trained: [run], left}, or of workers {name, workers, job}"
    examples: ClassVar[str] = """
taglab design work small --runs 3
taglab design work small --workers 16 --launch-partition gpu --launch-time-minutes 600
"""
    table: ClassVar[bool] = False

    name: Kept
    runs: Annotated[int | None, Flag(metavar="N")] = Field(None, ge=1)
    workers: Annotated[int, Flag(metavar="N")] = Field(0, ge=0, le=10_000)
    settings: Annotated[LaunchSettings, Group("where, and with what, workers run", prefix="launch-")] = (
        LaunchSettings(where="slurm")
    )

    def answer(self, progress: Progress) -> Report:
        """Return what was trained, or the number of the array."""
        design = open_design(self.name)
        if self.workers:
            config_of(design, 1)  # a design that is not prepared is told of before anything is queued
            most = [] if self.runs is None else ["--runs", str(self.runs)]
            line = launch.own_command("design", "work", self.name, *most)
            job = launch.submit_array(f"design {self.name}", self.settings, [line] * self.workers)
            return Report({"name": self.name, "workers": self.workers, "job": job})
        trained = work(self.name, self.runs, progress)
        return Report({"name": self.name, "trained": trained, "left": len(open_design(self.name).waiting)})


class Score(Question):
    """Set the representations of finished runs to target tasks (Kim 2021, section 2.4), and keep the scores
    with the design. What is scored is not scored again; what is scored of other data, splits or settings is.

    Attributes:
        name: A design.
        data: Data set whose columns or plays the tasks ask about.
        tasks: What is asked.
        splits: On which tracks tasks are learned and judged.
    """

    returns: ClassVar[str] = "{name, data, tasks: [task], scored, left}"
    examples: ClassVar[str] = """
taglab design score small
taglab design score small --data mine --task classification --column genre --task regression --column year
"""
    table: ClassVar[bool] = False

    name: Kept
    data: DataName = DEMO
    tasks: Annotated[tuple[AnyTask, ...], TASKS_GROUP] = ()
    splits: Annotated[Splits, Group("the splits", groups={"split": Group(prefix="split-")})] = Splits(
        split=FIFTH
    )

    def answer(self, progress: Progress) -> Report:
        """Return how many runs have scores."""
        data, plays = open_folksonomy(self.data, between(progress, 0, 0.02)), plays_of(self.data)
        tasks: Any = self.tasks or usual_tasks(data, plays)
        design = score_runs(self.name, tasks, data, plays, self.splits, between(progress, 0.02, 1))
        facts = {
            "name": self.name,
            "data": self.data,
            "tasks": [task.title for task in tasks],
            "scored": int(design.scores["number"].nunique()),
            "left": len(to_score(design, questions_of(tasks, data, plays, self.splits))),
        }
        return Report(facts, notes=(f"`taglab design show {self.name}` tells what they say",))
