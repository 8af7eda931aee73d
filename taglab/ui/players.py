"""A track to be heard on a page, from a store of sound."""

from __future__ import annotations

import numpy as np
import streamlit as st

from taglab.audio.store import AudioStore


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
