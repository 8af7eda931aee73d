"""The throughput benchmark runs as it is on a CPU, on a network small enough for one."""

import math
from pathlib import Path

import pytest
import torch

from taglab.benchmarks import BENCHMARKS, gpu
from taglab.errors import Unavailable
from taglab.nets import network_settings

CPU = torch.device("cpu")


@pytest.fixture
def short_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "CLIP_S", 1)
    monkeypatch.setattr(gpu, "TRACK_S", 2)
    monkeypatch.setattr(gpu, "WARM_UP_STEPS", 1)


@pytest.mark.usefixtures("short_clips")
@pytest.mark.parametrize(("half", "loading"), [(False, True), (True, True), (True, False)])
def test_measure_trains(tmp_path: Path, half: bool, loading: bool) -> None:
    material = gpu.noise_material(tmp_path, 8)
    assert material.sizes == {"train": 8, "validation": 0, "test": 0}
    row = gpu.measure(
        network_settings({"width": 1 / 16}),
        material,
        batch=4,
        half=half,
        compiled=False,
        ahead=None,
        device=CPU,
        loading=loading,
        steps=2,
    )
    assert (row.clip_s, row.device, row.loading) == (1, "CPU", loading)
    assert row.clips_per_s > 0
    assert math.isfinite(row.loss)
    assert 0 < row.utilisation < 1
    assert row.epoch_minutes == pytest.approx(200_000 / row.clips_per_s / 60)


def test_every_way_has_a_row_that_says_how_it_was_measured() -> None:
    def way(precision: str, compiled: bool, loading: bool, clips_per_s: float) -> gpu.Throughput:
        return gpu.Throughput(
            "waveform", "NVIDIA X", precision, compiled, loading, 64, 15, clips_per_s, 3.0, 0.25, 0.7
        )

    ways = [way("float32", False, True, 100), way("bfloat16", True, True, 400)]
    rows = gpu.rows_of([*ways, way("bfloat16", True, False, 500)])
    assert [row.ratio for row in rows] == [1, 4, 5]
    assert rows[0].ours_s == rows[0].peer_s == 10
    assert len({row.name for row in rows}) == 3
    for row, precision in zip(rows, ("float32", "bfloat16", "bfloat16"), strict=True):
        assert row.note.startswith(f"NVIDIA X, {precision}, batch 64, 15 s clips, loading ")
    assert ["included" in row.note for row in rows] == [True, True, False]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_it_says_so() -> None:
    with pytest.raises(Unavailable, match="CUDA device"):
        BENCHMARKS["gpu"]()
