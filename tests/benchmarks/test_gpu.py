"""The throughput benchmark runs as it is on a CPU, on a network small enough for one."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from taglab.benchmarks import BENCHMARKS, gpu
from taglab.errors import Unavailable
from taglab.nets import NetworkSettings

CPU = torch.device("cpu")


@pytest.fixture
def short_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "CLIP_S", 1)
    monkeypatch.setattr(gpu, "STORED_S", 60)


@pytest.mark.usefixtures("short_clips")
@pytest.mark.parametrize("half", [False, True])
def test_measure_trains(tmp_path: Path, half: bool) -> None:
    samples = gpu.stored_noise(tmp_path)
    assert len(samples) == 60 * gpu.SAMPLE_RATE_HZ
    row = gpu.measure(
        NetworkSettings(width=1 / 16),
        samples,
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


@pytest.mark.usefixtures("short_clips")
@pytest.mark.parametrize("ahead", [0, 3])
def test_crops_are_pieces_of_what_is_stored(ahead: int) -> None:
    samples = np.arange(30_000, dtype=np.int16)
    batches = [b.clone() for b in gpu.RandomCrops(samples, batch=5, ahead=ahead).batches(6, CPU)]
    assert len(batches) == 6
    for batch in batches:
        assert batch.shape == (5, 16_000)
        assert (batch.diff(dim=1) == 1).all()
    assert len({int(b[0, 0]) for b in batches}) > 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_it_says_so() -> None:
    with pytest.raises(Unavailable, match="CUDA device"):
        BENCHMARKS["gpu"]()
