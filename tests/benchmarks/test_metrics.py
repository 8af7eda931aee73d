"""The metric benchmarks, at a size that takes no time; what they measure is not asserted, but they agree."""

import math

import numpy as np
import pytest

from taglab.benchmarks import BENCHMARKS, metrics


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "N_TRACKS", 300)
    monkeypatch.setattr(metrics, "N_CLASSES", 6)
    monkeypatch.setattr(metrics, "N_BOOTSTRAPPED", 3)
    monkeypatch.setattr(metrics, "REPLICATES", 30)
    monkeypatch.setattr(metrics, "REPEATS", 1)


@pytest.mark.parametrize("name", ["metrics", "metrics-micro"])
def test_ours_equals_the_peers(name: str) -> None:
    (row,) = BENCHMARKS[name]()
    assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
    assert float(row.agreement.removeprefix("largest difference ")) < 1e-6
    assert row.note.endswith("threads")


def test_what_has_no_peer_is_timed_alone() -> None:
    rows = BENCHMARKS["bootstrap"]()
    assert len(rows) == 2
    for row in rows:
        assert row.ours_s > 0
        assert math.isnan(row.ratio)


def test_made_up_scores_are_as_described() -> None:
    truth, scores = metrics.made_up_scores(2000, 40)
    assert truth[:, 0].mean() == pytest.approx(0.3, abs=0.05)
    assert truth.any(axis=0).all()
    assert len(np.unique(scores)) < scores.size
    assert (scores >= 0).all()
    assert (scores <= 1).all()
    assert scores[truth].mean() > scores[~truth].mean()
