"""Kinds of runs: each trained by its own, those without a kind taggers; one that is unknown is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from taglab import launch
from taglab.compare.inputs import inputs_table
from taglab.errors import DataError, InvalidSetting
from taglab.joint_space import new_space_run, open_joint_space
from taglab.launch import LaunchSettings
from taglab.runs import create_run, layout, open_run
from taglab.runs.status import read_status
from taglab.training.source_config import SourceRun, source_run
from taglab.training.sources import new_source_run
from tests.joint_space.world import config_of, make_world
from tests.launch.running import comes_to, until
from tests.training.examples import make_world as make_small_world


def test_a_configuration_without_a_kind_is_a_taggers() -> None:
    run = create_run({"train": {"epochs": 7}}, None, {})
    kind = launch.kind_of(run)
    assert kind is launch.RUN_KINDS["tagger"]
    assert (kind.epochs(run.config), kind.unit) == (7, "epoch")


def test_an_unknown_kind_is_told() -> None:
    run = create_run({"kind": "oracle"}, None, {})
    with pytest.raises(
        DataError, match="kind 'oracle', none of tagger, joint-space, learning-sources, spectra"
    ):
        launch.train_run(run.name)


@pytest.mark.parametrize("name", launch.RUN_KINDS)
def test_every_kind_draws_its_history(name: str) -> None:
    panels = launch.RUN_KINDS[name].panels({})
    assert any(panel.judged for panel in panels.values())


def test_a_joint_space_is_queued_watched_stopped_and_resumed(taglab_home: Path) -> None:
    make_world()
    run = new_space_run(config_of(steps=100_000_000, patience=100_000))
    launch.submit(run.name)
    assert until(lambda: len(run.history()) >= 2), run.log_tail()
    assert launch.state(run.name).active
    assert launch.stop(run.name).state == "stopped"
    looks = len(run.history())
    config = json.loads((run.folder / layout.CONFIG).read_text())
    config["space"]["steps"] = 2_000 * (looks + 1)  # else it would take hours
    (run.folder / layout.CONFIG).write_text(json.dumps(config))
    launch.resume(run.name)
    assert comes_to(run, "finished"), run.log_tail()
    assert len(open_run(run.name).history()) == looks + 1
    assert open_joint_space(run.name).about["run"] == run.name


@pytest.mark.slurm
@pytest.mark.usefixtures("cluster")
def test_a_joint_space_is_trained_as_a_job_without_gpus() -> None:
    make_world()
    run = new_space_run(config_of())
    launch.submit(run.name, LaunchSettings(where="slurm", time_minutes=5))
    assert comes_to(run, "finished"), run.log_tail()
    assert open_joint_space(run.name).about["run"] == run.name
    status = read_status(run.folder)
    assert status is not None
    assert (status.launcher, status.launch["gpus"]) == ("slurm", 0)
    assert status.job.isdigit()


@pytest.mark.parametrize("more", [{"gpus": 1}, {"tasks_per_node": 2}, {"nodes": 2, "where": "slurm"}])
def test_more_than_a_process_on_the_cpu_is_refused_for_a_joint_space(more: dict[str, Any]) -> None:
    make_world()
    run = new_space_run(config_of())
    with pytest.raises(InvalidSetting, match="trained by one process, on the CPU"):
        launch.submit(run.name, LaunchSettings(**more))
    assert read_status(run.folder) is None


def test_a_network_of_several_sources_is_launched_stopped_and_resumed(taglab_home: Path) -> None:
    make_small_world(taglab_home)
    run = new_source_run(sources_config(epochs=2_000))
    launch.submit(run.name)
    assert until(lambda: len(run.history()) >= 1), run.log_tail()
    assert launch.stop(run.name).state == "stopped"
    config = json.loads((run.folder / layout.CONFIG).read_text())
    config["train"]["epochs"] = len(run.history()) + 1
    (run.folder / layout.CONFIG).write_text(json.dumps(config))
    launch.resume(run.name)
    assert comes_to(run, "finished"), run.log_tail()
    assert len(open_run(run.name).history()) == config["train"]["epochs"]
    assert "going on from" in run.log_tail()


def sources_config(**train: int) -> SourceRun:
    sources = [
        {"name": "sounds", "maker": "label-space", "settings": {"labels": "sounds"}},
        {"name": "self", "maker": "same-track"},
    ]
    mels = {"n_mels": 32, "n_fft": 512, "hop": 128, "mel_scale": "slaney"}
    short = {"batch_size": 8, "window_s": 0.6, "accelerator": "cpu", "checkpoint_minutes": 0, **train}
    return source_run(
        {
            "data": "small", "audio": "small", "sources": sources, "train": short,
            "network": {"network": "kim-2.3", "width": 1 / 16, "mels": mels},
        }
    )  # fmt: skip


def test_what_a_joint_space_is_made_of_is_looked_up() -> None:
    make_world()
    run = new_space_run(config_of())
    assert inputs_table(run)[["input", "now"]].to_numpy().tolist() == [
        ["data", "as it was"],
        ["features", "as it was"],
    ]
    make_world(seed=1)
    assert inputs_table(run).set_index("input").loc["features", "now"] == "changed"
