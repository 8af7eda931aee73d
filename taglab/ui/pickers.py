"""The choices that all pages share; each stands in the URL and keeps its value from page to page."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal, NoReturn, overload

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from taglab import embeddings, sources
from taglab.audio.library import audio_names
from taglab.folksonomy import Folksonomy
from taglab.ui.dialogs import dialog_closed
from taglab.ui.forms import settings_widgets
from taglab.ui.messages import literal

_ENOUGH_TAGS = 250
_ROUND_COUNTS = (100, 50, 20, 10, 5, 2)


_CHOSEN = "chosen by a panel"
_MOST_OPTIONS = 20_000
_NAMED = 5


@contextlib.contextmanager
def on_every_page() -> Iterator[None]:
    """Let the widgets drawn within be the same on every page that draws them, value and place in the URL.

    Streamlit takes widgets of one key on two pages for two widgets. On the way to the other page it takes
    the first one's value out of the URL, and the second gets that value only at the end of its first run: the
    page shows its defaults, without a word. Widgets of the script that frames the pages are spared that.
    """
    context = get_script_run_ctx()
    if context is None:
        yield
        return
    with context.run_with_active_hash(context.pages_manager.main_script_hash):
        yield


def choose(key: str, name: str) -> NoReturn:
    """Set one of the pickers below from elsewhere on the page, and run the page anew with it."""
    st.session_state.setdefault(_CHOSEN, {})[key] = name
    dialog_closed()
    st.rerun()


def turn_to(page: str, **chosen: str) -> NoReturn:
    """Turn to another page, with some of its choices made.

    A link cannot make those that stand in the URL of this page, too, as `view` does.

    Args:
        page: Name of its file, without the ending.
        chosen: By the key of the widget; the other page takes them up.
    """
    st.session_state.setdefault(_CHOSEN, {}).update(chosen)
    st.switch_page(f"pages/{page}.py")


def take_up(key: str) -> None:
    """Give a widget what `choose` or `turn_to` asked for; it can be set only before it is drawn."""
    chosen = st.session_state.get(_CHOSEN, {})
    if key in chosen:
        st.session_state[key] = chosen.pop(key)


def bound_choice(key: str, what: str, titles: Mapping[Any, str] | Sequence[str]) -> Literal["query-params"]:
    """Return the `bind` of a choice's widget; what a link asks for that is no choice is named, and let go.

    Streamlit takes a choice by its title alone, letter by letter, and leaves others aside without a word.
    Here its name in the library does, too, in capitals or not; the link is then written anew.

    Args:
        key: Of the widget and in the URL.
        what: What the choices are, as the page names one.
        titles: Name → title of every choice, or their titles.
    """
    asked = st.query_params.get(key)
    titles = titles if isinstance(titles, Mapping) else {title: title for title in titles}
    if asked is None or key in st.session_state or asked in titles.values():
        return "query-params"
    wanted = asked.casefold()
    for name, title in titles.items():
        if wanted in (str(name).casefold(), title.casefold()):
            st.query_params[key] = title
            st.rerun()
    st.warning(
        literal(f"The link asks for the {what} {asked!r}, which is not here."), icon=":material/link_off:"
    )
    return "query-params"


def bound_number(key: str, what: str, low: float, high: float) -> Literal["query-params"] | None:
    """Return the `bind` of a number's widget; a number in the link that does not fit is named and let go.

    Streamlit leaves such numbers aside without a word, and fails on infinite ones.

    Args:
        key: Of the widget and in the URL.
        what: What the number is, as the page names it.
        low: The least the widget takes.
        high: The most.
    """
    asked = st.query_params.get(key)
    if asked is None or key in st.session_state:
        return "query-params"
    try:
        number = float(asked)
    except ValueError:
        number = math.nan
    if low <= number <= high:
        return "query-params"
    st.warning(
        literal(f"The link asks for {what} {asked!r}, which is not a number from {low:,} to {high:,}."),
        icon=":material/link_off:",
    )
    if not math.isinf(number):
        return "query-params"
    del st.query_params[key]
    return None


def pick_data() -> str:
    """Let a data set be chosen; the demo to begin with. In the URL as `data`."""
    take_up("data")
    names = sources.folksonomy_names()
    bind = bound_choice("data", "data set", names)
    with on_every_page():
        return st.selectbox("Data set", names, key="data", bind=bind)


@overload
def pick_vectors(key: str = "vectors", label: str = "", *, whole: Collection[str] = ()) -> str: ...
@overload
def pick_vectors(key: str, label: str, without: str, whole: Collection[str] = ()) -> str | None: ...
def pick_vectors(
    key: str = "vectors", label: str = "", without: str | None = None, whole: Collection[str] = ()
) -> str | None:
    """Let word vectors be chosen; those trained on the data set itself to begin with. In the URL as `key`.

    Args:
        key: Of the widget and in the URL.
        label: What is asked for, where that is not the vectors of the page.
        without: Vectors that are not to choose from; None is returned, and nothing drawn, if no others are.
        whole: Kinds whose vectors on the shelf of features, a joint space's for instance, are to choose from
            too; without tags among them, word vectors are no choice.
    """
    take_up(key)
    names = _vector_names(without, whole)
    if not names:
        return None
    bind = bound_choice(key, "vectors", names)
    _let_go_of_others(key, names)
    kinds = {kind: None for name, kind in embeddings.whole_vectors().items() if name in names}
    explanation = f"“{embeddings.OWN}” are trained on this data set's own tag lists."
    if kinds:
        explanation += (
            f" After word vectors stand those of whole {', '.join(kinds)}: of a joint space, as Retrieval "
            "and `taglab joint-space vectors` keep them, or what `taglab features` keeps."
        )
    with on_every_page():
        usual = "Vectors" if kinds else "Word vectors"
        return st.selectbox(label or usual, names, key=key, bind=bind, help=explanation)


def _vector_names(without: str | None, whole: Collection[str]) -> list[str]:
    """Return the names of word vectors, if tags are asked for, and after them those of whole vectors."""
    of_words = [embeddings.OWN, *embeddings.vector_names()] if not whole or "tags" in whole else []
    others = [name for name, kind in embeddings.whole_vectors().items() if kind in whole]
    return [name for name in (*of_words, *others) if name != without]


def _let_go_of_others(key: str, names: Sequence[str]) -> None:
    """Say that what was chosen elsewhere is no choice here; its picker then shows its first."""
    chosen = st.session_state.get(key)
    if chosen is None or chosen in names:
        return
    kind = embeddings.whole_vectors().get(chosen)
    if kind is not None:
        st.info(literal(f"{chosen!r} are vectors of whole {kind}; here {names[0]} stand in their place."))
    if kind is not None or chosen in (embeddings.OWN, *embeddings.vector_names()):
        st.session_state[key] = names[0]


def pick_more_vectors(key: str, label: str, without: str, whole: Collection[str] = ()) -> list[str]:
    """Let word vectors be chosen to stand beside others; none to begin with. In the URL as `key`.

    Args:
        key: Of the widget and in the URL.
        label: What is asked for.
        without: Vectors that are not to choose from.
        whole: Kinds whose vectors on the shelf of features are to choose from too; see `pick_vectors`.
    """
    names = _vector_names(without, whole)
    if key in st.session_state:
        st.session_state[key] = [name for name in st.session_state[key] if name in names]
    with on_every_page():
        return st.multiselect(
            label, names, key=key, bind="query-params", placeholder="more vectors, side by side"
        )


def choose_among(
    key: str,
    label: str,
    options: Sequence[str],
    index: int,
    what: str,
    help: str | None = None,
    width: int | Literal["stretch"] = "stretch",
    titles: Mapping[str, str] | None = None,
) -> str:
    """Let one of some names be chosen. In the URL as `key`.

    Args:
        key: Of the widget and in the URL.
        label: What is asked for.
        options: At least one.
        index: Which stands there to begin with.
        what: What a name is, as the page says it of one that is gone.
        help: Shown beside the label.
        width: Of the widget, in pixels.
        titles: How names are shown, and stand in the URL, where that is not as they are; one a name.
    """
    take_up(key)
    shown = {name: (titles or {}).get(name, name) for name in options}
    bind = bound_choice(key, what, shown)
    if key in st.session_state and st.session_state[key] not in options:
        st.session_state[key] = options[index]
    with on_every_page():
        return st.selectbox(
            label, list(options), index=index, key=key, bind=bind, help=help, width=width,
            format_func=lambda name: shown.get(name, name),
        )  # fmt: skip


def find_among(
    key: str, label: str, names: pd.Series, what: str, width: int | Literal["stretch"] = "stretch"
) -> int:
    """Let one of any number of names be chosen. In the URL as `key`.

    Of very many the list is too long for a browser; then a name is typed, whole or in part, and the first
    that begins with what is typed, or else contains it, is taken, and the next ones are named.

    Args:
        key: Of the widget and in the URL.
        label: What is asked for.
        names: At least one, each once.
        what: What a name is, as the page says it.
        width: Of the widget, in pixels.

    Returns:
        Its place in `names`; 0, and a warning on the page, where none has what is typed.
    """
    if len(names) <= _MOST_OPTIONS:
        options = names.tolist()
        return options.index(choose_among(key, label, options, 0, what, width=width))
    take_up(key)
    with on_every_page():
        typed = st.text_input(
            label, value=str(names.iloc[0]), key=key, bind="query-params", width=width,
            help=f"One of {len(names):,}, typed whole or in part.",
        )  # fmt: skip
    whole = np.flatnonzero(names == typed)
    if len(whole):
        return int(whole[0])
    plain = names.str.casefold()
    begins = plain.str.startswith(typed.casefold()).to_numpy()
    inside = plain.str.contains(typed.casefold(), regex=False).to_numpy() & ~begins
    places = np.concatenate([np.flatnonzero(begins), np.flatnonzero(inside)])
    if not len(places):
        st.warning(
            literal(f"No {what} is called {typed!r}; {names.iloc[0]!r} stands in its place."),
            icon=":material/person_search:",
        )
        return 0
    others = ", ".join(names.iloc[places[1 : _NAMED + 1]])
    more = f"; others: {others}{', …' if len(places) > _NAMED + 1 else ''}" if others else ""
    st.caption(literal(f"{len(places):,} match; this is {names.iloc[places[0]]}{more}"))
    return int(places[0])


def pick_audio(data: str) -> str:
    """Let sound be chosen; that of the data set's name to begin with. In the URL as `audio`."""
    names = audio_names()
    return choose_among(
        "audio", "Audio", names, names.index(data) if data in names else 0, "audio",
        help="Where the tracks' sound is. The demo's is synthesised at its first use, in about a minute.",
    )  # fmt: skip


def default_min_count(folksonomy: Folksonomy) -> int:
    """Return a round count, the highest that leaves enough tags for a map; the thesis's is about 100."""
    counts = folksonomy.tags["count"].to_numpy()
    return next((least for least in _ROUND_COUNTS if (counts >= least).sum() >= _ENOUGH_TAGS), 1)


def pick_min_count(folksonomy: Folksonomy, kind: str = "tags") -> int:
    """Let the least number of tracks a tag must have be chosen, inclusive. In the URL as `min_count`.

    Args:
        folksonomy: Whose tags.
        kind: What stands in the place of its tags; artists have a number of their own (`min_artist_count` in
            the URL), and of tracks, which count once, nothing is asked.
    """
    if kind == "tracks":
        return 1
    key = "min_count" if kind == "tags" else "min_artist_count"
    usual = default_min_count(folksonomy) if kind == "tags" else 1
    thesis = " The thesis used 101." if kind == "tags" else ""
    most = int(max(folksonomy.tags["count"].to_numpy().max(initial=1), 1))
    with on_every_page():
        least = st.number_input(
            "Minimum count (tracks)",
            min_value=1,
            max_value=most,
            value=usual,
            key=key,
            bind=bound_number(key, "a minimum count of", 1, most),
            help=f"Only {kind} that at least this many tracks have, inclusive.{thesis}",
        )
    return int(least)


def pick_lookup(vectors: str = embeddings.OWN) -> embeddings.Lookup:
    """Let be chosen how the words of tags are looked up. In the URL under the names of the settings.

    Args:
        vectors: In which vectors; in those of whole tags, artists or tracks there is nothing to look up, and
            nothing is drawn.
    """
    if vectors in embeddings.whole_vectors():
        return embeddings.Lookup()
    with on_every_page(), st.expander("Looking up words"):
        return settings_widgets(embeddings.Lookup, "lookup", in_url=True)


def pick_tag(tags: Sequence[str], label: str = "Tag", key: str = "tag", index: int = 0) -> str:
    """Let one of the tags be found by typing. In the URL as `key`.

    Of very many tags the list is too long for a browser; then the tag is typed whole, and what is typed
    need not be among them.

    Args:
        tags: At least one.
        label: What is asked for.
        key: Of the widget and in the URL.
        index: Which stands there to begin with.
    """
    first = tags[min(index, len(tags) - 1)]
    if len(tags) > _MOST_OPTIONS:
        titled = f"{label} (typed whole; {len(tags):,} are too many to list)"
        with on_every_page():
            return st.text_input(titled, value=first, key=key, bind="query-params")
    options = list(tags)
    bind = bound_choice(key, "tag", options)
    with on_every_page():
        return st.selectbox(label, options, index=options.index(first), key=key, bind=bind)
