"""New sound, tagged by a run that was trained here: labels, their course over time, the sound itself."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from taglab import runs
from taglab.audio.files import audio_files
from taglab.audio.library import DEMO, audio_names, brief_audio, open_audio, remarks
from taglab.audio.store import AudioStore, StoreSettings
from taglab.errors import DataError, InvalidSetting
from taglab.figures.tagging import MOST_LABELS, score_course
from taglab.progress import Progress, between
from taglab.training.checkpoints import BEST
from taglab.training.tagging import Tagging, sound_format_of, tag_sound
from taglab.ui.data.audio import FILES, PLACE, uploaded_files
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import guard, literal, working
from taglab.ui.pickers import choose_among, pick_tag
from taglab.ui.players import play
from taglab.ui.uploads import Upload, given_path
from taglab.verbs.predicting import Tag

_KEPT = "tagged sound"
_NONE = "—"
_LONGEST_S = 120
_SHOWN_LABELS = 5


@dataclass(frozen=True, eq=False)
class _Tagged:
    """What was tagged last: the sound lies in the cache for as long as this is held."""

    tagging: Tagging
    store: AudioStore
    held: contextlib.ExitStack
    question: Tag


def show_tagging(names: list[str]) -> None:
    """Choose a run and sound, and see what the run says of it.

    Args:
        names: Runs trained here, the newest first.
    """
    heard = [name for name in names if (runs.open_run(name).checkpoints / BEST).is_file()]
    if not heard:
        st.text("No run has a checkpoint yet; the first is written at the end of an epoch.")
        return
    run = choose_among("tag_run", "Run", heard, 0, "run", help="Its best epoch is asked.")
    uploads = st.file_uploader("Upload", key="tag upload", help=FILES, accept_multiple_files=True)
    left, right = st.columns(2)
    place = left.text_input("or path on the machine taglab runs on", key="tag path", placeholder=PLACE)
    added = [name for name in audio_names() if name != DEMO or _is_made(name)]
    audio = right.selectbox("or sound that was added", [_NONE, *added], key="tag audio")
    if st.button("Tag", key="tag", type="primary", icon=":material/sell:"):
        with guard():
            _forget()
            st.session_state[_KEPT] = _tag(run, uploads, place, "" if audio == _NONE else audio)
    tagged: _Tagged | None = st.session_state.get(_KEPT)
    if tagged is not None:
        with guard():
            _show(tagged)


def _is_made(name: str) -> bool:
    try:
        open_audio(name)
    except (DataError, LookupError):
        return False
    return True


def _forget() -> None:
    tagged: _Tagged | None = st.session_state.pop(_KEPT, None)
    if tagged is not None:
        tagged.held.close()


def _tag(run_name: str, uploads: Sequence[Upload], place: str, audio: str) -> _Tagged:
    if sum(map(bool, (uploads, place.strip(), audio))) != 1:
        raise InvalidSetting("upload files, name a path, or choose sound that was added: one of the three")
    run = runs.open_run(run_name)
    with working("Tagging") as progress, contextlib.ExitStack() as held:
        if audio:
            store = open_audio(audio)
        else:
            settings = sound_format_of(run, between(progress, 0, 0.05)).store_settings
            store = _decoded(held, uploads, place, settings, between(progress, 0.05, 0.7))
        tagging = tag_sound(run, store, "best", between(progress, 0.7, 1))
        question = Tag(run=run_name, sound=audio or place.strip() or "PATH")
        return _Tagged(tagging, store, held.pop_all(), question)


def _decoded(
    held: contextlib.ExitStack,
    uploads: Sequence[Upload],
    place: str,
    settings: StoreSettings,
    progress: Progress,
) -> AudioStore:
    """Return the sound of files, decoded, which lies in the cache for as long as `held` is held."""
    unpacking, decoding = between(progress, 0, 0.1), between(progress, 0.1, 1)
    with contextlib.ExitStack() as files_held:
        if uploads:
            files = files_held.enter_context(uploaded_files(uploads, progress=unpacking))
        else:
            files = files_held.enter_context(
                audio_files(files_held.enter_context(given_path(place)), progress=unpacking)
            )
        return held.enter_context(brief_audio(files, settings, progress=decoding))


def _show(tagged: _Tagged) -> None:
    tagging = tagged.tagging
    window = f"windows of {tagging.sound.window_s:g} s at {tagging.sound.sample_rate_hz:,} Hz"
    st.caption(literal(f"{len(tagging.tracks):,} tracks, heard by {tagging.run} in {window}."))
    for what, table in (("Left out", tagging.left_out), ("Remarks on the sound", remarks(tagged.store))):
        if len(table):
            st.dataframe(table, hide_index=True, alt=what)
    best = tagging.best(_SHOWN_LABELS)
    labels = best.assign(scored=best["label"].str.cat(best["score"].map("{:.2f}".format), sep=" "))
    wide = labels.groupby("track", sort=False)["scored"].agg(list)
    st.dataframe(
        pd.DataFrame({"track": wide.index, "best labels": wide.to_numpy()}),
        hide_index=True,
        alt="Best labels of each track, with scores",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("By track", width="content")
        by_track, by_window = (
            tagged.question.model_copy(update={"rows": rows}) for rows in ("tracks", "windows")
        )
        export_panel(f"{tagging.run} tags", tagging.table(), command=by_track)
        st.caption("By window", width="content")
        by_window = tagged.question.model_copy(update={"rows": "windows"})
        export_panel(f"{tagging.run} windows", tagging.window_table(), command=by_window)
    _show_track(tagged, pick_tag(list(tagging.tracks), "Track", key="tagged_track"))


def _show_track(tagged: _Tagged, track: str) -> None:
    """One track: its sound, every label's score, and the course of the highest ones."""
    tagging, store = tagged.tagging, tagged.store
    place = tagging.tracks.index(track)
    scores = tagging.scores[place]
    order = np.argsort(-scores, kind="stable")
    row = int(store.rows([track])[0])
    play(store, row, _LONGEST_S)
    ranked = pd.DataFrame({"label": np.array(tagging.classes, object)[order], "score": scores[order]})
    bar = st.column_config.ProgressColumn("score", min_value=0, max_value=1, format="%.3f")
    st.dataframe(ranked, hide_index=True, column_config={"score": bar}, alt=f"Scores of all labels, {track}")
    own = tagging.window_tracks == place
    shown = order[:MOST_LABELS]
    figure = score_course(
        tagging.window_starts_s[own],
        tagging.sound.window_s,
        tagging.window_scores[own][:, shown],
        [tagging.classes[column] for column in shown],
    )
    st.plotly_chart(
        figure, config=picture_config(), key="score course", alt="Scores of the best labels by window"
    )
    export_panel(f"{track} scores", figure=figure)
