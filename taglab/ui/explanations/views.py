"""The list and its reasons, a tag switched off or on, explainers side by side, and all users."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab.figures.explanations import fidelity_by_mainstreaminess, fidelity_by_omega, signed_bars
from taglab.figures.theme import visible
from taglab.progress import Progress
from taglab.recommend.explain import EXPLAINERS
from taglab.recommend.explain.listing import tags_of_user
from taglab.recommend.recommender import Recommender
from taglab.studies.explanations import Fidelities, FidelitySettings, measure_fidelities
from taglab.ui.explanations.material import LISTED, OTHERS, TOP, Material, history_table
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import guard, literal, working
from taglab.ui.pickers import bound_number, choose_among, on_every_page
from taglab.ui.remembered import remembered
from taglab.ui.tracks import names_of, show_players

_MOST_BARS = 20
_USERS_MEASURED = (2, 500)
_SWITCHED_FOR = "tags are switched for"
_MOST_LISTED = 5_000
_PLACES = ("place", "places")
_LOST = "what the score loses without the tag"


def show_history(material: Material) -> None:
    """Show what the user played, as tags and items."""
    history = material.recommender.history(material.user)
    table = history_table(material)
    favourite = ", ".join(visible(tag, 30) for tag in table["tag"].head(8)) or "no tags"
    st.caption(literal(f"{material.user_name} played {len(history):,} items: {favourite}."))
    with st.expander("History"):
        names = names_of(material.data)
        items = [names.get(material.item_name(item), material.item_name(item)) for item in history]
        columns = st.columns(2)
        columns[0].dataframe(table, key="history tags", hide_index=True, alt="Tags of the history")
        columns[1].dataframe(
            pd.DataFrame({"played": items}), key="history items", hide_index=True, alt="Items of the history"
        )


def show_list(material: Material) -> None:
    """Show what is recommended, and why, item by item; and let the tracks be heard."""
    _show_list(material)
    with st.expander("Listen"):
        tracks = [material.item_name(item) for item in material.listed]
        facts = [f"{place}. of the list" for place in range(1, len(tracks) + 1)]
        show_players(material.data, material.audio, tracks, facts, "heard")


@st.fragment
@guard()
def _show_list(material: Material) -> None:
    """Show the list, an item's tags as signed bars, and let them be switched; only this is drawn anew."""
    names = _names(material, material.listed)
    shown = st.container()
    titles = [f"{place}. {visible(name, 50)}" for place, name in enumerate(names, 1)]
    chosen = choose_among("item", "Explained item", titles, 0, "place in the list")
    item = int(material.listed[titles.index(chosen)])
    own = list(material.recommender.tags.of_item(item))
    bars, switches = st.columns([3, 2], gap="medium")
    with bars:
        if own:
            _show_bars(material, item)
        else:
            st.info("This item has no tags: nothing can be told of it.", icon=":material/label_off:")
    with switches:
        score = _show_switches(material, item, own)
    with shown:
        _show_places(material, item, score)


def _names(material: Material, items: Iterable[int]) -> list[str]:
    """Return title and artist of items, or what the data call them."""
    names, codes = names_of(material.data), [material.item_name(item) for item in items]
    return [names.get(code, code) for code in codes]


def _show_places(material: Material, item: int, score: float) -> None:
    """Show the first of the list, had an item this score; what has moved with where it stood before."""
    scores = material.scores()
    before = float(scores.scores[item])
    listed = scores.first(LISTED, item, score)
    table = pd.DataFrame(
        {
            "place": range(1, len(listed) + 1),
            "before": [scores.place(row, float(scores.scores[row])) for row in listed.tolist()],
            "item": _names(material, listed),
            "score": np.where(listed == item, score, scores.scores[listed]),
            "tags": [", ".join(material.recommender.tags.of_item(row)) for row in listed.tolist()],
        }
    )
    if score == before:
        table = table.drop(columns="before")
    st.dataframe(
        table, key="list", hide_index=True, alt="What is recommended",
        column_config={"score": st.column_config.NumberColumn(format="%.4f")},
    )  # fmt: skip


def _show_bars(material: Material, item: int) -> None:
    everything = material.tags_of_items()
    table = everything[everything["item"] == material.item_name(item)].rename(columns={"lost": "truth"})
    table = table[table["tag"].notna()]
    kind = EXPLAINERS[material.explainer].title
    figure = signed_bars(table.head(_MOST_BARS), f"{kind}: what the score owes to the tag", _LOST)
    st.plotly_chart(
        figure, key="bars", config=picture_config(),
        alt="How much each tag of the item counts, beside what the score loses without it",
    )  # fmt: skip
    if len(table) > _MOST_BARS:
        st.caption(f"The {_MOST_BARS} of {len(table):,} tags with the greatest weights.")
    export_panel(f"explanation {material.user_name}", everything, figure, command=material.question)


def _show_switches(material: Material, item: int, own: list[str]) -> float:
    """Let tags be switched off and on, and show what score and place become.

    Returns:
        The score, with the tags as they are switched.
    """
    tags = material.recommender.tags.tags
    _forget_others((material.recommender.fingerprint, material.user, item))
    off = _pick_tags("off", "Switch off tags of the item", own, "All are on")
    on = _pick_tags("on", "Switch on other tags", _others(material, own), "None is on")
    scores = material.scores()
    score = before = float(scores.scores[item])
    place = place_before = scores.place(item, before)
    if off or on:
        column_of = {tag: column for column, tag in enumerate(tags)}
        left = [tag for tag in own if tag not in set(off)]
        score, place = scores.with_tags(item, [column_of[tag] for tag in [*left, *on]])
    with st.container(horizontal=True):
        st.metric("Score", f"{score:.4f}", f"{score - before:+.4f}" if score != before else None)
        moved = place_before - place
        st.metric("Place", f"{place:,}", f"{moved:+,} {_PLACES[abs(moved) != 1]}" if moved else None)
    if off or on:
        _tell_foretold(material, item, off, score - before, bool(on))
    else:
        st.caption(
            "Switch a tag off: what the score then loses is the truth that an explanation is held against."
        )
    return score


def _others(material: Material, own: list[str]) -> list[str]:
    """Return the tags an item has not; of very many those that most items have, as a browser can list."""
    tags, kept = material.recommender.tags, set(own)
    columns: npt.NDArray[np.int64] = np.arange(len(tags.tags))
    if len(columns) > _MOST_LISTED:
        counts = np.bincount(tags.matrix.indices, minlength=len(columns))
        columns = np.argsort(-counts, kind="stable")[:_MOST_LISTED]
    return [tags.tags[column] for column in columns.tolist() if tags.tags[column] not in kept]


def _forget_others(looked_at: tuple[str, int, int]) -> None:
    """Let go of tags that were switched for another item; those that a link brings stay."""
    before = st.session_state.get(_SWITCHED_FOR, looked_at)
    st.session_state[_SWITCHED_FOR] = looked_at
    if before != looked_at:
        for key in ("off", "on"):
            st.session_state[key] = []


def _pick_tags(key: str, label: str, tags: list[str], placeholder: str) -> list[str]:
    """Let some of the tags be chosen. In the URL as `key`; what a link asks for that is no tag is named."""
    asked = [] if key in st.session_state else st.query_params.get_all(key)
    gone = ", ".join(visible(repr(tag), 40) for tag in asked[:_MOST_BARS] if tag not in tags)
    if gone:
        said = f"The link switches tags that are not there: {gone}."
        st.warning(literal(said), icon=":material/link_off:")
    with on_every_page():
        return st.multiselect(label, tags, key=key, bind="query-params", placeholder=placeholder)


def _tell_foretold(material: Material, item: int, off: list[str], actual: float, added: bool) -> None:
    """Say what the explanation let expect of the tags that are off."""
    explanation = material.explained_by(material.explainer)
    place = int(np.flatnonzero(material.ranked == item)[0])
    theta = explanation.item(material.omega)[[place]].toarray()[0]
    names = set(off)
    expected = -sum(
        theta[column] for column, tag in enumerate(material.recommender.tags.tags) if tag in names
    )
    kind = EXPLAINERS[material.explainer].title
    beyond = "; of tags that an item has not it says nothing" if added else ""
    st.caption(literal(f"{kind} let expect {expected:+.4f}{beyond}. The score changed by {actual:+.4f}."))


def show_whole(material: Material) -> None:
    """Show one weight a tag for all items together, and explainers side by side."""
    explanation = material.explained_by(material.explainer)
    columns = st.columns([2, 3], gap="medium")
    with columns[0]:
        table = tags_of_user(material.recommender, explanation, material.omega)
        shown = table.head(_MOST_BARS)
        figure = signed_bars(shown, "mean weight")
        st.plotly_chart(
            figure, key="of user", config=picture_config(), alt="How much each tag counts for the user"
        )
    with columns[1]:
        st.dataframe(
            _side_by_side(material), key="side by side", hide_index=True,
            column_config={
                "tau": st.column_config.NumberColumn("τ_AP,a", format="%.3f"),
                "area": st.column_config.NumberColumn("deletion: mean loss", format="%.4f"),
                "error": st.column_config.NumberColumn("deletion: error", format="%.4f"),
            },
            alt="Explainers and how true they are for this user",
        )  # fmt: skip
        n = len(material.ranked)
        st.caption(
            f"τ_AP,a: how the explanation ranks {n:,} items, up to {TOP} that are recommended and {OTHERS} "
            "drawn of all others, against how the recommender does; 1 is the same order, 0 is chance. "
            "Deletion: tags go one after the other, those that speak most for the item first; what the score "
            "loses in the mean, and how far that is from what the explanation let expect."
        )


def _side_by_side(material: Material) -> pd.DataFrame:
    rows = []
    with working("Comparing explainers") as progress:
        for done, (name, kind) in enumerate(EXPLAINERS.items()):
            progress(done / len(EXPLAINERS), kind.title)
            rows.append({"explainer": kind.title, **material.compared(name)})
    table = pd.DataFrame(rows)
    return table if table["why"].any() else table.drop(columns="why")


def show_users(material: Material) -> None:
    """Show how true explanations are over users, where that is asked for."""
    if not st.toggle(
        "Over users", key="over_users", bind="query-params", help="Explains many users; takes a while."
    ):
        return
    low, high = _USERS_MEASURED
    users = st.number_input(
        "Users", low, high, 20, key="users", bind=bound_number("users", "users =", low, high), width=160
    )
    omegas = tuple(omega for omega in (1, 2, 4, 8, 16, 32) if omega <= material.recommender.n_tags)
    settings = FidelitySettings(users=int(users), omegas=omegas, reading=material.reading, top=50, others=50)
    with working("Explaining users") as progress:
        measured = _measured(material.recommender, settings, progress)
    table = measured.table.assign(group=material.name)
    by_omega, by_user = fidelity_by_omega(table), fidelity_by_mainstreaminess(table)
    columns = st.columns(2)
    columns[0].plotly_chart(
        by_omega, key="by omega", config=picture_config(), alt="Fidelity by number of tags"
    )
    columns[1].plotly_chart(
        by_user, key="by mainstream", config=picture_config(), alt="Fidelity by how mainstream users are"
    )
    st.caption(
        literal(
            f"{table['user'].nunique():,} users, {measured.items:,} items each: 50 that are recommended and "
            "50 of all others. Mainstreaminess is the overlap of a user's plays with everybody's; lines are "
            "least squares. `taglab reproduce explanations` analyses several recommenders together."
        )
    )
    export_panel(f"fidelity {material.name}", table, by_omega)


@remembered("medium")
def _measured(recommender: Recommender, settings: FidelitySettings, _progress: Progress) -> Fidelities:
    return measure_fidelities(recommender, settings, progress=_progress)


def show_all(material: Material) -> None:
    """Show the page's parts."""
    show_history(material)
    if len(material.ranked) < 2 or not material.recommender.tags.matrix[material.ranked].nnz:
        st.info(
            "None of the items that could be recommended has a tag: nothing can be told by tags.",
            icon=":material/label_off:",
        )
        return
    st.subheader(f"The first {min(LISTED, len(material.listed))}", anchor=False)
    show_list(material)
    st.subheader("For all items together", anchor=False)
    show_whole(material)
    show_users(material)
