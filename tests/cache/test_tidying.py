"""What the cache holds, what goes when room is made, and what never does."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from taglab import cache
from taglab.cache import keeping, tidying
from taglab.errors import InvalidSetting, StorageError

DAY_S = 86_400.0


def file(path: Path, size: int, age_s: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


def derived(key: str, size: int, age_s: float) -> Path:
    return file(cache.home() / "derived" / "scan" / key[:2] / f"{key}.json", size, age_s)


@pytest.fixture
def filled() -> dict[str, Path]:
    """A cache with something of every kind, of sizes that tell them apart."""
    home = cache.home()
    left = home / "folksonomies" / ".mine.abcd1234"
    paths = {
        "data": file(home / "folksonomies" / "mine" / "matrix.npz", 1_000, 900 * DAY_S),
        "labels": file(home / "labels" / "genres.json", 10, 900 * DAY_S),
        "lock": file(home / "labels" / ".genres.json.lock", 0, 900 * DAY_S),
        "run": file(home / "runs" / "one" / "config.json", 20, 900 * DAY_S),
        "queue": file(home / "launch" / "host" / "queue.json", 30, 900 * DAY_S),
        "trash": file(home / "trash" / "two.20200101" / "config.json", 40, 60 * DAY_S),
        "download": file(home / "downloads" / "lastfm" / "tags.db", 50, 60 * DAY_S),
        "left": file(left / "matrix.npz", 60, 3 * DAY_S),
        "old": derived("aa", 100, 40 * DAY_S),
        "middle": derived("bb", 200, 20 * DAY_S),
        "new": derived("cc", 400, DAY_S),
    }
    os.utime(left, (time.time() - 3 * DAY_S,) * 2)
    return paths


def there(paths: dict[str, Path]) -> set[str]:
    return {name for name, path in paths.items() if path.exists()}


def test_sizes_are_told_by_what_may_become_of_them(filled: dict[str, Path]) -> None:
    table = cache.sizes(cache.contents()).set_index(["what", "kind"])
    assert table["count"].to_dict() == {
        ("yours", "folksonomies"): 1,
        ("yours", "labels"): 1,
        ("yours", "runs"): 1,
        ("taglab's own", "launch"): 1,
        ("trash", "trash"): 1,
        ("downloads", "downloads"): 1,
        ("left over", "scratch"): 1,
        ("derived", "scan"): 3,
    }
    assert table.loc[("derived", "scan"), "bytes"] == 700
    assert table.loc[("yours", "labels"), "bytes"] == 10


def test_shared_bytes_count_once_and_as_the_users(filled: dict[str, Path]) -> None:
    kept = cache.home() / "vectors" / "glove" / "vectors.npy"
    kept.parent.mkdir(parents=True)
    os.link(file(cache.home() / "derived" / "word-vectors" / "dd" / "dd" / "vectors.npy", 5_000), kept)
    sizes = {(one.what, one.kind): one.size_bytes for one in cache.contents()}
    assert sizes["yours", "vectors"] >= 5_000
    assert sizes["derived", "word-vectors"] < 5_000


def test_by_default_only_what_is_left_over_goes(filled: dict[str, Path]) -> None:
    done = cache.prune(cache.plan_pruning())
    assert [one.path.name for one in done.removed] == [".mine.abcd1234"]
    assert there(filled) == set(filled) - {"left"}


@pytest.mark.parametrize(
    ("older_than_s", "to_bytes", "going"),
    [
        (30 * DAY_S, None, {"old"}),
        (10 * DAY_S, None, {"old", "middle"}),
        (None, 700, set()),
        (None, 699, {"old"}),
        (None, 500, {"old", "middle"}),
        (None, 0, {"old", "middle", "new"}),
        (30 * DAY_S, 500, {"old", "middle"}),
    ],
)
def test_the_least_recently_used_go_first(
    filled: dict[str, Path], older_than_s: float | None, to_bytes: int | None, going: set[str]
) -> None:
    plan = cache.plan_pruning(["derived"], older_than_s, to_bytes)
    assert there(filled) == set(filled)
    done = cache.prune(plan)
    assert set(filled) - there(filled) == going
    assert done.freed_bytes == sum({"old": 100, "middle": 200, "new": 400}[name] for name in going)


def test_asking_for_a_result_is_its_use(filled: dict[str, Path]) -> None:
    assert cache.derived_path("scan", "aa", ".json") == filled["old"]
    cache.prune(cache.plan_pruning(["derived"], None, 500))
    assert set(filled) - there(filled) == {"middle"}


def test_what_was_asked_for_since_the_plan_stays(filled: dict[str, Path]) -> None:
    plan = cache.plan_pruning(["derived"], None, 0)
    cache.derived_path("scan", "bb", ".json")
    cache.prune(plan)
    assert set(filled) - there(filled) == {"old", "new"}


def test_beyond_their_limit_derived_results_go(
    filled: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGLAB_DERIVED_LIMIT", "0.5k")
    cache.prune(cache.plan_pruning(["derived"]))
    assert set(filled) - there(filled) == {"old", "middle"}
    monkeypatch.setenv("TAGLAB_DERIVED_LIMIT", "0")
    assert cache.plan_pruning(["derived"]).removed == ()


def test_trash_and_downloads_go_when_they_are_named(filled: dict[str, Path]) -> None:
    cache.prune(cache.plan_pruning(["trash"], 90 * DAY_S))
    assert there(filled) == set(filled)
    cache.prune(cache.plan_pruning(["trash", "downloads"]))
    assert set(filled) - there(filled) == {"trash", "download"}


def test_what_is_the_users_cannot_be_named(filled: dict[str, Path]) -> None:
    for what in ("yours", "taglab's own"):
        with pytest.raises(InvalidSetting, match="is never pruned; there are: left over, derived"):
            cache.plan_pruning([what])  # type: ignore[list-item]


WRITE = """
import sys
from taglab import cache
with cache.replacing(cache.Shelf("vectors").path("mine")) as temporary:
    temporary.mkdir()
    (temporary / "x").write_text("half")
    print(temporary.parent, flush=True)
    sys.stdin.read()
"""


def test_scratch_of_a_living_process_is_never_touched_and_that_of_a_killed_one_goes() -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with writer:
        assert writer.stdout is not None
        scratch = Path(writer.stdout.readline().strip())
        long_ago = time.time() - 9 * DAY_S
        os.utime(scratch, (long_ago, long_ago))
        assert cache.plan_pruning().removed == ()
        writer.kill()
        writer.wait()
    assert [one.path for one in cache.prune(cache.plan_pruning()).removed] == [scratch]
    assert not scratch.exists()


def test_uploads_of_killed_servers_go_too() -> None:
    old, new = cache.home() / "uploads" / "tmpold", cache.home() / "uploads" / "tmpnew"
    for folder in (old, new):
        file(folder / "x", 10)
    os.utime(old, (time.time() - 2 * DAY_S,) * 2)
    cache.prune(cache.plan_pruning())
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize(
    ("text", "size"), [("1000", 1000), ("2k", 2048), ("1.5 GiB", 3 << 29), ("500MB", 500 << 20), ("0", 0)]
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert cache.size_of_text(text) == size


@pytest.mark.parametrize("text", ["", "big", "-1", "5 apples", "9" * 400 + "T"])
def test_what_is_no_size_is_told(text: str) -> None:
    with pytest.raises(InvalidSetting, match="500M, 20G"):
        cache.size_of_text(text)


def test_sizes_are_told_as_people_read_them() -> None:
    assert [cache.size_text(size) for size in (0, 1023, 1536, 3 << 29, 5 << 40)] == [
        *("0 B", "1023 B", "1.5 KiB", "1.5 GiB", "5.0 TiB")
    ]


def test_deriving_heeds_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGLAB_DERIVED_LIMIT", "10k")
    monkeypatch.setattr(tidying, "_watch", tidying._Watch())
    old = [derived(f"{number:02d}", 1_000, (90 - number) * DAY_S) for number in range(9)]
    recent = derived("99", 1_000, 5.0)

    def keep(key: str) -> Path:
        path = cache.derived_path("scan", key, ".json")
        cache.kept(path, lambda place: None, lambda: 1, lambda place, value: place.write_bytes(bytes(1_000)))
        return path

    first = keep("aaa")  # 11,000 bytes of 10,240: down to nine tenths, what was used just now stays
    assert [path.exists() for path in old] == [False, False, *[True] * 7]
    assert recent.exists()
    assert first.exists()
    keep("bbb")
    assert sum(path.exists() for path in old) == 7
    keep("ccc")
    assert sum(path.exists() for path in old) < 7
    assert all(path.exists() for path in (recent, first))


def test_a_result_that_cannot_be_written_is_kept_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_memory", type(keeping._memory)())
    cache.home().parent.mkdir(exist_ok=True)
    cache.home().write_text("a file where the folder should be")
    computed = []

    def value() -> str:
        path = cache.derived_path("scan", "abc", ".json")
        return cache.kept(
            path, lambda place: None, lambda: computed.append(1) or "x", lambda place, text: None
        )

    assert [value(), value()] == ["x", "x"]
    assert computed == [1]
    assert "A file is where its folder should be" in cache.why_not_kept()
    cache.home().unlink()
    other = cache.derived_path("scan", "other", ".json")
    cache.kept(other, lambda place: None, lambda: "y", lambda place, text: place.write_text(text))
    assert cache.why_not_kept() == ""
    cache.home().rename(tmp_path / "elsewhere")
    cache.home().write_text("a file where the folder should be")
    with pytest.raises(StorageError):
        cache.write_json(cache.home() / "labels" / "x.json", 1)
