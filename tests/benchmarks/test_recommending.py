"""The benchmark of factorised plays at a small size; what it measures is not asserted."""

import math
import sys

import pytest

from taglab.benchmarks import BENCHMARKS, recommending


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"N_USERS": 40, "N_TRACKS": 60, "PLAYS_A_USER": 10, "_REPEATS": 1}.items():
        monkeypatch.setattr(recommending, name, size)


def test_it_returns_a_row() -> None:
    (row,) = BENCHMARKS["factorisation"]()
    if math.isnan(row.peer_s):
        assert "taglab[bench]" in row.note
    else:
        assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
        assert row.agreement.startswith("objective")


def test_a_missing_peer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "implicit", None)
    (row,) = BENCHMARKS["factorisation"]()
    assert math.isnan(row.peer_s)
    assert row.note.startswith("implicit is not installed")


def test_plays_follow_tastes() -> None:
    plays = recommending.synthetic_plays(40, 60, 10)
    assert plays.shape == (40, 60)
    assert plays.sum() == 400
