"""Which representation still knows a track when it is degraded, and from when on not."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.robustness.material import pick_material
from taglab.ui.robustness.views import show_degradation

heading("Robustness", "Which representation still knows a track once its sound has changed?")
controls = st.container(key="controls", horizontal=True, vertical_alignment="bottom", gap="medium")
material = pick_material(controls)
if material is not None:
    title(material.data.name, material.kind.title)
    if not material.settings.features:
        st.caption(
            "No features are chosen: distances in sound alone are shown. `taglab features encode` makes some."
        )
    with guard():
        show_degradation(material, controls)
