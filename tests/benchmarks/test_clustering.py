"""The clustering benchmarks, at a size that takes no time; what they measure is not asserted."""

import math
import sys

import numpy as np
import pytest

from taglab.benchmarks import BENCHMARKS, clustering
from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "N_TAGS", 400)
    monkeypatch.setattr(clustering, "N_ALL_TAGS", 3000)
    monkeypatch.setattr(clustering, "DIM", 16)
    monkeypatch.setattr(clustering, "K", 10)


@pytest.mark.parametrize("name", ["silhouette", "silhouette-at-scale", "k-means", "new-k"])
def test_every_benchmark_returns_rows(name: str) -> None:
    rows = BENCHMARKS[name]()
    assert rows
    for row in rows:
        assert isinstance(row, Row)
        if not math.isnan(row.peer_s):
            assert row.ours_s > 0
            assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
            assert row.agreement


def test_a_missing_peer_is_said_and_the_others_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    without, other = clustering.k_means()
    assert math.isnan(without.peer_s)
    assert without.note == 'faiss is not installed; `python -m pip install "taglab[bench]"` brings it'
    assert other.peer_s > 0


def test_runs_alternate_and_the_first_is_not_timed() -> None:
    order: list[str] = []
    timed = alternate(
        lambda run: order.append(f"ours {run}"), lambda run: order.append(f"peer {run}"), repeats=2
    )
    assert order == ["ours 0", "peer 0", "ours 0", "peer 0", "ours 1", "peer 1"]
    assert len(timed.ours) == len(timed.peers) == 2


def test_objective_is_the_same_for_whoever_clustered() -> None:
    vectors = clustering.made_up_vectors(200, dim=8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    found = clustering.spherical_kmeans(vectors, 7)
    assert clustering.mean_cosine_distance(vectors, found.labels) == pytest.approx(found.objective, abs=1e-6)
