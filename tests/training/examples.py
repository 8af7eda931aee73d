"""A small world to train in: sixty tracks of one second whose tags can be heard."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from taglab.audio.decode import Decoded
from taglab.audio.store import Sound, StoreSettings, write_sounds
from taglab.batches import Batch, Material
from taglab.cache import AUDIO, FOLKSONOMIES, Shelf
from taglab.folksonomy import Folksonomy
from taglab.labels import LABELS, LabelClass, LabelSpace, save_label_space
from taglab.losses import Objective, bind
from taglab.nets import Network, build, fitting
from taglab.progress import Progress, silent
from taglab.training import (
    Fitted,
    RunConfig,
    TrainingStep,
    fit,
    make_fabric,
    material_of,
    run_config,
    tagging_task,
    training_step,
)
from taglab.training.semantic import loss_material

RATE_HZ = 16_000
N_TRACKS = 60
TAGS = ("low", "high", "noise", "loud")
SMALL = {
    "network": "spectrogram",
    "width": 1 / 8,
    "mels": {"n_mels": 16, "n_fft": 512, "hop": 256},
}


def tags_of(number: int) -> list[str]:
    """Return what is heard on a track: every combination comes up again and again."""
    return [tag for place, tag in enumerate(TAGS) if number % 15 + 1 >> place & 1]


def _sound(number: int, seed: int = 0, repeats: int = 1) -> Decoded:
    tags, rng = tags_of(number), np.random.default_rng(number + 1_000 * seed)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    samples = 0.01 * rng.standard_normal(RATE_HZ)
    samples += 0.2 * ("low" in tags) * np.sin(2 * np.pi * rng.uniform(180, 220) * time_s)
    samples += 0.2 * ("high" in tags) * np.sin(2 * np.pi * rng.uniform(2800, 3200) * time_s)
    samples += 0.2 * ("noise" in tags) * rng.standard_normal(RATE_HZ)
    samples *= 1.5 if "loud" in tags else 0.5
    return Decoded(np.tile(samples.clip(-1, 1).astype(np.float32), repeats), RATE_HZ, RATE_HZ)


def make_world(home: Path, repeats: int = 1) -> None:
    """Put data, audio and label spaces into the cache folder, which TAGLAB_HOME must name.

    Args:
        home: The folder.
        repeats: How often each track's second of sound comes.
    """
    pairs = [(row, TAGS.index(tag)) for row in range(N_TRACKS) for tag in tags_of(row)]
    rows, codes = np.array(pairs, dtype=np.int64).T
    table = pd.DataFrame({"track": [f"t{row}" for row in range(N_TRACKS)]})
    Folksonomy.from_codes("small", table, list(TAGS), rows, codes).save(Shelf(FOLKSONOMIES).path("small"))
    save_sound(repeats=repeats)
    save_label_space(space_of(*TAGS[:3]).renamed("sounds"))


def save_sound(seed: int = 0, more: int = 0, same: Mapping[int, int] | None = None, repeats: int = 1) -> None:
    """Put the tracks' sound into the cache folder; another seed gives other noise and pitches.

    Args:
        seed: Which sound.
        more: How many tracks beside those of the data.
        same: Tracks that have the very same sound as another, and which.
        repeats: How often each track's second of sound comes.
    """
    heard = {**dict(enumerate(range(N_TRACKS + more))), **(same or {})}
    sounds = [
        Sound(f"t{number}", f"{number}.wav", f"{seed}", partial(_sound, heard[number], seed, repeats))
        for number in range(N_TRACKS + more)
    ]
    with ThreadPoolExecutor(1) as threads:
        write_sounds(sounds, Shelf(AUDIO).path("small"), StoreSettings(min_duration_s=0.5), threads)


def space_of(*names: str) -> LabelSpace:
    return LabelSpace("sounds", tuple(LabelClass(name, (name,)) for name in names))


def config_of(network: dict[str, Any] | None = None, **train: Any) -> RunConfig:
    """Return a configuration that takes a second or so."""
    values = {
        "data": "small",
        "labels": "sounds",
        "audio": "small",
        "network": fitting({**SMALL, **(network or {})}),
        "train": {"epochs": 2, "batch_size": 8, "metric_interval_steps": 2, "accelerator": "cpu", **train},
    }
    return run_config(values)


class Recorded:
    """A recorder that keeps everything in memory."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.steps: list[dict[str, Any]] = []
        self.lines: list[str] = []

    def epoch(self, row: Any, per_label: Any, counts: Any) -> None:
        self.rows.append(dict(row))

    def step(self, row: Any) -> None:
        self.steps.append(dict(row))

    def log(self, text: str) -> None:
        self.lines.append(text)


def small_material(config: RunConfig, *classes: str) -> Material:
    return material_of(config, space_of(*(classes or TAGS[:3])))


def fresh(config: RunConfig, n_classes: int = 3) -> Network:
    torch.manual_seed(config.train.seed)
    return build(config.network, n_classes)


BCE = {LABELS: Objective(bind("bce"))}
"""What a tagger minimises as a rule."""


def batch_of(sound: torch.Tensor, targets: torch.Tensor) -> Batch:
    """Return a tagger's batch of sound (batch, samples) and targets (batch, classes)."""
    return Batch(sound, {LABELS: targets}, {LABELS: None}, np.arange(len(sound)))


def step_of(config: RunConfig, material: Material) -> TrainingStep:
    """Return the step of a tagger with fresh weights."""
    tasks = tagging_task(material, config.train)
    return training_step(fresh(config), config.train, make_fabric(config.train), tasks)


def half_on_cpu() -> Fabric:
    """Return a CPU's 16-mixed with its gradient scaler, which people get on a GPU only."""
    return Fabric(accelerator="cpu", devices=1, plugins=[MixedPrecision("16-mixed", "cpu")])


def fit_small(
    config: RunConfig,
    folder: Path,
    *,
    network: Network | None = None,
    material: Material | None = None,
    recorder: Recorded | None = None,
    fabric: Fabric | None = None,
    progress: Progress = silent,
) -> tuple[Fitted, Recorded]:
    """Train, and return how it ended and what was recorded."""
    recorder = recorder or Recorded()
    material = material or small_material(config)
    network = network or fresh(config, len(material.classes))
    fabric = fabric or make_fabric(config.train)
    needed = loss_material(config, space_of(*material.classes), material)
    fitted = fit(
        network,
        material,
        config.train,
        fabric,
        folder,
        recorder,
        tasks=tagging_task(material, config.train, needed.parts),
        progress=progress,
    )
    return fitted, recorder
