"""The real command, `python -m taglab train RUN`, launched, stopped, killed and resumed."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from taglab import launch
from taglab.launch import LaunchSettings
from taglab.runs import Run
from taglab.runs.status import read_status
from taglab.training import is_finished, new_run
from tests.launch.running import comes_to, until
from tests.training.examples import config_of, make_world

EPOCHS = 16  # some of them pass while this process is told of one, and it is to be stopped before the last


@pytest.fixture(autouse=True)
def world(taglab_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_world(taglab_home)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # the machine may have much else to do


def made(**train: object) -> Run:
    return new_run(config_of(epochs=EPOCHS, **train))


def epochs_of(run: Run) -> int:
    return len(run.history())


def scores_of(run: Run) -> np.ndarray:
    said = run.predictions("test")
    assert said is not None
    return said.scores


def test_stopped_and_killed_and_resumed_it_ends_as_if_nothing_had_been() -> None:
    whole, broken = made(), made()
    assert launch.train_command(broken.name)[3:7] == ["-m", "taglab", "train", broken.name]
    launch.submit(broken.name)
    assert until(lambda: epochs_of(broken) >= 2), broken.log_tail()
    assert launch.stop(broken.name).state == "stopped"
    stopped_at = epochs_of(broken)
    launch.resume(broken.name)
    assert until(lambda: epochs_of(broken) >= stopped_at + 2), broken.log_tail()
    status = read_status(broken.folder)
    assert status is not None
    assert status.process is not None
    os.kill(status.process.pid, signal.SIGKILL)
    assert comes_to(broken, "failed")
    assert stopped_at < epochs_of(broken) < EPOCHS
    launch.submit(whole.name)
    launch.resume(broken.name)
    assert comes_to(whole, "finished"), whole.log_tail()
    assert comes_to(broken, "finished"), broken.log_tail()
    assert is_finished(broken)
    assert list(broken.history()["epoch"]) == list(range(1, EPOCHS + 1))
    np.testing.assert_array_equal(scores_of(broken), scores_of(whole))
    np.testing.assert_array_equal(broken.history()["train_loss"], whole.history()["train_loss"])


def test_what_cannot_be_trained_says_why() -> None:
    run = made(batch_size=4096)
    launch.submit(run.name)
    assert comes_to(run, "failed")
    assert "batch_size=4096" in launch.state(run.name).detail


@pytest.mark.slurm
@pytest.mark.usefixtures("cluster")
def test_two_processes_of_a_slurm_job_train_one_run() -> None:
    run = made()
    settings = LaunchSettings(where="slurm", gpus=0, tasks_per_node=2, time_minutes=10)
    launch.submit(run.name, settings)
    assert until(lambda: epochs_of(run) >= 2), run.log_tail()
    assert launch.state(run.name).state == "running"
    assert launch.stop(run.name).state == "stopped"
    launch.resume(run.name)
    assert comes_to(run, "finished"), run.log_tail()
    assert "on 2 x cpu" in run.log_tail()
    assert list(run.history()["epoch"]) == list(range(1, EPOCHS + 1))
