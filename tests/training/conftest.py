"""A small world, made once and copied for each test."""

import shutil
from pathlib import Path

import pytest

from tests.training.examples import make_world


@pytest.fixture(scope="session")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("world") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        make_world(home)
    return home


@pytest.fixture(autouse=True)
def world(made_world: Path, taglab_home: Path) -> Path:
    """A cache folder with data, audio and label space, and nothing else."""
    shutil.copytree(made_world, taglab_home)
    return taglab_home
