"""A process killed at any step of writing: what was there, or what was written, is there whole."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taglab import cache
from taglab.cache import writing

STEPS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.utime", "shutil.rmtree", "os.scandir"}


def nothing() -> None:
    """Do nothing."""


def killed_at(step: int, write: Callable[[], None], before: Callable[[], None] = nothing) -> bool:
    """Write in a process of its own that is killed at its so-manieth step; return whether it came so far.

    What is done `before` does not count.
    """
    child = os.fork()
    if child == 0:
        passed = 0

        def count(event: str, args: tuple[Any, ...]) -> None:
            nonlocal passed
            if event in STEPS:
                passed += 1
                if passed == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        before()
        fsync = os.fsync

        def fsync_counted(descriptor: int) -> None:
            count("open", ())
            fsync(descriptor)

        os.fsync = fsync_counted
        sys.addaudithook(count)
        code = 3
        try:
            write()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def put(shelf: cache.Shelf, text: str) -> None:
    path = shelf.path("mine")
    with cache.locked(path), cache.replacing(path) as temporary:
        temporary.mkdir()
        for name in "abc":
            (temporary / name).write_text(text)
        cache.write_checksums(temporary, ["a", "b", "c"])


@pytest.mark.parametrize("exchanged", [True, False])
def test_a_folder_is_the_old_or_the_new_wherever_its_writer_is_killed(
    monkeypatch: pytest.MonkeyPatch, exchanged: bool
) -> None:
    shelf, seen, step = cache.Shelf("folksonomies"), set(), 0
    if not exchanged:
        monkeypatch.setattr(writing, "_exchange", lambda one, other: False)
    put(shelf, "old")
    while True:
        step += 1
        killed = killed_at(step, lambda: put(shelf, "new"))
        assert shelf.names() == ["mine"]
        path = shelf.find("mine")
        cache.check_checksums(path)
        texts = {(path / name).read_text() for name in "abc"}
        assert texts in ({"old"}, {"new"})
        seen |= texts
        if not killed:
            break
        put(shelf, "old")
    assert seen == {"old", "new"}
    assert step > 15


def kill_between_two_renames(shelf: cache.Shelf) -> None:
    """Leave both versions whole in a scratch folder, and nothing at the place."""
    path, rename = shelf.path("mine"), Path.rename

    def killed_between() -> None:
        def second(self: Path, target: Path) -> Path:
            if Path(target) == path:
                os.kill(os.getpid(), signal.SIGKILL)
            return rename(self, target)

        Path.rename = second  # type: ignore[method-assign,assignment]
        put(shelf, "new")

    assert killed_at(-1, killed_between)
    assert not path.exists()


@pytest.mark.parametrize("by_name", [True, False])
def test_an_open_finds_what_lies_between_two_renames(monkeypatch: pytest.MonkeyPatch, by_name: bool) -> None:
    monkeypatch.setattr(writing, "_exchange", lambda one, other: False)
    shelf = cache.Shelf("vectors")
    put(shelf, "old")
    path = shelf.path("mine")
    kill_between_two_renames(shelf)
    if by_name:
        assert shelf.find("mine") == path
    assert cache.read_whole(path, lambda: (path / "a").read_text()) == "new"


def test_what_a_killed_writer_put_aside_is_not_pruned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_exchange", lambda one, other: False)
    shelf = cache.Shelf("vectors")
    put(shelf, "old")
    path = shelf.path("mine")
    kill_between_two_renames(shelf)
    for scratch in shelf.folder.glob(".mine.*"):
        os.utime(scratch, (0, 0))
    cache.prune(cache.plan_pruning(["left over"], to_bytes=0))
    assert shelf.names() == ["mine"]
    assert (path / "a").read_text() == "new"
    for scratch in shelf.folder.glob(".mine.*"):
        os.utime(scratch, (0, 0))
    assert len(cache.prune(cache.plan_pruning(["left over"], to_bytes=0)).removed) == 1
    assert (path / "a").read_text() == "new"


def test_a_living_writer_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_exchange", lambda one, other: False)
    shelf = cache.Shelf("vectors")
    put(shelf, "old")
    path = shelf.path("mine")
    with cache.scratch_folder(shelf.folder, "mine") as scratch:
        path.rename(scratch / ".replaced")
        (scratch / "mine").mkdir()
        writing.restore(shelf.folder)
        assert not path.exists()
        (scratch / ".replaced").rename(path)


def test_a_file_is_the_old_or_the_new_wherever_its_writer_is_killed() -> None:
    shelf, seen, step = cache.Shelf("labels", ".json"), set(), 0
    path = shelf.path("mine")
    cache.write_json(path, "old")
    while True:
        step += 1
        killed = killed_at(step, lambda: cache.write_json(path, "new"))
        assert shelf.names() == ["mine"]
        seen.add(cache.read_json(path))
        if not killed:
            break
        cache.write_json(path, "old")
    assert seen == {"old", "new"}


REAL = """
import json
import numpy as np
import pandas as pd
from tests.cache.test_killed import killed_at
from taglab import cache, sources
from taglab.folksonomy import Folksonomy

def data(tag):
    tracks = pd.DataFrame({"track": ["a", "b"]})
    return Folksonomy.from_codes("mine", tracks, [tag, "pop"], np.array([0, 1]), np.array([0, 1]))

path = cache.Shelf(cache.FOLKSONOMIES).path("mine")
log = path.parent.parent / "seen"

def look_and_begin_anew():
    if path.parent.exists():
        with log.open("a") as file:
            file.write(" ".join(sources.open_folksonomy("mine").tags["tag"]) + "\\n")
    data("old").save(path)

step = 1
while killed_at(step, lambda: data("new").save(path), look_and_begin_anew):
    step += 1
assert not killed_at(-1, look_and_begin_anew)
print(json.dumps([step, log.read_text().split("\\n")]))
"""


def test_a_data_set_never_vanishes(taglab_home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", REAL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps, seen = json.loads(done.stdout)
    assert steps > 15
    assert len(seen) == steps + 1
    assert set(seen) == {"new pop", "old pop", ""}
