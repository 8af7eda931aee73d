"""Sound cut into bands and segments that add up to it: what of a clip can be switched off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from taglab.audio.spectra import Spectrum
from taglab.errors import InvalidSetting
from taglab.reprs import one_line

_LONGEST_FFT_S = 0.064
_HOPS = 4  # of a window of the transform

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """The grid that sound is cut into: bands of equal width on the mel scale, segments of equal length.

    Attributes:
        edges_hz: Ends of the bands (bands + 1,), from 0 to half the sample rate.
        edges_s: Ends of the segments (segments + 1,).
        n_samples: Length of the sound.
        n_fft: Of the transform, in samples.
        share: Which bins and frames are a cell's (bands × segments, bins, frames), the bands of the first
            segment first; every bin of every frame is in one.
    """

    edges_hz: Floats
    edges_s: Floats
    n_samples: int
    n_fft: int
    share: torch.Tensor

    __repr__ = one_line

    @property
    def band(self) -> npt.NDArray[np.int64]:
        """The band of each cell, from 0."""
        return np.tile(np.arange(len(self.edges_hz) - 1), len(self.edges_s) - 1)

    @property
    def segment(self) -> npt.NDArray[np.int64]:
        """The segment of each cell, from 0."""
        return np.repeat(np.arange(len(self.edges_s) - 1), len(self.edges_hz) - 1)

    def sounds(self, waveform: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
        """Return what of a sound is in each cell, (cells, …, samples); they add up to it, up to rounding.

        Args:
            waveform: (…, samples), of any scale.
        """
        spectrum, hop = Spectrum(self.n_fft, self.n_fft // _HOPS), self.n_fft // _HOPS
        given = torch.from_numpy(np.asarray(waveform, np.float32)).reshape(-1, self.n_samples)
        whole = spectrum.complex(given)
        parts = [
            torch.istft(whole * share, self.n_fft, hop, window=spectrum.window, length=self.n_samples)
            for share in self.share
        ]
        sounds: npt.NDArray[np.float32] = torch.stack(parts).numpy()
        return sounds.reshape(len(parts), *waveform.shape)


def cells_of(n_samples: int, sample_rate_hz: int, bands: int, segments: int) -> Cells:
    """Return the grid of so many bands and segments.

    Args:
        n_samples: Length of the sound.
        sample_rate_hz: Of the sound.
        bands: Of equal width on the mel scale.
        segments: Of equal length.

    Raises:
        InvalidSetting: If the sound is too short for so many, or the bands too narrow.
    """
    n_fft = 2 ** int(np.log2(max(min(_LONGEST_FFT_S * sample_rate_hz, n_samples), 1)))
    hop = n_fft // _HOPS
    frames = 1 + n_samples // hop if hop else 0
    if not 1 <= segments <= frames:
        raise InvalidSetting(
            f"segments={segments} must lie from 1 to {frames}, the frames of {n_samples:,} samples"
        )
    edges_hz = _hz(np.linspace(0, _mel(sample_rate_hz / 2), bands + 1))
    bins_hz = np.fft.rfftfreq(n_fft, 1 / sample_rate_hz)
    band = np.clip(np.searchsorted(edges_hz, bins_hz, side="right") - 1, 0, bands - 1)
    if len(np.unique(band)) < bands:
        raise InvalidSetting(
            f"bands={bands} leaves one without a bin of the transform of {n_fft} samples; take fewer"
        )
    segment = np.minimum(np.arange(frames) * hop * segments // n_samples, segments - 1)
    share = [
        (band == one)[:, None] & (segment == other)[None, :]
        for other in range(segments)
        for one in range(bands)
    ]
    edges_s = np.linspace(0, n_samples / sample_rate_hz, segments + 1)
    return Cells(edges_hz, edges_s, n_samples, n_fft, torch.from_numpy(np.stack(share)))


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))


def _hz(mel: Floats) -> Floats:
    return np.asarray(700 * (10 ** (mel / 2595) - 1), np.float64)
