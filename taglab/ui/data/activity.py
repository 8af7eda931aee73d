"""How active users and tracks are, and what filtering by activity would leave."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from taglab.figures.data import activity_curves
from taglab.interactions import Interactions
from taglab.ui.export import export_panel, picture_config
from taglab.ui.pickers import bound_number
from taglab.ui.remembered import remembered
from taglab.verbs.data import Activity


def show_activity(name: str, plays: Interactions) -> None:
    """Activity curves beside the steps of a filter, which stand in the URL as `min_tracks` and `min_users`.

    Args:
        name: Of the data set.
        plays: Who played or rated what.
    """
    activity = _activity(plays)
    left, right = st.columns([3, 2])
    with right:
        asked = Activity(
            data=name,
            min_tracks=_pick("min_tracks", "Users of at least (tracks)", plays.n_tracks),
            min_users=_pick("min_users", "Tracks of at least (users)", plays.n_users),
        )
        steps = _steps(plays, asked.min_tracks, asked.min_users)
        st.dataframe(
            steps.assign(density=100 * steps["density"]), hide_index=True, key="activity steps",
            alt="Users, tracks and plays that each step of the filter leaves",
            column_config={
                "interactions": st.column_config.NumberColumn(plays.kind, format="localized"),
                "users": st.column_config.NumberColumn(format="localized"),
                "tracks": st.column_config.NumberColumn(format="localized"),
                "density": st.column_config.NumberColumn(format="%.2f %%"),
            },
        )  # fmt: skip
        if not steps["interactions"].iloc[-1]:
            st.caption("Nobody is so active: nothing is left.")
        st.caption("Recommenders are learned of what is left where these numbers are given to them.")
        export_panel(f"{name} activity steps", steps)
    with left:
        figure = activity_curves(activity, asked.min_tracks, asked.min_users)
        st.plotly_chart(
            figure, config=picture_config(), key="activity",
            alt="How many users have at least so many tracks, and tracks so many users, both logarithmic",
        )  # fmt: skip
        export_panel(f"{name} activity", activity, figure, asked)


@remembered("small")
def _activity(plays: Interactions) -> pd.DataFrame:
    return plays.activity()


@remembered("small")
def _steps(plays: Interactions, min_tracks: int, min_users: int) -> pd.DataFrame:
    return plays.activity_steps(min_tracks, min_users)


def _pick(key: str, label: str, most: int) -> int:
    most = max(most, 1)
    return int(st.number_input(label, 1, most, 1, key=key, bind=bound_number(key, label.lower(), 1, most)))
