"""The projection process: shared, cancelled, killed, orphaned."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from taglab.cache import why_not_kept
from taglab.errors import Cancelled, InvalidSetting
from taglab.projection import (
    ProjectionSettings,
    ProjectionWorker,
    WorkerLost,
    find_projection,
    project,
    projection_path,
)

from .test_compute import groups

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGSTOP"), reason="stops and kills processes as POSIX does"
)
TSNE = ProjectionSettings(method="tsne")
PATIENCE_S = 90.0


@pytest.fixture(scope="module")
def worker() -> Iterator[ProjectionWorker]:
    worker = ProjectionWorker()
    yield worker
    worker.close()


@pytest.fixture
def stopped(worker: ProjectionWorker) -> ProjectionWorker:
    """The worker, its process stopped as if it were at a long step: whatever is asked of it stays pending."""
    worker.start()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    return worker


def go_on(worker: ProjectionWorker) -> None:
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGCONT)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet collected by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def inputs(worker: ProjectionWorker) -> list[Path]:
    return list(Path(worker._folder.name).glob("*"))


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_the_worker_draws_what_this_process_would(worker: ProjectionWorker, method: str) -> None:
    settings = ProjectionSettings(method=method)
    job = worker.submit(groups(), settings)
    found = job.result(PATIENCE_S)
    np.testing.assert_array_equal(found.positions, project(groups(), settings).positions)
    assert job.done()
    assert job.fraction == 1
    assert find_projection(groups(), settings) is not None
    assert not inputs(worker)
    assert worker.submit(groups(), settings).done()


def test_distances_go_the_same_way(worker: ProjectionWorker) -> None:
    vectors = groups().vectors
    found = worker.submit(1 - vectors @ vectors.T, TSNE).result(PATIENCE_S)
    assert found.trustworthiness > 0.9


def test_it_compiles_ahead(worker: ProjectionWorker) -> None:
    worker.start()
    assert worker.wait_until_warm(PATIENCE_S)
    assert worker.warm


def test_bad_input_is_refused_at_once(worker: ProjectionWorker) -> None:
    with pytest.raises(InvalidSetting, match="method"):
        worker.submit(groups(), ProjectionSettings(method="none"))
    with pytest.raises(InvalidSetting, match="square"):
        worker.submit(np.zeros((2, 3), np.float32), TSNE)


def test_two_who_ask_for_the_same_share_one_computation(stopped: ProjectionWorker) -> None:
    one, other = stopped.submit(groups(), TSNE), stopped.submit(groups(), TSNE)
    assert len(inputs(stopped)) == 1
    one.cancel()
    with pytest.raises(Cancelled):
        one.result()
    assert not other.done()
    with pytest.raises(TimeoutError):
        other.result(0.01)
    go_on(stopped)
    assert len(other.result(PATIENCE_S)) == 100


def test_the_last_to_cancel_stops_it_and_nothing_is_kept(stopped: ProjectionWorker) -> None:
    pid = stopped.pid
    running, waiting = stopped.submit(groups(size=40), TSNE), stopped.submit(groups(), TSNE)
    waiting.cancel()
    running.cancel()
    running.cancel()
    go_on(stopped)
    assert running.done()
    assert waiting.done()
    until(lambda: not inputs(stopped))
    assert find_projection(groups(size=40), TSNE) is None
    assert len(stopped.submit(groups(size=3), TSNE).result(PATIENCE_S)) == 12
    assert stopped.pid == pid


def test_a_claim_that_was_dropped_does_not_keep_a_computation_from_being_cancelled(
    stopped: ProjectionWorker,
) -> None:
    stopped.submit(groups(), TSNE)
    last = stopped.submit(groups(), TSNE)
    last.cancel()
    go_on(stopped)
    until(lambda: not inputs(stopped))
    assert find_projection(groups(), TSNE) is None


def test_a_process_that_does_not_hear_is_replaced(stopped: ProjectionWorker) -> None:
    pid = stopped.pid
    assert pid is not None
    deaf, next_one = stopped.submit(groups(), TSNE), stopped.submit(groups(size=3), TSNE)
    deaf.cancel()
    assert len(next_one.result(PATIENCE_S)) == 12
    assert stopped.pid != pid
    until(lambda: not is_running(pid))


def test_a_killed_process_is_told_of_and_replaced(stopped: ProjectionWorker) -> None:
    assert stopped.pid is not None
    lost, next_one = stopped.submit(groups(), TSNE), stopped.submit(groups(size=3), TSNE)
    os.kill(stopped.pid, signal.SIGKILL)
    with pytest.raises(WorkerLost, match="was killed, perhaps because memory ran out"):
        lost.result(PATIENCE_S)
    assert len(next_one.result(PATIENCE_S)) == 12
    assert len(stopped.submit(groups(), TSNE).result(PATIENCE_S)) == 100


def test_a_process_killed_while_idle_is_replaced_when_needed(worker: ProjectionWorker) -> None:
    worker.start()
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: worker.pid is None)
    assert len(worker.submit(groups(), TSNE).result(PATIENCE_S)) == 100


def test_a_result_that_cannot_be_written_is_there_all_the_same(worker: ProjectionWorker) -> None:
    folder = projection_path(groups(), TSNE).parent
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    placed = worker.submit(groups(), TSNE).result(PATIENCE_S)
    assert folder.name in why_not_kept()
    assert find_projection(groups(), TSNE) is placed
    assert worker.submit(groups(), TSNE).done()
    assert not inputs(worker)


def test_closing_ends_everything() -> None:
    worker = ProjectionWorker()
    job = worker.submit(groups(), ProjectionSettings(method="umap"))
    pid = worker.pid
    assert pid is not None
    worker.close()
    with pytest.raises(Cancelled):
        job.result(PATIENCE_S)
    until(lambda: not is_running(pid))
    assert worker.pid is None
    assert not inputs(worker)


PARENT = """
import time
from tests.projection.test_compute import groups
from taglab.projection import ProjectionSettings, ProjectionWorker
worker = ProjectionWorker()
job = worker.submit(groups(size=500), ProjectionSettings(method="tsne"))
while not job.fraction:
    time.sleep(0.02)
print(worker.pid, worker._folder.name, flush=True)
time.sleep(600)
"""


def test_neither_the_worker_nor_what_it_is_given_outlives_its_parent(request: pytest.FixtureRequest) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=request.config.rootpath
    ) as parent:
        assert parent.stdout is not None
        number, folder = parent.stdout.readline().split()
        assert is_running(int(number))
        assert list(Path(folder).iterdir())
        parent.kill()
    until(lambda: not is_running(int(number)))
    assert not Path(folder).exists()
