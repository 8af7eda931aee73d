"""Whether a visitor of the dashboard may do more than look: starting processes and reading files is more."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

ALLOW_LAUNCH = "TAGLAB_ALLOW_LAUNCH"  # set to 1 in the server's environment by `taglab app --allow-launch`


@dataclass(frozen=True)
class Visitor:
    """Who asks, as far as a connection tells.

    Attributes:
        host: The name and port the visitor's browser asked for (header Host); None if it named none.
        address: The other end's IP address; None where nothing is known of it.
        origin: Where the page comes from that asks (header Origin); None for programs that are no browsers.
        forwarded: Whether a proxy says that it asks for somebody else. Believed only to a visitor's
            disadvantage, for anybody can write such a header.
        logged_in: Whether the visitor has logged in through Streamlit's `st.login`.
    """

    host: str | None
    address: str | None
    origin: str | None = None
    forwarded: bool = False
    logged_in: bool = False

    @property
    def is_here(self) -> bool:
        """Whether the visitor sits at this machine, or reaches it through a tunnel of their own.

        A page that had its own name resolved to this machine comes from here too, but under its own name.
        """
        names = [_host_name(f"//{self.host or ''}")]
        if self.origin is not None:
            names.append(_host_name(self.origin))
        return not self.forwarded and is_loopback(self.address or "") and all(map(is_loopback, names))


def is_trusted(visitor: Visitor, allowed: bool) -> bool:
    """Return whether a visitor may do more than look; arguments as of `may_launch`."""
    return allowed or visitor.logged_in or visitor.is_here


def may_launch(visitor: Visitor, allowed: bool) -> str | None:
    """Return why the dashboard must not launch, stop or resume runs; None where it may.

    Args:
        visitor: Who asks.
        allowed: Whether whoever started the server allowed it to everybody who reaches it.

    Examples:
        >>> may_launch(Visitor("localhost:8501", "127.0.0.1", "http://localhost:8501"), allowed=False)
        >>> may_launch(Visitor("evil.example:8501", "127.0.0.1"), allowed=False) is None
        False
    """
    if is_trusted(visitor, allowed):
        return None
    return (
        f"You reach this dashboard as {visitor.host or 'a visitor without a name for it'}, not from the "
        "machine it runs on, and are not logged in, so it launches nothing: log in, or have it started with "
        "`taglab app --allow-launch`, which lets all who reach it start processes and read files there."
    )


def is_loopback(name: str) -> bool:
    """Return whether a host name or IP address means this machine and is reached from it alone.

    Examples:
        >>> [is_loopback(name) for name in ("localhost", "127.1.2.3", "::1", "localhost.example")]
        [True, True, True, False]
    """
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _host_name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
