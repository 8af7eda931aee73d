"""The sound of tracks, decoded once and kept."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import pandas as pd
from pydantic import Field, field_validator, model_validator

from taglab.audio.library import (
    DEMO,
    add_audio,
    audio_files,
    audio_names,
    delete_audio,
    open_audio,
    refusals,
    remarks,
    resolve_audio,
    sounding,
    stem_table,
    without_sound,
)
from taglab.audio.parts import files_of_parts
from taglab.audio.store import AudioStore, StoreSettings
from taglab.audio.streams import AUDIO_SUFFIXES
from taglab.errors import NotFound
from taglab.folksonomy import Folksonomy
from taglab.paths import typed_path
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.verbs.opening import openable
from taglab.verbs.question import Question
from taglab.verbs.report import Report, records
from taglab.verbs.shelves import ByName, Removal

_EXAMPLES = 5
DataName = Annotated[str | None, Flag(metavar="NAME")]


class _BesideData(Question):
    """Sound, and perhaps the data set whose tracks it is of.

    Attributes:
        data: Also tell how many tracks of this data set have sound.
    """

    data: DataName = None

    def opened_data(self, progress: Progress) -> Folksonomy | None:
        """Return the data set; None where none is named."""
        return None if self.data is None else open_folksonomy(self.data, progress)


class List(_BesideData):
    """List the sound that was added; the demo's is made when it is first used."""

    returns: ClassVar[str] = (
        "[{name, tracks, refused, hours, sample_rate_hz, channels[, with_sound]}], null where the demo's is "
        "not made yet"
    )
    examples: ClassVar[str] = "taglab audio list\ntaglab audio list --data mine"

    def answer(self, progress: Progress) -> Report:
        """Return a row for each."""
        data = self.opened_data(progress)

        def row(name: str) -> dict[str, Any]:
            try:
                store = open_audio(name)
            except NotFound:
                if name != DEMO:
                    raise
                return {"name": name}
            known = {} if data is None else {"with_sound": len(sounding(store, data).with_sound)}
            return {"name": name, **_size(store), **known}

        rows, notes = openable(audio_names(), row)
        counts = ["tracks", "refused", "sample_rate_hz", "channels", *(["with_sound"] if data else [])]
        columns = ["name", "tracks", "refused", "hours", *counts[2:]]
        table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(counts, "Int64"))
        return Report(table=table, notes=notes)


class Add(_BesideData):
    """Decode MP3, AAC (M4A), WMA, FLAC, WAV, AIFF, Ogg Vorbis, Opus and other audio files to their end,
    whatever a header announces, and keep their sound under a name; one of the same name is replaced. A file
    that cannot be used costs only itself, and is told with the reason; told are also what had to be put
    right, which tracks hold the same sound, and which endings were passed over. After an interruption the
    same command goes on where it was.

    Attributes:
        path: A folder or .zip of audio files, each named as its track, or a table of track and path.
        name: What to call it from now on.
        data: Tell how many tracks of this data set have sound; where it knows the path of each track's file
            (MagnaTagATune, MTG-Jamendo), files are matched by it.
        workers: Threads that decode (default: as many as cores).
        stem: A part of the same tracks, as the voice, kept aside: given like PATH (may come several times).
        part: Keep this part of songs as a stem, and their mixture as the sound: vocals, drums, bass or other
            (may come several times). PATH is a folder as MUSDB18's, with a folder of WAV files for each song
            or a .stem.mp4 file.
        settings: How it is kept.
    """

    returns: ClassVar[str] = (
        "{name, tracks, refused, hours, sample_rate_hz, channels, stems: [{stem, tracks, without, unequal, "
        "examples}], refusals: [{reason, tracks, examples}], remarks: [{remark, tracks, examples}], copies: "
        "[[track, ...]], passed_over: {ending: files}[, data: {...}]}"
    )
    examples: ClassVar[str] = """
taglab audio add ~/music --name mine --data mine
taglab audio add files.csv --name mine            (columns track and path)
taglab audio add clips.zip --name clips --min-duration-s 1
taglab audio add stereo/ --name wide --sample-rate-hz 44100 --channels 2
taglab audio add mixes/ --name mixes --stem voice=stems/voice --stem rest=stems/rest
taglab audio add musdb18hq/ --name musdb --data musdb --part vocals
"""
    table: ClassVar[bool] = False

    path: Annotated[Path, Flag(metavar="PATH", word=True)] = Field(
        description="A folder or .zip of audio files, each named as its track, or a table of track and path; "
        f"endings searched for: {' '.join(sorted(AUDIO_SUFFIXES))}"
    )
    name: Annotated[str, Flag(metavar="NAME")]
    workers: int | None = Field(None, ge=1)
    stem: Annotated[tuple[str, ...], Flag(metavar="NAME=PATH", several=True)] = ()
    part: Annotated[tuple[str, ...], Flag(metavar="NAME", several=True)] = ()
    settings: Annotated[StoreSettings, Group("how it is kept")] = StoreSettings()

    @field_validator("stem")
    @classmethod
    def _named(cls, stems: tuple[str, ...]) -> tuple[str, ...]:
        for text in stems:
            name, _, path = text.partition("=")
            if not name or not path:
                raise ValueError(f"{text!r} must be NAME=PATH")
        return stems

    def answer(self, progress: Progress) -> Report:
        """Return what was kept, and what was not."""
        data = self.opened_data(progress)
        with contextlib.ExitStack() as held:
            files, stems = files_of_parts(self.path, self.part) if self.part else (None, {})
            files = files or held.enter_context(audio_files(self.path, data, between(progress, 0, 0.1)))
            named = (text.partition("=") for text in self.stem)
            for stem, _, path in named:
                stems[stem] = held.enter_context(audio_files(typed_path(path), data))
            decoding = between(progress, 0.1, 1)
            store = add_audio(files, self.name, self.settings, self.workers, decoding, stems)
        return Report({"name": self.name, **_size(store), **_left_out(store), **_known(store, data)})


class Show(_BesideData):
    """Show how much sound there is, what was refused and why, and, with --data, how many tracks of a data set
    have sound.

    Attributes:
        audio: Sound.
        refused: List what was refused instead of the tracks.
        missing: List every track of --data that has no sound, and why.
    """

    returns: ClassVar[str] = (
        "{name, tracks, refused, hours, shortest_s, longest_s, sample_rate_hz, channels, stems: [...], "
        "refusals: [...], remarks: [...], copies: [...], passed_over: {...}[, data: {name, tracks, "
        "with_sound, refused, missing, examples, others}], rows: [{track, duration_s, file_rate_hz, source, "
        "remark}]}, with --refused rows: [{track, source, reason}], with --missing rows: [{track, reason}]"
    )
    examples: ClassVar[str] = """
taglab audio show demo --data demo
taglab audio show mine --refused --out refused.csv
taglab audio show mine --data mine --missing --out missing.csv
"""

    audio: Annotated[str, Flag(metavar="NAME", word=True)] = DEMO
    refused: bool = False
    missing: bool = False

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if self.missing and self.data is None:
            raise ValueError("--missing needs --data, which says what tracks there are")
        if self.missing and self.refused:
            raise ValueError("--refused and --missing are two lists; give one of them")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return the tracks, or what is not there."""
        data = self.opened_data(progress)
        store = _opened(self.audio, progress)
        duration_s = store.samples / store.sample_rate_hz
        facts = {
            "name": self.audio,
            **_size(store),
            "shortest_s": duration_s.min(initial=float("inf")),
            "longest_s": duration_s.max(initial=0),
            **_left_out(store),
            **_known(store, data),
        }
        if self.refused:
            return Report(facts, store.refused)
        if data is not None and self.missing:
            return Report(facts, without_sound(store, data))
        columns = ["track", "duration_s", "file_rate_hz", "source", "remark"]
        return Report(facts, store.tracks.assign(duration_s=duration_s)[columns])


class Check(Question):
    """Read all kept sound and compare it with the checksums of when it was written.

    Attributes:
        audio: Sound.
    """

    returns: ClassVar[str] = "{name, shards, bytes, sound}"
    examples: ClassVar[str] = "taglab audio check mine"
    table: ClassVar[bool] = False

    audio: Annotated[str, Flag(metavar="NAME", word=True)]

    def answer(self, progress: Progress) -> Report:
        """Return how much was read; what is damaged is an error."""
        store = _opened(self.audio, progress)
        store.verify(progress)
        size_bytes = 2 * store.channels * int(store.samples.sum())
        facts = {"name": self.audio, "shards": len(store.checksums), "bytes": size_bytes, "sound": True}
        return Report(facts)


class Remove(Removal):
    """Remove sound from the cache; the files it was made of are not touched."""

    examples: ClassVar[str] = "taglab audio remove mine"
    remove: ClassVar[ByName] = delete_audio


def _opened(name: str, progress: Progress) -> AudioStore:
    if name == DEMO:
        return resolve_audio(DEMO, open_folksonomy(DEMO, progress), progress)
    return open_audio(name)


def _size(store: AudioStore) -> dict[str, Any]:
    return {
        "tracks": len(store),
        "refused": len(store.refused),
        "hours": float(store.samples.sum()) / store.sample_rate_hz / 3_600,
        "sample_rate_hz": store.sample_rate_hz,
        "channels": store.channels,
    }


def _left_out(store: AudioStore) -> dict[str, Any]:
    """Return what was refused, passed over, put right or kept twice."""
    return {
        "stems": records(stem_table(store)),
        "refusals": records(refusals(store)),
        "remarks": records(remarks(store)),
        "copies": [list(tracks) for tracks in store.copies],
        "passed_over": store.passed_over,
    }


def _known(store: AudioStore, data: Folksonomy | None) -> dict[str, Any]:
    """Return how many tracks of a data set have sound, under `data`; nothing where none was named."""
    if data is None:
        return {}
    tracks = sounding(store, data)
    facts = {
        "name": data.name,
        "tracks": data.n_tracks,
        "with_sound": len(tracks.with_sound),
        "refused": len(tracks.refused),
        "missing": len(tracks.missing),
        "examples": list(tracks.missing[:_EXAMPLES]),
        "others": tracks.others,
    }
    return {"data": facts}
