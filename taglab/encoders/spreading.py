"""Encoding of many tracks, in parts that any number of processes share: begun once, gone on with, merged.

A folder holds what is to be done (encoder, what it learned, which sound) and every part that is done, put in
place in one step. Whoever does the last part merges all of them into features and removes the folder; a part
that was lost with its process is done by whoever goes on.
"""

from __future__ import annotations

import contextlib
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from taglab.audio.files import AudioFiles
from taglab.audio.library import brief_audio
from taglab.audio.store import AudioStore, StoreSettings, open_store
from taglab.cache import Shelf, content_key, locked, read_json, replacing, write_json
from taglab.encoders.encoder import Encoder, Features, Learned
from taglab.encoders.encoding import encoder_of
from taglab.errors import Conflict, DataError, InvalidSetting, NotFound
from taglab.parallel import blocks
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line
from taglab.settings import checked
from taglab.vectors import Vectors, feature_names, open_features, save_features

TRACKS_A_PART = 200
"""Tracks that are encoded, and lost with their process, at a time."""

_JOB, _FILES, _LEARNED, _PARTS = "job.json", "files.parquet", "learned.npz", "parts"
_MERGED = "merged.npy"
_FOLDER = "encoding"


@dataclass(frozen=True, eq=False)
class Sounds:
    """Which sound is encoded: a store, or files that are decoded part by part and not kept.

    Attributes:
        store: The store; None where files are given.
        files: Columns `track` and `path`.
        decoding: How files are decoded.
    """

    store: AudioStore | None = None
    files: pd.DataFrame | None = None
    decoding: StoreSettings = field(default_factory=StoreSettings)

    __repr__ = one_line

    def __post_init__(self) -> None:
        if (self.store is None) == (self.files is None):
            raise ValueError("either a store or files must be given")

    @property
    def tracks(self) -> list[str]:
        """Names of the tracks, in order."""
        table = self.files if self.store is None else self.store.tracks
        assert table is not None  # noqa: S101  # one of the two is there
        return [str(track) for track in table["track"]]

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the sound."""
        return self.decoding.sample_rate_hz if self.store is None else self.store.sample_rate_hz

    @contextlib.contextmanager
    def of(self, rows: slice) -> Iterator[tuple[AudioStore, np.ndarray]]:
        """Give some of the tracks: a store, and their rows in it; files that cannot be used are not there."""
        if self.store is not None:
            yield self.store, np.arange(rows.start, rows.stop)
            return
        assert self.files is not None  # noqa: S101  # see above
        with brief_audio(AudioFiles(self.files[rows]), self.decoding, workers=1) as store:
            yield store, np.arange(len(store))


@dataclass(frozen=True)
class Standing:
    """How far an encoding is.

    Attributes:
        done: Parts that are done.
        parts: Parts there are.
    """

    done: int
    parts: int


def begin_encoding(
    name: str, encoder: Encoder, sounds: Sounds, learned: Learned, split: str = ""
) -> Standing:
    """Note what is to be encoded; what was begun under the name before and is the same is gone on with.

    Args:
        name: What the features will be called.
        encoder: Which, with its settings.
        sounds: Of all tracks, each named once.
        learned: What it learned.
        split: Fingerprint of the split that was learned from.

    Raises:
        InvalidSetting: If there is no track, or one twice.
        StorageError: If the folder cannot be written.
    """
    tracks = sounds.tracks
    if not tracks or len(set(tracks)) < len(tracks):
        raise InvalidSetting("sound must be of at least one track, and of none twice")
    folder = _folder(name)
    job = {
        "encoder": encoder.model_dump(mode="json"),
        "origin": encoder.origin(split),
        "measure": encoder.measure,
        "sample_rate_hz": sounds.sample_rate_hz,
        "store": None if sounds.store is None else str(sounds.store.folder.absolute()),
        "decoding": sounds.decoding.model_dump(mode="json"),
        "tracks": len(tracks),
        "key": content_key(tracks, {key: value.tolist() for key, value in learned.items()}),
    }
    with locked(folder):
        if not ((folder / _JOB).exists() and read_json(folder / _JOB) == job):
            _write_job(folder, job, sounds.files, learned)
    return standing(name)


def _write_job(folder: Path, job: Mapping[str, Any], files: pd.DataFrame | None, learned: Learned) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    with replacing(folder) as temporary:
        (temporary / _PARTS).mkdir(parents=True)
        write_json(temporary / _JOB, job)
        np.savez(temporary / _LEARNED, allow_pickle=False, **learned)
        if files is not None:
            absolute = [str(Path(path).absolute()) for path in files["path"]]
            files.assign(path=absolute)[["track", "path"]].to_parquet(temporary / _FILES)


def standing(name: str) -> Standing:
    """Return how far an encoding is that was begun.

    Raises:
        NotFound: If there is none of this name.
    """
    job = _job(name)
    parts = len(blocks(job["tracks"], TRACKS_A_PART))
    return Standing(sum(path.exists() for path in _part_paths(name, parts)), parts)


def encode_share(name: str, share: int = 0, shares: int = 1, progress: Progress = silent) -> Vectors | None:
    """Do the parts of one share that are not done yet; whoever finds all done merges them.

    Args:
        name: Of an encoding that was begun.
        share: Which, from 0; its parts are every `shares`-th.
        shares: How many share the work.
        progress: Told after every part.

    Returns:
        The features, where this share was the last; else None, as when all was merged before.

    Raises:
        NotFound: If there is no such encoding, nor features of that name.
        InvalidSetting: If the share is none of them.
    """
    if not 0 <= share < shares:
        raise InvalidSetting(f"share={share} must be one of 0 to {shares - 1}")
    with locked(_folder(name)):  # another may merge all parts and remove what they were made from
        if not (_folder(name) / _JOB).exists() and name in feature_names():
            return None
        job = _job(name)
        sounds, learned = _sounds(name, job), _learned(name)
    encoder = encoder_of(job["encoder"]["encoder"], job["encoder"])
    encoder.require_permitted()
    parts = blocks(job["tracks"], TRACKS_A_PART)
    mine = [number for number in range(len(parts)) if number % shares == share]
    paths = _part_paths(name, len(parts))
    for at, number in enumerate(mine):
        if not paths[number].exists():
            _encode_part(encoder, sounds, parts[number], learned, paths[number])
        progress((at + 1) / len(mine), counted("parts", at + 1, len(mine)))
    return merge_encoding(name) if all(path.exists() for path in paths) else None


def merge_encoding(name: str) -> Vectors | None:
    """Keep the features of an encoding whose parts are all done; None where another process just did.

    Raises:
        Conflict: If a part is not done.
        DataError: If a part is damaged.
    """
    folder = _folder(name)
    with locked(folder):
        if not (folder / _JOB).exists():
            return None
        job, at = _job(name), standing(name)
        if at.done < at.parts:
            raise Conflict(
                f"{at.parts - at.done} of {at.parts} parts of {name!r} are not done; go on with it"
            )
        paths = _part_paths(name, at.parts)
        vectors = _merged(paths, folder / _MERGED, name, job["measure"])
        sound = {
            "sample_rate_hz": job["sample_rate_hz"],
            "fingerprint": content_key([str(_read_part(path)["sound"]) for path in paths]),
        }
        origin = {"encoder": job["encoder"], "sound": sound, **job["origin"]}
        save_features(replace(vectors, origin=origin), name, _learned(name))
        del vectors  # it is mapped from the folder
        shutil.rmtree(folder)
    return open_features(name)


def _merged(paths: Sequence[Path], file: Path, name: str, measure: str) -> Vectors:
    """Return the features of all parts, mapped from a file; tracks that could not be used are missing.

    Parts are read twice, each by itself: the features of a million tracks are more than memory holds.

    Args:
        paths: Of the parts.
        file: Where the rows go.
        name: Of the features.
        measure: By which they are compared.
    """
    ids: list[str] = []
    missing: list[str] = []
    refused: list[str] = []
    dim = 0
    for path in paths:
        part = _read_part(path)
        refused += part["refused"].tolist()
        if len(part["features"]):
            vectors = _vectors_of(part, measure)
            ids, missing, dim = ids + list(vectors.ids), missing + list(vectors.missing), vectors.dim
    if not ids:
        first = (*refused, *missing)[0]
        raise InvalidSetting(f"no track of {name!r} could be encoded; {first!r} for instance could not")
    rows = np.lib.format.open_memmap(file, "w+", np.float32, (len(ids), dim))
    at = 0
    for path in paths:
        part = _read_part(path)
        if len(part["features"]):
            vectors = _vectors_of(part, measure)
            rows[at : at + len(vectors)] = vectors.vectors
            at += len(vectors)
    rows.flush()
    return Vectors("tracks", tuple(ids), rows, (*missing, *refused), name, measure)


def _vectors_of(part: Mapping[str, Any], measure: str) -> Vectors:
    return Vectors.of("tracks", part["tracks"].tolist(), part["features"], "", measure)


def _encode_part(encoder: Encoder, sounds: Sounds, rows: slice, learned: Learned, path: Path) -> None:
    """Encode some tracks and put their part in place."""
    wanted = sounds.tracks[rows]
    with sounds.of(rows) as (store, at):
        tracks = store.tracks["track"].astype(str).iloc[at].tolist()
        usable, features = _encoded(encoder, store, at, learned)
        sound = store.fingerprint_of(tracks)
    kept = [track for track, is_usable in zip(tracks, usable, strict=True) if is_usable]
    refused = [track for track in wanted if track not in set(kept)]
    arrays = {
        "tracks": np.array(kept, "U"), "refused": np.array(refused, "U"), "features": features,
        "sound": np.array(sound),
    }  # fmt: skip
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _encoded(
    encoder: Encoder, store: AudioStore, rows: np.ndarray, learned: Learned
) -> tuple[np.ndarray, Features]:
    """Return which tracks could be encoded, and their features; one too short is no reason to lose others."""
    if not len(rows):
        return np.zeros(0, bool), np.zeros((0, 0), np.float32)
    try:
        return np.ones(len(rows), bool), encoder.encode(store, rows, learned)
    except InvalidSetting:
        if len(rows) == 1:
            return np.zeros(1, bool), np.zeros((0, 0), np.float32)
    halves = [_encoded(encoder, store, some, learned) for some in np.array_split(rows, 2)]
    features = [some for _, some in halves if len(some)] or [halves[0][1]]
    return np.concatenate([usable for usable, _ in halves]), np.concatenate(features)


def _folder(name: str) -> Path:
    return Shelf(_FOLDER).path(name)


def _job(name: str) -> dict[str, Any]:
    path = _folder(name) / _JOB
    if not path.exists():
        raise NotFound(f"no encoding named {name!r} is under way; `taglab features list` shows what is done")
    job: dict[str, Any] = read_json(path)
    return job


def _sounds(name: str, job: Mapping[str, Any]) -> Sounds:
    if job["store"] is not None:
        return Sounds(open_store(Path(job["store"])))
    files = pd.read_parquet(_folder(name) / _FILES)
    return Sounds(files=files, decoding=checked(StoreSettings, job["decoding"]))


def _learned(name: str) -> Learned:
    with np.load(_folder(name) / _LEARNED, allow_pickle=False) as arrays:
        return {key: np.asarray(arrays[key]) for key in arrays.files}


def _part_paths(name: str, parts: int) -> list[Path]:
    return [_folder(name) / _PARTS / f"{number:06}.npz" for number in range(parts)]


def _read_part(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in ("tracks", "refused", "features", "sound")}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(path, f"is damaged ({error}); delete it and go on with the encoding") from error
