"""Benchmarks of networks of several sources run as they are, at a size for a CPU."""

import math
import re

import pytest
import torch

from taglab.benchmarks import BENCHMARKS, gpu, sources


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "TRACK_S", 3)
    for name, value in (("BATCH", 4), ("STEPS", 2), ("WIDTH", 1 / 16), ("CLIP_S", 1.5)):
        monkeypatch.setattr(sources, name, value)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")  # so that it is put back afterwards


def test_steps_of_four_and_eight_sources_are_held_against_one() -> None:
    rows = BENCHMARKS["source-step"]()
    assert [re.findall(r"of (\d) sources", row.name)[0] for row in rows] == ["4", "8"]
    for row in rows:
        assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
        assert f"{row.ours_s / row.peer_s:.2f} x the time" in row.note


def test_throughput_has_a_row_for_each_number_of_sources() -> None:
    table = sources.throughput_of_sources(torch.device("cpu"), batch=4, width=1 / 16, steps=2)
    assert [row.network for row in table] == [
        "kim-2.3 of 1 source", "kim-2.3 of 4 sources", "kim-2.3 of 8 sources"
    ]  # fmt: skip
    for row in table:
        assert row.clips_per_s > 0
        assert 0 < row.utilisation < 1
        assert math.isfinite(row.loss)
    rows = sources.rows_of_sources(table)
    assert rows[0].ratio == 1
    assert "clips/s" in rows[2].note


def test_a_step_goes_through_one_branch() -> None:
    """A clip costs the same however many sources there are."""
    flops = {sources._flops_per_clip(sources.network_of(number, 1 / 16)) for number in sources.NUMBERS}
    assert len(flops) == 1
