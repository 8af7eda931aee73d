"""Locks where the file system keeps none."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from taglab import cache
from taglab.cache import locks
from taglab.errors import StorageError, Unavailable
from taglab.launch.queue_file import runner_lock
from tests.cache import test_cache


@pytest.fixture(
    params=[errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS], ids=lambda number: errno.errorcode[number]
)
def no_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system as NFS without its lock service is, or Lustre without `-o flock`."""

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.usefixtures("no_locks")
def test_threads_take_turns_all_the_same(tmp_path: Path) -> None:
    test_cache.test_threads_take_turns(tmp_path)


@pytest.mark.usefixtures("no_locks")
def test_what_is_locked_elsewhere_is_told_with_the_file_to_delete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_LOCK_TIMEOUT_S", 0.05)
    with (
        cache.locked(tmp_path / "x"),
        pytest.raises(StorageError, match=r"in use by another process for 0 s; .* delete .*\.x\."),
        cache.locked(tmp_path / "x"),
    ):
        pass
    with cache.locked(tmp_path / "x"):
        pass


KILLED = """
import errno, fcntl, os, signal, sys
from pathlib import Path

def refuse(descriptor, operation):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

fcntl.flock = refuse
from taglab import cache
with cache.locked(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_stand_in_of_a_killed_process_does_not_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([sys.executable, "-c", KILLED, tmp_path / "x"], check=False)
    assert (tmp_path / ".x.softlock").exists()

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with cache.locked(tmp_path / "x", timeout_s=20.0):
        pass


@pytest.mark.usefixtures("no_locks")
def test_what_is_written_and_left_over_needs_no_locks() -> None:
    path = cache.Shelf("labels", ".json").path("x")
    cache.write_json(path, 1)
    assert cache.read_json(path) == 1
    with cache.scratch_folder(cache.home() / "labels", "y") as scratch:
        assert not locks.is_left_over(scratch)
        os.utime(scratch, (0, 0))
        assert locks.is_left_over(scratch)  # of nobody who could be asked, and a day old


@pytest.mark.usefixtures("no_locks")
def test_the_queue_says_what_it_needs() -> None:
    with pytest.raises(Unavailable, match=r"keeps no locks .*TAGLAB_HOME .* launch on SLURM"):
        runner_lock()
