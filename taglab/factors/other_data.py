"""Factors of what else is known of the same tracks: words of songs, genres by experts, who plays them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.factors.maker import TargetMaker
from taglab.factors.topics import Documents, TopicSettings, factors_of_documents
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, between, silent
from taglab.sources import folksonomy_names, open_folksonomy, open_interactions
from taglab.targets import BoolArray, Targets

_EXAMPLES = 5


class LyricsTopics(TopicSettings):
    """Factors of the songs' words.

    Attributes:
        lyrics: Data set on the same tracks whose tags are words and whose weights are how often each comes;
            where empty, the one named as this one with `-lyrics` behind.
    """

    lyrics: str = ""


class ExpertTopics(TopicSettings):
    """Factors of a second set of tags.

    Attributes:
        experts: Data set on the same tracks whose tags are of a fixed list; where empty, the one named as
            this one with `-experts` behind.
    """

    experts: str = ""


class TasteTopics(TopicSettings):
    """Factors of who plays the tracks.

    Attributes:
        plays: Data set that was added with plays; where empty, this one.
    """

    plays: str = ""


def make_of_lyrics(folksonomy: Folksonomy, settings: LyricsTopics, progress: Progress = silent) -> Targets:
    """Return how much of each factor of words every track has.

    Counts are weighed by the logarithm of how many of the tracks learned from have the word (TF-IDF), so that
    a word of all songs counts nothing; tracks without words are no songs. Of those nothing is known.

    Raises:
        NotFound: If there is no such data set.
        InvalidSetting: If no track is in both, or there are fewer words or tracks than factors.
    """
    words = _opened(settings.lyrics, folksonomy, "lyrics", between(progress, 0, 0.1))
    documents = documents_of(words, folksonomy, settings.learned_tracks(folksonomy), "lyrics", "words")
    songs = documents.learned & (documents.counts.sum(axis=1) > 0)
    weighed = inverse_document_frequencies(documents.counts[songs])
    counts = sparse.csr_array(documents.counts.multiply(weighed))
    counts.eliminate_zeros()
    documents = Documents(**{**vars(documents), "counts": counts})
    return factors_of_documents(folksonomy, documents, settings, between(progress, 0.1, 1))


def inverse_document_frequencies(counts: sparse.csr_array) -> npt.NDArray[np.float64]:
    """Return log(documents / documents that have the term) for each term (terms,); 0 of terms none has."""
    having = np.bincount(counts.indices[counts.data > 0], minlength=counts.shape[1])
    frequencies: npt.NDArray[np.float64] = np.log(max(counts.shape[0], 1) / np.maximum(having, 1))
    return np.where(having > 0, frequencies, 0.0)


def make_of_experts(folksonomy: Folksonomy, settings: ExpertTopics, progress: Progress = silent) -> Targets:
    """Return how much of each factor of the experts' tags every track has; without any nothing is known.

    Raises:
        NotFound: If there is no such data set.
        InvalidSetting: If no track is in both, or there are fewer tags or tracks than factors.
    """
    genres = _opened(settings.experts, folksonomy, "experts", between(progress, 0, 0.1))
    documents = documents_of(genres, folksonomy, settings.learned_tracks(folksonomy), "expert", "tags")
    return factors_of_documents(folksonomy, documents, settings, between(progress, 0.1, 1))


def make_of_taste(folksonomy: Folksonomy, settings: TasteTopics, progress: Progress = silent) -> Targets:
    """Return how much of each factor of listeners every track has; of one nobody played nothing is known.

    Raises:
        NotFound: If there are no plays.
        DataError: If they are ratings.
        InvalidSetting: If nobody played any of the tracks, or there are fewer users or tracks than factors.
    """
    plays = open_interactions(settings.plays or folksonomy.name)
    return taste_of(plays, folksonomy, settings, progress)


def taste_of(
    plays: Interactions, folksonomy: Folksonomy, settings: TasteTopics, progress: Progress = silent
) -> Targets:
    """Return how much of each factor of listeners every track has.

    Args:
        plays: Who played what, counts; plays of tracks that the folksonomy does not have are passed over.
        folksonomy: Whose tracks.
        settings: How factors are learned.
        progress: Told how far it is.

    Raises:
        DataError, InvalidSetting: As `make_of_taste`.
    """
    if plays.kind != "counts":
        raise DataError(plays.name, "has ratings; factors of taste are made of how often tracks are played")
    tracks = list(folksonomy.tracks["track"])
    own = plays.select_tracks(tracks)
    _require_shared(own.matrix.nnz > 0, plays.name, folksonomy, "plays")
    documents = Documents(
        kind="users",
        of="tracks",
        terms=list(plays.users["user"]),
        counts=sparse.csr_array(own.matrix.T.tocsr()),
        document_of=np.arange(len(tracks)),
        learned=settings.learned_tracks(folksonomy),
        name="taste",
        origin={"plays": plays.fingerprint},
        notes=_others(plays.tracks, tracks, "tracks that are played", folksonomy),
    )
    return factors_of_documents(folksonomy, documents, settings, progress)


def _opened(name: str, folksonomy: Folksonomy, what: str, progress: Progress) -> Folksonomy:
    """Return the data set of a name, or the one whose name is the folksonomy's with what it is of behind."""
    try:
        return open_folksonomy(name or f"{folksonomy.name}-{what}", progress)
    except NotFound as error:
        if name:
            raise
        raise InvalidSetting(
            f"{what}='' must name a data set with the {what} of {folksonomy.name}, or one must be called "
            f"{folksonomy.name}-{what}; there are: {', '.join(folksonomy_names())}"
        ) from error


def documents_of(
    other: Folksonomy, folksonomy: Folksonomy, learned: BoolArray, name: str, kind: str
) -> Documents:
    """Return the tags of another data set as documents of the tracks that both have.

    Args:
        other: Whose tags.
        folksonomy: Whose tracks.
        learned: Which of those are learned from, (tracks,).
        name: What the factors are called.
        kind: What the tags are.

    Raises:
        InvalidSetting: If they have no track in common.
    """
    tracks = list(folksonomy.tracks["track"])
    row_of = {track: row for row, track in enumerate(other.tracks["track"])}
    rows = np.array([row_of.get(track, -1) for track in tracks], np.int64)
    here = np.flatnonzero(rows >= 0)
    _require_shared(len(here) > 0, other.name, folksonomy, kind)
    document_of = np.full(len(tracks), -1, np.int64)
    document_of[here] = np.arange(len(here))
    tagged = list(other.tracks["track"][np.diff(other.matrix.indptr) > 0])
    return Documents(
        kind=kind,
        of="tracks",
        terms=list(other.tags["tag"]),
        counts=sparse.csr_array(other.matrix[rows[here]], dtype=np.float64),
        document_of=document_of,
        learned=np.asarray(learned[here], bool),
        name=name,
        origin={name: other.fingerprint},
        notes=_others(tagged, tracks, f"tracks with {kind} in {other.name}", folksonomy),
    )


def _require_shared(shared: bool, name: str, folksonomy: Folksonomy, what: str) -> None:
    if not shared:
        raise InvalidSetting(
            f"{name} has {what} of none of the tracks of {folksonomy.name}; are their ids of the same kind?"
        )


def _others(
    given: Sequence[str], tracks: Sequence[str], what: str, folksonomy: Folksonomy
) -> tuple[str, ...]:
    """Say which tracks of another data set are not among the folksonomy's."""
    known = set(tracks)
    others = [track for track in given if track not in known]
    if not others:
        return ()
    examples = ", ".join(map(repr, others[:_EXAMPLES])) + (", …" if len(others) > _EXAMPLES else "")
    return (
        f"{len(others):,} of {len(given):,} {what} are not in {folksonomy.name} and left out ({examples}).",
    )


LYRICS_MAKER = TargetMaker(
    title="Factors of lyrics",
    about="How much of each of k factors a song's words are, common words counting little (TF-IDF).",
    example="taglab targets lyrics --data demo -k 20",
    settings=LyricsTopics,
    make=make_of_lyrics,
    others=lambda folksonomy, settings: {
        "lyrics": _opened(settings.lyrics, folksonomy, "lyrics", silent).fingerprint
    },
    choices=lambda folksonomy: {"lyrics": ["", *folksonomy_names()]},
)
EXPERT_MAKER = TargetMaker(
    title="Factors of experts' tags",
    about="How much of each of k factors of a second, curated set of tags a track is.",
    example="taglab targets expert --data demo -k 20",
    settings=ExpertTopics,
    make=make_of_experts,
    others=lambda folksonomy, settings: {
        "experts": _opened(settings.experts, folksonomy, "experts", silent).fingerprint
    },
    choices=lambda folksonomy: {"experts": ["", *folksonomy_names()]},
)
TASTE_MAKER = TargetMaker(
    title="Factors of taste",
    about="How much of each of k factors of listeners those who play a track are.",
    example="taglab targets taste --data demo -k 20",
    settings=TasteTopics,
    make=make_of_taste,
    others=lambda folksonomy, settings: {
        "plays": open_interactions(settings.plays or folksonomy.name).fingerprint
    },
    choices=lambda folksonomy: {"plays": ["", *folksonomy_names()]},
)
