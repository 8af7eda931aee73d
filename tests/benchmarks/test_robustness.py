"""Benchmarks of distances and degradations return rows that agree, at a small size."""

from __future__ import annotations

import math

import pytest

from taglab.benchmarks import BENCHMARKS, robustness


def test_distances_agree_with_their_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robustness, "N_SEQUENCES", 8)
    monkeypatch.setattr(robustness, "FRAMES", (60, 80))
    rows = BENCHMARKS["sequences"]()
    assert len(rows) == 3
    for row in rows[1:]:
        assert float(row.agreement.rsplit(" ", 1)[1]) < 1e-3
        assert row.ratio > 0
    assert "against dtaidistance" in rows[0].name


def test_degradations_are_timed_beside_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robustness, "CLIP_S", 1.0)
    rows = BENCHMARKS["degradations"]()
    assert [row.name.split(" ")[0] for row in rows] == list(robustness.ASKED)
    assert all(row.peer_s == 1.0 and math.isfinite(row.ratio) for row in rows)
