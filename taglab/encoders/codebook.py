"""How often a track sounds like each of some thousand typical moments: Weston et al. 2011, section 6.2."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.store import AudioStore, Rows
from taglab.encoders.cepstra import Frames, cepstral_frames, cepstral_transform
from taglab.encoders.encoder import Features, Learned, Learns
from taglab.encoders.quantising import dictionary, nearest_entries, sampled_frames, scale_of
from taglab.progress import Progress, between, counted, silent


class MfccCodebook(Learns, BaseModel):
    """Counts of the dictionary's nearest entries over a track's frames.

    Attributes:
        encoder: Which encoder this is.
        n_entries: Size of the dictionary (2,000 in the paper), by k-means over frames of training tracks.
        n_mfcc: Coefficients a frame has (13), to which two differences come: 39 numbers in all.
        window_ms: Length of a frame, a Hamming window (25).
        hop_ms: From one frame to the next (10).
        numbers: What of a frame counts: "all", its "cepstra" alone, or their first "differences" alone, taken
            over five frames; of the latter two Kim (2021, section 3.3.1) makes a dictionary each.
        frames_a_track: At most so many frames of a training track, drawn with the seed, are clustered; the
            paper tells of no number.
        seed: Of the drawing and of k-means.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "cosine"

    encoder: Literal["mfcc-codebook"] = "mfcc-codebook"
    n_entries: int = Field(2_000, ge=2, le=100_000)
    n_mfcc: int = Field(13, ge=2, le=128)
    window_ms: float = Field(25.0, gt=1, le=1_000)
    hop_ms: float = Field(10.0, gt=0.5, le=1_000)
    numbers: Literal["all", "cepstra", "differences"] = "all"
    frames_a_track: int = Field(200, ge=1)
    seed: int = Field(0, ge=0, lt=2**32)

    def learn(self, store: AudioStore, rows: Rows, progress: Progress = silent) -> Learned:
        """Return the dictionary, `entries` (n_entries, numbers), and `middle`, `spread` (numbers,) of frames.

        Args:
            store: The sound.
            rows: Of the tracks whose frames make the dictionary: those of the training part.
            progress: Told after every track.

        Raises:
            InvalidSetting: If there are fewer frames to learn from than entries.
        """
        transform = self._transform(store)
        sample = sampled_frames(
            lambda row: self._frames(transform, store, row),
            rows, self.frames_a_track, self.seed, between(progress, 0, 0.6),
        )  # fmt: skip
        middle, spread = scale_of(sample)
        progress(0.6, f"{len(sample):,} frames into {self.n_entries:,} entries")
        entries = dictionary((sample - middle) / spread, self.n_entries, self.seed)
        return {"middle": middle, "spread": spread, "entries": entries}

    def encode(
        self, store: AudioStore, rows: Rows, learned: Learned, progress: Progress = silent
    ) -> Features:
        """Return counts, (n, n_entries), float32, whole numbers; a row sums to the track's frames.

        Args:
            store: The sound.
            rows: Of the tracks in it, (n,).
            learned: As `learn` gives it.
            progress: Told after every track.
        """
        transform = self._transform(store)
        middle, spread, entries = learned["middle"], learned["spread"], learned["entries"]
        counts = np.zeros((len(rows), self.n_entries), np.float32)
        for at, row in enumerate(rows.tolist()):
            frames = (self._frames(transform, store, row) - middle) / spread
            counts[at] = np.bincount(nearest_entries(frames, entries), minlength=self.n_entries)
            progress((at + 1) / len(rows), counted("counting frames", at + 1, len(rows)))
        return counts

    def _frames(self, transform: Any, store: AudioStore, row: int) -> Frames:
        """Return the numbers of a track's frames that count, (frames, numbers)."""
        first, last = {"all": (0, 3), "cepstra": (0, 1), "differences": (1, 2)}[self.numbers]
        frames = cepstral_frames(transform, store, row, last - 1)
        return np.ascontiguousarray(frames[:, first * self.n_mfcc : last * self.n_mfcc])

    def _transform(self, store: AudioStore) -> Any:
        return cepstral_transform(store.sample_rate_hz, self.n_mfcc, self.window_ms, self.hop_ms, "hamming")
