"""The demo: a synthetic folksonomy whose truth is known.

About 1,200 tracks by 150 artists, each with a recipe (`recipes`), are tagged by 400 listeners (`listening`)
with some 800 tags (`vocabulary`) whose popularity falls as that of Last.fm's (Ros Perez 2021, table 31). The
concept behind every tag is known, so that a method can be measured by what it recovers: `demo_truth`.

Beside it lie, on the same tracks and drawn from random streams of their own, who plays what (`playing`), the
songs' words (`singing`), and genres by experts (`experts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.sources.demo.experts import file_under_genres
from taglab.sources.demo.hearing import affinity
from taglab.sources.demo.listening import affinities, choose_spellings, target_counts, write_tags
from taglab.sources.demo.playing import play
from taglab.sources.demo.recipes import make_tracks
from taglab.sources.demo.singing import sing, words
from taglab.sources.demo.vocabulary import FALSE_FRIENDS, Spelling, concepts, spellings

__all__ = ["FALSE_FRIENDS", "TRUTH", "DemoSettings", "demo_truth", "read_demo", "read_demo_plays"]

TRUTH = ("concept", "also", "group", "family", "branch", "kind", "basis", "language")
"""Columns of the demo's tags table that tell the truth; see `demo_truth`."""

# Second number of the seeds of random streams: what lies beside the tags moves nothing of them.
_PLAYS, _LYRICS, _EXPERTS = 1, 2, 3


class DemoSettings(BaseModel):
    """How the demo is made.

    Attributes:
        seed: Of everything drawn; the same seed gives the same folksonomy.
        tracks: Number of tracks.
        artists: Number of artists.
        listeners: Number of listeners who tag.
        tags: Most tags the listeners know; a few of the rare ones may never be written.
        of: "tags" as listeners write them; "lyrics": the words of the songs, their counts as weights;
            "experts": genres of a fixed list, as experts file the same tracks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(0, ge=0)
    tracks: int = Field(1200, ge=200, le=100_000)
    artists: int = Field(150, ge=20, le=10_000)
    listeners: int = Field(400, ge=60, le=100_000)
    tags: int = Field(800, ge=500, le=1_500)
    of: Literal["tags", "lyrics", "experts"] = "tags"


def read_demo(
    settings: DemoSettings | None = None, name: str = "demo", progress: Progress = silent
) -> Folksonomy:
    """Make the demo.

    Args:
        settings: How; the defaults where None.
        name: What to call it.
        progress: Told how far it is.

    Returns:
        Tracks with their recipe (columns in `recipes.make_tracks`), tags with the truth (columns in
        `demo_truth`), and as weights, as on Last.fm, the share of listeners beside the track's most given
        tag, 1 to 100. Of lyrics the tags are words, with columns `basis` ("common", "mood", "style") and
        `of` (which), and weights are counts; of experts the tags are genres, and weights 1.
    """
    settings = settings or DemoSettings()
    if settings.of != "tags":
        return _beside(settings, name, progress)
    rng = np.random.default_rng(settings.seed)
    progress(0.0, "inventing artists and tracks")
    tracks = make_tracks(rng, settings.tracks, settings.artists)
    progress(0.3, "asking what can be heard")
    by_concept = {concept.name: affinity(tracks, concept.when) for concept in concepts().values()}
    applies = affinities(spellings(), by_concept)
    progress(0.4, "listening")
    chosen = choose_spellings(rng, spellings(), applies, settings.tags)
    known = [spellings()[row] for row in chosen]
    targets = target_counts(len(known), settings.tracks)
    written = write_tags(rng, known, applies[:, chosen], targets, settings.listeners)
    progress(0.9, "collecting tags")
    return Folksonomy.from_codes(name, tracks, _tags_table(known), *_percent(written))


def _beside(settings: DemoSettings, name: str, progress: Progress) -> Folksonomy:
    """Make the words of the songs, or the experts' genres, on the tracks that the same seed gives tags."""
    progress(0.0, "inventing artists and tracks")
    tracks = make_tracks(np.random.default_rng(settings.seed), settings.tracks, settings.artists)
    progress(0.5, f"inventing {settings.of}")
    if settings.of == "experts":
        genres, rows, codes = file_under_genres(np.random.default_rng([settings.seed, _EXPERTS]), tracks)
        return Folksonomy.from_codes(name, tracks, genres, rows, codes)
    counts = sing(np.random.default_rng([settings.seed, _LYRICS]), tracks).tocoo()
    table = pd.DataFrame(words(), columns=["tag", "basis", "of"])
    return Folksonomy.from_codes(name, tracks, table, counts.row, counts.col, counts.data)


def read_demo_plays(
    settings: DemoSettings, folksonomy: Folksonomy, progress: Progress = silent
) -> Interactions | None:
    """Make who plays what of the demo's tracks; None where the demo is not of tags.

    Args:
        settings: How the demo was made.
        folksonomy: The demo.
        progress: Told how far it is.

    Returns:
        Counts of tracks that anybody played; of the users their taste is known (columns in `playing.play`).
    """
    if settings.of != "tags":
        return None
    progress(0.0, "playing")
    rng = np.random.default_rng([settings.seed, _PLAYS])
    listeners, played = play(rng, folksonomy.tracks, settings.listeners)
    heard = np.flatnonzero(played.sum(axis=0) > 0)
    pairs = played[:, heard].tocoo()
    tracks = list(folksonomy.tracks["track"].iloc[heard])
    return Interactions.from_codes(folksonomy.name, listeners, tracks, pairs.row, pairs.col, pairs.data)


def _tags_table(known: Sequence[Spelling]) -> pd.DataFrame:
    means = [concepts()[spelling.concept] for spelling in known]
    return pd.DataFrame(
        {
            "tag": [spelling.tag for spelling in known],
            "concept": [spelling.concept for spelling in known],
            "also": [spelling.also for spelling in known],
            "group": [concept.group for concept in means],
            "family": [concept.family for concept in means],
            "branch": [concept.branch for concept in means],
            "kind": [spelling.kind for spelling in known],
            "basis": [concept.basis for concept in means],
            "language": [spelling.language for spelling in known],
        }
    )


def _percent(written: sparse.csr_array) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return rows, columns, and listeners in percent of those of the track's most given tag."""
    found = written.tocoo()
    most = written.max(axis=1).toarray().ravel()
    return found.row, found.col, np.ceil(100 * found.data / most[found.row])


def demo_truth(folksonomy: Folksonomy) -> pd.DataFrame:
    """Return what is known of every tag of the demo.

    How to measure recovery: cluster the tags, then compare the clusters with a column by adjusted Rand index
    or normalised mutual information (`taglab.metrics.clustering`). `concept` asks for synonyms, `family` for
    genres, eras and moods, `group` for the thesis's eight groups; leave out tags whose `basis` is "listener"
    to ask only for what can be heard. A merge of two tags is right where their `concept` (and `also`) agree.
    For subgenres, take the tags of one `family` that have a `branch`, and compare with that.

    Returns:
        One row a tag, in the folksonomy's order:

        - `tag`, `count`;
        - `concept`: what it means ("hip hop" for "Hip-Hop" and "hiphop"); `also`: the second concept of a
          compound ("80s" of "80s rock"), else empty;
        - `group`: of the concept, one of genres, instruments, dates, voices, emotions, nationalities,
          meaningless, miscellaneous; `family`: finer ("metal", "1980s", "sadness"); `branch`: finer still
          where the concept is a style ("extreme metal"), else empty;
        - `kind`: base (plain spelling), synonym, variant (case, hyphen, space), typo, language (another
          than English), compound (of two concepts), unknown (a concept and a word of no language), junk
          (plain spelling of what depends on the listener);
        - `basis`: whether its use depends on the "sound", on the "background" (nationality, cover version),
          or on the "listener" alone;
        - `language`: code of the language, empty for English.

    Raises:
        InvalidSetting: If the folksonomy is not the demo or a selection of it.
    """
    if not set(TRUTH) <= set(folksonomy.tags.columns):
        raise InvalidSetting(
            f"folksonomy={folksonomy.name!r} must be the demo: of other data the truth is not known"
        )
    return folksonomy.tags[["tag", "count", *TRUTH]].copy()
