"""Which tags are meant, and by which vectors: asked alike by every page, command, sweep and recipe.

Vectors may also be of the artists or tracks of the data, a joint space's for instance; these then stand where
else tags do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from taglab.embeddings.library import OWN, resolve, whole_vectors
from taglab.embeddings.phrases import Lookup, compose
from taglab.embeddings.words import WordVectors
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.settings import Flag, Group
from taglab.sources import DEMO, open_folksonomy
from taglab.vectors import TagVectors, Vectors, open_features

LookedUp = Annotated[Lookup, Group("looking up tags in the vectors")]


class TagQuestion(BaseModel):
    """Which tags are meant, and which vectors they have; or which artists or tracks.

    Attributes:
        data: Data set.
        vectors: Word vectors, of which tags are composed; "own" are trained on the data set's own tag lists,
            all of them. Or vectors on the shelf of features, of whole tags, artists or tracks, a joint
            space's for instance, which are compared by their own measure.
        min_count: Only tags that at least so many tracks have, inclusive; the thesis used 101. Of artists
            those with so many tracks; a track counts once.
        lookup: How the words of tags are looked up in word vectors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Annotated[str, Flag(metavar="NAME", named=True)] = DEMO
    vectors: Annotated[str, Flag(metavar="NAME", named=True)] = OWN
    min_count: Annotated[int, Flag(named=True)] = Field(1, ge=1, lt=10**18)
    lookup: LookedUp = Lookup()

    def open(self, progress: Progress = silent) -> TagMaterial:
        """Open the data set and the vectors, and look its tags up.

        Raises:
            NotFound: If there is no such data set, or there are no such vectors.
            InvalidSetting: If no tag is used often enough, or words are to be looked up in vectors that are
                not of words.
        """
        return self.of(open_folksonomy(self.data, between(progress, 0.0, 0.2)), between(progress, 0.2, 1.0))

    def of(self, whole: Folksonomy, progress: Progress = silent) -> TagMaterial:
        """Look up the tags of a data set that is open already; raises as `open` does."""
        kind = whole_vectors().get(self.vectors)
        if kind is None:
            return self.of_words(whole, progress)
        if self.lookup != Lookup():
            changed = ", ".join(name.replace("_", "-") for name in self.lookup.record()["lookup"])
            raise InvalidSetting(
                f"vectors={self.vectors!r} are of whole {kind}, in which no words are looked up; leave out "
                f"{changed}"
            )
        selected = selected_tags(whole.of_kind(kind), self.min_count, kind)
        return TagMaterial(self, selected, open_features(self.vectors).select(selected.tags["tag"]))

    def by(self, vectors: str) -> TagQuestion:
        """Return what asks for the same by other vectors; the lookup is left out where these are whole."""
        lookup = Lookup() if vectors in whole_vectors() else self.lookup
        return self.model_copy(update={"vectors": vectors, "lookup": lookup})

    def open_words(self, progress: Progress = silent) -> WordMaterial:
        """Open the data set and word vectors, of which its tags are composed.

        Raises:
            NotFound, InvalidSetting: As `open`; also where the vectors are of whole tags.
        """
        whole = open_folksonomy(self.data, between(progress, 0.0, 0.2))
        return self.of_words(whole, between(progress, 0.2, 1.0))

    def of_words(self, whole: Folksonomy, progress: Progress = silent) -> WordMaterial:
        """Compose the tags of a data set that is open already; raises as `open_words` does."""
        selected = selected_tags(whole, self.min_count)
        words = resolve(self.vectors, whole, between(progress, 0.0, 0.8))
        tags = compose(words, list(selected.tags["tag"]), self.lookup, between(progress, 0.8, 1.0))
        return WordMaterial(self, selected, tags, words)

    def record(self) -> dict[str, Any]:
        """Return it as label spaces keep it; the lookup where it is not the usual one."""
        place = {"data": self.data, "vectors": self.vectors, "min_count": self.min_count}
        return place | self.lookup.record()


@dataclass(frozen=True, eq=False)
class TagMaterial:
    """Tags with their vectors, as a `TagQuestion` asks for them.

    Attributes:
        question: What was asked.
        data: The data set with these tags only; with its artists or tracks in the place of tags where the
            vectors are of these (`Folksonomy.of_kind`).
        vectors: Those of the tags.
    """

    question: TagQuestion
    data: Folksonomy
    vectors: Vectors

    __repr__ = one_line

    def require_tags(self) -> None:
        """Raise InvalidSetting unless the vectors are of tags, of which alone classes are made."""
        kind = self.vectors.kind
        if kind != "tags":
            name = self.question.vectors
            raise InvalidSetting(
                f"vectors={name!r} are of {kind}, and a label space has tags in its classes; `taglab targets "
                f"factors --features {name}` makes targets of clusters of {kind}"
            )


@dataclass(frozen=True, eq=False)
class WordMaterial(TagMaterial):
    """Tags with vectors that are composed of those of their words.

    Attributes:
        vectors: Those of the tags.
        words: The word vectors.
    """

    vectors: TagVectors
    words: WordVectors

    __repr__ = one_line


def selected_tags(data: Folksonomy, min_count: int, kind: str = "tags") -> Folksonomy:
    """Return a data set with the tags of at least so many tracks.

    Args:
        data: The data set.
        min_count: So many.
        kind: What its tags are, see `Folksonomy.of_kind`.

    Raises:
        InvalidSetting: If there is none.
    """
    selected = data.select_tags(min_count=min_count)
    if not selected.n_tags:
        most = int(data.tags["count"].max()) if data.n_tags else 0
        one = kind.removesuffix("s")
        most_used = f"most used {one} is on" if kind == "tags" else f"most frequent {one} has"
        raise InvalidSetting(
            f"min-count={min_count} leaves no {one} of {data.name}; its {most_used} {most:,} tracks"
        )
    return selected
