"""Whose turn it is: pages are computed one after the other, first come first served.

Python computes one page at a time whatever the number of threads. Eight pages computed side by side are all
done when the last one is, and threads that hand the interpreter round take longer for it; one after the
other, half of them are done in half that time. A page that takes long does not hold up the others: after a
while its turn is over, and it goes on beside them.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator

_LONGEST_S = 3.0


class Turns:
    """A queue of threads, of which the first few go on."""

    def __init__(self, at_once: int = 1, longest_s: float = _LONGEST_S) -> None:
        """Make an empty queue.

        Args:
            at_once: How many have a turn at a time.
            longest_s: After how long a turn is over, whatever its thread does.
        """
        self._at_once = at_once
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._ends: dict[threading.Event, float] = {}  # of those who have a turn, the earliest first
        self._mine = threading.local()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this thread's turn, then run the body."""
        self._take()
        try:
            yield
        finally:
            self._pass_on()

    def let_others_first(self) -> None:
        """Go to the end of the queue, in the body of `turn`; elsewhere this does nothing."""
        if getattr(self._mine, "called", None) is not None:
            self._pass_on()
            self._take()

    def _take(self) -> None:
        called = self._mine.called = threading.Event()
        with self._lock:
            self._waiting.append(called)
            left_s = self._call()
        while not called.wait(left_s):
            with self._lock:
                left_s = self._call()

    def _pass_on(self) -> None:
        with self._lock:
            self._ends.pop(self._mine.called, None)
            self._call()
        self._mine.called = None

    def _call(self) -> float:
        """Give turns to those in front; return in how many seconds the next turn is over."""
        now = time.monotonic()
        for called in [called for called, end in self._ends.items() if end <= now]:
            del self._ends[called]
        while self._waiting and len(self._ends) < self._at_once:
            called = self._waiting.popleft()
            self._ends[called] = now + self._longest_s
            called.set()
        return min(self._ends.values(), default=now) - now


PAGES = Turns()
