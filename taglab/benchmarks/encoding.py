"""Counting of frames by the nearest entry of a dictionary, against scikit-learn's k-means."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.encoders.quantising import nearest_entries
from taglab.parallel import cores

N_FRAMES, N_NUMBERS, N_ENTRIES = 60_000, 39, 2_000
_STAYS = 0.9  # of a frame in the next, about as cepstra of music every 10 ms


def synthetic_frames(n_frames: int, n_numbers: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return frames that change slowly, of mean 0 and deviation 1, (n_frames, n_numbers)."""
    from scipy.signal import lfilter

    steps = np.random.default_rng(seed).standard_normal((n_frames, n_numbers))
    frames: npt.NDArray[np.float32] = lfilter([np.sqrt(1 - _STAYS**2)], [1, -_STAYS], steps, axis=0)
    return frames.astype(np.float32)


def codebook() -> list[Row]:
    """Codes of half an hour of frames, on every core, against `KMeans.predict` in float32."""
    import sklearn
    from sklearn.cluster import KMeans

    frames = synthetic_frames(N_FRAMES, N_NUMBERS)
    drawn = np.random.default_rng(1).choice(N_FRAMES, N_ENTRIES, replace=False)
    model = KMeans(N_ENTRIES, init=frames[drawn], n_init=1, max_iter=1).fit(frames)
    entries = np.ascontiguousarray(model.cluster_centers_, np.float32)
    timed = alternate(
        lambda _: nearest_entries(frames, entries, cores()), lambda _: model.predict(frames), repeats=7
    )
    others = np.flatnonzero(timed.ours[0] != timed.peers[0])
    apart = [
        np.linalg.norm(frames[others].astype(np.float64) - entries[codes[others]], axis=1)
        for codes in (timed.ours[0], timed.peers[0])
    ]
    furthest = np.abs(apart[0] - apart[1]).max(initial=0)
    return [
        Row(
            name=f"codes of {N_FRAMES} frames x {N_NUMBERS}, {N_ENTRIES} entries, against KMeans.predict",
            ours_s=timed.ours_s,
            peer_s=timed.peer_s,
            ratio=timed.ratio,
            agreement=f"{len(others)} codes differ, by {furthest:.0e} in distance",
            note=f"scikit-learn {sklearn.__version__}, float32; {cores()} threads each",
        )
    ]
