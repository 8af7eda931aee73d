"""A run's status, and the sign of life of the process that trains it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab import cache
from taglab.errors import Cancelled, Conflict, DataError
from taglab.runs import status as status_file
from taglab.runs.process import ProcessIdentity, boot_id, host_name, identify
from taglab.runs.status import SILENT_AFTER_S, Heartbeat, Status, change_status, read_status, write_status

OTHER = {"host": "another-machine", "boot_id": "another-start"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir()
    return made


def status_of(folder: Path) -> Status:
    status = read_status(folder)
    assert status is not None
    return status


@given(
    status=st.builds(
        Status,
        state=st.sampled_from(["queued", "running", "finished", "failed", "stopped"]),
        process=st.none()
        | st.builds(ProcessIdentity, pid=st.integers(1), born_s=st.floats(0, 1e9), host=st.text(max_size=9)),
        message=st.text(max_size=20),
        devices=st.lists(st.text(max_size=3), max_size=3).map(tuple),
        heartbeat_at=st.none() | st.floats(0, 1e10),
        exit_code=st.none() | st.integers(-64, 255),
    )
)
def test_it_reads_back_as_it_was_written(status: Status, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("run")
    write_status(place, status)
    assert read_status(place) == status


def test_there_may_be_none(folder: Path) -> None:
    assert read_status(folder) is None


@pytest.mark.parametrize(
    "text", ["", "[]", '{"state": "dancing"}', '{"state": "running", "process": {"pid": -1}}']
)
def test_a_file_that_is_no_status(folder: Path, text: str) -> None:
    (folder / "status.json").write_text(text)
    with pytest.raises(DataError, match="not a run's status"):
        read_status(folder)


def test_what_a_later_version_adds_is_passed_over(folder: Path) -> None:
    (folder / "status.json").write_text('{"state": "running", "mood": "good"}')
    assert status_of(folder).state == "running"


def test_a_change_that_fails_changes_nothing(folder: Path) -> None:
    write_status(folder, Status(state="queued"))

    def refuse(status: Status | None) -> Status:
        raise Conflict("no")

    with pytest.raises(Conflict):
        change_status(folder, refuse)
    assert status_of(folder) == Status(state="queued")


def test_a_process_is_told_from_others() -> None:
    own = identify()
    assert own.living() is not None
    assert own.same(identify())
    for change in ({"born_s": own.born_s - 100}, {"boot_id": "earlier"}, {"host": "elsewhere"}):
        other = own.model_copy(update=change)
        assert other.living() is None  # its number was given to us, later on
        assert not own.same(other)
    assert (own.host, own.boot_id) == (host_name(), boot_id())


def test_a_zombie_does_not_live() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    identity = identify(child.pid)
    assert identity.living() is not None
    child.kill()
    until = time.monotonic() + 60
    while identity.living() is not None and time.monotonic() < until:
        time.sleep(0.01)
    assert identity.living() is None
    os.kill(child.pid, 0)  # it is there yet: nobody has taken note of its end
    child.communicate()
    assert identity.living() is None


def test_signs_of_life_and_a_good_end(folder: Path) -> None:
    with Heartbeat(folder, every_s=0.02):
        begun = status_of(folder)
        assert (begun.state, begun.launcher) == ("running", "foreground")
        assert begun.process is not None
        assert begun.process.same(identify())
        until = time.monotonic() + 60
        while status_of(folder).heartbeat_at == begun.heartbeat_at and time.monotonic() < until:
            time.sleep(0.01)
        assert (status_of(folder).heartbeat_at or 0) > (begun.heartbeat_at or 0)
    ended = status_of(folder)
    assert (ended.state, ended.message) == ("finished", "")
    assert (ended.ended_at or 0) >= (begun.started_at or 0)


@pytest.mark.parametrize(
    ("error", "state", "message"),
    [
        (ValueError("loss=nan at step 3"), "failed", "loss=nan at step 3"),
        (MemoryError(), "failed", "MemoryError"),
        (Cancelled("stopped by hand"), "stopped", "taglab resume"),
        (KeyboardInterrupt(), "stopped", "taglab resume"),
        (SystemExit(3), "failed", "3"),
    ],
)
def test_other_ends(folder: Path, error: BaseException, state: str, message: str) -> None:
    with pytest.raises(type(error)), Heartbeat(folder):
        raise error
    assert status_of(folder).state == state
    assert message in status_of(folder).message


def test_sigterm_ends_training_in_order(folder: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Cancelled), Heartbeat(folder):
        signal.raise_signal(signal.SIGTERM)
    assert status_of(folder).state == "stopped"
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_run_is_trained_by_one_process(folder: Path) -> None:
    with Heartbeat(folder):
        status = status_of(folder)
    parent = identify(os.getppid())
    write_status(folder, status.model_copy(update={"state": "running", "process": parent}))
    with pytest.raises(Conflict, match=f"process {parent.pid}"), Heartbeat(folder):
        raise AssertionError
    assert status_of(folder).process == parent
    dead = parent.model_copy(update={"born_s": parent.born_s - 100})
    write_status(folder, status.model_copy(update={"state": "running", "process": dead}))
    with Heartbeat(folder):
        assert status_of(folder).state == "running"


def test_a_run_of_another_machine_is_left_alone_while_it_shows_life(folder: Path) -> None:
    elsewhere = identify().model_copy(update=OTHER)
    running = Status(state="running", process=elsewhere, heartbeat_at=time.time())
    write_status(folder, running)
    with pytest.raises(Conflict, match="another-machine"), Heartbeat(folder):
        raise AssertionError
    write_status(folder, running.model_copy(update={"heartbeat_at": time.time() - SILENT_AFTER_S - 1}))
    with Heartbeat(folder):
        pass
    assert status_of(folder).state == "finished"


def test_what_waits_in_the_queue_is_not_trained_beside_it(folder: Path) -> None:
    write_status(folder, Status(state="queued", launcher="local"))
    with pytest.raises(Conflict, match="taglab stop"), Heartbeat(folder):
        raise AssertionError


@pytest.mark.parametrize("noted", ["", "17"])
def test_a_job_of_slurm_takes_up_its_run(folder: Path, noted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    write_status(folder, Status(state="queued", launcher="slurm", job=noted, launch={"gpus": 4}))
    with Heartbeat(folder):
        status = status_of(folder)
        assert (status.state, status.launcher, status.launch) == ("running", "slurm", {"gpus": 4})
    write_status(folder, Status(state="queued", launcher="slurm", job="18"))
    with pytest.raises(Conflict), Heartbeat(folder):
        raise AssertionError


def test_in_the_foreground_it_is_no_longer_the_launchers(folder: Path) -> None:
    write_status(folder, Status(state="failed", launcher="slurm", job="17", launch={"gpus": 4}))
    with Heartbeat(folder):
        status = status_of(folder)
        assert (status.launcher, status.job, status.launch) == ("foreground", "", {"gpus": 4})


@pytest.mark.parametrize("variable", ["SLURM_PROCID", "RANK", "LOCAL_RANK"])
def test_one_of_several_processes_speaks(
    folder: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "1")
    with Heartbeat(folder):
        assert read_status(folder) is None
    assert read_status(folder) is None
    monkeypatch.setenv(variable, "0")
    with Heartbeat(folder):
        assert status_of(folder).state == "running"


def test_a_run_deleted_meanwhile_does_not_come_back(folder: Path) -> None:
    moved = folder.parent / "trash"
    with Heartbeat(folder, every_s=0.01):
        folder.rename(moved)
        time.sleep(0.1)
    assert not folder.exists()


def test_a_sign_of_life_does_not_bring_a_status_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[Path] = []

    def counted(place: Path, change: Callable[[Status | None], Status]) -> Status:
        beats.append(place)
        return change_status(place, change)

    with Heartbeat(folder, every_s=0.01):
        with cache.locked(folder / "status.json"):
            (folder / "status.json").unlink()
        monkeypatch.setattr(status_file, "change_status", counted)
        until = time.monotonic() + 60
        while len(beats) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert len(beats) >= 3
        assert read_status(folder) is None
    assert status_of(folder).state == "finished"
