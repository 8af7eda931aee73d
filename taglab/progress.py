"""How a long computation tells how far it is, and is told to stop."""

from __future__ import annotations

from typing import Protocol, TextIO


class Progress(Protocol):
    """Called now and then by everything that may take over a second.

    A computation is cancelled by raising `taglab.errors.Cancelled` (or any other exception) from the
    call; whoever computes lets it pass and leaves nothing half-written behind.
    """

    def __call__(self, fraction: float, text: str) -> None:
        """Report.

        Args:
            fraction: Share done, in [0, 1].
            text: What is being done, a few words.
        """


def silent(fraction: float, text: str) -> None:
    """Report nothing: the default of every `progress` argument."""


def as_lines(stream: TextIO) -> Progress:
    """Return a progress that writes a line such as "12% drawing seeds" whenever that changes."""
    last = ""

    def report(fraction: float, text: str) -> None:
        nonlocal last
        line = f"{fraction:.0%} {text}"
        if line != last:
            last = line
            stream.write(f"{line}\n")
            stream.flush()

    return report


def counted(what: str, done: int, total: int) -> str:
    """Return the text of a report on what is done one by one.

    >>> counted("decoding sound", 310, 1200)
    'decoding sound: 310 of 1,200'
    """
    return f"{what}: {done:,} of {total:,}"


def between(progress: Progress, start: float, stop: float, step: str = "") -> Progress:
    """Return the progress of one part of a longer computation, from `start` to `stop` of the whole.

    Args:
        progress: Of the whole.
        start: Share done before the part, in [0, 1].
        stop: Share done after it.
        step: Put before the part's own texts, with a comma.
    """

    def report(fraction: float, text: str) -> None:
        progress(start + (stop - start) * fraction, ", ".join(filter(None, (step, text))))

    return report
