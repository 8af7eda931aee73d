"""Every test has a cache folder of its own; what tests saw of published data is told at the end."""

import functools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many test processes run as there are cores: more threads would only wait. NumPy, SciPy
    # and torch read this when they are imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A machine busy with other work is no fault of the code. The checks look at more examples than a person who
# waits for them.
settings.register_profile("quick", deadline=None, max_examples=20)
settings.register_profile("thorough", deadline=None, max_examples=50)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

SEEN: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.fixture(scope="session")
def seen(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Take a line for the end of the run's report: counts, coverage, whatever no test could expect."""
    return pytestconfig.stash.setdefault(SEEN, []).append


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a test process saw to the one that reports."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["seen"] = session.config.stash.get(SEEN, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a test process saw."""
    node.config.stash.setdefault(SEEN, []).extend(getattr(node, "workeroutput", {}).get("seen", []))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Write what was seen."""
    lines = config.stash.get(SEEN, [])
    if lines:
        terminalreporter.section("seen of the published data")
    for line in lines:
        terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def taglab_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, used by whatever the test calls and by the processes it starts."""
    folder = tmp_path / "taglab-home"
    monkeypatch.setenv("TAGLAB_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True, scope="session")
def components_looked_for_once() -> None:
    """AppTest reads what every installed package says of itself, anew for each page: most of its time."""
    from streamlit.components.v2 import manifest_scanner

    manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(scope="session")
def kept_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds the demo and its own vectors, made once a process."""
    from taglab import embeddings, sources

    folder = tmp_path_factory.mktemp("demo") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(folder))
        embeddings.own_vectors(sources.open_folksonomy("demo"))
    return folder


@pytest.fixture
def demo_home(kept_demo: Path, taglab_home: Path) -> Path:
    """The test's cache folder, with the demo and its own vectors in it."""
    shutil.copytree(kept_demo, taglab_home, dirs_exist_ok=True)
    return taglab_home
