"""Which tags are meant, and by which vectors: asked alike by every page, command, sweep and recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from taglab.embeddings.library import OWN, resolve, tag_feature_names
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
    """Which tags are meant, and which vectors they have.

    Attributes:
        data: Data set.
        vectors: Word vectors, of which tags are composed; "own" are trained on the data set's own tag lists,
            all of them. Or vectors of whole tags on the shelf of features, a joint space's for instance,
            which are compared by their own measure.
        min_count: Only tags that at least so many tracks have, inclusive; the thesis used 101.
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
            InvalidSetting: If no tag is used often enough.
        """
        return self.of(open_folksonomy(self.data, between(progress, 0.0, 0.2)), between(progress, 0.2, 1.0))

    def of(self, whole: Folksonomy, progress: Progress = silent) -> TagMaterial:
        """Look up the tags of a data set that is open already; raises as `open` does."""
        if self.vectors not in tag_feature_names():
            return self.of_words(whole, progress)
        selected = selected_tags(whole, self.min_count)
        return TagMaterial(self, selected, open_features(self.vectors).select(selected.tags["tag"]))

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
        data: The data set with these tags only.
        vectors: Those of the tags.
    """

    question: TagQuestion
    data: Folksonomy
    vectors: Vectors

    __repr__ = one_line


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


def selected_tags(data: Folksonomy, min_count: int) -> Folksonomy:
    """Return a data set with the tags of at least so many tracks.

    Raises:
        InvalidSetting: If there is none.
    """
    selected = data.select_tags(min_count=min_count)
    if not selected.n_tags:
        most = int(data.tags["count"].max()) if data.n_tags else 0
        raise InvalidSetting(
            f"min-count={min_count} leaves no tag of {data.name}; its most used tag is on {most:,} tracks"
        )
    return selected
