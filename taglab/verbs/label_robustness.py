"""Which labels of a tagger still hold when sound is degraded, and at which magnitude each breaks."""

from __future__ import annotations

import sys
from typing import Annotated, ClassVar, Literal

from taglab.audio.degrade import degradation
from taglab.beside import run_beside
from taglab.progress import Progress, between
from taglab.runs import open_run
from taglab.settings import Flag, Group
from taglab.studies.robustness import ChangeSettings
from taglab.studies.robustness.labels import label_robustness
from taglab.training import sound_format_of
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.robustness import recordings_of

_SHOWN = {
    "breaks": ("label", "degradation", "original", "chance", "breaks_at", "unit"),
    "labels": (
        "label", "degradation", "magnitude", "unit", "positives", "average_precision", "lost", "lost_low",
        "lost_high",
    ),
}  # fmt: skip


class RobustLabels(Question):
    """Let a tagger tag clips of its own tracks, as they are and degraded, and tell which labels break first,
    and at which magnitude: where half of what a label's average precision has above chance is lost, and that
    is more than chance. What was tagged before is kept.

    Attributes:
        run: A run trained at least one epoch; its best is asked.
        rows: At which magnitude each label breaks, or every label's figures at every magnitude.
        part: Which of its tracks.
        changes: Which clips, and by what they are degraded.
        noise: A recording of the place whose noise is added.
        impulse: A recording of the impulse response of a telephone.
    """

    returns: ClassVar[str] = (
        "{run, tracks, too_short, rows: [{label, degradation, original, chance, breaks_at, unit, "
        "severity}]}, or rows of labels"
    )
    examples: ClassVar[str] = """
taglab robust-labels my-run --degradations pink-noise,mp3 --clip-s 10
taglab robust-labels my-run --grid thesis --rows labels --out labels.csv
"""

    run: Annotated[str, Flag(metavar="RUN", word=True)]
    rows: Literal["breaks", "labels"] = "breaks"
    part: Literal["validation", "test"] = "test"
    changes: Annotated[ChangeSettings, Group("what is changed")] = ChangeSettings()
    noise: Annotated[str | None, Flag(metavar="FILE")] = None
    impulse: Annotated[str | None, Flag(metavar="FILE")] = None

    def answer(self, progress: Progress) -> Report:
        """Return the table that is asked for."""
        for name in self.changes.degradations:
            degradation(name)
        run = open_run(self.run)
        files = {"noise": self.noise, "impulse response": self.impulse}
        rate_hz = sound_format_of(run, between(progress, 0, 0.05)).sample_rate_hz
        recordings = recordings_of(self.changes, files, rate_hz)
        result = label_robustness(run, self.changes, self.part, recordings, between(progress, 0.05, 1))
        facts = {"run": run.name, "tracks": len(result.tracks), "too_short": result.too_short}
        short = f"{result.too_short:,} tracks are too short for clips of {self.changes.clip_s:g} s"
        table = result.breaks if self.rows == "breaks" else result.table
        return Report(facts, table, shown=_SHOWN[self.rows], notes=(short,) if result.too_short else ())


def tag(given: str, progress: Progress) -> None:
    """Tag what a question asks, and keep the scores."""
    RobustLabels.model_validate_json(given).answer(progress)


if __name__ == "__main__":
    sys.exit(run_beside(tag))
