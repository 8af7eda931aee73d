"""What chapter 2 claims, each with a rule, fixed before any training, by which scores decide on it.

Scores are standardised within each task. An effect holds where its 95 % interval lies above 0, is
contradicted where that lies below, and is not shown where it reaches 0. Of what is printed without an
interval but said to be significant, the printed figures may show a claim and never contradict it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from taglab.errors import InvalidSetting
from taglab.studies.claims import Claim
from taglab.studies.design import SINGLE, STRATEGIES
from taglab.studies.sources.evidence import Ends, Evidence, tempo_tasks
from taglab.studies.sources.published import (
    ASSOCIATION,
    BPM_IN_BALLROOM,
    SLOPE,
    SPREAD_OF_REPEATS,
    TIMES_SINGLE,
)
from taglab.studies.verdicts import (
    CONTRADICTED,
    HOLDS,
    NOT_SHOWN,
    Judgement,
    decided,
    untested,
    weakest,
)

LEAST_RUNS = 20
"""Of fewer scored runs nothing is decided."""
NEAR_SLOPE = 0.5
"""A slope is about another that it differs from by at most this share of it."""
NEAR_TIMES = 0.1
_OF_RUNS = "runs"
_P = 0.05

Judge = Callable[[Evidence], Judgement]


def _effect(of: Callable[[Evidence], Ends], reason: Callable[[Ends], str] = lambda ends: "") -> Judge:
    """Return a judge of an effect that is claimed to be above 0."""

    def judge(evidence: Evidence) -> Judgement:
        if evidence.runs < LEAST_RUNS:
            return _too_few(evidence)
        try:
            ends = of(evidence)
        except InvalidSetting as error:
            return untested(str(error), evidence.runs)
        if not np.isfinite([ends.estimate, ends.low, ends.high]).all():
            return untested("the runs give no interval", evidence.runs)
        judged = decided(*ends, 0, _OF_RUNS)
        return replace(judged, reason="; ".join(filter(None, [judged.reason, reason(ends)])))

    return judge


def _too_few(evidence: Evidence) -> Judgement:
    return replace(
        untested(f"{evidence.runs} runs are scored, {LEAST_RUNS} are needed", evidence.runs), of=_OF_RUNS
    )


def _where(printed: float, ends: Ends) -> str:
    return f"the printed {printed:g} lies {'within' if ends.low <= printed <= ends.high else 'outside'}"


def _about_printed_slope(evidence: Evidence) -> Judgement:
    """Judge that the slope is about that printed: near it, and no other by its interval."""
    judged = _effect(Evidence.slope)(evidence)
    if np.isnan(judged.difference):
        return judged
    near = abs(judged.difference - SLOPE) <= NEAR_SLOPE * SLOPE
    if not judged.low <= SLOPE <= judged.high:
        return replace(judged, verdict=CONTRADICTED, reason=f"the interval does not hold {SLOPE:g}")
    if not near:
        return replace(judged, verdict=NOT_SHOWN, reason=f"further from {SLOPE:g} than half of it")
    if judged.low <= 0:
        return replace(judged, verdict=NOT_SHOWN, reason="the interval holds 0, too")
    return replace(judged, verdict=HOLDS, reason=f"the interval holds {SLOPE:g}")


def _better(first: str, second: str, evidence: Evidence) -> Judgement:
    try:
        ends, p = evidence.difference(first, second)
    except InvalidSetting as error:
        return untested(str(error), evidence.runs)
    judged = decided(*ends, 0, _OF_RUNS)
    return replace(judged, reason=f"{first} less {second}, p = {p:.2g}")


def _beats_all_but_one(evidence: Evidence) -> Judgement:
    if evidence.runs < LEAST_RUNS:
        return _too_few(evidence)
    best, equal = "MSS-CR", "MS-CR@2"
    parts = [_better(best, other, evidence) for other in STRATEGIES if other not in (best, equal)]
    alike = _better(best, equal, evidence)
    if alike.verdict == HOLDS:
        alike = replace(alike, verdict=CONTRADICTED)
    elif alike.verdict == NOT_SHOWN:
        alike = replace(alike, verdict=HOLDS)
    return weakest([*parts, alike])


def _several_beat_one(evidence: Evidence) -> Judgement:
    if evidence.runs < LEAST_RUNS:
        return _too_few(evidence)
    return weakest([_better(name, SINGLE, evidence) for name in STRATEGIES if name != SINGLE])


def _association(evidence: Evidence) -> Judgement:
    judged = _effect(Evidence.association, lambda ends: _where(ASSOCIATION[0], ends))(evidence)
    return replace(judged, of="sources and tasks")


def _bpm_rules(evidence: Evidence) -> Judgement:
    """Judge that at tasks of tempo bpm has more than half of the sources' variance, and does them good."""
    if evidence.runs < LEAST_RUNS:
        return _too_few(evidence)
    tasks = tempo_tasks(list(dict.fromkeys(evidence.scores["task"])))
    if not tasks or "bpm" not in evidence.sources:
        return untested("no task of tempo, or no source of it", evidence.runs)
    return weakest([_bpm_rules_at(task, evidence) for task in tasks])


def _bpm_rules_at(task: str, evidence: Evidence) -> Judgement:
    try:
        ends = evidence.effect_of("bpm", task)
        variances = evidence.variances
    except InvalidSetting as error:
        return untested(str(error), evidence.runs)
    own = variances[variances["task"] == task].set_index("source")["percent"]
    share = float(own.get("bpm", np.nan))
    judged = decided(*ends, 0, _OF_RUNS)
    reason = f"{task}: {share:.0f} % of the variance" if np.isfinite(share) else f"{task}: no variance"
    if judged.verdict == HOLDS and not share > 50:
        return replace(judged, verdict=NOT_SHOWN, reason=reason)
    return replace(judged, reason=reason)


def _repeats_alike(evidence: Evidence) -> Judgement:
    try:
        shares = evidence.repeats()
    except InvalidSetting as error:
        return untested(str(error))
    half, most = (float(shares.quantile(at)) for at in (0.5, 0.9))
    within = [half <= SPREAD_OF_REPEATS[0], most <= SPREAD_OF_REPEATS[1]]
    verdict = HOLDS if all(within) else NOT_SHOWN if any(within) else CONTRADICTED
    reason = f"half of the shares at most {half:.2f}, 90 % at most {most:.2f}"
    return Judgement(
        verdict, SPREAD_OF_REPEATS[0] - half, np.nan, np.nan, len(shares), reason, "sources and tasks"
    )


def _sizes(evidence: Evidence) -> Judgement:
    differences = {name: float(evidence.times_single[name]) - times for name, times in TIMES_SINGLE.items()}
    furthest = max(differences.values(), key=abs)
    verdict = HOLDS if abs(furthest) <= NEAR_TIMES else CONTRADICTED
    counted = ", ".join(f"{name} {float(evidence.times_single[name]):.2f}" for name in TIMES_SINGLE)
    return Judgement(verdict, furthest, np.nan, np.nan, 0, f"{counted} times SS-R")


def _printed(reason: str) -> Callable[[], Judgement]:
    """Return that printed figures pass a rule, as the text says without a figure that could be tested."""
    return lambda: Judgement(HOLDS, np.nan, np.nan, np.nan, 0, reason)


_ABOVE = f"95 % interval above 0; {LEAST_RUNS} runs or more"
_TUKEY = f"interval with Tukey's allowance above 0 for each pair; {LEAST_RUNS} runs or more"

CLAIMS: dict[str, Claim[Evidence]] = {
    "more-sources-help": Claim(
        "More sources help, where their representations are concatenated",
        "section 2.5.2, figure 2.11",
        f"mean slope of n* over MSS-CR and MS-CR by the first model: {_ABOVE}",
        _effect(Evidence.slope, lambda ends: _where(SLOPE, ends)),
        lambda: decided(SLOPE, np.inf, np.nan, 0, 0),
    ),
    "by-about-0.16": Claim(
        "They help by about 0.16 of a standard deviation a source",
        "section 2.5.2",
        f"that slope within {NEAR_SLOPE:.0%} of {SLOPE:g}, its interval above 0 and around {SLOPE:g}",
        _about_printed_slope,
        _printed(f"{SLOPE:g} is the printed figure itself"),
    ),
    "spread-falls": Claim(
        "The spread of scores falls with more sources",
        "section 2.5.2, figure 2.10",
        "slope over n of the distance from the line of strategy and task, runs drawn again: "
        f"95 % interval below 0 (its fall above 0); {LEAST_RUNS} runs or more",
        _effect(Evidence.spread_slope),
        _printed("said of figure 2.10, of which no figures are printed"),
    ),
    "mss-cr-beats-all-but-ms-cr-2": Claim(
        "MSS-CR beats every other strategy but MS-CR@2",
        "section 2.5.2, figure 2.11",
        f"{_TUKEY}; and for MS-CR@2 around 0",
        _beats_all_but_one,
        _printed("p = 0.32 against MS-CR@2, significant against the others, as the text says"),
    ),
    "mild-association": Claim(
        "A source accounts for more among others the better it does alone, mildly (r = 0.38)",
        "section 2.5.3, figure 2.14",
        f"Pearson's r: {_ABOVE}",
        _association,
        lambda: decided(*ASSOCIATION, 0, "sources and tasks"),
    ),
    "less-sharing-helps": Claim(
        "Less sharing, a larger network, helps",
        "section 2.5.2, figure 2.12",
        f"slope of the size r* by the second model: {_ABOVE}",
        _effect(Evidence.size_slope),
        _printed("significant, as figure 2.12 is said to show; no figures are printed"),
    ),
    "several-beat-one": Claim(
        "Every strategy of several sources beats SS-R",
        "section 2.5.2, figure 2.11",
        _TUKEY,
        _several_beat_one,
        _printed("SS-R is significantly worse, as the text says; no figures are printed"),
    ),
    "bpm-rules-tempo": Claim(
        "bpm rules the task that tempo decides",
        "section 2.5.3, table 2.6 (Extended Ballroom)",
        f"bpm has more than half of the sources' variance at it, and its effect is above 0: {_ABOVE}",
        _bpm_rules,
        lambda: decided(BPM_IN_BALLROOM - 50, np.inf, np.nan, 0, 0, "percent"),
    ),
    "repeats-alike": Claim(
        "Repeated runs of one source differ little against the spread of all",
        "section 2.5.1",
        "half of the shares of a task's spread at most 0.15, and 90 % at most 0.30",
        _repeats_alike,
        _printed("half under 15 %, 90 % under 30 %, as the text says"),
    ),
    "sizes": Claim(
        "At eight sources MS-CR@6 is 6.3, and MS-SR@FC 1.2 times as large as SS-R",
        "section 2.5.4, figure 2.15",
        f"parameters of the published network, counted: within {NEAR_TIMES:g}",
        _sizes,
        _printed("the printed figures themselves"),
    ),
}
"""Key → claim."""
