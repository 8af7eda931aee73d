"""pLSA: NMF under Kullback–Leibler divergence step by step, planted topics, and documents folded in."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import non_negative_factorization

from taglab.errors import Cancelled, InvalidSetting
from taglab.factors.plsa import fit_plsa, fold_in

Doubles = npt.NDArray[np.float64]


def drawn_counts(documents: int, terms: int, seed: int, rate: float = 0.3) -> sparse.csr_array:
    random = np.random.default_rng(seed)
    counts = random.poisson(rate, (documents, terms)).astype(np.float64)
    counts[np.arange(documents), random.integers(0, terms, documents)] += 1
    return sparse.csr_array(counts)


def drawn_start(documents: int, terms: int, k: int, seed: int) -> tuple[Doubles, Doubles]:
    random = np.random.default_rng(seed)
    shares, probabilities = random.random((documents, k)) + 0.1, random.random((terms, k)) + 0.1
    return shares / shares.sum(axis=1, keepdims=True), probabilities / probabilities.sum(axis=0)


def log_likelihood(counts: sparse.csr_array, mixed: Doubles) -> float:
    """Of counts under non-negative scores of any scale, each document's made to sum to 1."""
    return float((counts.toarray() * np.log(mixed / mixed.sum(axis=1, keepdims=True))).sum())


def nmf(counts: sparse.csr_array, start: tuple[Doubles, Doubles], iterations: int) -> tuple[Doubles, Doubles]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        shares, terms, _ = non_negative_factorization(
            counts, W=start[0].copy(), H=start[1].T.copy(), n_components=start[0].shape[1], init="custom",
            solver="mu", beta_loss="kullback-leibler", max_iter=iterations, tol=0,
        )  # fmt: skip
    return shares, terms


@pytest.mark.parametrize("iterations", [1, 2, 7, 40])
def test_it_is_nmf_with_kullback_leibler_loss_up_to_scale(iterations: int) -> None:
    counts, start = drawn_counts(40, 25, 0), drawn_start(40, 25, 4, 1)
    ours = fit_plsa(counts, 4, iterations=iterations, tolerance=0, start=start)
    shares, terms = nmf(counts, start, iterations)
    np.testing.assert_allclose(
        ours.terms, (terms / terms.sum(axis=1, keepdims=True)).T, rtol=1e-7, atol=1e-12
    )
    scaled = shares * terms.sum(axis=1)
    np.testing.assert_allclose(ours.shares, scaled / scaled.sum(axis=1, keepdims=True), rtol=1e-7, atol=1e-12)


def test_the_likelihood_is_that_of_shares_and_terms() -> None:
    counts, start = drawn_counts(30, 20, 2), drawn_start(30, 20, 3, 3)
    before = fit_plsa(counts, 3, iterations=5, tolerance=0, start=start)
    after = fit_plsa(counts, 3, iterations=1, tolerance=0, start=(before.shares, before.terms))
    # Shares are made new before terms: what is told of an iteration is of the new shares and the old terms.
    ratios = counts.toarray() / (before.shares @ before.terms.T)
    shares = before.shares * (ratios @ before.terms)
    assert after.log_likelihoods[0] == pytest.approx(log_likelihood(counts, shares @ before.terms.T))


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_the_likelihood_never_falls(seed: int, k: int) -> None:
    learned = fit_plsa(drawn_counts(15, 9, seed), k, seed, iterations=30, tolerance=0)
    steps = np.diff(learned.log_likelihoods)
    assert (steps >= -1e-9 * abs(learned.log_likelihoods[0])).all()
    np.testing.assert_allclose(learned.terms.sum(axis=0), 1)
    np.testing.assert_allclose(learned.shares.sum(axis=1), 1)


def planted(documents: int, seed: int) -> tuple[sparse.csr_array, Doubles, Doubles]:
    """Five topics of twelve terms each, beside some they share; documents of one or two."""
    random = np.random.default_rng(seed)
    terms = np.full((72, 5), 0.02 / 72)
    for topic in range(5):
        terms[12 * topic : 12 * topic + 12, topic] += random.dirichlet(np.full(12, 2.0)) * 0.85
    terms[60:] += 0.13 / 12
    shares = random.dirichlet(np.full(5, 0.15), documents)
    counts = np.stack([random.multinomial(80, terms @ row / (terms @ row).sum()) for row in shares])
    return sparse.csr_array(counts.astype(np.float64)), terms / terms.sum(axis=0), shares


def test_planted_topics_are_recovered() -> None:
    counts, terms, shares = planted(400, 0)
    learned = fit_plsa(counts, 5, seed=0, iterations=200)
    overlap = np.minimum(terms[:, :, None], learned.terms[:, None]).sum(axis=0)
    planted_rows, learned_rows = linear_sum_assignment(-overlap)
    assert overlap[planted_rows, learned_rows].min() > 0.85
    own = np.empty(5, int)
    own[learned_rows] = planted_rows
    clear = shares.max(axis=1) > 0.7
    assert (own[learned.shares.argmax(axis=1)] == shares.argmax(axis=1))[clear].mean() > 0.95


def test_unseen_documents_are_folded_in_as_if_they_had_been_seen() -> None:
    counts, _, shares = planted(500, 1)
    learned = fit_plsa(counts[:400], 5, seed=1, iterations=300, tolerance=0)
    again = fold_in(counts[:400], learned.terms, iterations=500, tolerance=1e-7)
    assert np.abs(again - learned.shares).max() < 0.02
    unseen = fold_in(counts[400:], learned.terms)
    nearest = [np.abs(shares[:400] - row).sum(axis=1).argmin() for row in shares[400:]]
    assert np.abs(learned.shares[nearest] - unseen).sum(axis=1).mean() < 0.35


def test_a_document_of_terms_that_no_factor_has_gets_even_shares() -> None:
    terms = np.array([[1.0, 0.5], [0.0, 0.5], [0.0, 0.0]])
    counts = sparse.csr_array(np.array([[0.0, 0, 3], [2.0, 0, 0], [0.0, 0, 0]]))
    shares = fold_in(counts, terms, iterations=5000, tolerance=0)
    np.testing.assert_allclose(shares, [[0.5, 0.5], [1, 0], [0.5, 0.5]], atol=1e-3)


def test_the_same_seed_gives_the_same_factors_and_progress_can_stop_it() -> None:
    counts = drawn_counts(50, 30, 4)
    one, other = (fit_plsa(counts, 5, seed=seed, iterations=10) for seed in (0, 1))
    np.testing.assert_array_equal(one.terms, fit_plsa(counts, 5, seed=0, iterations=10).terms)
    assert not np.allclose(one.terms, other.terms)

    def stop(fraction: float, text: str) -> None:
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        fit_plsa(counts, 5, iterations=10, tolerance=0, progress=stop)


def test_sizes_and_counts_that_cannot_be() -> None:
    counts = drawn_counts(10, 6, 0)
    with pytest.raises(InvalidSetting, match="k=7 must be at most the 6 terms and the 10 documents"):
        fit_plsa(counts, 7)
    with pytest.raises(ValueError, match="every document must have a count above 0"):
        fit_plsa(sparse.csr_array(np.array([[1.0, 1], [0, 0]])), 1)
    with pytest.raises(ValueError, match="finite and at least 0"):
        fit_plsa(sparse.csr_array(np.array([[1.0, -1], [1, 0]])), 1)
