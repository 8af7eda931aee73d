"""The stages of collapsing on a data set, their taggers, and maps made by others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import Field

from taglab.embeddings import TagQuestion
from taglab.errors import InvalidSetting, NotFound
from taglab.progress import Progress, between
from taglab.runs import open_run
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.studies.collapsing.stages import (
    StageSettings,
    by_category,
    collapsed_into,
    left_out,
    published_categories,
    score_stages,
    stage_of,
    stage_prevalence,
    stage_space,
    stage_spaces,
)
from taglab.studies.collapsing.trials import (
    PERCENTILES,
    agreement,
    disagreements,
    parse_collapsed,
    percentile_curve,
)
from taglab.verbs.question import Question
from taglab.verbs.report import Report


class _Making(Question):
    """Stages that are made.

    Attributes:
        tags: Which tags, and by which vectors stage III collapses them.
        settings: How tags are collapsed.
    """

    tags: Annotated[TagQuestion, Group(omit=("min_count",))] = TagQuestion()
    settings: Annotated[StageSettings, Group("how tags are collapsed")] = StageSettings()


class Show(_Making):
    """Make the three stages of a data set and show how frequent their classes are.

    Attributes:
        by: What a row is.
    """

    returns: ClassVar[str] = (
        "{data, left_out: [tag], rows: [{stage, category, class, tags, tracks, prevalence, gain}]}"
    )
    examples: ClassVar[str] = "taglab stages show --data lastfm --vectors glove --out stages.csv"

    by: Literal["class", "category"] = "class"

    def answer(self, progress: Progress) -> Report:
        """Return a row for every class and stage."""
        asked = self.tags.open_words(between(progress, 0.0, 0.6))
        spaces = stage_spaces(asked.data, asked.vectors, self.settings, between(progress, 0.6, 1.0))
        table = stage_prevalence(asked.data, spaces)
        if self.by == "category":
            means = table.groupby(["category", "stage"], sort=False)[["tags", "tracks", "prevalence", "gain"]]
            table = means.mean().reset_index()
        return Report({"data": self.tags.data, "left_out": list(left_out(asked.data, self.settings))}, table)


class Curve(_Making):
    """Collapse the demo's tags at several cuts, and hold that against what they mean: how much of what is
    planted is found, and how much of what is collapsed is junk. Of other data that is not known.

    Attributes:
        percentiles: Shares below the cut, commas between.
    """

    returns: ClassVar[str] = "[{percentile, merged, precision, recall, junk, planted}]"
    examples: ClassVar[str] = (
        "taglab stages curve --out curve.csv\ntaglab stages curve --percentiles 0.001,0.01,0.1"
    )

    percentiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = PERCENTILES

    def answer(self, progress: Progress) -> Report:
        """Return a row for every cut."""
        asked = self.tags.open_words(between(progress, 0.0, 0.6))
        step, shares = self.settings.near(), list(self.percentiles)
        collapsing = between(progress, 0.6, 1.0)
        return Report(table=percentile_curve(asked.data, asked.vectors, shares, step, collapsing))


class Score(Question):
    """Score the test tracks of up to three runs, one a stage, against their own labels and against those of
    stage I, on the tracks that all have. Collapsing makes labels more frequent, and with that alone AUC-PR
    rises; by one truth it does not.

    Attributes:
        runs: Runs of one data set, one a stage.
        by: What a row is.
    """

    returns: ClassVar[str] = "[{truth, category, stage, labels, every metric by its name, prevalence}]"
    examples: ClassVar[str] = "taglab stages score run-1 run-2 run-3"

    runs: Annotated[tuple[str, ...], Flag(metavar="RUN", word=True)]
    by: Literal["class", "category"] = "category"

    def answer(self, progress: Progress) -> Report:
        """Return a row for every category, or class, and stage."""
        runs = [open_run(name) for name in self.runs]
        names = {str(run.config.get("data", "")) for run in runs}
        if len(names) != 1:
            raise InvalidSetting("runs of one data set have one truth; these are of several")
        predictions = {}
        for run in runs:
            kept = run.predictions("test")
            if kept is None:
                raise NotFound(f"run {run.name!r} has kept no predictions of test tracks")
            stage = stage_of(run.label_space())
            if stage in predictions:
                raise InvalidSetting(f"two runs are of stage {stage}")
            predictions[stage] = kept
        data = open_folksonomy(names.pop(), progress)
        scores = score_stages(dict(sorted(predictions.items())), data, stage_space(data, "I"))
        if self.by == "class":
            return Report(table=scores)
        published = published_categories()
        theirs = published[published["stage"].isin(list(predictions))]
        return Report(table=pd.concat([by_category(scores), theirs], ignore_index=True))


class Agree(_Making):
    """Hold a stage of a data set against a file of others: a line a tag, a tab, and the tag it was collapsed
    into. What only they have is sorted by how the tag holds the target: denied, as letters inside other
    words, as a slip, by meaning, as a whole word.

    Attributes:
        file: The map: a tag, a tab, a target a line.
        stage: Ours.
        pairs: Every pair that differs, in place of a row a target.
    """

    returns: ClassVar[str] = (
        "{stage, tags, not_here, rows: [{target, both, only_ours, only_theirs, agreement, ...}]}"
    )
    examples: ClassVar[str] = "taglab stages agree theirs.tsv --stage III --data lastfm --vectors glove"

    file: Annotated[Path, Flag(metavar="FILE", word=True)]
    stage: Literal["II", "III"] = "II"
    pairs: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return a row for every target, or pair that differs."""
        theirs = parse_collapsed(self.file.read_bytes(), str(self.file))
        data = open_folksonomy(self.tags.data, between(progress, 0.0, 0.2))
        looking = between(progress, 0.2, 0.6)
        vectors = self.tags.of_words(data, looking).vectors if self.stage == "III" else None
        ours = collapsed_into(data, self.stage, vectors, self.settings, between(progress, 0.6, 1.0))
        known = set(data.tags["tag"])
        common = {tag: targets for tag, targets in theirs.items() if tag in known}
        ours = {tag: ours.get(tag, ()) for tag in common}
        facts = {"stage": self.stage, "tags": len(common), "not_here": len(theirs) - len(common)}
        return Report(facts, (disagreements if self.pairs else agreement)(ours, common))
