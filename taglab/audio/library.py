"""The shelf of sound: stores added once from files, opened by name; the demo's is synthesised."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from taglab import cache
from taglab.audio.files import AudioFiles, audio_files, find_files, read_file_table
from taglab.audio.store import STEMS, AudioStore, StoreSettings, open_store, write_store
from taglab.audio.synth import recipe_sources, write_demo_audio, write_demo_voice
from taglab.cache import UPLOADS, Shelf, content_key, derived_path, home, locked, scratch_folder
from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line

__all__ = [
    "DEMO",
    "DEMO_STEM",
    "AudioFiles",
    "Sounding",
    "add_audio",
    "audio_at_hand",
    "audio_files",
    "audio_names",
    "brief_audio",
    "delete_audio",
    "demo_audio",
    "find_files",
    "open_audio",
    "read_file_table",
    "refusals",
    "remarks",
    "resolve_audio",
    "resolve_stem",
    "sounding",
    "stem_table",
    "without_sound",
]

DEMO = "demo"
DEMO_STEM = "voice"
"""The part of the demo's sound that can be had apart from the rest."""
_SHELF = Shelf(cache.AUDIO)
_SYNTHESIS_TIMEOUT_S = 1_800.0
_EXAMPLES = 5
_STEM = re.compile(r"[\w-]{1,60}")
_NUMBER = re.compile(r"\d[\d,]*(\.\d+)?")


def audio_names() -> list[str]:
    """Return the names that `resolve_audio` knows, the demo first; stores half made are not among them."""
    complete = (name for name in _SHELF.names() if (_SHELF.path(name) / "store.json").is_file())
    return [DEMO, *(name for name in complete if name != DEMO)]


def add_audio(
    files: AudioFiles,
    name: str,
    settings: StoreSettings | None = None,
    workers: int | None = None,
    progress: Progress = silent,
    stems: Mapping[str, AudioFiles] | None = None,
) -> AudioStore:
    """Decode files and keep their sound under a name; one kept under it before is replaced.

    A run that was stopped is gone on with when the same is asked again.

    Args:
        files: See `audio_files`.
        name: What to call it.
        settings: See `StoreSettings`; its defaults where None.
        workers: Threads that decode; the number of cores where None.
        progress: Told after every track.
        stems: Parts of the same tracks, as the voice, by name; kept aside, at the same rate and channels. A
            track has a stem only where that is just as long: see `stem_table`.

    Raises:
        InvalidSetting: If the name is the demo's or unfit, a stem's is unfit, or a track is named twice or
            none at all.
        StorageError: If the disk is full.
    """
    folder = _SHELF.path(name)
    if name == DEMO:
        raise InvalidSetting(f"name={name!r} is kept for the sound of the demo; choose another name")
    parts = stems or {}
    for stem in parts:
        if not _STEM.fullmatch(stem):
            raise InvalidSetting(f"stem={stem!r} must be a word of letters, digits, - and _")
    share = 1 / (1 + len(parts))
    store = write_store(
        files.table, folder, settings, workers, between(progress, 0, share), files.passed_over
    )
    for number, (stem, own) in enumerate(parts.items(), 1):
        part = between(progress, number * share, (number + 1) * share)
        write_store(own.table, folder / STEMS / stem, store.settings, workers, part, own.passed_over)
    for left in (folder / STEMS).glob("*"):
        if left.name not in parts:
            shutil.rmtree(left)
    return open_store(folder)


def stem_table(store: AudioStore) -> pd.DataFrame:
    """Return how many tracks have each stem: `stem`, `tracks`, `without`, `unequal`, `examples`.

    Without are tracks whose stem was not given or could not be used, unequal those whose stem is of another
    length, which are not used; the examples are of both.
    """
    rows = []
    names = store.tracks["track"].astype(str)
    for stem, own in store.stems.items():
        has_none = own.rows(names.tolist()) < 0
        unused = store.stem_rows(stem) < 0
        examples = ", ".join(names[unused].head(_EXAMPLES))
        counts = {"tracks": int((~unused).sum()), "without": int(has_none.sum())}
        rows.append(
            {"stem": stem, **counts, "unequal": int((unused & ~has_none).sum()), "examples": examples}
        )
    return pd.DataFrame(rows, columns=["stem", "tracks", "without", "unequal", "examples"])


@contextlib.contextmanager
def brief_audio(
    files: AudioFiles,
    settings: StoreSettings,
    workers: int | None = None,
    progress: Progress = silent,
) -> Iterator[AudioStore]:
    """Decode files into a store that is gone afterwards; arguments as of `add_audio`."""
    with scratch_folder(home() / UPLOADS, "sound") as folder:
        yield write_store(files.table, folder / "sound", settings, workers, progress, files.passed_over)


def open_audio(name: str) -> AudioStore:
    """Return the sound kept under a name.

    Raises:
        NotFound: If there is none; the message lists what there is.
        DataError: If its files are damaged.
    """
    if name == DEMO and not (_SHELF.path(DEMO) / "store.json").is_file():
        raise NotFound("the demo's sound is not made yet; it is when it is first used")
    return open_store(_SHELF.find(name))


def resolve_audio(name: str, folksonomy: Folksonomy, progress: Progress = silent) -> AudioStore:
    """Return sound by the name a page or a command gives.

    The demo's is synthesised from the recipes of the folksonomy's tracks when it is first asked for, 8 s a
    track, and kept: about a minute on two cores. A second process that asks meanwhile waits for the first.

    Args:
        name: One of `audio_names`.
        folksonomy: Whose tracks shall sound; of use for the demo only.
        progress: Told how far it is.

    Raises:
        NotFound: If there is no sound of this name.
        InvalidSetting: If the demo's sound is asked for tracks that have no recipe.
    """
    if name != DEMO:
        return open_audio(name)
    store = demo_audio(folksonomy)
    if store is not None:
        return store
    # Another seed or selection of the demo must not take the place of the demo itself.
    folder = _demo_folders(folksonomy)[0 if folksonomy.name == DEMO else 1]
    progress(0.0, "synthesising the demo")
    with locked(folder, _SYNTHESIS_TIMEOUT_S):
        return demo_audio(folksonomy) or write_demo_audio(folksonomy, folder, progress=progress)


def resolve_stem(name: str, folksonomy: Folksonomy, stem: str, progress: Progress = silent) -> AudioStore:
    """Return sound as `resolve_audio` does, with one of its parts beside it.

    The demo's voice is synthesised when it is first asked for, and kept beside the demo's sound.

    Args:
        name, folksonomy, progress: As of `resolve_audio`.
        stem: Name of the part.

    Raises:
        NotFound: If there is no sound of this name, or no such part of it.
        InvalidSetting: As of `resolve_audio`.
    """
    store = resolve_audio(name, folksonomy, between(progress, 0, 0.5))
    if name == DEMO and stem == DEMO_STEM and stem not in store.stems:
        with locked(store.folder, _SYNTHESIS_TIMEOUT_S):
            write_demo_voice(folksonomy, store.folder / STEMS / stem, progress=between(progress, 0.5, 1))
        store = open_store(store.folder)
    store.stem_rows(stem)
    return store


def audio_at_hand(name: str, folksonomy: Folksonomy) -> AudioStore | None:
    """Return sound as `resolve_audio` does, None where the demo's is not made yet.

    Raises:
        NotFound: If there is no sound of this name.
        InvalidSetting: If the demo's sound is asked for tracks that have no recipe.
    """
    return demo_audio(folksonomy) if name == DEMO else open_audio(name)


def demo_audio(folksonomy: Folksonomy) -> AudioStore | None:
    """Return the demo's sound for just these tracks, None where it is not made yet.

    Raises:
        InvalidSetting: If the tracks have no recipe.
    """
    sources = _demo_sources(folksonomy)
    stores = (_demo_store(folder, sources) for folder in _demo_folders(folksonomy))
    return next((store for store in stores if store is not None), None)


def _demo_sources(folksonomy: Folksonomy) -> dict[str, str]:
    return dict(zip(folksonomy.tracks["track"].astype(str), recipe_sources(folksonomy), strict=True))


def _demo_folders(folksonomy: Folksonomy) -> tuple[Path, Path]:
    """Return where the demo's sound lies, and where that of this selection or seed of it would."""
    key = content_key(_demo_sources(folksonomy))
    return _SHELF.path(DEMO), derived_path("demo-audio", key, "")


def _demo_store(folder: Path, sources: dict[str, str]) -> AudioStore | None:
    """Return the store in a folder if it has just this sound for each of these tracks."""
    try:
        store = open_store(folder)
    except (NotFound, DataError):
        return None  # it can be made again
    held = dict(zip(store.tracks["track"], store.tracks["source"], strict=True))
    return store if sources.items() <= held.items() else None


def delete_audio(name: str) -> None:
    """Remove sound from the shelf for good; the files it was made of are not touched.

    Raises:
        NotFound: If there is none of this name.
        StorageError: If it cannot be removed.
    """
    _SHELF.delete(name)


def refusals(store: AudioStore) -> pd.DataFrame:
    """Return why sound was refused: `reason`, `tracks` (how many), `examples` (names), most frequent first.

    Reasons that differ only in a number are one, their numbers shown as "…".
    """
    return _alike(store.refused["track"], store.refused["reason"])


def remarks(store: AudioStore) -> pd.DataFrame:
    """Return what should be known of sound that was kept: `remark`, `tracks`, `examples`, as `refusals` does.

    A track with several remarks counts with each.
    """
    single = store.tracks["remark"].str.split("; ").explode()
    single = single[single != ""]
    return _alike(store.tracks["track"].loc[single.index], single)


def _alike(tracks: pd.Series, texts: pd.Series) -> pd.DataFrame:
    """Return texts that differ only in numbers as one: the text (under its name), `tracks`, `examples`."""
    named = pd.DataFrame({"track": tracks.to_numpy(), "text": texts.to_numpy()}, dtype=object)
    alike = named["text"].astype(str).str.replace(_NUMBER, "…", regex=True)
    rows = []
    for _, group in named.groupby(alike, sort=False):
        different = group["text"].unique()
        text = str(different[0]) if len(different) == 1 else _NUMBER.sub("…", str(different[0]))
        examples = ", ".join(group["track"].astype(str).head(_EXAMPLES))
        rows.append({texts.name: text, "tracks": len(group), "examples": examples})
    table = pd.DataFrame(rows, columns=[texts.name, "tracks", "examples"])
    return table.sort_values("tracks", ascending=False, kind="stable").reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Sounding:
    """Which tracks of a folksonomy have sound in a store.

    Attributes:
        with_sound: Tracks that have.
        refused: Tracks whose file could not be used.
        missing: Tracks of which the store was given no file.
        others: How many of the store's tracks the folksonomy does not know.
    """

    with_sound: tuple[str, ...]
    refused: tuple[str, ...]
    missing: tuple[str, ...]
    others: int

    __repr__ = one_line


def sounding(store: AudioStore, folksonomy: Folksonomy) -> Sounding:
    """Return which tracks of a folksonomy have sound in a store; tracks are matched by name."""
    tracks = folksonomy.tracks["track"].astype(str)
    has = pd.Series(store.rows(tracks.tolist()) >= 0, index=tracks.index)
    refused = tracks.isin(store.refused["track"].astype(str)) & ~has
    return Sounding(
        with_sound=tuple(tracks[has]),
        refused=tuple(tracks[refused]),
        missing=tuple(tracks[~has & ~refused]),
        others=len(store) - int(has.sum()),
    )


def without_sound(store: AudioStore, folksonomy: Folksonomy) -> pd.DataFrame:
    """Return every track of a folksonomy that has no sound in a store, in its order: `track`, `reason`."""
    found = sounding(store, folksonomy)
    why = dict(zip(store.refused["track"].astype(str), store.refused["reason"], strict=True))
    lacking = {*found.refused, *found.missing}
    tracks = [track for track in folksonomy.tracks["track"].astype(str) if track in lacking]
    reasons = [why.get(track, "no file was given") for track in tracks]
    return pd.DataFrame({"track": tracks, "reason": reasons}, dtype=object)
