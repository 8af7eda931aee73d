"""How the timbre of a track is on average, and how much it varies: the customary features of music."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.store import AudioStore, Rows
from taglab.encoders.cepstra import cepstral_frames, cepstral_transform
from taglab.encoders.encoder import Features, Learned, LearnsNothing
from taglab.progress import Progress, counted, silent


class MfccStatistics(LearnsNothing, BaseModel):
    """Mean and deviation over time of cepstral coefficients and of their differences.

    Attributes:
        encoder: Which encoder this is.
        n_mfcc: Coefficients; 20 with two differences give the 120 numbers, 25 without the first the 144, that
            Kim 2021 takes (sections 2.4 and 4.4).
        first: Whether the 0th, the level, is one of them.
        differences: How often differences over time are taken: 2 adds how fast, and how suddenly, the sound
            changes.
        window_ms: Length of a frame in milliseconds.
        hop_ms: From one frame to the next, in milliseconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "euclidean"
    baseline: ClassVar[bool] = True

    encoder: Literal["mfcc-statistics"] = "mfcc-statistics"
    n_mfcc: int = Field(20, ge=2, le=128)
    first: bool = True
    differences: int = Field(2, ge=0, le=2)
    window_ms: float = Field(46.0, gt=1, le=1_000)
    hop_ms: float = Field(23.0, gt=0.5, le=1_000)

    def encode(
        self, store: AudioStore, rows: Rows, learned: Learned, progress: Progress = silent
    ) -> Features:
        """Return features of tracks.

        Args:
            store: The sound.
            rows: Of the tracks in it, (n,).
            learned: Not heeded: nothing is learned.
            progress: Told after every track.

        Returns:
            Array (n, 2 · (1 + differences) · coefficients), float32: means, then deviations.
        """
        transform = cepstral_transform(store.sample_rate_hz, self.n_mfcc, self.window_ms, self.hop_ms, "hann")
        skipped = 0 if self.first else 1
        features = []
        for at, row in enumerate(rows.tolist()):
            frames = cepstral_frames(transform, store, row, self.differences)
            kept = frames.reshape(len(frames), 1 + self.differences, self.n_mfcc)[:, :, skipped:]
            flat = kept.reshape(len(frames), -1).astype(np.float64)
            features.append(np.concatenate([flat.mean(axis=0), flat.std(axis=0)]))
            progress((at + 1) / len(rows), counted("timbre of tracks", at + 1, len(rows)))
        return np.array(features, np.float32)
