"""How much of a folksonomy word vectors know: tags, counts, unknown words, tags that fall together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.embeddings.phrases import FoundWords, Lookup, find_words, sum_words
from taglab.embeddings.words import WordVectors
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors


@dataclass(frozen=True, eq=False)
class Coverage:
    """How much of a folksonomy has a vector.

    Attributes:
        embedding: Name of the vectors.
        tags: One row a tag, most used first: `tag`, `count` (tracks), `words` (as looked for, separated by
            spaces), `unknown` (those without a vector, likewise), `state` ("all", "some" or "none" of the
            words known; "none" too where they cancel out), `covered` (whether the tag has a vector).
        share_of_tags: Share of tags that have a vector, [0, 1]; NaN of no tags.
        share_of_counts: Share of assignments whose tag has a vector, [0, 1]; NaN of none.
        share_fully_known: Share of tags all of whose words have one, [0, 1]; NaN of no tags.
        share_of_words: Share of the distinct words of all tags that have one, [0, 1]; NaN of no words.
        share_of_word_counts: The same of words as they are used: each as often as its tags are assigned.
        words: `word`, `count` (assignments of the tags that hold it), `tags` (how many hold it), `known`
            (whether it has a vector); the weightiest first.
        duplicates: Tags that fall on the same point as a more used one: `tag`, `same_as` (the most used tag
            there), `count`; by the count of `same_as`, then their own.
    """

    embedding: str
    tags: pd.DataFrame
    share_of_tags: float
    share_of_counts: float
    share_fully_known: float
    share_of_words: float
    share_of_word_counts: float
    words: pd.DataFrame
    duplicates: pd.DataFrame

    __repr__ = one_line

    @property
    def unknown_words(self) -> pd.DataFrame:
        """Those of `words` without a vector: `word`, `count`, `tags`."""
        unknown = self.words.loc[~self.words["known"], ["word", "count", "tags"]]
        return unknown.reset_index(drop=True)

    @property
    def partly_known(self) -> int:
        """How many tags have a vector by some of their words only."""
        return int((self.tags["state"] == "some").sum())


def coverage(
    words: WordVectors, folksonomy: Folksonomy, lookup: Lookup | None = None, progress: Progress = silent
) -> Coverage:
    """Report how much of a folksonomy has a vector, and what falls together.

    Args:
        words: Vectors of words.
        folksonomy: Whose tags are looked up.
        lookup: How; the default where None.
        progress: Told how far it is.
    """
    tags, counts = folksonomy.tags["tag"].tolist(), folksonomy.tags["count"].to_numpy()
    lookup = lookup or Lookup()
    found = find_words(words, tags, lookup, between(progress, 0.0, 0.6))
    vectors = sum_words(words, tags, found, lookup.fully_known, between(progress, 0.6, 1.0))
    covered = ~pd.Series(tags, dtype="str").isin(list(vectors.missing)).to_numpy(bool)
    complete = np.asarray([not unknown for unknown in found.unknown], bool)
    table = pd.DataFrame(
        {
            "tag": tags,
            "count": counts,
            "words": [" ".join(texts) for texts in found.words],
            "unknown": [" ".join(unknown) for unknown in found.unknown],
            "state": np.where(covered, np.where(complete, "all", "some"), "none"),
            "covered": covered,
        }
    )
    every_word = _words(found, counts)
    return Coverage(
        embedding=words.name,
        tags=table,
        share_of_tags=_share(covered, np.ones(len(tags))),
        share_of_counts=_share(covered, counts),
        share_fully_known=_share(covered & complete, np.ones(len(tags))),
        share_of_words=_share(every_word["known"].to_numpy(), np.ones(len(every_word))),
        share_of_word_counts=_share(every_word["known"].to_numpy(), every_word["count"].to_numpy()),
        words=every_word,
        duplicates=duplicates(vectors, folksonomy.counts()),
    )


def _share(chosen: npt.NDArray[np.bool_], weights: npt.NDArray[np.number]) -> float:
    """Return the share of the weight that is chosen; NaN of none."""
    total = weights.sum()
    return float(weights[chosen].sum() / total) if total else float("nan")


def _words(found: FoundWords, counts: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Return every word that was looked for, once, with its weight and whether it is known."""
    weight: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    without: set[str] = set()
    for words, unknown, count in zip(found.words, found.unknown, counts.tolist(), strict=True):
        without.update(unknown)
        for word in set(words):
            weight[word] += count
            holders[word] += 1
    table = pd.DataFrame(
        {"word": list(weight), "count": list(weight.values()), "tags": [holders[word] for word in weight]}
    ).astype({"word": "str", "count": np.int64, "tags": np.int64})
    table["known"] = ~table["word"].isin(without)
    return table.sort_values(["count", "word"], ascending=[False, True], ignore_index=True)


def duplicates(vectors: TagVectors, counts: pd.Series) -> pd.DataFrame:
    """Return the tags that lie on the same point as a more used one.

    Args:
        vectors: Vectors of tags.
        counts: Tracks per tag, indexed by tag.

    Returns:
        Columns `tag`, `same_as` (the most used tag on that point), `count` (of `tag`).
    """
    order = np.argsort(-counts.reindex(vectors.tags).to_numpy(), kind="stable")
    names = np.asarray(vectors.tags, object)[order]
    place, _ = pd.factorize(vectors.point_of[order])
    first = np.unique(place, return_index=True)[1][place]
    later = np.flatnonzero(first != np.arange(len(place)))
    later = later[np.argsort(first[later], kind="stable")]
    table = pd.DataFrame({"tag": names[later], "same_as": names[first[later]]}, dtype="str")
    return table.assign(count=counts.reindex(table["tag"]).to_numpy(np.int64))
