"""Which representation still knows a track when it is degraded, and from when on not."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.robustness.material import pick_material, tell_lack_of_features
from taglab.ui.robustness.views import show_degradation

heading("Robustness", "Which representation still knows a track once its sound has changed?")
controls = st.container(key="controls", horizontal=True, vertical_alignment="bottom", gap="medium")
material = pick_material(controls)
if material is not None:
    title(material.data.name, material.kind.title)
    tell_lack_of_features(material)
    with guard():
        show_degradation(material, controls)
