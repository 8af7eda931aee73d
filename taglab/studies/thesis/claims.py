"""What the thesis claims, each with a rule, fixed before any training, by which figures decide on it.

A rule asks for three things. Figures: of the models it names, and of so many labels at least; where they are
missing, the claim cannot be tested. A difference: so large at least. An interval: where the figures are by
label, Student's 95 % interval over labels, of two sets of labels Welch's, lies above 0; it is honest for a
handful of labels, of which a bootstrap would be too sure. A claim that passes all three holds. It is
contradicted only where the interval lies on the other side of 0. Figures that are there and say neither do
not show it, which is no refutation: of few labels most differences are not shown. Scores are not swapped by
track, as elsewhere, because of most figures here only one number a label is printed.

A pooled (micro) figure is one number a training; more is asked of its difference, and where both runs have
kept predictions of their validation tracks, 95 % of the differences that come of drawing tracks again lie
above 0; the classes of the two need not be the same, so that no scores can change sides. Of printed figures
there is no such interval, so that they may show a claim and never contradict it. A pooled figure of a model
whose number of classes is not told decides nothing. One training a model stands behind each figure, so that
no rule knows how much another seed would change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from taglab.compare.groups import tag_groups
from taglab.metrics.repeated import mean_interval
from taglab.metrics.thresholds import auc_pr_interpolated, confusion
from taglab.outcomes import Predictions
from taglab.studies.claims import claim_row
from taglab.studies.thesis.evidence import Evidence, Figures, gammas_of, judged_alike
from taglab.studies.thesis.pooled import pooled_differences
from taglab.studies.verdicts import NOT_SHOWN, Judgement, decided, untested, weakest

__all__ = ["CLAIMS", "Claim", "claims_table"]

DoubleArray = npt.NDArray[np.float64]

LEAST_LABELS = 10
LEAST_OF_GROUP = 3
BY_LABEL = 0.005
"""Least difference of means over labels, in AUC-PR."""
POOLED = 0.01
"""Least difference of pooled figures."""
_LEVEL = 0.95


Judge = Callable[[Evidence, str], Judgement]


@dataclass(frozen=True)
class Claim:
    """A claim of the thesis.

    Attributes:
        says: What it claims.
        source: Where.
        rule: By what it is decided.
        judge: Carries the rule out, on figures and for one of the networks.
    """

    says: str
    source: str
    rule: str
    judge: Judge


def _missing(evidence: Evidence, names: Sequence[str]) -> str:
    absent = [name for name in names if name not in evidence]
    return f"no figures of {', '.join(absent)}" if absent else ""


def _interval(replicates: DoubleArray) -> tuple[float, float]:
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return float(low), float(high)


def _of_mean(differences: DoubleArray) -> tuple[float, float]:
    """Return the ends of Student's interval of a mean; of values that are all the same, that value."""
    if len(differences) > 1 and not np.ptp(differences):
        return float(differences[0]), float(differences[0])
    found = mean_interval(differences, level=_LEVEL)
    return found.low, found.high


def _of_means(first: DoubleArray, second: DoubleArray) -> tuple[float, float]:
    """Return the ends of Welch's interval of the first mean minus the second."""
    if not np.ptp(first) and not np.ptp(second):
        return (float(first[0] - second[0]),) * 2
    found = stats.ttest_ind(first, second, equal_var=False).confidence_interval(_LEVEL)
    return float(found.low), float(found.high)


def _paired(first: pd.Series, second: pd.Series) -> DoubleArray:
    """Return the differences on the labels both have, first minus second."""
    both = first.index.intersection(second.index)
    return (first[both] - second[both]).dropna().to_numpy(np.float64)


def _names(network: str, *models: str) -> list[str]:
    return [f"thesis-{model}-{network}" for model in models]


def on_shared_labels(better: str, worse: str) -> Judge:
    """Return a judge of means over the labels that two models have in common, in pairs."""

    def judge(evidence: Evidence, network: str) -> Judgement:
        names = _names(network, better, worse)
        said = _missing(evidence, names)
        if said:
            return untested(said)
        first, second = (evidence[name] for name in names)
        return _over_labels(_paired(first.per_label, second.per_label))

    return judge


def _over_labels(differences: DoubleArray) -> Judgement:
    """Judge a difference in AUC-PR by label."""
    if len(differences) < LEAST_LABELS:
        return untested(f"{len(differences)} labels in common", len(differences))
    low, high = _of_mean(differences)
    return decided(float(differences.mean()), low, high, len(differences), BY_LABEL)


def in_means(better: str, worse: str) -> Judge:
    """Return a judge of means over each model's own labels, which need not be the same."""

    def judge(evidence: Evidence, network: str) -> Judgement:
        names = _names(network, better, worse)
        said = _missing(evidence, names)
        if said:
            return untested(said)
        first, second = (evidence[name].per_label.dropna().to_numpy(np.float64) for name in names)
        labels = min(len(first), len(second))
        if labels < LEAST_LABELS:
            return untested(f"figures of {labels} labels", labels)
        low, high = _of_means(first, second)
        return decided(float(first.mean() - second.mean()), low, high, labels, BY_LABEL)

    return judge


def pooled(metric: str, better: str, worse: str) -> Judge:
    """Return a judge of a pooled figure of two models, tracks drawn again where predictions are kept."""

    def judge(evidence: Evidence, network: str) -> Judgement:
        names = _names(network, better, worse)
        said = _missing(evidence, names)
        if said:
            return untested(said)
        first, second = (evidence[name] for name in names)
        difference = first.means.get(metric, np.nan) - second.means.get(metric, np.nan)
        labels = min(first.n_classes, second.n_classes)
        if np.isnan(difference):
            return untested("a pooled figure is missing", labels)
        if labels < LEAST_LABELS:
            return untested(_too_few(labels), labels)
        return decided(difference, *_over_tracks(first, second, metric, difference), labels, POOLED)

    return judge


def _too_few(classes: int) -> str:
    return f"pooled figures of {classes} classes" if classes else "how many classes there are is not told"


def _over_tracks(first: Figures, second: Figures, metric: str, difference: float) -> tuple[float, float]:
    """Return the interval of a pooled difference, tracks drawn again; from ∞ where none is known."""
    ours, theirs = first.predictions("validation"), second.predictions("validation")
    if ours is None or theirs is None or not (ours.named and theirs.named):
        return np.inf, np.nan
    off = pooled_differences(ours, theirs, metric)
    known = off[~np.isnan(off)]
    return _interval(difference + known) if len(known) else (np.inf, np.nan)


_KS = ("k100", "k250", "k500", "k750", "k1000")


def along_k(metric: str, sign: int) -> Judge:
    """Return a judge of a pooled figure over the number of clusters.

    Args:
        metric: Which figure.
        sign: 1 where it is to rise with k, -1 where it is to fall.
    """

    def judge(evidence: Evidence, network: str) -> Judgement:
        names = [name for name in _names(network, *(f"3.3-{k}" for k in _KS)) if name in evidence]
        with_figure = [
            evidence[name] for name in names if not np.isnan(evidence[name].means.get(metric, np.nan))
        ]
        known = [figures for figures in with_figure if figures.n_classes]
        if len(known) < 3:
            said = f"figures of {len(known)} numbers of clusters, 3 are needed"
            unknown = len(with_figure) - len(known)
            return untested(f"{said}; of {unknown} more {_too_few(0)}" if unknown else said)
        labels = min(figures.n_classes for figures in known)
        if labels < LEAST_LABELS:
            return untested(_too_few(labels), labels)
        values = np.array([figures.means[metric] for figures in known])
        difference = sign * float(values[-1] - values[0])
        constant = np.ptp(values) == 0
        rank = 0.0 if constant else float(stats.spearmanr(np.arange(len(values)), values).statistic)
        if difference >= POOLED and sign * rank < 0.8:
            said = f"rank correlation {sign * rank:.2f}, 0.8 is asked for"
            return Judgement(NOT_SHOWN, difference, np.nan, np.nan, labels, said)
        higher, lower = (known[-1], known[0])[::sign]
        return decided(difference, *_over_tracks(higher, lower, metric, difference), labels, POOLED)

    return judge


def of_groups(model: str, *order: str) -> Judge:
    """Return a judge of groups of tags, each with a higher mean than the next."""

    def judge(evidence: Evidence, network: str) -> Judgement:
        (name,) = _names(network, model)
        said = _missing(evidence, [name])
        if said:
            return untested(said)
        values = evidence[name].per_label.dropna()
        groups = tag_groups(tuple(map(str, values.index)))
        of_label = np.array([groups[str(label)] for label in values.index])
        parts = [values.to_numpy(np.float64)[of_label == group] for group in order]
        labels = min(map(len, parts))
        if labels < LEAST_OF_GROUP:
            return untested(f"{labels} labels in a group", labels)
        steps = [
            decided(float(upper.mean() - lower.mean()), *_of_means(upper, lower), labels, BY_LABEL)
            for upper, lower in pairwise(parts)
        ]
        return weakest(steps)

    return judge


def group_gains(better: str, worse: str, gaining: str, losing: str) -> Judge:
    """Return a judge of two groups of labels, of which one gains and the other loses by a change of model."""

    def judge(evidence: Evidence, network: str) -> Judgement:
        names = _names(network, better, worse)
        said = _missing(evidence, names)
        if said:
            return untested(said)
        first, second = (evidence[name].per_label for name in names)
        difference = (first - second).dropna()
        groups = tag_groups(tuple(map(str, difference.index)))
        of_label = np.array([groups[str(label)] for label in difference.index])
        values = difference.to_numpy(np.float64)
        parts = [sign * values[of_label == group] for sign, group in ((1, gaining), (-1, losing))]
        labels = min(map(len, parts))
        if labels < LEAST_OF_GROUP:
            return untested(f"{labels} labels in a group", labels)
        sides = [decided(float(part.mean()), *_of_mean(part), labels, BY_LABEL) for part in parts]
        return weakest(sides)

    return judge


def follows_counts(model: str) -> Judge:
    """Return a judge of whether AUC-PR rises with the tracks of a label, by Fisher's interval of r."""

    def judge(evidence: Evidence, network: str) -> Judgement:
        (name,) = _names(network, model)
        said = _missing(evidence, [name])
        if said:
            return untested(said)
        values = evidence[name].per_label.dropna()
        counts = evidence[name].counts.reindex(values.index).dropna()
        if len(counts) < LEAST_LABELS:
            return untested(f"AUC-PR and counts of {len(counts)} labels", len(counts))
        r = evidence[name].correlation()
        if np.isnan(r):
            return untested("AUC-PR or counts are all the same", len(counts))
        half = stats.norm.ppf((1 + _LEVEL) / 2) / np.sqrt(len(counts) - 3)
        middle = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
        return decided(r, float(np.tanh(middle - half)), float(np.tanh(middle + half)), len(counts), 0.3)

    return judge


def more_by_a_tenth(of: Callable[[Figures], float], more: str, less: str) -> Judge:
    """Return a judge of a quantity that is to be a tenth larger in one model than in another."""

    def judge(evidence: Evidence, network: str) -> Judgement:
        names = _names(network, more, less)
        said = _missing(evidence, names)
        if said:
            return untested(said)
        first, second = (of(evidence[name]) for name in names)
        labels = min(evidence[name].n_classes for name in names)
        if np.isnan([first, second]).any() or labels < LEAST_LABELS or not second:
            return untested(f"counts of {labels} classes", labels)
        return decided(first / second - 1, np.inf, np.nan, labels, 0.1)

    return judge


def _semantic(evidence: Evidence, network: str) -> Judgement:
    """Judge the γ that validation tracks choose, on test tracks: those that chose it speak for it."""
    gammas = gammas_of(evidence, network)
    plain = gammas.pop(0.0, None)
    if plain is None or not gammas:
        return untested(f"no figures of γ {'= 0' if plain is None else '> 0'}")
    best = max(gammas, key=lambda gamma: gammas[gamma].means.get("auc_pr_macro", -np.inf))
    first, second = (each.predictions("test") for each in (gammas[best], plain))
    if first is None or second is None:
        return untested(f"γ = {best:g} and 0 have not both kept predictions of test tracks")
    if not judged_alike(first, second):
        return untested(f"γ = {best:g} and 0 were tested on different tracks")
    found = _over_labels(_paired(_auc_pr(first), _auc_pr(second)))
    return replace(
        found, reason="; ".join(filter(None, (f"γ = {best:g} of {_listed(gammas)}", found.reason)))
    )


def _listed(gammas: Iterable[float]) -> str:
    return ", ".join(f"{gamma:g}" for gamma in gammas)


def _auc_pr(kept: Predictions) -> pd.Series:
    return pd.Series(auc_pr_interpolated(confusion(kept.truth, kept.scores)), index=list(kept.classes))


_SHARED = (
    f"mean difference of AUC-PR over the labels both have, at least {LEAST_LABELS}: {BY_LABEL:g} or more, "
    "interval above 0"
)
_OWN = (
    f"difference of the means over each one's own labels, at least {LEAST_LABELS} each: {BY_LABEL:g} or "
    "more, interval above 0"
)
_TRACKS = "; where predictions are kept, interval above 0, tracks drawn again"
_POOLED = f"difference of the pooled figures: {POOLED:g} or more; at least {LEAST_LABELS} classes{_TRACKS}"
_ALONG = (
    f"difference between the ends of k: {POOLED:g} or more, and a rank correlation with k of 0.8; at least "
    f"3 k whose number of classes is known, {LEAST_LABELS} or more{_TRACKS}"
)
_BEST_GAMMA = (
    "of the γ with the highest mean AUC-PR on validation tracks, on test tracks: mean difference from γ = 0 "
    f"over the labels, at least {LEAST_LABELS}: {BY_LABEL:g} or more, interval above 0"
)
_GROUPS = (
    f"each difference of group means {BY_LABEL:g} or more, interval above 0; {LEAST_OF_GROUP} labels each"
)
_TENTH = f"a tenth more; at least {LEAST_LABELS} classes each"

CLAIMS: dict[str, Claim] = {
    "filtered-same-labels": Claim(
        "Leaving out tags that say nothing of the sound makes the others better",
        "section 6.2, tables 9 and 12",
        _SHARED,
        on_shared_labels("2", "1"),
    ),
    "filtered-means": Claim(
        "The filtered tags have the higher mean, of each model's own labels",
        "section 6.2, tables 9 and 12",
        _OWN,
        in_means("2", "1"),
    ),
    "groups": Claim(
        "Genres are learned better than moods, and moods better than junk",
        "section 6.1, table 10",
        _GROUPS,
        of_groups("1", "Genres", "Emotions", "Meaningless"),
    ),
    "raw-clusters-worse": Claim(
        "Unfiltered clusters are worse than tags in the mean",
        "section 7.2, table 15",
        _OWN,
        in_means("1", "3.1"),
    ),
    "clusters-beat-filtered": Claim(
        "Filtered clusters beat the filtered tags, pooled AUC-PR",
        "section 7.3, tables 12 and 18",
        _POOLED,
        pooled("auc_pr_micro", "3.3-k100", "2"),
    ),
    "pr-falls-with-k": Claim(
        "Pooled AUC-PR falls with the number of clusters",
        "section 7.4, table 19",
        _ALONG,
        along_k("auc_pr_micro", -1),
    ),
    "roc-rises-with-k": Claim(
        "Pooled AUC-ROC rises with the number of clusters",
        "section 7.4, table 19",
        _ALONG,
        along_k("roc_auc_micro", 1),
    ),
    "few-clusters-more-positives": Claim(
        "Of fewer clusters more decisions are positive, at 0.5",
        "section 7.4",
        _TENTH,
        more_by_a_tenth(lambda figures: figures.positive_share(0.5), "3.3-k100", "3.3-k1000"),
    ),
    "tags-win-micro": Claim(
        "The most used tags of the clusters beat the clusters, pooled AUC-PR",
        "section 7.4, tables 22 and 23",
        _POOLED,
        pooled("auc_pr_micro", "3.3-tags", "3.3-k100"),
    ),
    "clusters-win-macro": Claim(
        "The clusters beat their most used tags in the mean over labels",
        "section 7.4, tables 22, 23 and 34",
        _SHARED,
        on_shared_labels("3.3-k100", "3.3-tags"),
    ),
    "subjective-gain": Claim(
        "Moods gain by clusters, genres lose",
        "section 7.4, table 34",
        _GROUPS,
        group_gains("3.3-k100", "3.3-tags", "Emotions", "Genres"),
    ),
    "genres-beat-all": Claim(
        "A tagger of genres beats the same genres among all clusters",
        "section 7.5, table 27",
        _SHARED,
        on_shared_labels("3.4", "3.3-k100"),
    ),
    "genres-beat-all-means": Claim(
        "A tagger of genres beats a tagger of all clusters, pooled AUC-PR",
        "section 7.5, tables 22 and 26",
        _POOLED,
        pooled("auc_pr_micro", "3.4", "3.3-k100"),
    ),
    "npmi-wins-micro": Claim(
        "Subgenres by NPMI beat those by tag embeddings, pooled AUC-PR",
        "section 8.2, tables 29 and 30",
        _POOLED,
        pooled("auc_pr_micro", "4.1", "4.2"),
    ),
    "embeddings-win-macro": Claim(
        "Subgenres by tag embeddings beat those by NPMI in the mean over labels",
        "section 8.2, tables 29 and 30",
        _OWN,
        in_means("4.2", "4.1"),
    ),
    "npmi-less-balanced": Claim(
        "Subgenres by NPMI are less balanced than those by tag embeddings (MeanIR)",
        "section 8.2",
        _TENTH,
        more_by_a_tenth(Figures.mean_imbalance_ratio, "4.1", "4.2"),
    ),
    "counts-matter": Claim(
        "Labels of more tracks have the higher AUC-PR (model 4.1)",
        "section 8.2",
        f"correlation of 0.3 or more, interval above 0; at least {LEAST_LABELS} labels",
        follows_counts("4.1"),
    ),
    "semantic-loss": Claim(
        "The semantic loss at its best γ beats γ = 0 at the same seed (proposed, not tried)",
        "section 9",
        _BEST_GAMMA,
        _semantic,
    ),
}
"""Key → claim."""


def claims_table(published: Evidence, ours: Evidence, network: str = "spectrogram") -> pd.DataFrame:
    """Return every claim, decided by the published figures and by ours.

    Returns:
        See `claim_row`.
    """
    rows = []
    for key, claim in CLAIMS.items():
        sides = (claim.judge(evidence, network) for evidence in (published, ours))
        rows.append(claim_row(key, (claim.says, claim.source, claim.rule), *sides))
    return pd.DataFrame(rows)
