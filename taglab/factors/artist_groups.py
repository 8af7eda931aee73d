"""Artist group factors: groups of artists whose tracks have alike tags or alike sound, by topics of artists.

An artist is the bag of all words of the own tracks: their tags; or, of features that count the entries of a
dictionary of frames (`taglab features`, `mfcc-codebook`), those counts; or, of other features, the entry of a
dictionary of tracks nearest to each track, after every number was made normal by its rank.

Source: Kim 2021, section 3.3.1. Its factors were made of all tracks; here they are made of the artists of the
training part alone, and given to the others.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from scipy import sparse

from taglab.clustering.euclidean import euclidean_kmeans
from taglab.errors import InvalidSetting
from taglab.factors.maker import TargetMaker
from taglab.factors.other_data import documents_of
from taglab.factors.plsa import Doubles
from taglab.factors.tag_topics import artist_members
from taglab.factors.topics import Documents, ModelName, Splitting, TopicSettings, factors_of_documents
from taglab.folksonomy import Folksonomy
from taglab.parallel import blocks
from taglab.progress import Progress, between, silent
from taglab.sources import folksonomy_names, open_folksonomy
from taglab.split import SplitSettings
from taglab.targets import BoolArray, Targets
from taglab.vectors import Vectors, feature_names, open_features

_BLOCK_TRACKS = 2_048


class ArtistGroups(TopicSettings):
    """Groups of artists.

    Attributes:
        features: Saved features of tracks that are an artist's words; where empty, the tags are.
        n_entries: Size of the dictionary of tracks, where features are no counts.
        tags: Data set whose tags are meant, such as genres and subgenres; where empty, this one.
    """

    k: int = Field(40, ge=2, le=10_000)
    learn_from: Literal["all", "train"] = "train"
    split: Splitting = SplitSettings(by_artist=True)
    model: ModelName = "lda"
    iterations: int = Field(50, ge=1, le=100_000)
    features: str = ""
    n_entries: int = Field(2_048, ge=2, le=100_000)
    tags: str = ""


def make(folksonomy: Folksonomy, settings: ArtistGroups, progress: Progress = silent) -> Targets:
    """Return how much of each group the artist of every track is; of an unknown artist nothing is known.

    Raises:
        NotFound: If there are no such features, or no such data set.
        InvalidSetting: If no artists are named, features are of anything but tracks, or there are too few
            artists, words or tracks.
    """
    if settings.features and settings.tags:
        raise InvalidSetting(
            f"features={settings.features!r} and tags={settings.tags!r} exclude one another; name one of them"
        )
    learned = settings.learned_tracks(folksonomy)
    if settings.features:
        features = open_features(settings.features)
        words = words_of_features(features, folksonomy, learned, settings, between(progress, 0, 0.4))
    else:
        words = _words_of_tags(folksonomy, settings, learned)
    return factors_of_documents(
        folksonomy, _of_artists(folksonomy, words, learned), settings, between(progress, 0.4, 1)
    )


def _of_artists(folksonomy: Folksonomy, words: Documents, learned: BoolArray) -> Documents:
    """Return the words of artists, of those of tracks."""
    members, has_learned = artist_members(folksonomy, learned)
    of_tracks = np.flatnonzero(words.document_of >= 0)
    has = sparse.csr_array(members[:, of_tracks])
    return Documents(
        kind=words.kind,
        of="artists",
        terms=words.terms,
        counts=sparse.csr_array(has @ words.counts[words.document_of[of_tracks]]),
        document_of=pd.factorize(folksonomy.tracks["artist"])[0].astype(np.int64),
        learned=has_learned,
        name="artist groups",
        origin=words.origin,
        notes=words.notes,
    )


def _words_of_tags(folksonomy: Folksonomy, settings: ArtistGroups, learned: BoolArray) -> Documents:
    other = open_folksonomy(settings.tags) if settings.tags else folksonomy
    return documents_of(other, folksonomy, learned, "tags", "tags")


def words_of_features(
    features: Vectors,
    folksonomy: Folksonomy,
    learned: BoolArray,
    settings: ArtistGroups,
    progress: Progress = silent,
) -> Documents:
    """Return features as words of tracks.

    Whole numbers of at least 0 are taken for counts of words; others are made normal by their ranks among the
    tracks learned from, and the nearest entry of a dictionary of those is the one word of a track.

    Args:
        features: Of tracks.
        folksonomy: Whose tracks.
        learned: Which tracks are learned from, (tracks,).
        settings: The size of the dictionary, and the seed of its start.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If they are of something else, or there are fewer tracks to learn from than entries.
    """
    if features.kind != "tracks":
        raise InvalidSetting(f"features of {features.kind} are no words of tracks; take some of tracks")
    tracks = folksonomy.tracks["track"]
    rows = np.array([features.row(track) if track in features else -1 for track in tracks], np.int64)
    here = np.flatnonzero(rows >= 0)
    if not len(here):
        raise InvalidSetting(f"features {features.name} are of none of the tracks of {folksonomy.name}")
    values = np.asarray(features.vectors[rows[here]], np.float64)
    if (values >= 0).all() and (values == np.rint(values)).all():
        counts = sparse.csr_array(values)
        note = f"{features.name} holds whole numbers: they count the words of a track."
    else:
        entries = _entries(values, learned[here], settings, progress)
        shape = (len(here), settings.n_entries)
        counts = sparse.csr_array((np.ones(len(here)), (np.arange(len(here)), entries)), shape=shape)
        note = f"{features.name} holds no counts: the nearest of {shape[1]:,} entries is a track's word."
    document_of = np.full(len(rows), -1, np.int64)
    document_of[here] = np.arange(len(here))
    return Documents(
        kind="entries",
        of="tracks",
        terms=[f"entry {number}" for number in range(1, counts.shape[1] + 1)],
        counts=counts,
        document_of=document_of,
        learned=np.asarray(learned[here], bool),
        name=features.name,
        origin={"features": features.fingerprint},
        notes=(note,),
    )


def _entries(
    values: Doubles, learned: BoolArray, settings: ArtistGroups, progress: Progress
) -> npt.NDArray[np.int64]:
    """Return for each track the nearest entry of a dictionary of those learned from, (tracks,)."""
    from scipy.spatial.distance import cdist
    from sklearn.preprocessing import QuantileTransformer

    n_learned = int(learned.sum())
    if n_learned < settings.n_entries:
        raise InvalidSetting(
            f"n_entries={settings.n_entries:,} must be at most the {n_learned:,} tracks to learn from"
        )
    progress(0.0, "ranking numbers")
    by_rank = QuantileTransformer(
        n_quantiles=min(1_000, n_learned), output_distribution="normal", random_state=settings.seed
    ).fit(values[learned])
    normal = by_rank.transform(values)
    points = np.unique(normal[learned], axis=0)
    k = min(settings.n_entries, len(points))
    partition = euclidean_kmeans(
        points, np.ones(len(points)), k, settings.seed, progress=between(progress, 0.1, 0.9)
    )
    parts = blocks(len(normal), _BLOCK_TRACKS)
    nearest = [cdist(normal[part], partition.means).argmin(axis=1) for part in parts]
    return np.concatenate(nearest).astype(np.int64)


def _others(folksonomy: Folksonomy, settings: ArtistGroups) -> dict[str, str]:
    """Return the fingerprint of what else the words are of, by what it is."""
    if settings.features:
        return {"features": open_features(settings.features).fingerprint}
    return {"tags": open_folksonomy(settings.tags).fingerprint} if settings.tags else {}


MAKER = TargetMaker(
    title="Artist groups",
    about="How much of each of k groups of artists a track's artist is, by the tracks' tags or sound.",
    example="taglab targets artist-groups --data demo --tags demo-experts -k 10",
    settings=ArtistGroups,
    make=make,
    others=_others,
    choices=lambda folksonomy: {
        "features": ["", *feature_names("tracks")],
        "tags": ["", *folksonomy_names()],
    },
)
