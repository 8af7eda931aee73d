"""Which process is meant, and whether it lives: a process number alone is given to others later on."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil
import pydantic

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_CLOCK_S = 1.5  # the kernel tells the time it was started in whole seconds
_FIRST = "0"


class ProcessIdentity(pydantic.BaseModel):
    """A process, told from every other there was or will be.

    Attributes:
        pid: Its number.
        born_s: When it was started: seconds since the machine was where that is known (Linux: setting the
            clock does not change it), else since 1970.
        host: Name of its machine.
        boot_id: Of the machine's running system; empty where the system tells none.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    pid: int = pydantic.Field(gt=0)
    born_s: float
    host: str
    boot_id: str = ""

    @property
    def here(self) -> bool:
        """Whether it was a process of this machine."""
        return self.host == host_name()

    def same(self, other: ProcessIdentity) -> bool:
        """Whether both are one process."""
        told = (self.pid, self.host, self.boot_id) == (other.pid, other.host, other.boot_id)
        return told and abs(self.born_s - other.born_s) <= _CLOCK_S

    def living(self) -> psutil.Process | None:
        """Return the process if it lives on this machine; a zombie does not live."""
        if not self.here or self.boot_id != boot_id():
            return None
        try:
            process = psutil.Process(self.pid)
            if abs(_born_s(process) - self.born_s) > _CLOCK_S or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.NoSuchProcess:
            return None
        return process


def host_name() -> str:
    """Return this machine's name."""
    return socket.gethostname()


def boot_id() -> str:
    """Return what tells this start of the system from earlier ones; empty where the system tells none."""
    return _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.is_file() else ""


def identify(pid: int | None = None) -> ProcessIdentity:
    """Return the identity of a living process of this machine; of this one where no number is given.

    Raises:
        psutil.NoSuchProcess: If there is none.
    """
    process = psutil.Process(os.getpid() if pid is None else pid)
    return ProcessIdentity(pid=process.pid, born_s=_born_s(process), host=host_name(), boot_id=boot_id())


def first_of_several() -> bool:
    """Return whether this process speaks for its run, where several train it together (DDP)."""
    for variable in ("SLURM_PROCID", "RANK", "LOCAL_RANK"):
        if variable in os.environ:
            return os.environ[variable] == _FIRST
    return True


def _born_s(process: psutil.Process) -> float:
    # psutil adds the time of the system's start, which moves when the clock is set.
    return process.create_time() - (psutil.boot_time() if psutil.LINUX else 0.0)
