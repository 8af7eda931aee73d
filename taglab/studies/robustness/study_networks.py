"""The networks of an experiment of Kim 2021, chapter 4: taken where they are there, else trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from taglab.audio.library import resolve_stem
from taglab.audio.store import AudioStore
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import from_top_tags
from taglab.progress import Progress, between
from taglab.runs import Run, open_run, runs_table
from taglab.runs.inputs import LEARNED_FROM, Input, InputKind, changed_inputs
from taglab.studies.robustness.published import task_title
from taglab.studies.robustness.study_settings import ConsistencyStudy, TrainedTask
from taglab.training import new_run, run_config, train
from taglab.training.config import RunConfig, TrainConfig, as_of_today
from taglab.training.label_spaces import save_spaces
from taglab.training.running import inputs_of, require_parts
from taglab.training.spectra import new_spectrum_run, spectrum_inputs, train_spectra
from taglab.training.spectrum_config import KIND, SpectrumRun, spectrum_run
from taglab.training.spectrum_tasks import Autoencoder, SpectrumTask, VoiceSeparation

__all__ = ["about_training", "label_space_of", "trained_networks"]

_GROUP = "consistency"
_N_TAGS = 50
_PATIENCE = 15
_N_FFT, _HOP, _FRAMES = 1_024, 256, 128


def trained_networks(
    data: Folksonomy, audio: str, store: AudioStore, settings: ConsistencyStudy, progress: Progress
) -> list[tuple[Run, str]]:
    """Return networks and their tasks, trained where they are not.

    Args:
        data: The data set.
        audio: Name of its sound.
        store: That sound.
        settings: What is carried out.
        progress: Told how far it is; what is stopped goes on when asked again.

    Raises:
        InvalidSetting: If clips are too short for a network.
        NotFound: If labels, or the stem of the voice, are not there.
    """
    plans = [(task, seed) for task in settings.tasks for seed in range(settings.networks)]
    needed_s = (_FRAMES - 1) * _HOP / store.sample_rate_hz
    if plans and settings.clip_s < needed_s:
        raise InvalidSetting(
            f"clip_s={settings.clip_s:g} must be {needed_s:.3g} s or more: the network takes {_FRAMES} frames"
        )
    labels = {
        "auto-tagging": label_space_of(data, settings) if ("auto-tagging", 0) in plans else "",
        "instruments": settings.instruments,
    }
    trained: list[tuple[Run, str]] = []
    for at, (task, seed) in enumerate(plans):
        share = between(progress, at / len(plans), (at + 1) / len(plans), f"{task} {seed + 1}")
        asked = _Asked(data, audio, store, settings, task, labels.get(task, ""), settings.seed + seed)
        trained.append((_LEARNED[task](asked, share), task))
    return trained


@dataclass(frozen=True, eq=False)
class _Asked:
    """One network that is asked for; `labels` names the label space of a tagger."""

    data: Folksonomy
    audio: str
    store: AudioStore
    settings: ConsistencyStudy
    task: str
    labels: str
    seed: int

    @property
    def note(self) -> str:
        return f"{self.task} of the consistency study"

    @property
    def training(self) -> dict[str, Any]:
        return {
            "epochs": self.settings.epochs_of(self.task),
            "seed": self.seed,
            "batch_size": 24,
            "learning_rate": 1e-3,
            "window_s": self.settings.clip_s,
            "early_stopping_patience": _PATIENCE if self.settings.stop else None,
        }

    @property
    def network(self) -> dict[str, Any]:
        return {"width": self.settings.width, "n_fft": _N_FFT, "hop": _HOP}


def _tagger(asked: _Asked, progress: Progress) -> Run:
    config = run_config(
        {
            "data": asked.data.name,
            "audio": asked.audio,
            "labels": asked.labels,
            "network": {"network": "kim-4.1", **asked.network},
            "train": {**asked.training, "test_share": asked.settings.test_share},
        }
    )
    run = _tagger_there(config, asked.data, asked.store) or new_run(config, _GROUP, asked.note)
    return train(run.name, progress)


def _answering_with_spectra(task: Callable[[_Asked], SpectrumTask], asked: _Asked, progress: Progress) -> Run:
    config = spectrum_run(
        {
            "data": asked.data.name,
            "audio": asked.audio,
            "task": task(asked).model_dump(),
            "network": asked.network,
            "split": TrainConfig(test_share=asked.settings.test_share).split_settings(),
            "train": asked.training,
        }
    )
    stem = config.task.part_of_sound()
    store = resolve_stem(asked.audio, asked.data, stem) if stem else asked.store
    run = _spectra_there(config, asked.data, store) or new_spectrum_run(config, _GROUP, asked.note)
    return train_spectra(run.name, progress)


def label_space_of(data: Folksonomy, settings: ConsistencyStudy) -> str:
    """Return the name of the label space that auto-taggers learn, kept where it is the most used tags'."""
    if settings.labels:
        return settings.labels
    n_tags = min(_N_TAGS, data.n_tags)
    return save_spaces([from_top_tags(data, n_tags, f"{data.name}-top-{n_tags}")])[0]


_LEARNED: Mapping[TrainedTask, Callable[[_Asked, Progress], Run]] = {
    "auto-tagging": _tagger,
    "instruments": _tagger,
    "autoencoder": partial(_answering_with_spectra, lambda asked: Autoencoder()),
    "voice-separation": partial(
        _answering_with_spectra, lambda asked: VoiceSeparation(stem=asked.settings.stem)
    ),
}


def _tagger_there(config: RunConfig, data: Folksonomy, store: AudioStore) -> Run | None:
    now = inputs_of(config, require_parts(config), data, store)
    return _there(now, lambda values: "kind" not in values and run_config(as_of_today(values)) == config)


def _spectra_there(config: SpectrumRun, data: Folksonomy, store: AudioStore) -> Run | None:
    now = spectrum_inputs(config, data, store)
    return _there(now, lambda values: values.get("kind") == config.kind and spectrum_run(values) == config)


def _there(now: Mapping[InputKind, Input], same: Callable[[Mapping[str, Any]], bool]) -> Run | None:
    """Return a run of an earlier study that was asked for just this, and learns from the same."""
    table = runs_table()
    runs = [
        open_run(str(name)) for name in (table.loc[table["group"] == _GROUP, "run"] if len(table) else ())
    ]
    for run in sorted(runs, key=lambda run: not run.finished):
        if not set(changed_inputs(run.inputs, now)) & set(LEARNED_FROM) and same(run.config):
            return run
    return None


def about_training(run: Run, task: str) -> dict[str, object]:
    """Return `run`, `task`, `epochs`, the `best` of them, and what was reached on `test` tracks, as text."""
    summary = run.summary()
    figures = summary.get("test", {}) if run.config.get("kind") == KIND else {}
    reached = [f"{name} {value:.3f}" for name, value in figures.items() if isinstance(value, float)]
    return {
        "run": run.name,
        "task": task_title(task),
        "epochs": summary.get("epochs"),
        "best": summary.get("best_epoch"),
        "test": ", ".join(reached),
    }
