"""How many clusters, who is in them, and which label space they make."""

import streamlit as st

from taglab.projection import shared_worker
from taglab.ui import heading, title
from taglab.ui.clusters.filtering import filtered, show_charts, show_filters
from taglab.ui.clusters.hearing import show_typical
from taglab.ui.clusters.label_space import classes_on_map, show_label_space
from taglab.ui.clusters.material import (
    export_map,
    pick_colour,
    pick_material,
    pick_method,
    pick_value,
    show_facts,
    show_selection,
)
from taglab.ui.clusters.second_map import pick_second_map, show_maps
from taglab.ui.clusters.under_way import awaited, begin
from taglab.ui.clusters.views import (
    show_clusters,
    show_comparison,
    show_scan,
    show_silhouettes,
    show_stability,
    show_tags,
    show_views,
    titles_of,
)
from taglab.ui.pickers import bound_choice
from taglab.ui.projecting import pick_projection, projected

VIEWS = {
    "Clusters": show_clusters,
    "Silhouettes": show_silhouettes,
    "Members": show_tags,
    "Filter": show_charts,
    "Scan over k": show_scan,
    "Stability": show_stability,
    "Compare": show_comparison,
    "Label space": show_label_space,
}

heading("Clusters", "How many clusters, who is in them, and which classes do they make?")
bind = bound_choice("view", "view", titles_of(VIEWS))
material = pick_material()
with st.sidebar:
    settings = pick_method(material.vectors)
bar = st.container(horizontal=True, vertical_alignment="bottom")
with bar:
    settings = pick_value(material.vectors, settings, width=300)
    projection, colour = pick_projection(), pick_colour(material.kind)
    second = pick_second_map(material, projection)
title(material.name, settings.brief)
work = begin(material, settings)
# Below one another, or side by side where there is room (frame.css).
both = st.container(key="map and views")
with both.container(key="map side"):
    where = projected(material.vectors, projection)
    clusters, rows = awaited(material, settings, work, where), None
    if clusters is not None:
        clusters = filtered(material, clusters)
        view = st.session_state.get("view", st.query_params.get("view"))
        has_classes = view == "Label space" and material.kind == "tags"
        classes = classes_on_map(material, clusters, where) if has_classes else None
        rows = show_maps(material, clusters, where, colour, classes, second)
        if classes is not None:
            st.caption("The map shows the classes of the label space; tags in no class are grey.")
        show_filters(material, clusters)
        show_selection(material, clusters, rows)
        show_typical(material, rows)
        show_facts(material, clusters, where)
        with bar:
            export_map(material, clusters, where, colour, classes)
with both.container(key="views side"):
    show_views(VIEWS, bind, material, clusters, rows)
shared_worker()
