"""The loop: what it learns, and that being interrupted changes nothing."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from taglab import losses
from taglab.errors import Cancelled
from taglab.labels import LABELS
from taglab.training import Diverged, RunConfig, make_fabric
from taglab.training.checkpoints import load_checkpoint
from taglab.training.evaluation import predict_part
from tests.training.examples import config_of, fit_small, fresh, half_on_cpu, small_material, step_of

FIGURES = ("train_loss", "validation_loss", "ap_macro", "auc_pr_macro", "roc_auc_micro", "learning_rate")


def stopping_at(step: int) -> Callable[[float, str], None]:
    """Return a progress that is cancelled when so many steps, over all epochs, are done."""
    seen = 0

    def progress(fraction: float, text: str) -> None:
        nonlocal seen
        seen += ", step " in text
        if seen == step:
            raise Cancelled("enough")

    return progress


def last(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(folder / "last.pt", weights_only=True)
    return found


def assert_same_tensors(one: Any, other: Any) -> None:
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            if key != "seconds":
                assert_same_tensors(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same_tensors(a, b)
    else:
        assert one == other


def test_it_learns_what_can_be_heard(tmp_path: Path) -> None:
    config = config_of({"dropout": 0.0}, epochs=15, learning_rate=3e-3)
    fitted, recorded = fit_small(config, tmp_path)
    assert fitted.epochs == 15
    assert max(row["ap_macro"] for row in recorded.rows) > 0.95
    assert recorded.rows[-1]["train_loss"] < 0.5 * recorded.rows[0]["train_loss"]
    best = max(recorded.rows, key=lambda row: row["ap_macro"])
    assert fitted.best_epoch == best["epoch"]


# 46 training tracks make 5 steps an epoch: 3 is amid the first, 5 its end, 7 amid the second.
@pytest.mark.parametrize("stopped", [3, 5, 7])
@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "plateau", "plateau_patience": 0, "learning_rate": 0.01},
        {"schedule": "cosine", "precision": "bf16-mixed", "gradient_clip": 0.5},
        {"schedule": "constant", "class_weighting": True, "steps_per_epoch": 4, "window_s": 0.5},
        {"loss": "semantic-bce", "gamma": 2.0},
        {"shuffle": False, "early_stopping_patience": 2, "early_stopping_min_delta": 100.0, "epochs": 5},
    ],
    ids=["plateau", "cosine", "constant", "semantic-bce", "early-stopping"],
)
def test_interrupted_is_uninterrupted_bit_for_bit(
    tmp_path: Path, stopped: int, settings: dict[str, Any]
) -> None:
    config = config_of(**{"epochs": 3, "checkpoint_minutes": 0, **settings})
    assert_resuming_changes_nothing(config, tmp_path, stopped, lambda: make_fabric(config.train))


def test_interrupted_is_uninterrupted_with_a_gradient_scaler(tmp_path: Path) -> None:
    """Its scale begins so high that the first steps are skipped, and it falls."""

    def fabric() -> Fabric:
        made = half_on_cpu()
        state = made.strategy.precision.state_dict()
        made.strategy.precision.load_state_dict({**state, "scale": 2.0**34})
        return made

    config = config_of(epochs=2, steps_per_epoch=3, checkpoint_minutes=0, gradient_clip=0.5)
    assert_resuming_changes_nothing(config, tmp_path, 4, fabric)
    assert 1 < last(tmp_path / "whole")["scaler"]["scale"] < 2.0**34


def assert_resuming_changes_nothing(
    config: RunConfig, tmp_path: Path, stopped: int, fabric: Callable[[], Fabric]
) -> None:
    _, whole = fit_small(config, tmp_path / "whole", fabric=fabric())
    with pytest.raises(Cancelled):
        fit_small(config, tmp_path / "parts", progress=stopping_at(stopped), fabric=fabric())
    torch.manual_seed(123)  # what else goes on with the generator must not matter
    other = fresh(config_of(seed=5))  # nor the weights it is built with
    _, resumed = fit_small(config, tmp_path / "parts", network=other, fabric=fabric())
    assert_same_tensors(last(tmp_path / "whole"), last(tmp_path / "parts"))
    for row, again in zip(whole.rows[-len(resumed.rows) :], resumed.rows, strict=True):
        assert {name: row[name] for name in FIGURES} == {name: again[name] for name in FIGURES}
    losses = {(row["epoch"], row["step"]): row["loss"] for row in whole.steps}
    assert all(losses[row["epoch"], row["step"]] == row["loss"] for row in resumed.steps)


def test_dropout_is_at_work_and_follows_the_seed(tmp_path: Path) -> None:
    def losses(name: str, dropout: float, seed: int) -> list[float]:
        config = config_of({"dropout": dropout}, seed=seed, epochs=1)
        network = fresh(config_of({"dropout": dropout}))
        _, recorded = fit_small(config, tmp_path / name, network=network)
        return [row["loss"] for row in recorded.steps]

    assert losses("a", 0.5, 0) == losses("b", 0.5, 0)
    assert losses("c", 0.5, 0) != losses("d", 0.0, 0)


def test_a_training_that_is_done_is_not_gone_on_with(tmp_path: Path) -> None:
    config = config_of()
    first, _ = fit_small(config, tmp_path)
    before = (tmp_path / "last.pt").read_bytes()
    again, recorded = fit_small(config, tmp_path)
    assert again == first
    assert recorded.rows == []
    assert (tmp_path / "last.pt").read_bytes() == before


@pytest.mark.parametrize(("patience", "epochs"), [(0, 2), (1, 2), (2, 3)])
def test_stops_early_where_nothing_improves(tmp_path: Path, patience: int, epochs: int) -> None:
    """The first epoch always improves; so many more do not. Keras's EarlyStopping ends where ours does."""
    config = config_of(epochs=9, early_stopping_patience=patience, early_stopping_min_delta=100.0)
    fitted, recorded = fit_small(config, tmp_path)
    assert fitted.stopped_early
    assert fitted.epochs == len(recorded.rows) == epochs
    assert "stopped early" in recorded.lines[-1]
    again, _ = fit_small(config, tmp_path)
    assert again == fitted


@pytest.mark.parametrize(("cap", "heaviest"), [(100.0, 45.0), (7.0, 7.0)])
def test_a_rare_class_counts_no_more_than_its_cap(cap: float, heaviest: float) -> None:
    config = config_of(class_weighting=True, class_weight_cap=cap)
    material = small_material(config)
    train = material.of("train")
    material.targets[train, 1] = False
    material.targets[train[0], 1] = True
    step = step_of(config, material)
    assert step.objectives[LABELS].class_weights is not None
    assert float(step.objectives[LABELS].class_weights[1]) == heaviest
    assert 0 < float(step.objectives[LABELS].class_weights[0]) < 7


def test_random_numbers_outside_are_as_they_were(tmp_path: Path) -> None:
    config = config_of(epochs=1)
    network, material = fresh(config), small_material(config)
    before = torch.get_rng_state()
    fit_small(config, tmp_path, network=network, material=material)
    assert torch.equal(torch.get_rng_state(), before)


def test_rows_say_how_fast(tmp_path: Path) -> None:
    _, recorded = fit_small(config_of(epochs=1), tmp_path)
    assert [row["step"] for row in recorded.steps] == [2, 4, 5]
    assert all(row["clips_per_s"] > 0 and row["memory_gib"] > 0 for row in recorded.steps)
    assert recorded.rows[0]["epoch"] == 1
    assert recorded.rows[0]["seconds"] > 0


def test_an_epochs_time_holds_no_validation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def hear_for_long(*args: Any, **kwargs: Any) -> Any:
        nonlocal now
        now += 1_000
        return predict_part(*args, **kwargs)

    def clock() -> float:
        nonlocal now
        now += 0.001
        return now

    monkeypatch.setattr("taglab.training.loop.predict_part", hear_for_long)
    monkeypatch.setattr("taglab.training.loop.time.perf_counter", clock)
    _, recorded = fit_small(config_of(epochs=3), tmp_path)
    assert all(0 < row["seconds"] < 1_000 for row in recorded.rows)


def test_the_epochs_loss_is_the_mean_of_its_steps(tmp_path: Path) -> None:
    _, recorded = fit_small(config_of(epochs=1, metric_interval_steps=1), tmp_path)
    losses = [row["loss"] for row in recorded.steps]
    assert len(losses) == 5
    assert recorded.rows[0]["train_loss"] == pytest.approx(sum(losses) / 5, abs=1e-12)


@pytest.mark.parametrize("stage", ["layer", "weights", "loss"])
def test_not_a_number_stops_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    config = config_of()
    network = fresh(config)
    calls = 0

    def poison(module: Any, given: Any, output: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        if module.training:
            calls += 1
            if calls >= 4:
                return output * math.nan
        return output

    def poison_gradient(gradient: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return gradient * math.nan if calls == 4 else gradient

    if stage == "layer":
        network.encoder.pooling.second[1].register_forward_hook(poison)
        expected, step = "layer 'encoder.pooling.second.1'", 4
    elif stage == "weights":
        network.encoder.pooling.first[0].weight.register_hook(poison_gradient)
        expected, step = "weights 'encoder.pooling.first.0.weight'", 5
    else:

        def broken(logits: Any, targets: Any, weights: Any) -> torch.Tensor:
            nonlocal calls
            calls += 1
            return logits.mean() * (math.nan if calls >= 4 else 1)

        monkeypatch.setitem(losses.LOSSES, "broken", broken)
        config = config_of(loss="broken")
        expected, step = "the loss of finite logits", 4
    with pytest.raises(Diverged, match=expected) as told:
        fit_small(config, tmp_path, network=network)
    assert (told.value.epoch, told.value.step) == (1, step)
    assert "learning_rate" in str(told.value)


def test_weights_that_are_no_numbers_are_not_kept(tmp_path: Path) -> None:
    config = config_of(checkpoint_minutes=0)
    network = fresh(config)
    steps = 0

    def poison(gradient: torch.Tensor) -> torch.Tensor:
        nonlocal steps
        steps += 1
        return gradient * math.nan if steps == 3 else gradient

    network.encoder.pooling.first[0].weight.register_hook(poison)
    with pytest.raises(Diverged, match=r"weights 'encoder\.pooling\.first\.0\.weight'"):
        fit_small(config, tmp_path, network=network)
    left = load_checkpoint(tmp_path / "last.pt", {})
    assert left["position"]["step"] == 2
    assert all(torch.isfinite(weights).all() for weights in left["network"].values())
    fitted, _ = fit_small(config, tmp_path)
    assert fitted.epochs == 2
