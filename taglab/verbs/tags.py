"""What vectors say of tags: neighbours, analogies, axes, agreement, coverage, maps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import Field

from taglab import embeddings
from taglab.cache import replacing
from taglab.embeddings import LookedUp, Lookup, TagQuestion
from taglab.progress import Progress, between
from taglab.projection import PROJECTIONS, ProjectionSettings, cached_projection, cost, find_projection
from taglab.settings import Flag, Group
from taglab.sources import DEMO, open_folksonomy
from taglab.vectors import Vectors
from taglab.verbs.opening import left_out_notes, measure_notes
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import DataName

_LONG_S = 10
_NEAR = (
    "[{tag, similarity, distance, unknown}]; of whole tags without unknown, and by dot product without "
    "distance, by Euclidean distance without similarity"
)
Tag = Annotated[str, Flag(metavar="TAG", word=True)]
Number = Annotated[int, Flag(named=True), Field(ge=1)]


def _near(vectors: Vectors, table: pd.DataFrame, tags: list[str]) -> Report:
    """Report what is near, and by what; say which words of the tags asked for have no say."""
    unknown = vectors.unknown
    notes = [
        f"{tag!r} is taken without {unknown[tag]!r}, which has no vector" for tag in tags if tag in unknown
    ]
    return Report(table=table, notes=(*measure_notes(vectors), *notes))


class Neighbours(Question):
    """List the tags nearest to a tag, by the cosine of their vectors, or by what else vectors of whole tags
    are compared by.

    Attributes:
        tag: A tag.
        tags: Among which tags, by which vectors.
        n: How many.
    """

    returns: ClassVar[str] = _NEAR
    examples: ClassVar[str] = (
        "taglab neighbours jazz\ntaglab neighbours 'hip hop' --vectors glove -n 20 --json\n"
        "taglab neighbours jazz --vectors glove --fully-known"
    )

    tag: Tag
    tags: TagQuestion = TagQuestion()
    n: Number = 10

    def answer(self, progress: Progress) -> Report:
        """Return the nearest first."""
        vectors = self.tags.open(progress).vectors
        return _near(vectors, embeddings.neighbours(vectors, self.tag, self.n), [self.tag])


class Analogy(Question):
    """List the tags nearest to a - b + c: what is to C as A is to B.

    Attributes:
        a: A tag.
        b: A tag.
        c: A tag.
        tags: Among which tags, by which vectors.
        n: How many.
    """

    returns: ClassVar[str] = _NEAR
    examples: ClassVar[str] = "taglab analogy 'heavy metal' metal rock"

    a: Annotated[str, Flag(metavar="A", word=True)]
    b: Annotated[str, Flag(metavar="B", word=True)]
    c: Annotated[str, Flag(metavar="C", word=True)]
    tags: TagQuestion = TagQuestion()
    n: Number = 10

    def answer(self, progress: Progress) -> Report:
        """Return the nearest first."""
        vectors = self.tags.open(progress).vectors
        table = embeddings.analogy(vectors, self.a, self.b, self.c, self.n)
        return _near(vectors, table, [self.a, self.b, self.c])


class Axis(Question):
    """Place every tag on the line from one tag to another.

    Attributes:
        from_tag: Tag at position 0.
        to_tag: Tag at position 1.
        tags: Which tags, by which vectors.
    """

    returns: ClassVar[str] = "[{tag, position, distance, unknown}]: position 0 at FROM, 1 at TO"
    examples: ClassVar[str] = "taglab axis sad happy --out moods.csv"

    from_tag: Annotated[str, Flag(metavar="FROM", word=True)]
    to_tag: Annotated[str, Flag(metavar="TO", word=True)]
    tags: TagQuestion = TagQuestion()

    def answer(self, progress: Progress) -> Report:
        """Return a row for every tag."""
        vectors = self.tags.open(progress).vectors
        table = embeddings.axis(vectors, self.from_tag, self.to_tag)
        return Report(table=table, notes=left_out_notes(vectors))


class Overlap(Question):
    """For every tag, the share of its k nearest neighbours that two embeddings share.

    Attributes:
        data: Data set.
        vectors: The two, with a comma between; "own" are trained on the data set's own tag lists.
        min_count: Only tags that at least so many tracks have, inclusive.
        lookup: How the words of tags are looked up.
        k: Neighbours.
    """

    returns: ClassVar[str] = "{mean, k, tags, rows: [{tag, overlap}]}"
    examples: ClassVar[str] = "taglab overlap --vectors own,glove -k 10"
    renamed: ClassVar[dict[str, str]] = {"--other": "--vectors NAME,OTHER"}

    data: DataName = DEMO
    vectors: Annotated[tuple[str, ...], Flag(metavar="NAME,NAME", named=True)] = Field(
        min_length=2, max_length=2
    )
    min_count: Annotated[int, Flag(named=True)] = Field(1, ge=1, lt=10**18)
    lookup: LookedUp = Lookup()
    k: Annotated[int, Flag(metavar="K", named=True)] = Field(10, ge=1)

    def answer(self, progress: Progress) -> Report:
        """Return a row for every tag that both know."""
        whole = open_folksonomy(self.data, between(progress, 0.0, 0.1))
        asked = TagQuestion(data=self.data, min_count=self.min_count, lookup=self.lookup)
        one, other = (asked.by(name).of(whole, between(progress, 0.1, 0.9)).vectors for name in self.vectors)
        table = embeddings.overlap_at_k(one, other, self.k)
        mean = float(table["overlap"].mean()) if len(table) else None
        return Report({"mean": mean, "k": self.k, "tags": len(table)}, table)


class Coverage(Question):
    """Tell what share of the tags, of their words, and of their use has a vector; with --by words which words
    are unknown, with --by duplicates which tags fall on the same point.

    Attributes:
        tags: Which tags, by which vectors.
        by: What the rows are.
    """

    returns: ClassVar[str] = (
        "{vectors, share_of_tags, share_of_counts, share_fully_known, share_of_words, share_of_word_counts, "
        "tags, partly_known, words, unknown_words, duplicates, rows: [{tag, count, words, unknown, state, "
        "covered}]}, or by words rows: [{word, count, tags}], or by duplicates rows: [{tag, same_as, count}]"
    )
    examples: ClassVar[str] = "taglab coverage --out coverage.csv\ntaglab coverage --vectors glove --by words"

    tags: TagQuestion = TagQuestion()
    by: Literal["tags", "words", "duplicates"] = "tags"

    def answer(self, progress: Progress) -> Report:
        """Return the shares, and rows of what is asked for."""
        asked = self.tags.open_words(between(progress, 0.0, 0.8))
        coverage = embeddings.coverage(asked.words, asked.data, self.tags.lookup, between(progress, 0.8, 1.0))
        tables = {"tags": coverage.tags, "words": coverage.unknown_words, "duplicates": coverage.duplicates}
        facts = {
            "vectors": self.tags.vectors,
            "share_of_tags": coverage.share_of_tags,
            "share_of_counts": coverage.share_of_counts,
            "share_fully_known": coverage.share_fully_known,
            "share_of_words": coverage.share_of_words,
            "share_of_word_counts": coverage.share_of_word_counts,
            "tags": len(coverage.tags),
            "partly_known": coverage.partly_known,
            "words": len(coverage.words),
            "unknown_words": len(coverage.unknown_words),
            "duplicates": len(coverage.duplicates),
        }
        return Report(facts, tables[self.by])


def coverage_of(tags: TagQuestion) -> Coverage | None:
    """Return what asks for the coverage of tags; None where their vectors are of whole tags."""
    return None if tags.vectors in embeddings.whole_vectors() else Coverage(tags=tags)


class Project(Question):
    """Place tags on a map of two or three dimensions.

    Attributes:
        tags: Which tags, by which vectors.
        projection: How they are placed.
    """

    returns: ClassVar[str] = (
        "{method, dimensions, trustworthiness, neighbours_kept, explained_variance, missing, rows: [{tag, "
        "count, x, y[, z], unknown}]}"
    )
    examples: ClassVar[str] = "taglab project --out map.csv\ntaglab project --method umap --out map.parquet"

    tags: TagQuestion = TagQuestion()
    projection: Annotated[
        ProjectionSettings, Group("the map", flags={"method": Flag(choices=PROJECTIONS)})
    ] = ProjectionSettings()

    def answer(self, progress: Progress) -> Report:
        """Return positions, and how far they can be trusted."""
        asked = self.tags.open(between(progress, 0.0, 0.3))
        vectors = asked.vectors
        expected = cost(max(len(vectors), 1), vectors.dim, self.projection)
        long = expected.seconds > _LONG_S and find_projection(vectors, self.projection) is None
        placing = between(progress, 0.3, 1.0, expected.sentence if long else "")
        where = cached_projection(vectors, self.projection, placing)
        table = pd.DataFrame(where.positions, columns=["x", "y", "z"][: where.positions.shape[1]])
        table.insert(0, vectors.column, list(vectors.ids))
        table.insert(1, "count", asked.data.counts().reindex(list(vectors.ids)).to_numpy())
        facts = {
            "method": where.method,
            "dimensions": where.positions.shape[1],
            "trustworthiness": where.trustworthiness,
            "neighbours_kept": where.neighbours_kept,
            "explained_variance": where.explained_variance,
            "missing": list(vectors.missing),
        }
        return Report(facts, vectors.annotated(table), notes=(*where.notes, *left_out_notes(vectors)))


class ExportProjector(Question):
    """Write vectors.tsv and metadata.tsv, which the TensorFlow Embedding Projector opens.

    Attributes:
        tags: Which tags, by which vectors.
        out: Folder for the two files.
    """

    returns: ClassVar[str] = "{tags, files}"
    examples: ClassVar[str] = "taglab export projector --min-count 10 --out projector/"
    table: ClassVar[bool] = False

    tags: TagQuestion = TagQuestion()
    out: Annotated[Path, Flag(metavar="FOLDER")]

    def answer(self, progress: Progress) -> Report:
        """Return what was written."""
        asked = self.tags.open(progress)
        vectors = asked.vectors
        files = embeddings.write_projector(vectors, embeddings.projector_metadata(vectors, asked.data))
        written = {self.out / "vectors.tsv": files.vectors, self.out / "metadata.tsv": files.metadata}
        for path, content in written.items():
            with replacing(path) as temporary:
                temporary.write_bytes(content)
        facts = {"tags": len(vectors), "files": [str(path) for path in written]}
        return Report(facts, notes=left_out_notes(vectors))
