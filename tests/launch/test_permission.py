"""Who may launch from the dashboard."""

from dataclasses import replace

import pytest

from taglab.cli import dashboard
from taglab.launch import ALLOW_LAUNCH, may_launch
from taglab.launch.permission import Visitor

HERE = Visitor("localhost:8501", "127.0.0.1", "http://localhost:8501")


@pytest.mark.parametrize(
    ("host", "address", "origin"),
    [
        ("127.0.0.1:8501", "127.0.0.1", "http://127.0.0.1:8501"),
        ("localhost", "127.1.2.3", "http://localhost"),
        ("[::1]:8600", "::1", "http://[::1]:8600"),
        ("LocalHost:1", "::1", None),
    ],
)
def test_this_machine(host: str, address: str, origin: str | None) -> None:
    assert may_launch(Visitor(host, address, origin), allowed=False) is None


@pytest.mark.parametrize(
    "change",
    [
        {"host": "evil.example:8501"},
        {"host": "localhost.evil.example"},
        {"host": "192.168.1.7:8501"},
        {"host": None},
        {"host": ""},
        {"host": "[::1"},
        {"address": "192.168.1.7"},
        {"address": "::ffff:10.0.0.1"},
        {"address": None},
        {"origin": "http://evil.example:8501"},
        {"origin": "null"},
        {"origin": "http://[::1"},
        {"forwarded": True},
    ],
)
def test_strangers(change: dict[str, str]) -> None:
    stranger = replace(HERE, **change)
    reason = may_launch(stranger, allowed=False)
    assert reason is not None
    assert "--allow-launch" in reason
    assert may_launch(replace(stranger, logged_in=True), allowed=False) is None
    assert may_launch(stranger, allowed=True) is None


def test_the_command_sets_what_the_dashboard_looks_at() -> None:
    assert dashboard.ALLOW_LAUNCH == ALLOW_LAUNCH
