"""A SLURM cluster of this one machine, in a folder of its own, for as long as a test needs it.

Needs root, and Debian's packages slurm-wlm and munge. `python -m tests.launch.slurm_cluster FOLDER` starts
one by hand and tells what to set so that `sbatch` finds it.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PARTITION = "main"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sinfo", "sbatch", "srun", "scancel")
ENDS = (signal.SIGINT, signal.SIGTERM)
_UP_WITHIN_S = 60.0
_ENDED_WITHIN_S = 40.0
_CONFIGURATION = """
ClusterName=taglab
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=10
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName={partition} Nodes={host} Default=YES MaxTime=60 State=UP
"""


def why_not() -> str:
    """Return why no cluster can be started here; empty where one can."""
    missing = [name for name in PROGRAMS if _program(name) is None]
    if missing:
        return f"SLURM's {missing[0]} is not installed (Debian: apt-get install slurm-wlm munge)"
    return "" if os.geteuid() == 0 else "only root can start a SLURM cluster"


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Path]:
    """Start a cluster and end it afterwards; give the file that SLURM_CONF must name."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    configuration = folder / "slurm.conf"
    ports = free_ports(2)
    configuration.write_text(
        _CONFIGURATION.format(
            host=socket.gethostname(),
            folder=folder,
            partition=PARTITION,
            ctld_port=ports[0],
            slurmd_port=ports[1],
        )
    )
    if _version() >= (23, 11):  # what earlier ones do without being told
        (folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
    started: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    try:
        for command in (_munged(folder), ["slurmctld", "-D"], ["slurmd", "-D"]):
            started.append(_start(command, folder, environment))
            if command[0] == "munged":
                _wait(folder / "munge.socket")
        _await_idle(environment, folder)
        yield configuration
    finally:
        _end_jobs(environment)
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_ports(count: int) -> list[int]:
    """Return ports nobody listens at."""
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


def _munged(folder: Path) -> list[str]:
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    files = {"key-file": key, "pid-file": folder / "munged.pid", "seed-file": folder / "munged.seed"}
    files |= {"socket": folder / "munge.socket", "log-file": folder / "munged.log"}
    # Temporary folders are anybody's to write to, which it would not have.
    return ["munged", "--foreground", "--force", *(f"--{name}={path}" for name, path in files.items())]


def _start(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    program = _program(command[0])
    assert program is not None
    with (folder / f"{command[0]}.out").open("wb") as output:
        return subprocess.Popen(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


def _end_jobs(environment: dict[str, str]) -> None:
    """Cancel what is left, and wait: a job's own daemon outlives those that started it."""
    told = "some"
    until = time.monotonic() + _ENDED_WITHIN_S
    while told and time.monotonic() < until:
        subprocess.run(["scancel", "--user=root"], env=environment, capture_output=True, check=False)
        time.sleep(0.2)
        asked = subprocess.run(
            ["squeue", "--noheader"], env=environment, capture_output=True, text=True, check=False
        )
        told = asked.stdout.strip()


def _version() -> tuple[int, ...]:
    """Return SLURM's version, as (24, 11)."""
    told = subprocess.run([_program("slurmd") or "", "-V"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in told.split()[-1].split(".")[:2])


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def _wait(path: Path) -> None:
    until = time.monotonic() + _UP_WITHIN_S
    while not path.exists():
        assert time.monotonic() < until, f"{path} did not appear"
        time.sleep(0.05)


def _await_idle(environment: dict[str, str], folder: Path) -> None:
    until = time.monotonic() + _UP_WITHIN_S
    told = ""
    while told != "idle":
        if time.monotonic() > until:
            logs = "\n".join(
                path.read_text(errors="replace")[-2000:] for path in sorted(folder.glob("*.log"))
            )
            raise AssertionError(f"the node is {told!r}, not idle\n{logs}")
        time.sleep(0.1)
        asked = subprocess.run(
            ["sinfo", "--noheader", "--format=%T"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        told = asked.stdout.strip()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    with cluster(Path(sys.argv[1]).absolute()) as conf:
        print(f"export SLURM_CONF={conf}", flush=True)
        signal.sigwait(ENDS)
