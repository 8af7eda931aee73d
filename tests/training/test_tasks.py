"""Several tasks by one loop: each learns, unknown tracks teach nothing, and a weight of 0 is as if alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from taglab.batches import LookedUp, Material, SameTrack, Spectrogram, TrainingBatches
from taglab.errors import Cancelled, DataError, InvalidSetting
from taglab.labels import LABELS
from taglab.nets import Network, build_network
from taglab.targets import Targets
from taglab.training import Fitted, RunConfig, Task, fit, heads_of, make_fabric, tagging_task, task_of
from taglab.training.checkpoints import load_checkpoint
from tests.training.examples import Recorded, config_of, fresh, small_material, tags_of

FAST = {"dropout": 0.0}


def loudness(material: Material) -> np.ndarray:
    """Return whether each track is loud, which is no label of the material, (n, 1)."""
    return np.array([["loud" in tags_of(int(track[1:]))] for track in material.tracks])


def both_tasks(material: Material, config: RunConfig, **changes: Any) -> dict[str, Task]:
    return {**tagging_task(material, config.train), "loud": Task(LookedUp(loudness(material)), 1, **changes)}


def network_of(config: RunConfig, tasks: dict[str, Task]) -> Network:
    torch.manual_seed(config.train.seed)
    return build_network(config.network, heads_of(tasks))


def fitted(
    config: RunConfig, material: Material, tasks: dict[str, Task], folder: Path, **more: Any
) -> tuple[Fitted, Recorded, Network]:
    recorder, network = Recorded(), network_of(config, tasks)
    ended = fit(
        network, material, config.train, make_fabric(config.train), folder, recorder, tasks=tasks, **more
    )
    return ended, recorder, network


def accuracy(network: Network, material: Material, task: str, values: np.ndarray) -> float:
    """Return the share of validation tracks whose binary target is told."""
    positions = material.of("validation")
    rows = material.rows[positions]
    clips = torch.from_numpy(material.windows.crops(rows, material.windows.middle_starts(rows)))
    with torch.no_grad():
        outputs = network.eval()(clips.float() / 32_768)[task].numpy()
    return float(((outputs > 0) == values[positions]).mean())


def test_two_tasks_learn_together(tmp_path: Path) -> None:
    config = config_of(FAST, epochs=25, learning_rate=3e-3)
    config = config.model_copy(
        update={"network": config.network.model_copy(update={"mels": raw_mels(config)})}
    )
    material = small_material(config)
    _, recorder, network = fitted(config, material, both_tasks(material, config), tmp_path)
    assert max(row["ap_macro"] for row in recorder.rows) > 0.95
    loud = loudness(material)
    chance = max(loud[material.of("validation")].mean(), 1 - loud[material.of("validation")].mean())
    assert accuracy(network, material, "loud", loud) > max(chance, 0.8)
    row = recorder.rows[-1]
    assert row["validation_loss"] == pytest.approx(
        row["validation_loss labels"] + row["validation_loss loud"], abs=1e-9
    )
    assert row["validation_loss loud"] < 0.6 * recorder.rows[0]["validation_loss loud"]


def raw_mels(config: RunConfig) -> Any:
    """Return mels that keep how loud a clip is."""
    return config.network.mels.model_copy(update={"standardise": False, "compression": "log10"})


def test_at_weight_0_the_other_task_is_as_if_alone(tmp_path: Path) -> None:
    config = config_of(epochs=2, gradient_clip=1.0)
    material = small_material(config)
    alone = tagging_task(material, config.train)
    _, single, network = fitted(config, material, alone, tmp_path / "alone")
    _, both, shared = fitted(config, material, both_tasks(material, config, weight=0.0), tmp_path / "both")
    for name in ("train_loss", "validation_loss", "ap_macro"):
        assert [row[name] for row in single.rows] == [row[name] for row in both.rows]
    for name, weights in network.state_dict().items():
        assert torch.equal(weights, shared.state_dict()[name]), name
    _, weighted, _ = fitted(config, material, both_tasks(material, config), tmp_path / "weighted")
    assert weighted.rows[-1]["train_loss"] != single.rows[-1]["train_loss"]


def test_a_tagger_is_trained_as_ever_by_the_list_of_one_task(tmp_path: Path) -> None:
    config = config_of(epochs=1)
    material = small_material(config)
    _, _, network = fitted(config, material, tagging_task(material, config.train), tmp_path / "listed")
    plain = fresh(config)
    fit(plain, material, config.train, make_fabric(config.train), tmp_path / "plain", Recorded())
    for name, weights in plain.state_dict().items():
        assert torch.equal(weights, network.state_dict()[name])


@pytest.mark.parametrize("sampler", ["by-track", "one-task"])
def test_unknown_tracks_teach_nothing(tmp_path: Path, sampler: str) -> None:
    """Whatever stands where nothing is known, a training is the same."""
    config = config_of(epochs=2)
    material = small_material(config)
    known = np.arange(len(material.tracks)) % 2 == 0
    networks = []
    for nonsense in (0.0, np.nan):
        values = np.where(known[:, None], loudness(material), nonsense)
        tasks = {**tagging_task(material, config.train), "loud": Task(LookedUp(values, known), 1)}
        folder = tmp_path / f"{nonsense}"
        networks.append(fitted(config, material, tasks, folder, sampler=sampler)[2])
    for name, weights in networks[0].state_dict().items():
        assert torch.isfinite(weights).all()
        assert torch.equal(weights, networks[1].state_dict()[name])


def test_several_tasks_are_gone_on_with_bit_for_bit(tmp_path: Path) -> None:
    config = config_of(epochs=2, checkpoint_minutes=0)
    material = small_material(config)
    tasks = both_tasks(material, config)
    more = {"sampler": "one-task"}
    _, whole, network = fitted(config, material, tasks, tmp_path / "whole", **more)

    def stop(fraction: float, text: str) -> None:
        if "epoch 1 of 2, step 3" in text:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        fitted(config, material, tasks, tmp_path / "parts", progress=stop, **more)
    _, resumed, again = fitted(config, material, tasks, tmp_path / "parts", **more)
    assert whole.rows[-1]["train_loss"] == resumed.rows[-1]["train_loss"]
    for name, weights in network.state_dict().items():
        assert torch.equal(weights, again.state_dict()[name])
    left = load_checkpoint(tmp_path / "parts" / "last.pt", {})
    assert left["made_for"]["tasks"]["loud"]["loss"] == "bce"


def test_a_step_of_one_task_moves_no_other_head(tmp_path: Path) -> None:
    config = config_of(epochs=1, steps_per_epoch=1, schedule="constant")
    material = small_material(config)
    tasks = both_tasks(material, config)
    before = network_of(config, tasks).state_dict()
    _, _, network = fitted(config, material, tasks, tmp_path, sampler="one-task")
    after = network.state_dict()
    batches = TrainingBatches(
        material, config.train.batch_size, config.train.seed, sampler="one-task",
        targets={name: task.targets for name, task in tasks.items()}, steps_per_epoch=1,
    )  # fmt: skip
    (drawn,) = batches.batch(0, 0).targets
    for task in tasks:
        moved = [
            not torch.equal(before[name], after[name]) for name in before if name.startswith(f"heads.{task}.")
        ]
        assert all(moved) if task == drawn else not any(moved)


def test_pairs_learn_whether_two_clips_are_of_one_track(tmp_path: Path) -> None:
    config = config_of(FAST, epochs=40, learning_rate=3e-3, window_s=0.4)
    material = small_material(config)
    tasks = {"self": Task(SameTrack(), 1, head="pair")}
    ended, recorder, _ = fitted(config, material, tasks, tmp_path, sampler="pairs")
    assert ended.best_epoch > 1
    losses = [row["validation_loss"] for row in recorder.rows]
    assert min(losses) < 0.85 * np.log(2) < recorder.rows[0]["train_loss"] + 0.2


def test_a_target_may_be_the_clips_own_spectrogram(tmp_path: Path) -> None:
    """The loss of real targets falls below the variance of what is to be told."""
    config = config_of(FAST, epochs=30, learning_rate=3e-3, window_s=0.5)
    material = small_material(config)
    mels = config.network.mels
    n_outputs = mels.n_mels * mels.frames(material.windows.length)
    tasks = {"sound": Task(Spectrogram(mels), n_outputs, "squared-error")}
    _, recorder, _ = fitted(config, material, tasks, tmp_path)
    assert recorder.rows[-1]["validation_loss"] < 0.7  # standardised mels have a variance of 1
    assert "ap_macro" not in recorder.rows[-1]


def pitches(material: Material, shift: int = 0) -> Targets:
    """Return which of "low" and "high" a track is, of those that are one of them; others are unknown."""
    heard = [{"low", "high"} & set(tags_of(int(track[1:]))) for track in material.tracks]
    codes = [-1 if len(tags) != 1 else (("low" in tags) + shift) % 2 for tags in heard]
    return Targets.of_classes(material.tracks, codes, ("high", "low"))


def test_targets_of_a_kind_are_learned_by_its_loss(tmp_path: Path) -> None:
    config = config_of(FAST, epochs=20, learning_rate=3e-3)
    material = small_material(config)
    targets = pitches(material)
    task = task_of(targets, material)
    assert (task.loss, task.n_outputs) == ("cross-entropy", 2)
    assert task.targets.known is not None
    assert task.targets.known.tolist() == targets.known.tolist()
    _, recorder, _ = fitted(config, material, {"pitch": task}, tmp_path)
    assert min(row["validation_loss"] for row in recorder.rows) < 0.5 * np.log(2)
    with pytest.raises(
        InvalidSetting, match="loss='bce' of categorical targets must be one of cross-entropy"
    ):
        task_of(targets, material, "bce")
    with pytest.raises(DataError, match="its tasks differs"):
        fitted(config, material, {"pitch": task_of(pitches(material, 1), material)}, tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"loss": "hinge"}, "loss='hinge' must be one of bce"),
        ({"head": "none"}, "head='none' of the task 'loud' must be one of linear"),
        ({"weight": -1.0}, "weight=-1 of a task must be 0 or more"),
        ({"n_outputs": 0}, "n_outputs=0 must be at least 1"),
    ],
)
def test_a_task_that_cannot_be_is_told(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    config = config_of(epochs=1)
    material = small_material(config)
    task = Task(LookedUp(loudness(material)), **{"n_outputs": 1, **changes})
    with pytest.raises(InvalidSetting, match=said):
        fitted(config, material, {**tagging_task(material, config.train), "loud": task}, tmp_path)


def test_tasks_are_those_of_the_heads(tmp_path: Path) -> None:
    config = config_of(epochs=1)
    material = small_material(config)
    tasks = both_tasks(material, config)
    fabric = make_fabric(config.train)
    with pytest.raises(
        InvalidSetting, match="tasks=labels, loud must be those of the network's heads, labels"
    ):
        fit(fresh(config), material, config.train, fabric, tmp_path, Recorded(), tasks=tasks)
    alone = {"loud": tasks["loud"]}
    monitored = config_of(epochs=1, monitor="ap_macro")
    with pytest.raises(InvalidSetting, match="must be 'validation_loss' where no labels are predicted"):
        fitted(monitored, material, alone, tmp_path)
    with pytest.raises(InvalidSetting, match="sampler='by-artist' must be one of by-track"):
        fitted(config, material, tasks, tmp_path, sampler="by-artist")
    assert LABELS in tasks
