"""Sweeps: a grid over fields of a run's configuration becomes a group of runs with one table."""

from __future__ import annotations

import difflib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel

from taglab.errors import InvalidSetting, TaglabError
from taglab.labels import LabelSpace
from taglab.metrics import mean_columns
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run, delete_run, open_run, runs_table, split_warning_of
from taglab.settings import checked, flattened, numbers
from taglab.training import RunConfig, new_run, settings_over
from taglab.training.label_spaces import LabelGrid, label_cells, save_spaces

Config = TypeVar("Config", bound=BaseModel)

MOST_RUNS = 500
_MADE_BY = ("vectors", "min_count", "k", "method")


def sweepable(config: BaseModel) -> dict[str, Any]:
    """Return the fields a sweep can vary, by dotted name, with the values they have in `config`.

    A field that holds settings of its own is entered; `network.mels.n_mels` is one field.
    """
    return flattened(config)


def grid(base: Config, fields: Mapping[str, Sequence[Any]]) -> list[Config]:
    """Return a configuration for every combination of values.

    Args:
        base: What all have in common.
        fields: Dotted name of a field, as `train.learning_rate`, → its values. The last field varies
            fastest. Values may be texts, read as the field's type.

    Raises:
        InvalidSetting: If a field is unknown or has no value, a value does not fit, or there would be more
            than 500 runs.
    """
    known = sweepable(base)
    for name, values in fields.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InvalidSetting(f"field={name!r} is none a sweep can vary{hint}")
        if not values:
            raise InvalidSetting(f"{name} has no value to try")
    number = math.prod(len(values) for values in fields.values())
    if number > MOST_RUNS:
        raise InvalidSetting(f"the grid has {number:,} runs; at most {MOST_RUNS} are made at once")
    cells = itertools.product(*fields.values())
    return [_with(base, dict(zip(fields, cell, strict=True))) for cell in cells]


def _with(base: Config, changes: Mapping[str, Any]) -> Config:
    nested: dict[str, Any] = {}
    for name, value in changes.items():
        *path, last = name.split(".")
        inner = nested
        for step in path:
            inner = inner.setdefault(step, {})
        inner[last] = value
    return checked(type(base), settings_over(base.model_dump(), nested))


def parse_values(text: str) -> tuple[Any, ...]:
    """Read `1e-3, 1e-4`, `0:4`, `true,false`, `none,5` or `spectrogram,waveform` as the values of a field.

    What `taglab.settings.numbers` reads as whole numbers is read by it.

    Raises:
        InvalidSetting: If there is none.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    values = tuple(value for part in parts for value in _values(part))
    if not values:
        raise InvalidSetting(f"values={text!r} must be one or more, separated by commas, as 1e-3,1e-4")
    return tuple(dict.fromkeys(values))


def _values(text: str) -> tuple[Any, ...]:
    return numbers(text) if ":" in text and set(text) <= set("0123456789: ") else (_value(text),)


def _value(text: str) -> Any:
    if text.casefold() in ("none", "true", "false"):
        return {"none": None, "true": True, "false": False}[text.casefold()]
    try:
        number = json.loads(text)
    except json.JSONDecodeError:
        return text
    return number if isinstance(number, int | float) else text


@dataclass(frozen=True, eq=False)
class Cells:
    """What a sweep would train.

    Attributes:
        configs: One a run.
        left_out: `vectors`, `min_count`, `k`, `reason`: clusterings that make no label space.
    """

    configs: tuple[RunConfig, ...]
    left_out: pd.DataFrame

    __repr__ = one_line

    @property
    def notes(self) -> list[str]:
        """What was left out, a few words each."""
        return [
            f"{row.vectors}, count ≥ {row.min_count}, k = {row.k}: {row.reason}"
            for row in self.left_out.itertuples(index=False)
        ]


def sweep_cells(
    base: RunConfig,
    fields: Mapping[str, Sequence[Any]],
    labels: LabelGrid | None = None,
    progress: Progress = silent,
) -> Cells:
    """Return the configurations of a sweep; the label spaces of its clusterings are made and saved.

    Source: Ros Perez 2021, sections 7.3 (model 3.2) and 7.4 (model 3.3).

    Args:
        base: What all have in common.
        fields: Dotted name of a field → its values, as for `grid`.
        labels: Clusterings to make label spaces of; None keeps that of `base`.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If a field or value does not fit, or no clustering makes a label space.
        NotFound: If there is no such data set, or no such vectors.
    """
    if labels is None:
        return Cells(tuple(grid(base, fields)), pd.DataFrame(columns=["vectors", "min_count", "k", "reason"]))
    grid(base, fields)  # a wrong field is told before anything is made
    made = label_cells(base.data, labels, progress)
    names = save_spaces(made.spaces)
    return Cells(tuple(grid(base, {"labels": names, **fields})), made.left_out)


def make_runs(
    configs: Sequence[RunConfig], group: str, note: str = "", progress: Progress = silent
) -> list[Run]:
    """Make a run of each configuration, all in one group; none is left if one cannot be made.

    Raises:
        InvalidSetting: If the group has no name, a run could not be trained as asked, or two configurations
            are the same.
    """
    if not group.strip():
        raise InvalidSetting("group is empty; say what to call the sweep")
    texts = [config.model_dump_json() for config in configs]
    if len(set(texts)) < len(texts):
        raise InvalidSetting("two runs of the sweep would be the same; are values given twice?")
    made: list[Run] = []
    try:
        for at, config in enumerate(configs):
            share = between(progress, at / len(configs), (at + 1) / len(configs), f"run {at + 1}")
            made.append(new_run(config, group=group.strip(), note=note, progress=share))
    except (TaglabError, KeyboardInterrupt):
        for run in made:
            delete_run(run.name)
        raise
    return made


def sweep_table(group: str) -> pd.DataFrame:
    """Return the runs of a group, a row each, with what they do not have in common.

    Returns:
        `run`, a column for each field that differs (of label spaces made by clustering `vectors`,
        `min_count`, `k`, `method` in place of their names), `classes`, `epochs`, and the means of
        `taglab.metrics.mean_columns`, of the best epoch on validation; NaN before the first epoch is over.
        No rows if the group has none.
    """
    every = runs_table()
    names = [str(name) for name in every.loc[every["group"] == group, "run"]]
    runs = [open_run(name) for name in names]
    fields = varied([_described(run) for run in runs])
    rows, means = [], mean_columns()
    described: list[dict[str, Any]] = fields.to_dict("records")  # type: ignore[assignment]
    for run, own in zip(runs, described, strict=True):
        summary = run.summary()
        best = summary["best"]
        figures = {name: best.get(name) for name in means}
        rows.append(
            {"run": run.name, **own, "classes": len(run.classes), "epochs": summary["epochs"], **figures}
        )
    columns = ["run", *fields.columns, "classes", "epochs", *means]
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(means, "float64"))
    return table.sort_values([*fields.columns, "run"], key=_sortable, ignore_index=True)


def sweep_warning(table: pd.DataFrame) -> str | None:
    """Return why the figures in a table of `sweep_table` may not be comparable; None where they are."""
    return split_warning_of(open_run(str(name)) for name in table.loc[table["epochs"] > 0, "run"])


def _sortable(column: pd.Series) -> pd.Series:
    return column if pd.api.types.is_numeric_dtype(column) else column.astype(str)


def varied(configs: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the fields in which configurations differ, a row a configuration, in their order."""
    names = list(dict.fromkeys(name for config in configs for name in config))
    texts = {name: {json.dumps(config.get(name), default=str) for config in configs} for name in names}
    kept = [name for name in names if len(texts[name]) > 1]
    return pd.DataFrame(
        [{name: _cell(config.get(name)) for name in kept} for config in configs], columns=kept
    )


def _cell(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _described(run: Run) -> dict[str, Any]:
    flat = flattened(run.config)
    space = run.label_space()
    made_by = _made_by(space)
    if made_by:
        flat.pop("labels", None)
    return {**flat, **made_by}


def _made_by(space: LabelSpace | None) -> dict[str, Any]:
    if space is None or space.made_by.get("from") != "clusters":
        return {}
    return {name: space.made_by.get(name) for name in _MADE_BY}


def groups() -> list[str]:
    """Return the names of the groups there are, the latest first."""
    table = runs_table()
    named = table[table["group"].fillna("") != ""].sort_values("created", ascending=False)
    return list(dict.fromkeys(map(str, named["group"])))
