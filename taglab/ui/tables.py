"""Tables as pages show them: whole, searchable, every column with its unit."""

from __future__ import annotations

import urllib.parse
from typing import Any

import pandas as pd
import streamlit as st

from taglab.figures.theme import visible
from taglab.folksonomy import Folksonomy
from taglab.vectors import Vectors

_UNITS = {
    "count": "tracks",
    "together": "tracks with both",
    "artists": "distinct",
    "weight": "0 to 100",
    "lift": "times chance",
    "overlap": "share of the k nearest",
    "unknown": "words without a vector",
    "similarity": "cosine, −1 to 1",
    "distance": "1 − cosine",
}
_SUFFIXES = {"_s": "s", "_hz": "Hz", "_bpm": "beats a minute", "_db": "dB", "_cents": "cents", "_ms": "ms"}


def partly_known_notes(vectors: Vectors) -> dict[str, str]:
    """Return what is to be said of each tag that has a vector by some of its words only."""
    return {tag: f"without {visible(words)}, which has no vector" for tag, words in vectors.unknown.items()}


def track_names(data: Folksonomy) -> dict[str, str]:
    """Return title and artist of each track of which a data set knows one of them."""
    columns = [data.tracks[column].fillna("") for column in ("title", "artist") if column in data.tracks]
    names = (" – ".join(filter(None, map(str, row))) for row in zip(*columns, strict=True))
    return {track: name for track, name in zip(data.tracks["track"], names, strict=False) if name}


def notes_of(vectors: Vectors, data: Folksonomy) -> dict[str, str]:
    """Return what is to be said of ids: of tags see `partly_known_notes`, of tracks title and artist."""
    if vectors.kind != "tracks":
        return partly_known_notes(vectors)
    return {track: visible(name) for track, name in track_names(data).items()}


def measure_sentence(vectors: Vectors) -> str:
    """Return the sentence that says of what vectors are, and by what they are compared."""
    lengths = ", which heeds their lengths" if vectors.by.heeds_length else ""
    of = "" if vectors.kind == "tags" else f" of {vectors.kind}"
    return f"The vectors {vectors.name}{of} are compared by {vectors.by.title}{lengths}."


def column_labels(table: pd.DataFrame) -> dict[str, Any]:
    """Return Streamlit's column configuration: a readable heading with the unit for each column."""
    return {column: _column(column) for column in map(str, table.columns)}


def _column(column: str) -> Any:
    if column == "share" or column.startswith("share_"):
        return st.column_config.NumberColumn(column.replace("_", " "), format="percent")
    name, unit = column, _UNITS.get(column)
    for suffix, of_suffix in _SUFFIXES.items():
        if column.endswith(suffix):
            name, unit = column.removesuffix(suffix), of_suffix
    text = name.replace("_", " ")
    return st.column_config.Column(f"{text} ({unit})" if unit else text)


def swatch(colour: str) -> str:
    """Return a disc of a colour, `#rrggbb`, as an address for an image column."""
    disc = f"<circle cx='9' cy='9' r='7' fill='{colour}'/>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' width='18' height='18'>{disc}</svg>"
    return f"data:image/svg+xml,{urllib.parse.quote(svg)}"


def tag_table(folksonomy: Folksonomy, find: str = "") -> pd.DataFrame:
    """Return the tags whose text contains `find` (whatever the case), with rank and share.

    Returns:
        Columns `rank` (1 = most used), `tag`, `count`, `share` (of all tracks), `artists`, and whatever
        else the source says of tags; the index counts from 0.
    """
    tags = folksonomy.tags
    table = tags.assign(rank=range(1, len(tags) + 1), share=tags["count"] / max(folksonomy.n_tracks, 1))
    first = ["rank", "tag", "count", "share", "artists"]
    table = table[first + [column for column in tags.columns if column not in first]]
    if find:
        table = table[table["tag"].str.casefold().str.contains(find.casefold(), regex=False)]
    return table.reset_index(drop=True)
