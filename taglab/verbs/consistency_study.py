"""Kim 2021, chapter 4, done again: its experiment on data at hand, and its claims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import field_validator

from taglab.audio.library import DEMO, resolve_audio
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.studies.robustness.report import consistency_report
from taglab.studies.robustness.study import carry_out
from taglab.studies.robustness.study_settings import ConsistencyStudy
from taglab.studies.study_report import write_study
from taglab.verbs.question import Place, Question
from taglab.verbs.report import Report

PRESETS: dict[str, dict[str, Any]] = {
    "small": {},
    "kim": {
        "width": 1.0, "epochs": None, "stop": False, "networks": 5, "clips": 1_000,
        "clip_s": 2.0, "grid": "thesis",
    },
}  # fmt: skip


class ReproduceConsistency(Question):
    """Carry out the experiment of Kim 2021, chapter 4: train auto-taggers, encode clips as they are and
    degraded, count who stays nearest to whom, fit the ten additive models, and set figures and claims beside
    what was printed. Other encoders are named: features that `taglab features encode` made of any run. What
    is trained or measured already is taken as it is; what was interrupted goes on.

    Attributes:
        data: Data set.
        audio: Sound (default: that of the data set's name).
        preset: Begin with what runs on a small machine, or with Kim's epochs, width, clips and grid.
        report: Write tables, figures and claims, printed beside ours, to this file.
        study: What is carried out.
    """

    returns: ClassVar[str] = (
        "{data, clips, encoders: {FEATURES: task}, trained: [run], file, rows: [{claim, says, source, rule, "
        "published, published why, here, here why}]}; published and here are holds, contradicted, not shown "
        "or cannot be tested"
    )
    examples: ClassVar[str] = """
taglab reproduce consistency --report consistency.html
taglab reproduce consistency --width 0.5 --epochs 100 --clips 200 --grid thesis
taglab reproduce consistency --encoders mine-mfcc,my-run-features=instruments --networks 0
taglab reproduce consistency --data msd --preset kim --report kim.html
"""
    verb: ClassVar[str] = "reproduce consistency"

    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    audio: Annotated[str | None, Flag(metavar="NAME")] = None
    preset: Literal["small", "kim"] = "small"
    report: Annotated[Path | None, Flag(metavar="FILE.html")] = None
    study: Annotated[ConsistencyStudy, Group("what is carried out")] = ConsistencyStudy()

    @classmethod
    def usual(cls, given: Mapping[Place, Any]) -> dict[str, Any]:
        """Return the settings of the preset that is named."""
        named = {"study": PRESETS[str(given[("preset",)])]} if given.get(("preset",)) in PRESETS else {}
        return super().usual(given) | named

    @field_validator("report")
    @classmethod
    def _ends_in_html(cls, path: Path | None) -> Path | None:
        if path is not None and (path.suffix.lower() != ".html" or path.is_dir()):
            raise ValueError("must be a file that ends in .html")
        return path

    def answer(self, progress: Progress) -> Report:
        """Return the claims."""
        data = open_folksonomy(self.data, between(progress, 0, 0.01))
        audio = self.audio or self.data
        store = resolve_audio(audio, data, between(progress, 0.01, 0.03))
        evidence = carry_out(data, audio, store, self.study, between(progress, 0.03, 0.98))
        report = consistency_report(evidence, draw=self.report is not None)
        facts: dict[str, Any] = {
            "data": self.data,
            "clips": len(evidence.measured.tracks),
            "encoders": dict(evidence.tasks),
            "trained": evidence.trained["run"].tolist() if len(evidence.trained) else [],
            "file": None if self.report is None else str(self.report),
        }
        if self.report is not None:
            write_study(report, self.report)
        notes = () if self.report is None else (f"wrote {self.report}",)
        return Report(facts, report.claims, notes=notes)
