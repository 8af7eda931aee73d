"""What chapter 4 of Kim 2021 claims, each with a rule, fixed before any training.

Means are those of the additive models, their differences with 95 % intervals over clips. A difference below
0.01 shows nothing. Of printed means intervals follow from their standard errors as if these were independent.
The networks of one task are trials of it; how much further ones would differ no rule knows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from taglab.metrics.additive import AdditiveModel
from taglab.studies.claims import Claim
from taglab.studies.robustness.analysis import MODELS, Modelled, mildest, paired_over_clips
from taglab.studies.robustness.published import MEANS, PERFORMANCE
from taglab.studies.robustness.study import StudyEvidence
from taglab.studies.verdicts import Judgement, decided, untested, weakest

LEAST = 0.01
"""A smaller difference shows nothing."""
ORDER = ("AT", "IR", "VS", "AE")
"""From what asks most of a network's understanding to what asks least."""
_EUCLIDEAN, _COSINE = Modelled("within", "euclidean"), Modelled("within", "cosine")
_RANKS = Modelled("rank_correlation", "euclidean", "dtw")
_Z = 1.96


def _pair_here(model: AdditiveModel, first: str, second: str, n_clips: int) -> Judgement:
    """Return whether the first encoder's mean exceeds the second's."""
    for row in model.differences().to_dict("records"):
        if {row["first"], row["second"]} == {first, second}:
            sign = 1 if row["first"] == first else -1
            low, high = sorted((sign * row["low"], sign * row["high"]))
            return decided(sign * row["estimate"], low, high, n_clips, LEAST, "clips")
    return untested(f"there is no encoder {first} or {second}")


def _pair_printed(of: Modelled, first: str, second: str) -> Judgement:
    means = MEANS.get(of, {})
    if first not in means or second not in means:
        return untested("the text prints no figure")
    apart = means[first][0] - means[second][0]
    reach = _Z * math.hypot(means[first][1], means[second][1])
    return decided(apart, apart - reach, apart + reach, 0, LEAST)


def _named(judgement: Judgement, note: str) -> Judgement:
    reason = f"{judgement.reason}; {note}" if judgement.reason else note
    return Judgement(
        judgement.verdict, judgement.difference, judgement.low, judgement.high, judgement.count, reason,
        judgement.of,
    )  # fmt: skip


def _networks(evidence: StudyEvidence) -> list[str]:
    present = set(evidence.tasks.values())
    return [task for task in ORDER if task in present]


def _better_at_task(evidence: StudyEvidence) -> Judgement:
    rows = evidence.performance.to_dict("records")
    parts = [
        decided(row["difference"], row["low"], row["high"], row["tracks"], LEAST, "tracks") for row in rows
    ]
    if not parts:
        return untested("no network was trained here whose task MFCC were set to")
    return _named(weakest(parts), "auto-tagging alone")


def _better_at_task_printed() -> Judgement:
    apart = PERFORMANCE["networks"][0] - PERFORMANCE["MFCC"][0]
    reach = _Z * math.hypot(PERFORMANCE["networks"][1], PERFORMANCE["MFCC"][1])
    return decided(apart, apart - reach, apart + reach, 0, LEAST)


def _mfcc_first(evidence: StudyEvidence, models: Sequence[Modelled]) -> Judgement:
    networks, n_clips = _networks(evidence), len(evidence.measured.tracks)
    parts = [
        _named(
            _pair_here(evidence.models[of], "MFCC", task, n_clips), f"{task}, {' '.join(filter(None, of))}"
        )
        for of in models
        if of in evidence.models
        for task in networks
    ]
    return weakest(parts) if parts else untested("there is no trained network, or sound was not measured")


def _mfcc_first_printed(models: Sequence[Modelled]) -> Judgement:
    parts = [_pair_printed(of, "MFCC", task) for of in models for task in ORDER if task in MEANS.get(of, {})]
    return weakest(parts)


def _in_order(evidence: StudyEvidence, of: Modelled, order: Sequence[str]) -> Judgement:
    present = [task for task in order if task in set(evidence.tasks.values())]
    if len(present) < 2 or of not in evidence.models:
        return untested(f"of {', '.join(order)} there is {', '.join(present) or 'none'}")
    n_clips = len(evidence.measured.tracks)
    pairs = list(itertools.pairwise(present))
    part = weakest([
        _named(_pair_here(evidence.models[of], *pair, n_clips), " above ".join(pair)) for pair in pairs
    ])  # fmt: skip
    return part if len(present) == len(order) else _named(part, f"of {', '.join(present)} alone")


def _in_order_printed(of: Modelled, order: Sequence[str]) -> Judgement:
    pairs = itertools.pairwise(order)
    return weakest([_named(_pair_printed(of, *pair), " above ".join(pair)) for pair in pairs])


def _cosine_no_worse(evidence: StudyEvidence) -> Judgement:
    within = evidence.measured.within
    features = (within["features"] != "").to_numpy()
    sides = [features & (within["distance"] == name).to_numpy() for name in ("cosine", "euclidean")]
    more = paired_over_clips(evidence.measured, *sides)
    part = decided(
        more.estimate + LEAST, more.low + LEAST, more.high + LEAST, len(evidence.measured.tracks), 0, "clips"
    )
    return _named(part, f"cosine less Euclidean {more.estimate:+.4f}, to which {LEAST:g} is added")


def _mild_changes_break(evidence: StudyEvidence) -> Judgement:
    networks = _networks(evidence)
    within = evidence.measured.within
    task = within["features"].map(evidence.tasks)
    mild = mildest(within)
    sound = mild & (within["space"] == "sound, DTW").to_numpy()
    own = mild & task.isin(networks).to_numpy() & (within["distance"] == "euclidean").to_numpy()
    if not sound.any() or not own.any():
        return untested("there is no trained network, or sound was not measured")
    less = paired_over_clips(evidence.measured, sound, own)
    part = decided(less.estimate, less.low, less.high, len(evidence.measured.tracks), LEAST, "clips")
    shares = within[own].assign(task=task[own]).groupby("task")["consistency"].mean()
    return _named(part, ", ".join(f"{name} {1 - share:.1%} astray" for name, share in shares.items()))


_BETWEEN = tuple(of for of in MODELS if of.sound)
_WITHIN = tuple(of for of in MODELS if not of.sound)

CLAIMS: dict[str, Claim[StudyEvidence]] = {
    "networks-beat-mfcc": Claim(
        "Networks do better at their own task than MFCC.",
        "section 4.5.1",
        "the ROC-AUC over labels of a held-out track, less that of logistic regression on MFCC statistics: "
        f"at least {LEAST:g} for every network, its interval over tracks above 0",
        _better_at_task,
        _better_at_task_printed,
    ),
    "mfcc-first-within": Claim(
        "MFCC are the most consistent encoder within their space.",
        "section 4.5.2, figure 4.8",
        f"MFCC's marginal mean exceeds that of every trained network by {LEAST:g}, by either distance",
        lambda evidence: _mfcc_first(evidence, _WITHIN),
        lambda: _mfcc_first_printed(_WITHIN),
    ),
    "mfcc-first-between": Claim(
        "MFCC agree best with sound.",
        "section 4.5.3, figure 4.11",
        "as before, in all eight models between spaces",
        lambda evidence: _mfcc_first(evidence, _BETWEEN),
        lambda: _mfcc_first_printed(_BETWEEN),
    ),
    "order-of-tasks": Claim(
        "The more of understanding a task asks, the more consistent: AT, IR, VS, AE.",
        "sections 4.5.2 and 4.6.2",
        f"each marginal mean of Euclidean distance exceeds the next by {LEAST:g}",
        lambda evidence: _in_order(evidence, _EUCLIDEAN, ORDER),
        lambda: _in_order_printed(_EUCLIDEAN, ORDER),
    ),
    "order-reversed": Claim(
        "Ranks of distances agree with those in sound in the reversed order: AE, VS, IR, AT.",
        "sections 4.5.3 and 4.6.2",
        f"each marginal mean of the rank correlation by DTW and Euclidean exceeds the next by {LEAST:g}",
        lambda evidence: _in_order(evidence, _RANKS, ORDER[::-1]),
        lambda: _in_order_printed(_RANKS, ORDER[::-1]),
    ),
    "cosine-no-worse": Claim(
        "Cosine distance is no less robust than Euclidean.",
        "section 4.5.2",
        f"mean consistency of all encoders by cosine, less that by Euclidean, is above -{LEAST:g} with its "
        "interval over clips",
        _cosine_no_worse,
        lambda: untested("of cosine the text prints F alone: 913 of the change, 1,087 by Euclidean"),
    ),
    "mild-changes-break": Claim(
        "Changes that are hardly heard already take clips to other neighbours in networks' spaces.",
        "section 4.5.4, figure 4.12",
        "at the mildest magnitudes, consistency in sound by DTW less that of trained networks by Euclidean: "
        f"at least {LEAST:g}, its interval over clips above 0",
        _mild_changes_break,
        lambda: untested("shown in a figure alone"),
    ),
}
"""Key → claim."""
