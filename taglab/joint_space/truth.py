"""What belongs to a query, by what listeners wrote: so that an answer can be marked right or wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.folksonomy import Folksonomy
from taglab.joint_space.asking import Term

Marks = npt.NDArray[np.bool_]


def belonging(data: Folksonomy, terms: Sequence[Term], kind: str, names: Sequence[str]) -> Marks | None:
    """Return which results belong to a query.

    A track belongs to a tag it has, to its artist, and to a track of the same artist; a tag to the tracks
    that have it and to their artists; an artist to their tracks and to those tracks' tags. A result is right
    that belongs to every term which was added, and to none that was taken away. Of a tag nothing says which
    other tags belong to it, nor of an artist which other artists; such terms, words and clips are passed
    over.

    Args:
        data: What listeners wrote; its column `artist` says who performs a track.
        terms: Of the query, with their kinds, as `Answer.terms` has them.
        kind: "track", "tag" or "artist", of the results.
        names: Of the results; those the data do not know belong to nothing.

    Returns:
        Array (names,); None where nothing is known that belongs to any of the terms.
    """
    marks = [
        _marks(data, term, kind, names) != term.taken_away
        for term in terms
        if (term.kind, kind) in _BELONGING and _is_known(data, term)
    ]
    return np.logical_and.reduce(marks) if marks else None


def _marks(data: Folksonomy, term: Term, kind: str, names: Sequence[str]) -> Marks:
    known = _BELONGING[term.kind, kind](data, term.name)
    return np.fromiter((name in known for name in names), bool, len(names))


def _is_known(data: Folksonomy, term: Term) -> bool:
    column = {"tag": data.tags["tag"], "track": data.tracks["track"]}
    if term.kind == "artist":
        return "artist" in data.tracks and bool((data.tracks["artist"] == term.name).any())
    return bool((column[term.kind] == term.name).any())


def _rows_of_tag(data: Folksonomy, tag: str) -> npt.NDArray[np.intp]:
    column = int(np.flatnonzero(data.tags["tag"] == tag)[0])
    rows: npt.NDArray[np.intp] = data.matrix[:, [column]].nonzero()[0].astype(np.intp)
    return rows


def _rows_of_artist(data: Folksonomy, artist: str) -> npt.NDArray[np.intp]:
    return np.flatnonzero(data.tracks["artist"] == artist)


def _rows_of_track(data: Folksonomy, track: str) -> npt.NDArray[np.intp]:
    return np.flatnonzero(data.tracks["track"] == track)


def _tracks_at(data: Folksonomy, rows: npt.NDArray[np.intp]) -> set[str]:
    return set(data.tracks["track"].iloc[rows])


def _tags_at(data: Folksonomy, rows: npt.NDArray[np.intp]) -> set[str]:
    return set(data.tags["tag"].iloc[np.unique(data.matrix[rows].nonzero()[1])])


def _artists_at(data: Folksonomy, rows: npt.NDArray[np.intp]) -> set[str]:
    if "artist" not in data.tracks:
        return set()
    return set(data.tracks["artist"].iloc[rows].dropna())


def _tracks_alike(data: Folksonomy, track: str) -> set[str]:
    """Return the other tracks of a track's artist."""
    artists = _artists_at(data, _rows_of_track(data, track))
    of_artists = data.tracks["artist"].isin(artists) if artists else pd.Series(False, data.tracks.index)
    return set(data.tracks["track"][of_artists]) - {track}


_BELONGING: dict[tuple[str, str], Callable[[Folksonomy, str], set[str]]] = {
    ("tag", "track"): lambda data, tag: _tracks_at(data, _rows_of_tag(data, tag)),
    ("artist", "track"): lambda data, artist: _tracks_at(data, _rows_of_artist(data, artist)),
    ("track", "track"): _tracks_alike,
    ("artist", "tag"): lambda data, artist: _tags_at(data, _rows_of_artist(data, artist)),
    ("track", "tag"): lambda data, track: _tags_at(data, _rows_of_track(data, track)),
    ("tag", "artist"): lambda data, tag: _artists_at(data, _rows_of_tag(data, tag)),
    ("track", "artist"): lambda data, track: _artists_at(data, _rows_of_track(data, track)),
}
"""Kind of a term, kind of the results → the names that belong to it."""
