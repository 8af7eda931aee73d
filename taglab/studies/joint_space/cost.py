"""Time and memory to rank tags or artists for one song: table 7."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.joint_space import JointMaterial
from taglab.reprs import one_line

DoubleArray = npt.NDArray[np.float64]
Song = tuple[npt.NDArray[np.integer], DoubleArray]
"""Columns of a song's features that are not 0, and their values."""

_MIB = 2**20
_BYTES = 8  # of a double, as the paper's sizes have it
_REPEATS = 3


@dataclass(frozen=True, eq=False)
class Cost:
    """What it takes to find the best of Y outputs for one song whose features are there.

    Attributes:
        outputs: Y.
        inputs: |S|, features.
        non_zeros: Of them, not 0 in a song, on average.
        dim: d.
        space_s: Seconds a song by the joint space (songs,), the least of some repeats.
        one_vs_rest_s: By one linear classifier an output (songs,).
    """

    outputs: int
    inputs: int
    non_zeros: float
    dim: int
    space_s: DoubleArray
    one_vs_rest_s: DoubleArray

    __repr__ = one_line

    @property
    def space_mib(self) -> float:
        """Of the joint space's vectors as doubles: (Y + |S|) · d numbers."""
        return space_mib(self.outputs, self.inputs, self.dim)

    @property
    def one_vs_rest_mib(self) -> float:
        """Of the classifiers' as doubles: Y · |S| numbers."""
        return one_vs_rest_mib(self.outputs, self.inputs)


def space_mib(outputs: int, inputs: int, dim: int) -> float:
    """Return MiB of a joint space's vectors as doubles.

    Examples:
        >>> round(space_mib(26_972, 9_168, 100), 1)  # table 7 prints 27.7
        27.6
    """
    return (outputs + inputs) * dim * _BYTES / _MIB


def one_vs_rest_mib(outputs: int, inputs: int) -> float:
    """Return MiB of one linear classifier an output, as doubles."""
    return outputs * inputs * _BYTES / _MIB


def ranking_cost(material: JointMaterial, outputs: int, dim: int, songs: int, seed: int = 0) -> Cost:
    """Measure what ranking takes, in turn by a joint space and by classifiers, on arrays in memory.

    Values of vectors have no bearing on time, so that they are drawn; songs' features are real.

    Args:
        material: Whose test songs are ranked for.
        outputs: Y.
        dim: d.
        songs: At most so many of them.
        seed: Of what is drawn.
    """
    random = np.random.default_rng(seed)
    features = material.features[material.parts["test"][:songs]].astype(np.float64)
    n = features.shape[1]
    of_features, of_outputs = random.standard_normal((n, dim)), random.standard_normal((outputs, dim))
    classifiers = random.standard_normal((n, outputs))
    by_space, by_classifiers = [], []
    for row in range(features.shape[0]):
        inside = slice(features.indptr[row], features.indptr[row + 1])
        song = (features.indices[inside], features.data[inside])
        turns = [
            (
                _seconds(_best_by_space, song, of_features, of_outputs),
                _seconds(_best_by_classifiers, song, classifiers),
            )
            for _ in range(_REPEATS)
        ]
        by_space.append(min(turn[0] for turn in turns))
        by_classifiers.append(min(turn[1] for turn in turns))
    non_zeros = features.nnz / max(features.shape[0], 1)
    return Cost(outputs, n, non_zeros, dim, np.array(by_space), np.array(by_classifiers))


def _best_by_space(song: Song, of_features: DoubleArray, of_outputs: DoubleArray) -> int:
    columns, values = song
    return int(np.argmax(of_outputs @ (values @ of_features[columns])))


def _best_by_classifiers(song: Song, classifiers: DoubleArray) -> int:
    columns, values = song
    return int(np.argmax(values @ classifiers[columns]))


def _seconds(find: Callable[..., int], *given: Any) -> float:
    began = time.perf_counter()
    find(*given)
    return time.perf_counter() - began
