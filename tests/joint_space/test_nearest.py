"""The best vectors by dot product, held against sorting all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.errors import InvalidSetting
from taglab.joint_space import best_products, nearest


@given(st.integers(1, 4), st.integers(0, 200), st.integers(1, 30), st.integers(0, 2**31))
def test_they_are_those_that_sorting_all_gives(n_queries: int, n: int, k: int, seed: int) -> None:
    """Numbers are whole and small, so that many products are equal; of those the first rows count."""
    random = np.random.default_rng(seed)
    queries = random.integers(-2, 3, (n_queries, 3)).astype(np.float32)
    vectors = random.integers(-2, 3, (n, 3)).astype(np.float32)
    best = best_products(queries, vectors, k)
    products = queries @ vectors.T
    order = np.argsort(-products, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(best.products, np.take_along_axis(products, order, 1))
    np.testing.assert_array_equal(np.take_along_axis(products, best.rows, 1), best.products)
    np.testing.assert_array_equal(best.rows, order)


@given(st.integers(1, 4), st.integers(0, 200), st.integers(1, 30), st.integers(0, 2**31))
def test_few_are_ranked_as_many_are(n_queries: int, n: int, k: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    queries = random.integers(-2, 3, (n_queries, 3)).astype(np.float32)
    vectors = random.integers(-2, 3, (n, 3)).astype(np.float32)
    few = best_products(queries, vectors, k)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_FEW_PRODUCTS", -1)
        many = best_products(queries, vectors, k)
    np.testing.assert_array_equal(few.rows, many.rows)
    np.testing.assert_array_equal(few.products, many.products)


def test_blocks_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((5_000, 8)).astype(np.float32)
    queries = random.standard_normal((7, 8)).astype(np.float32)
    whole = best_products(queries, vectors, 20)
    monkeypatch.setattr(nearest, "_FEW_PRODUCTS", -1)
    monkeypatch.setattr(nearest, "_BLOCK_VALUES", 500)
    monkeypatch.setattr(nearest, "_ALONE_VALUES", 1)
    monkeypatch.setattr(nearest, "cores", lambda: 3)
    np.testing.assert_array_equal(best_products(queries, vectors, 20).rows, whole.rows)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="must have as many numbers a row"):
        best_products(np.zeros((1, 3), np.float32), np.zeros((4, 2), np.float32), 1)
    with pytest.raises(InvalidSetting, match="k=0 must be at least 1"):
        best_products(np.zeros((1, 2), np.float32), np.zeros((4, 2), np.float32), 0)
