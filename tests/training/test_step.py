"""One step: what mixed precision, clipping and several processes do to it, and what a bad loss does not."""

import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from taglab.batches import TrainingBatches
from taglab.training import Diverged, TrainingStep, make_fabric, predict_part
from taglab.training.step import seed_step
from tests.training.examples import BCE, batch_of, config_of, fresh, half_on_cpu, small_material, step_of
from tests.training.two_processes import gradients, plain_network

ROOT = Path(__file__).resolve().parents[2]


def a_batch() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    sound = torch.from_numpy(rng.integers(-9000, 9000, (8, 16_000)).astype(np.int16))
    return sound, torch.from_numpy(rng.integers(0, 2, (8, 3)).astype(np.float32))


def a_step(precision: str = "32-true", clip: float | None = None) -> TrainingStep:
    config = config_of(precision=precision, gradient_clip=clip)
    return TrainingStep(make_fabric(config.train), fresh(config), BCE, gradient_clip=clip)


def weights_of(step: TrainingStep) -> torch.Tensor:
    return torch.cat([part.detach().flatten() for part in step.network.parameters()])


def test_a_step_is_adams() -> None:
    """The same by hand, in plain PyTorch; fused, too, for where gradients vanish Adam magnifies rounding."""
    sound, targets = a_batch()
    config = config_of()
    step, peer = a_step(), fresh(config)
    optimiser = torch.optim.Adam(peer.parameters(), 1e-3, fused=True)
    for number in range(3):
        seed_step(0, 1, number, 0)
        loss = step(batch_of(sound, targets))
        seed_step(0, 1, number, 0)
        optimiser.zero_grad()
        by_hand = torch.nn.functional.binary_cross_entropy_with_logits(
            peer(sound / 32_768)["labels"], targets
        )
        by_hand.backward()
        optimiser.step()
        assert float(loss) == pytest.approx(float(by_hand.detach()), abs=1e-6)
    theirs = torch.cat([part.detach().flatten() for part in peer.parameters()])
    assert torch.allclose(weights_of(step), theirs, atol=1e-6)


def test_sound_is_not_rounded_by_mixed_precision() -> None:
    sound, targets = a_batch()
    step = a_step("bf16-mixed")
    heard: list[torch.Tensor] = []
    step.network.encoder.representation.register_forward_pre_hook(lambda _, given: heard.append(given[0]))
    step(batch_of(sound, targets))
    assert heard[0].dtype == torch.float32
    assert torch.equal(heard[0], sound.float() / 32_768)


def test_mixed_precision_is_near_full() -> None:
    sound, targets = a_batch()
    full, mixed = (
        float(a_step(precision)(batch_of(sound, targets))) for precision in ("32-true", "bf16-mixed")
    )
    assert mixed == pytest.approx(full, rel=0.03)
    assert mixed != full


def test_clipping_bounds_the_gradient() -> None:
    sound, targets = a_batch()
    free, clipped = a_step(), a_step(clip=1e-3)

    def norm(step: TrainingStep) -> float:
        step(batch_of(sound, targets))
        parts = [part.grad for part in step.network.parameters() if part.grad is not None]
        return float(torch.cat([part.flatten() for part in parts]).norm())

    assert norm(free) > 1e-2
    assert norm(clipped) == pytest.approx(1e-3, rel=1e-3)


def test_after_a_loss_that_is_no_number_no_weight_changes() -> None:
    sound, targets = a_batch()
    step = a_step()
    step(batch_of(sound, targets))
    before, moments = weights_of(step), step.optimiser.state_dict()["state"][0]["exp_avg"].clone()
    assert math.isnan(float(step(batch_of(sound, targets * math.nan))))
    assert math.isfinite(float(step(batch_of(sound, targets))))
    assert torch.equal(weights_of(step), before)
    assert torch.equal(step.optimiser.state_dict()["state"][0]["exp_avg"], moments)


def test_compiled_is_near_uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled with the backend that only traces, for machines without a compiler."""
    compile_ = torch.compile
    monkeypatch.setattr(torch, "compile", lambda module, **_: compile_(module, backend="eager"))
    sound, targets = a_batch()
    config = config_of({"dropout": 0.0})
    fabric = make_fabric(config.train)
    plain, compiled = (
        TrainingStep(fabric, fresh(config), BCE, compiled=compiled) for compiled in (False, True)
    )
    for _ in range(2):
        assert float(compiled(batch_of(sound, targets))) == pytest.approx(
            float(plain(batch_of(sound, targets))), abs=1e-5
        )
    assert compiled.network.state_dict().keys() == plain.network.state_dict().keys()


COMPILERS = ("c++", "g++", "clang++")


@pytest.mark.skipif(
    not any(map(shutil.which, COMPILERS)), reason="no C++ compiler, which torch.compile needs"
)
def test_what_is_truly_compiled_learns_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a network of two layers: every one costs the compiler seconds."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    sound, targets = a_batch()
    fabric = make_fabric(config_of().train)
    plain, compiled = (
        TrainingStep(fabric, plain_network(), BCE, compiled=compiled) for compiled in (False, True)
    )
    for _ in range(3):  # the second loss tells whether the first gradients were right
        assert float(compiled(batch_of(sound, targets))) == pytest.approx(
            float(plain(batch_of(sound, targets))), abs=1e-4
        )
    assert list(tmp_path.rglob("*.so")), "nothing was compiled"


def test_the_scaler_of_half_precision_skips_a_bad_step_and_goes_on() -> None:
    sound, targets = a_batch()
    config = config_of()
    step = TrainingStep(half_on_cpu(), fresh(config), BCE, gradient_clip=1.0)
    step(batch_of(sound, targets))
    before, scale = weights_of(step), step.state()["scaler"]["scale"]
    assert math.isnan(float(step(batch_of(sound, targets * math.nan))))
    assert torch.equal(weights_of(step), before)
    assert step.state()["scaler"]["scale"] == scale / 2
    step(batch_of(sound, targets))
    assert not torch.equal(weights_of(step), before)


def test_dropout_of_a_step_is_a_function_of_where_it_is() -> None:
    def drawn(*place: int) -> float:
        seed_step(*place)
        return float(torch.rand(1))

    places = [(0, 1, 0, 0), (1, 1, 0, 0), (0, 2, 0, 0), (0, 1, 1, 0), (0, 1, 0, 1)]
    assert len({drawn(*place) for place in places}) == len(places)
    assert drawn(0, 1, 0, 0) == drawn(0, 1, 0, 0)


def test_two_processes_are_one_with_twice_the_batch(tmp_path: Path) -> None:
    gradients(1, 16, tmp_path)
    command = [sys.executable, "-m", "tests.training.two_processes", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=200, capture_output=True)
    one, two = np.load(tmp_path / "1.npz"), np.load(tmp_path / "2.npz")
    assert (one["world"], two["world"]) == (1, 2)
    names = [name for name, _ in plain_network().named_parameters()]
    assert len(names) == 4
    for name in names:
        assert np.abs(one[name]).max() > 1e-4
        np.testing.assert_allclose(two[name], one[name], atol=1e-6, rtol=0)
    assert two["loss"] == pytest.approx(float(one["loss"]), abs=1e-6)
    np.testing.assert_allclose(two["scores"], one["scores"], atol=1e-6)
    assert two["validation_loss"] == pytest.approx(float(one["validation_loss"]), abs=1e-6)
    # The same command went on to train a network with batch norm: two epochs of two steps of 16.
    last = torch.load(tmp_path / "last.pt", weights_only=True)
    assert last["made_for"]["clips_per_step"] == 16
    assert (last["position"]["epoch"], last["made_for"]["steps_per_epoch"]) == (3, 2)
    assert all(torch.isfinite(part).all() for part in last["network"].values())


def test_what_is_heard_is_the_mean_over_a_tracks_windows() -> None:
    config = config_of(window_s=0.3)
    material = small_material(config)
    step = step_of(config, material)
    batch = TrainingBatches(material, 8, 0).batch(0, 0)
    step(batch)
    heard = predict_part(step, material, "test", 5)
    windows = material.windows
    for place, position in enumerate(material.of("test")):
        row = int(material.rows[position])
        starts = windows.consecutive_starts(row)
        assert len(starts) == 4  # the last one ends with the track
        crops = torch.from_numpy(windows.crops([row] * len(starts), starts))
        with torch.no_grad():
            scores = torch.sigmoid(step.network.eval()(crops / 32_768)["labels"]).mean(0)
        np.testing.assert_allclose(heard.predictions.scores[place], scores, atol=1e-6)
    assert heard.predictions.tracks == tuple(material.tracks[at] for at in material.of("test"))
    assert heard.predictions.split == material.split.fingerprint


def test_infinite_logits_are_no_result_though_their_scores_are_finite() -> None:
    config = config_of(window_s=0.3)
    material = small_material(config)
    step = step_of(config, material)
    with torch.no_grad():
        step.network.heads["labels"].layers[-1].bias.fill_(math.inf)
    with pytest.raises(Diverged, match="the logits are"):
        predict_part(step, material, "test", 5)
