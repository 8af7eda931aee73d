"""Songs of the Taste Profile and their tracks: `taste_profile_song_to_tracks.txt`, `sid_mismatches.txt`.

Plays of the Taste Profile name songs (SO…), tags of the Million Song Dataset tracks (TR…). The first file has
a song in each row and its tracks behind, between tabs; a few songs have none. The second, where it lies
beside, lists pairs whose sound is of another song (`ERROR: <SOUMNSI12AB0182807 TRMMGKQ128F9325E10> …`).

Source: http://millionsongdataset.com/tasteprofile; http://millionsongdataset.com/blog
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from taglab.errors import DataError
from taglab.sources.reading import open_text

MISMATCHES = "sid_mismatches.txt"
_PAIR = re.compile(r"<(SO\w{16}) (TR\w{16})>", re.ASCII)


def read_songs(path: Path) -> tuple[dict[str, tuple[str, ...]], int]:
    """Return the tracks of every song, and how many pairs were left out as mismatched.

    Raises:
        DataError: If it is missing, damaged, or has no song with a track.
    """
    wrong = _mismatches(path.with_name(MISMATCHES))
    tracks_of: dict[str, tuple[str, ...]] = {}
    n_wrong = 0
    with open_text(path) as text:
        for line in text.lines:
            song, *tracks = (cell.strip() for cell in line.rstrip("\r\n").split("\t"))
            right = tuple(track for track in tracks if track and (song, track) not in wrong)
            n_wrong += sum(map(bool, tracks)) - len(right)
            tracks_of[song] = right
    if not any(tracks_of.values()):
        raise DataError(path, "has no song with a track behind it, between tabs; is it the right file?")
    return tracks_of, n_wrong


def _mismatches(path: Path) -> frozenset[tuple[str, str]]:
    if not path.is_file():
        return frozenset()
    with open_text(path) as text:
        return frozenset((pair[1], pair[2]) for line in text.lines for pair in _PAIR.finditer(line))


def track_of(song: str, tracks_of: Mapping[str, tuple[str, ...]], known: Collection[str]) -> str | None:
    """Return the track a song stands for: the first that is known, else the first; None where it has none."""
    tracks = tracks_of.get(song, ())
    return next((track for track in tracks if track in known), tracks[0] if tracks else None)
