"""Designs under names: their runs in order, which of them were made, and what they scored.

One file a design. The order is kept with it, for a design that was begun goes on as it began whatever a later
taglab would have chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
import pydantic

from taglab.cache import DESIGNS, Shelf, locked, read_json, replacing
from taglab.errors import Conflict, DataError, InvalidSetting
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.settings import first_fault
from taglab.studies.design.plan import DesignSettings, plan_runs

__all__ = [
    "Design",
    "add_scores",
    "assign_runs",
    "delete_design",
    "design_names",
    "extend_design",
    "make_design",
    "open_design",
    "prepare_design",
]

_SHELF = Shelf(DESIGNS, ".json")
SCORE_COLUMNS = ("number", "task", "score")


@dataclass(frozen=True, eq=False)
class Design:
    """A design as far as it has come.

    Attributes:
        name: Under which it is kept.
        settings: What it varies.
        runs: As of `plan_runs`, with `number`, counted from 1, and `run`, the name of the run that was made
            of it; empty where none was.
        scores: `number` of the run, `task`, `score`: what finished runs are worth on target tasks; and
            `question`, what tells of which data, splits and settings that is, empty of scores from elsewhere.
        training: What its runs are asked to do, but for strategy and sources, with all sources; None where
            nobody said yet.
    """

    name: str
    settings: DesignSettings
    runs: pd.DataFrame
    scores: pd.DataFrame
    training: Mapping[str, Any] | None = None

    __repr__ = one_line

    @property
    def waiting(self) -> pd.DataFrame:
        """The runs that nobody has made yet, the next first."""
        return self.runs[self.runs["run"] == ""]

    def scored_runs(self) -> pd.DataFrame:
        """Return scores as `taglab.studies.design.analysis` takes them, a row a run and task."""
        columns = ["number", "strategy", *self.settings.sources, "n"]
        table = self.scores.merge(self.runs[columns], on="number").rename(columns={"number": "run"})
        return table[["run", "strategy", *self.settings.sources, "n", "task", "score"]]


class _Run(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    strategy: str
    sources: tuple[str, ...]
    phase: int
    seed: int
    run: str = ""


class _Score(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    number: int = pydantic.Field(ge=1)
    task: str
    score: float = pydantic.Field(allow_inf_nan=False)
    question: str = ""


class _File(pydantic.BaseModel):
    """What the file of a design holds."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    settings: DesignSettings
    runs: tuple[_Run, ...]
    scores: tuple[_Score, ...] = ()
    training: dict[str, Any] | None = None

    @pydantic.model_validator(mode="after")
    def _one_design(self) -> _File:
        known = set(self.settings.sources)
        if any(not set(run.sources) <= known for run in self.runs):
            raise ValueError("a run learns from a source that is none of the design")
        if any(score.number > len(self.runs) for score in self.scores):
            raise ValueError("a score is of a run that is not there")
        return self


def design_names() -> list[str]:
    """Return the names of the designs there are, sorted."""
    return _SHELF.names()


def delete_design(name: str) -> None:
    """Remove a design for good; its runs stay. Raises NotFound."""
    _SHELF.delete(name)


def make_design(name: str, settings: DesignSettings, progress: Progress = silent) -> Design:
    """Plan a design and keep it.

    Args:
        name: What to call it.
        settings: What it varies.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If the name cannot be a file's, or the design has no run.
        Conflict: If there is one of this name.
        StorageError: If it cannot be written.
    """
    path = _SHELF.path(name)
    if settings.planned == 0:
        raise InvalidSetting(
            "a design without runs tells nothing; give single_repeats, all_repeats or fractional"
        )
    runs = plan_runs(settings, progress)
    design = Design(name, settings, _numbered(runs), _no_scores())
    with locked(path):
        if path.exists():
            raise Conflict(f"there is a design named {name!r} already; take another name or remove it")
        _write(design)
    return design


def _numbered(runs: pd.DataFrame) -> pd.DataFrame:
    table = runs.assign(run="")
    table.insert(0, "number", np.arange(1, len(table) + 1))
    return table


def _no_scores() -> pd.DataFrame:
    types = {"number": "int64", "task": "str", "score": "float64", "question": "str"}
    return pd.DataFrame(columns=list(types)).astype(types)


def open_design(name: str) -> Design:
    """Return a design.

    Raises:
        NotFound: If there is none of this name.
        DataError: If its file is damaged.
    """
    path = _SHELF.find(name)
    try:
        file = _File.model_validate(read_json(path))
    except pydantic.ValidationError as error:
        raise DataError(
            path, f"holds no design or is damaged ({first_fault(error, 'the design')})"
        ) from error
    rows = [
        {
            "strategy": run.strategy,
            **{source: source in run.sources for source in file.settings.sources},
            "n": len(run.sources),
            "phase": run.phase,
            "seed": run.seed,
        }
        for run in file.runs
    ]
    runs = _numbered(pd.DataFrame(rows)).assign(run=[run.run for run in file.runs])
    types = _no_scores().dtypes.to_dict()
    scores = pd.DataFrame([score.model_dump() for score in file.scores], columns=list(types))
    return Design(name, file.settings, runs, scores.astype(types), file.training)


def _write(design: Design) -> None:
    sources = design.settings.sources
    runs = [
        _Run(strategy=strategy, sources=tuple(np.array(sources)[used]), phase=phase, seed=seed, run=run)
        for strategy, used, phase, seed, run in zip(
            design.runs["strategy"],
            design.runs[list(sources)].to_numpy(bool),
            design.runs["phase"],
            design.runs["seed"],
            design.runs["run"],
            strict=True,
        )
    ]
    scores = [
        _Score(number=row.number, task=row.task, score=row.score, question=row.question)
        for row in design.scores.itertuples(index=False)
    ]
    training = None if design.training is None else dict(design.training)
    file = _File(settings=design.settings, runs=tuple(runs), scores=tuple(scores), training=training)
    with replacing(_SHELF.path(design.name)) as temporary:
        temporary.write_text(file.model_dump_json(indent=1), encoding="utf-8")


def _changed(name: str, change: Callable[[Design], Design]) -> Design:
    """Open a design, change it and write it, with nobody in between."""
    with locked(_SHELF.find(name)):
        design = change(open_design(name))
        _write(design)
    return design


def extend_design(name: str, fractional: int, progress: Progress = silent) -> Design:
    """Let a design go on beyond its end; what was planned stays.

    Args:
        name: Of the design.
        fractional: Runs of some of the sources that it then has, at least as many as before.
        progress: Told how far it is.

    Raises:
        NotFound: If there is none of this name.
        InvalidSetting: If it has more already.
        Conflict: If this taglab would have begun it otherwise.
    """

    def extended(design: Design) -> Design:
        if fractional < design.settings.fractional:
            raise InvalidSetting(
                f"fractional={fractional} must be {design.settings.fractional} or more, as many as there are"
            )
        settings = design.settings.model_copy(update={"fractional": fractional})
        runs = _numbered(plan_runs(settings, progress))
        runs.loc[: len(design.runs) - 1, "run"] = design.runs["run"]
        if not runs.head(len(design.runs)).equals(design.runs):
            raise Conflict(f"design {name!r} was begun in an order of another taglab; make a new one")
        return replace(design, settings=settings, runs=runs)

    return _changed(name, extended)


def prepare_design(name: str, training: Mapping[str, Any]) -> Design:
    """Say what the runs of a design are asked to do.

    Args:
        name: Of the design.
        training: JSON values, see `Design.training`.

    Raises:
        NotFound: If there is no such design.
        Conflict: If runs were made of it already, which others would not be comparable with.
    """

    def prepared(design: Design) -> Design:
        if design.training not in (None, training) and (design.runs["run"] != "").any():
            raise Conflict(
                f"runs of design {name!r} were made already, and others would not compare with them; make "
                "another design"
            )
        return replace(design, training=training)

    return _changed(name, prepared)


def assign_runs(name: str, runs: dict[int, str]) -> Design:
    """Note which runs were made of which of a design's.

    Args:
        name: Of the design.
        runs: Number → name of the run; an empty name frees the number.

    Raises:
        NotFound: If there is no such design.
        InvalidSetting: If a number is none of the design.
        Conflict: If a run was made of one of them already.
    """

    def assigned(design: Design) -> Design:
        table = design.runs.set_index("number")
        unknown = [number for number in runs if number not in table.index]
        if unknown:
            raise InvalidSetting(f"number={unknown[0]} must lie in 1 to {len(table)}, the design's runs")
        taken = [number for number, run in runs.items() if run and table.loc[number, "run"] not in ("", run)]
        if taken:
            raise Conflict(
                f"run {taken[0]} of design {name!r} was made by somebody else meanwhile; ask again"
            )
        table.loc[list(runs), "run"] = list(runs.values())
        return replace(design, runs=table.reset_index())

    return _changed(name, assigned)


def add_scores(
    name: str, scores: pd.DataFrame, questions: Mapping[str, str] = MappingProxyType({})
) -> Design:
    """Keep scores of a design's runs; of a run and task that has one, the new one counts.

    Scores of one task on other data, splits or settings than the new ones go, of all runs: two kinds would be
    standardised as one. Those that came from elsewhere stay.

    Args:
        name: Of the design.
        scores: `number` (of the run in the design), `task`, `score`, finite.
        questions: Task → what tells of which data, splits and settings its scores are; see `Design.scores`.

    Raises:
        NotFound: If there is no such design.
        InvalidSetting: If a column is missing, a number is none of the design, a score is no finite number,
            or a run and task have two.
    """

    def scored(design: Design) -> Design:
        added = _checked_scores(scores, len(design.runs))
        added["question"] = [questions.get(task, "") for task in added["task"]]
        table = pd.concat([_of_questions(design.scores, questions), added], ignore_index=True)
        table = table.drop_duplicates(["number", "task"], keep="last").sort_values(["number", "task"])
        return replace(design, scores=table.reset_index(drop=True))

    return _changed(name, scored)


def _of_questions(scores: pd.DataFrame, questions: Mapping[str, str]) -> pd.DataFrame:
    """Return the scores that may stand beside new ones of these questions."""
    asked = scores["task"].map(questions)
    return scores[asked.isna() | (scores["question"] == "") | (scores["question"] == asked)]


def _checked_scores(scores: pd.DataFrame, n_runs: int) -> pd.DataFrame:
    missing = [column for column in SCORE_COLUMNS if column not in scores.columns]
    if missing:
        raise InvalidSetting(f"scores have no column {missing[0]!r}; they need {', '.join(SCORE_COLUMNS)}")
    number = pd.to_numeric(scores["number"], errors="coerce")
    score = pd.to_numeric(scores["score"], errors="coerce")
    wrong = ~(number.between(1, n_runs) & (number % 1 == 0))
    if wrong.any():
        value = str(scores.loc[wrong, "number"].iloc[0])
        raise InvalidSetting(f"number={value!r} must be one of 1 to {n_runs}, the design's runs")
    wrong = ~np.isfinite(score.to_numpy(np.float64))
    if wrong.any():
        value = str(scores.loc[wrong, "score"].iloc[0])
        raise InvalidSetting(f"score={value!r} must be a finite number; leave out what is not scored yet")
    table = pd.DataFrame(
        {
            "number": number.astype("int64"),
            "task": scores["task"].astype("str"),
            "score": score.astype("float64"),
        }
    )
    if table["task"].str.strip().eq("").any():
        raise InvalidSetting("a score names no task")
    twice = table.duplicated(["number", "task"])
    if twice.any():
        row = table[twice].iloc[0]
        raise InvalidSetting(f"run {row['number']} has two scores of {row['task']}; give their mean")
    return table
