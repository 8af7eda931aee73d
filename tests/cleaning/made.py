"""Folksonomies for tests of cleaning."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from taglab.folksonomy import Folksonomy

HOSTILE = (
    '"><img src=x onerror=alert(1)>',
    "مرحبا",
    "\u202eevil",
    "🎸",
    "👩\u200d🎤",
    "x" * 400,
    "",
    " ",
    "\t",
    "a\tb",
    "a\nb\r",
    "\\t",
    "rock",
    "rock\u200b",
    "ro\u00adck",
    "=1+1",
    "-",
    "___",
    "&",
    "'n'",
    "ＲＯＣＫ",
    "é",
    "e\u0301",
    "\x00",
    "ß",
    "ſ",
    "İ",
    "½",
    "١٩٨٠",
    "nan",
    "None",
    "<NA>",
    "not rock",
    "80s",
    "🏳️\u200d🌈",
)


def folksonomy(pairs: Sequence[tuple[int, str]], artists: int = 3) -> Folksonomy:
    """Tracks 0 to the largest named, tags as named, an artist for every few tracks."""
    n_tracks = max((track for track, _ in pairs), default=-1) + 1
    tags = list(dict.fromkeys(tag for _, tag in pairs))
    place = {tag: code for code, tag in enumerate(tags)}
    tracks = pd.DataFrame(
        {
            "track": [f"t{number}" for number in range(n_tracks)],
            "artist": [f"artist {number % artists}" for number in range(n_tracks)],
        }
    )
    return Folksonomy.from_codes(
        "made", tracks, tags, np.array([t for t, _ in pairs]), np.array([place[tag] for _, tag in pairs])
    )


def with_counts(counts: Mapping[str, int]) -> Folksonomy:
    """Each tag on so many tracks."""
    return folksonomy([(track, tag) for tag, count in counts.items() for track in range(count)])


GROWING = {"acoustic": 9, "acousticc": 2, "acustic": 3, "rock": 30, "rokc": 3}
"""Of acustic there are too many, until acousticc has gone into acoustic: it takes two rounds."""


def on_tracks_of_their_own(counts: Mapping[str, int]) -> Folksonomy:
    """Each tag on so many tracks, each track with one tag, so that what is merged into grows."""
    return folksonomy(list(enumerate(tag for tag, count in counts.items() for _ in range(count))))


def pairs_of(made: Folksonomy) -> set[tuple[str, str]]:
    """Every (track, tag) pair, by name."""
    found = made.matrix.tocoo()
    tracks, tags = made.tracks["track"].to_numpy(), made.tags["tag"].to_numpy()
    return set(zip(tracks[found.row], tags[found.col], strict=True))


_WORDS = (
    "rock",
    "Rock",
    "hip hop",
    "Hip-Hop",
    "hiphop",
    "hip_hop",
    "british rock metal",
    "80s",
    "80's",
    "eighties",
    "80s metal",
    "metal",
    "beautiful",
    "beautifull",
    "country",
    "county",
    "seen live",
    "zzzzzz",
    "favourites",
    "favorites",
    "top 50",
    "not rock",
    "in die",
    "indie",
    "melancolic",
    "melancholic",
    "vlonk",
    "US",
    "us",
    "sad",
    "saddd",
    "r&b",
    "rnb",
    "alternative rock band",
    "great",
    "good",
    "good rock",
    "awsome",
    "good good",
)

tags = st.sampled_from((*_WORDS, *HOSTILE)) | st.text(max_size=6)
folksonomies = st.lists(st.tuples(st.integers(0, 7), tags), min_size=1, max_size=60).map(folksonomy)
