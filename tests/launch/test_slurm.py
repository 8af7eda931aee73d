"""Training as a job: against a real SLURM on this machine, and against what SLURM may answer."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from taglab import launch
from taglab.errors import Unavailable
from taglab.launch import LaunchSettings, slurm
from taglab.runs import Run
from taglab.runs.process import identify
from taglab.runs.status import SILENT_AFTER_S, Status, read_status, write_status
from tests.launch.running import comes_to, epochs_done, trainee, until

SLURM = LaunchSettings(where="slurm", gpus=0, time_minutes=5)
ALL_REDUCE = Path(__file__).with_name("all_reduce.py")


def status_of(run: Run) -> Status:
    status = read_status(run.folder)
    assert status is not None
    return status


@pytest.mark.slurm
@pytest.mark.usefixtures("cluster")
class TestRealSlurm:
    def test_a_run_is_trained_to_its_end(self, run: Run, taglab_home: Path) -> None:
        launched = launch.submit(run.name, SLURM, trainee(run, epochs=2, seconds=0.3))
        assert launched.state in ("queued", "running")
        assert launched.job.isdigit()
        assert comes_to(run, "finished")
        assert epochs_done(run) == 2
        assert "training begins" in run.log_tail()
        assert (status_of(run).launcher, status_of(run).job) == ("slurm", launched.job)
        folder = taglab_home / "launch" / "slurm" / run.name
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert list(folder.glob("*.pkl"))
        assert not list(run.folder.rglob("*.pkl"))

    def test_two_processes_train_together(self, run: Run) -> None:
        settings = SLURM.model_copy(update={"tasks_per_node": 2})
        launch.submit(run.name, settings, [sys.executable, str(ALL_REDUCE), str(run.folder), "2"])
        assert comes_to(run, "finished"), run.log_tail()
        for rank in (0, 1):
            assert (run.folder / f"rank-{rank}.txt").read_text() == "3 of 2"

    def test_stopping_cancels_the_job_and_leaves_it_resumable(self, run: Run) -> None:
        launch.submit(run.name, SLURM, trainee(run, epochs=1000, seconds=0.1))
        assert until(lambda: epochs_done(run) >= 1)
        assert launch.state(run.name).state == "running"
        process = status_of(run).process
        assert process is not None
        assert launch.stop(run.name).state == "stopped"
        assert process.living() is None
        launch.resume(run.name, command=trainee(run, epochs=epochs_done(run) + 1))
        assert comes_to(run, "finished")
        assert status_of(run).launcher == "slurm"

    def test_killed_it_is_never_shown_as_running(self, run: Run) -> None:
        launch.submit(run.name, SLURM, trainee(run, epochs=1000, seconds=0.1))
        assert until(lambda: epochs_done(run) >= 1)
        process = status_of(run).process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        assert until(lambda: process.living() is None)
        assert launch.state(run.name).state in ("lost", "failed")
        assert comes_to(run, "failed")
        assert "log says more" in launch.state(run.name).detail

    def test_one_of_two_processes_killed_ends_both(self, run: Run) -> None:
        settings = SLURM.model_copy(update={"tasks_per_node": 2})
        launch.submit(run.name, settings, trainee(run, epochs=1000, seconds=0.1))
        assert until(lambda: run.log_tail().count("training begins") == 2)
        first = status_of(run).process
        assert first is not None
        others = [one for one in processes_of(run) if one.pid != first.pid]
        assert len(others) == 1
        others[0].kill()
        assert comes_to(run, "failed")
        assert not processes_of(run)

    def test_waiting_behind_another_job(self, make_run: Callable[[str], Run]) -> None:
        first, second = make_run("first"), make_run("second")
        full = SLURM.model_copy(update={"cpus_per_task": 4})
        launch.submit(first.name, full, trainee(first, epochs=1000, seconds=0.1))
        launch.submit(second.name, full, trainee(second))
        assert comes_to(first, "running")
        assert launch.state(second.name).state == "queued"
        assert "waits in SLURM's queue" in launch.state(second.name).detail
        assert launch.stop(second.name).state == "stopped"
        assert launch.stop(first.name).state == "stopped"
        assert epochs_done(second) == 0

    def test_waiting_for_machines_there_are_not(self, run: Run) -> None:
        launch.submit(run.name, SLURM.model_copy(update={"nodes": 7}), trainee(run))
        assert until(lambda: "PartitionConfig" in launch.state(run.name).detail)
        assert launch.state(run.name).state == "queued"
        assert launch.stop(run.name).state == "stopped"

    @pytest.mark.parametrize("how", [[], ["--signal=KILL"]])
    def test_cancelled_by_somebody_else(self, run: Run, how: list[str]) -> None:
        launch.submit(run.name, SLURM, trainee(run, epochs=1000, seconds=0.1, how="silent"))
        assert until(lambda: epochs_done(run) >= 1)
        subprocess.run(["scancel", *how, status_of(run).job], check=True)
        assert comes_to(run, "stopped")
        assert "cancelled in SLURM" in launch.state(run.name).detail
        assert status_of(run).ended  # noted, for SLURM forgets

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"partition": "nowhere"}, "invalid partition"),
            ({"gpus": 3}, "generic resource"),
        ],
    )
    def test_refused(self, run: Run, change: dict[str, object], said: str) -> None:
        settings = SLURM.model_copy(update=change)
        with pytest.raises(Unavailable, match=r"SLURM refused name-one: ") as refused:
            launch.submit(run.name, settings, trainee(run))
        assert said in str(refused.value).lower()
        state = launch.state(run.name)
        assert (state.state, state.detail) == ("failed", str(refused.value))
        launch.submit(run.name, SLURM, trainee(run))
        assert comes_to(run, "finished")


def processes_of(run: Run) -> list[psutil.Process]:
    """Return the stand-ins that train a run."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if str(run.folder) in line and "trainee.py" in " ".join(line):
            found.append(process)
    return found


def test_no_slurm_here(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="SLURM is not on this machine"):
        launch.submit(run.name, SLURM, trainee(run))
    assert read_status(run.folder) is None
    now = time.time()
    write_status(run.folder, Status(state="running", launcher="slurm", job="1", heartbeat_at=now))
    assert launch.state(run.name).state == "running"  # another machine of the cluster launched it
    silent = Status(state="running", launcher="slurm", job="1", heartbeat_at=now - SILENT_AFTER_S - 9)
    write_status(run.folder, silent)
    state = launch.state(run.name)
    assert state.state == "lost"
    assert "SLURM is not on this machine" in state.detail
    with pytest.raises(Unavailable, match="SLURM is not on this machine"):
        launch.stop(run.name)


Answers = Callable[..., None]


@pytest.fixture
def answers(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """Let SLURM's commands say something of the run."""

    def say(squeue: str, sacct: str = "", error: str = "") -> None:
        monkeypatch.setattr(slurm, "_ask", lambda command: told(command, squeue, sacct, error))
        monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")

    def told(command: list[str], squeue: str, sacct: str, error: str) -> subprocess.CompletedProcess[str]:
        said = squeue if command[0] == "squeue" else sacct
        return subprocess.CompletedProcess(command, int(bool(error)), said, error)

    yield say
    (run.folder / "status.json").unlink()  # there is no job to be ended


@pytest.mark.parametrize(
    ("squeue", "sacct", "state", "detail"),
    [
        ("17|PENDING\n", "", "queued", "job 17"),
        ("17|RUNNING\n", "", "running", "job 17"),
        ("17|COMPLETING\n", "", "running", "job 17"),
        ("17|TIMEOUT\n", "", "stopped", "time limit"),
        ("17|CANCELLED\n", "", "stopped", "cancelled"),
        ("17|OUT_OF_MEMORY\n", "", "failed", "memory"),
        ("17|NODE_FAIL\n", "", "failed", "machine"),
        ("17|FAILED\n", "", "failed", "log"),
        ("17|COMPLETED\n", "", "finished", ""),
        ("17|LAUNCH_FAILED\n", "", "failed", "LAUNCH_FAILED"),
        ("", "17|CANCELLED by 1000\n", "stopped", "cancelled"),
        ("", "17|TIMEOUT\n", "stopped", "time limit"),
        ("", "", "lost", "no longer knows"),
    ],
)
def test_what_slurm_says(
    run: Run, answers: Answers, squeue: str, sacct: str, state: str, detail: str
) -> None:
    answers(squeue, sacct)
    elsewhere = identify().model_copy(update={"host": "node-7"})
    now = time.time()
    status = Status(state="running", launcher="slurm", job="17", process=elsewhere, heartbeat_at=now)
    write_status(run.folder, status)
    found = launch.state(run.name)
    assert found.state == state
    assert detail in found.detail
    assert status_of(run).ended == (state in ("stopped", "failed", "finished"))


def test_a_job_that_shows_no_life_is_lost(run: Run, answers: Answers) -> None:
    answers("17|RUNNING\n")
    beat = time.time() - SILENT_AFTER_S - 5
    write_status(run.folder, Status(state="running", launcher="slurm", job="17", heartbeat_at=beat))
    assert launch.state(run.name).state == "lost"


def test_slurm_does_not_answer(run: Run, answers: Answers) -> None:
    answers("", error="slurm_load_jobs error: Unable to contact slurm controller")
    write_status(run.folder, Status(state="queued", launcher="slurm", job="17", queued_at=time.time()))
    state = launch.state(run.name)
    assert state.state == "queued"
    assert "Unable to contact slurm controller" in state.detail
    with pytest.raises(Unavailable, match="did not cancel job 17"):
        launch.stop(run.name)


@pytest.mark.parametrize("what", ["a link", "a link to nowhere", "a file"])
def test_somebody_elses_folder_is_refused(run: Run, taglab_home: Path, what: str) -> None:
    place = taglab_home / "launch" / "slurm" / run.name
    place.parent.mkdir(parents=True)
    if what == "a file":
        place.write_text("theirs")
    else:
        place.symlink_to(run.folder if what == "a link" else "nowhere")
    held = sorted(run.folder.iterdir())
    with pytest.raises(Unavailable, match="belongs to somebody else or is open to others; remove it"):
        slurm.private_folder(run.name)
    assert sorted(run.folder.iterdir()) == held


def test_a_folder_open_to_others_is_made_anew(run: Run, taglab_home: Path) -> None:
    place = taglab_home / "launch" / "slurm" / run.name
    place.mkdir(parents=True, mode=0o777)
    (place / "job.pkl").write_text("theirs")
    assert slurm.private_folder(run.name) == place
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert not list(place.iterdir())
