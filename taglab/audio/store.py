"""The PCM store: decoded once, then read at the speed of memory.

A store is a folder:

    00000-4f1c….pcm    one shard: the int16 samples of up to `tracks_per_shard` tracks, one after the other,
                       left and right by turns where they are stereo
    00000-4f1c….json   its index and checksum; written after the samples, so that its presence says "done"
    store.json         settings, shards and checksums; written last, so that its presence says "complete"
    tracks.parquet     one row a track: shard, start, samples, rate of the file
    refused.parquet    what could not be used, and why
    stems/NAME/        a store of one part of the sound, as the voice, of the same tracks

A shard's name ends with a key made of what went into it. A second run after a kill finds the shards that are
done and makes the others; a changed file changes only its own shard.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from taglab.audio.decode import Decoded, DecodeSettings, check_usable, decode, to_int16
from taglab.cache import (
    check_file,
    checksum,
    content_key,
    derived_path,
    file_digest,
    kept,
    locked,
    read_json,
    read_object,
    read_whole,
    replacing,
    write_json,
)
from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line

__all__ = ["AudioStore", "Sound", "StoreSettings", "decoders", "open_store", "write_sounds", "write_store"]

PCM = npt.NDArray[np.int16]
Rows = npt.NDArray[np.int64]

STEMS = "stems"
"""Folder of a store in which those of its parts lie."""

_FORMAT = 1
_DECODING = 2  # raised where the same file gives other samples than before: shards half made are begun anew
_SHARD = re.compile(r"\d{5,}-[0-9a-f]{16}\.(pcm|json)")
_TABLE = re.compile(r"(tracks|refused)(-[0-9a-f]{16})?\.parquet")
_SCRATCH = re.compile(
    r"\.(\d{5,}-[0-9a-f]{16}\.(pcm|json)|store\.json|(tracks|refused)(-[0-9a-f]{16})?\.parquet)\..+"
)


class StoreSettings(DecodeSettings):
    """How a store is made.

    Attributes:
        sample_rate_hz, channels, min_duration_s, silence_dbfs: See `taglab.audio.decode.DecodeSettings`.
        tracks_per_shard: Most tracks in one file. A kill costs at most one shard's work; each shard keeps a
            file descriptor open while the store is read.
    """

    tracks_per_shard: int = Field(500, ge=1, le=100_000)


@dataclass(frozen=True)
class Sound:
    """One track's sound, to be had when its turn comes.

    Attributes:
        track: Name of the track.
        source: Where it comes from: a path, or what made it.
        fingerprint: Changes when the sound does.
        load: Returns the sound at the store's rate; raises DataError where there is nothing to use.
    """

    track: str
    source: str
    fingerprint: str
    load: Callable[[], Decoded]


@dataclass(frozen=True, eq=False)
class AudioStore:
    """A complete store, read through memory maps.

    Handing it to another process hands over the folder's name; the process opens its own maps.

    Attributes:
        folder: Where it lies.
        settings: How it was made.
        tracks: One row a track: `track`, `shard`, `start` (in the shard), `samples`, `source`,
            `file_rate_hz`, `content` (a key of the samples; missing in stores of earlier versions), `remark`
            (what should be known of it; as a rule empty).
        refused: `track`, `source`, `reason` of what could not be used.
        passed_over: How many files beside the given ones have an ending that nothing here reads, by ending.
        shards: The samples of each shard, (samples,) int16, or (samples, channels) of stereo, mapped.
        checksums: Of each shard's file, BLAKE2b.
    """

    folder: Path
    settings: StoreSettings
    tracks: pd.DataFrame
    refused: pd.DataFrame
    passed_over: dict[str, int]
    shards: tuple[PCM, ...]
    checksums: tuple[tuple[str, str], ...]

    __repr__ = one_line

    def __reduce__(self) -> tuple[Any, ...]:
        return open_store, (self.folder,)

    def __len__(self) -> int:
        return len(self.tracks)

    @property
    def sample_rate_hz(self) -> int:
        return self.settings.sample_rate_hz

    @property
    def channels(self) -> int:
        """1 where sound is mono, 2 where left and right are kept."""
        return self.settings.channels

    @cached_property
    def stems(self) -> dict[str, AudioStore]:
        """The parts of the sound that are kept apart, each a store of its own, by name; as a rule none.

        Raises:
            DataError: If one of them is damaged.
        """
        folders = sorted((self.folder / STEMS).glob("*/store.json"))
        return {path.parent.name: open_store(path.parent) for path in folders}

    def stem_rows(self, stem: str) -> Rows:
        """Return the row of each track in a stem's store, (tracks,), -1 where it has none of its length.

        Raises:
            NotFound: If there is no such stem.
        """
        if stem not in self.stems:
            known = ", ".join(self.stems) or "none"
            raise NotFound(f"stem={stem!r} is not kept beside this sound; there are: {known}")
        store = self.stems[stem]
        rows = store.rows(self.tracks["track"].astype(str).tolist())
        has_stem = np.flatnonzero(rows >= 0)
        unequal = has_stem[store.samples[rows[has_stem]] != self.samples[has_stem]]
        rows[unequal] = -1
        return rows

    @cached_property
    def samples(self) -> Rows:
        """Length of each track in samples, (tracks,)."""
        return self.tracks["samples"].to_numpy(np.int64)

    @cached_property
    def _places(self) -> tuple[Rows, Rows]:
        """The shard of each track, and where in it the track starts, (tracks,)."""
        return self.tracks["shard"].to_numpy(np.int64), self.tracks["start"].to_numpy(np.int64)

    def rows(self, tracks: Sequence[str]) -> Rows:
        """Return the row of each named track, (len(tracks),), -1 where the store has no sound for it."""
        return np.asarray(pd.Index(self.tracks["track"]).get_indexer(pd.Index(tracks)), np.int64)

    @cached_property
    def fingerprint(self) -> str:
        """Content key of the sound of all tracks; files, shards, stems and the name are no part of it."""
        return self.fingerprint_of(self.tracks["track"].tolist())

    def fingerprint_of(self, tracks: Iterable[str]) -> str:
        """Return the content key of the sound of these tracks, in whatever order; others are passed over.

        What is kept apart of it, as the voice, has a key of its own.
        """
        names = set(tracks)
        contents = dict(zip(self.tracks["track"].astype(str), self.contents, strict=True))
        listed = [[track, contents[track]] for track in sorted(contents.keys() & names)]
        return content_key(self.sample_rate_hz, self.channels, listed, {})

    @cached_property
    def contents(self) -> tuple[str, ...]:
        """A key of each track's samples, (tracks,).

        Stores keep it beside the sound; for one of an earlier version it is made of all its samples, once.
        """
        if "content" in self.tracks.columns and self.tracks["content"].notna().all():
            return tuple(self.tracks["content"])
        key = content_key([list(shard) for shard in self.checksums], *self._places, self.samples)
        return kept(
            derived_path("audio-contents", key, ".json"),
            self._read_contents,
            lambda: tuple(_content(self.whole(row)) for row in range(len(self))),
            _write_contents,
        )

    def _read_contents(self, path: Path) -> tuple[str, ...] | None:
        try:
            contents = read_json(path)
        except DataError:
            return None
        is_sound = isinstance(contents, list) and len(contents) == len(self)
        return tuple(map(str, contents)) if is_sound else None

    @cached_property
    def copies(self) -> tuple[tuple[str, ...], ...]:
        """Tracks that hold the very same samples, whatever their files, in groups of two and more."""
        contents = pd.Series(self.contents, self.tracks.index, dtype="str")
        shared = contents[contents.duplicated(keep=False)]
        groups = self.tracks["track"].loc[shared.index].groupby(shared, sort=False)
        return tuple(tuple(names) for _, names in groups)

    def whole(self, row: int) -> PCM:
        """Return all samples of a track, (samples,), or (samples, channels) of stereo, a view of the map."""
        shards, starts = self._places
        start = int(starts[row])
        samples: PCM = self.shards[shards[row]][start : start + int(self.samples[row])]
        return samples

    def mono(self, row: int) -> PCM:
        """Return all samples of a track, (samples,), channels averaged."""
        samples = self.whole(row)
        return samples if samples.ndim == 1 else np.rint(samples.mean(1)).astype(np.int16)

    def crops(
        self,
        rows: npt.ArrayLike,
        starts: npt.ArrayLike,
        length: int,
        pad: bool = False,
        out: PCM | None = None,
    ) -> PCM:
        """Return pieces of tracks.

        Args:
            rows: Rows of tracks, (batch,).
            starts: First sample of each piece, counted from the track's, (batch,).
            length: In samples.
            pad: Whether what lies beyond a track's end is filled with zeros, instead of refused.
            out: Where to put them; a new array where None.

        Returns:
            (batch, length) int16, or (batch, channels, length) of stereo; divide by 32768 for [-1, 1).

        Raises:
            InvalidSetting: If a row or start does not exist, or a piece passes the end without `pad`.
        """
        chosen, first = np.asarray(rows, np.int64), np.asarray(starts, np.int64)
        self._check_crops(chosen, first, length, pad)
        shape = self.crop_shape(len(chosen), length)
        if out is None:
            out = np.empty(shape, np.int16)
        elif out.shape != shape or out.dtype != np.int16:
            raise InvalidSetting(f"out {out.shape} {out.dtype} must be {shape} int16, as many as are cut")
        for piece, row, start in zip(out, chosen.tolist(), first.tolist(), strict=True):
            samples = self.whole(row)[start : start + length]
            piece[..., : len(samples)] = samples.T
            piece[..., len(samples) :] = 0
        return out

    def crop_shape(self, batch: int, length: int) -> tuple[int, ...]:
        """Return the shape of so many pieces of a length."""
        return (batch, length) if self.channels == 1 else (batch, self.channels, length)

    def _check_crops(self, rows: Rows, starts: Rows, length: int, pad: bool) -> None:
        if length < 1 or rows.shape != starts.shape or rows.ndim != 1:
            raise InvalidSetting(
                f"length={length} must be positive, and rows {rows.shape} and starts {starts.shape} must be "
                "two lists of one length"
            )
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise InvalidSetting(
                f"rows must lie in 0 to {len(self) - 1}; -1 stands for a track without sound"
            )
        ends = self.samples[rows]
        wrong = (starts < 0) | (starts >= ends) if pad else (starts < 0) | (starts + length > ends)
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise InvalidSetting(
                f"starts={int(starts[at])} with length={length} leaves track "
                f"{self.tracks['track'].iloc[int(rows[at])]!r} of {int(ends[at])} samples; "
                "take a shorter window or pad"
            )

    def verify(self, progress: Progress = silent) -> None:
        """Read every shard and compare its checksum.

        Raises:
            DataError: Naming the first shard that is not what was written.
        """
        for done, (name, expected) in enumerate(self.checksums):
            progress(done / len(self.checksums), f"checking {name}")
            if file_digest(self.folder / name) != expected:
                raise DataError(
                    self.folder / name, "its checksum is wrong; delete the file and make the store again"
                )


def write_store(
    files: pd.DataFrame,
    folder: Path,
    settings: StoreSettings | None = None,
    workers: int | None = None,
    progress: Progress = silent,
    passed_over: Mapping[str, int] | None = None,
) -> AudioStore:
    """Decode files into a store, or go on where an earlier run was stopped.

    Args:
        files: Columns `track` and `path`, one row a track; perhaps `stream`, as `decode` takes it.
        folder: Where the store shall be; made if need be.
        settings: See `StoreSettings`; its defaults where None.
        workers: Threads that decode; the number of cores where None. Decoding holds no Python lock.
        progress: Told after every track.
        passed_over: Kept in the store; see `AudioStore`.

    Returns:
        The store. Files that could not be used are in its `refused`, by name and reason.

    Raises:
        InvalidSetting: If a column is missing or a track is named twice.
        StorageError: If the disk is full or the folder cannot be written.
    """
    settings = settings or StoreSettings()
    if not {"track", "path"} <= set(files.columns):
        raise InvalidSetting(f"files must have columns track and path; has {list(files.columns)}")
    decoding = DecodeSettings(**settings.model_dump(exclude={"tracks_per_shard"}))
    streams = files["stream"] if "stream" in files.columns else [None] * len(files)
    sounds = [
        _sound_of_file(str(track), Path(path), None if pd.isna(stream) else int(stream), decoding)
        for track, path, stream in zip(files["track"], files["path"], streams, strict=True)
    ]
    with decoders(workers) as threads:
        return write_sounds(sounds, folder, settings, threads, progress, passed_over=passed_over)


def _sound_of_file(track: str, path: Path, stream: int | None, decoding: DecodeSettings) -> Sound:
    fingerprint = _file_fingerprint(path) + ("" if stream is None else f" {stream}")
    return Sound(track, str(path), fingerprint, partial(decode, path, decoding, stream))


def decoders(workers: int | None) -> ThreadPoolExecutor:
    """Return threads to load sounds with, as many as there are cores where None."""
    if workers is not None and workers < 1:
        raise InvalidSetting(f"workers={workers} must be at least 1, or None for as many as there are cores")
    return ThreadPoolExecutor(workers or os.cpu_count() or 1)


def _file_fingerprint(path: Path) -> str:
    """Return size and time of change: hashing the content would cost as much as decoding it."""
    try:
        found = path.stat()
    except OSError:
        return "missing"
    return f"{found.st_size} {found.st_mtime_ns}"


def write_sounds(
    sounds: Sequence[Sound],
    folder: Path,
    settings: StoreSettings,
    executor: Executor,
    progress: Progress = silent,
    *,
    doing: str = "decoding sound",
    passed_over: Mapping[str, int] | None = None,
) -> AudioStore:
    """Write sounds of any origin into a store; see `write_store`.

    Args:
        sounds: One a track, in the order the store shall have.
        folder: Where the store shall be.
        settings: See `StoreSettings`.
        executor: Runs each sound's `load`.
        progress: Told after every track.
        doing: What is done to each, for the report of progress.
        passed_over: Kept in the store; see `AudioStore`.
    """
    _check_names([sound.track for sound in sounds])
    size = settings.tracks_per_shard
    parts = [sounds[start : start + size] for start in range(0, len(sounds), size)]
    names = [f"{number:05d}-{_shard_key(part, settings)}" for number, part in enumerate(parts)]
    with locked(folder / "store.json"):
        _remove_scratch(folder)
        done = 0
        for name, part in zip(names, parts, strict=True):
            if not _is_done(folder, name):
                report = _counting(progress, doing, done, len(sounds))
                _write_shard(folder, name, part, settings, executor, report)
            done += len(part)
        _write_index(folder, names, settings, passed_over or {})
        _remove_others(folder, names)
    progress(1.0, f"{len(sounds)} tracks")
    return open_store(folder)


def _check_names(tracks: Sequence[str]) -> None:
    if not tracks:
        raise InvalidSetting("tracks=[] must name at least one; are the files where they are looked for?")
    seen: set[str] = set()
    for track in tracks:
        if track in seen:
            raise InvalidSetting(f"track={track!r} must be named once; two files for one track?")
        seen.add(track)


def _shard_key(part: Sequence[Sound], settings: StoreSettings) -> str:
    listed = [[sound.track, sound.source, sound.fingerprint] for sound in part]
    # What came later is no part of the key where it is as it always was: half a store goes on being made.
    kept = settings.model_dump(exclude={"channels"} if settings.channels == 1 else None)
    return content_key(_FORMAT, _DECODING, kept, listed)[:16]


def _counting(progress: Progress, doing: str, before: int, total: int) -> Callable[[int, int], None]:
    def report(done: int, refused: int) -> None:
        text = counted(doing, before + done, total)
        progress((before + done) / total, text + (f", {refused} refused here" if refused else ""))

    return report


def _is_done(folder: Path, name: str) -> bool:
    index, samples = folder / f"{name}.json", folder / f"{name}.pcm"
    if not (index.is_file() and samples.is_file()):
        return False
    return bool(samples.stat().st_size == _read_json(index)["bytes"])


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return read_object(path)
    except DataError as error:
        raise DataError(path, f"{error.reason}; delete it and make the store again") from error


def _write_shard(
    folder: Path,
    name: str,
    part: Sequence[Sound],
    settings: StoreSettings,
    executor: Executor,
    report: Callable[[int, int], None],
) -> None:
    digest = hashlib.blake2b(digest_size=16)
    tracks: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    start = 0
    with replacing(folder / f"{name}.pcm") as temporary, temporary.open("wb") as file:
        for done, (sound, result) in enumerate(_loaded(part, settings, executor), 1):
            if isinstance(result, str):
                refused.append({"track": sound.track, "source": sound.source, "reason": result})
            else:
                pcm = result.pcm
                file.write(pcm.data)
                digest.update(pcm.data)
                tracks.append(
                    {
                        "track": sound.track,
                        "start": start,
                        "samples": len(pcm),
                        "source": sound.source,
                        "file_rate_hz": result.file_rate_hz,
                        "content": _content(pcm),
                        "remark": result.remark,
                    }
                )
                start += len(pcm)
            report(done, len(refused))
    index = {
        "bytes": 2 * settings.channels * start,
        "checksum": digest.hexdigest(),
        "tracks": tracks,
        "refused": refused,
    }
    write_json(folder / f"{name}.json", index)


def _loaded(
    part: Sequence[Sound], settings: StoreSettings, executor: Executor
) -> Iterator[tuple[Sound, _Loaded | str]]:
    """Yield each sound's samples or the reason there are none, in order, a few loaded ahead."""
    ahead = 2 * (os.cpu_count() or 1) + 2
    waiting: list[tuple[Sound, Future[_Loaded | str]]] = []
    try:
        for sound in part:
            waiting.append((sound, executor.submit(_load, sound, settings)))
            if len(waiting) > ahead:
                first, future = waiting.pop(0)
                yield first, future.result()
        while waiting:
            first, future = waiting.pop(0)
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


class _Loaded(NamedTuple):
    pcm: PCM
    file_rate_hz: int
    remark: str


def _load(sound: Sound, settings: StoreSettings) -> _Loaded | str:
    """Return what is kept of a sound, or why it cannot be used."""
    try:
        decoded = sound.load()
        channels = 1 if decoded.samples.ndim == 1 else decoded.samples.shape[1]
        if channels != settings.channels:
            raise DataError(sound.source, f"has {channels} channels, and the store keeps {settings.channels}")
        check_usable(sound.source, decoded.samples, settings)
    except DataError as error:
        return error.reason
    return _Loaded(to_int16(decoded.samples), decoded.file_rate_hz, "; ".join(decoded.remarks))


def _content(pcm: PCM) -> str:
    return hashlib.blake2b(pcm.data, digest_size=16).hexdigest()


def _write_contents(path: Path, contents: Sequence[str]) -> None:
    path.write_text(json.dumps(contents), encoding="utf-8")


def _write_index(
    folder: Path, names: Sequence[str], settings: StoreSettings, passed_over: Mapping[str, int]
) -> None:
    shards = [_read_json(folder / f"{name}.json") for name in names]
    tracks = [{"shard": number, **row} for number, shard in enumerate(shards) for row in shard["tracks"]]
    refused = [row for shard in shards for row in shard["refused"]]
    columns = ["track", "shard", "start", "samples", "source", "file_rate_hz", "content", "remark"]
    # Under names of their own, so that the manifest of before finds its tables until it is replaced.
    key = content_key(list(names))[:16]
    tables = {name: f"{name}-{key}.parquet" for name in ("tracks", "refused")}
    _write_table(folder / tables["tracks"], pd.DataFrame(tracks, columns=columns))
    _write_table(folder / tables["refused"], pd.DataFrame(refused, columns=["track", "source", "reason"]))
    manifest = {
        "format": _FORMAT,
        "settings": settings.model_dump(),
        "tracks": len(tracks),
        "refused": len(refused),
        "passed_over": dict(passed_over),
        "tables": {name: {"name": file, **checksum(folder / file)} for name, file in tables.items()},
        "shards": [
            {"name": f"{name}.pcm", "bytes": shard["bytes"], "checksum": shard["checksum"]}
            for name, shard in zip(names, shards, strict=True)
        ],
    }
    write_json(folder / "store.json", manifest)


def _write_table(path: Path, table: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)


def _remove_scratch(folder: Path) -> None:
    """Remove what a killed run left of the file it was writing; nobody else writes under the lock."""
    for left in folder.iterdir():
        if _SCRATCH.fullmatch(left.name) and left.is_dir():
            shutil.rmtree(left, ignore_errors=True)


def _remove_others(folder: Path, names: Sequence[str]) -> None:
    """Remove shards and tables of earlier settings or files; those who have them open keep their content."""
    tables = {table["name"] for table in _read_json(folder / "store.json")["tables"].values()}
    for left in folder.iterdir():
        of_other_shards = _SHARD.fullmatch(left.name) and left.stem not in names
        if of_other_shards or (_TABLE.fullmatch(left.name) and left.name not in tables):
            left.unlink()


def open_store(folder: Path) -> AudioStore:
    """Open a complete store; its samples are mapped, not read.

    Raises:
        NotFound: If there is none, or its making was stopped.
        DataError: If a file of it is missing, cut off, or of another version.
    """
    manifest_path = folder / "store.json"
    if not manifest_path.is_file():
        unfinished = any(folder.glob("[0-9]*-*.json"))
        cure = "its making was stopped; run it again to go on" if unfinished else "make one first"
        raise NotFound(f"no complete audio store in {folder}: {cure}")
    return read_whole(folder, lambda: _read_store(folder))


def _read_store(folder: Path) -> AudioStore:
    path = folder / "store.json"
    manifest = _read_json(path)
    if manifest.get("format") != _FORMAT:
        raise DataError(path, f"is of format {manifest.get('format')}, not {_FORMAT}; make the store again")
    try:
        settings = StoreSettings(**manifest["settings"])
        return AudioStore(
            folder=folder,
            settings=settings,
            tracks=_with_remarks(_read_table(folder, manifest, "tracks")),
            refused=_read_table(folder, manifest, "refused"),
            passed_over=manifest.get("passed_over", {}),
            shards=tuple(
                _map(folder / shard["name"], int(shard["bytes"]), settings.channels)
                for shard in manifest["shards"]
            ),
            checksums=tuple((shard["name"], shard["checksum"]) for shard in manifest["shards"]),
        )
    except DataError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(path, f"or a table beside it is damaged ({error}); make the store again") from error


def _read_table(folder: Path, manifest: dict[str, Any], name: str) -> pd.DataFrame:
    """Return a table of a store; earlier stores keep no checksum of it."""
    told = manifest.get("tables", {}).get(name)
    if told is None:
        return pd.read_parquet(folder / f"{name}.parquet")
    check_file(folder / told["name"], told)
    return pd.read_parquet(folder / told["name"])


def _with_remarks(tracks: pd.DataFrame) -> pd.DataFrame:
    return tracks if "remark" in tracks.columns else tracks.assign(remark="")  # of an earlier version


def _map(path: Path, size: int, channels: int) -> PCM:
    if not path.is_file() or path.stat().st_size != size:
        raise DataError(path, f"is missing or not of its {size} bytes; make the store again")
    if not size:  # an empty file cannot be mapped: every track of the shard was refused
        mapped: PCM = np.zeros(0, np.int16)
    else:
        mapped = np.memmap(path, np.int16, mode="r").view(np.ndarray)
    return mapped if channels == 1 else mapped.reshape(-1, channels)
