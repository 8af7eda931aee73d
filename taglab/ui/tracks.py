"""Tracks with their names, tags and players, a few at a time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from taglab.audio.store import AudioStore
from taglab.figures.theme import visible
from taglab.folksonomy import Folksonomy
from taglab.ui.messages import literal
from taglab.ui.pickers import bound_number
from taglab.ui.players import play, sound_of
from taglab.ui.remembered import remembered

_AT_ONCE = 4
_LONGEST_S = 60
_MOST_TAGS = 12


@remembered("large")
def names_of(data: Folksonomy) -> dict[str, str]:
    """Return title and artist of every track, as far as the data tell; else its id."""
    known = [column for column in ("title", "artist") if column in data.tracks.columns]
    ids = data.tracks["track"].astype(str).tolist()
    if not known:
        return dict(zip(ids, ids, strict=True))
    rows = data.tracks[known].itertuples(index=False)
    parts = ([str(part) for part in row if isinstance(part, str) and part] for row in rows)
    return {track: " · ".join(named) or track for track, named in zip(ids, parts, strict=True)}


def show_players(data: Folksonomy, audio: str, tracks: Sequence[str], facts: Sequence[str], key: str) -> None:
    """Let tracks be heard, four at a time.

    Args:
        data: Whose tracks.
        audio: Name of the sound.
        tracks: The most telling first.
        facts: What is said of each, text as it is.
        key: Of the widgets and in the URL.
    """
    if not tracks:
        return
    store, why = sound_of(data, audio)
    if store is None:
        st.caption(literal(why))
    pages = -(-len(tracks) // _AT_ONCE)
    page = 1
    if pages > 1:
        label, name = f"{_AT_ONCE} tracks at a time, page of {pages:,}", f"{key}_page"
        if st.session_state.get(name, 1) > pages:
            st.session_state[name] = pages
        bind = bound_number(name, "page", 1, pages)
        page = int(st.number_input(label, 1, pages, 1, key=name, width=260, bind=bind))
    with st.container(horizontal=True):
        for place in range((page - 1) * _AT_ONCE, min(page * _AT_ONCE, len(tracks))):
            with st.container(width=290, border=True):
                show_track(data, store, tracks[place], facts[place])


def show_track(data: Folksonomy, store: AudioStore | None, track: str, fact: str) -> None:
    """Show one track: its name, its player, what is said of it, and its tags."""
    st.markdown(f"**{literal(visible(names_of(data).get(track, track)))}**")
    if store is not None:
        play(store, int(store.rows([track])[0]), _LONGEST_S)
    if fact:
        st.caption(literal(fact))
    tags = [literal(visible(tag, 30)) for tag in tags_of(data, track)[:_MOST_TAGS]]
    st.caption(f"Tags: {', '.join(tags) or 'none'}")


def tags_of(data: Folksonomy, track: str) -> list[str]:
    """Return what listeners wrote of a track, the most used tags first."""
    row = int(_index(data).get_indexer(pd.Index([track]))[0])
    if row < 0:
        return []
    start, stop = data.matrix.indptr[row : row + 2]
    return [str(data.tags["tag"].iloc[column]) for column in sorted(data.matrix.indices[start:stop])]


@remembered("large")
def _index(data: Folksonomy) -> pd.Index[str]:
    return pd.Index(data.tracks["track"].astype(str))
