"""Which run gets which GPU, and what is made of an exit code."""

import json
import os
import signal
import time
from collections.abc import Callable

import pytest

from taglab import cache, launch
from taglab.errors import DataError
from taglab.launch import queue_file, runner
from taglab.launch.devices import local_gpus
from taglab.launch.queue_file import Entry, Queue, editing, read_queue, runner_lock
from taglab.launch.runner import Runner, ended_by
from taglab.launch.state import ago
from taglab.runs import Run
from taglab.runs.process import ProcessIdentity
from taglab.runs.status import Status, read_status, write_status
from tests.launch.running import trainee, until


def unsaved(queue: Queue) -> None:
    """Keep a queue out of its file, which a runner of its own would take up."""


def entry(run: Run, gpus: int = 1, seconds: float = 600.0) -> Entry:
    """Return a queued run that takes its time."""
    now = time.time()
    write_status(run.folder, Status(state="queued", launcher="local", queued_at=now))
    command = tuple(trainee(run, epochs=1, seconds=seconds, how="silent"))
    return Entry(run=run.name, command=command, gpus=gpus, queued_at=now)


def test_a_run_for_each_gpu(make_run: Callable[[str], Run]) -> None:
    runner = Runner(("0", "1", "GPU-a"))
    runs = [make_run(name) for name in ("a", "b", "c", "d", "e")]
    wanted = [1, 0, 2, 0, 1]
    queue = Queue(waiting=tuple(entry(run, gpus) for run, gpus in zip(runs, wanted, strict=True)))
    assert runner.update(queue, unsaved)
    given = {one.run: one.devices for one in queue.active}
    assert given == {"name-a": ("0",), "name-b": ("cpu",), "name-c": ("1", "GPU-a")}
    assert [one.run for one in queue.waiting] == ["name-d", "name-e"]  # the first of them holds its place
    assert not runner.update(Queue(), unsaved)
    runner.children["name-b"].kill()
    runner.children["name-b"].wait()
    assert runner.update(queue, unsaved)
    assert {one.run: one.devices for one in queue.active} == {
        "name-a": ("0",),
        "name-c": ("1", "GPU-a"),
        "name-d": ("cpu",),
    }
    assert launch.states(["name-b"])["name-b"].state == "failed"
    for child in runner.children.values():
        child.kill()
        child.wait()


def test_the_gpus_given_are_the_only_ones_seen(run: Run) -> None:
    runner = Runner(("4", "7"))
    queue = Queue(waiting=(entry(run, gpus=2, seconds=0.0),))
    assert runner.update(queue, unsaved)
    assert until(lambda: not runner.update(queue, unsaved))
    assert (run.folder.parent.parent / "spans.txt").read_text() == "name-one 4,7\n"
    assert launch.state(run.name).state == "finished"


def test_the_queue_is_free_while_leftovers_are_ended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tuple(trainee(run, epochs=1, how="children"))  # who do not hear when they are asked to end
    waiting = entry(run).model_copy(update={"command": command})
    place, held, ended = queue_file.folder() / "queue.json", [], runner.end

    def watched(process: ProcessIdentity, grace_s: float) -> None:
        (active,) = read_queue().active
        assert active.devices == ("cpu",)  # which nobody is given meanwhile
        with cache.locked(place, timeout_s=0.5):
            held.append(active.run)
        ended(process, 0.1)

    monkeypatch.setattr(runner, "end", watched)
    monkeypatch.setattr(runner, "local_gpus", tuple)
    lock = runner_lock()
    assert lock is not None
    with editing() as queue:
        queue.waiting = (waiting,)
    runner.run_queue(lock)
    assert held == [run.name]
    assert read_queue() == Queue()
    assert launch.state(run.name).state == "finished"


def test_on_a_cpu_one_at_a_time_and_no_more_gpus_than_there_are(make_run: Callable[[str], Run]) -> None:
    first, greedy, third = make_run("first"), make_run("greedy"), make_run("third")
    runner = Runner(())
    queue = Queue(waiting=(entry(greedy, gpus=2), entry(first), entry(third)))
    assert runner.update(queue, unsaved)
    assert [one.run for one in queue.active] == [first.name]
    assert [one.run for one in queue.waiting] == [third.name]
    assert "gpus=2 must be at most the 0" in launch.state(greedy.name).detail
    runner.children[first.name].kill()
    runner.children[first.name].wait()


def test_a_runner_goes_on_where_one_was_killed(run: Run) -> None:
    first, second = Runner(()), Runner(())
    queue = Queue(waiting=(entry(run),))
    saved: list[Queue] = []
    assert first.update(queue, lambda now: saved.append(now.model_copy()))
    assert second.update(queue, unsaved)
    assert second.children == {}
    assert [one.run for one in queue.active] == [run.name]
    first.children[run.name].kill()
    first.children[run.name].wait()
    assert not second.update(queue, unsaved)
    assert launch.state(run.name).state == "lost"  # nobody was there to see how it ended
    # Had it been killed just before starting the run, this would have been in the file.
    queue = saved[0]
    assert [one.run for one in queue.active] == [run.name]
    write_status(run.folder, Status(state="queued", launcher="local", queued_at=time.time()))
    assert second.update(queue, unsaved)
    assert launch.state(run.name).state == "running"
    second.children[run.name].kill()
    second.children[run.name].wait()


def test_a_run_deleted_while_it_waits_or_stopped_meanwhile(make_run: Callable[[str], Run]) -> None:
    gone, stopped = make_run("gone"), make_run("stopped")
    queue = Queue(waiting=(entry(gone), entry(stopped)))
    for path in gone.folder.iterdir():
        path.unlink()
    gone.folder.rmdir()
    status = read_status(stopped.folder)
    assert status is not None
    write_status(stopped.folder, status.model_copy(update={"stopping": True}))
    assert not Runner(()).update(queue, unsaved)
    assert read_status(stopped.folder) == status.model_copy(update={"stopping": True})


def test_a_queue_file_that_is_none() -> None:
    with editing() as queue:
        queue.waiting = (Entry(run="a", command=("true",), queued_at=0.0),)
    path = queue_file.folder() / "queue.json"
    assert read_queue().waiting[0].run == "a"
    path.write_text("[]")
    with pytest.raises(DataError, match="not a queue of runs"):
        read_queue()
    path.unlink()


def test_a_queue_is_saved_only_if_it_was_changed() -> None:
    with editing():
        pass
    assert not (queue_file.folder() / "queue.json").exists()


@pytest.mark.parametrize("value", ["", "-1"])
def test_gpus_hidden_by_the_environment(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert local_gpus() == ()


def test_words() -> None:
    assert "memory" in ended_by(-signal.SIGKILL)
    assert "SIGSEGV" in ended_by(-signal.SIGSEGV)
    assert "signal 40" in ended_by(-40)
    assert "code 3" in ended_by(3)
    assert "without" in ended_by(None)
    assert [ago(seconds) for seconds in (3, 119, 120, 7200, 200_000)] == [
        "3 s", "119 s", "2 min", "2 h", "2 days"
    ]  # fmt: skip


def test_a_queue_that_lies_on_a_disk_already_goes_on() -> None:
    folder = queue_file.folder()
    folder.mkdir(parents=True)
    entry = {"run": "mild-bass", "command": ["true"], "gpus": 1, "queued_at": 5.0, "devices": []}
    (folder / "queue.json").write_text(json.dumps({"waiting": [entry], "active": []}))
    assert [waiting.run for waiting in read_queue().waiting] == ["mild-bass"]
    lock = runner_lock()
    assert lock is not None
    assert (folder / "keeper.lock").exists()
    assert runner_lock() is None
    os.close(lock)
