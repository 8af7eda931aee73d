"""A home that takes nothing: what is asked is answered, and it is said that it is not kept."""

import errno
import os
from pathlib import Path

import pytest

from taglab import cache, embeddings, projection, sources
from taglab.cache import keeping, writing
from taglab.clustering.scan import ScanSettings, scan
from taglab.errors import StorageError
from tests.cli.running import SMALL, Shell


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(keeping, "_memory", type(keeping._memory)())
    return Shell(capsys, tmp_path)


def refusing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let no scratch folder be made: all that is written begins with one."""

    def refuse(*args: object, **named: object) -> str:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(writing.tempfile, "mkdtemp", refuse)


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_questions_are_answered(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "small.csv").write_text(SMALL)
    sources.add("table", tmp_path / "small.csv", "mine")
    refusing(monkeypatch, number)
    lines = (
        ["neighbours", "rock", "--data", "mine"],
        ["cluster", "--data", "mine", "-k", "2"],
        ["scan", "--data", "mine", "-k", "2,3"],
        ["project", "--data", "mine", "--method", "pca"],
    )
    for line in lines:
        shell.text(*line)
        assert shell.err.splitlines()[-1].startswith("taglab: what was computed is not kept")
        assert os.strerror(number) in shell.err
    assert not (cache.home() / "derived").exists() or not any((cache.home() / "derived").rglob("*.json"))
    assert shell.run("data", "add", "table", tmp_path / "small.csv", "--name", "other") == 1
    assert "cannot save other" in shell.err


def test_the_demo_is_there_without_a_home(shell: Shell) -> None:
    cache.home().write_text("a file")
    first = sources.open_folksonomy("demo")
    assert sources.open_folksonomy("demo") is first
    assert first.n_tags > 100
    with pytest.raises(StorageError):
        first.save(cache.Shelf(cache.FOLKSONOMIES).path("demo"))


def test_nothing_is_computed_twice(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small.csv").write_text(SMALL)
    data = sources.add("table", tmp_path / "small.csv", "mine")
    refusing(monkeypatch, errno.EROFS)
    words = embeddings.own_vectors(data)
    assert embeddings.own_vectors(data) is words
    vectors = embeddings.compose(words, list(data.tags["tag"]))
    settings = projection.ProjectionSettings(method="pca")
    placed = projection.cached_projection(vectors, settings)
    assert projection.find_projection(vectors, settings) is placed
    rows = scan(vectors, ScanSettings(values=(2, 3)))
    again = scan(vectors, ScanSettings(values=(2, 3)))
    assert [list(one.rows["seconds"]) for one in (rows, again)] == [list(rows.rows["seconds"])] * 2
