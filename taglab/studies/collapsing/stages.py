"""Stages: one folksonomy's chosen tags, first alone, then with what is collapsed into them.

Stage I has the 50 chosen tags as they are; stage II adds the tags that hold their names (`CollapseWords`);
stage III adds to those the tags that lie near them (`CollapseEmbeddings`): the published map of stage III
holds that of stage II whole. Collapsing makes classes more frequent, and with that alone AUC-PR rises; so
each stage is scored against its own truth and against stage I's.

Source: readme on audio classification with word embeddings.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from taglab.cleaning import STAGE_1, STAGE_1_TAGS, CollapseEmbeddings, CollapseWords
from taglab.cleaning.collapse_words import spelt_as
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelClass, LabelSpace
from taglab.metrics import metrics_of
from taglab.outcomes import Predictions, rescore
from taglab.progress import Progress, between, silent
from taglab.runs import Run, open_published
from taglab.runs.tables import of_predictions
from taglab.vectors import TagVectors

__all__ = [
    "CATEGORY_OF",
    "STAGES",
    "TRUTHS",
    "Stage",
    "StageSettings",
    "by_category",
    "categories_of_runs",
    "collapsed_into",
    "left_out",
    "published_categories",
    "score_stages",
    "stage_of",
    "stage_prevalence",
    "stage_runs",
    "stage_space",
    "stage_spaces",
]

Stage = Literal["I", "II", "III"]
STAGES: dict[str, Stage] = {"stage-1": "I", "stage-2": "II", "stage-3": "III"}
"""Name on the command line → stage."""

CATEGORY_OF = {tag: category for category, tags in STAGE_1.items() for tag in tags}
"""Chosen tag → genre, emotion, descriptive or numeric."""

_SIZES = {category: len(tags) for category, tags in STAGE_1.items()}

TRUTHS = ("own", "I")
"""Truths that a stage is scored against: its own, and stage I's."""


class StageSettings(BaseModel):
    """How the stages are made of a folksonomy.

    Attributes:
        targets: Tags to collapse into; by default the 50 of stage I.
        several: Whether stage II puts a tag into every target it names, or only into the last.
        percentile: Of stage III, share of the fitted normal below the cut.
        cut: Whether that cut is the normal's or the distances' own quantile.
        all_near: Whether stage III puts a tag into every target it lies near, or only into the nearest.
        numeric: Whether targets with a digit ("80s") take part in stage III.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    targets: tuple[str, ...] = Field(STAGE_1_TAGS, min_length=1)
    several: bool = True
    percentile: float = Field(0.001, gt=0, lt=0.5)
    cut: Literal["normal", "empirical"] = "normal"
    all_near: bool = False
    numeric: bool = False

    def words(self, targets: tuple[str, ...] | None = None) -> CollapseWords:
        """Return the step of stage II, for all targets or those given."""
        return CollapseWords(targets=targets or self.targets, several=self.several)

    def near(self, targets: tuple[str, ...] | None = None) -> CollapseEmbeddings:
        """Return what stage III does beyond that."""
        return CollapseEmbeddings(
            targets=targets or self.targets,
            percentile=self.percentile,
            cut=self.cut,
            several=self.all_near,
            numeric=self.numeric,
        )


def collapsed_into(
    folksonomy: Folksonomy,
    stage: Stage,
    vectors: TagVectors | None = None,
    settings: StageSettings | None = None,
    progress: Progress = silent,
) -> dict[str, tuple[str, ...]]:
    """Return which tags a stage collapses: tag → targets, written as chosen.

    Targets are in here themselves, whatever their case ("Rock" → rock). What stage II says something of, be
    it that "not happy" is not happy, stage III leaves alone.

    Args:
        folksonomy: Any.
        stage: "I", "II" or "III".
        vectors: What tags mean; stage III needs them.
        settings: Targets and how to collapse; the defaults where None.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If `stage` is none, or stage III has no vectors.
    """
    if stage not in STAGES.values():
        raise InvalidSetting(f"stage={stage!r} must be one of {', '.join(STAGES.values())}")
    settings = settings or StageSettings()
    tags = folksonomy.tags["tag"].tolist()
    written = _written(folksonomy, settings)
    by_case = {tag.casefold(): target for target, tag in written.items()}
    found: dict[str, tuple[str, ...]] = {}
    for tag in tags:
        if target := by_case.get(tag.casefold()):
            found[tag] = (target,)
    if stage == "I" or not written:
        return found
    # Targets that are not there would take tags away from those that are.
    there = tuple(written)
    plan = settings.words(there).plan(folksonomy, progress=between(progress, 0.0, 0.5))
    mapping = plan.mapping
    if stage == "III":
        near = settings.near(there).plan(folksonomy, vectors, between(progress, 0.5, 1.0)).mapping
        said = set(plan.changes["tag"])
        mapping |= {tag: targets for tag, targets in near.items() if tag not in said}
    meant = {tag: target for target, tag in written.items()}
    for tag, targets in mapping.items():
        found.setdefault(tag, tuple(meant[target] for target in targets))
    return found


def _written(folksonomy: Folksonomy, settings: StageSettings) -> dict[str, str]:
    """Return each target that is a tag → that tag, the most used spelling of it."""
    tags = folksonomy.tags["tag"].tolist()
    known = set(tags)
    written = spelt_as(settings.targets, tags)
    return {target: tag for target, tag in written.items() if tag in known}


def left_out(folksonomy: Folksonomy, settings: StageSettings | None = None) -> tuple[str, ...]:
    """Return the targets that no tag of a folksonomy is, whatever its case; no stage has a class for them."""
    settings = settings or StageSettings()
    there = _written(folksonomy, settings)
    return tuple(target for target in settings.targets if target not in there)


def stage_space(
    folksonomy: Folksonomy,
    stage: Stage,
    vectors: TagVectors | None = None,
    settings: StageSettings | None = None,
    name: str | None = None,
    progress: Progress = silent,
) -> LabelSpace:
    """Return a stage as classes: each target with the tags that are collapsed into it.

    Classes are named by the targets as chosen and stand in their order, so that those of several stages have
    the same names. A tag stands in every class it is collapsed into. A target that is no tag of the
    folksonomy has no class in any stage; `left_out` lists them, and so does `made_by`.

    Args:
        folksonomy: What was tagged, uncollapsed; `LabelSpace.targets` of it gives the collapsed truth.
        stage: "I", "II" or "III".
        vectors: What tags mean; stage III needs them.
        settings: Targets and how to collapse; the defaults where None.
        name: Of the label space; by default "stage-1" and so on.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If `stage` is none, stage III has no vectors, or no target is a tag.
    """
    settings = settings or StageSettings()
    found = collapsed_into(folksonomy, stage, vectors, settings, progress)
    absent = left_out(folksonomy, settings)
    members: dict[str, list[str]] = {target: [] for target in settings.targets if target not in absent}
    for tag in folksonomy.tags["tag"]:
        for target in found.get(tag, ()):
            members[target].append(tag)
    if not members:
        raise InvalidSetting(f"{folksonomy.name} has none of the tags that the stages are made of")
    made_by: dict[str, Any] = {"method": "stage", "stage": stage, "data": folksonomy.name, "absent": absent}
    told = {"I": (), "II": ("several",), "III": ("several", "percentile", "cut", "all_near", "numeric")}
    made_by |= settings.model_dump(mode="json", include=set(told[stage]))
    if stage == "III":
        made_by["vectors"] = vectors.name if vectors else ""
    classes = tuple(LabelClass(target, tuple(tags)) for target, tags in members.items())
    return LabelSpace(name or _command_name(stage), classes, made_by)


def _command_name(stage: Stage) -> str:
    return next(name for name, each in STAGES.items() if each == stage)


def stage_spaces(
    folksonomy: Folksonomy,
    vectors: TagVectors,
    settings: StageSettings | None = None,
    progress: Progress = silent,
) -> dict[Stage, LabelSpace]:
    """Return all three stages of a folksonomy; see `stage_space`."""
    return {
        stage: stage_space(
            folksonomy, stage, vectors, settings, progress=between(progress, number / 3, (number + 1) / 3)
        )
        for number, stage in enumerate(STAGES.values())
    }


def stage_of(space: LabelSpace | None) -> Stage:
    """Return which stage a label space is.

    Raises:
        InvalidSetting: If it is none.
    """
    found = space.made_by.get("stage") if space is not None else None
    for stage in STAGES.values():
        if found == stage:
            return stage
    raise InvalidSetting("this is no stage of collapsing; `taglab reproduce stage-1` makes one")


def stage_prevalence(folksonomy: Folksonomy, spaces: Mapping[Stage, LabelSpace]) -> pd.DataFrame:
    """Return how frequent each class is in each stage.

    Returns:
        `stage`, `category`, `class`, `tags` (in the class), `tracks` (that have one of them), `prevalence`
        (share of all tracks), `gain` (tracks over those of the first stage given).
    """
    parts = []
    first: npt.NDArray[np.int64] | None = None
    for stage, space in spaces.items():
        table = space.report(folksonomy).classes
        tracks = table["tracks"].to_numpy(np.int64)
        first = tracks if first is None else first
        parts.append(
            pd.DataFrame(
                {
                    "stage": stage,
                    "category": table["class"].map(CATEGORY_OF).fillna("").astype("str"),
                    "class": table["class"],
                    "tags": table["tags"],
                    "tracks": tracks,
                    "prevalence": tracks / max(folksonomy.n_tracks, 1),
                    "gain": np.divide(tracks, first, out=np.full(len(first), np.nan), where=first > 0),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def score_stages(
    predictions: Mapping[Stage, Predictions], folksonomy: Folksonomy, first: LabelSpace
) -> pd.DataFrame:
    """Return what each stage's tagger reaches, against its own truth and against stage I's.

    Scores against stage I's truth are of the tracks that all of the predictions have, so that they differ by
    the scores alone: a stage that labels more tracks also keeps more of them in its test part.

    Args:
        predictions: Stage → what its tagger said of test tracks, with their ids.
        folksonomy: What was tagged, uncollapsed.
        first: Stage I, the classes of which the others' are named after.

    Returns:
        `stage`, `truth` ("own" or "I"), `category`, `label`, and as `taglab.compare.tables.of_predictions`
        every metric of predictions, `positives`, `tracks`, `prevalence`.

    Raises:
        InvalidSetting: If there are no predictions, they have no ids of tracks, or no track in common.
    """
    if not predictions:
        raise InvalidSetting("predictions must hold those of at least one stage")
    shared = set.intersection(*(set(each.tracks) for each in predictions.values()))
    rows = np.flatnonzero(folksonomy.tracks["track"].isin(shared))
    tracks = folksonomy.tracks["track"].to_numpy(object)[rows].tolist()
    truth = first.targets(folksonomy)[rows]
    parts = []
    for stage, each in predictions.items():
        judged = {"own": each, "I": rescore(each, tracks, first.names, truth).predictions}
        parts += [of_predictions(found).assign(stage=stage, truth=name) for name, found in judged.items()]
    table = pd.concat(parts, ignore_index=True)
    table["category"] = table["label"].map(CATEGORY_OF).fillna("").astype("str")
    columns = ["stage", "truth", "category", "label", *metrics_of(), "positives", "tracks", "prevalence"]
    return table[columns]


def by_category(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over the classes of each category, and over all.

    Args:
        scores: As `score_stages` gives.

    Returns:
        `stage`, `truth`, `category` ("all" last), `labels` (with a figure), the metrics, `prevalence`.
    """
    known = scores[scores["average_precision"].notna()]
    together = pd.concat([known, known.assign(category="all")], ignore_index=True)
    grouped = together[together["category"] != ""].groupby(["truth", "category", "stage"])
    table = grouped[[*metrics_of(), "prevalence"]].mean()
    table.insert(0, "labels", grouped.size())
    orders = (TRUTHS, (*STAGE_1, "all"), tuple(STAGES.values()))
    wanted = [key for key in itertools.product(*orders) if key in table.index]
    return table.loc[wanted].reset_index()


def stage_runs(runs: Iterable[Run]) -> dict[Stage, Run]:
    """Return those of runs that are of a stage and keep predictions of test tracks, the first of each stage.

    Only runs of one data set have one truth: that of the first decides.
    """
    found: dict[Stage, Run] = {}
    for run in runs:
        space = run.label_space()
        if space is None or space.made_by.get("stage") not in STAGES.values():
            continue
        same = not found or next(iter(found.values())).config.get("data") == run.config.get("data")
        if same and run.predictions("test") is not None:
            found.setdefault(stage_of(space), run)
    return found


def categories_of_runs(runs: Mapping[Stage, Run], folksonomy: Folksonomy) -> pd.DataFrame:
    """Return what runs reach by category, by their own truth and by stage I's, as `by_category`.

    Args:
        runs: As `stage_runs` gives.
        folksonomy: Their data.
    """
    known = {stage: found for stage, run in runs.items() if (found := run.predictions("test")) is not None}
    return by_category(score_stages(dict(sorted(known.items())), folksonomy, stage_space(folksonomy, "I")))


def published_categories() -> pd.DataFrame:
    """Return the published means by category, in the form of `by_category`.

    Returns:
        `truth` ("published": each stage's own), `category`, `stage`, `labels`, `auc_pr`, `auc_roc`.
    """
    parts = [
        open_published(name)
        .groups()
        .assign(stage=stage, truth="published", labels=lambda table: table["group"].map(_SIZES))
        for name, stage in STAGES.items()
    ]
    table = pd.concat(parts, ignore_index=True).rename(columns={"group": "category"})
    rank = table["category"].map(list(STAGE_1).index)
    order = np.argsort(rank.to_numpy(np.int64), kind="stable")
    return table.iloc[order][["truth", "category", "stage", "labels", "auc_pr", "auc_roc"]].reset_index(
        drop=True
    )
