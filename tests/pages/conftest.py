"""Pages without a browser: who looks at them sits at this machine, unless a test says otherwise."""

import pytest

from taglab.launch.permission import Visitor

HERE = Visitor("localhost:8501", "127.0.0.1", "http://localhost:8501")


@pytest.fixture(autouse=True)
def visitor_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest has no connection, which would make its visitor a stranger."""
    monkeypatch.setattr("taglab.ui.visitors.visitor", lambda: HERE)
