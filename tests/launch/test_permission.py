"""Who may launch from the dashboard."""

import pytest

from taglab.cli import dashboard
from taglab.launch import ALLOW_LAUNCH, may_launch


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "[::1]", "127.1.2.3"])
def test_this_machine_alone(address: str) -> None:
    assert may_launch(address, logged_in=False, allowed=False) is None


@pytest.mark.parametrize(
    "address",
    [None, "", "::", "0.0.0.0", "192.168.1.7", "example.org", "localhost.evil"],  # noqa: S104
)
def test_the_network(address: str | None) -> None:
    reason = may_launch(address, logged_in=False, allowed=False)
    assert reason is not None
    assert "--allow-launch" in reason
    assert may_launch(address, logged_in=True, allowed=False) is None
    assert may_launch(address, logged_in=False, allowed=True) is None


def test_the_command_sets_what_the_dashboard_looks_at() -> None:
    assert dashboard.ALLOW_LAUNCH == ALLOW_LAUNCH
