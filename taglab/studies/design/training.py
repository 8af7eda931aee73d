"""Runs of a design: what each is asked to do, made one after the other, trained, and scored on tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from taglab import launch
from taglab.batches import split_tracks
from taglab.cache import content_key
from taglab.errors import Conflict, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.launch import train_run
from taglab.progress import Progress, between, silent
from taglab.runs import Run, delete_run, open_run, run_names
from taglab.studies.design.kept import Design, add_scores, assign_runs, open_design, prepare_design
from taglab.studies.transfer import Splits, Task, ask, transferred
from taglab.training import encode
from taglab.training.divergence import Diverged
from taglab.training.source_config import SourceRun, source_run
from taglab.training.sources import new_source_run

__all__ = ["config_of", "make_next", "prepare", "questions_of", "score_runs", "to_score", "work"]


def prepare(name: str, config: SourceRun) -> Design:
    """Say what the runs of a design learn from and how they are trained.

    Args:
        name: Of the design.
        config: A run of all its sources; strategy and seed are those of each run.

    Raises:
        NotFound: If there is no such design.
        InvalidSetting: If a source of the design is none of the run's, or the other way round.
        Conflict: As `prepare_design`.
    """
    wanted, given = set(open_design(name).settings.sources), {source.name for source in config.sources}
    if wanted != given:
        missing, further = sorted(wanted - given), sorted(given - wanted)
        reason = f"{missing[0]!r} is not said" if missing else f"{further[0]!r} is none of it"
        raise InvalidSetting(
            f"sources must be those of design {name!r}, {', '.join(sorted(wanted))}: {reason}"
        )
    return prepare_design(name, config.model_dump(mode="json"))


def config_of(design: Design, number: int) -> SourceRun:
    """Return what a run of a design is asked to do.

    Args:
        design: Prepared, see `prepare`.
        number: Of the run, counted from 1.

    Raises:
        InvalidSetting: If the design is not prepared.
    """
    if design.training is None:
        raise InvalidSetting(
            f"nobody said yet what runs of design {design.name!r} learn from; `taglab design prepare "
            f"{design.name}` does"
        )
    base = dict(design.training)
    row = design.runs.iloc[number - 1]
    sources = [source for source in base["sources"] if row[source["name"]]]
    train = {**base["train"], "seed": int(row["seed"])}
    return source_run({**base, "sources": sources, "strategy": str(row["strategy"]).lower(), "train": train})


def make_next(name: str, most: int = 1, progress: Progress = silent) -> list[tuple[int, Run]]:
    """Make the next runs of a design, in its order; those that were deleted since are made anew.

    Args:
        name: Of the design.
        most: At most so many.
        progress: Told how far it is.

    Returns:
        Number and run of each, none where all are made.

    Raises:
        NotFound: If there is no such design, or something that a run needs.
        InvalidSetting: If the design is not prepared, or a run cannot be made so.
        Conflict: If somebody else made one of them meanwhile; those before it are made.
    """
    design = _without_deleted(name)
    numbers = [int(number) for number in design.waiting["number"].head(most)]
    runs = []
    for place, number in enumerate(numbers):
        share = between(progress, place / len(numbers), (place + 1) / len(numbers), f"run {number}")
        note = f"run {number} of design {name}"
        run = new_source_run(config_of(design, number), group=name, note=note, progress=share)
        assigned = False
        try:
            assign_runs(name, {number: run.name})
            assigned = True
        finally:
            if not assigned:  # whatever the reason: nobody would know the run as the design's
                delete_run(run.name)
        runs.append((number, run))
    return runs


def _without_deleted(name: str) -> Design:
    """Return a design after freeing the numbers of runs that are no longer there."""
    design, there = open_design(name), set(run_names())
    gone = design.runs[(design.runs["run"] != "") & ~design.runs["run"].isin(there)]
    return assign_runs(name, dict.fromkeys(gone["number"].tolist(), "")) if len(gone) else design


def work(name: str, most: int | None = None, progress: Progress = silent) -> list[str]:
    """Train runs of a design here, one after the other: those that were begun and left, then the next.

    Any number of workers share a design: what one trains the others pass over.

    Args:
        name: Of the design, prepared.
        most: At most so many runs; None goes on to its end.
        progress: Told how far it is.

    Returns:
        Names of the runs trained to their end.

    Raises:
        NotFound: As `make_next`.
        InvalidSetting: As `make_next`.
    """
    trained: list[str] = []
    passed: set[str] = set()
    while most is None or len(trained) < most:
        run = _left(name, passed) or _next_run(name)
        if run is None:
            break
        total = most or len(open_design(name).runs)
        share = between(progress, len(trained) / total, min(1.0, (len(trained) + 1) / total), run)
        try:
            train_run(run, share)
        except (Conflict, Diverged):  # somebody else trains it; or it ended, which is said in its state
            passed.add(run)
            continue
        trained.append(run)
    return trained


def _left(name: str, passed: set[str]) -> str | None:
    """Return a run that was begun, or only made, and that nobody trains or waits to train."""
    names = [run for run in _without_deleted(name).runs["run"] if run and run not in passed]
    states = launch.states(names)
    idle = [run for run in names if run in states and states[run].state in ("stopped", "lost")]
    return next(iter(idle), None)


def _next_run(name: str) -> str | None:
    """Return a run made now, the next one; None where all are made."""
    while True:
        try:
            runs = make_next(name)
        except Conflict:  # another worker was faster: take the one after it
            continue
        return runs[0][1].name if runs else None


def questions_of(
    tasks: Sequence[Task], data: Folksonomy, plays: Interactions | None, splits: Splits
) -> dict[str, str]:
    """Return what tells each task on these data and splits from others of its title, by title.

    Raises:
        InvalidSetting: If two tasks have one title, or one does not fit the data.
    """
    parts = [split_tracks(data, one).fingerprint for one in splits.settings]
    questions: dict[str, str] = {}
    for task in tasks:
        if task.title in questions:
            raise InvalidSetting(f"two tasks ask of {task.title!r}; scores are kept by that, so name it once")
        of_data = task.problem(data, plays).fingerprint
        questions[task.title] = content_key(task.model_dump(mode="json"), of_data, parts, splits.split.seed)
    return questions


def to_score(design: Design, questions: Mapping[str, str]) -> list[tuple[int, str]]:
    """Return number and name of finished runs that lack a score of one of the tasks.

    Args:
        design: A design.
        questions: As of `questions_of`. Scores of other data, splits or settings do not count, those that
            came from elsewhere do.
    """
    rows = design.scores
    counts = [
        question in ("", questions.get(task))
        for task, question in zip(rows["task"], rows["question"], strict=True)
    ]
    known = set(zip(rows["number"][counts].tolist(), rows["task"][counts].tolist(), strict=True))
    there = set(run_names())
    begun = design.runs[design.runs["run"].isin(there)]
    return [
        (int(number), str(run))
        for number, run in zip(begun["number"], begun["run"], strict=True)
        if open_run(run).finished and any((int(number), title) not in known for title in questions)
    ]


def score_runs(
    name: str,
    tasks: Sequence[Task],
    data: Folksonomy,
    plays: Interactions | None = None,
    splits: Splits | None = None,
    progress: Progress = silent,
) -> Design:
    """Set the representations of finished runs to tasks, and keep each score as soon as it is known.

    A representation is the mean over a track's windows, then their deviation, as in Kim 2021, section 2.4.4.

    Args:
        name: Of the design.
        tasks: Tasks of different titles; what was scored of other data, splits or settings is scored anew.
        data: Whose tracks they are.
        plays: Who played what of it, where a task asks that.
        splits: On which tracks tasks are learned and judged.
        progress: Told how far it is.

    Raises:
        NotFound: If there is no such design.
        InvalidSetting: If no run is finished, or as `questions_of`.
    """
    design, splits = open_design(name), splits or Splits()
    questions = questions_of(tasks, data, plays, splits)
    left = to_score(design, questions)
    if not left and design.scores.empty:
        raise InvalidSetting(
            f"no run of design {name!r} is finished yet; `taglab design work {name}` trains them"
        )
    for place, (number, run) in enumerate(left):
        share = between(progress, place / len(left), (place + 1) / len(left), f"run {number}")
        scores = _scores_of(run, tasks, data, plays, splits, share)
        design = add_scores(name, scores.assign(number=number), questions)
    return design


def _scores_of(
    run: str,
    tasks: Sequence[Task],
    data: Folksonomy,
    plays: Interactions | None,
    splits: Splits,
    progress: Progress,
) -> pd.DataFrame:
    features = encode(open_run(run), progress=between(progress, 0, 0.5), with_deviations=True)
    rows = []
    for place, task in enumerate(tasks):
        share = between(progress, 0.5 + 0.5 * place / len(tasks), 0.5 + 0.5 * (place + 1) / len(tasks))
        asked = ask(task, task.problem(data, plays), data, [features], splits)
        rows.append({"task": task.title, "score": float(np.mean(transferred(asked, features, share).scores))})
    return pd.DataFrame(rows)
