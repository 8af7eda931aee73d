"""Whether the dashboard may launch anything: starting processes is more than looking."""

from __future__ import annotations

import ipaddress

ALLOW_LAUNCH = "TAGLAB_ALLOW_LAUNCH"  # set to 1 in the server's environment by `taglab app --allow-launch`


def is_trusted(server_address: str | None, logged_in: bool, allowed: bool) -> bool:
    """Return whether a visitor may do more than look; arguments as of `may_launch`."""
    return allowed or logged_in or _only_this_machine(server_address or "")


def may_launch(server_address: str | None, logged_in: bool, allowed: bool) -> str | None:
    """Return why the dashboard must not launch, stop or resume runs; None where it may.

    Args:
        server_address: What the server is bound to (`server.address`); None or empty: every network.
        logged_in: Whether the visitor has logged in through Streamlit's `st.login`.
        allowed: Whether whoever started the server allowed it to everybody who reaches it.

    Examples:
        >>> may_launch("127.0.0.1", logged_in=False, allowed=False) is None
        True
        >>> may_launch("0.0.0.0", logged_in=False, allowed=False) is None
        False
    """
    if is_trusted(server_address, logged_in, allowed):
        return None
    return (
        f"This dashboard is served to the network ({server_address or 'every address of this machine'}) and "
        "nobody is logged in, so it launches nothing: log in, or have it started with "
        "`taglab app --allow-launch`, which lets all who reach it start processes and read files here."
    )


def _only_this_machine(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
