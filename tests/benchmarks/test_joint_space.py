"""The benchmarks of joint space and codebook, at a small size; what they measure is not asserted."""

import math
import sys

import numpy as np
import pytest

from taglab.benchmarks import BENCHMARKS, encoding, joint_space

SIZES = {
    "DIM": 8, "N_TRACKS": 60, "N_TAGS": 20, "N_FEATURES": 30, "N_ARTISTS": 50, "N_SONGS": 300, "N_QUERIES": 3,
    "TAGATUNE_CLIPS": 80, "TAGATUNE_TAGS": 10, "BIG_DATA_SONGS": 500, "BIG_DATA_STEPS": 50,
}  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in SIZES.items():
        monkeypatch.setattr(joint_space, name, size)
    monkeypatch.setattr(encoding, "N_FRAMES", 900)
    monkeypatch.setattr(encoding, "N_ENTRIES", 20)


@pytest.mark.parametrize("name", ["codebook", "updates", "nearest", "tagatune", "big-data"])
def test_every_benchmark_returns_rows(name: str) -> None:
    for row in BENCHMARKS[name]():
        if math.isnan(row.peer_s):
            assert row.note
        else:
            assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
            assert row.agreement


def test_a_missing_peer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightfm", None)
    monkeypatch.setitem(sys.modules, "faiss", None)
    for row in [*joint_space.updates(), joint_space.nearest()[1]]:
        assert math.isnan(row.peer_s)
        assert row.note.endswith('is not installed; `python -m pip install "taglab[bench]"` brings it')


def test_precision_passes_over_what_was_learned_from() -> None:
    tracks = joint_space.synthetic_tracks(60, 20, 30, 100)
    assert not (tracks.tags.toarray() * tracks.held_out.toarray()).any()
    right = tracks.held_out.toarray().astype(np.float32)
    best = np.minimum(right.sum(axis=1), 5)[right.any(axis=1)].mean() / 5
    assert joint_space.precision_at_5(right + 2 * tracks.tags.toarray(), tracks) == pytest.approx(best)
