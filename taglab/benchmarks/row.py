"""One line of a benchmark: ours against a named peer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Ours against a peer, both measured in one run.

    Attributes:
        name: What was measured, and against whom.
        ours_s: Median seconds of ours.
        peer_s: Median seconds of the peer.
        ratio: How many times faster ours is: `peer_s / ours_s`.
        agreement: How near the two results are, as text ("largest difference 3e-7").
        note: Sizes, threads and whatever a reader must know.
    """

    name: str
    ours_s: float
    peer_s: float
    ratio: float
    agreement: str
    note: str = ""
