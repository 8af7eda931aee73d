"""Pages are computed first come first served, and nobody is held up for long."""

import threading
import time
from collections.abc import Callable

import pytest

from taglab.ui.turns import Turns


class Page(threading.Thread):
    """A thread that waits for its turn, notes that it has one, and stays until it is let go."""

    def __init__(
        self, turns: Turns, log: list[str], name: str, then: Callable[[], None] | None = None
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.turns, self.log, self.then = turns, log, then
        self.leave = threading.Event()
        self.start()

    def run(self) -> None:
        with self.turns.turn():
            self.log.append(self.name)
            assert self.leave.wait(60)
            if self.then is not None:
                self.then()
                self.log.append(f"{self.name} again")

    def end(self) -> None:
        self.leave.set()
        self.join(60)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def queue(turns: Turns, log: list[str], names: str, then: Callable[[], None] | None = None) -> list[Page]:
    """Start pages one after the other, so that their order in the queue is known."""
    pages = []
    for number, name in enumerate(names):
        pages.append(Page(turns, log, name, then))
        until(lambda wanted=number + 1: len(turns._waiting) + len(turns._ends) == wanted)
    return pages


@pytest.mark.parametrize("at_once", [1, 2])
def test_who_comes_first_is_served_first(at_once: int) -> None:
    turns, log = Turns(at_once, longest_s=600), []
    pages = queue(turns, log, "abcdef")
    for number, page in enumerate(pages):
        begun = min(number + at_once, len(pages))
        until(lambda begun=begun: len(log) == begun)
        page.end()
    assert "".join(log) == "abcdef"


def test_who_lets_others_first_goes_to_the_end() -> None:
    turns, log = Turns(longest_s=600), []
    pages = queue(turns, log, "abc", turns.let_others_first)
    for page in pages:
        page.leave.set()
    for page in pages:
        page.join(60)
    assert log == ["a", "b", "c", "a again", "b again", "c again"]


def test_a_long_turn_holds_nobody_up() -> None:
    """Each later one comes in while the first still computes, and none waits for it twice."""
    turns, log = Turns(longest_s=0.01), []
    pages = [Page(turns, log, name) for name in "ab"]
    until(lambda: len(log) == 2)
    pages.append(Page(turns, log, "c"))
    until(lambda: len(log) == 3)
    for page in pages:
        page.end()
    with turns.turn():
        assert set(log) == set("abc")


def test_a_page_that_fails_passes_its_turn_on() -> None:
    turns = Turns(longest_s=600)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), turns.turn():
            raise ZeroDivisionError
    turns.let_others_first()
    assert not turns._ends
