"""Every test has a cache folder of its own."""

from pathlib import Path

import pytest
from hypothesis import settings

# A machine busy with other work is no fault of the code.
settings.register_profile("taglab", deadline=None)
settings.load_profile("taglab")


@pytest.fixture(autouse=True)
def taglab_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, used by whatever the test calls and by the processes it starts."""
    folder = tmp_path / "taglab-home"
    monkeypatch.setenv("TAGLAB_HOME", str(folder))
    return folder
