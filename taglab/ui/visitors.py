"""Who looks at the dashboard, and whether they may do more than look."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from taglab.launch.permission import Visitor

_WRITTEN_BY_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


def visitor() -> Visitor:
    """Return who asks, by the connection on which this run of the page was asked for."""
    from taglab.launch.permission import Visitor

    headers = st.context.headers
    host = headers.get("Host")
    # Streamlit says None for the two addresses of this machine, and where there is no connection at all.
    address = st.context.ip_address or ("127.0.0.1" if host else None)
    return Visitor(
        host=host,
        address=address,
        origin=headers.get("Origin"),
        forwarded=any(name in headers for name in _WRITTEN_BY_PROXIES),
        logged_in=bool(getattr(st.user, "is_logged_in", False)),
    )


def refusal() -> str | None:
    """Return why this visitor may not launch, stop or resume runs here; None where they may."""
    from taglab.launch import may_launch

    return may_launch(visitor(), _all_are_allowed())


def may_read_paths() -> bool:
    """Return whether this visitor may name files of the machine taglab runs on."""
    from taglab.launch.permission import is_trusted

    return is_trusted(visitor(), _all_are_allowed())


def _all_are_allowed() -> bool:
    from taglab.launch import ALLOW_LAUNCH

    return os.environ.get(ALLOW_LAUNCH) == "1"
