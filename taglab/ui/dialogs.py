"""Dialogs that are left in peace: what is finished in the background waits until they are closed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

_OPEN = "dialog is open"
_P = ParamSpec("_P")


def dialog(title: str) -> Callable[[Callable[_P, None]], Callable[_P, None]]:
    """Return a decorator that shows what a function draws in a wide dialog; the page runs anew at its end.

    Args:
        title: Heading of the dialog.
    """

    def decorate(draw: Callable[_P, None]) -> Callable[_P, None]:
        @functools.wraps(draw)
        def noted(*args: _P.args, **kwargs: _P.kwargs) -> None:
            st.session_state[_OPEN] = True
            draw(*args, **kwargs)

        return st.dialog(title, width="large", on_dismiss=dialog_closed)(noted)

    return decorate


def dialog_closed() -> None:
    """Note that no dialog is open; to be called by what closes one with a rerun of its own."""
    st.session_state[_OPEN] = False


def dialog_is_open() -> bool:
    """Return whether a rerun of the page would close a dialog that somebody fills in."""
    return bool(st.session_state.get(_OPEN, False))
