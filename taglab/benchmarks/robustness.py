"""Distances of sequences against their peers, and how many times faster than it sounds clips are degraded."""

from __future__ import annotations

import math
import time

import numpy as np
import numpy.typing as npt

from taglab.audio.degrade import DEGRADATIONS, degrade
from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.errors import MissingExtra
from taglab.metrics.sequences import dtw_distances, profile_distances

N_SEQUENCES = 60
FRAMES = (173, 2_584)  # two and thirty seconds at 22,050 Hz, 256 samples apart
COEFFICIENTS = 24
STRETCH = 43
RATE_HZ = 22_050
CLIP_S = 10.0
ASKED = ("pink-noise", "tempo", "pitch", "mp3")

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]


def sequences() -> list[Row]:
    """Dynamic time warping of all pairs against dtaidistance, matrix profiles against a direct evaluation."""
    random = np.random.default_rng(0)
    short, long = (
        random.standard_normal((n, frames, COEFFICIENTS)).astype(np.float32)
        for n, frames in zip((N_SEQUENCES, 2), FRAMES, strict=True)
    )
    return [_warping(short), _profiles(short[: N_SEQUENCES // 4]), _profiles(long)]


def degradations() -> list[Row]:
    """Degrading a clip, beside how long it sounds."""
    times = np.arange(round(CLIP_S * RATE_HZ)) / RATE_HZ
    clip = (0.3 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)
    return [_degrading(name, clip) for name in ASKED]


def _warping(given: FloatArray) -> Row:
    pairs = len(given) ** 2 // 4
    name = f"DTW of {pairs} pairs, {given.shape[1]} frames of {COEFFICIENTS}, against dtaidistance"
    try:
        from dtaidistance import dtw_ndim
    except ImportError:
        return Row(name, math.nan, math.nan, math.nan, "", str(MissingExtra("dtaidistance", "bench")))
    half = len(given) // 2
    doubles = list(given.astype(np.float64))
    block = ((0, half), (half, 2 * half))

    def peer(_: int) -> DoubleArray:
        matrix: DoubleArray = dtw_ndim.distance_matrix_fast(
            doubles, block=block, compact=False, parallel=True, inner_dist="euclidean"
        )
        return matrix[:half, half:]

    timed = alternate(lambda _: dtw_distances(given[:half], given[half : 2 * half]), peer)
    apart = float(np.abs(timed.ours[0] / timed.peers[0] - 1).max())
    return Row(name, timed.ours_s, timed.peer_s, timed.ratio, f"largest relative difference {apart:.0e}")


def _profiles(given: FloatArray) -> Row:
    pairs = len(given) ** 2
    timed = alternate(
        lambda _: profile_distances(given, given, STRETCH),
        lambda _: np.array([[_direct(a, b) for b in given] for a in given]),
        repeats=3,
    )
    apart = ~np.eye(len(given), dtype=bool)
    furthest = float(np.abs(timed.ours[0][apart] / timed.peers[0][apart] - 1).max())
    name = f"matrix profiles of {pairs} pairs, {given.shape[1]} frames, against a direct evaluation in NumPy"
    return Row(name, timed.ours_s, timed.peer_s, timed.ratio, f"largest relative difference {furthest:.0e}")


def _direct(first: FloatArray, second: FloatArray) -> float:
    """Return what `profile_distances` does of one pair, by the distances of all stretches to all."""
    windows = np.lib.stride_tricks.sliding_window_view
    left, right = (
        windows(one, STRETCH, axis=0).reshape(len(one) - STRETCH + 1, -1) for one in (first, second)
    )
    squared = (left**2).sum(1)[:, None] + (right**2).sum(1) - 2 * left @ right.T
    return float(np.median(np.sqrt(np.maximum(squared, 0).min(axis=1))))


def _degrading(name: str, clip: FloatArray) -> Row:
    kind = DEGRADATIONS[name]
    worst = min(kind.magnitudes(RATE_HZ), key=lambda one: -kind.severity(one, RATE_HZ))
    degrade(clip, RATE_HZ, name, worst)
    started = time.process_time()
    degrade(clip, RATE_HZ, name, worst)
    taken = time.process_time() - started
    return Row(
        f"{name} of {CLIP_S:g} s by {worst:g} {kind.unit}, CPU time beside real time",
        taken, CLIP_S, CLIP_S / taken, "",
    )  # fmt: skip
