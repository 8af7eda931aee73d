"""How often parts of an auditory image look like each of some hundred typical ones."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.store import AudioStore, Rows
from taglab.encoders.correlogram import Correlogram, Image, erb_spaced_hz, gammatone_bank
from taglab.encoders.encoder import Features, Learned, Learns
from taglab.encoders.quantising import dictionary, nearest_entries, sampled_frames, scale_of
from taglab.errors import InvalidSetting
from taglab.progress import Progress, between, counted, silent

Boxes = npt.NDArray[np.float32]

BANDS, SPANS = 7, 4
N_BOXES = BANDS * SPANS
_BAND_CHANNELS, _SPAN_LAGS = 8, 32  # numbers a box has along each side
_CHANNELS = (BANDS + 1) * _BAND_CHANNELS // 2
_FULL_SCALE = 32_768
_HIGHEST = 0.45  # of the sample rate


class AuditoryCodebook(Learns, BaseModel):
    """Counts of typical parts of the correlogram: gammatone filters, their autocorrelations, boxes of those.

    Where the paper has stabilised auditory images of an adaptive pole-zero filter cascade (PZFC), this has
    correlograms of gammatone filters, which no adaptive gain follows: each frame is divided by its level
    instead. A stabilised image is triggered by peaks and so keeps which side of one is steep; an
    autocorrelation is symmetrical and does not. The paper prints neither boxes nor dictionaries, only their
    product 7,168; 28 of 256 is our reading: seven bands of filters, each half over the next, by four spans of
    lags from 0 on, each twice the one before. As in Lyon et al. 2010, a box is brought to one size and told
    by the means of its rows and of its columns.

    Attributes:
        encoder: Which encoder this is.
        n_entries: Size of each of the 28 dictionaries (256), by k-means over frames of training tracks.
        lowest_hz: Of the 32 filters, which lie evenly on the ear's scale up to 0.45 of the sample rate.
        longest_lag_ms: The last lag of the widest boxes.
        hop_ms: From one frame to the next.
        frames_a_track: At most so many frames of a training track, drawn with the seed, are clustered.
        seed: Of the drawing and of k-means.

    Source: Weston, Bengio and Hamel 2011, section 6.2; Lyon, Rehn, Bengio, Walters and Chechik 2010.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "cosine"

    encoder: Literal["auditory-codebook"] = "auditory-codebook"
    n_entries: int = Field(256, ge=2, le=10_000)
    lowest_hz: float = Field(80.0, ge=80, le=1_000)
    longest_lag_ms: float = Field(32.0, ge=4, le=200)
    hop_ms: float = Field(20.0, gt=1, le=1_000)
    frames_a_track: int = Field(100, ge=1)
    seed: int = Field(0, ge=0, lt=2**32)

    def learn(self, store: AudioStore, rows: Rows, progress: Progress = silent) -> Learned:
        """Return the dictionaries `entries` (28, n_entries, 40), and `middle`, `spread` (28, 40) of boxes.

        Args:
            store: The sound.
            rows: Of the tracks whose frames make the dictionaries: those of the training part.
            progress: Told after every track, and every dictionary.

        Raises:
            InvalidSetting: If there are fewer frames to learn from than entries, or a track is too short.
        """
        images = self._correlogram(store)
        sample = sampled_frames(
            lambda row: _boxes_of(images, store, row),
            rows, self.frames_a_track, self.seed, between(progress, 0, 0.8),
        )  # fmt: skip
        middle, spread = scale_of(sample)
        entries = []
        for box in range(N_BOXES):
            standard = (sample[:, box] - middle[box]) / spread[box]
            entries.append(dictionary(standard, self.n_entries, self.seed))
            progress(0.8 + 0.2 * (box + 1) / N_BOXES, counted("dictionaries", box + 1, N_BOXES))
        return {"middle": middle, "spread": spread, "entries": np.array(entries)}

    def encode(
        self, store: AudioStore, rows: Rows, learned: Learned, progress: Progress = silent
    ) -> Features:
        """Return counts, (n, 28 · n_entries), float32, whole; each box's sum to the track's frames.

        Args:
            store: The sound.
            rows: Of the tracks in it, (n,).
            learned: As `learn` gives it.
            progress: Told after every track.

        Raises:
            InvalidSetting: If a track is shorter than a frame.
        """
        images, entries = self._correlogram(store), learned["entries"]
        counts = np.zeros((len(rows), N_BOXES, self.n_entries), np.float32)
        for at, row in enumerate(rows.tolist()):
            boxes = (_boxes_of(images, store, row) - learned["middle"]) / learned["spread"]
            for box in range(N_BOXES):
                nearest = nearest_entries(np.ascontiguousarray(boxes[:, box]), entries[box])
                counts[at, box] = np.bincount(nearest, minlength=self.n_entries)
            progress((at + 1) / len(rows), counted("auditory images of tracks", at + 1, len(rows)))
        return counts.reshape(len(rows), -1)

    def _correlogram(self, store: AudioStore) -> Correlogram:
        rate = store.sample_rate_hz
        frequencies = erb_spaced_hz(self.lowest_hz, _HIGHEST * rate, _CHANNELS)
        step = _SPAN_LAGS * 2 ** (SPANS - 1)  # so that every span is whole in steps of its 32 lags
        n_lags = step * max(1, round(self.longest_lag_ms * rate / 1000 / step))
        bank = gammatone_bank(frequencies, rate)
        return Correlogram(bank, n_lags, max(1, round(self.hop_ms * rate / 1000)), rate)


def boxes_of_images(images: Image) -> Boxes:
    """Return the boxes of frames, (frames, 28, 40): bands one after the other, of each its spans.

    Args:
        images: Array (frames, 32 channels, lags).

    Returns:
        Of each box the means of its 8 rows, a channel each, and of its 32 columns, some lags each.
    """
    frames, _, n_lags = images.shape
    boxes = np.empty((frames, BANDS, SPANS, _BAND_CHANNELS + _SPAN_LAGS), np.float32)
    for span in range(SPANS):
        width = n_lags >> (SPANS - 1 - span)
        cells = images[:, :, :width].reshape(frames, _CHANNELS, _SPAN_LAGS, -1).mean(axis=3)
        rows = cells.mean(axis=2)
        for band in range(BANDS):
            channels = slice(band * _BAND_CHANNELS // 2, band * _BAND_CHANNELS // 2 + _BAND_CHANNELS)
            boxes[:, band, span, :_BAND_CHANNELS] = rows[:, channels]
            boxes[:, band, span, _BAND_CHANNELS:] = cells[:, channels].mean(axis=1)
    return boxes.reshape(frames, N_BOXES, -1)


def _boxes_of(images: Correlogram, store: AudioStore, row: int) -> Boxes:
    samples = store.mono(row).astype(np.float32) * np.float32(1 / _FULL_SCALE)
    if not images.n_frames(len(samples)):
        raise InvalidSetting(
            f"track {store.tracks['track'].iloc[row]!r} of {len(samples):,} samples is too short for images "
            f"of {2 * images.n_lags:,}"
        )
    return np.concatenate([boxes_of_images(some) for some in images.images(samples)])
