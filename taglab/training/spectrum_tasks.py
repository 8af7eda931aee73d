"""What a network can be trained for whose answers are spectrograms: tasks by name, each a settings model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.library import DEMO_STEM
from taglab.audio.spectra import LogSpectrum, Spectrum
from taglab.audio.store import Rows
from taglab.audio.windows import Windows
from taglab.batches import Crops, Material, MixtureAndStem, StandardSpectrum, Stem
from taglab.cache import content_key, derived_path, kept
from taglab.metrics.separation import signal_to_distortion
from taglab.nets.kim_4_1 import KimConsistencySettings
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line
from taglab.settings import OneOf
from taglab.training.step import TrainingStep
from taglab.training.tasks import Task

_FULL_SCALE = 32_768
_STATISTICS_OF = 2_048
_AT_ONCE = 64
_STREAM = 5  # what a random stream is for; batches, samplers and dropout take 1 to 4
_SMALLEST = 1e-8  # magnitude; below, there is nothing to have a share of
_FLOOR_DB = 1e-3  # a bin that is the same in all clips is standardised by no less
_SILENCE_DBFS = -90.0  # below the step of samples of 16 bits

StemName = Annotated[str, Field(pattern=r"^[\w-]{1,60}$")]
"""Name of a part of the sound that is kept apart."""


@dataclass(frozen=True, eq=False)
class StemWindows:
    """Windows of tracks as a network has them, and how loud a part of the sound is in each.

    Attributes:
        windows: A row each: `track`, `start_s`, `stem_dbfs` (root mean square of the part, -90 for silence).
        encodings: What the network's head is given, (windows, dim) float32.
    """

    windows: pd.DataFrame
    encodings: npt.NDArray[np.float32]

    __repr__ = one_line


class SpectrumTask(BaseModel):
    """One thing that a network can be trained for.

    Attributes:
        task: Which one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: ClassVar[str]
    """What is told, a phrase."""
    axis: ClassVar[str]
    """What its loss is of, and in what unit: the name of the axis it is drawn on."""
    head: ClassVar[str]
    """Name in `taglab.nets.HEADS`."""
    figure: ClassVar[tuple[str, str]]
    """By which column of `measured` runs are told, and what it is called with its unit."""

    task: str

    def part_of_sound(self) -> str:
        """Return the name of the stem that it learns; empty where it needs none."""
        return ""

    @abstractmethod
    def learned_from(
        self, material: Material, network: KimConsistencySettings, progress: Progress = silent
    ) -> Task:
        """Return targets, head and loss.

        Args:
            material: The tracks.
            network: Says of what spectra.
            progress: Told how far it is.
        """

    @abstractmethod
    def measured(
        self,
        step: TrainingStep,
        material: Material,
        network: KimConsistencySettings,
        part: str,
        progress: Progress = silent,
    ) -> pd.DataFrame:
        """Return how well whole tracks are told: `track`, the figure, and what needs no network, a row each.

        Args:
            step: Holds the network.
            material: The tracks; of those without the stem there is no row.
            network: Says of what spectra.
            part: "train", "validation" or "test".
            progress: Told after every track.
        """


class Autoencoder(SpectrumTask):
    """Give back the clip's own spectrum out of the clip's vector alone (Kim 2021, equations 4.1 and 4.2).

    Spectra are those that the network is given, in dB, each bin brought to mean 0 and deviation 1 over the
    training tracks: what says nothing but the mean spectrum has a mean squared error near 1.

    Attributes:
        task: Which task this is.
        loss: What is minimised: row-distance, the distance of a clip's spectra as equation 4.2 has it, over
            the square root of their size; squared-error, by which it is measured; or absolute-error.
    """

    about: ClassVar[str] = "give back the clip's own spectrum out of its vector"
    head: ClassVar[str] = "spectrum"
    axis: ClassVar[str] = "loss (deviations of a bin)"
    figure: ClassVar[tuple[str, str]] = ("mse", "mean squared error (deviations², of standardised dB)")

    task: Literal["autoencoder"] = "autoencoder"
    loss: Literal["row-distance", "squared-error", "absolute-error"] = "row-distance"

    def learned_from(
        self, material: Material, network: KimConsistencySettings, progress: Progress = silent
    ) -> Task:
        """Return the clip's own standardised spectrum as target of a decoder."""
        mean, deviation = band_statistics(material, network.n_fft, network.hop, progress)
        targets = StandardSpectrum(network.n_fft, network.hop, mean, deviation)
        return Task(targets, network.bins, self.loss, self.head)

    def measured(
        self,
        step: TrainingStep,
        material: Material,
        network: KimConsistencySettings,
        part: str,
        progress: Progress = silent,
    ) -> pd.DataFrame:
        """Return `track`, `mse` and `mse_mean_spectrum`, that of the training tracks' mean spectrum."""
        targets = self.learned_from(material, network).targets
        rows = []
        for track, pieces in _whole_tracks(material, part, progress):
            errors, squares, count = 0.0, 0.0, 0
            for crops in pieces:
                wanted = targets.of(crops).double()
                output = step.outputs(crops.waveform, (self.task,))[self.task].cpu().double()
                errors += float((output - wanted).square().sum())
                squares += float(wanted.square().sum())
                count += wanted.numel()
            rows.append({"track": track, "mse": errors / count, "mse_mean_spectrum": squares / count})
        return pd.DataFrame(rows, columns=["track", "mse", "mse_mean_spectrum"])


class VoiceSeparation(SpectrumTask):
    """Tell the voice from the rest: what share of each magnitude of the mixture's spectrum it is (Kim 2021,
    equations 4.7 and 4.8, with skip connections).

    Attributes:
        task: Which task this is.
        stem: Name of the part that is told from the rest, as the sound keeps it: voice, vocals ...
    """

    about: ClassVar[str] = "tell a part of the sound, as the voice, from the rest"
    head: ClassVar[str] = "mask"
    axis: ClassVar[str] = "loss (mean absolute error of magnitudes)"
    figure: ClassVar[tuple[str, str]] = ("sdr", "signal to distortion (dB)")

    task: Literal["voice-separation"] = "voice-separation"
    stem: StemName = DEMO_STEM

    def part_of_sound(self) -> str:
        """Return the name of the stem."""
        return self.stem

    def learned_from(
        self, material: Material, network: KimConsistencySettings, progress: Progress = silent
    ) -> Task:
        """Return the magnitudes of mixture and stem as targets of a decoder of masks."""
        targets = MixtureAndStem(self._stem(material), network.n_fft, network.hop)
        return Task(targets, network.bins, "masked-absolute-error", self.head)

    def measured(
        self,
        step: TrainingStep,
        material: Material,
        network: KimConsistencySettings,
        part: str,
        progress: Progress = silent,
    ) -> pd.DataFrame:
        """Return `track`, `sdr`, `sdr_mixture`, `sdr_ideal`, in dB, medians over `seconds`, their number.

        A part is resynthesised with the phases of the mixture. What can be reached is `sdr_ideal`, where each
        share is the one that the loss asks for: the stem's magnitude over the mixture's, at most 1. What
        needs no network is `sdr_mixture`, where all of the mixture is taken for the stem.
        """
        stem, spectrum = self._stem(material), Spectrum(network.n_fft, network.hop)
        rows = []
        for track, pieces in _whole_tracks(material, part, progress, stem.known):
            sounds = _Sounds()
            for crops in pieces:
                mixture, voice = crops.waveform.float() / _FULL_SCALE, stem.of(crops)
                magnitudes = spectrum(mixture)
                mask = step.outputs(crops.waveform, (self.task,))[self.task].cpu().reshape(magnitudes.shape)
                ideal = (spectrum(voice) / magnitudes.clamp_min(_SMALLEST)).clamp(max=1)
                parts = [spectrum.masked(mixture, share) for share in (mask, ideal)]
                sounds.add(crops.starts, torch.stack([mixture, voice, *parts]))
            rows.append({"track": track, **sounds.ratios(material.windows.store.sample_rate_hz)})
        return pd.DataFrame(rows, columns=["track", "sdr", "sdr_mixture", "sdr_ideal", "seconds"])

    def encoded(
        self, step: TrainingStep, material: Material, part: str, progress: Progress = silent
    ) -> StemWindows:
        """Return what the network makes of each window of a part's tracks that have the stem.

        Args:
            step: Holds the network.
            material: The tracks.
            part: "train", "validation" or "test".
            progress: Told after every track.
        """
        stem, rate_hz = self._stem(material), material.windows.store.sample_rate_hz
        tables, encodings = [], [np.zeros((0, step.network.dim), np.float32)]
        for track, pieces in _whole_tracks(material, part, progress, stem.known):
            for crops in pieces:
                power = stem.of(crops).double().square().mean(dim=1).numpy()
                levels = 10 * np.log10(np.maximum(power, 10 ** (_SILENCE_DBFS / 10)))
                tables.append(
                    pd.DataFrame({"track": track, "start_s": crops.starts / rate_hz, "stem_dbfs": levels})
                )
                encodings.append(step.encoding(crops.waveform).cpu().numpy())
        empty = pd.DataFrame(columns=["track", "start_s", "stem_dbfs"])
        table = pd.concat(tables, ignore_index=True) if tables else empty
        return StemWindows(table, np.concatenate(encodings))

    def _stem(self, material: Material) -> Stem:
        return Stem(material.windows.store, material.rows, self.stem)


class _Sounds:
    """Windows of a track put together again: mixture, part, and what was told of it in several ways."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, npt.NDArray[np.float32]]] = []

    def add(self, starts: Rows, windows: torch.Tensor) -> None:
        """Add windows (sounds, windows, samples) that begin at these samples (windows,)."""
        pieces = windows.transpose(0, 1).numpy()
        self.pieces += zip(starts.tolist(), pieces, strict=True)

    def ratios(self, frame: int) -> dict[str, float]:
        """Return medians over frames in which mixture, part and rest all sound, and how many those are."""
        length = max(start + piece.shape[1] for start, piece in self.pieces)
        sounds = np.zeros((4, length))
        for start, piece in self.pieces:
            sounds[:, start : start + piece.shape[1]] = piece
        mixture, part, *estimates = sounds
        references = np.stack([part, mixture - part])
        by_frame = {
            name: signal_to_distortion(references, np.stack([own, mixture - own]), min(frame, length))[0]
            for name, own in zip(("sdr", "sdr_ideal"), estimates, strict=True)
        }
        # The rest of a mixture less all of it would be silence, in which nothing is measured.
        by_frame["sdr_mixture"] = signal_to_distortion([part], [mixture], min(frame, length))[0]
        measured = np.isfinite(np.stack(list(by_frame.values()))).all(axis=0)
        medians = {
            name: float(np.median(ratio[measured])) if measured.any() else np.nan
            for name, ratio in by_frame.items()
        }
        return {**medians, "seconds": int(measured.sum())}


def _whole_tracks(
    material: Material, part: str, progress: Progress, known: npt.NDArray[np.bool_] | None = None
) -> Iterator[tuple[str, Iterator[Crops]]]:
    """Yield a part's tracks, each as the consecutive windows that cover it, some at a time."""
    positions, windows = material.of(part), material.windows
    if known is not None:
        positions = positions[known[positions]]
    for done, position in enumerate(positions.tolist()):
        progress(done / len(positions), counted(f"the {part} tracks", done, len(positions)))
        yield material.tracks[position], _pieces(windows, position, int(material.rows[position]))


def _pieces(windows: Windows, position: int, row: int) -> Iterator[Crops]:
    starts = windows.consecutive_starts(row)
    for at in range(0, len(starts), _AT_ONCE):
        some = starts[at : at + _AT_ONCE]
        rows = np.full(len(some), row)
        waveform = torch.from_numpy(windows.crops(rows, some))
        yield Crops(waveform, np.full(len(some), position), rows, some, windows)


def band_statistics(
    material: Material, n_fft: int, hop: int, progress: Progress = silent
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and deviation of each bin of the training tracks' spectra, in dB (bins,) each; kept.

    Of 2,048 clips, or as many as there are tracks where that is more: each track by turns, at places drawn
    from a stream of their own.

    Args:
        material: The tracks.
        n_fft: Length of the window and of the transform, in samples.
        hop: Distance of frames, in samples.
        progress: Told how far it is.
    """
    windows, rows = material.windows, material.rows[material.of("train")]
    tracks = [material.tracks[position] for position in material.of("train")]
    key = content_key(windows.store.fingerprint_of(tracks), tracks, windows.length, n_fft, hop)
    both = kept(
        derived_path("band-statistics", key, ".npy"),
        lambda path: np.load(path, allow_pickle=False) if path.is_file() else None,
        lambda: _band_statistics(windows, rows, LogSpectrum(n_fft, hop), progress),
        _save_array,
    )
    mean, deviation = torch.from_numpy(both)
    return mean, deviation


def _save_array(path: Path, values: npt.NDArray[np.float32]) -> None:
    with path.open("wb") as file:
        np.save(file, values, allow_pickle=False)


def _band_statistics(
    windows: Windows, rows: Rows, spectrum: LogSpectrum, progress: Progress
) -> npt.NDArray[np.float32]:
    drawn = np.resize(rows, max(_STATISTICS_OF, len(rows)))
    starts = windows.random_starts(drawn, np.random.default_rng([0, _STREAM]))
    sums, squares, count = 0.0, 0.0, 0
    with torch.no_grad():
        for at in range(0, len(drawn), _AT_ONCE):
            progress(at / len(drawn), counted("the mean spectrum", at, len(drawn)))
            some = slice(at, at + _AT_ONCE)
            clips = torch.from_numpy(windows.crops(drawn[some], starts[some])).float() / _FULL_SCALE
            decibels = spectrum(clips).double()
            sums = sums + decibels.sum((0, 2))
            squares = squares + decibels.square().sum((0, 2))
            count += decibels.shape[0] * decibels.shape[2]
    mean = torch.as_tensor(sums / count)
    deviation = (torch.as_tensor(squares / count) - mean**2).clamp_min(_FLOOR_DB**2).sqrt()
    both: npt.NDArray[np.float32] = torch.stack([mean, deviation]).float().numpy()
    return both


SPECTRUM_TASKS: dict[str, type[SpectrumTask]] = {
    "autoencoder": Autoencoder,
    "voice-separation": VoiceSeparation,
}
"""Name → settings model."""

AnySpectrumTask = Annotated[SpectrumTask, OneOf(SPECTRUM_TASKS, "task")]
"""One of them as a setting, told by its `task`."""
