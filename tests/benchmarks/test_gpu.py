"""The throughput benchmark runs as it is on a CPU, on a network small enough for one."""

import math
from pathlib import Path

import pytest
import torch

from taglab.benchmarks import BENCHMARKS, gpu
from taglab.errors import Unavailable
from taglab.nets import NetworkSettings

CPU = torch.device("cpu")


@pytest.fixture
def short_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "CLIP_S", 1)
    monkeypatch.setattr(gpu, "TRACK_S", 2)


@pytest.mark.usefixtures("short_clips")
@pytest.mark.parametrize("half", [False, True])
def test_measure_trains(tmp_path: Path, half: bool) -> None:
    material = gpu.noise_material(tmp_path, 8)
    assert material.sizes == {"train": 8, "validation": 0, "test": 0}
    row = gpu.measure(
        NetworkSettings(width=1 / 16),
        material,
        batch=4,
        half=half,
        compiled=False,
        ahead=2,
        device=CPU,
        steps=2,
    )
    assert row.clips_per_s > 0
    assert math.isfinite(row.loss)
    assert 0 < row.utilisation < 1
    assert row.epoch_minutes == pytest.approx(200_000 / row.clips_per_s / 60)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_it_says_so() -> None:
    with pytest.raises(Unavailable, match="CUDA device"):
        BENCHMARKS["gpu"]()
