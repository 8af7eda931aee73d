"""A track to be heard on a page, from a store of sound."""

from __future__ import annotations

import numpy as np
import streamlit as st

from taglab.audio.library import DEMO, demo_audio
from taglab.audio.store import AudioStore
from taglab.errors import InvalidSetting, TaglabError
from taglab.folksonomy import Folksonomy
from taglab.ui.loaders import audio_store


def play(store: AudioStore, row: int, longest_s: int, autoplay: bool = False) -> None:
    """Show a player of a track, and say so where it does not hold all of it.

    Args:
        store: The sound.
        row: Of the track in it; below 0 where it has none.
        longest_s: So much is sent to the browser at most, in seconds.
        autoplay: Whether it begins by itself.
    """
    if row < 0:
        st.caption("This track has no sound here.")
        return
    rate_hz = store.sample_rate_hz
    samples = store.whole(row)[: longest_s * rate_hz]
    st.audio(np.asarray(samples.T), sample_rate=rate_hz, autoplay=autoplay)
    if len(samples) < store.samples[row]:
        st.caption(f"The first {longest_s} s of {store.samples[row] / rate_hz:.0f}.")


NOT_MADE = "The demo's sound is not made yet; the Data page makes it."
"""Why there is no sound where it is the demo's, and may be had."""


def sound_of(data: Folksonomy, audio: str) -> tuple[AudioStore | None, str]:
    """Return the sound of a data set under a name, or None and why there is none."""
    if audio == DEMO:
        return _demo_sound(data)
    try:
        return audio_store(audio), ""
    except TaglabError as error:
        return None, f"No sound: {error}"


def _demo_sound(data: Folksonomy) -> tuple[AudioStore | None, str]:
    try:
        store = demo_audio(data)
    except InvalidSetting:  # tracks of other data
        return None, (
            f"No sound: {data.name} has no track of the demo, whose sound is chosen under Audio; choose its "
            f"own there, or add it (taglab audio add FOLDER --name {data.name})."
        )
    return store, "" if store is not None else NOT_MADE
