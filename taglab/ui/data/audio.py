"""The Data page's sound: which there is, who of the data set has some, and how a track sounds and looks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from taglab import cache
from taglab.audio.files import AudioFiles, audio_files, named
from taglab.audio.library import (
    DEMO,
    Sounding,
    add_audio,
    audio_names,
    demo_audio,
    refusals,
    remarks,
    resolve_audio,
    sounding,
    stem_table,
)
from taglab.audio.store import PCM, AudioStore, StoreSettings
from taglab.errors import DataError, InvalidSetting
from taglab.figures.audio import spectrogram, track_lengths
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.ui.data.adding import needs_name, new_name
from taglab.ui.dialogs import dialog
from taglab.ui.export import copy_as_command, export_panel, picture_config
from taglab.ui.forms import settings_widgets
from taglab.ui.loaders import audio_store
from taglab.ui.messages import guard, literal, working
from taglab.ui.pickers import choose, pick_audio, pick_tag
from taglab.ui.players import play
from taglab.ui.tables import column_labels
from taglab.ui.uploads import Upload, given_path, laid_down_by_number
from taglab.verbs.audio import Add

if TYPE_CHECKING:
    import plotly.graph_objects as go

_LONGEST_S = 30
FILES = "MP3, M4A, WMA, FLAC, WAV, Ogg and other audio files, each named as its track; or one .zip of them"
PLACE = "a folder or .zip of such files, or a table with columns track and path"
_MOST_TAGS = 12


@dialog("Add sound")
def add_audio_panel(data: Folksonomy) -> None:
    """Decode uploaded files, or those of a folder, and choose their sound."""
    st.caption("Files are decoded, mixed and resampled once. What cannot be used is told by name.")
    with guard():
        uploads = st.file_uploader("Upload", key="new audio upload", help=FILES, accept_multiple_files=True)
        place = st.text_input(
            "or path on the machine taglab runs on", key="new audio path", placeholder=PLACE
        )
        name = new_name("sound", "new audio name", [each for each in audio_names() if each != DEMO])
        with st.expander("How it is kept"):
            settings = settings_widgets(StoreSettings, "new audio")
        if st.button("Add", key="new audio add", type="primary", icon=":material/add:"):
            needs_name(name, cache.AUDIO)
            if name == DEMO:
                raise InvalidSetting(f"name={name!r} is kept for the sound of the demo; choose another name")
            with working("Decoding") as progress:
                unpacking = between(progress, 0, 0.1)
                given = (
                    uploaded_files(uploads, data, unpacking) if uploads else _placed(place, data, unpacking)
                )
                with given as files:
                    add_audio(files, name, settings, progress=between(progress, 0.1, 1))
            choose("audio", name)
    copy_as_command(Add(path=Path(place or "PATH"), name=name or "NAME", data=data.name, settings=settings))


@contextlib.contextmanager
def uploaded_files(
    uploads: Sequence[Upload], data: Folksonomy | None = None, progress: Progress = silent
) -> Iterator[AudioFiles]:
    """Give uploaded files with their tracks: one archive, or any number of audio files.

    Args:
        uploads: The files.
        data: Where its tracks have a column `path`, files are matched by it.
        progress: Told how far unpacking is.
    """
    archives = [upload for upload in uploads if PurePosixPath(upload.name).suffix.lower() == ".zip"]
    if archives and len(uploads) > 1:
        raise InvalidSetting(
            f"{archives[0].name} must be uploaded alone, without the {len(uploads) - 1} others"
        )
    with laid_down_by_number(uploads) as paths:
        if archives:
            try:
                with audio_files(paths[0], data, progress) as files:
                    yield files
            except DataError as error:
                raise DataError(archives[0].name, error.reason) from error
        else:
            places = [upload.name.replace("\\", "/").rsplit("/", 1)[-1] for upload in uploads]
            yield AudioFiles(named(places, paths, data))


@contextlib.contextmanager
def _placed(place: str, data: Folksonomy, progress: Progress) -> Iterator[AudioFiles]:
    with given_path(place) as path, audio_files(path, data, progress) as files:
        yield files


def show_audio(data: Folksonomy) -> None:
    """Sound of a data set, read only when it is asked for."""
    panel = st.expander(
        "Sound", key="sound", on_change="rerun", bind="query-params", icon=":material/graphic_eq:"
    )
    if not panel.open:
        return
    with panel, guard():
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        with left:
            name = pick_audio(data.name)
        if right.button("Add sound", key="add audio", icon=":material/add:", width="stretch"):
            add_audio_panel(data)
        store = _opened(name, data)
        if store is not None:
            _show_store(name, store, data)


def _opened(name: str, data: Folksonomy) -> AudioStore | None:
    """Return the sound; None where it is the demo's and not made yet, which can be asked for here."""
    if name != DEMO:
        return audio_store(name)
    if "recipe_seed" not in data.tracks.columns:
        st.text("The demo's sound is of no use to this data set; add some, or choose another.")
        return None
    found = demo_audio(data)
    if found is not None:
        return found
    if not st.button("Synthesise the demo's sound", key="synthesise", icon=":material/piano:"):
        st.caption("Each track's recipe is played, 8 s of it: about a minute on two cores, once.")
        return None
    with working("Synthesising") as progress:
        return resolve_audio(DEMO, data, progress)


def _show_store(name: str, store: AudioStore, data: Folksonomy) -> None:
    found = sounding(store, data)
    _show_numbers(store, found, data)
    _show_silent(name, store, found, data)
    _show_told(name, store)
    if not found.with_sound:
        return
    left, right = st.columns([2, 1])
    with left:
        _show_track(store, data, list(found.with_sound))
    with right:
        lengths = store.samples[store.rows(found.with_sound)] / store.sample_rate_hz
        figure = track_lengths(lengths)
        st.plotly_chart(
            figure, config=picture_config(), key="track lengths", alt="How many tracks last how long"
        )
        table = pd.DataFrame({"track": found.with_sound, "duration_s": lengths})
        export_panel(f"{name} lengths", table, figure, ["taglab", "audio", "show", name])


def _show_numbers(store: AudioStore, found: Sounding, data: Folksonomy) -> None:
    numbers = {
        "Tracks with sound": f"{len(found.with_sound):,} of {data.n_tracks:,}",
        "Hours": f"{store.samples.sum() / store.sample_rate_hz / 3_600:,.1f}",
        "Kept at": f"{store.sample_rate_hz:,} Hz, {'stereo' if store.channels == 2 else 'mono'}",
        "Refused files": f"{len(store.refused):,}",
        "Sound of other tracks": f"{found.others:,}",
    }
    with st.container(horizontal=True):
        for label, value in numbers.items():
            st.metric(label, value, width="content")


def _show_silent(name: str, store: AudioStore, found: Sounding, data: Folksonomy) -> None:
    """Which tracks have no sound, and why."""
    if not found.with_sound and len(store):
        ours, theirs = (", ".join(names[:3]) for names in (found.missing, store.tracks["track"].tolist()))
        said = f"Tracks are matched by name, and none is the same: {ours} in the data, {theirs} in the sound."
        st.warning(literal(said), icon=":material/link_off:")
    if len(store.refused):
        st.dataframe(refusals(store), hide_index=True, alt="Files that cannot be heard, and why")
        export_panel(f"{name} refused", store.refused, command=["taglab", "audio", "show", name, "--refused"])
    if found.missing:
        with st.expander(f"Tracks without a file ({len(found.missing):,})"):
            known = [column for column in ("track", "artist", "title") if column in data.tracks.columns]
            silent = data.tracks.loc[data.tracks["track"].astype(str).isin(found.missing), known]
            st.dataframe(
                silent, hide_index=True, column_config=column_labels(silent), alt="Tracks without a file"
            )
            export_panel(f"{name} without a file", silent)


def _show_told(name: str, store: AudioStore) -> None:
    """What was put right, what stands twice, and what was passed over."""
    known = remarks(store)
    if len(known):
        st.dataframe(known, hide_index=True, alt="What was put right or passed over in the sound")
        table = store.tracks.loc[store.tracks["remark"] != "", ["track", "source", "remark"]]
        export_panel(f"{name} remarks", table, command=["taglab", "audio", "show", name])
    if store.copies:
        heading = f"The same sound under several names ({sum(map(len, store.copies)):,} tracks)"
        groups = pd.DataFrame({"tracks": [", ".join(tracks) for tracks in store.copies]})
        with st.expander(heading, icon=":material/content_copy:"):
            st.caption("A split keeps them in one part, so that no test track was heard in training.")
            st.dataframe(groups, hide_index=True, alt="Tracks with the same sound")
            export_panel(f"{name} copies", groups, command=["taglab", "audio", "show", name])
    stems = stem_table(store)
    if len(stems):
        st.caption(
            "Parts of the sound that are kept apart; those of another length than their track are unused."
        )
        st.dataframe(stems, hide_index=True, alt="Stems")
    if store.passed_over:
        endings = ", ".join(f"{count:,} {ending}" for ending, count in store.passed_over.items())
        st.caption(literal(f"Files passed over, by ending: {endings}"))


def _show_track(store: AudioStore, data: Folksonomy, tracks: list[str]) -> None:
    """One track: who it is by, its tags, its sound, its picture."""
    track = pick_tag(tracks, "Track", key="track")
    row = int(store.rows([track])[0])
    play(store, row, _LONGEST_S)
    if row < 0:
        return
    st.caption(literal(_about(data, track)))
    mono = store.mono(row)[: _LONGEST_S * store.sample_rate_hz]
    figure = _picture(mono, store.sample_rate_hz, track)
    st.plotly_chart(figure, config=picture_config(), key="spectrogram", alt="Mel spectrogram of the track")
    export_panel(f"{track} spectrogram", figure=figure)


def _about(data: Folksonomy, track: str) -> str:
    """Return artist, title and tags of a track as one line."""
    row = int(np.flatnonzero(data.tracks["track"].astype(str) == track)[0])
    facts = [data.tracks[column].iloc[row] for column in ("artist", "title") if column in data.tracks.columns]
    tags = data.tags["tag"].iloc[data.matrix[[row]].indices].tolist()
    named_by = " – ".join(str(fact) for fact in facts if pd.notna(fact))
    return " · ".join(filter(None, (named_by, ", ".join(tags[:_MOST_TAGS]) or "no tags")))


def _picture(samples: PCM, rate_hz: int, track: str) -> go.Figure:
    """Return the spectrogram that the networks are given by default, before it is standardised."""
    import torch

    from taglab.audio.mels import LogMel, MelSettings, band_centres_hz

    settings = MelSettings(sample_rate_hz=rate_hz, standardise=False)
    with torch.no_grad():
        mels = LogMel(settings)(torch.from_numpy(samples.astype(np.float32) / 32_768)[None])[0]
    return spectrogram(mels.numpy(), settings.hop / rate_hz, band_centres_hz(settings).numpy(), "dB", track)
