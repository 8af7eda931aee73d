"""The cache: keys, atomic writing, locks, shelves."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab import cache
from taglab.cache import locks, places, writing
from taglab.errors import DataError, InvalidSetting, NotFound, StorageError


def test_home_is_what_taglab_home_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAGLAB_HOME", str(tmp_path / "there"))
    assert cache.home() == tmp_path / "there"
    monkeypatch.setenv("TAGLAB_HOME", "~/there")
    assert cache.home() == Path.home() / "there"


def test_home_of_a_checkout_is_its_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAGLAB_HOME")
    assert cache.home() == Path(cache.__file__).resolve().parents[2] / "cache"


def test_home_of_an_installed_package_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TAGLAB_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    installed = tmp_path / "site-packages" / "taglab" / "cache" / "places.py"
    monkeypatch.setattr(places, "__file__", str(installed))
    assert cache.home().name == "taglab"
    assert "site-packages" not in str(cache.home())


PART = st.one_of(
    st.text(),
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.none(),
    st.lists(st.text(), max_size=3),
    st.binary(max_size=6),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
)


@given(st.lists(PART, max_size=4), st.lists(PART, max_size=4))
def test_equal_parts_have_equal_keys_and_others_not(one: list[Any], other: list[Any]) -> None:
    def shape(parts: list[Any]) -> str:
        return repr([sorted(part.items()) if isinstance(part, dict) else part for part in parts])

    same = shape(one) == shape(other) and [*map(type, one)] == [*map(type, other)]
    assert (cache.content_key(*one) == cache.content_key(*other)) == same


def test_key_sees_dtype_shape_and_content_of_arrays() -> None:
    zeros = np.zeros((2, 3), np.float32)
    keys = {
        cache.content_key(array)
        for array in (zeros, zeros.T, zeros.ravel(), zeros.astype(np.int32), zeros + 1, zeros[:, :0])
    }
    assert len(keys) == 6
    assert cache.content_key(np.asfortranarray(zeros)) == cache.content_key(zeros)
    assert cache.content_key(np.array(["a"], object)) == cache.content_key(["a"])
    assert len(cache.content_key()) == 32


def test_key_of_a_file_is_its_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").write_text("x")
    (tmp_path / "c").write_text("y")
    keys = [cache.content_key(tmp_path / name) for name in "abc"]
    assert keys[0] == keys[1] != keys[2]


def test_lone_surrogates_have_keys() -> None:
    assert cache.content_key("\ud800") != cache.content_key("\ud801")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.txt"
    with cache.replacing(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"

    def write_half() -> None:
        with cache.replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert path.read_text() == "new"
    assert [entry.name for entry in path.parent.iterdir()] == ["x.txt"]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for round_ in ("one", "two"):
        with cache.replacing(path) as temporary:
            temporary.mkdir()
            (temporary / round_).write_text(round_)
    assert [entry.name for entry in path.iterdir()] == ["two"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_folder_that_stepped_aside_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    path, rename = tmp_path / "x", Path.rename
    path.mkdir()
    (path / "old").touch()

    def fail(self: Path, target: Path) -> Path:
        if Path(target) == path and self.name == "x":
            raise failure
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_exchange", lambda one, other: False)
        patch.setattr(Path, "rename", fail)
        with pytest.raises((StorageError, KeyboardInterrupt)), cache.replacing(path) as temporary:
            temporary.mkdir()
    assert [entry.name for entry in path.iterdir()] == ["old"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_a_full_disk_is_told_with_a_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    cache.write_json(tmp_path / "x.json", {"a": 1})
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"cannot save x\.json \(No space left.*Free some space"):
        cache.write_json(tmp_path / "x.json", {"a": 2})
    assert (tmp_path / "x.json").read_text() == '{\n "a": 1\n}\n'


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    cache.home().mkdir()
    (cache.home() / "file").touch()
    with pytest.raises(StorageError, match=r"A file is where .* or set TAGLAB_HOME"):
        cache.write_json(cache.home() / "file" / "x.json", 1)
    with pytest.raises(StorageError, match="TAGLAB_HOME"), cache.locked(cache.home() / "file" / "x"):
        pass


def test_of_a_place_outside_the_cache_taglab_home_is_no_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="or choose another place") as told:
        cache.write_json(tmp_path / "file" / "x.json", 1)
    assert "TAGLAB_HOME" not in str(told.value)


def test_a_name_too_long_for_the_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Choose a shorter name"):
        cache.write_json(tmp_path / ("x" * 300 + ".json"), 1)


def replace_folder(path: Path, number: int) -> None:
    with cache.replacing(path) as temporary:
        temporary.mkdir()
        (temporary / "a").write_text(str(number))
        (temporary / "b").write_text(str(number))


def test_what_is_replaced_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "x"
    replace_folder(path, 1)
    calls = []

    def read() -> tuple[str, str]:
        first = (path / "a").read_text()
        if not calls:
            replace_folder(path, 2)
        calls.append(first)
        return first, (path / "b").read_text()

    assert cache.read_whole(path, read) == ("2", "2")
    assert calls == ["1", "2"]


def test_what_is_replaced_again_and_again_is_read_under_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "x"
    replace_folder(path, 0)
    calls: list[int] = []

    def read() -> int:
        calls.append(1)
        locks = filelock.FileLock(tmp_path / ".x.lock", timeout=0)
        try:
            with locks:
                replace_folder(path, len(calls))
        except filelock.Timeout:
            return -1
        return len(calls)

    assert cache.read_whole(path, read) == -1
    assert len(calls) > 2


def test_a_folder_that_is_away_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x"

    def read() -> str:
        if not path.exists():
            replace_folder(path, 1)
            raise DataError(path, "is not there")
        return (path / "a").read_text()

    assert cache.read_whole(path, read) == "1"


def test_damage_is_told_at_once(tmp_path: Path) -> None:
    calls = []

    def read() -> None:
        calls.append(1)
        raise DataError(tmp_path, "is damaged")

    with pytest.raises(DataError, match="is damaged"):
        cache.read_whole(tmp_path, read)
    assert calls == [1]


def test_writers_of_one_folder_do_not_trip_over_each_other(tmp_path: Path) -> None:
    path, failures = tmp_path / "x", []

    def write() -> None:
        try:
            for number in range(20):
                replace_folder(path, number)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (path / "a").read_text() == (path / "b").read_text()
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".x")] == []


def test_an_error_that_is_not_the_disks_passes(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), cache.replacing(tmp_path / "x"):
        pass


def test_threads_take_turns(tmp_path: Path) -> None:
    path, inside, most = tmp_path / "x", [0], [0]

    def work() -> None:
        with cache.locked(path):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            threading.Event().wait(0.02)
            inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


HOLD = """
import sys
from pathlib import Path
from taglab import cache
with cache.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_held_elsewhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        monkeypatch.setattr(locks, "_LOCK_TIMEOUT_S", 0.05)
        with pytest.raises(StorageError, match="in use by another process"), cache.locked(tmp_path / "x"):
            pass
        holder.communicate()


def test_shelf_lists_finds_and_deletes() -> None:
    shelf = cache.Shelf("labels", ".json")
    assert shelf.names() == []
    for name in ("b", "a b+c", "音楽"):
        cache.write_json(shelf.path(name), 1)
    with cache.locked(shelf.path("b")):
        assert shelf.names() == ["a b+c", "b", "音楽"]
    assert shelf.find("b").name == "b.json"
    shelf.delete("b")
    assert "b" not in shelf.names()
    with pytest.raises(NotFound, match=r"no labels named 'b'; there are: a b\+c, 音楽"):
        shelf.find("b")


def test_shelf_of_folders() -> None:
    shelf = cache.Shelf("folksonomies")
    (shelf.path("x") / "inner").mkdir(parents=True)
    assert shelf.names() == ["x"]
    shelf.delete("x")
    assert shelf.names() == []
    with pytest.raises(NotFound, match="none yet"):
        shelf.find("x")


def test_what_could_not_be_opened_by_its_name_is_not_listed() -> None:
    shelf = cache.Shelf("folksonomies")
    for name in ("x", "bad,name", ".hidden"):
        (shelf.folder / name).mkdir(parents=True)
    assert shelf.names() == ["x"]


def test_what_cannot_be_removed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    shelf = cache.Shelf("labels", ".json")
    cache.write_json(shelf.path("x"), 1)
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StorageError, match=r"x\.json: cannot be removed \(Permission denied\)"):
        shelf.delete("x")
    assert shelf.names() == ["x"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", ".x", " x", "a\x00b", "a\nb", "-x", "x" * 101]
)
def test_names_that_could_be_paths_are_refused(name: str) -> None:
    with pytest.raises(InvalidSetting, match="must be 1 to 100"):
        cache.Shelf("labels").path(name)


@given(st.text(max_size=120))
def test_a_name_either_is_refused_or_stays_on_the_shelf(name: str) -> None:
    shelf = cache.Shelf("labels", ".json")
    try:
        path = shelf.path(name)
    except InvalidSetting:
        return
    assert path.parent == shelf.folder
    assert not path.exists()


def test_derived_paths_spread_over_folders() -> None:
    path = cache.derived_path("scan", "abcdef", ".parquet")
    assert path == cache.home() / "derived" / "scan" / "ab" / "abcdef.parquet"
