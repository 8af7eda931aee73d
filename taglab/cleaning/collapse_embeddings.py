"""Stage III: tags whose vectors lie nearest a target's are collapsed into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pydantic

from taglab.cleaning.collapse_words import STAGE_1_TAGS, spelt_as
from taglab.cleaning.lexicon import NEGATIONS
from taglab.cleaning.plan import KEEP, MERGE, Decision
from taglab.cleaning.spelling import words
from taglab.cleaning.step import Decisions, Step
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress
from taglab.vectors import FloatArray, TagVectors

FIT_COLUMNS = (
    "target", "tags", "mean", "sd", "cut", "normal_cut", "empirical_cut", "inside", "skewness",
    "excess_kurtosis", "p_normal",
)  # fmt: skip
_NUMERIC = re.compile(r"[0-9]")
_SAME = 1e-5
_DENIED = "says of something that it is not so"

OPPOSITES: dict[str, frozenset[str]] = {
    target: frozenset(others)
    for target, others in {
        "dark": ("light", "bright", "sunny", "white"),
        "hot": ("cold", "cool", "chilly", "frozen"),
        "chill": ("cold", "chilly", "warm", "hot", "heat"),
        "cool": ("warm", "hot", "uncool", "lame"),
        "happy": ("sad", "unhappy", "angry", "anxious", "depressed", "disappointed", "miserable"),
        "sad": ("happy", "glad", "cheerful", "joyful"),
        "good": ("bad", "worse", "worst", "terrible", "awful"),
        "great": ("bad", "worst", "terrible", "awful", "mediocre"),
        "awesome": ("awful", "terrible", "lame"),
        "beautiful": ("ugly", "hideous"),
        "loved": ("hated", "hate", "unloved", "disliked"),
        "calm": ("nervous", "restless", "frantic", "angry"),
        "mellow": ("harsh", "aggressive", "upbeat"),
        "energetic": ("lazy", "tired", "sleepy", "calm", "bashful"),
        "funny": ("boring", "serious", "dull", "sad"),
        "intense": ("mild", "weak", "gentle"),
        "acoustic": ("electric", "electronic"),
        "electronic": ("acoustic",),
        "instrumental": ("vocal", "vocals"),
        "alternative": ("conventional", "mainstream", "traditional"),
        "oldies": ("newer", "modern", "new"),
        "british": ("american", "french", "german", "dutch", "russian", "irish", "indian"),
        "american": ("british", "english", "french", "german", "japanese", "russian", "chinese"),
    }.items()
}
"""Words that lie near a target in texts, since both are said of the same things, and say another of them."""


@dataclass(frozen=True)
class Fit:
    """How far tags lie from a target, as a normal distribution.

    Attributes:
        mean: Of the L2 distances of all other tags' unit vectors, in [0, 2].
        sd: Their standard deviation.
        normal_cut: mean + sd · Φ⁻¹(percentile): below it the normal has that share.
        empirical_cut: Below it the distances themselves have that share.
        skewness: Of the distances; 0 for a normal.
        excess_kurtosis: Of the distances; 0 for a normal.
        p_normal: P value of D'Agostino and Pearson's test that they are normal; NaN below 20 tags. With
            thousands of tags the least departure makes it small: look at the two cuts too.
    """

    mean: float
    sd: float
    normal_cut: float
    empirical_cut: float
    skewness: float
    excess_kurtosis: float
    p_normal: float


def fit(distances: npt.NDArray[np.float64], percentile: float) -> Fit:
    """Fit a normal to distances.

    Args:
        distances: (tags,), at least one.
        percentile: Share below the cut, in (0, 1).

    Source: readme on audio classification with word embeddings, "Stage III".
    """
    from scipy import stats

    mean, sd = float(distances.mean()), float(distances.std())
    varied = sd > 1e-9
    return Fit(
        mean=mean,
        sd=sd,
        normal_cut=mean + sd * float(stats.norm.ppf(percentile)),
        empirical_cut=float(np.quantile(distances, percentile)),
        skewness=float(stats.skew(distances)) if varied else 0.0,
        excess_kurtosis=float(stats.kurtosis(distances)) if varied else 0.0,
        p_normal=float(stats.normaltest(distances).pvalue) if varied and len(distances) >= 20 else np.nan,
    )


def distances_from(vectors: TagVectors, target: str) -> FloatArray:
    """Return the L2 distance of every tag's unit vector from a target's, (tags,), in [0, 2].

    Raises:
        NotFound: If the target has no vector.
    """
    cosines = vectors.vectors @ vectors.vectors[vectors.row(target)]
    distances: FloatArray = np.sqrt(np.maximum(2 - 2 * cosines, 0)).astype(np.float32)
    return distances


class CollapseEmbeddings(Step):
    """Collapse tags into the target near which they lie, nearer than chance would put them.

    Of each target, the distances of all other tags that have a vector are taken for normal, and the cut is
    where that normal has the share `percentile` below it. The fit is of all tags in the vectors handed in,
    be they in the folksonomy still or not, so that the step finds no more when applied to its own result.
    Targets never collapse; a tag without a vector stays, and is listed. So does one with a "not", and one
    that says the opposite of what it lies near, by the short list `OPPOSITES`: neither "not happy" nor "sad"
    is happy.

    Attributes:
        targets: Tags to collapse into; by default the 50 of stage I.
        percentile: Share of the normal below the cut; 0.001 is the source's "top 0.1 %".
        cut: Whether the cut is the normal's or the distances' own quantile.
        several: Whether a tag inside several cuts goes to all of them, or to the nearest.
        numeric: Whether targets with a digit ("80s") take part; the source found that they collect junk.

    Source: readme on audio classification with word embeddings, "Stage III".
    """

    needs_vectors: ClassVar[bool] = True

    kind: Literal["collapse-embeddings"] = "collapse-embeddings"
    targets: tuple[str, ...] = pydantic.Field(STAGE_1_TAGS, min_length=1)
    percentile: float = pydantic.Field(0.001, gt=0, lt=0.5)
    cut: Literal["normal", "empirical"] = "normal"
    several: bool = False
    numeric: bool = False

    def decide(self, folksonomy: Folksonomy, vectors: TagVectors | None, progress: Progress) -> Decisions:
        if vectors is None:
            raise InvalidSetting("collapse-embeddings needs vectors; choose an embedding for it")
        vectors.require(3)
        written = spelt_as(self.targets, folksonomy.tags["tag"].tolist())
        left_out = self._left_out(tuple(dict.fromkeys(written[target] for target in self.targets)), vectors)
        used = [target for target, reason in left_out.items() if not reason]
        inside, fits = self._inside(vectors, used, progress)
        fixed = set(written.values())
        tags = folksonomy.tags["tag"].tolist()
        decisions = {
            tag: Decision(KEEP, f"has no vector in {vectors.name or 'these vectors'}")
            for tag in tags
            if tag not in vectors
        }
        for tag in tags:
            if tag in inside and tag not in fixed:
                decisions[tag] = self._decision(tag, inside[tag])
        reasons = [(target, reason) for target, reason in left_out.items() if reason]
        return decisions, {"fits": fits, "left_out": pd.DataFrame(reasons, columns=["target", "reason"])}

    def _left_out(self, targets: Sequence[str], vectors: TagVectors) -> dict[str, str]:
        """Return each target → why it takes no part; empty where it does."""
        reasons: dict[str, str] = {}
        for target in targets:
            if target not in vectors:
                reasons[target] = "has no vector"
            elif not self.numeric and _NUMERIC.search(target):
                reasons[target] = "numeric"
            else:
                own = vectors.vectors[vectors.row(target)]
                same = (
                    other
                    for other, reason in reasons.items()
                    if not reason and np.abs(vectors.vectors[vectors.row(other)] - own).max() < _SAME
                )
                # As where one word of it is known alone: nothing tells what is meant by the one or the other.
                reasons[target] = next((f"has the same vector as {other!r}" for other in same), "")
        return reasons

    def _inside(
        self, vectors: TagVectors, targets: Sequence[str], progress: Progress
    ) -> tuple[dict[str, list[tuple[float, float, str]]], pd.DataFrame]:
        """Return tag → (distance, cut, target) for each cut that it lies inside, and the table of fits."""
        inside: dict[str, list[tuple[float, float, str]]] = {}
        rows = []
        for number, target in enumerate(targets):
            progress(number / len(targets), f"distances from {target}")
            distances = distances_from(vectors, target)
            own = vectors.row(target)
            fitted = fit(np.delete(distances, own).astype(np.float64), self.percentile)
            cut = fitted.normal_cut if self.cut == "normal" else fitted.empirical_cut
            near = np.flatnonzero(distances <= cut)
            near = near[near != own]
            for row in near:
                inside.setdefault(vectors.tags[row], []).append((float(distances[row]), cut, target))
            rows.append(
                (
                    target, len(distances) - 1, fitted.mean, fitted.sd, cut, fitted.normal_cut,
                    fitted.empirical_cut, len(near), fitted.skewness, fitted.excess_kurtosis, fitted.p_normal,
                )
            )  # fmt: skip
        return inside, pd.DataFrame(rows, columns=list(FIT_COLUMNS))

    def _decision(self, tag: str, cuts: list[tuple[float, float, str]]) -> Decision:
        own = words(tag)
        if not NEGATIONS.isdisjoint(own):
            return Decision(KEEP, _DENIED)
        nearest = sorted(cut for cut in cuts if not _is_opposite(own, cut[2]))
        if not nearest:
            return Decision(KEEP, f"says another thing than {sorted(cuts)[0][2]!r}, which it lies near")
        chosen = nearest if self.several else nearest[:1]
        reason = ", ".join(
            f"{distance:.3f} from {target!r}, inside its cut of {cut:.3f}" for distance, cut, target in chosen
        )
        distance, cut, _ = nearest[0]
        return Decision(
            MERGE,
            reason,
            tuple(target for *_, target in chosen),
            score=distance,
            risk=min(1.0, distance / cut) if cut > 0 else 0.0,
        )

    def describe(self) -> str:
        return f"collapse the nearest {self.percentile:.2%} of tags into {len(self.targets)} targets"


def _is_opposite(own: Sequence[str], target: str) -> bool:
    """Return whether the words of a tag say the opposite of a target, and not it as well."""
    meant = words(target)
    return not set(meant) & set(own) and not OPPOSITES.get(" ".join(meant), frozenset()).isdisjoint(own)


def around_the_cut(vectors: TagVectors, target: str, cut: float, n: int = 10) -> pd.DataFrame:
    """Return the tags just inside and just outside a cut.

    Returns:
        Columns `tag`, `distance`, `inside`; nearest first, up to `n` on each side, the target left out.
    """
    distances = distances_from(vectors, target)
    order = np.argsort(distances, kind="stable")
    order = order[order != vectors.row(target)]
    at = int(np.searchsorted(distances[order], cut, side="right"))
    rows = order[max(0, at - n) : at + n]
    return pd.DataFrame(
        {
            "tag": [vectors.tags[row] for row in rows],
            "distance": distances[rows],
            "inside": distances[rows] <= cut,
        }
    )
