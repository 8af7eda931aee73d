"""All pairs of a whole folksonomy, against the plain product of its matrix with itself."""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse

from taglab.benchmarks.row import Row
from taglab.cooccurrence import cooccurrence
from taglab.parallel import cores

# The size of Last.fm's tags of the Million Song Dataset.
N_TRACKS, N_TAGS, N_ASSIGNMENTS = 505_000, 522_000, 8_600_000


def made_up_assignments(n_tracks: int, n_tags: int, n_assignments: int, seed: int = 0) -> sparse.csr_array:
    """Return about so many assignments (tracks, tags), tags by Zipf's law, tracks of uneven length."""
    rng = np.random.default_rng(seed)
    reach = np.cumsum(1 / np.arange(1, n_tags + 1))
    lengths = rng.lognormal(0, 1, n_tracks)
    # A tag drawn twice for a track counts once, which costs about a tenth at the full size.
    rows = np.repeat(
        np.arange(n_tracks), rng.multinomial(round(1.12 * n_assignments), lengths / lengths.sum())
    )
    columns = np.searchsorted(reach, rng.random(len(rows)) * reach[-1])
    made = sparse.csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=(n_tracks, n_tags))
    made.data[:] = 1
    return made


def all_pairs() -> list[Row]:
    """Every pair of half a million tags, against SciPy's product in one piece."""
    incidence = made_up_assignments(N_TRACKS, N_TAGS, N_ASSIGNMENTS)
    names = [str(number) for number in range(N_TAGS)]
    started = time.perf_counter()
    ours = cooccurrence(incidence, names).pairs
    between = time.perf_counter()
    peer = incidence.T.tocsr() @ incidence
    ours_s, peer_s = between - started, time.perf_counter() - between
    same = ours.nnz == peer.nnz and int(ours.sum()) == int(peer.sum())
    return [
        Row(
            name=f"all pairs of {N_TAGS:,} tags, {incidence.nnz:,} assignments, against scipy.sparse",
            ours_s=ours_s,
            peer_s=peer_s,
            ratio=peer_s / ours_s,
            agreement="same pairs" if same else "different pairs",
            note=(
                f"{ours.nnz:,} pairs kept, {(ours.data.nbytes + ours.indices.nbytes) / 1e9:.1f} GB, "
                f"{cores()} threads"
            ),
        )
    ]
