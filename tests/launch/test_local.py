"""Training on this machine: started, watched, killed, stopped, resumed, queued."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import psutil
import pytest

from taglab import launch
from taglab.errors import Conflict, NotFound, Unavailable
from taglab.launch import LaunchSettings, processes
from taglab.outcomes import Predictions
from taglab.runs import Run
from taglab.runs.status import Status, read_status, write_status
from tests.launch.conftest import no_runner
from tests.launch.running import comes_to, epochs_done, trainee, until


def pid_of(run: Run) -> int:
    status = read_status(run.folder)
    assert status is not None
    assert status.process is not None
    return status.process.pid


def kill(run: Run) -> None:
    """Kill a run's process, and wait until it lives no more; somebody may yet have to take note of it."""
    status = read_status(run.folder)
    assert status is not None
    assert status.process is not None
    process = status.process
    os.kill(process.pid, signal.SIGKILL)
    assert until(lambda: process.living() is None)


def runner_pids() -> list[int]:
    """Return the runners of this test's cache folder."""
    home = os.environ["TAGLAB_HOME"]
    found = []
    for process in psutil.process_iter():
        try:
            if "taglab.launch" in process.cmdline() and process.environ().get("TAGLAB_HOME") == home:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def kill_runner() -> None:
    assert until(lambda: len(runner_pids()) == 1)
    os.kill(runner_pids()[0], signal.SIGKILL)
    assert until(no_runner)


def test_a_run_is_trained_to_its_end(run: Run) -> None:
    assert launch.state(run.name).detail == "not launched yet"
    launch.submit(run.name, command=trainee(run, epochs=2, how="waits"))
    assert comes_to(run, "running")
    assert os.getsid(pid_of(run)) == pid_of(run) != os.getsid(0)
    assert launch.queue()[0].run == run.name
    (run.folder / "enough").touch()
    assert comes_to(run, "finished")
    assert epochs_done(run) == 2
    assert "training begins" in run.log_tail()
    assert until(no_runner)
    status = read_status(run.folder)
    assert status is not None
    assert status.exit_code == 0
    with pytest.raises(Conflict, match="finished already"):
        launch.submit(run.name, command=trainee(run))
    with pytest.raises(Conflict, match="nothing to stop"):
        launch.stop(run.name)


def test_a_command_that_says_nothing_is_judged_by_its_exit_code(
    run: Run, make_run: Callable[[str], Run]
) -> None:
    other = make_run("other")
    launch.submit(run.name, command=trainee(run, how="silent"))
    launch.submit(other.name, command=[sys.executable, "-S", "-c", "raise SystemExit(3)"])
    assert comes_to(run, "finished")
    assert comes_to(other, "failed")
    assert "exit code 3" in launch.state(other.name).detail


def test_failing_says_why(run: Run) -> None:
    launch.submit(run.name, command=trainee(run, how="fail"))
    assert comes_to(run, "failed")
    assert "loss=nan" in launch.state(run.name).detail
    assert until(lambda: "Traceback" in run.log_tail())


def test_a_program_that_is_not_there(run: Run) -> None:
    launch.submit(run.name, command=["no-such-program"])
    assert comes_to(run, "failed")
    assert "no-such-program cannot be started" in launch.state(run.name).detail


def test_killed_it_is_never_shown_as_running_and_can_be_resumed(run: Run) -> None:
    launch.submit(run.name, command=trainee(run, epochs=1000, seconds=0.1))
    assert until(lambda: epochs_done(run) >= 2)
    kill(run)
    assert launch.state(run.name).state in ("lost", "failed")
    assert comes_to(run, "failed")
    assert "SIGKILL" in launch.state(run.name).detail
    done = epochs_done(run)
    launch.resume(run.name, command=trainee(run, epochs=done + 2))
    assert comes_to(run, "finished")
    assert (run.folder / "epochs.txt").read_text().split() == [str(epoch) for epoch in range(done + 2)]


def test_training_and_queue_outlive_server_and_runner(run: Run, make_run: Callable[[str], Run]) -> None:
    other = make_run("other")
    server = subprocess.run(
        [sys.executable, "-c", _SUBMIT, run.name, *trainee(run, how="waits")],
        check=True,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert server.stdout.strip() in ("queued", "running")
    assert comes_to(run, "running")  # this process never started it
    launch.submit(other.name, command=trainee(other))
    kill_runner()
    assert launch.state(run.name).state == "running"  # and looking has started another runner
    (run.folder / "enough").touch()
    assert comes_to(run, "finished")
    assert comes_to(other, "finished")


_SUBMIT = (
    "import sys; from taglab import launch; print(launch.submit(sys.argv[1], command=sys.argv[2:]).state)"
)


def test_killed_together_with_its_runner_it_is_lost(run: Run) -> None:
    launch.submit(run.name, command=trainee(run, epochs=1000, seconds=0.1))
    assert comes_to(run, "running")
    kill_runner()
    kill(run)
    assert launch.state(run.name).state == "lost"
    assert "ended without a word" in launch.state(run.name).detail
    assert [row.run for row in launch.queue()] == []
    launch.resume(run.name, command=trainee(run, epochs=epochs_done(run) + 1))
    assert comes_to(run, "finished")


@pytest.mark.parametrize("how", ["children", "deaf"])
def test_stopping_ends_everything_and_leaves_it_resumable(run: Run, how: str) -> None:
    launch.submit(run.name, command=trainee(run, epochs=1000, seconds=0.1, how=how))
    assert until(lambda: epochs_done(run) >= 1)
    status = read_status(run.folder)
    assert status is not None
    assert status.process is not None
    assert len(processes.family(status.process)) == (3 if how == "children" else 1)
    assert launch.stop(run.name, grace_s=1.0).state == "stopped"
    assert processes.family(status.process) == []
    assert until(no_runner)
    assert launch.state(run.name).state == "stopped"
    launch.resume(run.name, command=trainee(run, epochs=epochs_done(run) + 1))
    assert comes_to(run, "finished")


def test_what_a_dead_run_leaves_behind_is_ended(run: Run) -> None:
    launch.submit(run.name, command=trainee(run, epochs=1000, seconds=0.1, how="children"))
    assert until(lambda: epochs_done(run) >= 1)
    status = read_status(run.folder)
    assert status is not None
    assert status.process is not None
    os.kill(status.process.pid, signal.SIGKILL)
    assert until(no_runner)
    assert processes.family(status.process) == []


def test_a_queue_of_three_is_worked_off_in_order(make_run: Callable[[str], Run]) -> None:
    runs = [make_run(name) for name in ("first", "second", "third")]
    for run in runs:
        launch.submit(run.name, command=trainee(run, epochs=1, seconds=0.5, how="waits"))
    rows = launch.queue()
    assert [row.run for row in rows] == [run.name for run in runs]
    assert rows[-1].place > rows[0].place
    with pytest.raises(Conflict, match="queued already"):
        launch.submit(runs[2].name, command=trainee(runs[2]))
    for run in runs:
        (run.folder / "enough").touch()
    together: list[int] = []

    def all_done() -> bool:
        states = launch.states(run.name for run in runs)
        together.append(sum(state.state == "running" for state in states.values()))
        return all(state.state == "finished" for state in states.values())

    assert until(all_done)
    assert max(together) == 1
    spans = (runs[0].folder.parent.parent / "spans.txt").read_text().splitlines()
    assert [row.split()[0] for row in spans] == [run.name for run in runs]


def test_a_waiting_run_is_taken_out(make_run: Callable[[str], Run]) -> None:
    first, second = make_run("first"), make_run("second")
    launch.submit(first.name, command=trainee(first, epochs=1000, seconds=0.1))
    launch.submit(second.name, command=trainee(second))
    assert comes_to(first, "running")
    assert launch.state(second.name).state == "queued"
    assert "next in the queue" in launch.state(second.name).detail
    assert launch.stop(second.name).state == "stopped"
    assert launch.stop(first.name).state == "stopped"
    assert until(no_runner)
    assert epochs_done(second) == 0


def test_what_is_no_longer_in_the_queue_is_lost(run: Run) -> None:
    now = time.time()
    write_status(run.folder, Status(state="queued", launcher="local", queued_at=now))
    assert launch.state(run.name).state == "queued"
    write_status(run.folder, Status(state="queued", launcher="local", queued_at=now - 60))
    assert launch.state(run.name).state == "lost"
    launch.resume(run.name, command=trainee(run))
    assert comes_to(run, "finished")


def test_more_gpus_than_there_are(run: Run) -> None:
    launch.submit(run.name, LaunchSettings(gpus=99), command=trainee(run))
    assert comes_to(run, "failed")
    assert "gpus=99 must be at most" in launch.state(run.name).detail


def test_a_finished_run_without_a_status_is_not_launched_again(run: Run) -> None:
    said = Predictions(("t",), ("rock",), np.ones((1, 1), bool), np.ones((1, 1), np.float32))
    said.save(run.folder / "predictions" / "test.npz")
    assert launch.state(run.name).state == "finished"
    with pytest.raises(Conflict, match="finished already"):
        launch.resume(run.name, command=trainee(run))


def test_a_run_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        launch.submit("nobody")
    assert launch.states(["nobody"]) == {}


def test_bad_settings() -> None:
    with pytest.raises(ValueError, match="several nodes"):
        LaunchSettings(nodes=2)
    with pytest.raises(ValueError, match="partition"):
        LaunchSettings(where="slurm", partition="gpu\nrm")


def test_a_system_without_sessions() -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(processes.os, "name", "nt")
        with pytest.raises(Unavailable, match="taglab train"):
            processes.require_posix()
