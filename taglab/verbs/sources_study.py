"""Kim 2021, chapter 2, done again: a design of networks that learn from several sources, on data at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import Field, field_validator

from taglab.factors.learning_source import LearningSource, source_of_text
from taglab.folksonomy import Folksonomy
from taglab.nets import AnyNetwork
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import DEMO, open_folksonomy, plays_of
from taglab.split import SplitSettings
from taglab.studies.sources.report import claims_of, study_report
from taglab.studies.sources.settings import SourcesStudy, sources_of
from taglab.studies.sources.study import Target, carry_out, planned
from taglab.studies.study_report import write_study
from taglab.studies.transfer import FIFTH, AnyTask, Splits, usual_tasks
from taglab.training.source_config import PRESETS, SourceRun, SourceTraining, source_run
from taglab.vectors import open_features
from taglab.verbs.question import Place, Question
from taglab.verbs.report import Report
from taglab.verbs.sources import NETWORK, SHARED, usual_of_preset
from taglab.verbs.transfer import TASKS_GROUP

_TASKS = replace(
    TASKS_GROUP,
    flags={
        **TASKS_GROUP.flags,
        "epochs": Flag("--task-epochs"),
        "batch_size": Flag("--task-batch-size"),
        "learning_rate": Flag("--task-learning-rate"),
    },
)


class ReproduceSources(Question):
    """Carry out the experiments of Kim 2021, chapter 2: networks of one learning source and of several, in
    the order of a design that may end at any time, set to tasks they were not made for; and set its tables,
    figures and claims beside what was printed. What is trained and scored stays: asked again, it goes on.

    Attributes:
        data: Data set that is learned from.
        audio: Its sound (default: that of the data set's name).
        name: What the design is called (default: sources- and the data set's name); `taglab design` shows it.
        source: What to learn, as `taglab sources train` takes it, once for each; by default those of the
            thesis that the data can give.
        preset: Begin with these settings; flags change them.
        runs: Train at most so many runs now; all that are left by default.
        only_make: Make the runs, do not train them; `taglab launch` and `taglab design work` do.
        target: Data set whose columns or plays the tasks ask about (default: the one learned from).
        baseline_features: Features of tracks (`taglab features`) that networks are held against beside MFCC
            and an untrained network: a published tagger's layers, as of musicnn or of a file, for what Kim
            calls Choi.
        report: Write tables, figures and claims, printed beside ours, to this file.
        study: How many networks.
        tasks: What is asked.
        splits: On which tracks tasks are learned and judged.
        network: Which network, and how large.
        split: How the data set's tracks are split.
        train: How it is trained.
    """

    returns: ClassVar[str] = (
        "{name, data, planned, trained, finished, scored, tasks, absent: [{source, reason}], baselines: "
        "[{task, baseline, score}], file, rows: [{claim, says, source, rule, published, published why, here, "
        "here why}]}; published and here are holds, contradicted, not shown or cannot be tested"
    )
    examples: ClassVar[str] = """
taglab reproduce sources --preset tiny-sources --epochs 4 --single-repeats 1 --all-repeats 1 --fractional 8
taglab reproduce sources --data mine --baseline-features choi --width 0.25 --report sources.html
taglab reproduce sources --source tag=tag,k=20 --source bpm=bpm,k=20 --fractional 6 --only-make
"""
    verb: ClassVar[str] = "reproduce sources"

    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    audio: Annotated[str | None, Flag(metavar="NAME")] = None
    name: Annotated[str, Flag(metavar="NAME")] = ""
    source: Annotated[tuple[str, ...], Flag(metavar="SOURCE", several=True)] = ()
    preset: Annotated[str | None, Flag(choices=PRESETS)] = None
    runs: Annotated[int | None, Flag(metavar="N")] = Field(None, ge=1)
    only_make: bool = False
    target: Annotated[str | None, Flag(metavar="NAME")] = None
    baseline_features: Annotated[tuple[str, ...], Flag(metavar="NAME,…")] = ()
    report: Annotated[Path | None, Flag(metavar="FILE.html")] = None
    study: Annotated[SourcesStudy, Group("the design")] = SourcesStudy()
    tasks: Annotated[tuple[AnyTask, ...], _TASKS] = ()
    splits: Annotated[
        Splits, Group("the splits of tasks", prefix="task-", groups={"split": Group(prefix="split-")})
    ] = Splits(split=FIFTH)
    network: Annotated[AnyNetwork, SHARED] = NETWORK
    split: Annotated[SplitSettings, Group("the split", prefix="split-")] = SplitSettings()
    train: Annotated[SourceTraining, Group("training", omit=("seed",))] = SourceTraining()

    @classmethod
    def usual(cls, given: Mapping[Place, Any]) -> dict[str, Any]:
        """Return the settings of the preset, for the network that is named."""
        values = usual_of_preset(given)
        values.pop("strategy", None)
        return {**super().usual(given), **values}

    @field_validator("report")
    @classmethod
    def _ends_in_html(cls, path: Path | None) -> Path | None:
        if path is not None and (path.suffix.lower() != ".html" or path.is_dir()):
            raise ValueError("must be a file that ends in .html")
        return path

    def answer(self, progress: Progress) -> Report:
        """Return the claims, decided by the printed figures and by ours."""
        data = open_folksonomy(self.data, between(progress, 0, 0.01))
        sources, absent = self._sources(data, between(progress, 0.01, 0.05))
        config, target = self._config(sources), self._target(data)
        name = self.name or f"sources-{self.data}"
        settings = self.study.design([source.name for source in sources])
        design = planned(name, settings, config, between(progress, 0.05, 0.08))
        share = between(progress, 0.08, 0.97)
        study = carry_out(design, config, target, absent, self.runs, self.only_make, share)
        scores, left = study.design.scores, len(study.design.runs) - len(study.finished)
        facts: dict[str, Any] = {
            "name": name, "data": self.data, "planned": len(study.design.runs),
            "trained": 0 if self.only_make else len(study.trained), "finished": len(study.finished),
            "scored": int(scores["number"].nunique()), "tasks": [task.title for task in target.tasks],
            "absent": absent.to_dict("records"), "baselines": study.baselines.to_dict("records"),
        }  # fmt: skip
        notes = [f"{left:,} runs are left; `taglab design work {name}` trains them, too"] if left else []
        if self.report is None:
            return Report(facts, claims_of(study), notes=tuple(notes))
        written = study_report(study, between(progress, 0.97, 1))
        write_study(written, self.report)
        facts["file"] = str(self.report)
        return Report(facts, written.claims, notes=(*notes, f"wrote {self.report}"))

    def _sources(self, data: Folksonomy, progress: Progress) -> tuple[list[LearningSource], pd.DataFrame]:
        """Return what is learned, and what of the thesis's sources the data cannot give."""
        none_absent = pd.DataFrame(columns=["source", "reason"])
        if self.source:
            return [source_of_text(text) for text in self.source], none_absent
        return sources_of(data, self.study.source_factors, progress)

    def _config(self, sources: list[LearningSource]) -> SourceRun:
        return source_run(
            {
                "sources": [source.model_dump() for source in sources], "data": self.data,
                "audio": self.audio or self.data,
                "strategy": "ms-cr@6" if len(sources) > 1 else "ss-r", "network": self.network,
                "split": self.split, "train": self.train,
            }
        )  # fmt: skip

    def _target(self, data: Folksonomy) -> Target:
        target = data if self.target in (None, self.data) else open_folksonomy(str(self.target))
        plays = plays_of(target.name)
        tasks: Any = self.tasks or usual_tasks(target, plays)
        kept = [open_features(name) for name in dict.fromkeys(self.baseline_features)]
        return Target(target, plays, tasks, self.splits, kept)
