"""A shell, and a shell with a small data set called `mine`."""

import shutil
from pathlib import Path

import pytest

from taglab import embeddings, sources
from tests.cli.running import SMALL, Shell


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(capsys, tmp_path)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds the small data set and its own vectors; every test has a copy."""
    folder = tmp_path_factory.mktemp("prepared")
    table = folder / "small.csv"
    table.write_text(SMALL)
    home = folder / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        embeddings.own_vectors(sources.add("table", table, "mine"))
    return home


@pytest.fixture
def mine(shell: Shell, prepared: Path, taglab_home: Path) -> Shell:
    shutil.copytree(prepared, taglab_home)
    return shell
