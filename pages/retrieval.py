"""What lies near a tag, an artist, a track or a clip, by one space or another."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.pickers import bound_choice, pick_audio
from taglab.ui.retrieval.answers import show_answers
from taglab.ui.retrieval.clip import pick_clip
from taglab.ui.retrieval.first import offer_new_space, show_first
from taglab.ui.retrieval.keeping import show_keeping
from taglab.ui.retrieval.material import pick_spaces
from taglab.ui.retrieval.precision import show_precision
from taglab.ui.retrieval.query import pick_query, show_examples
from taglab.ui.retrieval.space_map import show_maps

VIEWS = ("Answers", "Map", "Precision")
_NEAREST = 15

heading("Retrieval", "Which tracks, tags and artists lie nearest to what is asked, and are they right?")
asked = pick_spaces()
if asked is None:
    show_first()
elif asked:
    title(*(one.name for one in asked))
    with st.sidebar:
        audio = pick_audio(asked[0].data.name)
        given = pick_clip(asked)
        show_keeping(asked)
        offer_new_space()
    terms, given = pick_query(asked, given)
    answers, space_map, precision = st.tabs(
        VIEWS, key="view", bind=bound_choice("view", "view", VIEWS), on_change="rerun"
    )
    if answers.open:
        with answers, guard():
            if terms:
                show_answers(asked, terms, given, _NEAREST, audio)
            else:
                show_examples(asked[0])
    if space_map.open:
        with space_map, guard():
            show_maps(asked, terms, given, _NEAREST)
    if precision.open:
        with precision, guard():
            show_precision(asked, terms, given)
