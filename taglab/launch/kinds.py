"""Kinds of runs: what trains each, and in what it counts how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from taglab.errors import DataError, InvalidSetting
from taglab.figures.training import Panel
from taglab.launch.settings import LaunchSettings
from taglab.metrics import deciding
from taglab.progress import Progress, silent
from taglab.runs import Run, layout, open_run
from taglab.runs.panels import panels

TAGGER = "tagger"
"""Kind of the runs whose configuration names none."""


@dataclass(frozen=True)
class RunKind:
    """A kind of run.

    Attributes:
        train: Trains a run to its end, or goes on where its last checkpoint stands.
        epochs: Of a configuration, how many rows its history will have at most.
        unit: What such a row is of.
        metric: Key in `METRICS` of what its runs are told by; empty where that is their validation loss.
        panels: Of a configuration, what is drawn of its history.
        alone_on_cpu: Whether one process trains it, and on the CPU.
    """

    train: Callable[[str, Progress], Run]
    epochs: Callable[[Mapping[str, Any]], int]
    unit: str
    metric: str
    panels: Callable[[Mapping[str, Any]], dict[str, Panel]]
    alone_on_cpu: bool = False


def _train_tagger(run: str, progress: Progress) -> Run:
    from taglab.training import train

    return train(run, progress)


def _epochs(config: Mapping[str, Any]) -> int:
    return int(config.get("train", {}).get("epochs", 0))


def _train_space(run: str, progress: Progress) -> Run:
    from taglab.joint_space.training import train_space

    return train_space(run, progress)


def _looks(config: Mapping[str, Any]) -> int:
    from taglab.joint_space.training import joint_space_run

    return joint_space_run(config).epochs


def _panels_of_space(config: Mapping[str, Any]) -> dict[str, Panel]:
    from taglab.joint_space.panels import panels

    return panels()


def _train_sources(run: str, progress: Progress) -> Run:
    from taglab.training.sources import train_sources

    return train_sources(run, progress)


def _panels_of_sources(config: Mapping[str, Any]) -> dict[str, Panel]:
    from taglab.runs.panels import panels_of_sources

    return panels_of_sources([str(source["name"]) for source in config.get("sources", ())])


def _train_spectra(run: str, progress: Progress) -> Run:
    from taglab.training.spectra import train_spectra

    return train_spectra(run, progress)


def _panels_of_spectra(config: Mapping[str, Any]) -> dict[str, Panel]:
    from taglab.runs.panels import panels_of_loss
    from taglab.training.spectrum_config import spectrum_run

    return panels_of_loss(spectrum_run(config).task.axis)


def _train_recommender(run: str, progress: Progress) -> Run:
    from taglab.recommend.training import train_recommender_run

    return train_recommender_run(run, progress)


def _epochs_of_recommender(config: Mapping[str, Any]) -> int:
    return int(config.get("recommender", {}).get("epochs", 0))


def _panels_of_recommender(config: Mapping[str, Any]) -> dict[str, Panel]:
    from taglab.recommend.training import panels

    return panels()


RUN_KINDS: dict[str, RunKind] = {
    TAGGER: RunKind(_train_tagger, _epochs, "epoch", deciding().name, lambda config: panels()),
    "joint-space": RunKind(
        _train_space, _looks, "look", "precision_at_3", _panels_of_space, alone_on_cpu=True
    ),
    "learning-sources": RunKind(_train_sources, _epochs, "epoch", "", _panels_of_sources),
    "spectra": RunKind(_train_spectra, _epochs, "epoch", "", _panels_of_spectra),
    "recommender": RunKind(
        _train_recommender, _epochs_of_recommender, "epoch", "", _panels_of_recommender, alone_on_cpu=True
    ),
}
"""Name in a run's configuration → its kind. Each is imported when it is needed."""


def kind_of(run: Run) -> RunKind:
    """Return the kind of a run.

    Raises:
        DataError: If it is of none, as those of a newer taglab.
    """
    name = run.config.get("kind", TAGGER)
    if name not in RUN_KINDS:
        kinds = ", ".join(RUN_KINDS)
        raise DataError(run.folder / layout.CONFIG, f"is of a run of kind {name!r}, none of {kinds}")
    return RUN_KINDS[name]


def fitted_launch(run: Run, settings: LaunchSettings) -> LaunchSettings:
    """Return how a run is launched; without GPUs where one process trains it, on the CPU.

    Raises:
        InvalidSetting: If such a run is asked for on a GPU, on several machines or in several processes.
        DataError: As `kind_of`.
    """
    if not kind_of(run).alone_on_cpu:
        return settings
    wanted = settings.model_copy(update={} if "gpus" in settings.model_fields_set else {"gpus": 0})
    for name, most in (("gpus", 0), ("nodes", 1), ("tasks_per_node", 1)):
        value = getattr(wanted, name)
        if value is not None and value > most:
            kind = run.config["kind"]
            raise InvalidSetting(
                f"{name}={value} must be {most}: a run of kind {kind} is trained by one process, on the CPU"
            )
    return wanted


def train_run(name: str, progress: Progress = silent) -> Run:
    """Train a run of any kind to its end, or go on where its last checkpoint stands.

    Args:
        name: Of the run.
        progress: Told how far it is.

    Raises:
        NotFound: If there is no such run.
        TaglabError: What its kind's training raises.
    """
    return kind_of(open_run(name)).train(name, progress)
