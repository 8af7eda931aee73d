"""How the spectrum of a track is shaped, on average and at its extremes."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.descriptors import spectral_descriptors
from taglab.audio.store import AudioStore, Rows
from taglab.encoders.cepstra import cepstral_frames, cepstral_transform
from taglab.encoders.encoder import Features, Learned, LearnsNothing
from taglab.errors import InvalidSetting
from taglab.progress import Progress, counted, silent

_FULL_SCALE = 32_768


class SpectralStatistics(LearnsNothing, BaseModel):
    """Mean, deviation, median, least and most over time of descriptors of the spectrum: centroid, bandwidth,
    rolloff, flatness, level, zero crossings and contrast by octave; of cepstral coefficients too, if asked.

    Attributes:
        encoder: Which encoder this is.
        n_mfcc: Cepstral coefficients that stand beside the descriptors; 0 leaves them out.
        window_ms: Length of a frame in milliseconds, rounded up to a power of two of samples.
        hop_ms: From one frame to the next, in milliseconds.

    Source: Descriptors as of `taglab.audio.descriptors`. Kim 2021, section 3.3.1, takes 4,374 such numbers of
    Essentia's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "euclidean"

    encoder: Literal["spectral-statistics"] = "spectral-statistics"
    n_mfcc: int = Field(0, ge=0, le=128)
    window_ms: float = Field(46.0, ge=10, le=1_000)
    hop_ms: float = Field(23.0, gt=0.5, le=1_000)

    def encode(
        self, store: AudioStore, rows: Rows, learned: Learned, progress: Progress = silent
    ) -> Features:
        """Return features of tracks.

        Args:
            store: The sound, mixed to mono.
            rows: Of the tracks in it, (n,).
            learned: Not heeded: nothing is learned.
            progress: Told after every track.

        Returns:
            Array (n, 5 · (descriptors + n_mfcc)), float32: means, deviations, medians, least and most.

        Raises:
            InvalidSetting: If a track is shorter than a frame.
        """
        rate = store.sample_rate_hz
        n_fft = 1 << (round(self.window_ms * rate / 1_000) - 1).bit_length()
        hop = round(self.hop_ms * rate / 1_000)
        cepstra = None
        if self.n_mfcc:
            cepstra = cepstral_transform(rate, self.n_mfcc, self.window_ms, self.hop_ms, "hann")
        features = []
        for at, row in enumerate(rows.tolist()):
            samples = store.mono(row).astype(np.float64) / _FULL_SCALE
            if len(samples) < n_fft:
                name = store.tracks["track"].iloc[row]
                raise InvalidSetting(
                    f"track {name!r} of {len(samples):,} samples is too short for frames of {n_fft:,}"
                )
            frames = spectral_descriptors(samples, rate, n_fft, hop)
            if cepstra is not None:
                frames = np.column_stack([frames, cepstral_frames(cepstra, store, row, 0)])
            spread = [frames.mean(axis=0), frames.std(axis=0), *np.quantile(frames, (0.5, 0, 1), axis=0)]
            features.append(np.concatenate(spread))
            progress((at + 1) / len(rows), counted("spectra of tracks", at + 1, len(rows)))
        return np.array(features, np.float32)
