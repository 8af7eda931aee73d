"""Start a run here or on a cluster, watch it, stop it."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.pickers import bound_choice, take_up
from taglab.ui.training.form import pick_settings, pick_what, say_labels
from taglab.ui.training.machine import device, show_device
from taglab.ui.training.networks import show_new_network
from taglab.ui.training.spaces import show_new_space
from taglab.ui.training.start import show_first, show_start, show_sweep
from taglab.ui.training.tables import show_runs, show_sweeps
from taglab.ui.training.tagging import show_tagging
from taglab.ui.training.watch import pick_runs, show_told, trained_names, watch

VIEWS = ("New run", "New sweep", "New space", "New network", "Runs", "Sweeps", "Tag sound")

heading(
    "Training", "What is being trained, what would the next run take, and what does a run say of new sound?"
)
with st.sidebar:
    what = pick_what(device().kind == "GPU")
    say_labels(what[0])
    show_device()
title(what[0].data)
show_told()
names = trained_names()
if names:
    watch(pick_runs(names))
else:
    show_first()

take_up("view")
new_run, new_sweep, new_space, new_network, runs, sweeps, tag_sound = st.tabs(
    VIEWS, key="view", bind=bound_choice("view", "view", VIEWS), on_change="rerun"
)
if new_run.open:
    with new_run, guard():
        show_start(pick_settings(*what))
if new_sweep.open:
    with new_sweep, guard():
        show_sweep(pick_settings(*what))
if new_space.open:
    with new_space, guard():
        show_new_space(what[0].data)
if new_network.open:
    with new_network, guard():
        show_new_network(what[0].data, what[1])
if runs.open:
    with runs:
        show_runs()
if sweeps.open:
    with sweeps:
        show_sweeps()
if tag_sound.open:
    with tag_sound, guard():
        show_tagging(names)
