"""What the page shows where there is no joint space yet."""

from __future__ import annotations

from typing import Any

import streamlit as st

from taglab.audio.library import DEMO
from taglab.joint_space import TASKS, JointSpaceSettings
from taglab.ui.export import copy_as_command
from taglab.verbs.features import encoders
from taglab.verbs.joint_space import Train

# What did best on the demo's validation tracks, of some tried.
_SETTINGS = JointSpaceSettings(tasks=TASKS, learning_rate=0.005, limit=3.0)
_ENCODER, _FEATURES, _SPACE = "mfcc-codebook", "demo-codes", "demo"


def show_first() -> None:
    """Say what a joint space is, and what makes the first one."""
    st.subheader("No joint space yet", anchor=False)
    st.markdown(
        "In a joint space artists, tags and tracks lie near what belongs to them, so that one can be asked "
        "for with another. It is learned from features of sound, made once, and from what listeners wrote. "
        "For the built-in demo these lines make both, in some minutes:"
    )
    encoding: Any = encoders()[_ENCODER][1]
    copy_as_command(
        encoding(name=_FEATURES), Train(name=_SPACE, features=_FEATURES, data=DEMO, settings=_SETTINGS)
    )
