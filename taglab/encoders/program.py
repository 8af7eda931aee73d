"""A program of the user's own as an encoder: a command that is given a folder of WAV files.

Nothing of it is run by a shell, and nothing because features say so: a command that features name is started
only where somebody asked for it before, on this machine's cache folder.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import soundfile
from pydantic import BaseModel, ConfigDict, Field, field_validator

from taglab.archives import read_arrays
from taglab.audio.store import AudioStore, Rows
from taglab.cache import UPLOADS, content_key, file_digest, home, scratch_folder, write_json
from taglab.encoders.encoder import Features, Learned, LearnsNothing
from taglab.encoders.files import rows_by_id
from taglab.errors import DataError, InvalidSetting
from taglab.progress import Progress, counted, silent

_PERMITTED = "programs"
_LOOK_S = 0.1
_LAST_WORDS = 300
_ENDING = ".wav"


class Program(LearnsNothing, BaseModel):
    """Vectors that a program of your own makes of sound: a command, given a folder of WAV files.

    Attributes:
        encoder: Which encoder this is.
        program: The command and its arguments, one word each; two more follow: the folder of WAV files (16
            bits, at the rate and channels of the sound), and the file to write, a row for every WAV file: its
            name, and numbers. Words that are files where this is asked for are kept with their whole path,
            and features are no longer alike once a file of the command has changed.
        writes: What that file is: "npz" of the arrays `ids` and `vectors`, or "csv" with names in its first
            column.
        clips_a_call: At most so many WAV files are given at a time.
        timeout_s: How long a call may take, in seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "cosine"
    learned_elsewhere: ClassVar[bool] = True

    encoder: Literal["program"] = "program"
    program: tuple[str, ...] = Field(min_length=1)
    writes: Literal["npz", "csv"] = "npz"
    clips_a_call: int = Field(500, ge=1)
    timeout_s: float = Field(3_600.0, gt=0, allow_inf_nan=False)

    @field_validator("program")
    @classmethod
    def _begins_with_a_command(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not words[0].strip():
            raise ValueError("must begin with a command")
        return words

    def with_whole_paths(self) -> Self:
        """Return it with the whole path of each word that is a file below the folder one is in."""
        words = tuple(_whole_path(word, at == 0) for at, word in enumerate(self.program))
        return self.model_copy(update={"program": words})

    def encode(
        self, store: AudioStore, rows: Rows, learned: Learned, progress: Progress = silent
    ) -> Features:
        """Return features of tracks.

        Args:
            store: The sound.
            rows: Of the tracks in it, (n,).
            learned: Not heeded.
            progress: Told while the program runs; what is stopped stops the program.

        Returns:
            Array (n, numbers), float32.

        Raises:
            DataError: If the program cannot be started, fails, takes too long, or writes no vectors, not of
                every file, NaN, or vectors of several dimensions.
        """
        parts: list[Features] = []
        for start in range(0, len(rows), self.clips_a_call):
            some = rows[start : start + self.clips_a_call]
            done = counted("tracks given to the program", start + len(some), len(rows))
            progress(start / len(rows), done)
            parts.append(self._call(store, some, partial(progress, start / len(rows), done)))
            if parts[-1].shape[1] != parts[0].shape[1]:
                raise self._error(
                    f"wrote {parts[-1].shape[1]:,} numbers a file in one call, {parts[0].shape[1]:,} before"
                )
        progress(1, "tracks given to the program")
        return np.concatenate(parts)

    def origin(self, split: str) -> dict[str, str]:
        """Return the checksum of the files that the command names by their whole path."""
        paths = [path for path in map(Path, self.program) if path.is_absolute() and _is_file(path)]
        try:
            digests = [file_digest(path) for path in paths]
        except OSError as error:
            raise self._error(f"names a file that cannot be read ({error.strerror or error})") from error
        return {"split": "", "checkpoint": content_key(digests)}

    def permit(self) -> None:
        """Note that this command may be started where features name it."""
        write_json(_permission(self.program), list(self.program))

    def require_permitted(self) -> None:
        """Refuse a command that nobody asked for here.

        Raises:
            InvalidSetting: If it was not permitted.
        """
        if not _permission(self.program).is_file():
            raise InvalidSetting(
                f"features name the program {' '.join(self.program)!r}, which nobody has started here; if "
                "you trust it, make features with it once by `taglab features encode program`"
            )

    def _call(self, store: AudioStore, rows: Rows, alive: Callable[[], object]) -> Features:
        with scratch_folder(home() / UPLOADS, "program") as scratch:
            sound, out = scratch / "sound", scratch / f"vectors.{self.writes}"
            sound.mkdir()
            names = [f"{number:06d}" for number in range(len(rows))]
            for name, row in zip(names, rows.tolist(), strict=True):
                soundfile.write(sound / f"{name}{_ENDING}", store.whole(row), store.sample_rate_hz, "PCM_16")
            self._run(sound, out, scratch / "stderr", alive)
            if not out.is_file():
                raise self._error(f"ended without writing {out.name}, the file that its last word names")
            try:
                ids, vectors = rows_by_id(out) if self.writes == "csv" else _arrays(out)
            except DataError as error:
                raise self._error(f"wrote {out.name}, which cannot be taken: {error.reason}") from error
        tracks = store.tracks["track"].astype(str).iloc[rows].tolist()
        return self._in_order(dict(zip(names, tracks, strict=True)), ids, vectors)

    def _run(self, sound: Path, out: Path, errors: Path, alive: Callable[[], object]) -> None:
        command = [*self.program, str(sound), str(out)]
        with errors.open("wb") as file:
            try:
                process = subprocess.Popen(  # noqa: S603  # an argument list of the user's own, and no shell
                    command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
                )
            except OSError as error:
                raise self._error(f"cannot be started: {error.strerror or error}") from error
        try:
            latest = time.monotonic() + self.timeout_s
            while (code := _ended(process)) is None:
                if time.monotonic() > latest:
                    raise self._error(f"did not end within {self.timeout_s:g} s, and was stopped")
                alive()
        finally:
            _stop(process)
        if code:
            how = f"was stopped by signal {-code}" if code < 0 else f"ended with exit status {code}"
            raise self._error(f"{how}{_last_words(errors)}")

    def _in_order(self, track_of: dict[str, str], ids: Sequence[str], vectors: Any) -> Features:
        """Return vectors in the order of the files, (files, numbers)."""
        place_of: dict[str, int] = {}
        for place, one in enumerate(ids):
            name = Path(one).name.removesuffix(_ENDING)
            if name not in track_of:
                raise self._error(f"wrote a vector of {one!r}, and was given no such file")
            if name in place_of:
                raise self._error(f"wrote two vectors of {one!r}")
            place_of[name] = place
        lacking = [name for name in track_of if name not in place_of]
        if lacking:
            raise self._error(
                f"wrote no vector of {len(lacking):,} of {len(track_of):,} files, such as "
                f"{lacking[0]}{_ENDING} of track {track_of[lacking[0]]!r}"
            )
        with np.errstate(over="ignore"):  # which is infinity, and told so
            ordered = np.asarray(vectors).astype(np.float32)[[place_of[name] for name in track_of]]
        finite = np.isfinite(ordered).all(axis=1)
        if not finite.all():
            name = list(track_of)[int(np.argmin(finite))]
            raise self._error(f"wrote NaN or infinity of {name}{_ENDING}, of track {track_of[name]!r}")
        return ordered

    def _error(self, reason: str) -> DataError:
        return DataError(" ".join(self.program), reason)


def _arrays(path: Path) -> tuple[list[str], npt.NDArray[Any]]:
    """Return the names (n,) and the vectors (n, numbers) of an .npz."""
    arrays = read_arrays(path)
    if not {"ids", "vectors"} <= set(arrays):
        raise DataError(path, f"must hold the arrays ids and vectors; holds {', '.join(arrays) or 'none'}")
    ids, vectors = arrays["ids"], arrays["vectors"]
    if ids.ndim != 1 or ids.dtype.kind != "U":
        raise DataError(path, f"has ids {ids.shape} of {ids.dtype}, which must be (files,) of text")
    if (
        vectors.ndim != 2
        or len(vectors) != len(ids)
        or not vectors.shape[1]
        or vectors.dtype.kind not in "iuf"
    ):
        raise DataError(
            path,
            f"has vectors {vectors.shape} of {vectors.dtype}, which must be ({len(ids)}, numbers) of numbers",
        )
    return ids.tolist(), vectors


def _whole_path(word: str, command: bool) -> str:
    """Return a word, with its whole path if it is a file; a command without a folder is looked up later."""
    path = Path(word)
    searched = command and path.name == word
    return str(path.absolute()) if not searched and not path.is_absolute() and _is_file(path) else word


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a word that is too long, or holds what no path does
        return False


def _permission(program: Sequence[str]) -> Path:
    return home() / _PERMITTED / f"{content_key(list(program))}.json"


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """Return the exit status of a program that ends within a moment; None of one that goes on."""
    try:
        return process.wait(_LOOK_S)
    except subprocess.TimeoutExpired:
        return None


def _last_words(errors: Path) -> str:
    lines = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {lines[-1].strip()[:_LAST_WORDS]}" if lines else ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
