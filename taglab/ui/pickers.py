"""The choices that all pages share; each stands in the URL and keeps its value from page to page."""

from __future__ import annotations

import streamlit as st

from taglab import embeddings, sources
from taglab.folksonomy import Folksonomy

_ENOUGH_TAGS = 250
_ROUND_COUNTS = (100, 50, 20, 10, 5, 2)


def pick_data() -> str:
    """Let a data set be chosen; the demo to begin with. In the URL as `data`."""
    names = sources.folksonomy_names()
    return st.selectbox("Data set", names, key="data", bind="query-params")


def pick_vectors(key: str = "vectors", label: str = "Word vectors") -> str:
    """Let word vectors be chosen; those trained on the data set itself to begin with. In the URL as `key`."""
    names = ["own", *(name for name in embeddings.vector_names() if name != "own")]
    return st.selectbox(
        label,
        names,
        key=key,
        bind="query-params",
        format_func=lambda name: "own (trained on these tags)" if name == "own" else name,
    )


def default_min_count(folksonomy: Folksonomy) -> int:
    """Return a round count, the highest that leaves enough tags for a map; the thesis's is about 100."""
    counts = folksonomy.tags["count"].to_numpy()
    return next((least for least in _ROUND_COUNTS if (counts >= least).sum() >= _ENOUGH_TAGS), 1)


def pick_min_count(folksonomy: Folksonomy) -> int:
    """Let the least number of tracks a tag must have be chosen, inclusive. In the URL as `min_count`."""
    counts = folksonomy.tags["count"].to_numpy()
    return int(
        st.number_input(
            "Minimum count (tracks)",
            min_value=1,
            max_value=int(max(counts.max(initial=1), 1)),
            value=default_min_count(folksonomy),
            key="min_count",
            bind="query-params",
            help="Only tags that at least this many tracks have, inclusive. The thesis used 101.",
        )
    )


def pick_tag(tags: list[str], label: str = "Tag", key: str = "tag") -> str | None:
    """Let one of the tags be found by typing; the first to begin with. In the URL as `key`."""
    return st.selectbox(label, tags, key=key, bind="query-params")
