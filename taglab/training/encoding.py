"""Tracks as vectors: what a run's network knows of them before its head; and what heads of sources say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch

from taglab.audio.library import resolve_audio
from taglab.audio.store import AudioStore, Rows
from taglab.batches import Material
from taglab.errors import InvalidSetting
from taglab.nets import NetworkSettings
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.runs.kept_targets import read_targets
from taglab.sources import open_folksonomy
from taglab.targets import Targets
from taglab.training import source_config, spectrum_config
from taglab.training.config import TrainConfig
from taglab.training.devices import failures_told, make_fabric
from taglab.training.divergence import Diverged
from taglab.training.evaluation import TrackMeans, window_outputs
from taglab.training.running import Weights, configuration, kept_step, material_of, on_one_device
from taglab.training.source_config import source_run
from taglab.training.sources import heads_of_run, kept_source_step, source_material
from taglab.training.spectra import kept_spectrum_step, spectrum_material
from taglab.training.spectrum_config import spectrum_run
from taglab.training.step import TrainingStep
from taglab.training.tagging import sound_format_of, unlabelled
from taglab.vectors import Vectors

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Part = Literal["train", "validation", "test"]

MOST_SEGMENTS = 120
"""Windows of a track that are told apart: two minutes of seconds."""


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
    listening = _listening(run, tracks, weights, store, between(progress, 0, 0.3))
    heard, material = listening.heard, listening.material

    def encoding(waveform: torch.Tensor) -> torch.Tensor:
        encodings = listening.step.encoding(waveform)
        return torch.cat([encodings, encodings.double() ** 2], 1) if with_deviations else encodings

    n_columns = listening.step.network.dim * (1 + with_deviations)
    means = _means(run, listening, encoding, n_columns, "the encodings are", between(progress, 0.3, 1))
    name = f"{run.name} untrained" if weights == "untrained" else run.name
    encoded = _with_deviations(means) if with_deviations else means.means()
    vectors = Vectors.of("tracks", material.tracks, encoded, name)
    origin = {"run": run.name, "weights": weights, "network": heard.network.model_dump(mode="json")}
    return replace(vectors, missing=listening.missing + vectors.missing, origin=origin)


def _means(
    run: Run,
    listening: _Listening,
    output: Callable[[torch.Tensor], torch.Tensor],
    n_columns: int,
    what: str,
    progress: Progress,
) -> TrackMeans:
    """Return means of an output of a run's network over tracks' windows; what is not finite raises."""
    with listening.failures_as_sentences():
        means = TrackMeans(listening.material.of("test"), n_columns, listening.fabric.device)
        for outputs, owners in listening.outputs(output, progress):
            means.add(outputs, owners)
    if not torch.isfinite(means.sums).all():
        raise Diverged(int(run.summary()["epochs"]), 0, what)
    return means


def _with_deviations(means: TrackMeans) -> npt.NDArray[np.float32]:
    """Return means and deviations (tracks, 2 · columns) of means and means of squares."""
    first, squares = (means.sums / means.counts[:, None]).chunk(2, 1)
    deviations = (squares - first**2).clamp_min(0).sqrt()
    encoded: npt.NDArray[np.float32] = torch.cat([first, deviations], 1).cpu().numpy().astype(np.float32)
    return encoded


@dataclass(frozen=True, eq=False)
class Segments:
    """Tracks as windows side by side, each as the layer before a run's heads has it.

    Attributes:
        tracks: Those that have a window.
        values: Array (tracks, segments, numbers), float32; where a track has fewer segments than others the
            numbers of the rest are all 0.
        missing: Tracks without sound, or too short for a window.
    """

    tracks: tuple[str, ...]
    values: npt.NDArray[np.float32]
    missing: tuple[str, ...]

    __repr__ = one_line


def encode_segments(
    run: Run,
    tracks: Sequence[str] | Part | Literal["all"] = "all",
    weights: Weights = "best",
    store: AudioStore | None = None,
    progress: Progress = silent,
    most: int = MOST_SEGMENTS,
) -> Segments:
    """Return tracks window by window; arguments and errors as `encode`.

    Args:
        run: As of `encode`.
        tracks: As of `encode`.
        weights: As of `encode`.
        store: As of `encode`.
        progress: Told after each batch.
        most: Segments of a track; of a longer one so many are taken, evenly over its length.
    """
    listening = _listening(run, tracks, weights, store, between(progress, 0, 0.3))
    with listening.failures_as_sentences():
        parts = [
            (encodings.float().cpu().numpy(), owners)
            for encodings, owners in listening.outputs(listening.step.encoding, between(progress, 0.3, 1))
        ]
    encodings, owners = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    if not np.isfinite(encodings).all():
        raise Diverged(int(run.summary()["epochs"]), 0, "the encodings are")
    material = listening.material
    first = np.searchsorted(owners, material.of("test"))
    counts = np.diff(np.append(first, len(owners)))
    values = np.zeros((len(counts), min(most, int(counts.max())), encodings.shape[1]), np.float32)
    for row, (begin, count) in enumerate(zip(first.tolist(), counts.tolist(), strict=True)):
        taken = min(most, count)
        values[row, :taken] = encodings[begin + np.arange(taken) * count // taken]
    return Segments(material.tracks, values, listening.missing)


def predicted_targets(
    run: Run,
    tracks: Sequence[str] | Part | Literal["all"] = "all",
    weights: Weights = "best",
    store: AudioStore | None = None,
    progress: Progress = silent,
) -> dict[str, Targets]:
    """Return what a network expects its learning sources to say of tracks, by source.

    Args:
        run: A network of learning sources, trained at least one epoch.
        tracks: As of `encode`.
        weights: As of `encode`.
        store: As of `encode`.
        progress: Told after each batch.

    Returns:
        Of every source but those of clips by twos, its columns with means over a track's windows: shares of
        a distribution, of classes too where a track is in exactly one, else the probability of each class.

    Raises:
        InvalidSetting: If the run learned from no source that says something of tracks; else as `encode`.
        DataError, Diverged, NotFound: As `encode`.
        InputsChanged: If the run was made before runs kept what their sources say.

    Source: Kim (2021), section 2.5.5.
    """
    if run.config.get("kind") != source_config.KIND:
        raise InvalidSetting(f"run {run.name!r} learned from no sources, so that it expects nothing of them")
    kept = read_targets(run).of
    if not kept:
        raise InvalidSetting(
            f"run {run.name!r} learned from clips by twos alone, which say nothing of a track"
        )
    listening = _listening(run, tracks, weights, store, between(progress, 0, 0.3))

    def expected(waveform: torch.Tensor) -> torch.Tensor:
        outputs = listening.step.outputs(waveform, tuple(kept))
        parts = [
            outputs[name].sigmoid() if own.kind == "binary" else outputs[name].softmax(1)
            for name, own in kept.items()
        ]
        return torch.cat(parts, 1)

    widths = [len(own.columns) for own in kept.values()]
    means = _means(run, listening, expected, sum(widths), "the outputs are", between(progress, 0.3, 1))
    values = np.split(means.means(), np.cumsum(widths)[:-1], axis=1)
    names, known = listening.material.tracks, np.ones(len(listening.material.tracks), bool)
    origin = {"run": run.name, "weights": weights}
    return {
        name: Targets(
            "real" if own.kind == "binary" else "distribution",
            tuple(names),
            own.columns,
            np.ascontiguousarray(part),
            known,
            own.name,
            origin,
            own.factors,
        )
        for (name, own), part in zip(kept.items(), values, strict=True)
    }


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


def _hearing_of_spectra(run: Run) -> _Hearing:
    config = spectrum_run(run.config)
    loop = config.loop()

    def step(material: Material, fabric: Fabric, weights: Weights) -> TrainingStep:
        return kept_spectrum_step(run, config, fabric, weights)

    return _Hearing(
        config.data, config.audio, (), config.network,
        loop.model_copy(update={"devices": loop.devices[:1], "nodes": 1}),
        lambda progress: spectrum_material(config, progress).tracks, step,
    )  # fmt: skip


_TAGGER = "tagger"
_OF_KIND: dict[str, Callable[[Run], _Hearing]] = {
    _TAGGER: _hearing_of_tagger,
    source_config.KIND: _hearing_of_sources,
    spectrum_config.KIND: _hearing_of_spectra,
}
"""Kind of a run, as its configuration names it or a tagger where it names none, → what it hears with."""


def _hearing_of(run: Run) -> _Hearing:
    kind = run.config.get("kind", _TAGGER)
    if kind not in _OF_KIND:
        raise InvalidSetting(
            f"run {run.name!r} is of the kind {kind!r}, which makes no vectors of sound; those that do are "
            f"{', '.join(_OF_KIND)}"
        )
    return _OF_KIND[kind](run)


@dataclass(frozen=True, eq=False)
class _Listening:
    """A network about to hear tracks.

    Attributes:
        heard: What is known of its run.
        fabric: The device.
        step: The network, there.
        material: The tracks, as a test part.
        missing: Tracks that were asked for and have no window.
    """

    heard: _Hearing
    fabric: Fabric
    step: TrainingStep
    material: Material
    missing: tuple[str, ...]

    __repr__ = one_line

    def failures_as_sentences(self) -> AbstractContextManager[None]:
        """Return where failures of the device become sentences."""
        batch_size = self.heard.train.batch_size
        return failures_told(self.fabric.device, batch_size, lambda: "encoding tracks")

    def outputs(
        self, output: Callable[[torch.Tensor], torch.Tensor], progress: Progress
    ) -> Iterator[tuple[torch.Tensor, Rows]]:
        """Yield what the network makes of windows, track by track; see `window_outputs`."""
        batch_size = self.heard.train.batch_size
        return window_outputs(self.step, self.material, "test", batch_size, output, progress)


def _listening(
    run: Run, tracks: Sequence[str] | str, weights: Weights, store: AudioStore | None, progress: Progress
) -> _Listening:
    """Return a run's network, and the tracks it is to hear."""
    heard = _hearing_of(run)
    sound = sound_format_of(run, between(progress, 0, 0.3), heard.material)
    store = store or _own_sound(heard, between(progress, 0.3, 0.6))
    windows = sound.windows(store)
    names = _names(tracks, heard, store, between(progress, 0.6, 1))
    rows = store.rows(names)
    has_windows = np.isin(rows, windows.rows)
    missing = tuple(np.array(names, object)[~has_windows])
    material = unlabelled(windows, heard.classes, np.sort(rows[has_windows]))
    fabric = make_fabric(heard.train)
    with failures_told(fabric.device, heard.train.batch_size, lambda: "encoding tracks"):
        step = heard.step(material, fabric, weights)
    return _Listening(heard, fabric, step, material, missing)


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
