"""`taglab cache`: sizes by kind, and what pruning takes and leaves."""

import os
import time
from pathlib import Path

import pytest

from taglab import cache
from tests.cli.running import Shell


def test_show_tells_what_may_become_of_everything(mine: Shell) -> None:
    report = mine.json("cache", "show")
    rows = {(row["what"], row["kind"]): row for row in report["rows"]}
    assert rows["yours", "folksonomies"]["count"] == 1
    assert rows["derived", "own-vectors"]["bytes"] > 0
    assert report["bytes"] == sum(row["bytes"] for row in report["rows"])
    assert report["limit"] == "20.0 GiB"
    assert report["folder"] == str(cache.home())
    entries = mine.json("cache", "show", "--entries")["rows"]
    assert {(row["what"], row["name"]) for row in entries} >= {("yours", "mine")}
    assert "own-vectors" in mine.text("cache", "show")


def test_prune_says_first_and_then_does(mine: Shell) -> None:
    mine.text("neighbours", "rock", "--data", "mine")
    before = {path for path in cache.home().rglob("*") if path.is_file()}
    planned = mine.json("cache", "prune", "--to", "0", "--dry-run")
    assert {path for path in cache.home().rglob("*") if path.is_file()} == before
    done = mine.json("cache", "prune", "--to", "0")
    assert [row["name"] for row in done["rows"]] == [row["name"] for row in planned["rows"]]
    assert done["bytes"] == planned["bytes"] > 0
    assert {one.what for one in cache.contents()} == {"yours"}
    assert "rock" in mine.text("data", "show", "mine")
    mine.text("neighbours", "rock", "--data", "mine")  # trained again
    assert mine.json("cache", "prune", "--older-than", "1h")["removed"] == 0


def test_trash_goes_only_when_it_is_named(mine: Shell) -> None:
    run = cache.home() / "trash" / "a.20200101-000000"
    run.mkdir(parents=True)
    (run / "config.json").write_text("{}")
    for path in (run / "config.json", run):
        os.utime(path, (time.time() - 40 * 86_400,) * 2)
    mine.text("cache", "prune", "--to", "0")
    mine.text("cache", "prune", "--what", "trash", "--older-than", "8w")
    assert run.exists()
    assert mine.json("cache", "prune", "--what", "trash", "--older-than", "30d")["removed"] == 1
    assert not run.exists()


@pytest.mark.parametrize(
    ("option", "text", "words"), [("--older-than", "soon", "such as 30d"), ("--to", "much", "500M, 20G")]
)
def test_what_is_no_age_or_size_is_told(shell: Shell, option: str, text: str, words: str) -> None:
    assert shell.run("cache", "prune", option, text) == 2
    assert words in shell.err


def test_a_limit_that_is_no_size_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGLAB_DERIVED_LIMIT", "plenty")
    assert shell.run("cache", "show") == 1
    assert "size='plenty'" in shell.err


def test_what_cannot_be_removed_is_told(mine: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("taglab.cache.tidying._remove", refuse)
    assert mine.json("cache", "prune", "--to", "0")["removed"] == 0
    assert "cannot be removed (Permission denied)" in mine.err
