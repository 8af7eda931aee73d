"""How right a collapse is: against the demo's planted concepts, and against a map made by others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from taglab.cleaning import CollapseEmbeddings
from taglab.cleaning.collapse_words import SYNONYMS, spelt_as
from taglab.cleaning.lexicon import NEGATIONS, PhraseFinder
from taglab.cleaning.spelling import words
from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.sources.demo import demo_truth
from taglab.vectors import TagVectors

__all__ = [
    "PERCENTILES",
    "WHY",
    "Quality",
    "agreement",
    "disagreements",
    "is_demo",
    "parse_collapsed",
    "percentile_curve",
    "quality",
]

PERCENTILES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2)

_SLIP = 0.9

Collapsed = Mapping[str, Sequence[str]]

WHY = {
    "denied": "the tag says that it is not",
    "letters": "its letters stand inside other words",
    "slip": "a word of the tag is nearly spelt so",
    "meaning": "no word of the tag is spelt so",
    "whole word": "it is a word of the tag",
}
"""How a tag holds the target that only one side puts it into → what that says."""


@dataclass(frozen=True)
class Quality:
    """How right a collapse is.

    Attributes:
        merged: Pairs of a tag and a target it goes into.
        precision: Share of them whose tag means the target's concept, also as one of two (1 without any).
        recall: Of the pairs planted, those found (1 without any).
        junk: Share of merged pairs whose tag is not even of the target's family: another mood, era, genre.
        planted: Pairs of a tag and a target whose concept it has.
    """

    merged: int
    precision: float
    recall: float
    junk: float
    planted: int


def is_demo(folksonomy: Folksonomy) -> bool:
    """Return whether what the tags of a folksonomy mean is known."""
    try:
        demo_truth(folksonomy)
    except InvalidSetting:
        return False
    return True


def quality(collapsed: Collapsed, demo: Folksonomy, targets: Iterable[str]) -> Quality:
    """Hold a collapse of the demo's tags against what they mean.

    Args:
        collapsed: Tag → the tags it goes into, written as in the demo.
        demo: Whose tags they are.
        targets: What was collapsed into, as chosen; those that are no tag of the demo are left out.

    Raises:
        InvalidSetting: If `demo` is not the demo.
    """
    truth = demo_truth(demo).set_index("tag")
    written = set(spelt_as(tuple(targets), truth.index.tolist()).values()) & set(truth.index)
    columns = truth[["concept", "also", "family"]].to_dict("index")
    concept_of = {target: columns[target]["concept"] for target in written}
    family_of = truth.groupby("concept")["family"].first().to_dict()
    meant = {tag: {row["concept"], row["also"]} - {""} for tag, row in columns.items()}
    families = {tag: {family_of.get(concept) for concept in means} for tag, means in meant.items()}
    planted = {
        (tag, target)
        for target, concept in concept_of.items()
        for tag, means in meant.items()
        if concept in means and tag not in written
    }
    pairs = {
        (tag, target)
        for tag, ends in collapsed.items()
        for target in ends
        if target in written and tag not in written
    }
    far = [family_of[concept_of[target]] not in families[tag] for tag, target in pairs]
    return Quality(
        merged=len(pairs),
        precision=_share(len(pairs & planted), len(pairs)),
        recall=_share(len(pairs & planted), len(planted)),
        junk=1 - _share(len(far) - sum(far), len(far)),
        planted=len(planted),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def percentile_curve(
    demo: Folksonomy,
    vectors: TagVectors,
    percentiles: Sequence[float] = PERCENTILES,
    step: CollapseEmbeddings | None = None,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Return how right stage III is at several cuts.

    Args:
        demo: Whose tags' meaning is known.
        vectors: What tags are taken to mean.
        percentiles: Shares below the cut, each in (0, 0.5).
        step: What is collapsed and how; the defaults where None.
        progress: Told how far it is.

    Returns:
        A row a percentile, rising: `percentile` and the fields of `Quality`.

    Raises:
        InvalidSetting: If there is no percentile, or `demo` is not the demo.
    """
    if not percentiles:
        raise InvalidSetting("percentiles must hold at least one share")
    step = step or CollapseEmbeddings()
    rows = []
    for number, percentile in enumerate(sorted(percentiles)):
        at = CollapseEmbeddings(**{**step.model_dump(), "percentile": percentile})
        part = between(progress, number / len(percentiles), (number + 1) / len(percentiles))
        mapping = at.plan(demo, vectors, part).mapping
        rows.append({"percentile": percentile, **vars(quality(mapping, demo, step.targets))})
    return pd.DataFrame(rows)


def parse_collapsed(data: bytes, source: str) -> dict[str, tuple[str, ...]]:
    """Read a map made by others: a line a pair of a tag and a target, a tab between them.

    Args:
        data: Content of the file.
        source: Its name, for messages.

    Returns:
        Tag → targets. A tag whose target is empty went nowhere.

    Raises:
        DataError: If it is not such a file.
    """
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(source, f"is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        tag, *targets = line.split("\t")
        if len(targets) != 1:
            raise DataError(source, "must hold a tag, a tab and the tag it goes into", number)
        found[tag] = tuple(dict.fromkeys((*found.get(tag, ()), *filter(None, targets))))
    return found


def disagreements(ours: Collapsed, theirs: Collapsed) -> pd.DataFrame:
    """Return every pair of a tag and a target that one of two maps has and the other has not.

    Targets are the same where they read the same ("singer songwriter", "singer-songwriter"). That a target is
    itself counts for nothing.

    Args:
        ours: Tag → targets.
        theirs: Tag → targets, of the same tags.

    Returns:
        `tag`, `target`, `side` ("ours" or "theirs": who has it), `elsewhere` (where the other puts the tag,
        " & " between), `why` (in `WHY`: how the tag holds the target); in the order of the tags.
    """
    tell = _Teller()
    rows = []
    for tag in dict.fromkeys((*theirs, *ours)):
        mine, others = _ends(tag, ours), _ends(tag, theirs)
        for side, these, those in (("ours", mine, others), ("theirs", others, mine)):
            for form, target in these.items():
                if form not in those:
                    rows.append((tag, target, side, " & ".join(those.values()), tell(tag, target)))
    return pd.DataFrame(rows, columns=["tag", "target", "side", "elsewhere", "why"])


def agreement(ours: Collapsed, theirs: Collapsed, examples: int = 4) -> pd.DataFrame:
    """Return by target how far two maps agree; arguments as of `disagreements`.

    Returns:
        `target`, `both` (tags), `only_ours`, `only_theirs`, `agreement` (both of all three; NaN without any),
        of what is only theirs a column for each of `WHY`, `examples_ours` and `examples_theirs` (of the most
        usual reasons, " | " between); the largest disagreement first.
    """
    differ = disagreements(ours, theirs)
    written: dict[tuple[str, ...], str] = {}
    both: dict[tuple[str, ...], int] = {}
    for tag in dict.fromkeys((*theirs, *ours)):
        mine, others = _ends(tag, ours), _ends(tag, theirs)
        for form, target in {**others, **mine}.items():
            written[form] = target
            both[form] = both.get(form, 0) + (form in mine and form in others)
    forms = differ["target"].map(words)
    rows = []
    for form, target in written.items():
        here = differ[forms == form]
        only_ours, only_theirs = here[here["side"] == "ours"], here[here["side"] == "theirs"]
        union = both[form] + len(here)
        rows.append(
            {
                "target": target,
                "both": both[form],
                "only_ours": len(only_ours),
                "only_theirs": len(only_theirs),
                "agreement": both[form] / union if union else np.nan,
                **{why: int((only_theirs["why"] == why).sum()) for why in WHY},
                "examples_ours": _some(only_ours, examples),
                "examples_theirs": _some(only_theirs, examples),
            }
        )
    columns = [
        "target", "both", "only_ours", "only_theirs", "agreement", *WHY, "examples_ours", "examples_theirs",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    largest = -(table["only_ours"] + table["only_theirs"]).to_numpy(np.int64)
    return table.iloc[np.argsort(largest, kind="stable")].reset_index(drop=True)


def _ends(tag: str, collapsed: Collapsed) -> dict[tuple[str, ...], str]:
    """Return the targets of a tag by how they read, itself left out."""
    own = words(tag)
    return {form: target for target in collapsed.get(tag, ()) if (form := words(target)) != own and form}


def _some(rows: pd.DataFrame, n: int) -> str:
    """Return tags spread over the rows, so that not all begin with the same letters."""
    if rows.empty:
        return ""
    at = np.unique(np.linspace(0, len(rows) - 1, min(n, len(rows))).round().astype(np.int64))
    return " | ".join(rows["tag"].iloc[at])


class _Teller:
    """Tells how a tag holds a target; remembers what is the same for all tags."""

    def __init__(self) -> None:
        self._finders: dict[str, PhraseFinder] = {}

    def __call__(self, tag: str, target: str) -> str:
        from rapidfuzz.distance import JaroWinkler

        names = (target, *SYNONYMS.get(target, ()))
        finder = self._finders.setdefault(target, PhraseFinder((name, target) for name in names))
        parts = words(tag)
        letters = ["".join(words(name)) for name in names]
        held = any(each in "".join(parts) for each in letters)
        if held and not NEGATIONS.isdisjoint(parts):
            return "denied"
        if finder.find(parts):
            return "whole word"
        if held:
            return "letters"
        pieces = [*parts, "".join(parts)]
        near = any(JaroWinkler.similarity(piece, each) >= _SLIP for piece in pieces for each in letters)
        return "slip" if near else "meaning"
