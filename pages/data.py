"""Which tracks, which tags, how steep."""

import streamlit as st

from taglab.ui import folksonomy, pick_data, working

st.title("Data")
name = pick_data()
with working("Opening the data") as progress:
    data = folksonomy(name, progress)
st.dataframe(data.tags)
