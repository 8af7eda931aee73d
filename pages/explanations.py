"""Which tags make the difference to what somebody is recommended, and whether that is true."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.explanations.material import pick_material
from taglab.ui.explanations.views import show_all

heading("Explanations", "Why is this recommended, and is the reason true?")
controls = st.container(key="controls", horizontal=True, vertical_alignment="bottom", gap="medium")
with guard():
    material = pick_material(controls)
    if material is not None:
        title(material.data.name, material.user_name)
        show_all(material)
