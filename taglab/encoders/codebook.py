"""How often a track sounds like each of some thousand typical moments: Weston et al. 2011, section 6.2."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.store import AudioStore, Rows
from taglab.encoders.cepstra import Frames, cepstral_frames, cepstral_transform
from taglab.errors import InvalidSetting
from taglab.progress import Progress, between, counted, silent

_BLOCK_VALUES = 1 << 22


class MfccCodebook(BaseModel):
    """Counts of the dictionary's nearest entries over a track's frames.

    Attributes:
        encoder: Which encoder this is.
        n_entries: Size of the dictionary (2,000 in the paper), by k-means over frames of training tracks.
        n_mfcc: Coefficients a frame has (13), to which two differences come: 39 numbers.
        window_ms: Length of a frame, a Hamming window (25).
        hop_ms: From one frame to the next (10).
        frames_a_track: At most so many frames of a training track, drawn with the seed, are clustered; the
            paper tells of no number.
        seed: Of the drawing and of k-means.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    learns: ClassVar[bool] = True
    measure: ClassVar[str] = "cosine"

    encoder: Literal["mfcc-codebook"] = "mfcc-codebook"
    n_entries: int = Field(2_000, ge=2, le=100_000)
    n_mfcc: int = Field(13, ge=2, le=128)
    window_ms: float = Field(25.0, gt=1, le=1_000)
    hop_ms: float = Field(10.0, gt=0.5, le=1_000)
    frames_a_track: int = Field(200, ge=1)
    seed: int = Field(0, ge=0, lt=2**32)

    def encode(
        self, store: AudioStore, rows: Rows, learned_from: Rows, progress: Progress = silent
    ) -> npt.NDArray[np.float32]:
        """Return counts, (n, n_entries), float32, whole numbers; a row sums to the track's frames.

        Args:
            store: The sound.
            rows: Of the tracks in it, (n,).
            learned_from: Rows of the tracks whose frames make the dictionary: those of the training part.
            progress: Told after every track.

        Raises:
            InvalidSetting: If there are fewer frames to learn from than entries.
        """
        transform = cepstral_transform(
            store.sample_rate_hz, self.n_mfcc, self.window_ms, self.hop_ms, "hamming"
        )
        sample = self._sample(transform, store, learned_from, between(progress, 0, 0.3))
        # Of numbers that differ in size by powers of ten the largest, the level, would decide alone.
        middle, spread = sample.mean(axis=0), np.maximum(sample.std(axis=0), 1e-6)
        entries = self._entries((sample - middle) / spread, between(progress, 0.3, 0.5, "clustering frames"))
        counts = np.zeros((len(rows), self.n_entries), np.float32)
        for at, row in enumerate(rows.tolist()):
            frames = (cepstral_frames(transform, store, row, 2) - middle) / spread
            counts[at] = np.bincount(nearest_entries(frames, entries), minlength=self.n_entries)
            progress(0.5 + 0.5 * (at + 1) / len(rows), counted("counting frames", at + 1, len(rows)))
        return counts

    def _sample(self, transform: Any, store: AudioStore, rows: Rows, progress: Progress) -> Frames:
        random = np.random.default_rng(self.seed)
        parts = []
        for at, row in enumerate(rows.tolist()):
            frames = cepstral_frames(transform, store, row, 2)
            size = min(self.frames_a_track, len(frames))
            parts.append(frames[np.sort(random.choice(len(frames), size, replace=False))])
            progress((at + 1) / len(rows), counted("frames of tracks", at + 1, len(rows)))
        total = sum(map(len, parts))
        if total < self.n_entries:
            raise InvalidSetting(
                f"n_entries={self.n_entries:,} must be at most the {total:,} frames there are to learn from; "
                "take fewer entries, or more frames_a_track"
            )
        return np.concatenate(parts)

    def _entries(self, frames: Frames, progress: Progress) -> Frames:
        from sklearn.cluster import MiniBatchKMeans

        clusterer: Any = MiniBatchKMeans(
            self.n_entries, batch_size=max(4_096, 4 * self.n_entries), n_init=1, max_iter=20,
            random_state=self.seed,
        )  # fmt: skip
        progress(0.0, f"{len(frames):,} frames into {self.n_entries:,} entries")
        entries: Frames = clusterer.fit(frames.astype(np.float32)).cluster_centers_.astype(np.float32)
        return entries


def nearest_entries(frames: Frames, entries: Frames) -> npt.NDArray[np.intp]:
    """Return the entry nearest to every frame, by Euclidean distance; of equally near ones the first.

    Args:
        frames: Array (frames, numbers), float32.
        entries: Array (entries, numbers), float32.

    Returns:
        Array (frames,), rows of `entries`.
    """
    halves = 0.5 * np.einsum("ij,ij->i", entries, entries)
    nearest = np.empty(len(frames), np.intp)
    size = max(1, _BLOCK_VALUES // len(entries))
    for start in range(0, len(frames), size):
        products = frames[start : start + size] @ entries.T
        products -= halves
        products.argmax(axis=1, out=nearest[start : start + size])
    return nearest
