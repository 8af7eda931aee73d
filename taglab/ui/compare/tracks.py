"""The tracks behind a cell: listed, and a few at a time to be heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab import cache
from taglab.audio.store import AudioStore
from taglab.compare.co_prediction import tracks_table
from taglab.compare.inputs import inputs_table
from taglab.errors import TaglabError
from taglab.figures.theme import visible
from taglab.folksonomy import Folksonomy
from taglab.outcomes import Predictions
from taglab.runs import Run
from taglab.runs.inputs import InputKind, input_change
from taglab.ui.export import export_panel
from taglab.ui.loaders import audio_store, folksonomy
from taglab.ui.messages import literal
from taglab.ui.players import play
from taglab.ui.remembered import Shelved, remembered

_SHOWN: tuple[tuple[InputKind, str, str], ...] = (
    ("data", cache.FOLKSONOMIES, ""),
    ("audio", cache.AUDIO, "store.json"),
)
_PLAYERS = 4
_LONGEST_S = 60
_SCORES = 5
_MOST_TAGS = 20

Rows = npt.NDArray[np.intp]


def show_tracks(
    run: Run, predictions: Predictions, rows: Rows, threshold: float, label: str, heading: str, key: str
) -> None:
    """List tracks with truth and decisions, and let a few at a time be heard.

    Args:
        run: Whose configuration tells which sound and which tags.
        predictions: Of it.
        rows: Tracks, the most telling first.
        threshold: Of the decisions.
        label: Whose score is told.
        heading: What these tracks are, Markdown.
        key: Of the widgets.
    """
    st.markdown(heading)
    if not len(rows):
        st.caption("No track.")
        return
    _say_changes(run)
    data = _tags_of(run)
    table = _with_titles(tracks_table(predictions, rows, threshold, label), data)
    st.dataframe(
        table, key=f"{key} table", hide_index=True, height=min(38 + 35 * len(table), 240),
        column_config={
            "score": st.column_config.NumberColumn(f"score of {visible(label, 30)}", format="%.3f"),
            "true": st.column_config.ListColumn("true labels"),
            "predicted": st.column_config.ListColumn("predicted labels"),
        },
        alt="Tracks with their scores",
    )  # fmt: skip
    export_panel(f"tracks {visible(label, 30)}", table)
    _show_players(run, predictions, rows, table, data, key)


def _show_players(
    run: Run, predictions: Predictions, rows: Rows, table: pd.DataFrame, data: Folksonomy | None, key: str
) -> None:
    store, why = _sound_of(run)
    if store is None:
        st.caption(literal(why))
    pages = -(-len(rows) // _PLAYERS)
    page = 1
    if pages > 1:
        page = int(
            st.number_input(
                f"{_PLAYERS} tracks at a time, page of {pages:,}", 1, pages, 1, key=f"{key} page", width=260
            )
        )
    shown = range((page - 1) * _PLAYERS, min(page * _PLAYERS, len(rows)))
    with st.container(horizontal=True):
        for place in shown:
            with st.container(width=290, border=True):
                _show_track(store, predictions, int(rows[place]), table.iloc[place], data)


def _show_track(
    store: AudioStore | None, predictions: Predictions, row: int, facts: pd.Series, data: Folksonomy | None
) -> None:
    track = predictions.tracks[row]
    names = [str(facts[name]) for name in ("title", "artist") if name in facts and pd.notna(facts[name])]
    st.markdown(f"**{literal(visible(' · '.join(names) or track, 60))}**")
    if store is not None:
        play(store, int(store.rows([track])[0]), _LONGEST_S)
    ranked = np.argsort(-predictions.scores[row], kind="stable")[:_SCORES]
    scores = ", ".join(
        f"{literal(visible(predictions.classes[column], 30))} {predictions.scores[row, column]:.2f}"
        for column in ranked
    )
    st.caption(f"Scores: {scores}")
    st.caption(f"True: {_listed(facts['true']) or 'no label'}")
    if data is not None:
        st.caption(f"Tags: {_listed(_tags(data, track)) or 'none'}")


def _listed(tags: Sequence[str]) -> str:
    shown = ", ".join(literal(visible(tag, 30)) for tag in tags[:_MOST_TAGS])
    return f"{shown}, … {len(tags) - _MOST_TAGS} more" if len(tags) > _MOST_TAGS else shown


def _tags(data: Folksonomy, track: str) -> list[str]:
    """Return what listeners wrote of a track; nothing where the data set does not know it."""
    row = int(_index(data).get_indexer(pd.Index([track]))[0])
    if row < 0:
        return []
    start, stop = data.matrix.indptr[row : row + 2]
    return [str(tag) for tag in data.tags["tag"].iloc[np.sort(data.matrix.indices[start:stop])]]


@remembered("large")
def _index(data: Folksonomy) -> pd.Index:
    return pd.Index(data.tracks["track"].astype(str))


def _with_titles(table: pd.DataFrame, data: Folksonomy | None) -> pd.DataFrame:
    known = [] if data is None else [name for name in ("title", "artist") if name in data.tracks.columns]
    if data is None or not known:
        return table
    rows = _index(data).get_indexer(pd.Index(table["track"]))
    facts = data.tracks[known].iloc[rows].reset_index(drop=True).where(pd.Series(rows >= 0), None)
    return pd.concat([table[["track"]], facts, table[["score", "true", "predicted"]]], axis=1)


def _tags_of(run: Run) -> Folksonomy | None:
    """Return the run's data set; None where it names none, or that is no longer here."""
    name = _configured(run, "data")
    try:
        return folksonomy(name) if name else None
    except TaglabError:
        return None


def _sound_of(run: Run) -> tuple[AudioStore | None, str]:
    """Return the run's sound, or why there is none."""
    name = _configured(run, "audio")
    if not name:
        return None, "This run does not say where its sound is, so there is nothing to hear."
    try:
        return audio_store(name), ""
    except TaglabError as error:
        return None, f"No sound: {error}"


def _say_changes(run: Run) -> None:
    """Warn where the tags or the sound shown are not those that the run was made of."""
    frozen = run.inputs
    places = [
        Shelved.of(shelf, frozen[kind].name, within=within)
        for kind, shelf, within in _SHOWN
        if kind in frozen
    ]
    changes = _changes_since(run, tuple(places))
    if changes:
        said = f"This run was made of other things: {'; '.join(changes)}. What is there now is shown."
        st.warning(literal(said), icon=":material/history:")


@remembered("tiny")
def _changes_since(run: Run, places: tuple[Shelved, ...]) -> tuple[str, ...]:
    """Return what of a run's data and sound is another than when it was made, a phrase each."""
    table = inputs_table(run, folksonomy)
    changed = table.loc[table["now"] == "changed", "input"]
    return tuple(input_change(kind, run.inputs[kind]) for kind in changed if kind in ("data", "audio"))


def _configured(run: Run, name: str) -> str:
    value: Any = run.config.get(name)
    return value if isinstance(value, str) else ""
