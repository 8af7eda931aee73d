"""Whether a tagger learns what can be heard, and only that: a network held against the demo's truth.

Of every tag of the demo it is known whether its use depends on the sound or on the listener alone
(`taglab.sources.demo.demo_truth`). A tagger that is sound must find the first and must not find the second,
on tracks of artists it never heard. The thesis's models 1 and 2, the 100 most used tags and those of them
that pass its filter, are trained in the tiny size on one artist-grouped split and judged on its test part.

The rules, fixed before any figure was seen:

1. *Audible labels are learned*: the macro AUC-PR (average precision) of labels that depend on the sound is at
   least 3 times their mean prevalence.
2. *Junk labels are not*: each has a bootstrap 95 % interval of its ROC-AUC, which should cover 0.5. Of many
   labels some miss it by chance, and intervals of few positives are too narrow, so what judges is a rank
   test of each label (Mann and Whitney, two-sided), corrected for their number after Holm at 5 % for the
   family: none may be significant. How many intervals miss is told beside. The same rule is put to the
   audible labels, to show that it can find something.
3. *Genres, then moods, then junk*: the difference in mean ROC-AUC between each and the next has a bootstrap
   95 % interval above 0. ROC-AUC, because average precision rises with prevalence; that is told beside.
4. *Filtered against raw tags*: paired, on the labels and tracks both models have, for dropping bad labels
   raises a macro mean by arithmetic alone. Filtering is to cost nothing: the interval of the difference in
   macro AUC-PR does not lie below 0.

Source: Ros Perez 2021, sections 6.1, 6.2, tables 10 and 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.metrics.intervals import Bootstrap, BootstrapSettings, Interval, bootstrap, paired_bootstrap
from taglab.metrics.resampling import draws, label_replicates
from taglab.metrics.tagging import mean_of_defined, tagging_scores
from taglab.outcomes import Predictions, in_common
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.sources import open_folksonomy
from taglab.sources.demo import demo_truth
from taglab.studies.thesis.recipes import RecipeSettings, plan
from taglab.studies.thesis.reproducing import reproduce
from taglab.training import PRESETS, merged

__all__ = [
    "AUDIBLE",
    "JUNK",
    "LEAST_LIFT",
    "DemoProof",
    "DemoProofSettings",
    "holm",
    "judge_demo",
    "prove_demo",
]

Doubles = npt.NDArray[np.float64]

AUDIBLE, JUNK, BACKGROUND = "audible", "junk", "background"
LEAST_LIFT = 3.0
"""Macro AUC-PR of audible labels over their mean prevalence, at least."""
FAMILY_ERROR = 0.05
"""Chance of one significant label or more where none can be heard."""

_KIND_OF = {"sound": AUDIBLE, "listener": JUNK, "background": BACKGROUND}
_STEPS = (("genres", "moods"), ("moods", JUNK))


class DemoProofSettings(BaseModel):
    """How the proof is made.

    Attributes:
        data: The demo, or another seed of it.
        preset: A name in `taglab.training.PRESETS`.
        epochs: Times through the training tracks; None takes the preset's.
        validation_share: Of the tracks. This and the next are larger than usual, for narrower intervals.
        test_share: Of the tracks, whose artists are in no other part.
        seed: Of the split, the first weights, and all else that is drawn.
        replicates: Draws of the bootstrap.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = "demo"
    preset: str = "tiny"
    epochs: int | None = Field(None, ge=1)
    validation_share: float = Field(0.15, gt=0, lt=0.5)
    test_share: float = Field(0.25, gt=0, lt=0.5)
    seed: int = Field(0, ge=0)
    replicates: int = Field(2000, ge=100)


@dataclass(frozen=True, eq=False)
class DemoProof:
    """What the two models say of the demo's test tracks.

    Attributes:
        labels: A row a label of the raw model: `label`, `group` (the thesis's), `kind` (audible, junk,
            background), `positives`, `prevalence`, `average_precision`, `lift`, `roc_auc`, its interval `low`
            and `high`, `p` of the rank test, and `p_family`, corrected among labels of its kind.
        groups: A row each for genres, moods and junk: `labels` (how many), and the means of
            `average_precision`, `prevalence` and `roc_auc`.
        steps: A row each for genres - moods and moods - junk: `first`, `second`, `metric`, `difference`,
            `low`, `high`.
        filtering: Filtered minus raw, on the labels and tracks both have.
        common: How many labels those are.
        raw_on_common: Macro AUC-PR of the raw model on them.
        tracks: Test tracks.
        runs: Name of the model → the run it was.
    """

    labels: pd.DataFrame
    groups: pd.DataFrame
    steps: pd.DataFrame
    filtering: Bootstrap
    common: int
    raw_on_common: float
    tracks: int
    runs: Mapping[str, Run]

    __repr__ = one_line

    def of(self, kind: str) -> pd.DataFrame:
        """Return the labels of a kind that have a figure."""
        return self.labels[(self.labels["kind"] == kind) & self.labels["roc_auc"].notna()]

    @property
    def audible_lift(self) -> float:
        """Macro AUC-PR of the audible labels over their mean prevalence."""
        audible = self.of(AUDIBLE)
        return float(audible["average_precision"].mean() / audible["prevalence"].mean())

    @property
    def junk_missed(self) -> tuple[str, ...]:
        """Junk labels whose interval does not cover 0.5."""
        junk = self.of(JUNK)
        return tuple(junk.loc[(junk["low"] > 0.5) | (junk["high"] < 0.5), "label"])

    def significant(self, kind: str) -> tuple[str, ...]:
        """Return the labels of a kind told from chance by the rule for many labels."""
        found = self.of(kind)
        return tuple(found.loc[found["p_family"] < FAMILY_ERROR, "label"])

    @property
    def verdicts(self) -> dict[str, bool]:
        """Return the rules of this module by name, and whether each holds."""
        steps = self.steps[self.steps["metric"] == "roc_auc"]
        return {
            f"audible labels reach {LEAST_LIFT:g} times prevalence": self.audible_lift >= LEAST_LIFT,
            "no junk label is told from chance": not self.significant(JUNK),
            "genres > moods > junk": bool((steps["low"] > 0).all()),
            # Of models that order all tracks alike there is no interval, and no cost.
            "filtering costs nothing": not self.filtering.average_precision.macro.high < 0,
        }


def prove_demo(
    settings: DemoProofSettings | None = None,
    changes: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> DemoProof:
    """Train both models, or take them where they are trained already, and judge them.

    Args:
        settings: See `DemoProofSettings`.
        changes: Settings of `taglab.training.RunConfig` over those of the preset, nested.
        progress: Told after every step.

    Raises:
        InvalidSetting: If the data are not the demo, or a setting is not what it may be.
        NotFound: If there is no such preset or data.
    """
    settings = settings or DemoProofSettings()
    data = open_folksonomy(settings.data, between(progress, 0, 0.02))
    demo_truth(data)  # refuses other data before anything is trained
    asked = merged(_changes(settings), changes or {})
    runs = {}
    for at, (name, recipe) in enumerate((("raw", "model-1"), ("filtered", "model-2"))):
        told = between(progress, 0.02 + 0.47 * at, 0.49 + 0.47 * at, name)
        planned = plan(recipe, RecipeSettings(data=settings.data), silent)
        (runs[name],) = reproduce(planned, preset=settings.preset, changes=asked, progress=told).runs.values()
    raw, filtered = (_test_of(run) for run in runs.values())
    drawn = BootstrapSettings(replicates=settings.replicates, seed=settings.seed)
    return judge_demo(raw, filtered, data, drawn, runs, between(progress, 0.96, 1))


def _changes(settings: DemoProofSettings) -> dict[str, Any]:
    """Return what the proof asks of a run beside the preset; no track is dropped: both learn of the same."""
    epochs = settings.epochs or PRESETS.get(settings.preset, {}).get("train", {}).get("epochs")
    train = {
        "by_artist": True,
        "validation_share": settings.validation_share,
        "test_share": settings.test_share,
        "split_seed": settings.seed,
        "seed": settings.seed,
        "drop_unlabelled_tracks": False,
        **({} if epochs is None else {"epochs": epochs}),
    }
    return {"train": train}


def _test_of(run: Run) -> Predictions:
    found = run.predictions("test")
    if found is None:
        raise InvalidSetting(f"run {run.name!r} has no test predictions; is it trained to its end?")
    return found


def judge_demo(
    raw: Predictions,
    filtered: Predictions,
    demo: Folksonomy,
    settings: BootstrapSettings | None = None,
    runs: Mapping[str, Run] | None = None,
    progress: Progress = silent,
) -> DemoProof:
    """Judge what two models say of the demo; see the rules of this module.

    Args:
        raw: Of a model whose classes are tags of the demo, junk among them.
        filtered: Of a model without the junk, on the same split.
        demo: Whose tags they are.
        settings: Of the bootstrap.
        runs: What to keep beside the result.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If `demo` is not the demo, a class is not a tag of it, or the models were trained on
            different splits.
    """
    if raw.split != filtered.split:
        raise InvalidSetting("raw and filtered must be of one split; they were trained on different tracks")
    settings = settings or BootstrapSettings()
    labels = _labels(raw, _truth_of(raw.classes, demo), settings, between(progress, 0, 0.4))
    groups, steps = _groups(raw, labels, settings)
    progress(0.7, "groups of labels")
    ours, theirs = in_common(filtered, raw)
    paired = paired_bootstrap(ours.truth, ours.scores, theirs.scores, settings, between(progress, 0.7, 1))
    before = tagging_scores(theirs.truth, theirs.scores).macro_average_precision
    return DemoProof(labels, groups, steps, paired, ours.n_classes, before, raw.n_tracks, dict(runs or {}))


def _truth_of(classes: tuple[str, ...], demo: Folksonomy) -> pd.DataFrame:
    truth = demo_truth(demo).set_index("tag")
    unknown = [name for name in classes if name not in truth.index]
    if unknown:
        raise InvalidSetting(f"classes must be tags of the demo; {', '.join(unknown[:3])} is none")
    return truth.loc[list(classes)]


def _labels(
    raw: Predictions, truth: pd.DataFrame, settings: BootstrapSettings, progress: Progress
) -> pd.DataFrame:
    found = tagging_scores(raw.truth, raw.scores)
    spread = bootstrap(raw.truth, raw.scores, settings, progress).roc_auc
    table = pd.DataFrame(
        {
            "label": list(raw.classes),
            "group": truth["group"].to_numpy(),
            "kind": truth["basis"].map(_KIND_OF).to_numpy(),
            "positives": found.positives,
            "prevalence": found.prevalence,
            "average_precision": found.average_precision,
            "lift": found.lift,
            "roc_auc": found.roc_auc,
            "low": spread.low,
            "high": spread.high,
            "p": _rank_tests(raw),
        }
    )
    table["p_family"] = np.nan
    for _, rows in table.groupby("kind"):
        table.loc[rows.index, "p_family"] = holm(rows["p"].to_numpy())
    return table


def _rank_tests(predictions: Predictions) -> Doubles:
    """Return the chance, for each label, of a ROC-AUC as far from 0.5 if scores meant nothing (classes,)."""
    from scipy.stats import mannwhitneyu

    p = np.full(predictions.n_classes, np.nan)
    for column in range(predictions.n_classes):
        truth, scores = predictions.truth[:, column], predictions.scores[:, column]
        if truth.any() and not truth.all():
            p[column] = mannwhitneyu(scores[truth], scores[~truth]).pvalue
    return p


def holm(p: Doubles) -> Doubles:
    """Return p-values corrected for their number, so that a family's chance of any error is kept.

    Args:
        p: (tests,); NaN is no test and stays NaN.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6 (1979).
    """
    corrected = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1)
    return corrected


def _groups(
    raw: Predictions, labels: pd.DataFrame, settings: BootstrapSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the means of genres, moods and junk, and the differences between them with intervals."""
    audible, judged = labels["kind"] == AUDIBLE, labels["roc_auc"].notna()
    members = {
        "genres": np.flatnonzero(audible & judged & (labels["group"] == "genres")),
        "moods": np.flatnonzero(audible & judged & (labels["group"] == "emotions")),
        JUNK: np.flatnonzero((labels["kind"] == JUNK) & judged),
    }
    columns = ["average_precision", "prevalence", "roc_auc"]
    means = pd.DataFrame({name: labels.iloc[rows][columns].mean() for name, rows in members.items()}).T
    means.insert(0, "labels", [len(rows) for rows in members.values()])
    weights = draws(np.random.default_rng(settings.seed), raw.n_tracks, settings.replicates)
    drawn = {name: _group_replicates(raw, rows, weights) for name, rows in members.items()}
    rows = []
    for first, second in _STEPS:
        for at, metric in enumerate(("average_precision", "roc_auc")):
            estimate = float(means[metric][first] - means[metric][second])
            found = _interval(estimate, drawn[first][at] - drawn[second][at], settings.level)
            rows.append((first, second, metric, found.estimate, found.low, found.high))
    steps = pd.DataFrame(rows, columns=["first", "second", "metric", "difference", "low", "high"])
    return means.rename_axis("group").reset_index(), steps


def _group_replicates(raw: Predictions, columns: npt.NDArray[np.int64], weights: Any) -> Doubles:
    """Return the means over labels of average precision and ROC-AUC in each replicate (2, replicates)."""
    if not len(columns):
        return np.full((2, sum(each.shape[1] for each in weights)), np.nan)
    found = [label_replicates(raw.truth[:, at], raw.scores[:, at], weights) for at in columns]
    return np.asarray(np.nanmean(np.stack(found), axis=0))


def _interval(estimate: float, replicates: Doubles, level: float) -> Interval:
    """Return an interval, replicates centred on the estimate as in `taglab.metrics.intervals`."""
    centred = replicates - mean_of_defined(replicates) + estimate
    low, high = np.nanquantile(centred, ((1 - level) / 2, (1 + level) / 2))
    return Interval(estimate, float(low), float(high), float("nan"))
