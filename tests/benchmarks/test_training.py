"""The benchmark of a training step runs, and both sides train the same."""

import os

import pytest

from taglab.benchmarks import BENCHMARKS, gpu, training
from taglab.nets import NETWORKS


def test_both_loops_train_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "TRACK_S", 3)
    for name, value in (("BATCH", 4), ("STEPS", 1), ("WIDTH", 1 / 16), ("WINDOW_S", 2.1)):
        monkeypatch.setattr(training, name, value)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")  # so that it is put back afterwards
    monkeypatch.delenv("OMP_WAIT_POLICY")
    rows = BENCHMARKS["training-step"]()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert len(rows) == len(NETWORKS)
    for row, network in zip(rows, NETWORKS, strict=True):
        assert network in row.name
        assert row.note.endswith("OMP_WAIT_POLICY=PASSIVE")
        ours, peers = (float(word) for word in row.agreement.removeprefix("last loss ").split(" and "))
        assert ours == pytest.approx(peers, abs=0.05)
        assert row.ratio == pytest.approx(row.peer_s / row.ours_s)


def test_the_semantic_loss_is_set_against_plain_cross_entropy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("BATCH", 4), ("STEPS", 1), ("WIDTH", 1 / 16), ("N_SEMANTIC", 12)):
        monkeypatch.setattr(training, name, value)
    (row,) = BENCHMARKS["semantic-loss"]()
    assert "12 classes" in row.name
    assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
