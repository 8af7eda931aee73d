"""A process beside the server that computes nothing, and is under way until a test ends it."""

from typing import ClassVar

import pytest

from taglab.ui import long_work


class Beside:
    """A training that goes no further than it is told to."""

    started: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, module: str, given: str) -> None:
        self.started.append((module, given))
        self.ended, self.cancelled = False, False

    def done(self) -> bool:
        return self.ended

    def cancel(self) -> None:
        self.cancelled = True

    def progress(self) -> tuple[float, str]:
        return 0.25, "pass 1 of 3"

    def output(self) -> str:
        return ""


def long_works_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every work count as long, and be done by `Beside`; none is under way."""
    monkeypatch.setattr(long_work, "_SHORT_S", -1.0)
    monkeypatch.setattr(long_work, "SideProcess", Beside)
    monkeypatch.setattr(long_work, "_UNDER_WAY", {})
    monkeypatch.setattr(Beside, "started", [])
