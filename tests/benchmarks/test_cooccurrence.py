"""The benchmark of all pairs, at a size that takes no time; what it measures is not asserted."""

import numpy as np
import pytest

from taglab.benchmarks import BENCHMARKS, cooccurrence


def test_the_benchmark_returns_a_row_and_both_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("N_TRACKS", 600), ("N_TAGS", 400), ("N_ASSIGNMENTS", 5_000)):
        monkeypatch.setattr(cooccurrence, name, size)
    (row,) = BENCHMARKS["co-occurrence"]()
    assert row.agreement == "same pairs"
    assert row.ours_s > 0
    assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
    assert "pairs of 400 tags" in row.name
    assert "pairs kept" in row.note


def test_assignments_are_about_as_many_as_asked_each_once_and_by_zipfs_law() -> None:
    made = cooccurrence.made_up_assignments(2_000, 1_000, 30_000)
    assert made.shape == (2_000, 1_000)
    assert (made.data == 1).all()
    assert made.nnz == pytest.approx(30_000, rel=0.15)
    counts = np.asarray(made.sum(axis=0))
    assert counts[0] > 5 * counts[20] > 5 * counts[400]
    assert np.ptp(np.diff(made.indptr)) > 20  # tracks are of uneven length
    np.testing.assert_array_equal(
        made.indices, cooccurrence.made_up_assignments(2_000, 1_000, 30_000).indices
    )
