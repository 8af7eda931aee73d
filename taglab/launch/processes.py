"""Starting a process that outlives this one, and ending it with everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from taglab.errors import Unavailable
from taglab.runs.process import ProcessIdentity, boot_id

_LOOK_EVERY_S = 0.05
_AFTER_KILL_S = 10.0


def require_posix() -> None:
    """Raise Unavailable on a system without sessions and process groups."""
    if os.name != "posix":
        raise Unavailable(
            "launching in the background needs Linux or macOS; `taglab train` trains in the foreground"
        )


def start_detached(
    command: Sequence[str],
    log: Path,
    folder: Path,
    environment: Mapping[str, str],
    keep: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    """Start a command in a session and process group of its own, its output appended to a file.

    Args:
        command: Program and arguments.
        log: What it writes to standard output and error goes there.
        folder: Where it runs.
        environment: Its whole environment.
        keep: File descriptors it inherits.

    Raises:
        Unavailable: If it cannot be started.
    """
    require_posix()
    try:
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603  # an argument list, of our own making
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=folder,
                env=dict(environment),
                pass_fds=keep,
            )
    except OSError as error:
        raise Unavailable(f"{command[0]} cannot be started ({error.strerror or error})") from error


def family(identity: ProcessIdentity) -> list[psutil.Process]:
    """Return what lives of a process's session and descendants, itself included.

    A process that was started in a terminal shares its session with the shell: of it only itself and its
    descendants are meant.
    """
    members: dict[int, psutil.Process] = {}
    leader = identity.living()
    if leader is not None:
        members[leader.pid] = leader
        with contextlib.suppress(psutil.NoSuchProcess):
            members.update((child.pid, child) for child in leader.children(recursive=True))
    if leader is None and _elsewhere(identity):
        return []
    for process in psutil.process_iter():
        # The number of a session is not given away while anybody is left in it.
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getsid(process.pid) == identity.pid:
                members[process.pid] = process
    return _living(members)


def end(identity: ProcessIdentity, grace_s: float) -> None:
    """End a process and all that belongs to it: SIGTERM, then after a while SIGKILL; see that it is gone.

    Args:
        identity: Of the first process.
        grace_s: Seconds it has to end in order.

    Raises:
        Unavailable: If something of it lives on.
    """
    _signal(family(identity), signal.SIGTERM)
    if _gone(identity, grace_s):
        return
    _signal(family(identity), signal.SIGKILL)
    until = time.monotonic() + _AFTER_KILL_S
    while left := family(identity):
        if time.monotonic() > until:
            raise Unavailable(
                f"process {left[0].pid} cannot be ended: it hangs in the system, or belongs to another user"
            )
        _signal(left, signal.SIGKILL)  # what was started meanwhile, too
        time.sleep(_LOOK_EVERY_S)


def _gone(identity: ProcessIdentity, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while family(identity):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True


def _signal(processes: Sequence[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.send_signal(number)


def _elsewhere(identity: ProcessIdentity) -> bool:
    """Whether nobody here can belong to it: another machine or start of it, or its number is another's."""
    if not identity.here or identity.boot_id != boot_id():
        return True
    try:
        return psutil.Process(identity.pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _living(processes: Mapping[int, psutil.Process]) -> list[psutil.Process]:
    living = []
    for process in processes.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
    return living
