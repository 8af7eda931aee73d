"""Tracks as vectors: what a run's network knows of them before its head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch

from taglab.audio.library import resolve_audio
from taglab.audio.store import AudioStore
from taglab.batches import Material
from taglab.errors import InvalidSetting
from taglab.nets import NetworkSettings
from taglab.progress import Progress, between, silent
from taglab.runs import Run
from taglab.sources import open_folksonomy
from taglab.training.config import TrainConfig
from taglab.training.devices import failures_told, make_fabric
from taglab.training.divergence import Diverged
from taglab.training.evaluation import TrackMeans, window_outputs
from taglab.training.running import Weights, configuration, kept_step, material_of, on_one_device
from taglab.training.source_config import KIND, source_run
from taglab.training.sources import heads_of_run, kept_source_step, source_material
from taglab.training.step import TrainingStep
from taglab.training.tagging import sound_format_of, unlabelled
from taglab.vectors import Vectors

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Part = Literal["train", "validation", "test"]


def encode(
    run: Run,
    tracks: Sequence[str] | Part | Literal["all"] = "all",
    weights: Weights = "best",
    store: AudioStore | None = None,
    progress: Progress = silent,
    with_deviations: bool = False,
) -> Vectors:
    """Return tracks as the layer before a run's heads has them: the mean over a track's windows.

    Of a network of several sources that is the layer all share, or those of all its branches one after the
    other.

    Args:
        run: Trained at least one epoch; for "untrained" weights it needs only be made.
        tracks: Which: a part of the run's split, names, or every track of the sound.
        weights: Of the "best" epoch on the validation tracks, of the "last", or "untrained": those that
            training began with, which tells what the network's form alone is worth.
        store: The sound; that of the run where None.
        progress: Told after each batch.
        with_deviations: Whether the deviations over a track's windows follow the means (Kim 2021, section
            2.4.4), which makes twice as many numbers.

    Returns:
        Of kind tracks, compared by cosine. Tracks without sound, or too short for a window, are missing.

    Raises:
        DataError: If the checkpoint is missing, damaged, or of another network.
        Diverged: If a vector is not finite.
        InvalidSetting: If the run is of results only, or the sound has another rate.
        NotFound: If its data or sound are gone.
    """
    heard = _hearing_of(run)
    sound = sound_format_of(run, between(progress, 0, 0.1), heard.material)
    store = store or _own_sound(heard, between(progress, 0.1, 0.2))
    windows = sound.windows(store)
    names = _names(tracks, heard, store, between(progress, 0.2, 0.3))
    rows = store.rows(names)
    has_windows = np.isin(rows, windows.rows)
    missing = tuple(np.array(names, object)[~has_windows])
    material = unlabelled(windows, heard.classes, np.sort(rows[has_windows]))
    fabric, batch_size = make_fabric(heard.train), heard.train.batch_size
    with failures_told(fabric.device, batch_size, lambda: "encoding tracks"):
        step = heard.step(material, fabric, weights)
        n_columns = step.network.dim * (1 + with_deviations)
        means = TrackMeans(material.of("test"), n_columns, fabric.device)
        share = between(progress, 0.3, 1)
        outputs = window_outputs(step, material, "test", batch_size, step.encoding, share)
        for encodings, owners in outputs:
            both = torch.cat([encodings, encodings.double() ** 2], 1) if with_deviations else encodings
            means.add(both, owners)
    if not torch.isfinite(means.sums).all():
        raise Diverged(int(run.summary()["epochs"]), 0, "the encodings are")
    name = f"{run.name} untrained" if weights == "untrained" else run.name
    encoded = _with_deviations(means) if with_deviations else means.means()
    vectors = Vectors.of("tracks", material.tracks, encoded, name)
    origin = {"run": run.name, "weights": weights, "network": heard.network.model_dump(mode="json")}
    return replace(vectors, missing=missing + vectors.missing, origin=origin)


def _with_deviations(means: TrackMeans) -> npt.NDArray[np.float32]:
    """Return means and deviations (tracks, 2 · columns) of means and means of squares."""
    first, squares = (means.sums / means.counts[:, None]).chunk(2, 1)
    deviations = (squares - first**2).clamp_min(0).sqrt()
    encoded: npt.NDArray[np.float32] = torch.cat([first, deviations], 1).cpu().numpy().astype(np.float32)
    return encoded


@dataclass(frozen=True)
class _Hearing:
    """What there is to know of a run whose network hears.

    Attributes:
        data: Name of its data set.
        audio: Name of its sound.
        classes: Of its labels; none of a network of several sources.
        network: Its settings.
        train: How it was trained, on the first of its devices.
        material: Makes the tracks and parts that it was trained on.
        step: Makes the network, of a checkpoint or untrained.
    """

    data: str
    audio: str
    classes: tuple[str, ...]
    network: NetworkSettings
    train: TrainConfig
    material: Callable[[Progress], Material]
    step: Callable[[Material, Fabric, Weights], TrainingStep]


def _hearing_of_tagger(run: Run) -> _Hearing:
    config, space = configuration(run)
    single = on_one_device(config)

    def step(material: Material, fabric: Fabric, weights: Weights) -> TrainingStep:
        return kept_step(run, single, material, fabric, weights, of_its_split=False)

    return _Hearing(
        config.data, config.audio, space.names, config.network, single.train,
        lambda progress: material_of(config, space, progress), step,
    )  # fmt: skip


def _hearing_of_sources(run: Run) -> _Hearing:
    config = source_run(run.config)
    loop = config.train.loop()

    def step(material: Material, fabric: Fabric, weights: Weights) -> TrainingStep:
        return kept_source_step(run, config, heads_of_run(run, config), fabric, weights)

    return _Hearing(
        config.data, config.audio, (), config.network,
        loop.model_copy(update={"devices": loop.devices[:1], "nodes": 1}),
        lambda progress: source_material(config, run, progress).tracks, step,
    )  # fmt: skip


_TAGGER = "tagger"
_OF_KIND: dict[str, Callable[[Run], _Hearing]] = {_TAGGER: _hearing_of_tagger, KIND: _hearing_of_sources}
"""Kind of a run, as its configuration names it or a tagger where it names none, → what it hears with."""


def _hearing_of(run: Run) -> _Hearing:
    kind = run.config.get("kind", _TAGGER)
    if kind not in _OF_KIND:
        raise InvalidSetting(
            f"run {run.name!r} is of the kind {kind!r}, which makes no vectors of sound; those that do are "
            f"{' and '.join(_OF_KIND)}"
        )
    return _OF_KIND[kind](run)


def _own_sound(heard: _Hearing, progress: Progress) -> AudioStore:
    return resolve_audio(heard.audio, open_folksonomy(heard.data, progress), progress)


def _names(tracks: Sequence[str] | str, heard: _Hearing, store: AudioStore, progress: Progress) -> list[str]:
    """Return the names of the tracks that are asked for, each once."""
    if not isinstance(tracks, str):
        return list(dict.fromkeys(tracks))
    if tracks == "all":
        return store.tracks["track"].astype(str).tolist()
    if tracks not in get_args(Part):
        choices = ", ".join(("all", *get_args(Part)))
        raise InvalidSetting(f"tracks={tracks!r} must be one of {choices}, or a list of names")
    material = heard.material(progress)
    return [material.tracks[place] for place in material.of(tracks)]
