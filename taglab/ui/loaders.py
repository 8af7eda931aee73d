"""What pages open, cached by plain values: names and numbers in, shared objects out.

Results are shared between all visitors and must not be changed in place.
"""

from __future__ import annotations

import streamlit as st

from taglab import cache, embeddings, sources
from taglab.embeddings import Lookup, WordVectors
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.ui.own_training import await_own_vectors
from taglab.vectors import TagVectors

_FEW = 6


def _stamp(kind: str, name: str) -> int:
    """Return a number that changes when what lies under a name is replaced; 0 where nothing does."""
    path = cache.Shelf(kind).path(name)
    return path.stat().st_mtime_ns if path.exists() else 0


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _open_folksonomy(name: str, stamp: int, home: str, _progress: Progress) -> Folksonomy:
    return sources.open_folksonomy(name, _progress)


def folksonomy(name: str, progress: Progress = silent) -> Folksonomy:
    """Return a data set of the shelf; the demo is built when it is first asked for."""
    if not _stamp(cache.FOLKSONOMIES, name):
        sources.open_folksonomy(name, progress)
    return _open_folksonomy(name, _stamp(cache.FOLKSONOMIES, name), str(cache.home()), progress)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _open_interactions(name: str, stamp: int, home: str) -> Interactions | None:
    return sources.plays_of(name)


def interactions(name: str) -> Interactions | None:
    """Return who played what of a data set; None where it has no plays."""
    return _open_interactions(name, _stamp(cache.FOLKSONOMIES, name), str(cache.home()))


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _select(name: str, stamp: int, home: str, min_count: int) -> Folksonomy:
    return folksonomy(name).select_tags(min_count=min_count)


def selected_folksonomy(name: str, min_count: int) -> Folksonomy:
    """Return a data set with only the tags that at least `min_count` tracks have."""
    folksonomy(name)
    return _select(name, _stamp(cache.FOLKSONOMIES, name), str(cache.home()), min_count)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _resolve(
    vectors: str, vectors_stamp: int, data: str, data_stamp: int, home: str, _p: Progress
) -> WordVectors:
    return embeddings.resolve(vectors, folksonomy(data), _p)


def word_vectors(vectors: str, data: str, progress: Progress = silent) -> WordVectors:
    """Return word vectors by name; "own" are trained on the data set's own tag lists.

    Where training them takes long, the script stops here, with word of it on the page.
    """
    whole = folksonomy(data, progress)
    if vectors == embeddings.OWN:
        await_own_vectors(whole)
    stamps = _stamp(cache.VECTORS, vectors), _stamp(cache.FOLKSONOMIES, data)
    return _resolve(vectors, stamps[0], data, stamps[1], str(cache.home()), progress)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _compose(
    data: str,
    data_stamp: int,
    vectors: str,
    vectors_stamp: int,
    home: str,
    min_count: int,
    lookup: str,
    _p: Progress,
) -> TagVectors:
    tags = selected_folksonomy(data, min_count).tags["tag"]
    words = word_vectors(vectors, data, _p)
    return embeddings.compose(words, list(tags), Lookup.model_validate_json(lookup))


def tag_vectors(
    data: str, vectors: str, min_count: int, lookup: Lookup | None = None, progress: Progress = silent
) -> TagVectors:
    """Return unit vectors of the tags that at least `min_count` tracks have."""
    word_vectors(vectors, data, progress)
    stamps = _stamp(cache.FOLKSONOMIES, data), _stamp(cache.VECTORS, vectors)
    asked = (lookup or Lookup()).model_dump_json()
    return _compose(data, stamps[0], vectors, stamps[1], str(cache.home()), min_count, asked, progress)
