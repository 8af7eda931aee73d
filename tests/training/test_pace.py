"""What an epoch took a run like the one that is asked for, and never one unlike it."""

import pytest

from taglab.runs import Run, RunWriter, change_about, layout
from taglab.training import Pace, RunConfig, measured_pace, new_run, train
from taglab.training.devices import cpu_report
from tests.training.examples import config_of

HERE = "a CPU, 2 cores"


def measured(config: RunConfig, created: str, clips_per_s: float, device: str = HERE) -> Run:
    """Make a run, and write what training would have measured: 10 s an epoch, and 2 s of validation."""
    run = new_run(config)
    change_about(run, created=created)
    writer = RunWriter(run)
    rows = [{"epoch": epoch, "clips_per_s": clips_per_s, "seconds": 10.0} for epoch in (1, 2, 3)]
    layout.write_lines(run.folder / layout.HISTORY, rows)
    for epoch in (1, 2, 3):
        for step in (1, 2):
            time = 12.0 * epoch + 5 * step
            writer.step({"epoch": epoch, "step": step, "loss": 0.5, "clips_per_s": 1, "time": time})
    writer.summarise(device=device)
    return run


def test_nothing_is_known_before_anything_was_measured() -> None:
    new_run(config_of())
    assert measured_pace(config_of(), HERE) is None


def test_the_newest_run_alike_tells() -> None:
    measured(config_of(), "2026-01-01", 4.0)
    newest = measured(config_of(seed=1, learning_rate=1e-4), "2026-01-03", 5.0)
    measured(config_of(seed=2), "2026-01-02", 6.0)
    assert measured_pace(config_of(epochs=50), HERE) == Pace(newest.name, 5.0, 12.0)


@pytest.mark.parametrize(
    "config",
    [
        config_of(network={"width": 0.5}),
        config_of(network={"network": "vgg"}),
        config_of(window_s=0.5),
        config_of(batch_size=4),
        config_of(precision="bf16-mixed"),
    ],
)
def test_another_network_or_clip_tells_nothing(config: RunConfig) -> None:
    measured(config_of(), "2026-01-01", 4.0)
    assert measured_pace(config, HERE) is None
    assert measured_pace(config_of(), "a GPU") is None


def test_other_data_tell_the_speed_only_and_only_where_the_same_were_not_measured() -> None:
    run = measured(config_of(steps_per_epoch=2), "2026-01-02", 4.0)
    assert measured_pace(config_of(), HERE) == Pace(run.name, 4.0, None)
    older = measured(config_of(), "2026-01-01", 3.0)
    assert measured_pace(config_of(), HERE) == Pace(older.name, 3.0, 12.0)


def test_a_run_that_is_damaged_or_tells_nothing_is_passed_over() -> None:
    run = measured(config_of(), "2026-01-01", 4.0)
    (run.folder / "summary.json").write_text("{", encoding="utf-8")
    assert measured_pace(config_of(), HERE) is None
    elsewhere = measured(config_of(seed=1), "2026-01-02", 4.0)
    (elsewhere.folder / "config.json").write_text("{}", encoding="utf-8")
    assert measured_pace(config_of(), HERE) is None


def test_training_tells_its_device() -> None:
    run = train(new_run(config_of(epochs=1)).name)
    found = measured_pace(config_of(), cpu_report().short)
    assert found is not None
    assert found.run == run.name
    assert found.epoch_s == run.history()["seconds"][0]
