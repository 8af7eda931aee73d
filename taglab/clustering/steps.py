"""Progress of a step within a longer computation."""

from __future__ import annotations

from taglab.progress import Progress


def part(progress: Progress, start: float, end: float, step: str = "") -> Progress:
    """Return a progress whose 0 and 1 are `start` and `end` of another.

    Args:
        progress: Of the whole.
        start: Share done before the step, in [0, 1].
        end: Share done after it.
        step: Put before the step's own texts, with a comma.
    """

    def report(fraction: float, text: str) -> None:
        progress(start + (end - start) * fraction, ", ".join(filter(None, (step, text))))

    return report
