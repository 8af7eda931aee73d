"""Which tags are neighbours, what has no vector, and how two embeddings differ."""

from pathlib import Path

import pandas as pd
import streamlit as st

from taglab.embeddings import whole_vectors
from taglab.ui import (
    add_vectors_panel,
    export_panel,
    export_projector,
    folksonomy_of,
    guard,
    heading,
    literal,
    measure_sentence,
    pick_data,
    pick_lookup,
    pick_min_count,
    pick_vectors,
    tag_vectors,
    title,
    train_vectors_panel,
    working,
)
from taglab.ui.embeddings.views import VIEWS, Picked
from taglab.ui.pickers import bound_choice
from taglab.verbs.tags import Coverage, ExportProjector, coverage_of

heading("Embeddings", "What is near a tag, what has no vector, what do two embeddings disagree on?")
with st.sidebar:
    name, vectors = pick_data(), pick_vectors(whole=("tags", "artists", "tracks"))
kind = whole_vectors().get(vectors, "tags")
with working("Opening the data") as progress:
    data = folksonomy_of(name, kind, progress)
    with st.sidebar:
        least, lookup = pick_min_count(data, kind), pick_lookup(vectors)
        if st.button("Add vectors", icon=":material/add:", key="add vectors", width="stretch"):
            add_vectors_panel()
        if st.button("Train vectors", icon=":material/model_training:", key="train vectors", width="stretch"):
            train_vectors_panel(name)
    tags = tag_vectors(name, vectors, least, lookup, progress)
title(name, vectors)
tags.require(2)
st.caption(literal(measure_sentence(tags)))
picked = Picked(name, vectors, least, lookup)
tabs = st.tabs(list(VIEWS), key="view", bind=bound_choice("view", "view", list(VIEWS)))
for tab, show in zip(tabs, VIEWS.values(), strict=True):
    if tab.open:
        with tab, guard():
            show(picked)
if tags.missing:
    with st.expander(f"Without a vector ({len(tags.missing):,} {kind})"):
        without = pd.DataFrame({tags.column: tags.missing})
        st.dataframe(without, hide_index=True, alt=f"{kind.capitalize()} without a vector")
        export_panel("without a vector", without, command=coverage_of(picked.question))
if tags.unknown:
    with st.expander(f"With a vector by some of their words only ({len(tags.unknown):,} tags)"):
        partly = pd.DataFrame(
            {"tag": list(tags.unknown), "words without a vector": list(tags.unknown.values())}
        )
        st.dataframe(partly, hide_index=True, alt="Tags with a word that has no vector")
        export_panel("partly known tags", partly, command=Coverage(tags=picked.question))
export_projector(tags, data, ExportProjector(tags=picked.question, out=Path("projector")))
