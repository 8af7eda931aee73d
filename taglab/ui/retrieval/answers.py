"""The answer to a query: ranked lists of tracks, tags and artists, and the player of one track."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from taglab.figures.theme import visible
from taglab.folksonomy import Folksonomy
from taglab.joint_space import Answer, Term, ask, belonging, written
from taglab.ui.export import export_panel
from taglab.ui.messages import guard, literal
from taglab.ui.players import play, sound_of
from taglab.ui.remembered import remembered
from taglab.ui.retrieval.material import Asked, Given
from taglab.ui.retrieval.query import add_term
from taglab.ui.tracks import names_of
from taglab.verbs.joint_space import Ask

_LONGEST_S = 60
_RIGHT, _WRONG = "✓", "✕"
_BUTTONS = {"play": ":material/play_arrow:", "more": ":material/add:", "less": ":material/remove:"}
_HELP = {"play": "Play it", "more": "Add it to the query", "less": "Take it away from the query"}
_ROW_PX, _WIDE_PX, _NARROW_PX = 35, 185, 108
_LONGEST_NAME = 90
_MOST_TAGS = 12


@dataclass(frozen=True, eq=False)
class _Side:
    """An answer on the page.

    Attributes:
        asked: The space that gave it.
        answer: What it said.
        place: 0, or 1 on the right of two.
        alone: Whether no other stands beside it.
    """

    asked: Asked
    answer: Answer
    place: int
    alone: bool

    @property
    def heard(self) -> str:
        """Where the session keeps which track is heard, and whether it begins by itself."""
        return f"heard in {self.asked.name}"

    def nearest(self, kind: str) -> pd.DataFrame:
        """Return the best of a kind."""
        table: pd.DataFrame = getattr(self.answer, f"{kind}s")
        return table

    def names(self, kind: str) -> list[str]:
        """Return the names of the best of a kind, as the space has them."""
        return self.nearest(kind)[kind].astype(str).tolist()


def show_answers(
    asked: Sequence[Asked], terms: tuple[Term, ...], given: Sequence[Given], n: int, audio: str
) -> None:
    """Show what lies nearest to a query in every space, side by side where there are two.

    Args:
        asked: The spaces.
        terms: The query.
        given: What each space is given with it.
        n: How many of a kind.
        audio: Name of the sound.
    """
    columns = st.columns(len(asked), gap="medium")
    for place, (column, one) in enumerate(zip(columns, asked, strict=True)):
        with column, guard():
            if len(asked) > 1:
                st.subheader(literal(visible(one.name)), anchor=False)
            answer = ask(one.space, terms, one.tracks, n, given[place])
            _show_side(_Side(one, answer, place, len(asked) == 1), audio)


def _show_side(side: _Side, audio: str) -> None:
    # One list below another, or side by side where there is room (frame.css).
    with st.container(key=f"answer {side.place}"), st.container(key=f"lists {side.place}"):
        with st.container(key=f"list of tracks {side.place}"):
            _show_tracks(side, audio)
        for kind in ("tag", "artist"):
            with st.container(key=f"list of {kind}s {side.place}"):
                _show_names(side, kind)
    _say_marks(side)


def _show_tracks(side: _Side, audio: str) -> None:
    """The tracks, with the player of the one that was chosen last, or of the best."""
    st.markdown("**Tracks**")
    tracks = side.names("track")
    if not tracks:
        st.caption("No track has features here.")
        return
    _show_player(side, tracks, audio)
    titles = names_of(side.asked.data)
    names = [visible(titles.get(track, track), _LONGEST_NAME) for track in tracks]
    _show_list(side, "track", names)
    whole = side.nearest("track").assign(name=names, right=_marked(side, "track"))
    export_panel(f"{side.asked.name} tracks", whole, command=_command(side, "tracks"))


def _show_names(side: _Side, kind: str) -> None:
    """Tags or artists."""
    st.markdown(f"**{kind.capitalize()}s**")
    nearest = side.nearest(kind)
    if not len(nearest):
        no_other = "A run has no artists." if side.asked.is_run else f"The space has no other {kind}."
        st.caption(no_other)
        return
    _show_list(side, kind, [visible(name, _LONGEST_NAME) for name in side.names(kind)])
    whole = nearest.assign(right=_marked(side, kind))
    export_panel(f"{side.asked.name} {kind}s", whole, command=_command(side, f"{kind}s"))


def _show_list(side: _Side, kind: str, names: Sequence[str]) -> None:
    """Draw one ranked list; the buttons in its rows play a track, add a result, or take it away."""
    nearest, marks = side.nearest(kind), _marked(side, kind)
    columns: dict[str, Any] = {"rank": nearest["rank"], kind: names}
    if any(marks):
        columns["right"] = marks
    columns |= {"nearer than": nearest["specificity"], "more": "", "less": ""}
    if kind == "track":
        columns = {"play": "", **columns, "tags": _tags_of(side.asked.data, side.names("track"))}
    table = pd.DataFrame(columns)
    for button, icon in _BUTTONS.items():
        if button in table:
            table[button] = icon
    key = f"{kind}s of {side.asked.name}"
    pressed = partial(_press, side, kind)
    st.dataframe(
        table, key=key, hide_index=True, height=_ROW_PX * (len(table) + 1) + 3,
        column_config=_looks(kind, key, pressed, side.alone),
        alt=f"{kind.capitalize()}s nearest to the query in {side.asked.name}",
    )  # fmt: skip


def _looks(kind: str, key: str, pressed: Callable[[str, str], None], alone: bool) -> dict[str, Any]:
    """Return how the columns of a list look, in pixels at least as wide as said."""
    wide = kind == "track" and alone
    looks: dict[str, Any] = {
        "rank": st.column_config.NumberColumn("#", width=36),
        kind: st.column_config.TextColumn(kind.capitalize(), width=_WIDE_PX if wide else _NARROW_PX),
        "nearer than": st.column_config.ProgressColumn(
            "nearer than", min_value=0, max_value=100, format="%.0f %%", width=100,
            help="Of all tags, artists and tracks, the share that lie less near to it than the query does.",
        ),
        "right": st.column_config.TextColumn("right", width=44, alignment="center"),
        "tags": st.column_config.ListColumn("what listeners wrote"),
    }  # fmt: skip
    for button in _BUTTONS:
        click = f"{button} of {key}"
        looks[button] = st.column_config.ButtonColumn(
            "", width=34, type="tertiary", help=_HELP[button], key=click,
            on_click=partial(pressed, button, click),
        )  # fmt: skip
    return looks


def _press(side: _Side, kind: str, button: str, click: str) -> None:
    """Play, add or take away what stands in the row that was clicked."""
    name = side.names(kind)[st.session_state[click]["row"]]
    if button == "play":
        _hear(side.heard, name)
    else:
        add_term(Term(name, kind, taken_away=button == "less"))


def _show_player(side: _Side, tracks: Sequence[str], audio: str) -> None:
    store, why = sound_of(side.asked.data, audio)
    if store is None:
        st.caption(literal(why))
        return
    chosen, begins = st.session_state.get(side.heard, ("", False))
    place = tracks.index(chosen) if chosen in tracks else 0
    with st.container(horizontal=True, vertical_alignment="center"):
        name = names_of(side.asked.data).get(tracks[place], tracks[place])
        st.markdown(f"**{place + 1}** {literal(visible(name))}", width="content")
        for text, step in (("Previous", -1), ("Next", 1)):
            there = place + step
            st.button(
                text, key=f"{text} {side.heard}", type="tertiary",
                shortcut=text[0].lower() if side.place == 0 else None,  # one key cannot play two tracks
                disabled=not 0 <= there < len(tracks),
                on_click=_hear, args=(side.heard, tracks[there % len(tracks)]),
            )  # fmt: skip
    play(store, int(store.rows([tracks[place]])[0]), _LONGEST_S, autoplay=begins)
    st.session_state[side.heard] = chosen, False


def _hear(heard: str, track: str) -> None:
    st.session_state[heard] = track, True


def _marked(side: _Side, kind: str) -> list[str]:
    """Return a mark for every result of a kind, empty where nothing is known of any."""
    names = side.names(kind)
    marks = belonging(side.asked.data, side.answer.terms, kind, names)
    return [""] * len(names) if marks is None else [_RIGHT if mark else _WRONG for mark in marks]


def _say_marks(side: _Side) -> None:
    """Say what the bars and the marks mean, and how many are right of those that are listed."""
    sentences = [
        "Ranked by dot product. The bar tells how much a result is of this query: the share of all tags, "
        "artists and tracks that, asked alone, lie less near to it."
    ]
    for kind in ("track", "tag", "artist"):
        marks = _marked(side, kind)
        if any(marks):
            sentences.append(f"{marks.count(_RIGHT)} of {len(marks)} {kind}s are right.")
    if len(sentences) > 1:
        heard = "all held-out" if side.asked.is_run else "those the space was trained on among them"
        sentences.append(f"Right is what listeners wrote; the tracks are {heard}.")
    st.caption(literal(" ".join(sentences)))


def _tags_of(data: Folksonomy, tracks: Sequence[str]) -> list[list[str]]:
    """Return what listeners wrote of tracks, the most used tags first."""
    tags = data.tags["tag"].to_numpy(object)
    rows = _rows(data).get_indexer(pd.Index(tracks)).tolist()
    columns = [sorted(data.matrix[[row]].indices)[:_MOST_TAGS] if row >= 0 else [] for row in rows]
    return [[visible(str(tags[column]), 30) for column in of_track] for of_track in columns]


@remembered("large")
def _rows(data: Folksonomy) -> pd.Index[str]:
    return pd.Index(data.tracks["track"].astype(str))


def _command(side: _Side, by: Any) -> Ask | None:
    if side.asked.is_run:  # which the command does not ask
        return None
    terms = side.answer.terms
    parts = [f"{'-' if term.taken_away else '+'} {written(term)}" for term in terms]
    n = max(len(getattr(side.answer, by)), 1)
    return Ask(query=" ".join(parts).removeprefix("+ "), space=side.asked.name, by=by, n=n)
