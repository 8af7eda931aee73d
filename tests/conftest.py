"""Every test has a cache folder of its own; what tests saw of published data is told at the end."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A machine busy with other work is no fault of the code.
settings.register_profile("taglab", deadline=None)
settings.load_profile("taglab")

SEEN: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.fixture(scope="session")
def seen(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Take a line for the end of the run's report: counts, coverage, whatever no test could expect."""
    return pytestconfig.stash.setdefault(SEEN, []).append


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
