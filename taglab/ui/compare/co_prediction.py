"""Label × label: what several runs predict together, and how two of them differ in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from taglab.compare.co_prediction import (
    PAIRINGS,
    co_prediction,
    on_common_ground,
    pair_table,
    tracks_behind_pair,
)
from taglab.compare.groups import GROUPS, tag_groups
from taglab.figures import confusion as figures
from taglab.figures.theme import plain, visible
from taglab.metrics.co_prediction import LabelPairs
from taglab.metrics.ordering import clustered_order
from taglab.outcomes import Predictions
from taglab.ui.compare.compared import Compared
from taglab.ui.compare.sources import Source, clicked_cells, pick_threshold, show_without, sources
from taglab.ui.compare.tracks import show_tracks
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import guard, literal
from taglab.ui.pickers import bound_choice, bound_number
from taglab.verbs.decisions import CoPredictions

_ORDERS = {"cluster": "Cluster", "group": "Tag group", "count": "Count", "name": "Name"}
_USUAL_LABELS = 50
_MOST_LABELS = 150
_NONE = "nothing"


def show_co_prediction(compared: Compared) -> None:
    """Label × label: what is predicted of tracks that truly have, or are predicted, another label."""
    found, without = sources(compared)
    usable = [source for source in found if source.predictions is not None]
    without += [
        f"“{source.title}” has kept only counts by label, which do not tell what goes together."
        for source in found
        if source.predictions is None
    ]
    show_without(without)
    if usable:
        _co_prediction(compared, usable)
    else:
        st.info(
            "Labels predicted together need kept predictions. Runs trained here keep those of validation "
            "tracks at the best and the last epoch, those of test tracks at the best (“Results of” in the "
            "sidebar)."
        )


@st.fragment
@guard()
def _co_prediction(compared: Compared, usable: Sequence[Source]) -> None:
    columns = st.columns(3)
    with columns[0]:
        one = _pick_one(usable)
    with columns[1]:
        other = _pick_other(usable, one)
    a, b = _matched(one, other)
    with columns[2]:
        n = _pick_number(a.n_classes)
    with st.container(horizontal=True, gap="large"):
        pairing, order = _pick_cells(), _pick_order()
    threshold = pick_threshold()
    labels, boundaries = _ordered(a, n, order)
    first = co_prediction(a.select_classes(labels), threshold, pairing)
    second = None if b is None else co_prediction(b.select_classes(labels), threshold, pairing)
    figure = _pair_figure(first, second, labels, boundaries, pairing, one, other)
    key = "label table"

    def take() -> None:
        cells = clicked_cells(key)
        if cells:
            row, column = divmod(cells[0], len(labels))
            st.session_state["behind pair"] = (labels[row], labels[column])

    st.plotly_chart(
        figure, config=picture_config(), key=key, on_select=take, selection_mode="points",
        alt="Label by label: share of the row's tracks that have the column's label",
    )  # fmt: skip
    st.caption(_pair_said(a, b, n, one, other))
    _show_behind_pair([each for each in (one, other) if each is not None], pairing, threshold)
    command = _question(compared, one, other, pairing, threshold)
    export_panel("compare co-predictions", pair_table(first, second, labels), figure, command)


def _question(
    compared: Compared, one: Source, other: Source | None, pairing: str, threshold: float
) -> CoPredictions | None:
    """Return what counts the same pairs; None of another's truth, which a command does not know."""
    if compared.truth == "common":
        return None
    return CoPredictions(
        run=one.run.name, pairing=pairing, threshold=round(threshold, 3), moment=compared.moment,
        minus=None if other is None else other.run.name,
    )  # fmt: skip


def _pick_one(usable: Sequence[Source]) -> Source:
    by_title = {source.title: source for source in usable}
    return by_title[st.selectbox("Run", list(by_title), key="pairs_of", bind="query-params")]


def _pick_other(usable: Sequence[Source], one: Source) -> Source | None:
    by_title = {source.title: source for source in usable if source is not one}
    chosen = st.selectbox(
        "minus", [_NONE, *by_title], key="pairs_minus", bind="query-params", disabled=not by_title,
        help="The difference of two runs' shares, on the labels and tracks both have.",
    )  # fmt: skip
    return by_title.get(chosen)


def _pick_cells() -> str:
    titles = {name: pairing.title.capitalize() for name, pairing in PAIRINGS.items()}
    return str(
        st.segmented_control(
            "Row → column", list(titles), default=next(iter(titles)), format_func=titles.__getitem__,
            key="pairing", bind=bound_choice("pairing", "pairing", titles), required=True, width="content",
        )
    )  # fmt: skip


def _pick_order() -> str:
    return str(
        st.segmented_control(
            "Order", list(_ORDERS), default="cluster", format_func=_ORDERS.__getitem__, key="label_order",
            bind=bound_choice("label_order", "order", _ORDERS), required=True, width="content",
            help="Cluster: labels that are true of the same tracks stand together (average linkage).",
        )
    )  # fmt: skip


def _matched(one: Source, other: Source | None) -> tuple[Predictions, Predictions | None]:
    """Return the predictions of one run, or of two on the labels and the named tracks that both have."""
    if one.predictions is None:
        raise ValueError(f"{one.title} has no predictions")
    if other is None or other.predictions is None:
        return one.predictions, None
    return on_common_ground(one.predictions, other.predictions)


def _pick_number(n_classes: int) -> int:
    most = min(n_classes, _MOST_LABELS)
    if most < 3:
        return most
    if st.session_state.get("labels_shown", 0) > most:
        st.session_state["labels_shown"] = most
    return int(
        st.number_input(
            "Labels, most frequent first", 2, most, min(most, _USUAL_LABELS), key="labels_shown",
            bind=bound_number("labels_shown", "a number of labels of", 2, most),
        )
    )  # fmt: skip


def _ordered(predictions: Predictions, n: int, order: str) -> tuple[list[str], list[float]]:
    """Return the n most frequent labels in an order, and where lines between groups of them go."""
    ranked = np.argsort(-predictions.positives, kind="stable")[:n]
    labels = [predictions.classes[column] for column in ranked]
    if order == "name":
        return sorted(labels, key=str.casefold), []
    if order == "cluster":
        truth = co_prediction(predictions.select_classes(labels), 1.0, "truth-truth")
        places, groups = clustered_order(truth.normalised, max(1, round(np.sqrt(n))))
        return [labels[place] for place in places], _boundaries(groups)
    if order == "group":
        group_of = tag_groups(tuple(labels))
        labels = sorted(labels, key=lambda label: GROUPS.index(group_of[label]))
        return labels, _boundaries(np.array([GROUPS.index(group_of[label]) for label in labels]))
    return labels, []


def _boundaries(groups: npt.NDArray[np.integer[Any]]) -> list[float]:
    return [float(place) + 0.5 for place in np.flatnonzero(np.diff(groups))]


def _pair_figure(
    first: LabelPairs,
    second: LabelPairs | None,
    labels: Sequence[str],
    boundaries: Sequence[float],
    pairing: str,
    one: Source,
    other: Source | None,
) -> Any:
    meant = PAIRINGS[pairing]
    title = f"{meant.title.capitalize()}: {plain(one.title, 40)}"
    sides = meant.row.format(label="(row)"), meant.column.format(label="(column)")
    if second is None or other is None:
        return figures.label_table(first.share, labels, title, *sides, first.together, boundaries=boundaries)
    title = f"{title} minus {plain(other.title, 40)}"
    return figures.label_table(
        first.share - second.share, labels, title, *sides, difference=True, boundaries=boundaries
    )


def _pair_said(a: Predictions, b: Predictions | None, n: int, one: Source, other: Source | None) -> str:
    some = f"{n} of {a.n_classes:,} labels" if n < a.n_classes else f"All {n} labels"
    said = f"{some}, {a.n_tracks:,} tracks. {literal(f'{one.title}: {one.said}.')}"
    if b is not None and other is not None:
        shared = "" if a.named and b.named else ", not matched by track, for their ids are not known"
        said += f" {literal(f'{other.title}: {other.said}.')} "
        said += f"Labels and tracks both have{shared}; each by its own truth."
    return said + " Click a cell to list the tracks behind it."


def _show_behind_pair(of: Sequence[Source], pairing: str, threshold: float) -> None:
    behind = st.session_state.get("behind pair")
    if behind is None:
        return
    row, column = behind
    having = {source.title: source for source in of if {row, column} <= set(source.classes)}
    if not having:
        return
    title = next(iter(having))
    if len(having) > 1:
        title = st.segmented_control(
            "Tracks of", list(having), default=title, key="pair_tracks_of", required=True
        )
    source = having[title]
    predictions = source.predictions
    if predictions is None:
        return
    rows = tracks_behind_pair(predictions, threshold, pairing, row, column)
    meant = PAIRINGS[pairing]
    sides = [
        text.format(label=literal(visible(name))) for text, name in ((meant.row, row), (meant.column, column))
    ]
    heading = f"**{len(rows):,} tracks** {' and '.join(dict.fromkeys(sides))}, {literal(title)}"
    show_tracks(source.run, predictions, rows, threshold, column, heading, "pair")
