"""What has a vector, what does not, and which tags are neighbours."""

import streamlit as st

from taglab.ui import folksonomy, pick_data, pick_min_count, pick_vectors, tag_vectors, working

st.title("Embeddings")
name, vectors = pick_data(), pick_vectors()
with working("Opening the data") as progress:
    least = pick_min_count(folksonomy(name, progress))
    tags = tag_vectors(name, vectors, least, progress=progress)
st.metric("Tags with a vector", len(tags))
