"""What the paper claims, each with a rule, fixed before any training, by which figures decide on it.

A rule sets a model beside another on the same held-out queries: songs, or artists where songs are ranked for
an artist. A claim holds where, in every comparison it names, the mean difference is at least a fiftieth of
the other's mean and the 95 % interval over queries drawn again lies above 0; where the paper names a test,
p < 0.05 by the signed-rank test besides. It is contradicted where an interval lies below 0. Of printed means
there is no interval, so that they may show a claim and never contradict it. One training, or one ensemble,
stands behind each figure, so that no rule knows how much another seed would change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from taglab.joint_space.settings import Task
from taglab.metrics.paired import PairedQueries, interval_over_queries, paired_queries
from taglab.runs import open_published
from taglab.studies.claims import Claim
from taglab.studies.joint_space.training import (
    ALL,
    BIG_TASKS,
    COSINE,
    ONE_VS_REST,
    SINGLE,
    Judged,
    StudyFigures,
    space_name,
)
from taglab.studies.verdicts import CONTRADICTED, HOLDS, NOT_SHOWN, Judgement, decided, untested, weakest

LEAST_QUERIES = 30
LEAST_SHARE = 0.02
"""Least difference, as a share of the other's mean."""
LITTLE = 0.1
"""A difference within this share of the other's mean is little."""
_P = 0.05
_TAG_K, _TASK_K = 3, 1

Judge = Callable[[StudyFigures], Judgement]
PublishedJudge = Callable[[], Judgement]


class Comparison(NamedTuple):
    """Two models, or one on two features, at a task, by precision at k."""

    first: Judged
    second: Judged
    k: int


def _models(task: Task, first: str, second: str, features: str, k: int) -> Comparison:
    return Comparison(Judged(task, first, features), Judged(task, second, features), k)


def compared(figures: StudyFigures, comparison: Comparison) -> PairedQueries:
    """Return two models beside each other; both must have been judged."""
    first, second = (figures.precisions[judged] for judged in comparison[:2])
    column = f"p@{comparison.k}"
    return paired_queries(first[column], second[column])


def tag_models(figures: StudyFigures) -> Iterator[tuple[str, str, str]]:
    """Return features and names of their spaces by WARP: one, and as many as four where there are."""
    dim, sizes = figures.settings.space.dim, figures.settings.members
    several = max((size for size in sizes if size <= 4), default=min(sizes))
    for features in figures.features:
        yield features, space_name("warp", dim, min(sizes)), space_name("warp", dim, several)


def warp_and_auc(figures: StudyFigures) -> list[Comparison]:
    """Return WARP beside AUC, of every size that both were trained at."""
    dim, rows = figures.settings.space.dim, []
    for features in figures.features:
        for size in figures.settings.members:
            warp, auc = space_name("warp", dim, size), space_name("auc", dim, size)
            rows.append(_models("tags", warp, auc, features, _TAG_K))
    return _judged(figures, rows)


def space_and_classifiers(figures: StudyFigures) -> list[Comparison]:
    """Return the spaces beside one classifier an output, at tags and at artists."""
    rows = [
        _models("tags", several, ONE_VS_REST, features, _TAG_K)
        for features, _, several in tag_models(figures)
    ]
    artists = _models("artists", ALL, ONE_VS_REST, figures.features[0], _TASK_K)
    return _judged(figures, [*rows, artists])


def space_and_likeness(figures: StudyFigures) -> list[Comparison]:
    """Return the space beside likeness of features, at similar songs."""
    pair = _models("similar-tracks", ALL, COSINE, figures.features[0], _TASK_K)
    return _judged(figures, [pair])


def all_and_single(figures: StudyFigures) -> list[Comparison]:
    """Return the space of all tasks beside those of one."""
    features = figures.features[0]
    rows = [_models(task, ALL, SINGLE, features, _TASK_K) for task in BIG_TASKS]
    return _judged(figures, rows)


def together_and_first(figures: StudyFigures) -> list[Comparison]:
    """Return all features together beside the first set of them."""
    if len(figures.features) < 2:
        return []
    names = {features: several for features, _, several in tag_models(figures)}
    first, *_, last = names
    pair = Comparison(Judged("tags", names[last], last), Judged("tags", names[first], first), _TAG_K)
    return _judged(figures, [pair])


def many_and_one(figures: StudyFigures) -> list[Comparison]:
    """Return the largest ensemble beside one space."""
    dim, sizes = figures.settings.space.dim, figures.settings.members
    many, one = space_name("warp", dim, max(sizes)), space_name("warp", dim, min(sizes))
    rows = [_models("tags", many, one, features, _TAG_K) for features in figures.features if many != one]
    return _judged(figures, rows)


COMPARISONS: tuple[Callable[[StudyFigures], list[Comparison]], ...] = (
    space_and_classifiers, warp_and_auc, all_and_single, space_and_likeness, together_and_first, many_and_one,
)  # fmt: skip
"""All that are made, in the order of the report."""


def _judged(figures: StudyFigures, rows: Sequence[Comparison]) -> list[Comparison]:
    return [row for row in rows if row.first in figures.precisions and row.second in figures.precisions]


def better(comparisons: Callable[[StudyFigures], list[Comparison]], tested: bool = False) -> Judge:
    """Return a judge of comparisons in each of which the first is to be better.

    Args:
        comparisons: Which.
        tested: Whether p of the signed-rank test counts, too.
    """

    def judge(figures: StudyFigures) -> Judgement:
        rows = comparisons(figures)
        if not rows:
            return untested("no such models were trained")
        return weakest([_of_pair(figures, row, tested) for row in rows])

    return judge


def _of_pair(figures: StudyFigures, row: Comparison, tested: bool) -> Judgement:
    pair = compared(figures, row)
    queries = len(figures.precisions[row.first])
    if queries < LEAST_QUERIES:
        return untested(f"{queries} queries, {LEAST_QUERIES} are needed", queries)
    least = LEAST_SHARE * float(figures.precisions[row.second][f"p@{row.k}"].mean())
    ends = pair.difference
    found = decided(ends.estimate, ends.low, ends.high, queries, least, _queries(row))
    if tested and found.verdict == HOLDS and not ends.p < _P:
        return replace(found, verdict=NOT_SHOWN, reason=f"p = {ends.p:.2g} by the signed-rank test")
    return found


def _queries(row: Comparison) -> str:
    return f"queries ({row.first.task}, {row.first.features})"


def _little(figures: StudyFigures) -> Judgement:
    """Judge that the size of an ensemble matters little: its interval lies within a margin on both sides."""
    rows = many_and_one(figures)
    if not rows:
        return untested("ensembles of one size only were trained")
    return weakest([_within(figures, row) for row in rows])


def _within(figures: StudyFigures, row: Comparison) -> Judgement:
    ends = compared(figures, row).difference
    queries = len(figures.precisions[row.first])
    margin = LITTLE * float(figures.precisions[row.second][f"p@{row.k}"].mean())
    verdict, reason = NOT_SHOWN, f"the interval reaches beyond ± {margin:.4f}"
    if ends.low > margin or ends.high < -margin:
        verdict, reason = CONTRADICTED, f"the interval lies beyond ± {margin:.4f}"
    elif queries >= LEAST_QUERIES and -margin <= ends.low and ends.high <= margin:
        verdict, reason = HOLDS, f"within ± {margin:.4f}"
    return Judgement(verdict, ends.estimate, ends.low, ends.high, queries, reason, _queries(row))


def _cheaper(figures: StudyFigures) -> Judgement:
    """Judge time and memory of a space beside those of classifiers, at every task that was measured."""
    parts = []
    for task, cost in figures.cost.items():
        saved = 1 - cost.space_mib / cost.one_vs_rest_mib
        memory = decided(saved, np.inf, np.nan, 0, 0)
        parts.append(_or_contradicted(replace(memory, reason=f"memory, {task}")))
        ends = interval_over_queries(np.log(cost.one_vs_rest_s / cost.space_s))
        time = decided(ends.estimate, ends.low, ends.high, len(cost.space_s), 0, "songs")
        parts.append(replace(time, reason=f"log of times as fast, {task}"))
    return weakest(parts) if parts else untested("nothing was measured")


def _or_contradicted(found: Judgement) -> Judgement:
    """Return a judgement of counted numbers, of which there is no doubt."""
    return replace(found, verdict=CONTRADICTED) if found.difference < 0 else found


def printed(pairs: Sequence[tuple[str, str]], k: int) -> PublishedJudge:
    """Return a judge of printed means, each of two runs of `taglab.runs.published`."""

    def judge() -> Judgement:
        parts = []
        for first, second in pairs:
            ours, theirs = (_printed(f"weston-{name}", k) for name in (first, second))
            parts.append(decided(ours - theirs, np.inf, np.nan, 0, LEAST_SHARE * theirs))
        return weakest(parts)

    return judge


def _printed(run: str, k: int) -> float:
    return float(open_published(run).summary()["test"][f"precision_at_{k}_macro"])


def _printed_little() -> Judgement:
    parts = []
    for features, dim in (("mfcc", 400), ("mfcc-sai", 800)):
        many, one = (_printed(f"weston-muslse-warp-d{size}-{features}", _TAG_K) for size in (dim, 100))
        verdict = HOLDS if abs(many - one) <= LITTLE * one else NOT_SHOWN
        parts.append(Judgement(verdict, many - one, np.nan, np.nan, 0, f"{features}, ± {LITTLE * one:.4f}"))
    return weakest(parts)


def _printed_cost() -> Judgement:
    """Judge table 7, and the one-vs-rest of Big-data that the text tells: 2 s and 1.85 GB."""
    memory = min(1 - 7.2 / 11.3, 1 - 27.7 / (1.85 * 1024))
    parts = [decided(memory, np.inf, np.nan, 0, 0), decided(float(np.log(2 / 0.045)), np.inf, np.nan, 0, 0)]
    return replace(weakest(parts), reason="memory; times of one-vs-rest are told of Big-data only")


_SIZES = [("mfcc", 100), ("mfcc", 400), ("mfcc-sai", 100), ("mfcc-sai", 400)]
_TASKS = ("artists", "songs", "similar")
_RULE = (
    f"mean difference of p@{{k}} over queries at least {LEAST_SHARE:.0%} of the other's mean, interval above "
    f"0, in each of the comparisons; {LEAST_QUERIES} queries or more"
)

CLAIMS: dict[str, Claim[StudyFigures]] = {
    "warp-beats-auc": Claim(
        "WARP beats AUC at tags, at every size and features",
        "section 6.4, table 3",
        _RULE.format(k=_TAG_K),
        better(warp_and_auc),
        printed([(f"muslse-warp-d{d}-{of}", f"muslse-auc-d{d}-{of}") for of, d in _SIZES], _TAG_K),
    ),
    "all-tasks-beat-single": Claim(
        "All tasks at once beat each alone: artists, songs, similar songs",
        "section 6.4, table 6",
        _RULE.format(k=_TASK_K),
        better(all_and_single),
        printed([(f"muslse-all-{of}", f"muslse-single-{of}") for of in _TASKS], _TASK_K),
    ),
    "beats-one-vs-rest": Claim(
        "The space beats one-vs-rest, at tags and at artists",
        "section 6.4, tables 2 and 6",
        f"{_RULE.format(k='3 (tags) and 1 (artists)')}; p < {_P:g} by the signed-rank test",
        better(space_and_classifiers, tested=True),
        printed([(f"muslse-warp-d400-{of}", f"one-vs-rest-{of}") for of in ("mfcc", "mfcc-sai")], _TAG_K),
    ),
    "beats-cosine": Claim(
        "The space beats the cosine of features at similar songs",
        "section 6.4, table 6",
        _RULE.format(k=_TASK_K),
        better(space_and_likeness),
        printed([("muslse-all-similar", "cosine-similar")], _TASK_K),
    ),
    "faster-and-smaller": Claim(
        "The space is faster and smaller than one-vs-rest",
        "section 6.4, table 7",
        "fewer numbers, counted; and for one song faster: the mean log ratio of times, measured in turn on "
        "arrays in memory, above 0 with its interval over songs; at tags and at artists",
        _cheaper,
        _printed_cost,
    ),
    "more-features-help": Claim(
        "MFCC and auditory features together beat MFCC alone",
        "section 6.4, tables 2 and 5",
        _RULE.format(k=_TAG_K),
        better(together_and_first),
        printed([("muslse-warp-d400-mfcc-sai", "muslse-warp-d400-mfcc")], _TAG_K),
    ),
    "d-matters-little": Claim(
        "The number of dimensions matters little",
        "section 6.4, table 5",
        f"difference of p@3 between the largest ensemble and one space, with its interval, within "
        f"{LITTLE:.0%} of the latter's mean",
        _little,
        _printed_little,
    ),
}
"""Key → claim."""
