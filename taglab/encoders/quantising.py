"""Vector quantisation: a dictionary of typical vectors, and which of them is nearest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.audio.store import Rows
from taglab.errors import InvalidSetting
from taglab.parallel import blas_of_one_thread, blocks, on_every_core
from taglab.progress import Progress, counted, silent

Frames = npt.NDArray[np.float32]

_BLOCK_FRAMES = 256


def sampled_frames(
    frames_of: Callable[[int], Frames], rows: Rows, frames_a_track: int, seed: int, progress: Progress
) -> Frames:
    """Return frames of tracks, some of each, drawn with a seed.

    Args:
        frames_of: Returns the frames of the track at a row, (frames, …).
        rows: Of the tracks.
        frames_a_track: At most so many of each.
        seed: Of the drawing.
        progress: Told after every track.
    """
    random = np.random.default_rng(seed)
    parts = []
    for at, row in enumerate(rows.tolist()):
        frames = frames_of(row)
        size = min(frames_a_track, len(frames))
        parts.append(frames[np.sort(random.choice(len(frames), size, replace=False))])
        progress((at + 1) / len(rows), counted("frames of tracks", at + 1, len(rows)))
    return np.concatenate(parts)


def scale_of(frames: Frames) -> tuple[Frames, Frames]:
    """Return mean and deviation of each number over frames (frames, …); no deviation is 0, to divide by.

    Of numbers that differ in size by powers of ten the largest, the level, would else decide alone which of
    two vectors is nearer.
    """
    return frames.mean(axis=0), np.maximum(frames.std(axis=0), 1e-6)


def dictionary(frames: Frames, n_entries: int, seed: int) -> Frames:
    """Return typical vectors of frames by k-means, (n_entries, numbers).

    Raises:
        InvalidSetting: If there are fewer frames than entries.
    """
    from sklearn.cluster import MiniBatchKMeans

    if len(frames) < n_entries:
        raise InvalidSetting(
            f"n_entries={n_entries:,} must be at most the {len(frames):,} frames there are to learn from; "
            "take fewer entries, or more frames_a_track"
        )
    clusterer: Any = MiniBatchKMeans(
        n_entries, batch_size=max(4_096, 4 * n_entries), n_init=1, max_iter=20, random_state=seed
    )
    entries: Frames = clusterer.fit(frames.astype(np.float32)).cluster_centers_.astype(np.float32)
    return entries


def nearest_entries(frames: Frames, entries: Frames, threads: int = 1) -> npt.NDArray[np.intp]:
    """Return the entry nearest to every frame, by Euclidean distance; of equally near ones the first.

    The half squared lengths of entries are one more number of each, so that a single product, of as many
    frames as fit a core's cache, leaves nothing but the search for the largest. Pruning by the triangle
    inequality from the frame before was tried: of 39 numbers it leaves half of the entries, to be looked at
    one by one, which costs more than the product.

    Args:
        frames: Array (frames, numbers), float32.
        entries: Array (entries, numbers), float32.
        threads: How many share the frames; one where tracks are shared out already.

    Returns:
        Array (frames,), rows of `entries`.
    """
    halves = 0.5 * np.einsum("ij,ij->i", entries, entries)
    table = np.concatenate([entries.T, -halves[None]])
    longer = np.ones((len(frames), len(table)), np.float32)
    longer[:, :-1] = frames
    nearest = np.empty(len(frames), np.intp)

    def search(part: slice) -> None:
        room = np.empty((min(_BLOCK_FRAMES, part.stop - part.start), len(entries)), np.float32)
        for block in blocks(part.stop - part.start, _BLOCK_FRAMES):
            rows = slice(part.start + block.start, part.start + block.stop)
            products = np.matmul(longer[rows], table, out=room[: rows.stop - rows.start])
            products.argmax(axis=1, out=nearest[rows])

    parts = blocks(len(frames), -(-len(frames) // threads))
    with blas_of_one_thread():
        if len(parts) > 1:
            on_every_core(search, parts, silent, "")
        elif parts:
            search(parts[0])
    return nearest
