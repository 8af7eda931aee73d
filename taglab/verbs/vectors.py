"""Word vectors: those there are, read from files, trained here; and how good they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, field_validator, model_validator

from taglab import cache, embeddings
from taglab.embeddings import (
    OWN,
    LookedUp,
    Lookup,
    SkipGramSettings,
    TagSkipGramSettings,
    WordVectors,
    train_skipgram,
    train_tag_vectors,
)
from taglab.embeddings.judging import Judged, JudgingSettings, judge, pair_rows, question_rows, summarise
from taglab.embeddings.quality_sets import QualitySet, built_in_sets, distinct, read_sets
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import DEMO, open_folksonomy
from taglab.verbs.question import Question
from taglab.verbs.report import Report, dropped
from taglab.verbs.shelves import ByName, DataName, Kept, Listing, Names, NewName, Removal


def free_of_own(name: str) -> str:
    """Return a name that vectors may have; raises ValueError where it is the one that is kept."""
    if name == OWN:
        raise ValueError(f"the name {OWN!r} is kept for vectors trained on the data set at hand")
    return name


def _size(words: WordVectors) -> dict[str, Any]:
    return {
        "name": words.name,
        "words": len(words.words),
        "dim": int(words.vectors.shape[1]),
        "source": words.source,
    }


class List(Listing):
    """List the word vectors that were added or trained; `own` is trained where it is needed."""

    examples: ClassVar[str] = "taglab vectors list"
    columns: ClassVar[tuple[str, ...]] = ("name", "words", "dim", "source")
    names: ClassVar[Names] = embeddings.vector_names

    @staticmethod
    def row(name: str) -> dict[str, Any]:
        """Return their size."""
        return _size(embeddings.open_vectors(name))


class Add(Question):
    """Read GloVe or word2vec text, word2vec binary, fastText .vec (each also .gz or .zip), or .npy with a
    vocabulary. Pickles (.kv, .model, .pkl) are refused: they could run anything.

    Attributes:
        path: The file.
        name: What to call them from now on.
        member: Which file to read of a zip or a folder that holds several.
    """

    returns: ClassVar[str] = "{name, words, dim, source, dropped: [{count, what, reason, examples}]}"
    examples: ClassVar[str] = (
        "taglab vectors add glove.6B.200d.txt --name glove\n"
        "taglab vectors add glove.6B.zip --member glove.6B.200d.txt --name glove"
    )
    table: ClassVar[bool] = False

    path: Annotated[Path, Flag(metavar="PATH", word=True)]
    name: NewName
    member: Annotated[str | None, Flag(metavar="FILE")] = None

    _free = field_validator("name")(free_of_own)

    def answer(self, progress: Progress) -> Report:
        """Return what was read."""
        words = embeddings.add_vectors(self.path, self.name, progress, self.member)
        return Report({**_size(words), "dropped": dropped(words.dropped)})


class Show(Question):
    """Show what word vectors hold.

    Attributes:
        name: Word vectors.
    """

    returns: ClassVar[str] = (
        "{name, words, dim, source, dropped: [{count, what, reason, examples}], fingerprint, "
        "first_words: [word]}"
    )
    examples: ClassVar[str] = "taglab vectors show glove"
    table: ClassVar[bool] = False

    name: Kept

    def answer(self, progress: Progress) -> Report:
        """Return their size and origin."""
        words = embeddings.open_vectors(self.name)
        facts = {"dropped": dropped(words.dropped), "fingerprint": words.fingerprint}
        return Report({**_size(words), **facts, "first_words": list(words.words[:10])})


class Remove(Removal):
    """Remove word vectors from the cache; the file they were read from is not touched."""

    examples: ClassVar[str] = "taglab vectors remove glove"
    remove: ClassVar[ByName] = cache.Shelf(cache.VECTORS).delete


class OverWords(SkipGramSettings):
    """Skip-gram with negative sampling.

    Attributes:
        method: skip-gram: negative sampling, over words unless --unit says tags; tag-skip-gram: whole tags, a
            softmax over all other tags of a track (model 4.2).
    """

    method: Literal["skip-gram"] = "skip-gram"

    def train(self, data: Folksonomy, name: str, progress: Progress) -> WordVectors:
        """Return vectors trained on the tag lists of a data set."""
        settings = SkipGramSettings(**self.model_dump(exclude={"method"}))
        return train_skipgram(data, settings, name, progress)


class OverTags(TagSkipGramSettings):
    """Skip-gram over whole tags.

    Attributes:
        min_count: Tags that fewer tracks have get no vector.
    """

    method: Literal["tag-skip-gram"] = "tag-skip-gram"
    min_count: int = Field(1, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _length_given(cls, values: dict[str, Any]) -> dict[str, Any]:
        """A length that is given counts, unless another rule for it is."""
        if "dim" not in values or values.get("dimension", "given") == "given":
            return {"dimension": "given", **values} if "dim" in values else values
        return {name: value for name, value in values.items() if name != "dim"}

    def train(self, data: Folksonomy, name: str, progress: Progress) -> WordVectors:
        """Return vectors trained on the tag lists of a data set."""
        settings = TagSkipGramSettings(**self.model_dump(exclude={"method", "min_count"}))
        return train_tag_vectors(data, settings, name, self.min_count, progress)


TRAININGS: dict[str, type[OverWords] | type[OverTags]] = {
    "skip-gram": OverWords,
    "tag-skip-gram": OverTags,
}


class Embed(Question):
    """Train word vectors on a data set's own tag lists: skip-gram with negative sampling over words, or over
    whole tags by the network of model 4.2 (--method tag-skip-gram).

    Attributes:
        name: What to call the vectors.
        data: Data set.
        training: How they are trained.
    """

    returns: ClassVar[str] = "{name, words, dim, source}"
    examples: ClassVar[str] = (
        "taglab embed --data demo --name demo-32 --dim 32 --seed 7\n"
        "taglab embed --method tag-skip-gram --min-count 5 --name demo-tags"
    )
    table: ClassVar[bool] = False

    name: NewName
    data: DataName = DEMO
    training: Annotated[OverWords | OverTags, Group("training"), Field(discriminator="method")] = OverWords()

    _free = field_validator("name")(free_of_own)

    def answer(self, progress: Progress) -> Report:
        """Return the size of what was trained."""
        folder = cache.Shelf(cache.VECTORS).path(self.name)
        data = open_folksonomy(self.data, between(progress, 0.0, 0.1))
        words = self.training.train(data, self.name, between(progress, 0.1, 1.0))
        words.save(folder)
        return Report(_size(words))


class Quality(Question):
    """Hold word vectors against pairs of words that people scored (Spearman's correlation of score and
    cosine) and against analogies (share answered right, among those whose words are known). Published sets
    are text files; without any the small set that comes with taglab is taken, which its makers wrote and
    graded themselves.

    Attributes:
        data: Data set.
        vectors: Word vectors, one name or several between commas; "own" are trained on the data set's own tag
            lists.
        lookup: How words are looked up.
        pairs: Files of two words and a score a line, each also .gz, or a .zip or a folder of several (may be
            given several times).
        analogies: Files of four words a line, where a line `: NAME` begins a section; also .gz, .zip or a
            folder (may be given several times).
        judging: How analogies are answered.
        by: What the rows are: sections and the whole set, sets, pairs (furthest from people first) or
            questions.
    """

    returns: ClassVar[str] = (
        "{built_in, rows: [{set, section, vectors, measure, value, low, high, asked, covered, coverage}]}, "
        "or by pairs rows: [{set, vectors, a, b, score, similarity, rank_people, rank_vectors, apart}], or "
        "by questions rows: [{set, vectors, a, b, c, d, section, answer, right}]"
    )
    examples: ClassVar[str] = """
taglab quality
taglab quality --vectors glove --pairs EN-MEN-TR-3k.txt --pairs EN-SIMLEX-999.txt --analogies questions.txt
taglab quality --vectors glove,twitter --pairs word-similarity.zip --by pairs --out pairs.csv
"""
    renamed: ClassVar[dict[str, str]] = {"--other": "--vectors NAME,OTHER"}

    data: DataName = DEMO
    vectors: Annotated[tuple[str, ...], Flag(named=True)] = Field((OWN,), min_length=1)
    lookup: LookedUp = Lookup()
    pairs: Annotated[tuple[Path, ...], Flag(metavar="FILE", several=True)] = ()
    analogies: Annotated[tuple[Path, ...], Flag(metavar="FILE", several=True)] = ()
    judging: Annotated[JudgingSettings, Group("answering analogies")] = JudgingSettings()
    by: Literal["sections", "sets", "pairs", "questions"] = "sections"

    @model_validator(mode="after")
    def _has_rows(self) -> Self:
        files = self.pairs or self.analogies
        lacking = {"pairs": files and not self.pairs, "questions": files and not self.analogies}
        if lacking.get(self.by):
            raise ValueError(f"--by {self.by} needs a set of them")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return how often vectors and people agree."""
        sets, built_in = self._sets()
        judged: list[Judged] = []
        data = open_folksonomy(self.data, between(progress, 0.0, 0.1))
        for name in dict.fromkeys(self.vectors):
            words = embeddings.resolve(name, data, between(progress, 0.1, 0.5))
            judged += judge(words, sets, self.lookup, self.judging, between(progress, 0.5, 1.0))
        small = "the built-in set is small, and written and graded by the makers of taglab alone"
        return Report({"built_in": built_in}, self._rows(judged), notes=(small,) if built_in else ())

    def _sets(self) -> tuple[list[QualitySet], bool]:
        """Return the sets that were named, else our own, and whether it is that."""
        if not self.pairs and not self.analogies:
            return list(built_in_sets()), True
        read = [one for path in self.pairs for one in read_sets(path, "pairs")]
        read += [one for path in self.analogies for one in read_sets(path, "analogies")]
        return list(distinct(read)), False

    def _rows(self, judged: list[Judged]) -> pd.DataFrame | None:
        if self.by in ("sections", "sets"):
            return summarise(judged, sections=self.by == "sections")
        return pair_rows(judged) if self.by == "pairs" else question_rows(judged)
