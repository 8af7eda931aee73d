"""Neighbouring magnitudes made ahead, while the one that is asked for is heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import streamlit as st

_PENDING = "magnitudes made ahead"
_POOL = ThreadPoolExecutor(1, thread_name_prefix="ahead")


def neighbours(grid: Sequence[float], magnitude: float) -> tuple[float, ...]:
    """Return the next magnitude of an ascending grid above, and the next below, where there are."""
    above = [one for one in grid if one > magnitude]
    below = [one for one in grid if one < magnitude]
    return (*above[:1], *below[-1:])


def make_ahead(make: Callable[[float], Any], magnitudes: Sequence[float]) -> None:
    """Make what is remembered of some magnitudes, one after the other, beside what the page does.

    What this visitor had asked for before and has not begun is given up. What fails is told when it is asked
    for.

    Args:
        make: Makes and remembers one.
        magnitudes: Which.
    """
    pending: list[Future[Any]] = st.session_state.get(_PENDING, [])
    for one in pending:
        one.cancel()
    st.session_state[_PENDING] = [_POOL.submit(partial(make, one)) for one in magnitudes]
