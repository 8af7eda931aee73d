"""What features are worth: every one of some set to every task.

`python -m taglab.verbs.transfer` answers a question that it is given as JSON, beside the dashboard; what it
computes is kept.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import pandas as pd
from pydantic import Field

from taglab.beside import run_beside
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import DEMO, open_folksonomy, plays_of
from taglab.studies.transfer import (
    FIFTH,
    AnyTask,
    Asked,
    Splits,
    Transfer,
    answer_table,
    ask,
    score_table,
    split_table,
    transfer,
    usual_tasks,
)
from taglab.vectors import Vectors, open_features
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import DataName

Rows = Literal["scores", "splits", "tracks"]

_TABLES: dict[str, Callable[[Transfer], pd.DataFrame]] = {
    "scores": score_table,
    "splits": split_table,
    "tracks": answer_table,
}
TASKS_GROUP = Group(
    "tasks",
    "Each --task begins a task; the flags up to the next --task are for that one. Without any, columns of "
    "usual names (genre, tempo, year …) are asked about, and plays where there are some.",
    flags={"task": Flag("--task", metavar="TASK"), "factors": Flag("--factors")},
)


class TransferQuestion(Question):
    """Tell what each of some features knows: how well tasks they were not made for are learned from them, on
    the tracks that all of them have, over several splits (Kim 2021, chapter 2). MFCC statistics, a random
    network and musicnn are what others are held against. What was computed before is not computed again.

    Attributes:
        features: Features of tracks, as `taglab features` keeps them, commas between.
        baseline_features: Further features that the others are held against, such as a published tagger's
            layers that another program computed.
        data: Data set whose columns or plays the tasks ask about.
        tasks: What is asked.
        splits: On which tracks tasks are learned and judged.
        rows: A row for each score, for each split of each, or for each track held out in each.
    """

    returns: ClassVar[str] = (
        "{data, rows: [{task, asks, measure, features, encoder, baseline, mean, low, high, deviation, "
        "splits, learned_from, held_out}]}; with --rows splits: [{task, asks, measure, features, split, "
        "score}]; with --rows tracks: [{task, asks, features, split, track, truth, answer, merit}]"
    )
    examples: ClassVar[str] = """
taglab transfer --features mfcc,random --task classification --column family
taglab transfer --features mfcc,net --task classification --column style --task regression --column year
taglab transfer --features mert --baseline-features choi --data mine --split-published --rows tracks --json
"""

    features: Annotated[tuple[str, ...], Flag(metavar="NAME,…")] = Field(min_length=1)
    baseline_features: Annotated[tuple[str, ...], Flag(metavar="NAME,…")] = ()
    data: DataName = DEMO
    tasks: Annotated[tuple[AnyTask, ...], TASKS_GROUP] = ()
    splits: Annotated[Splits, Group("the splits", groups={"split": Group(prefix="split-")})] = Splits(
        split=FIFTH
    )
    rows: Rows = "scores"

    def answer(self, progress: Progress) -> Report:
        """Return the scores."""
        data = open_folksonomy(self.data, between(progress, 0, 0.02))
        kept = [open_features(name) for name in dict.fromkeys((*self.features, *self.baseline_features))]
        asked = self.asked_of(data, kept)
        result = transfer(asked, kept, between(progress, 0.02, 1), self.baseline_features)
        return Report(
            {"data": self.data}, _TABLES[self.rows](result), notes=tuple(_notes(asked, self.splits))
        )

    def asked_of(self, data: Folksonomy, kept: Sequence[Vectors]) -> list[Asked]:
        """Return the tasks on the tracks of a data set that all features have."""
        plays = plays_of(self.data)
        tasks: Sequence[Any] = self.tasks or usual_tasks(data, plays)
        return [ask(task, task.problem(data, plays), data, kept, self.splits) for task in tasks]


def _notes(asked: Sequence[Asked], splits: Splits) -> Iterator[str]:
    for one in asked:
        if one.without:
            known = len(one.problem.tracks)
            yield f"{one.task.title}: {one.without:,} of {known:,} tracks are left out, for want of features"
        if not one.is_redrawn and splits.splits > 1:
            yield (
                f"{one.task.title}: splits have the same tracks, so that intervals tell of the seed of what "
                "learns alone"
            )


def make(given: str, progress: Progress) -> None:
    """Compute what a question asks."""
    TransferQuestion.model_validate_json(given).answer(progress)


if __name__ == "__main__":
    sys.exit(run_beside(make))
