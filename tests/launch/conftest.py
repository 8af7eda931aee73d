"""Runs to launch, and a machine that is left as it was."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from taglab import launch
from taglab.errors import TaglabError
from taglab.launch import processes, queue_file
from taglab.runs import Run, create_run, run_names
from taglab.runs.status import read_status
from tests.launch import slurm_cluster
from tests.launch.running import until


@pytest.fixture(autouse=True)
def tidy(taglab_home: Path) -> Iterator[None]:
    """End whatever a test leaves behind, the queue's runner last."""
    yield
    for name in run_names():
        try:
            if launch.state(name).active:
                launch.stop(name, grace_s=0.5)
        except TaglabError:
            status = read_status(taglab_home / "runs" / name)
            if status is not None and status.process is not None:
                processes.end(status.process, 0.5)
    assert until(no_runner, 30)


def no_runner() -> bool:
    lock = queue_file.runner_lock()
    if lock is not None:
        os.close(lock)
    return lock is not None


@pytest.fixture
def make_run() -> Callable[[str], Run]:
    def make(name: str) -> Run:
        return create_run({}, None, {"name": name})

    return make


@pytest.fixture
def run(make_run: Callable[[str], Run]) -> Run:
    return make_run("one")


@pytest.fixture(scope="session")
def slurm_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if reason := slurm_cluster.why_not():
        pytest.skip(reason)
    with slurm_cluster.cluster(tmp_path_factory.mktemp("slurm")) as path:
        yield path


@pytest.fixture
def cluster(slurm_configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SLURM whose commands are found."""
    monkeypatch.setenv("SLURM_CONF", str(slurm_configuration))
