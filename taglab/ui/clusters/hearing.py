"""What is selected on the map, to be heard: the most typical tracks of a tag."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from taglab.audio.library import DEMO, audio_names
from taglab.embeddings.typical import typical_tracks
from taglab.figures.theme import visible
from taglab.folksonomy import Folksonomy
from taglab.ui.clusters.material import Material
from taglab.ui.messages import literal
from taglab.ui.players import sound_of
from taglab.ui.remembered import remembered
from taglab.ui.tracks import show_players
from taglab.vectors import Vectors

_MOST = 40


def show_typical(material: Material, rows: npt.NDArray[np.intp]) -> None:
    """Let the most typical tracks of the one tag that is selected be heard, where the data have sound.

    Args:
        material: What is on the map.
        rows: Those selected.
    """
    if material.kind != "tags" or len(rows) != 1:
        return
    audio = material.name if material.name in audio_names() else DEMO
    store, _ = sound_of(material.data, audio)
    if store is None:
        return
    tag = material.vectors.ids[int(rows[0])]
    if not st.toggle("Hear its most typical tracks", key="hear", bind="query-params"):
        return
    with st.container(border=True):
        tracks, cosines = _typical(material.data, material.vectors, tag)
        names = material.data.tracks["track"].astype(str).to_numpy()[tracks]
        heard = np.flatnonzero(store.rows(names.tolist()) >= 0)
        sentence = (
            f"{len(heard):,} of the {len(tracks):,} tracks with {visible(tag, 40)} have sound here. First "
            "come those whose tags together mean most nearly the same."
        )
        st.caption(literal(sentence))
        heard = heard[:_MOST]
        facts = [f"cosine {cosines[place]:.2f}".replace("-", "\N{MINUS SIGN}") for place in heard]
        show_players(material.data, audio, names[heard].tolist(), facts, "typical")


@remembered("small")
def _typical(
    data: Folksonomy, vectors: Vectors, tag: str
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    return typical_tracks(data, vectors, tag)
