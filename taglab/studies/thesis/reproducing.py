"""A recipe carried out: its runs made or found again, trained, and set beside what was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from taglab.errors import InvalidSetting, NotFound
from taglab.labels import LabelSpace
from taglab.metrics import mean_columns
from taglab.nets import fitting
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run, open_published, open_run, runs_table
from taglab.runs.tables import summary_table
from taglab.studies.collapsing.stages import STAGES
from taglab.studies.thesis.differences import keep_differences
from taglab.studies.thesis.evidence import mark, stands_for
from taglab.studies.thesis.recipes import Difference, Model, Plan
from taglab.training import (
    PRESETS,
    RunConfig,
    as_of_today,
    differing,
    is_finished,
    merged,
    new_run,
    run_config,
    settings_over,
    train,
)
from taglab.training.label_spaces import save_spaces
from taglab.training.sweeps import sweepable

__all__ = ["Reproduction", "make", "reproduce", "reproduction_table", "run_differences"]

_THESIS, _README, _HERE = "thesis", "readme", "here"
_OUR_FIGURES = (
    "of the best epoch by validation, of the last, of each metric's best epoch, of held-out test tracks"
)
_THEIR_FIGURES = {
    "best": "of each metric's best epoch by itself, on validation tracks",
    "test": "of held-out tracks",
}


@dataclass(frozen=True, eq=False)
class Reproduction:
    """What came of a recipe.

    Attributes:
        runs: By the name of their model.
        differs: In what this differs from the thesis.
        table: As `reproduction_table` gives it, published rows beside ours.
    """

    runs: Mapping[str, Run]
    differs: tuple[Difference, ...]
    table: pd.DataFrame

    __repr__ = one_line


def reproduce(
    planned: Plan,
    audio: str | None = None,
    preset: str | None = None,
    changes: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Reproduction:
    """Train a recipe's runs, one after the other, and set them beside what was published.

    What is trained already is taken as it is, and what was interrupted is gone on with.

    Args:
        planned: Of the recipe.
        audio: Name of the sound; that of the data set where None.
        preset: A name in `taglab.training.PRESETS` in place of the thesis's settings.
        changes: Settings of `RunConfig` over those of the recipe, nested.
        progress: Told after every step.

    Raises:
        InvalidSetting: If a setting is not what it may be, or several devices are asked for.
        NotFound: If there is no such preset, data or sound.
    """
    runs = make(planned, audio, preset, changes, between(progress, 0, 0.02))
    for at, (name, run) in enumerate(runs.items()):
        share = between(progress, 0.02 + 0.98 * at / len(runs), 0.02 + 0.98 * (at + 1) / len(runs), name)
        train(run.name, share)
    return report(planned, runs)


def make(
    planned: Plan,
    audio: str | None = None,
    preset: str | None = None,
    changes: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> dict[str, Run]:
    """Return the runs of a recipe, made where they are not there yet; arguments and errors as `reproduce`."""
    names = save_spaces([model.space for model in planned.models])
    group = f"{planned.recipe} {planned.settings.network} {planned.settings.data}"
    runs = {}
    for at, (model, labels) in enumerate(zip(planned.models, names, strict=True)):
        config = _config(planned, labels, audio, preset, merged(model.changes, changes or {}))
        share = between(progress, at / len(names), (at + 1) / len(names))
        run = _found(group, config, model.space) or _made(group, config, model, planned, share)
        mark(run, stands_for(planned, model))
        runs[model.name] = run
    differs = _differs(planned, runs)
    for run in runs.values():
        keep_differences(run, differs, f"{planned.recipe} {planned.settings.network}")
    return runs


def report(planned: Plan, runs: Mapping[str, Run]) -> Reproduction:
    """Return what is known of a recipe's runs, trained or not."""
    differs = _differs(planned, runs)
    unfinished = [name for name, run in runs.items() if not is_finished(run)]
    if unfinished:
        differs.append(Difference("not trained to the end", "; ".join(unfinished)))
    return Reproduction(dict(runs), tuple(differs), reproduction_table(planned, runs))


def _differs(planned: Plan, runs: Mapping[str, Run]) -> list[Difference]:
    """Return in what data, label spaces, settings and figures differ from the thesis's."""
    parts = dict.fromkeys(open_published(name).source["part"] for name in planned.published)
    theirs = "; ".join(_THEIR_FIGURES[part] for part in parts)
    return [
        *planned.differs,
        *run_differences(planned, runs),
        Difference("figures", _OUR_FIGURES, theirs),
    ]


def _config(
    planned: Plan, labels: str, audio: str | None, preset: str | None, changes: Mapping[str, Any] | None
) -> RunConfig:
    name = preset or f"thesis-{planned.settings.network}"
    if name not in PRESETS:
        raise NotFound(f"no preset named {name!r}; there are: {', '.join(PRESETS)}")
    recipe = {
        "data": planned.settings.data,
        "audio": audio or planned.settings.data,
        "labels": labels,
        "network": {"network": planned.settings.network},
        "train": {"epochs": planned.epochs, "early_stopping_patience": None},
    }
    asked = dict(changes or {})
    if "network" in asked:  # of the settings for several networks, those that this one has
        asked["network"] = fitting(asked["network"], planned.settings.network)
    config = run_config(settings_over(PRESETS[name], merged(recipe, asked)))
    if len(config.train.devices) > 1 or config.train.nodes > 1:
        raise InvalidSetting(
            "a recipe is trained on one device; make its runs only, and launch them on several"
        )
    return config


def _found(group: str, config: RunConfig, space: LabelSpace) -> Run | None:
    """Return a run of the group that was asked for just this, finished ones before others."""
    table = runs_table()
    alike = []
    for name in table.loc[table["group"] == group, "run"]:
        run = open_run(str(name))
        frozen = run.label_space()
        same = frozen is not None and frozen.fingerprint == space.fingerprint
        # Settings that came since have their defaults there.
        if same and run_config(as_of_today(run.config)) == config:
            alike.append(run)
    return min(alike, key=lambda run: not is_finished(run), default=None)


def _made(group: str, config: RunConfig, model: Model, planned: Plan, progress: Progress) -> Run:
    return new_run(config, group, f"{planned.recipe}: {model.name}", progress)


def run_differences(planned: Plan, runs: Mapping[str, Run]) -> list[Difference]:
    """Return in what the runs' settings differ from the thesis's."""
    found: dict[str, Difference] = {}
    for model in planned.models:
        config = run_config(as_of_today(runs[model.name].config))
        same = {"data": config.data, "audio": config.audio, "labels": config.labels}
        recipe = merged(model.changes, {"train": {"epochs": planned.epochs}})
        theirs = merged(PRESETS[f"thesis-{planned.settings.network}"], recipe)
        base = sweepable(run_config(merged(theirs, same)))
        for name, value in differing(config, run_config(merged(theirs, same))).items():
            found[name] = Difference(name, str(value), str(base.get(name, "")))
        if planned.recipe in STAGES:  # of which the source tells no epochs
            found["train.epochs"] = Difference("train.epochs", str(config.train.epochs))
    return list(found.values())


def reproduction_table(planned: Plan, runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return the figures of the runs, each below what was published of its model.

    Returns:
        Columns model, whose ("thesis", of stages "readme", or "here"), figures (which they are), epoch,
        classes, the means by metric, run. Published models that have no counterpart here stand last.
    """
    parts = []
    theirs = _README if planned.recipe in STAGES else _THESIS
    for model in planned.models:
        if model.published is not None:
            parts.append(_rows(model.name, theirs, model.published))
        parts.append(_rows(model.name, _HERE, runs[model.name].name))
    beside = {model.published for model in planned.models}
    parts += [_rows("", theirs, name) for name in planned.published if name not in beside]
    known = [part for part in parts if len(part)]
    return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=_columns())


def _rows(model: str, whose: str, name: str) -> pd.DataFrame:
    run = open_run(name)
    table = summary_table({name: run}).assign(model=model or run.title, whose=whose)
    return table[_columns()]


def _columns() -> list[str]:
    return ["model", "whose", "figures", "epoch", "classes", *mean_columns(), "run"]
