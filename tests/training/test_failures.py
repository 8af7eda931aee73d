"""Bad settings, bad data, and machines that fail: a sentence each, and nothing lost."""

import resource
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from taglab.errors import DataError, InvalidSetting, StorageError, Unavailable
from taglab.labels import from_tags
from taglab.nets import SoundNeeded
from taglab.nets.waveform import WaveformSettings
from taglab.sources import open_folksonomy
from taglab.training import checkpoints, devices, make_fabric, new_run, predict, train
from taglab.training.checkpoints import load_checkpoint, save_checkpoint
from taglab.training.devices import as_launched, device_report, failures_told
from taglab.training.step import TrainingStep
from tests.training.examples import config_of, fit_small, fresh, small_material


def test_a_batch_larger_than_the_data_names_the_largest(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"batch_size=64 must not exceed the 46 tracks.*at most 46"):
        fit_small(config_of(batch_size=64), tmp_path)


def test_a_batch_of_one_is_refused_with_batch_norm(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="batch_size=1 must be at least 2"):
        fit_small(config_of(batch_size=1), tmp_path)


def test_a_class_without_positives_in_validation_is_nan_and_said(tmp_path: Path) -> None:
    config = config_of(epochs=1)
    material = small_material(config)
    validation = material.of("validation")
    material.targets[validation, 1] = False
    material.targets[validation[0], 0] = True
    _, recorded = fit_small(config, tmp_path, material=material)
    assert "1 of 3 classes have no positive" in recorded.lines[0]
    assert recorded.rows[0]["ap_macro"] > 0


def test_validation_without_any_positive_is_refused(tmp_path: Path) -> None:
    config = config_of(epochs=1)
    material = small_material(config)
    material.targets[material.of("validation")] = False
    with pytest.raises(InvalidSetting, match="no class has a positive among the validation tracks"):
        fit_small(config, tmp_path, material=material)


def test_one_class_is_enough(tmp_path: Path) -> None:
    config = config_of(epochs=1, drop_unlabelled_tracks=False)
    fitted, recorded = fit_small(config, tmp_path, material=small_material(config, "low"))
    assert fitted.best_epoch == 1
    assert 0 < recorded.rows[0]["ap_macro"] <= 1


def test_classes_without_any_tag_of_the_data_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="none of the 1 classes"):
        small_material(config_of(), "unheard of")


def test_no_class_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="at least one class"):
        from_tags(open_folksonomy("small"), [])


def test_a_window_too_short_for_the_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"longer"):
        fit_small(config_of(window_s=0.05), tmp_path)
    with pytest.raises(InvalidSetting, match=r"window_s=0.5 must be longer"):
        fit_small(config_of({"network": "vgg"}, window_s=0.5), tmp_path)


def test_sound_of_another_rate_than_the_network_needs_is_refused() -> None:
    mels = {"sample_rate_hz": 22_050, "n_fft": 1024, "n_mels": 16}
    needs = "network='spectrogram' needs sound of 22,050 samples a second, and the audio 'small' has 16,000"
    with pytest.raises(InvalidSetting, match=f"{needs}; `taglab audio add .* --sample-rate-hz 22050`"):
        small_material(config_of({"mels": mels}))


def test_sound_of_other_channels_than_the_network_needs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WaveformSettings, "sound_needed", lambda self: SoundNeeded(None, 2))
    needs = "network='waveform' needs sound of 2 channels, and the audio 'small' has 1; `taglab audio add"
    with pytest.raises(InvalidSetting, match=f"{needs} .* --channels 2`"):
        small_material(config_of({"network": "waveform"}))


@pytest.mark.parametrize(
    ("error", "expected", "said"),
    [
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
            InvalidSetting,
            "try batch_size=4",
        ),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            InvalidSetting,
            "batch_size=4",
        ),
        (MemoryError(), InvalidSetting, "try batch_size=4"),
        (torch.AcceleratorError("CUDA error: unspecified launch failure"), Unavailable, "epoch 1, step 3"),
        (RuntimeError("CUDA error: device-side assert triggered\nmore"), Unavailable, "the last checkpoint"),
        (RuntimeError("shapes cannot be multiplied"), RuntimeError, "shapes"),
    ],
)
def test_a_machine_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: type[Exception], said: str
) -> None:
    take = TrainingStep.__call__
    steps = 0

    def fail(self: TrainingStep, *batch: torch.Tensor) -> torch.Tensor:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise error
        return take(self, *batch)

    monkeypatch.setattr(TrainingStep, "__call__", fail)
    with pytest.raises(expected, match=said):
        fit_small(config_of(), tmp_path)


@pytest.mark.parametrize(
    ("at", "when"),
    [
        ("lightning_fabric.Fabric.setup", "the set-up"),
        ("lightning_fabric.Fabric.launch", "this run"),
        ("taglab.training.running.build", "this run"),
    ],
)
@pytest.mark.parametrize(
    ("error", "expected", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), InvalidSetting, "did not in {}; try batch_size=4"),
        (torch.AcceleratorError("CUDA error: no device"), Unavailable, "the GPU failed in {} "),
    ],
)
def test_a_machine_that_fails_before_the_first_step_is_told(
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    when: str,
    error: Exception,
    expected: type[Exception],
    said: str,
) -> None:
    def fail(*given: Any, **named: Any) -> None:
        raise error

    run = new_run(config_of())
    monkeypatch.setattr(at, fail)
    with pytest.raises(expected, match=said.format(when)):
        train(run.name)


def test_a_machine_that_fails_before_it_predicts_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(new_run(config_of(epochs=1)).name)

    def fail(*given: Any) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(Fabric, "setup", fail)
    with pytest.raises(InvalidSetting, match="predicting the test tracks; try batch_size=4"):
        predict(run)


def test_no_memory_for_one_clip_is_not_told_as_a_window_too_short(tmp_path: Path) -> None:
    def fail(*given: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    config = config_of()
    network = fresh(config)
    network.encoder.frontend.register_forward_hook(fail)
    with pytest.raises(InvalidSetting, match="try batch_size=4") as told:
        fit_small(config, tmp_path, network=network)
    assert "longer" not in str(told.value)


def test_a_batch_of_one_that_is_too_large_has_another_cure() -> None:
    with (
        pytest.raises(InvalidSetting, match="shorter window_s or a smaller width"),
        failures_told(torch.device("cpu"), 1, lambda: "epoch 1, step 1"),
    ):
        raise MemoryError


def test_a_full_disk_keeps_the_old_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "last.pt"
    save_checkpoint(path, {"made_for": {}, "weights": torch.ones(10)})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageError, match=r"cannot save last\.pt"):
            save_checkpoint(path, {"made_for": {}, "weights": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert torch.equal(load_checkpoint(path, {})["weights"], torch.ones(10))
    assert [entry.name for entry in path.parent.iterdir()] == ["last.pt"]


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    fit_small(config_of(epochs=1), tmp_path)
    other = config_of(epochs=2)
    with pytest.raises(DataError, match=r"its classes \(3\) are not those of this run \(2\)"):
        fit_small(other, tmp_path, material=small_material(other, "low", "high"))
    with pytest.raises(DataError, match="its clips_per_step is 8, not 16"):
        fit_small(config_of(epochs=2, batch_size=16, steps_per_epoch=5), tmp_path)
    path = tmp_path / "other.pt"
    save_checkpoint(path, {"made_for": {"network": {"width": 1, "n": 3}}})
    with pytest.raises(DataError, match=r"its network differs \(width is 1, not 2\)"):
        load_checkpoint(path, {"network": {"width": 2, "n": 3}})


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "pickle", "missing", "other"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, {"made_for": {}, "weights": torch.ones(1000)})
    whole = path.read_bytes()
    if damage == "pickle":
        torch.save({"format": 1, "made_for": Path("a file's path is not plain data")}, path)
    elif damage == "other":
        torch.save([1, 2], path)
    elif damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "text": b"hello " * 50}[damage])
    with pytest.raises(DataError, match="checkpoint"):
        load_checkpoint(path, {})


def test_asking_for_a_gpu_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.torch.cuda, "is_available", lambda: False)
    with pytest.raises(Unavailable, match="needs a GPU, and PyTorch sees none"):
        make_fabric(config_of(accelerator="cuda").train)
    with pytest.raises(InvalidSetting, match="on a CPU take 'bf16-mixed'"):
        make_fabric(config_of(precision="16-mixed").train)
    monkeypatch.setattr(devices.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(devices.torch.cuda, "device_count", lambda: 1)
    with pytest.raises(Unavailable, match="devices=0,3 names GPU 3, and PyTorch sees only GPU 0"):
        make_fabric(config_of(accelerator="cuda", devices=(0, 3)).train)


def test_what_a_launcher_gave_goes_before_what_was_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of(devices=(3,)).train
    monkeypatch.delenv("SLURM_NTASKS", raising=False)

    def given(**status: Any) -> tuple[tuple[int, ...], int]:
        changed = as_launched(config, devices.Status(state="running", **status))
        return changed.devices, changed.nodes

    assert as_launched(config, None) is config
    assert given(launcher="foreground") == ((3,), 1)
    assert given(launcher="local", devices=("5", "7")) == ((0, 1), 1)
    assert given(launcher="local", devices=("cpu",)) == ((0,), 1)
    monkeypatch.setenv("SLURM_NTASKS", "8")
    monkeypatch.setenv("SLURM_NNODES", "2")
    assert given(launcher="slurm") == ((0, 1, 2, 3), 2)


def test_the_device_is_told_in_a_sentence() -> None:
    found = device_report()
    assert found.memory_gib > 0
    assert found.cores >= 1
    assert found.name in found.sentence
    assert (found.count > 0) == (found.kind == "GPU") == torch.cuda.is_available()


def test_a_checkpoint_has_the_format_it_is_read_by(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    torch.save({"format": checkpoints.FORMAT + 1, "made_for": {}}, path)
    with pytest.raises(DataError, match="not a checkpoint of this taglab"):
        load_checkpoint(path, {})


def test_a_checkpoint_of_another_split_is_refused(tmp_path: Path) -> None:
    fit_small(config_of(epochs=1), tmp_path)
    with pytest.raises(DataError, match="is of another run: its split is"):
        fit_small(config_of(epochs=2, split_seed=1), tmp_path)
