"""Fair timing of two ways of doing the same."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from taglab.reprs import one_line

Ours = TypeVar("Ours")
Peers = TypeVar("Peers")


@dataclass(frozen=True, eq=False)
class Timed(Generic[Ours, Peers]):
    """Result of `alternate`.

    Attributes:
        ours_s: Median seconds of ours.
        peer_s: Median seconds of the peer.
        ours: What ours returned, one a run.
        peers: What the peer returned.
    """

    ours_s: float
    peer_s: float
    ours: list[Ours]
    peers: list[Peers]

    __repr__ = one_line

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.peer_s / self.ours_s


def alternate(
    ours: Callable[[int], Ours], peer: Callable[[int], Peers], repeats: int = 5
) -> Timed[Ours, Peers]:
    """Run both in turn, so that whatever else the machine does slows both, after one untimed run of each.

    Args:
        ours: Called with the number of the run, from 0, for instance as a seed.
        peer: Called with the same.
        repeats: Timed runs of each.
    """
    ours(0)
    peer(0)
    our_times, peer_times, our_results, peer_results = [], [], [], []
    for run in range(repeats):
        started = time.perf_counter()
        our_results.append(ours(run))
        between = time.perf_counter()
        peer_results.append(peer(run))
        our_times.append(between - started)
        peer_times.append(time.perf_counter() - between)
    return Timed(statistics.median(our_times), statistics.median(peer_times), our_results, peer_results)
