"""A data set's own vectors are trained beside the server where that takes long."""

from __future__ import annotations

import streamlit as st

from taglab import embeddings
from taglab.folksonomy import Folksonomy
from taglab.ui.long_work import LongWork, await_work


def await_own_vectors(data: Folksonomy) -> None:
    """Return once a data set's own vectors are there or soon trained; else show the way to them, and stop.

    Args:
        data: Whole, as it is kept under its name.
    """
    if embeddings.own_vectors_are_kept(data):
        return
    await_work(
        LongWork(
            key=f"own vectors {data.fingerprint}",
            module="taglab.embeddings.own_process",
            given=data.name,
            title=f"Vectors of {data.name}",
            lacking=f"{data.name} has no vectors of its own yet. Training them on its "
            f"{data.n_assignments:,} assignments",
            verb="Train them",
            meanwhile="Other word vectors can be chosen meanwhile.",
            seconds=_seconds(data.fingerprint, data),
        )
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _seconds(fingerprint: str, _data: Folksonomy) -> float:
    return embeddings.training_seconds(_data)
