"""The study carried out: networks of a design trained and set to tasks; it goes on where it was left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from taglab.audio.library import resolve_audio
from taglab.encoders.encoding import encode_tracks, encoder_of
from taglab.errors import Conflict, InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run, open_run, run_names
from taglab.studies.design import DesignSettings
from taglab.studies.design.kept import Design, extend_design, make_design, open_design
from taglab.studies.design.training import make_next, prepare, score_runs, work
from taglab.studies.transfer import Splits, Task, ask, transferred
from taglab.training.source_config import SourceRun
from taglab.vectors import Vectors

BASELINES = {"MFCC": "mfcc-statistics", "random network": "random"}
"""What representations are held against → its encoder. Kim 2021, section 2.4.2, has another, a layer of a
published tagger: features of another program, or of `musicnn`, see `Target.baselines`."""


@dataclass(frozen=True, eq=False)
class Target:
    """On what representations are judged.

    Attributes:
        data: Whose tracks tasks are about.
        plays: Who played what of it, where a task asks that.
        tasks: The tasks.
        splits: On which tracks they are learned and judged.
        baselines: Features that representations are held against beside `BASELINES`, each called as it is
            named: a published tagger's layer, for one, which is *Choi* in Kim 2021, section 2.4.2.

    Raises:
        InvalidSetting: If such features are of none of the tracks, or are called as another baseline.
    """

    data: Folksonomy
    plays: Interactions | None
    tasks: Sequence[Task]
    splits: Splits
    baselines: Sequence[Vectors] = ()

    __repr__ = one_line

    def __post_init__(self) -> None:
        tracks = self.data.tracks["track"].astype(str)
        for features in self.baselines:
            if features.kind != "tracks" or not any(track in features for track in tracks):
                raise InvalidSetting(
                    f"baseline features {features.name!r} are of none of the tracks of {self.data.name}; "
                    "take features of these tracks"
                )
        names = [*BASELINES, *(features.name for features in self.baselines)]
        if len(set(names)) < len(names):
            raise InvalidSetting(f"two baselines have one name, of {', '.join(names)}; name each once")


@dataclass(frozen=True, eq=False)
class StudyOfSources:
    """What came of the study, as far as it is.

    Attributes:
        design: The runs, and their scores.
        config: What a run of all sources is asked to do.
        target: On what they are judged.
        baselines: `task`, `baseline`, `score`: what others reach at the tasks.
        absent: `source`, `reason`: sources of the thesis that the data cannot give.
        trained: Names of runs trained by this call.
    """

    design: Design
    config: SourceRun
    target: Target
    baselines: pd.DataFrame
    absent: pd.DataFrame
    trained: Sequence[str] = field(default=())

    __repr__ = one_line

    @property
    def finished(self) -> dict[int, Run]:
        """The design's runs that are trained to their end, by number."""
        there, runs = set(run_names()), self.design.runs
        named = [
            (int(number), str(run)) for number, run in zip(runs["number"], runs["run"], strict=True) if run
        ]
        opened = {number: open_run(run) for number, run in named if run in there}
        return {number: run for number, run in opened.items() if run.finished}


def planned(name: str, settings: DesignSettings, config: SourceRun, progress: Progress = silent) -> Design:
    """Return the design of a name, made now or gone on with.

    Args:
        name: Of the design.
        settings: What it varies; of one that is there only further runs of some of the sources may be asked.
        config: What its runs are asked to do.
        progress: Told how far it is.

    Raises:
        Conflict: If a design of this name varies something else, or its runs were asked something else.
    """
    try:
        design = open_design(name)
    except NotFound:
        make_design(name, settings, progress)
        return prepare(name, config)
    if settings.fractional > design.settings.fractional:
        design = extend_design(name, settings.fractional, progress)
    same = {"fractional": settings.fractional}
    if design.settings.model_copy(update=same) != settings:
        raise Conflict(
            f"design {name!r} varies other sources, strategies or repeats than are asked for; give the study "
            "another name, or ask for what `taglab design show` tells"
        )
    return prepare(name, config)


def carry_out(
    design: Design,
    config: SourceRun,
    target: Target,
    absent: pd.DataFrame,
    most: int | None = None,
    only_make: bool = False,
    progress: Progress = silent,
) -> StudyOfSources:
    """Train the runs of a design that are left, and set all finished ones to the tasks.

    What is trained and scored stays; stopped at any time, it goes on where it stood.

    Args:
        design: As of `planned`.
        config: What its runs are asked to do.
        target: On what they are judged.
        absent: See `StudyOfSources`.
        most: Train at most so many runs; None goes on to the end.
        only_make: Make the runs in place of training them.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If a run or a task does not fit the data.
    """
    if only_make:
        runs = make_next(design.name, len(design.runs) if most is None else most, between(progress, 0, 0.8))
        trained = [run.name for _, run in runs]
    else:
        trained = work(design.name, most, between(progress, 0, 0.8))
    study = StudyOfSources(open_design(design.name), config, target, _no_baselines(), absent, trained)
    if not study.finished:
        return study
    scored = score_runs(
        design.name, target.tasks, target.data, target.plays, target.splits, between(progress, 0.8, 0.95)
    )
    baselines = _baselines(config, target, next(iter(study.finished.values())), between(progress, 0.95, 1))
    return StudyOfSources(scored, config, target, baselines, absent, trained)


def _no_baselines() -> pd.DataFrame:
    return pd.DataFrame(columns=["task", "baseline", "score"])


def _baselines(config: SourceRun, target: Target, run: Run, progress: Progress) -> pd.DataFrame:
    """Return what MFCC statistics, the same network untrained, and further features reach at every task."""
    store = resolve_audio(config.audio, target.data, between(progress, 0, 0.2))
    parts: list[dict[str, str | float]] = []
    for place, (title, name) in enumerate(BASELINES.items()):
        values = {"run": run.name, "over_windows": "mean-deviation"} if name == "random" else {}
        share = between(progress, 0.2 + 0.4 * place, 0.4 + 0.4 * place)
        features = encode_tracks(encoder_of(name, values), store, name=title, progress=share)
        parts += _rows(title, features, target)
    for features in target.baselines:
        parts += _rows(features.name, features, target)
    return pd.DataFrame(parts)


def _rows(title: str, features: Vectors, target: Target) -> list[dict[str, str | float]]:
    return [
        {"task": task.title, "baseline": title, "score": _score(task, target, features)}
        for task in target.tasks
    ]


def _score(task: Task, target: Target, features: Vectors) -> float:
    asked = ask(task, task.problem(target.data, target.plays), target.data, [features], target.splits)
    return float(np.mean(transferred(asked, features).scores))
