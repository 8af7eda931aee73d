"""Sound as an ear's filters and their autocorrelations show it, frame by frame: the correlogram."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, signal

from taglab.reprs import one_line

Image = npt.NDArray[np.float32]

_IMPULSE_S = 0.064  # of the lowest filters, 80 Hz, less than 1e-4 of the energy comes later
_SEGMENT_S = 10  # worked on at a time, so that a song of an hour takes no more memory than one of a minute
_SILENCE = 1e-10


def erb_spaced_hz(low_hz: float, high_hz: float, n_channels: int) -> npt.NDArray[np.float64]:
    """Return frequencies that lie evenly on the ear's scale, from the lowest on, (n_channels,).

    Source: Glasberg and Moore 1990, equation 4: 21.4 log10(1 + 0.00437 f) equivalent rectangular bandwidths
    lie below f.
    """
    low, high = (21.4 * np.log10(1 + 0.00437 * np.array([low_hz, high_hz]))).tolist()
    spaced: npt.NDArray[np.float64] = (10 ** (np.linspace(low, high, n_channels) / 21.4) - 1) / 0.00437
    return spaced


def gammatone_bank(frequencies_hz: npt.ArrayLike, sample_rate_hz: int) -> Image:
    """Return impulse responses (channels, taps) of fourth-order gammatone filters of gain 1 at their peak."""
    taps = round(_IMPULSE_S * sample_rate_hz)
    responses = [
        signal.gammatone(frequency, "fir", order=4, numtaps=taps, fs=sample_rate_hz)[0]
        for frequency in np.asarray(frequencies_hz)
    ]
    return np.array(responses, np.float32)


@dataclass(frozen=True, eq=False)
class Correlogram:
    """How correlograms are taken.

    Attributes:
        bank: Impulse responses of the filters, (channels, taps).
        n_lags: Lags, from 0 on, in samples.
        hop: Samples from one frame to the next.
        sample_rate_hz: Of the sound.
    """

    bank: Image
    n_lags: int
    hop: int
    sample_rate_hz: int

    __repr__ = one_line

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames there are of so many samples; 0 where there are too few for one."""
        return max(0, 1 + (n_samples - 2 * self.n_lags) // self.hop)

    def images(self, samples: npt.NDArray[np.float32]) -> Iterator[Image]:
        """Yield the frames of sound, (frames, channels, n_lags), some seconds at a time.

        A frame is, of each channel, the half-wave rectified output's root, whose product with itself `lag`
        samples later is summed over `n_lags` samples; and all divided by what its channels have at lag 0 on
        average, so that level has no say. Of silence it is 0.

        Args:
            samples: Array (samples,) in [-1, 1].
        """
        n_frames = self.n_frames(len(samples))
        per_segment = max(1, _SEGMENT_S * self.sample_rate_hz // self.hop)
        before = self.bank.shape[1] - 1
        for first in range(0, n_frames, per_segment):
            count = min(per_segment, n_frames - first)
            start, stop = first * self.hop, (first + count - 1) * self.hop + 2 * self.n_lags
            heard = samples[max(0, start - before) : stop]
            filtered = signal.oaconvolve(heard[None], self.bank, axes=1)[:, start - max(0, start - before) :]
            yield self._frames(np.sqrt(np.maximum(filtered[:, : stop - start], 0, dtype=np.float32)), count)

    def _frames(self, rectified: Image, count: int) -> Image:
        width = 2 * self.n_lags
        windows = np.lib.stride_tricks.sliding_window_view(rectified, width, axis=1)[:, :: self.hop][
            :, :count
        ]
        windows = windows.transpose(1, 0, 2)
        # The first half with the whole: as many products at every lag, and none around the end.
        halves = np.conj(fft.rfft(windows[:, :, : self.n_lags], width, workers=1))
        halves *= fft.rfft(windows, width, workers=1)
        images: Image = fft.irfft(halves, width, workers=1)[:, :, : self.n_lags]
        level = images[:, :, 0].mean(axis=1)
        images /= np.maximum(level, _SILENCE * self.n_lags)[:, None, None]
        return images
