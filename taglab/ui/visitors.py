"""Who looks at the dashboard, and whether they may do more than look."""

from __future__ import annotations

import os

import streamlit as st


def _visitor() -> tuple[str | None, bool, bool]:
    """Return what the server is bound to, whether the visitor logged in, and whether everybody is allowed."""
    from taglab.launch import ALLOW_LAUNCH

    logged_in = bool(getattr(st.user, "is_logged_in", False))
    return st.get_option("server.address"), logged_in, os.environ.get(ALLOW_LAUNCH) == "1"


def refusal() -> str | None:
    """Return why this visitor may not launch, stop or resume runs here; None where they may."""
    from taglab.launch import may_launch

    return may_launch(*_visitor())


def may_read_paths() -> bool:
    """Return whether this visitor may name files of the machine taglab runs on."""
    from taglab.launch.permission import is_trusted

    return is_trusted(*_visitor())
