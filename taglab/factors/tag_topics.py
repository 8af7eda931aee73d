"""Factors of tags: of each track's own, or of all that its artist's tracks have."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.factors.maker import TargetMaker
from taglab.factors.topics import Documents, TopicSettings, factors_of_documents
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.targets import BoolArray, Targets


class TagTopics(TopicSettings):
    """Factors of the tracks' own tags."""


class ArtistTopics(TopicSettings):
    """Factors of artists' bags of tags."""


def make_of_tracks(folksonomy: Folksonomy, settings: TagTopics, progress: Progress = silent) -> Targets:
    """Return how much of each factor of tags every track has; of a track without tags nothing is known.

    Raises:
        InvalidSetting: If there are fewer tags or tracks than factors.
    """
    documents = Documents(
        kind="tags",
        of="tracks",
        terms=list(folksonomy.tags["tag"]),
        counts=folksonomy.matrix,
        document_of=np.arange(folksonomy.n_tracks),
        learned=settings.learned_tracks(folksonomy),
        name="tag",
    )
    return factors_of_documents(folksonomy, documents, settings, progress)


def make_of_artists(folksonomy: Folksonomy, settings: ArtistTopics, progress: Progress = silent) -> Targets:
    """Return how much of each factor every track's artist has; of a track of unknown artist nothing is known.

    Raises:
        InvalidSetting: If the data set names no artists, or has fewer artists or tags than factors.
    """
    members, learned = artist_members(folksonomy, settings.learned_tracks(folksonomy))
    documents = Documents(
        kind="tags",
        of="artists",
        terms=list(folksonomy.tags["tag"]),
        counts=sparse.csr_array(members @ folksonomy.matrix),
        document_of=pd.factorize(folksonomy.tracks["artist"])[0].astype(np.int64),
        learned=learned,
        name="artist",
    )
    return factors_of_documents(folksonomy, documents, settings, progress)


def artist_members(folksonomy: Folksonomy, learned: BoolArray) -> tuple[sparse.csr_array, BoolArray]:
    """Return which tracks make up the bag of each artist.

    Of an artist with tracks that are learned from, those alone; of another, all: what is learned knows
    nothing of the other tracks.

    Args:
        folksonomy: Whose artists.
        learned: Which tracks are learned from, (tracks,).

    Returns:
        Array (artists, tracks), 0 and 1, the artists in the order of `pandas.factorize`; and which artists
        have such tracks, (artists,).

    Raises:
        InvalidSetting: If it names no artists.
    """
    if not folksonomy.knows_artists:
        raise InvalidSetting(f"factors of artists need artists, and {folksonomy.name} names none")
    codes, artists = pd.factorize(folksonomy.tracks["artist"])
    has_learned = np.zeros(len(artists), bool)
    has_learned[codes[learned & (codes >= 0)]] = True
    rows = np.flatnonzero((codes >= 0) & (learned | ~has_learned[codes]))
    members = sparse.csr_array(
        (np.ones(len(rows), np.float32), (codes[rows], rows)), shape=(len(artists), folksonomy.n_tracks)
    )
    return members, has_learned


TAG_MAKER = TargetMaker(
    title="Factors of tags",
    about="How much of each of k factors of the folksonomy a track's tags are.",
    example="taglab targets tag --data demo -k 20",
    settings=TagTopics,
    make=make_of_tracks,
)
ARTIST_MAKER = TargetMaker(
    title="Factors of artists' tags",
    about="How much of each of k factors the tags of all tracks of a track's artist are.",
    example="taglab targets artist --data demo -k 20",
    settings=ArtistTopics,
    make=make_of_artists,
)
