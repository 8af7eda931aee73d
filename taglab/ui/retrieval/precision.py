"""How often the spaces at hand are right: at this query, and over all held-out tracks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from taglab import cache
from taglab.errors import InvalidSetting, NotFound, TaglabError
from taglab.figures.retrieval import precision_curves
from taglab.joint_space import (
    PRECISION_KS,
    JointMaterial,
    Term,
    ask,
    belonging,
    joint_space_names,
    precisions,
    task_scores,
)
from taglab.joint_space.baselines import cosine_similarity, popularity
from taglab.joint_space.settings import TASKS, Task
from taglab.metrics.ranking import precision_at_k
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice
from taglab.ui.remembered import Shelved, remembered
from taglab.ui.retrieval.material import Asked, Given, open_asked
from taglab.verbs.joint_space import Score, material_of

_TITLES: dict[Task, str] = {
    "artists": "Artists of a track",
    "tags": "Tags of a track",
    "similar-tracks": "Tracks of the same artist",
    "similar-artists": "Artists like an artist",
    "tracks-of-artist": "Tracks of an artist",
    "tracks-of-tag": "Tracks of a tag",
}


def show_precision(asked: Sequence[Asked], terms: tuple[Term, ...], given: Sequence[Given]) -> None:
    """Show precision at k of every space that can be compared, at the query and overall.

    Args:
        asked: The spaces that are asked; the first says which data and which held-out tracks.
        terms: The query; may be empty.
        given: What each space is given with it.
    """
    spaces = [one for one in asked if not one.is_run]
    comparable, reasons = _comparable(spaces[0]) if spaces else ([], [])
    comparable += [one for one in asked if one.is_run]
    left, right = st.columns(2, gap="medium")
    with left:
        _show_query(asked, comparable, terms, given)
    with right:
        _show_overall([one for one in comparable if not one.is_run])
    if reasons:
        st.caption(literal(f"Not compared: {'; '.join(reasons)}."))


def _comparable(first: Asked) -> tuple[list[Asked], list[str]]:
    """Return the spaces of the same tracks, tags, artists and parts as the first, and why others are not."""
    spaces, reasons = [first], []
    known = _material(_place(first.name))
    for name in joint_space_names():
        if name == first.name:
            continue
        try:
            material = _material(_place(name))
            if _of(material) == _of(known):
                spaces.append(open_asked(name))
            else:
                reasons.append(f"{name}, which is of other tracks, tags or parts")
        except TaglabError as error:
            reasons.append(f"{name} ({error})")
    return spaces, reasons


def _place(name: str) -> Shelved:
    return Shelved.of(cache.JOINT_SPACES, name, within="space.json")


def _of(material: JointMaterial) -> tuple[Any, ...]:
    parts = tuple(tuple(rows.tolist()) for rows in material.parts.values())
    return material.tracks, material.tags, material.artists, parts


@remembered("medium")
def _material(place: Shelved) -> JointMaterial:
    with working("Opening the data") as progress:
        return material_of(open_asked(place.name).space, progress)


def _show_query(
    asked: Sequence[Asked], comparable: Sequence[Asked], terms: tuple[Term, ...], given: Sequence[Given]
) -> None:
    """Precision at the query, over the held-out tracks."""
    st.markdown("**This query, among held-out tracks**")
    if not terms:
        st.caption("Nothing is asked yet.")
        return
    given_to = {one.name: vectors for one, vectors in zip(asked, given, strict=True)}
    tables = [_at_query(one, terms, given_to.get(one.name, {})) for one in comparable]
    known = [table for table in tables if table is not None]
    if not known:
        st.caption("Listeners wrote nothing that says which held-out tracks are right for it.")
        return
    table = pd.concat(known, ignore_index=True)
    title = " ".join(f"{'−' if term.taken_away else '+'} {term.name}" for term in terms).removeprefix("+ ")
    figure = precision_curves(table, title)
    st.plotly_chart(
        figure, config=picture_config(), key="query precision", alt="Precision at k at this query"
    )
    n_right, n_tracks = int(table["right"].iloc[0]), int(table["tracks"].iloc[0])
    st.caption(
        f"{n_right:,} of {n_tracks:,} held-out tracks are right: any order has {n_right / n_tracks:.3f}."
    )
    export_panel("precision at the query", table, figure)


def _held_out(asked: Asked) -> list[str]:
    """Return the tracks a space or run was not trained on, and not chosen by."""
    if asked.is_run:
        return list(asked.tracks.ids)
    material = _material(_place(asked.name))
    return [material.tracks[row] for row in material.parts["test"]]


def _at_query(asked: Asked, terms: tuple[Term, ...], given: Given) -> pd.DataFrame | None:
    """Return precision at each k of the held-out tracks; None where nothing says which are right."""
    names = _held_out(asked)
    asked_with = {term.name for term in terms if term.kind in ("track", "")}
    tracks = asked.tracks.select([name for name in names if name not in asked_with])
    try:
        answer = ask(asked.space, terms, asked.tracks, 1, given)
    except (InvalidSetting, NotFound):  # told where the answer is
        return None
    right = belonging(asked.data, answer.terms, "track", tracks.ids)
    if right is None or not right.any():
        return None
    scores = tracks.vectors @ answer.vector
    rows = [
        {
            "model": asked.name,
            "k": k,
            "precision": float(precision_at_k(scores[None], right[None], k)[0]),
            "ceiling": min(int(right.sum()), k) / k,
            "right": int(right.sum()),
            "tracks": len(right),
        }
        for k in PRECISION_KS
    ]
    return pd.DataFrame(rows)


def _show_overall(comparable: Sequence[Asked]) -> None:
    """Mean precision over all that can be asked of the held-out tracks."""
    st.markdown("**Over all held-out tracks**")
    if not comparable:
        st.caption("Compare has the figures of runs, over all that they ranked.")
        return
    able = [task for task in TASKS if _right_outputs(comparable[0].name, task)]
    if not able:
        st.caption("No held-out track has a tag or an artist that the space knows.")
        return
    task = st.selectbox(
        "What is ranked", able, format_func=_TITLES.__getitem__, key="task",
        bind=bound_choice("task", "task", {name: _TITLES[name] for name in able}),
    )  # fmt: skip
    with working("Ranking the held-out tracks"):
        tables = [_overall(_place(one.name), task) for one in comparable]
        tables += [_baseline(_place(comparable[0].name), task)]
    table = pd.concat(tables, ignore_index=True)
    figure = precision_curves(table, _TITLES[task])
    st.plotly_chart(
        figure, config=picture_config(), key="precision", alt="Mean precision at k on held-out tracks"
    )
    st.caption(f"Means over {int(table['inputs'].iloc[0]):,} queries. {_SCORED}")
    export_panel("precision", table, figure, Score(space=comparable[0].name))


_SCORED = "The command also sets margin perceptrons beside them, which take longer to train."


def _right_outputs(name: str, task: Task) -> int:
    try:
        return int(_material(_place(name)).right(task, "test").nnz)
    except InvalidSetting:  # nobody told which artists are alike
        return 0


@remembered("small")
def _overall(place: Shelved, task: Task) -> pd.DataFrame:
    material = _material(place)
    return _means(
        place.name, material, task, task_scores(open_asked(place.name).space, material, task, "test")
    )


@remembered("small")
def _baseline(place: Shelved, task: Task) -> pd.DataFrame:
    """Return what needs no space: popularity, or likeness of features where tracks are ranked for tracks."""
    material = _material(place)
    if task == "similar-tracks":
        return _means("cosine of features", material, task, cosine_similarity(material, "test"))
    if task in ("artists", "tags"):
        return _means("popularity", material, task, popularity(material, task, "test"))
    return pd.DataFrame()


def _means(model: str, material: JointMaterial, task: Task, scores: Any) -> pd.DataFrame:
    table = precisions(scores, material.right(task, "test"), PRECISION_KS)
    means = table.mean()
    rows = [
        {
            "model": model,
            "k": k,
            "precision": means[f"p@{k}"],
            "ceiling": means[f"ceiling@{k}"],
            "inputs": len(table),
        }
        for k in PRECISION_KS
    ]
    return pd.DataFrame(rows)
