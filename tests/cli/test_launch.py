"""Launching from a shell."""

import os
import time
from typing import Any

import pytest

from taglab.cli import dashboard
from taglab.launch import ALLOW_LAUNCH, state
from taglab.runs import Run, create_run
from taglab.runs.status import Status, write_status
from tests.cli.running import Shell


@pytest.fixture
def run() -> Run:
    return create_run({}, None, {"name": "one"})  # results only, so that training it fails at once


def test_a_run_that_cannot_be_trained_says_why(shell: Shell, run: Run) -> None:
    (row,) = shell.json("launch", run.name)
    assert (row["run"], row["state"]) == (run.name, "queued")
    until = time.monotonic() + 120
    while state(run.name).active and time.monotonic() < until:
        time.sleep(0.05)
    assert shell.json("queue") == []
    (row,) = shell.json("queue", "--ended")
    assert row["state"] == "failed"
    assert "exit code 1" in row["detail"]
    assert "holds results only" in shell.text("log", run.name)
    assert "holds results only" in shell.text("log", run.name, "--follow", "-n", "3")


def test_what_is_not_there_or_not_running(shell: Shell, run: Run) -> None:
    for command in ("launch", "stop", "resume", "log"):
        assert shell.run(command, "nobody") == 1
        assert "nobody" in shell.err
    assert shell.run("stop", run.name) == 1
    assert "nothing to stop" in shell.err
    assert shell.run("launch", run.name, "--where", "moon") == 2
    assert shell.run("launch", run.name, "--nodes", "2") == 2
    assert "several nodes" in shell.err


def test_several_are_stopped_and_the_queue_tells_of_all(shell: Shell, run: Run) -> None:
    other = create_run({}, None, {"name": "two"})
    for one in (run, other):
        write_status(one.folder, Status(state="queued", launcher="local", queued_at=time.time() - 60))
    rows = shell.json("queue")
    assert [(row["run"], row["state"], row["place"]) for row in rows] == [
        (run.name, "lost", None),
        (other.name, "lost", None),
    ]
    assert [row["state"] for row in shell.json("stop", run.name, other.name)] == ["stopped", "stopped"]


def test_resuming_keeps_what_no_flag_changes(shell: Shell, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[Any] = []
    launch = {"where": "slurm", "gpus": 4, "partition": "long", "time_minutes": 60}
    write_status(run.folder, Status(state="stopped", launcher="slurm", launch=launch))

    def resume(name: str, settings: Any) -> Any:
        launched.append(settings)
        return state(name)

    monkeypatch.setattr("taglab.launch.resume", resume)
    shell.json("resume", run.name, "--time-minutes", "600")
    shell.json("resume", run.name)
    assert launched[0].model_dump(exclude_defaults=True) == {**launch, "time_minutes": 600}
    assert launched[1] is None


def test_the_dashboard_is_told_that_all_may_launch(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOW_LAUNCH, "")
    told: list[str] = []
    monkeypatch.setattr(dashboard, "_serve", lambda *given: told.append(os.environ[ALLOW_LAUNCH]) or 0)
    assert shell.run("app", "--no-browser", "--port", "18651") == 0
    assert shell.run("app", "--no-browser", "--port", "18651", "--allow-launch") == 0
    assert told == ["", "1"]
