"""Mels of whole tracks, made once and kept, of which clips are cut in place of being made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from taglab.audio.mels import LogMel, MelSettings
from taglab.audio.store import Rows
from taglab.audio.windows import Windows
from taglab.cache import content_key, derived_path, keep
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line

_FULL_SCALE = 32_768


@dataclass(frozen=True, eq=False)
class MelWindows(Windows):
    """Windows on tracks whose mels were kept; each begins at a frame.

    Attributes:
        settings: Of the mels.
        logarithms: Of all tracks, one after the other (frames, channels, mels), float16: before what depends
            on where a clip ends.
        first_frames: Where each row of the store begins in them, (rows,); of those that have no windows, 0.
    """

    settings: MelSettings
    logarithms: npt.NDArray[np.float16]
    first_frames: Rows

    __repr__ = one_line

    def random_starts(self, rows: npt.ArrayLike, rng: np.random.Generator) -> Rows:
        """Return a start for each row, (batch,), every frame that fits equally likely."""
        frames = self._last_starts(rows) // self.settings.hop
        return np.asarray(rng.integers(0, frames + 1), np.int64) * self.settings.hop

    def shape(self, batch: int) -> tuple[int, ...]:
        """Return the shape of so many windows: (batch, mels, frames), with channels where sound is stereo."""
        _, channels, mels = self.logarithms.shape
        whole = (batch, channels, mels, self.settings.frames(self.length))
        return whole if channels > 1 else (batch, *whole[2:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what `crops` returns."""
        return np.dtype(np.float16)

    def crops(
        self, rows: npt.ArrayLike, starts: npt.ArrayLike, out: npt.NDArray[Any] | None = None
    ) -> npt.NDArray[Any]:
        """Return the logarithms of windows, put into `out` where it is given; see `shape`."""
        places = np.asarray(rows, np.int64)
        firsts = self.first_frames[places] + np.asarray(starts, np.int64) // self.settings.hop
        frames = self.settings.frames(self.length)
        cut = np.empty(self.shape(len(places)), self.dtype) if out is None else out
        for window, first in zip(cut, firsts, strict=True):
            piece = self.logarithms[first : first + frames].transpose(1, 2, 0)
            window[...] = piece.reshape(window.shape)
        return cut


def with_kept_mels(windows: Windows, settings: MelSettings, progress: Progress = silent) -> MelWindows:
    """Return windows of which mels are kept, in the cache.

    Args:
        windows: On a store, none of them padded.
        settings: Of the mels.
        progress: Told after each track, where they have to be made.
    """
    store, rows = windows.store, windows.rows
    frames = 1 + store.samples[rows] // settings.hop
    first_frames = np.zeros(len(store), np.int64)
    first_frames[rows] = np.cumsum(frames) - frames
    shape = (int(frames.sum()), store.channels, settings.n_mels)
    names = store.tracks["track"].astype(str).iloc[rows].tolist()
    key = content_key(store.fingerprint_of(names), names, settings.model_dump(mode="json"))
    path = derived_path("mels", key, ".npy")
    logarithms = _kept(path, shape, partial(_logarithms, windows, settings, progress))
    return MelWindows(
        windows.store,
        windows.length,
        rows,
        windows.refused,
        windows.padded,
        settings,
        logarithms,
        first_frames,
    )


def _read(path: Path, shape: tuple[int, int, int]) -> npt.NDArray[np.float16] | None:
    """Return what is kept, mapped; None where it is missing or damaged."""
    try:
        mapped: npt.NDArray[np.float16] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return mapped if mapped.shape == shape and mapped.dtype == np.float16 else None


def _kept(
    path: Path, shape: tuple[int, int, int], parts: Callable[[], Iterator[npt.NDArray[np.float16]]]
) -> npt.NDArray[np.float16]:
    """Return what is kept, mapped; it is written track by track, for all tracks' may not fit into memory."""

    def write(place: Path, _: None) -> None:
        with place.open("wb") as file:
            described = {"descr": np.dtype(np.float16).str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, described)
            for part in parts():
                file.write(np.ascontiguousarray(part).data)

    there = _read(path, shape)
    if there is None:
        keep(path, None, write)
        there = _read(path, shape)
    return np.concatenate(list(parts())) if there is None else there  # where the disk takes no more


def _logarithms(
    windows: Windows, settings: MelSettings, progress: Progress
) -> Iterator[npt.NDArray[np.float16]]:
    """Make the logarithms of one track after the other (frames, channels, mels)."""
    transform = LogMel(settings)
    for number, row in enumerate(windows.rows.tolist()):
        samples = torch.from_numpy(windows.store.whole(row).astype(np.float32) / _FULL_SCALE)
        with torch.no_grad():
            logged = transform.logarithms(samples.reshape(len(samples), -1).T)
        yield logged.permute(2, 0, 1).numpy().astype(np.float16)
        progress((number + 1) / len(windows.rows), counted("making mels", number + 1, len(windows.rows)))
