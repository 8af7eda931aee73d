"""The search box: tags, artists and tracks by typing, one after the other, added or taken away."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from taglab.errors import InvalidSetting
from taglab.figures.theme import visible
from taglab.joint_space import Term, parse_query, written
from taglab.ui.messages import literal
from taglab.ui.pickers import on_every_page
from taglab.ui.remembered import remembered
from taglab.ui.retrieval.material import Asked, Given, placed_words
from taglab.ui.tracks import names_of

KEY = "ask"
_HERE = Path(__file__).parent
_MOST_OPTIONS = 20_000
_MOST_TERMS = 20
_LONGEST_NAME = 90
_SUGGESTED = 3
_EXAMPLES = 3

_slash = st.components.v2.component(
    "taglab.search_key", js=(_HERE / "search_key.js").read_text(encoding="utf-8")
)


def pick_query(asked: Sequence[Asked], given: Sequence[Given]) -> tuple[tuple[Term, ...], list[Given]]:
    """Let a query be put together. In the URL as `ask`, a part each.

    Args:
        asked: The spaces, whose tags, artists and tracks are offered.
        given: What each space is given besides, such as a clip.

    Returns:
        The terms as asked, those of no kind still without one, none where nothing is asked yet; and what each
        space is given with them, words among it.
    """
    options = _options(asked, given)
    _take_up(options)
    with on_every_page():
        chips = st.multiselect(
            "Ask with tags, artists, tracks, words and clips; a - before a name takes it away",
            list(options),
            key=KEY,
            bind="query-params",
            accept_new_options=True,
            select_all=False,
            max_selections=_MOST_TERMS,
            wrap=True,
            placeholder="jazz, - sad, an artist, a track …   (/ begins to type)",
        )
    _slash(key="search key")
    terms = [term for chip in chips for term in _terms(chip, options)]
    words = [term.name for term in terms if term.kind in ("", "word")]
    given = [{**of_one, "word": placed_words(one, words)} for one, of_one in zip(asked, given, strict=True)]
    return tuple(term for term in terms if _is_known(term, asked, given)), given


def add_term(term: Term) -> None:
    """Put a term into the box; of one that is there the sign is changed. For callbacks."""
    st.session_state.setdefault(_ADDED, []).append(term)


_ADDED = "terms to add"


def _take_up(options: Mapping[str, Term]) -> None:
    """Put into the box what `add_term` was given; a widget can be set only before it is drawn."""
    added: list[Term] = st.session_state.pop(_ADDED, [])
    if not added:
        return
    names = {term: chip for chip, term in options.items()}
    chips = list(st.session_state.get(KEY, []))
    for term in added:
        chip, other = (
            names.get(one) or _typed(one) for one in (term, replace(term, taken_away=not term.taken_away))
        )
        chips = [one for one in chips if one not in (chip, other)] + [chip]
    st.session_state[KEY] = chips


def _typed(term: Term) -> str:
    return f"- {written(term)}" if term.taken_away else written(term)


def _terms(chip: str, options: Mapping[str, Term]) -> tuple[Term, ...]:
    """Return what a chip stands for: one of the options, or a query as `taglab ask` takes it."""
    if chip in options:
        return (options[chip],)
    try:
        return parse_query(chip)
    except InvalidSetting as error:
        st.warning(literal(str(error)), icon=":material/help:")
        return ()


def _options(asked: Sequence[Asked], given: Sequence[Given]) -> dict[str, Term]:
    options = dict(_options_of(tuple(one.space.fingerprint for one in asked), asked))
    for term in (Term(name, kind) for one in given for kind, names in one.items() for name in names):
        options[f"{term.kind}: {term.name}"] = term
        options[f"- {term.kind}: {term.name}"] = replace(term, taken_away=True)
    return options


@remembered("small")
def _options_of(fingerprints: tuple[str, ...], _asked: Sequence[Asked]) -> dict[str, Term]:
    """Return what the box offers, what it stands for; first all to add, then all to take away.

    Of more than a browser can list, tracks are left out, then artists; they can be typed.
    """
    sides = [list(_tags(_asked)), list(_artists(_asked)), list(_tracks(_asked))]
    while sum(map(len, sides)) > _MOST_OPTIONS:
        sides.pop()
    options: dict[str, Term] = {}
    for name, term in (pair for side in sides for pair in side):
        options.setdefault(name, term)
    for name, term in list(options.items()):
        options.setdefault(f"- {name}", replace(term, taken_away=True))
    return options


def _tags(asked: Sequence[Asked]) -> Iterator[tuple[str, Term]]:
    """Yield tags; one that would be read otherwise is written with what it is."""
    for tag in dict.fromkeys(tag for one in asked for tag in one.space.tags):
        plain = written(Term(tag)) == tag and visible(tag, _LONGEST_NAME) == tag
        term = Term(tag, "tag")
        yield (tag if plain else visible(written(term), _LONGEST_NAME)), term


def _artists(asked: Sequence[Asked]) -> Iterator[tuple[str, Term]]:
    for artist in dict.fromkeys(artist for one in asked for artist in one.space.artists):
        yield f"artist: {visible(artist, _LONGEST_NAME)}", Term(artist, "artist")


def _tracks(asked: Sequence[Asked]) -> Iterator[tuple[str, Term]]:
    for one in asked:
        names = names_of(one.data)
        for track in one.tracks.ids:
            name = names.get(track, track)
            shown = f"track: {name} ({track})" if name != track else f"track: {track}"
            yield visible(shown, _LONGEST_NAME), Term(track, "track")


def _is_known(term: Term, asked: Sequence[Asked], given: Sequence[Given]) -> bool:
    """Return whether any space knows a term; say so, and what is written alike, where none does."""
    names = {
        "tag": [tag for one in asked for tag in one.space.tags],
        "artist": [artist for one in asked for artist in one.space.artists],
        "track": [track for one in asked for track in one.tracks.ids],
    }
    if any(term.name in one.get(term.kind or "word", {}) for one in given):
        return True
    if term.kind == "clip":
        _say_clip_is_gone(term)
        return False
    kinds = [term.kind] if term.kind in names else list(names)
    if any(term.name in names[kind] for kind in kinds):
        return True
    with st.container(horizontal=True, vertical_alignment="center"):
        of_words = ", and no word that it knows," if any("words" in one.space.about for one in asked) else ""
        what = f"no {term.kind}" if term.kind else f"no tag, artist or track{of_words}"
        st.warning(
            literal(f"“{visible(term.name)}” is {what} of this space, and is left out."),
            icon=":material/help:",
            width=420,
        )
        for kind in kinds:
            for near in difflib.get_close_matches(term.name, names[kind][:_MOST_OPTIONS], _SUGGESTED):
                st.button(
                    literal(near), key=f"instead of {term.name}: {kind} {near}", on_click=_replace,
                    args=(term, Term(near, kind, term.taken_away)),
                )  # fmt: skip
    return False


def _say_clip_is_gone(term: Term) -> None:
    text = f"The clip “{visible(term.name)}” is not here: clips are not kept. Upload it to ask with it again."
    st.warning(literal(text), icon=":material/link_off:")


def _replace(wrong: Term, right: Term) -> None:
    chips = st.session_state.get(KEY, [])
    st.session_state[KEY] = [chip for chip in chips if wrong.name not in chip]
    add_term(right)


def show_examples(asked: Asked) -> None:
    """What could be asked first: the most used tags, one without another, an artist."""
    tags = asked.space.tags[: _EXAMPLES + 1]
    queries: list[tuple[Term, ...]] = [(Term(tag, "tag"),) for tag in tags[:_EXAMPLES]]
    if len(tags) > _EXAMPLES:
        queries.append((Term(tags[1], "tag"), Term(tags[-1], "tag", taken_away=True)))
    queries += [(Term(artist, "artist"),) for artist in asked.space.artists[:1]]
    st.caption("Nothing is asked yet. Type above, or begin with one of these:")
    with st.container(horizontal=True):
        for terms in queries:
            text = " ".join(f"− {term.name}" if term.taken_away else term.name for term in terms)
            st.button(literal(visible(text)), key=f"example {text}", on_click=_add_all, args=(terms,))


def _add_all(terms: Sequence[Term]) -> None:
    for term in terms:
        add_term(term)
