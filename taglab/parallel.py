"""One function over many blocks of work, on every core at hand."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from taglab.progress import Progress

Result = TypeVar("Result")
Part = TypeVar("Part")


def blocks(total: int, size: int) -> list[slice]:
    """Return slices of at most `size` (at least 1) that together cover `total`."""
    size = max(1, size)
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_WAITING = "OMP_WAIT_POLICY"
_sleeping = False


def let_idle_threads_sleep() -> None:
    """Let OpenMP's threads give up their core while they wait for one another: to be called first of all.

    By default they spin between many short steps, and with anything else running on the machine that takes
    many times as long as one thread does. OpenMP reads it when it is loaded; where it is, only processes
    started from then on have threads that sleep.
    """
    global _sleeping
    from threadpoolctl import threadpool_info

    os.environ.setdefault(_WAITING, "PASSIVE")
    if not any(library["internal_api"] == "openmp" for library in threadpool_info()):
        _sleeping = os.environ[_WAITING].lower() == "passive"


def idle_threads_sleep() -> bool:
    """Return whether OpenMP's threads give up their core while they wait, as far as can be known."""
    return _sleeping


@functools.cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()  # looking for them takes longer than most products


def blas_of_one_thread() -> AbstractContextManager[Any]:
    """Let products be computed by the thread that asks for them, where threads of ours share the work.

    Threads of the linear algebra library beside them would wait for one another: on a busy machine eight
    times as long.
    """
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limited


def on_every_core(
    work: Callable[[Part], Result], parts: Sequence[Part], progress: Progress, text: str
) -> list[Result]:
    """Return `work` of each part, in order, computed in threads; NumPy frees them of the interpreter's lock.

    Of no parts nothing is computed. An exception, also one raised by `progress`, cancels what has not begun.
    """
    with ThreadPoolExecutor(max(1, min(cores(), len(parts)))) as pool:
        futures = [pool.submit(work, part) for part in parts]

        def results() -> Iterator[Result]:
            for number, future in enumerate(futures):
                yield future.result()
                progress((number + 1) / len(futures), text)

        try:
            return list(results())
        except BaseException:  # an interrupt, too, must not wait for the rest
            pool.shutdown(wait=False, cancel_futures=True)
            raise
