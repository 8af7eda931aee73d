"""Probabilistic latent semantic analysis of sparse counts: documents as mixtures of k factors over terms.

p(term | document) = Σ_z p(term | z) · p(z | document). Learned by expectation maximisation in which first the
shares of the documents, then the probabilities of the terms are made new: the multiplicative updates of
non-negative matrix factorisation under Kullback–Leibler divergence, step by step, up to the factors' scale.

Source: Hofmann, "Probabilistic latent semantic indexing", SIGIR (1999); Gaussier and Goutte, "Relation
between PLSA and NMF and implications", SIGIR (2005).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.parallel import on_every_core
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line

Doubles = npt.NDArray[np.float64]

# Every block of documents adds up an array of the terms' probabilities of its own; how many there are depends
# on the data alone, so that sums are taken in one order whatever the machine.
_BLOCKS, _LARGEST_SUMS_BYTES = 4, 1 << 30


@dataclass(frozen=True, eq=False)
class Plsa:
    """What was learned of documents.

    Attributes:
        terms: Array (terms, k): p(term | factor); a column sums to 1.
        shares: Array (documents, k): p(factor | document); a row sums to 1.
        log_likelihoods: Of all counts, in nats, after the shares of each iteration; never falls.
    """

    terms: Doubles
    shares: Doubles
    log_likelihoods: tuple[float, ...]

    __repr__ = one_line


def fit_plsa(
    counts: sparse.csr_array,
    k: int,
    seed: int = 0,
    iterations: int = 100,
    tolerance: float = 1e-5,
    start: tuple[Doubles, Doubles] | None = None,
    progress: Progress = silent,
) -> Plsa:
    """Learn k factors.

    Args:
        counts: Array (documents, terms), at least 0 and finite; every document has one above 0. Whole numbers
            need not be: weights of TF-IDF will do.
        k: Number of factors.
        seed: Of the start.
        iterations: At most so many.
        tolerance: Ends where a count's mean log-likelihood rises by less in an iteration, in nats; 0 makes
            all iterations.
        start: Shares (documents, k) and probabilities (terms, k) above 0 to begin with; drawn where None.
        progress: Told after every iteration.

    Raises:
        InvalidSetting: If there are fewer terms or documents than factors.
        ValueError: If counts are not what they must be.
    """
    blocks = _blocks(counts, k)
    _check_size(counts, k)
    shares, terms = _drawn(counts.shape, k, seed) if start is None else (start[0].copy(), start[1].copy())
    total = np.asarray(counts.sum(axis=1), np.float64)
    constant = float((total * np.log(total)).sum())
    likelihoods: list[float] = []
    for number in range(iterations):
        progress(number / iterations, counted("factors, iteration", number + 1, iterations))
        likelihood = _iterate(blocks, shares, terms) - constant
        likelihoods.append(likelihood)
        if number and likelihood - likelihoods[-2] < tolerance * total.sum():
            break
    shares /= shares.sum(axis=1, keepdims=True)
    return Plsa(terms, shares, tuple(likelihoods))


def fold_in(
    counts: sparse.csr_array,
    terms: Doubles,
    iterations: int = 100,
    tolerance: float = 1e-4,
    progress: Progress = silent,
) -> Doubles:
    """Return the shares of documents that were not learned from, the factors staying as they are.

    Args:
        counts: Array (documents, terms), as `fit_plsa` has it.
        terms: Array (terms, k): p(term | factor).
        iterations: At most so many.
        tolerance: Ends where no share changes by more in an iteration.
        progress: Told after every iteration.

    Returns:
        Array (documents, k): p(factor | document). A document whose terms no factor has gets 1/k of each.
    """
    from taglab.factors.plsa_steps import share_out

    k = terms.shape[1]
    shares = np.full((counts.shape[0], k), 1 / k)
    blocks = _blocks(counts, k)
    for number in range(iterations):
        progress(number / iterations, counted("folding in, iteration", number + 1, iterations))
        before = shares.copy()
        on_every_core(lambda part: share_out(*part.entries, terms, shares[part.rows]), blocks, silent, "")
        total = shares.sum(axis=1, keepdims=True)
        np.divide(shares, total, out=shares, where=total > 0)
        shares[total[:, 0] <= 0] = 1 / k
        if np.abs(shares - before).max(initial=0) < tolerance:
            break
    return shares


class _Block(NamedTuple):
    """Some documents: their rows, and their entries as compiled loops take them."""

    rows: slice
    entries: tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], Doubles]


def _blocks(counts: sparse.csr_array, k: int) -> list[_Block]:
    """Return the documents in blocks of about as many entries each."""
    values = np.asarray(counts.data, np.float64)
    if not np.isfinite(values).all() or (len(values) and values.min() < 0):
        raise ValueError("counts must be finite and at least 0")
    n_blocks = max(1, min(_BLOCKS, _LARGEST_SUMS_BYTES // (8 * k * max(counts.shape[1], 1))))
    starts = counts.indptr.astype(np.int64)
    columns = counts.indices.astype(np.int32)
    cuts = np.searchsorted(starts, np.linspace(0, len(values), n_blocks + 1)[1:-1])
    edges = [0, *cuts.tolist(), counts.shape[0]]
    return [
        _Block(slice(first, last), (starts[first : last + 1], columns, values))
        for first, last in itertools.pairwise(edges)
        if last > first
    ]


def _check_size(counts: sparse.csr_array, k: int) -> None:
    documents, terms = counts.shape
    if k > min(documents, terms):
        raise InvalidSetting(
            f"k={k} must be at most the {terms:,} terms and the {documents:,} documents there are to learn "
            "from; take fewer factors"
        )
    if not (counts.sum(axis=1) > 0).all():
        raise ValueError("every document must have a count above 0")


def _drawn(shape: tuple[int, int], k: int, seed: int) -> tuple[Doubles, Doubles]:
    """Draw shares (documents, k) and probabilities (terms, k) near even ones."""
    random = np.random.default_rng(seed)
    shares, terms = (random.gamma(2.0, size=(size, k)) for size in shape)
    return shares / shares.sum(axis=1, keepdims=True), terms / terms.sum(axis=0)


def _iterate(blocks: list[_Block], shares: Doubles, terms: Doubles) -> float:
    """Make shares and probabilities new, in place; return Σ n log of the new shares with the old terms."""
    from taglab.factors.plsa_steps import gather, share_out

    def work(block: _Block) -> tuple[float, Doubles]:
        pull = np.zeros_like(terms)
        share_out(*block.entries, terms, shares[block.rows])
        return gather(*block.entries, terms, shares[block.rows], pull), pull

    parts = on_every_core(work, blocks, silent, "")
    terms *= sum((pull for _, pull in parts[1:]), parts[0][1])
    terms /= np.maximum(shares.sum(axis=0), np.finfo(float).tiny)
    # What a factor gains in probability it hands to the shares, so that its columns sum to 1 again.
    scale = np.maximum(terms.sum(axis=0), np.finfo(float).tiny)
    terms /= scale
    shares *= scale
    return float(sum(likelihood for likelihood, _ in parts))
