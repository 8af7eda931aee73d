"""The tags a person has selected, wherever on the page; also in the URL, as ranges of rows.

Whoever lets tags be selected names itself, so that the others can drop their own marks: Streamlit keeps
the ticks of a table and the marks of a chart until its key changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from taglab.vectors import Vectors

_TAGS = "selected tags"
_SHOWN_BY_TABLE = "selected tags, as the tag table lists them"
_TURN = "turn of the selection"
_LAST = "last to select"
_PARAMETER = "selected"
# Addresses beyond some thousand characters are cut by mail programs and proxies.
_LONGEST = 4000

Rows = npt.NDArray[np.intp]


def select(tags: Iterable[str], source: str) -> None:
    """Select tags, all others not.

    Args:
        tags: Which.
        source: What they were selected with; it keeps its key (see `key_of`), all others get a new one.
    """
    state = st.session_state
    state[_TAGS] = tuple(tags)
    if source != "tag table":
        state[_SHOWN_BY_TABLE] = state[_TAGS]
    if state.get(_LAST) != source:
        state[_TURN] = state.get(_TURN, 0) + 1
        state[_LAST] = source


def key_of(source: str) -> str:
    """Return the widget key of something that selects: new whenever something else selected since."""
    state = st.session_state
    if state.get(_LAST) != source:
        return f"{source} {state.get(_TURN, 0)}"
    return f"{source} {state[_TURN] - 1}"


def selected_rows(vectors: Vectors) -> Rows:
    """Return the rows of the selected tags that have a vector; of a pasted link, those it names."""
    if _TAGS not in st.session_state:
        rows = _parse(st.query_params.get(_PARAMETER, ""), len(vectors))
        select((vectors.ids[row] for row in rows), "link")
    return _rows(st.session_state[_TAGS], vectors)


def listed_rows(vectors: Vectors) -> Rows:
    """Return the selected rows that the tag table lists; ticking its own rows does not change them."""
    return _rows(st.session_state.get(_SHOWN_BY_TABLE, ()), vectors)


def show_in_link(rows: Rows) -> bool:
    """Put the selection into the URL; returns False if it is too long for one."""
    text = _ranges(rows)
    fits = len(text) <= _LONGEST
    wanted = text if fits else ""
    if st.query_params.get(_PARAMETER, "") != wanted:
        if wanted:
            st.query_params[_PARAMETER] = wanted
        else:
            del st.query_params[_PARAMETER]
    return fits


def _rows(tags: Sequence[str], vectors: Vectors) -> Rows:
    found = (vectors.row(tag) for tag in tags if tag in vectors)
    return np.unique(np.fromiter(found, np.intp))


def _ranges(rows: Rows) -> str:
    """Return rising rows as text: "3-7.12"."""
    if not len(rows):
        return ""
    starts = np.flatnonzero(np.r_[True, np.diff(rows) > 1])
    ends = np.r_[starts[1:], len(rows)] - 1
    pairs = zip(rows[starts], rows[ends], strict=True)
    return ".".join(str(first) if first == last else f"{first}-{last}" for first, last in pairs)


def _parse(text: str, n: int) -> list[int]:
    """Return the rows below `n` that a text names; what is not understood names none."""
    rows: set[int] = set()
    for part in text[:_LONGEST].split("."):
        first, _, last = part.partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            rows.update(range(int(first[:9]), min(int((last or first)[:9]) + 1, n)))
    return sorted(rows)
