"""What a joint space says of words nobody trained it with, and its vectors for other verbs."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from taglab.embeddings import OWN, compose, resolve, vector_names
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.joint_space import JointSpace, JointSpaceSettings, open_joint_space
from taglab.joint_space.words import zero_shot
from taglab.metrics.paired import interval_over_queries, paired_queries
from taglab.progress import Progress, between
from taglab.settings import Flag, checked
from taglab.sources import open_folksonomy
from taglab.vectors import TagVectors, Vectors, open_features, save_features
from taglab.verbs.joint_space import material_of
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import Kept

_FIGURES = ("average_precision", "auc_roc")


class ZeroShot(Question):
    """Tell how well a joint space ranks tracks for tags that it was never shown, by their words alone.

    Spaces are trained as this one was, but without some of the tags. Of these, the map that was fitted to the
    other tags' words, and the one that is learned with everything else, are held against the vector of the
    trained tag whose words are nearest, and against chance. Word vectors called `own` are trained anew on the
    training tracks' tag lists, so that no other track's are seen.

    Attributes:
        space: Joint space.
        words: Word vectors.
        share: Of the tags that are held out, each time.
        fewest: Held-out tracks that such a tag must have.
        repeats: How often other tags are drawn, and a space trained without them.
    """

    returns: ClassVar[str] = (
        "{name, words, tags, difference, low, high, p, wins, losses, learned, learned_low, learned_high, "
        "rows: [{way, tags, average_precision, low, high, auc_roc, chance}]}"
    )
    examples: ClassVar[str] = (
        "taglab joint-space zero-shot space\ntaglab joint-space zero-shot space --words glove"
    )

    space: Kept
    words: Annotated[str, Flag(metavar="NAME")] = "own"
    share: float = Field(0.2, gt=0, lt=1)
    fewest: int = Field(5, ge=1)
    repeats: int = Field(3, ge=1, le=100)

    def answer(self, progress: Progress) -> Report:
        """Return a row a way to ask, and how far the fitted map is above the nearest tag, and the learned one
        above the fitted."""
        space = open_joint_space(self.space)
        material = material_of(space, between(progress, 0, 0.05))
        words = self._words(space, [material.tracks[row] for row in material.parts["train"]], material.tags)
        settings = checked(JointSpaceSettings, space.about["settings"])
        tables = []
        for repeat in range(self.repeats):
            seeded = settings.model_copy(update={"seed": settings.seed + repeat})
            share = between(
                progress, 0.05 + 0.95 * repeat / self.repeats, 0.05 + 0.95 * (repeat + 1) / self.repeats
            )
            scored = zero_shot(material, seeded, words, self.share, self.fewest, progress=share)
            tables.append(scored.table.assign(repeat=repeat))
        return self._report(pd.concat(tables, ignore_index=True))

    def _words(self, space: JointSpace, training: list[str], tags: tuple[str, ...]) -> TagVectors:
        data: Folksonomy = open_folksonomy(space.about["data"]["name"])
        return compose(resolve(self.words, data.select_tracks(training)), list(tags))

    def _report(self, table: pd.DataFrame) -> Report:
        rows = []
        for way, of_way in table.groupby("way", sort=False):
            figures = interval_over_queries(of_way["average_precision"])
            rows.append(
                {
                    "way": way,
                    "tags": len(of_way),
                    "average_precision": figures.estimate,
                    "low": figures.low,
                    "high": figures.high,
                    "auc_roc": of_way["auc_roc"].mean(),
                    "chance": of_way["chance"].mean(),
                }
            )
        ways = {way: of_way["average_precision"].to_numpy() for way, of_way in table.groupby("way")}
        nearest = ways.pop("nearest trained tag")
        compared = paired_queries(ways["word map, fitted"], nearest)
        learned = paired_queries(ways["word map, learned"], ways["word map, fitted"])
        facts = {
            "name": self.space,
            "words": self.words,
            "tags": rows[0]["tags"],
            "difference": compared.difference.estimate,
            "low": compared.difference.low,
            "high": compared.difference.high,
            "p": compared.difference.p,
            "wins": compared.wins,
            "losses": compared.losses,
            "learned": learned.difference.estimate,
            "learned_low": learned.difference.low,
            "learned_high": learned.difference.high,
        }
        return Report(facts, pd.DataFrame(rows))


class SaveVectors(Question):
    """Keep a joint space's tags, artists or tracks among the features, for whatever takes vectors.

    They are kept as they are, of any length, and compared by dot product. They are then to be chosen among
    the vectors of Embeddings and Clusters, and by `--vectors NAME` of what compares or clusters tags; artists
    or tracks stand there in the place of tags. Only tags make classes.

    Attributes:
        space: Joint space.
        name: What to call the vectors from now on.
        of: Which.
    """

    returns: ClassVar[str] = "{name, kind, ids, dim, measure}"
    examples: ClassVar[str] = "taglab joint-space vectors space --name places --of tracks"
    table: ClassVar[bool] = False

    space: Kept
    name: Annotated[str, Flag(metavar="NAME")]
    of: Literal["tags", "artists", "tracks"] = "tags"

    def answer(self, progress: Progress) -> Report:
        """Return what is kept."""
        if self.name in (OWN, *vector_names()):
            raise InvalidSetting(
                f"name={self.name!r} is that of word vectors, which would be taken for these; choose another"
            )
        vectors = space_vectors(open_joint_space(self.space), self.of, self.name)
        save_features(vectors, self.name)
        return Report(
            {
                "name": self.name,
                "kind": self.of,
                "ids": len(vectors),
                "dim": vectors.dim,
                "measure": vectors.measure,
            }
        )


def space_vectors(space: JointSpace, of: Literal["tags", "artists", "tracks"], name: str = "") -> Vectors:
    """Return a space's vectors of a kind, as they are, compared by dot product."""
    ids: tuple[str, ...]
    rows: Any
    if of == "tracks":
        features = open_features(str(space.about["features"]["name"]))
        ids, rows = features.ids, space.place(features.vectors)
    else:
        ids, rows = (space.tags, space.tag_vectors) if of == "tags" else (space.artists, space.artist_vectors)
    kept = Vectors.of(of, ids, np.asarray(rows), name or space.name, "dot")
    origin = {"encoder": {"encoder": "joint-space", "space": space.name, "fingerprint": space.fingerprint}}
    return Vectors(of, kept.ids, kept.vectors, kept.missing, kept.name, "dot", origin)
