"""Training on a GPU: what only one can show. Without a GPU these are skipped, and said to be."""

import math
from pathlib import Path

import pytest
import torch

from taglab.errors import Cancelled
from taglab.training import TrainingStep, make_fabric
from tests.training.examples import BCE, batch_of, config_of, fit_small, fresh
from tests.training.test_loop import stopping_at
from tests.training.test_step import a_batch, weights_of

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device, and PyTorch sees none"),
]


def a_gpu_step(precision: str, compiled: bool = False, clip: float | None = None) -> TrainingStep:
    config = config_of({"dropout": 0.0}, accelerator="cuda", precision=precision)
    fabric = make_fabric(config.train)
    return TrainingStep(fabric, fresh(config), BCE, gradient_clip=clip, compiled=compiled)


def test_bf16_and_compiled_is_near_float32() -> None:
    sound, targets = a_batch()
    plain, fast = a_gpu_step("32-true"), a_gpu_step("bf16-mixed", compiled=True)
    assert torch.backends.cudnn.benchmark
    for _ in range(3):
        assert float(fast(batch_of(sound, targets))) == pytest.approx(
            float(plain(batch_of(sound, targets))), rel=0.1
        )
    assert torch.isfinite(weights_of(fast)).all()


def test_the_scaler_skips_a_bad_step_and_goes_on() -> None:
    sound, targets = a_batch()
    step = a_gpu_step("16-mixed", clip=1.0)
    step(batch_of(sound, targets))
    before, scale = weights_of(step), step.state()["scaler"]["scale"]
    assert math.isnan(float(step(batch_of(sound, targets * math.nan))))
    assert torch.equal(weights_of(step), before)
    assert step.state()["scaler"]["scale"] == scale / 2
    for _ in range(3):
        step(batch_of(sound, targets))
    assert not torch.equal(weights_of(step), before)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_resumed_is_near_uninterrupted(tmp_path: Path, precision: str) -> None:
    """Near, not equal: sums on a GPU come in an order of their own."""
    config = config_of(accelerator="cuda", precision=precision, epochs=2, checkpoint_minutes=0)
    _, whole = fit_small(config, tmp_path / "whole")
    with pytest.raises(Cancelled):
        fit_small(config, tmp_path / "parts", progress=stopping_at(7))
    _, resumed = fit_small(config, tmp_path / "parts")
    losses = {(row["epoch"], row["step"]): row["loss"] for row in whole.steps}
    assert resumed.steps
    for row in resumed.steps:
        assert row["loss"] == pytest.approx(losses[row["epoch"], row["step"]], rel=0.02)
    assert resumed.rows[-1]["validation_loss"] == pytest.approx(whole.rows[-1]["validation_loss"], rel=0.05)
