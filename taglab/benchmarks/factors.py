"""Probabilistic latent semantic analysis against scikit-learn's non-negative matrix factorisation."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.factors.plsa import Plsa, fit_plsa
from taglab.parallel import cores

N_DOCUMENTS, N_TERMS, LENGTH, K = 50_000, 8_000, 21, 50
ITERATIONS = 5

Doubles = npt.NDArray[np.float64]


def synthetic_documents(
    n_documents: int, n_terms: int, length: int, k: int, seed: int = 0
) -> sparse.csr_array:
    """Return counts (documents, terms used) drawn from k topics of terms as unequally used as tags are."""
    random = np.random.default_rng(seed)
    topics = random.dirichlet(np.full(n_terms, 0.02), k) * np.arange(1, n_terms + 1) ** -0.7
    below = (topics / topics.sum(axis=1, keepdims=True)).cumsum(axis=1)
    of_document = random.dirichlet(np.full(k, 0.1), n_documents).cumsum(axis=1)
    rows = np.repeat(np.arange(n_documents), length)
    topic_of = np.minimum((of_document[rows] < random.random((len(rows), 1))).sum(axis=1), k - 1)
    draws, columns = random.random(len(rows)), np.empty(len(rows), np.int64)
    for topic in range(k):
        own = topic_of == topic
        columns[own] = np.minimum(np.searchsorted(below[topic], draws[own]), n_terms - 1)
    counts = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n_documents, n_terms))
    counts.sum_duplicates()
    return sparse.csr_array(counts[:, np.flatnonzero(counts.sum(axis=0) > 0)])


def plsa() -> list[Row]:
    """Iterations on a million entries, 50 factors, from one start, which give the same factors."""
    import sklearn

    counts = synthetic_documents(N_DOCUMENTS, N_TERMS, LENGTH, K)
    random = np.random.default_rng(1)
    shares, terms = (random.gamma(2.0, size=(size, K)) for size in counts.shape)
    start = shares / shares.sum(axis=1, keepdims=True), terms / terms.sum(axis=0)
    timed = alternate(lambda _: _ours(counts, start), lambda _: _peer(counts, start), repeats=3)
    ours, peer = timed.ours[0], timed.peers[0]
    theirs = peer.T / peer.sum(axis=1)
    return [
        Row(
            name=f"pLSA, {counts.nnz} entries, k={K}, {ITERATIONS} iterations, against NMF (mu)",
            ours_s=timed.ours_s,
            peer_s=timed.peer_s,
            ratio=timed.ratio,
            agreement=f"p(term | factor) differ by at most {np.abs(ours.terms - theirs).max():.0e}",
            note=(
                f"scikit-learn {sklearn.__version__}; {counts.shape[0]} x {counts.shape[1]}; log-likelihood "
                f"of a count {ours.log_likelihoods[-1] / counts.sum():.3f}; ours {min(cores(), 4)} threads"
            ),
        )
    ]


def _ours(counts: sparse.csr_array, start: tuple[Doubles, Doubles]) -> Plsa:
    return fit_plsa(counts, K, iterations=ITERATIONS, tolerance=0, start=start)


def _peer(counts: sparse.csr_array, start: tuple[Doubles, Doubles]) -> Doubles:
    """Return NMF's terms, (k, terms)."""
    from sklearn.decomposition import non_negative_factorization

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        terms: Doubles = non_negative_factorization(
            counts, W=start[0].copy(), H=start[1].T.copy(), n_components=K, init="custom",
            solver="mu", beta_loss="kullback-leibler", max_iter=ITERATIONS, tol=0,
        )[1]  # fmt: skip
    return terms
