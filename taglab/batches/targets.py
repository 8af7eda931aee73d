"""What a batch is to be given by each task: looked up for its tracks, or computed from the batch itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from taglab.audio.mels import LogMel, MelSettings
from taglab.audio.spectra import LogSpectrum, Spectrum
from taglab.audio.store import AudioStore, Rows
from taglab.audio.windows import Windows

__all__ = [
    "CROP_TARGETS",
    "BatchTargets",
    "Crops",
    "LookedUp",
    "MixtureAndStem",
    "SameTrack",
    "Spectrogram",
    "StandardSpectrum",
    "Stem",
]

_FULL_SCALE = 32_768


class Crops(NamedTuple):
    """The clips of a batch, and where they are from.

    Attributes:
        waveform: (batch, samples) int16.
        positions: Of the tracks in the material, (batch,).
        rows: Of the tracks in the store, (batch,).
        starts: First sample of each clip in its track, (batch,).
        windows: On the store.
    """

    waveform: torch.Tensor
    positions: Rows
    rows: Rows
    starts: Rows
    windows: Windows


class BatchTargets(ABC):
    """Targets of one task, by batch.

    Attributes:
        known: Of which tracks of the material anything is known (n,) bool; None of all.
        by_pairs: Whether a row is of two clips side by side, half of them of one track.
    """

    known: npt.NDArray[np.bool_] | None = None
    by_pairs: ClassVar[bool] = False

    @abstractmethod
    def of(self, crops: Crops) -> torch.Tensor:
        """Return targets, float32, a row for each row of the head's output."""

    def known_rows(self, crops: Crops) -> torch.Tensor | None:
        """Return the rows of which anything is known, (known rows,) int64; None for all."""
        if self.known is None:
            return None
        return torch.from_numpy(np.flatnonzero(self.known[crops.positions]))


class LookedUp(BatchTargets):
    """Targets that are known beforehand, by track.

    Args:
        values: Array (n, columns) in the order of the material; rows of unknown tracks are not looked at.
        known: Of which tracks they are known, (n,); all where None.

    Shape:
        (batch, columns).
    """

    def __init__(self, values: npt.NDArray[np.generic], known: npt.NDArray[np.bool_] | None = None) -> None:
        if values.ndim != 2 or (known is not None and known.shape != values.shape[:1]):
            raise ValueError(f"values {values.shape} must be (tracks, columns), and known (tracks,)")
        self.values = values
        self.known = None if known is None or known.all() else known

    def of(self, crops: Crops) -> torch.Tensor:
        """Return the values of the batch's tracks, 0 where unknown."""
        values = torch.from_numpy(self.values[crops.positions]).float()
        if self.known is not None:
            values[~torch.from_numpy(self.known[crops.positions])] = 0
        return values


class SameTrack(BatchTargets):
    """Whether two clips side by side are of one track, for a head and a sampler of pairs.

    Shape:
        (batch / 2, 1), 0 or 1.
    """

    by_pairs: ClassVar[bool] = True

    def of(self, crops: Crops) -> torch.Tensor:
        """Return 1 for pairs of one track."""
        pairs = crops.positions.reshape(-1, 2)
        return torch.from_numpy(pairs[:, :1] == pairs[:, 1:]).float()


class Spectrogram(BatchTargets):
    """The clip's own log-mel spectrogram, for a network that is to give back what it is given.

    Args:
        mels: How sound becomes a spectrogram.

    Shape:
        (batch, mels · frames).
    """

    def __init__(self, mels: MelSettings) -> None:
        self._mels = LogMel(mels)

    def of(self, crops: Crops) -> torch.Tensor:
        """Return the spectrograms of the batch."""
        with torch.no_grad():
            mels: torch.Tensor = self._mels(crops.waveform.float() / _FULL_SCALE)
        return mels.flatten(1)


class Stem(BatchTargets):
    """A part of the sound at the same place, as the voice, for a network that is to tell it from the rest.

    Args:
        store: The sound.
        rows: Of the material's tracks in the store, (n,).
        stem: Name of the part; tracks without it are unknown.
        mels: How it becomes a spectrogram; samples in [-1, 1] where None.

    Shape:
        (batch, samples), or (batch, mels · frames).

    Raises:
        NotFound: If there is no such stem.
    """

    def __init__(self, store: AudioStore, rows: Rows, stem: str, mels: MelSettings | None = None) -> None:
        self._store, self._rows = store.stems.get(stem), store.stem_rows(stem)
        known = self._rows[rows] >= 0
        self.known = None if known.all() else known
        self._mels = torch.nn.Identity() if mels is None else LogMel(mels)

    def of(self, crops: Crops) -> torch.Tensor:
        """Return the stem of the batch's clips, of silence where it is unknown."""
        rows = self._rows[crops.rows]
        has_stem = rows >= 0
        samples = torch.zeros(crops.waveform.shape)
        if self._store is not None and has_stem.any():
            length = crops.waveform.shape[-1]
            pieces = self._store.crops(rows[has_stem], crops.starts[has_stem], length, pad=True)
            samples[torch.from_numpy(has_stem)] = torch.from_numpy(pieces).float() / _FULL_SCALE
        with torch.no_grad():
            targets: torch.Tensor = self._mels(samples)
        return targets.flatten(1)


class StandardSpectrum(BatchTargets):
    """The clip's own spectrum of all bins in dB, each bin brought to mean 0 and deviation 1 of all clips.

    Args:
        n_fft: Length of the window and of the transform, in samples.
        hop: Distance of frames, in samples.
        mean: In dB, (bins,).
        deviation: In dB, (bins,), positive.

    Shape:
        (batch, bins · frames).
    """

    def __init__(self, n_fft: int, hop: int, mean: torch.Tensor, deviation: torch.Tensor) -> None:
        self._spectrum = LogSpectrum(n_fft, hop)
        self._mean, self._deviation = mean[:, None], deviation[:, None]

    def of(self, crops: Crops) -> torch.Tensor:
        """Return the standardised spectra of the batch."""
        with torch.no_grad():
            decibels: torch.Tensor = self._spectrum(crops.waveform.float() / _FULL_SCALE)
        return ((decibels - self._mean) / self._deviation).flatten(1)


class MixtureAndStem(BatchTargets):
    """Magnitudes of the clip's spectrum, and behind them those of a part of its sound, as the voice.

    Args:
        stem: Samples of the part.
        n_fft: Length of the window and of the transform, in samples.
        hop: Distance of frames, in samples.

    Shape:
        (batch, 2 · bins · frames).
    """

    def __init__(self, stem: Stem, n_fft: int, hop: int) -> None:
        self._stem, self._spectrum = stem, Spectrum(n_fft, hop)
        self.known = stem.known

    def of(self, crops: Crops) -> torch.Tensor:
        """Return the magnitudes of the batch; those of a stem that is unknown are 0."""
        mixture = crops.waveform.float() / _FULL_SCALE
        with torch.no_grad():
            both = [self._spectrum(sound).flatten(1) for sound in (mixture, self._stem.of(crops))]
        return torch.cat(both, dim=1)


CROP_TARGETS: dict[str, Callable[..., BatchTargets]] = {
    "same-track": SameTrack,
    "spectrogram": Spectrogram,
    "stem": Stem,
    "standard-spectrum": StandardSpectrum,
    "mixture-and-stem": MixtureAndStem,
}
"""Targets that are computed from a batch, by name."""
