"""What the page looks at: a recommender, a user, and how it is explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from taglab import cache
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress
from taglab.recommend import RECOMMENDERS, Recommender, recommender_folder, recommender_names
from taglab.recommend.explain import (
    EXPLAINERS,
    READINGS,
    Explanation,
    Reading,
    deletion,
    explained_user,
    fidelity,
)
from taglab.recommend.explain.listing import tags_of_items
from taglab.recommend.explain.switching import UserScores
from taglab.studies.explanations import explained_items
from taglab.ui.export import copy_as_command
from taglab.ui.loaders import folksonomy, interactions
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice, bound_number, choose_among, find_among, pick_audio, pick_data
from taglab.ui.remembered import Shelved, remembered
from taglab.verbs.explaining import Explain, is_of, recommender_of
from taglab.verbs.recommending import Train

LISTED = 10
TOP = OTHERS = 100
_AT_ONCE = ("inn", "unn")


@dataclass(frozen=True, eq=False)
class Material:
    """What the page looks at.

    Attributes:
        data: Whose tags and tracks.
        audio: Name of its sound.
        name: Of the recommender: under which it is kept, or its kind.
        recommender: The recommender.
        user: Row of the user.
        explainer: Key in `EXPLAINERS`.
        reading: How an explanation ranks items.
        omega: How many tags count; None for all.
    """

    data: Folksonomy
    audio: str
    name: str
    recommender: Recommender
    user: int
    explainer: str
    reading: Reading
    omega: int | None

    @property
    def user_name(self) -> str:
        """What the data set calls the user."""
        return str(self.recommender.plays.users["user"].iloc[self.user])

    @cached_property
    def ranked(self) -> npt.NDArray[np.int64]:
        """Rows of the items by which it is told how true an explanation is, the list first."""
        return explained_items(self.recommender, self.user, TOP, OTHERS)

    @cached_property
    def listed(self) -> npt.NDArray[np.int64]:
        """Rows of the items of the list."""
        return self.ranked[:LISTED]

    @property
    def question(self) -> Explain:
        """What asks the same in a shell."""
        return Explain(
            user=self.user_name, data=self.data.name, recommender=self.name, explainer=self.explainer,
            reading=self.reading, omega=self.omega, n=LISTED,
        )  # fmt: skip

    def item_name(self, item: int) -> str:
        """Return what an item is called in the data."""
        return self.recommender.tags.items[item]

    def explained_by(self, explainer: str) -> Explanation:
        """Return the explanation of the items ranked."""
        return _explained(self.recommender, self.user, explainer, tuple(map(int, self.ranked)))

    def compared(self, explainer: str) -> Mapping[str, float | str]:
        """Return how true an explainer is for the user: `tau`, `area`, `error`, and `why` where it cannot."""
        items = tuple(map(int, self.ranked))
        return _compared(self.recommender, self.user, explainer, items, self.reading, self.omega)

    def tags_of_items(self) -> pd.DataFrame:
        """Return how much every tag of the list's items counts, and what the score loses without it."""
        explanation = self.explained_by(self.explainer)
        return _tags_of_items(self.recommender, self.user, self.explainer, self.omega, explanation)

    def scores(self) -> UserScores:
        """Return what the user would make of all items."""
        return _scores(self.recommender, self.user)


@remembered("small")
def _explained(recommender: Recommender, user: int, explainer: str, items: tuple[int, ...]) -> Explanation:
    explained = explained_user(recommender, user, np.array(items, np.int64))
    return EXPLAINERS[explainer]().explain(explained)


@remembered("tiny")
def _compared(
    recommender: Recommender,
    user: int,
    explainer: str,
    items: tuple[int, ...],
    reading: Reading,
    omega: int | None,
) -> Mapping[str, float | str]:
    try:
        explanation = _explained(recommender, user, explainer, items)
    except InvalidSetting as error:
        return {**dict.fromkeys(("tau", "area", "error"), np.nan), "why": str(error)}
    switching = deletion(explanation)
    return {
        "tau": fidelity(explanation, reading, omega),
        "area": -float(np.nanmean(switching.area)),
        "error": float(np.nanmean(switching.error)),
        "why": "",
    }


@remembered("small")
def _tags_of_items(
    recommender: Recommender, user: int, explainer: str, omega: int | None, _explanation: Explanation
) -> pd.DataFrame:
    return tags_of_items(recommender, _explanation, omega, LISTED)


@remembered("small")
def _scores(recommender: Recommender, user: int) -> UserScores:
    return UserScores.of(recommender, user)


@remembered("medium")
def _learned(name: str, data: Shelved, kept: Shelved, _progress: Progress) -> Recommender:
    return recommender_of(name, data.name, _progress)


def pick_material(controls: DeltaGenerator) -> Material | None:
    """Let recommender, user and explainer be chosen; None, and why, where nothing can be recommended.

    Args:
        controls: Where user and recommender are chosen.
    """
    with st.sidebar:
        name = pick_data()
        audio = pick_audio(name)
    with working("Opening the data") as progress:
        data = folksonomy(name, progress)
    if interactions(name) is None:
        st.info(
            literal(
                f"{name} has no plays, and recommending learns from plays; those of a table are added with "
                "it: taglab data add table FILE --plays FILE"
            ),
            icon=":material/playlist_remove:",
        )
        return None
    with controls:
        chosen = _pick_recommender(name)
    with working("Learning what people would play") as progress:
        kept = Shelved.at(chosen, recommender_folder(chosen) / "recommender.json")
        recommender = _learned(chosen, Shelved.of(cache.FOLKSONOMIES, name), kept, progress)
    with controls:
        user = _pick_user(recommender)
    with st.sidebar:
        explainer = choose_among(
            "explainer", "Explainer", list(EXPLAINERS), list(EXPLAINERS).index("lime"), "explainer",
            help="; ".join(f"{kind.title}: {kind.about}" for kind in EXPLAINERS.values()),
            titles={name: kind.title for name, kind in EXPLAINERS.items()},
        )  # fmt: skip
        reading = _pick_reading()
        omega = _pick_omega(recommender)
    return Material(data, audio, chosen, recommender, user, explainer, reading, omega)


def _pick_recommender(data: str) -> str:
    """Let one that is learned at once, or one that is kept, be chosen."""
    kept = [name for name in recommender_names() if is_of(name, data)]
    names = list(dict.fromkeys([*_AT_ONCE, *kept]))
    chosen = choose_among(
        "recommender", "Recommender", names, 0, "recommender",
        help="Neighbours of items and of users are learned here; others are kept by "
        "`taglab recommend train`.",
        width=270, titles={name: getattr(RECOMMENDERS[name], "title", name) for name in _AT_ONCE},
    )  # fmt: skip
    if not kept:
        with st.popover("More recommenders", icon=":material/model_training:"):
            st.caption("This learns a factorisation machine and keeps it; it is then among the choices.")
            settings = RECOMMENDERS["fm"].model_validate({"h": 16, "epochs": 5})
            material = Train(name="fm").material.model_copy(update={"data": data})
            copy_as_command(Train(name="fm", recommender=settings, material=material))
    return chosen


def _pick_user(recommender: Recommender) -> int:
    active = np.flatnonzero(recommender.plays.per_user())
    names = recommender.plays.users["user"].iloc[active]
    return int(active[find_among("user", "User", names, "user with a history", width=230)])


def _pick_reading() -> Reading:
    titles = {"user": "Per user", "item": "Per item"}
    chosen = st.segmented_control(
        "Weights of tags", list(READINGS), default="user", key="reading", required=True,
        format_func=lambda reading: titles[str(reading)], bind=bound_choice("reading", "reading", titles),
        help="; ".join(f"{titles[name]}: {about}" for name, about in READINGS.items()),
    )  # fmt: skip
    return "item" if chosen == "item" else "user"


def _pick_omega(recommender: Recommender) -> int | None:
    most = recommender.n_tags
    omega = st.number_input(
        "Tags that count, ω (0: all)", 0, most, 0, key="omega", bind=bound_number("omega", "ω =", 0, most),
        help="Those of the greatest weights; LIME fits so many anew.",
    )  # fmt: skip
    return int(omega) or None


def history_table(material: Material) -> pd.DataFrame:
    """Return what the user played as tags: `tag`, `items` of the history that have it, most first."""
    recommender = material.recommender
    history = recommender.history(material.user)
    counts = np.asarray(recommender.tags.matrix[history].sum(axis=0)).ravel()
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    names = [recommender.tags.tags[column] for column in order]
    return pd.DataFrame({"tag": names, "items": counts[order].astype(int)})
