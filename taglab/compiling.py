"""How loops over numbers are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function, and keep what was compiled on the disk where that may be written.

    Sums may be taken in another order than written, so that they use the processor's wide registers: the
    same at every run on one machine.
    """
    compile_it = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
    return cast(_Function, compile_it(function))


def compiled_finite(function: _Function) -> _Function:
    """Compile as `compiled` does what never meets NaN: the least of many is taken in wide registers."""
    compile_it = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan"})
    return cast(_Function, compile_it(function))
