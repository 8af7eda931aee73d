"""The iterations of probabilistic latent semantic analysis, compiled: one pass over what is stored."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.compiling import compiled

Doubles = npt.NDArray[np.float64]

# What is less likely is taken for this likely: of terms that no factor has nothing is divided by 0.
_LEAST = 1e-200


@compiled
def share_out(starts: npt.NDArray[np.int64], columns: npt.NDArray[np.int32], values: Doubles,
              terms: Doubles, shares: Doubles) -> None:  # fmt: skip
    """Give documents the shares that one iteration brings, the terms' probabilities staying as they are.

    Args:
        starts: Where the entries of each document begin in `columns` and `values`, and at last end.
        columns: Term of each entry.
        values: How often it is there.
        terms: Array (terms, k): p(term | factor).
        shares: Array (documents, k), changed: how much of each document is of each factor; thereafter a row
            sums to the document's counts.
    """
    k = terms.shape[1]
    pull = np.empty(k, np.float64)
    for document in range(len(starts) - 1):
        pull[:] = 0
        for at in range(starts[document], starts[document + 1]):
            term = columns[at]
            likely = 0.0
            for z in range(k):
                likely += shares[document, z] * terms[term, z]
            ratio = values[at] / max(likely, _LEAST)
            for z in range(k):
                pull[z] += ratio * terms[term, z]
        for z in range(k):
            shares[document, z] *= pull[z]


@compiled
def gather(starts: npt.NDArray[np.int64], columns: npt.NDArray[np.int32], values: Doubles,
           terms: Doubles, shares: Doubles, pull: Doubles) -> float:  # fmt: skip
    """Add up what documents ask of the terms' probabilities, and return their log-likelihood.

    Args:
        starts: As `share_out`.
        columns: As there.
        values: As there.
        terms: As there.
        shares: As there, not changed.
        pull: Array (terms, k), added to.

    Returns:
        Σ n log Σ_z share · p(term | z), in nats.
    """
    k = terms.shape[1]
    total = 0.0
    for document in range(len(starts) - 1):
        for at in range(starts[document], starts[document + 1]):
            term = columns[at]
            likely = 0.0
            for z in range(k):
                likely += shares[document, z] * terms[term, z]
            likely = max(likely, _LEAST)
            total += values[at] * np.log(likely)
            ratio = values[at] / likely
            for z in range(k):
                pull[term, z] += ratio * shares[document, z]
    return total
