"""The Pairs view of the Embeddings page: tags of the data, or any words pasted or in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from taglab.embeddings import compose
from taglab.embeddings.pairs import read_pairs
from taglab.errors import DataError, InvalidSetting
from taglab.figures.embeddings import pairs_plane
from taglab.labels import list_text
from taglab.projection import ProjectionSettings, cached_projection
from taglab.ui.export import export_panel, picture_config
from taglab.ui.loaders import word_vectors
from taglab.ui.messages import literal
from taglab.ui.pickers import bound_choice
from taglab.vectors import Vectors

if TYPE_CHECKING:
    from taglab.ui.embeddings.views import Picked

_MOST_OPTIONS = 5_000
_LARGEST_BYTES = 1 << 20
_SOURCES = {"tags": "Tags of the data", "list": "A list of words"}
_EXAMPLE = "Germany, Berlin\nFrance, Paris\nItaly, Rome"

Pairs = Sequence[tuple[str, str]]


def show_pairs(picked: Picked) -> None:
    """Pairs on a plane: do the same steps lead from one to the other?"""
    source = st.segmented_control(
        "Pairs of", list(_SOURCES), default="tags", format_func=_SOURCES.__getitem__, key="pairs_of",
        bind=bound_choice("pairs_of", "kind of pairs", _SOURCES), required=True, label_visibility="collapsed",
    )  # fmt: skip
    if source == "tags":
        vectors: Vectors = picked.tags()
        pairs = _choose_pairs(vectors)
    else:
        pairs = _give_pairs()
        words = list(dict.fromkeys(chain.from_iterable(pairs)))
        vectors = compose(word_vectors(picked.vectors, picked.data), words, picked.lookup)
    known = [pair for pair in pairs if pair[0] in vectors and pair[1] in vectors]
    if len(known) < len(pairs):
        absent = [pair for pair in pairs if pair not in set(known)]
        with st.expander(f"Left out: {len(absent):,} of {len(pairs):,} pairs have a word without a vector"):
            table = pd.DataFrame(absent, columns=["first", "second"])
            st.dataframe(table, hide_index=True, alt="Pairs that were left out")
            export_panel("pairs left out", table)
    if len(known) >= 2:
        _show_plane(vectors, known, picked.names() if source == "tags" else {})
    elif pairs:
        st.info("Fewer than two of these pairs have vectors; lines can be compared from two on.")


def _choose_pairs(tags: Vectors) -> Pairs:
    """Let tags of the data be chosen, first and second in turn; say what is lacking."""
    options = list(tags.ids[:_MOST_OPTIONS])
    few = f" (of the {_MOST_OPTIONS:,} most used)" if len(tags) > _MOST_OPTIONS else ""
    chosen = st.multiselect(
        f"Pairs of {tags.kind}, first and second in turn{few}",
        options,
        default=options[:4],
        key="pairs" if tags.kind == "tags" else f"{tags.column}_pairs",
        bind="query-params",
    )
    if len(chosen) < 4 or len(chosen) % 2:
        example = ": Germany, Berlin, France, Paris" if tags.kind == "tags" else ""
        st.info(f"Choose four {tags.kind} or more, an even number{example}.")
        return ()
    return list(zip(chosen[::2], chosen[1::2], strict=True))


def _give_pairs() -> Pairs:
    """Let pairs be pasted or uploaded."""
    left, right = st.columns([3, 2])
    text = left.text_area("One pair a line", key="pairs text", height=150, placeholder=_EXAMPLE)
    upload = right.file_uploader("or a text file of them", key="pairs upload")
    st.caption(
        "Words stand apart by a comma, a tab or an arrow, single words also by a blank; a file of analogies "
        "gives two pairs a line. They are looked up in the word vectors; they need not be tags of the data."
    )
    if upload is None:
        return read_pairs(text) if text.strip() else ()
    if upload.size > _LARGEST_BYTES:
        raise DataError(upload.name, f"has {upload.size:,} bytes, far more than a list of pairs")
    try:
        text, notes = list_text(upload.getvalue(), upload.name)
        for note in notes:
            st.caption(literal(note))
        return read_pairs(text)
    except InvalidSetting as error:
        raise DataError(upload.name, str(error)) from error


def _show_plane(vectors: Vectors, pairs: Pairs, names: Mapping[str, str]) -> None:
    """Draw the pairs on the plane of their own two principal axes, those that have a name by that."""
    drawn = vectors.select(list(dict.fromkeys(chain.from_iterable(pairs))))
    projection = cached_projection(drawn, ProjectionSettings())
    ends = list(chain.from_iterable(pairs))
    positions = projection.positions[[drawn.row(tag) for tag in ends]]
    shares = projection.explained_variance
    figure = pairs_plane(
        positions, [names.get(end, end) for end in ends], None if shares is None else shares.tolist()
    )
    st.plotly_chart(figure, config=picture_config(), key="pairs plane", alt="Pairs of tags joined by lines")
    st.caption("a PCA of these tags alone; lines that run side by side tell of the same relation")
    table = pd.DataFrame(pairs, columns=["first", "second"])
    for number, side in enumerate(("first", "second")):
        table[[f"{side}_x", f"{side}_y"]] = positions[number::2]
    export_panel("pairs", table, figure)
