"""`WordVectors`: words and their vectors, in memory-mapped files that open at once whatever their size."""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any, overload

import numpy as np
import numpy.typing as npt

from taglab.cache import (
    locked,
    read_manifest,
    read_object,
    read_whole,
    replacing,
    write_checksums,
    write_json,
)
from taglab.dropped import Dropped
from taglab.errors import DataError, NotFound

FloatArray = npt.NDArray[np.float32]
Block = tuple[list[str], FloatArray]

_FORMAT = 1
_ROWS_PER_BLOCK = 4096
_FILES = ("manifest.json", "vectors.npy", "words.utf8", "word_ends.npy")
_MANIFEST, _VECTORS, _TEXT, _ENDS = _FILES


class StoredWords(Sequence[str]):
    """Words as one run of UTF-8 and where each ends: nothing is decoded before it is asked for.

    Args:
        text: All words without separators, UTF-8, as bytes (size,).
        ends: Array (words,): the position after each word's last byte.
    """

    def __init__(self, text: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> None:
        self._text = text
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[row] for row in range(*index.indices(len(self))))
        row = range(len(self))[index]
        start = int(self._ends[row - 1]) if row else 0
        return bytes(self._text[start : int(self._ends[row])]).decode("utf-8")

    def __iter__(self) -> Iterator[str]:
        text, start = bytes(self._text), 0
        for end in self._ends.tolist():
            yield text[start:end].decode("utf-8")
            start = end


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words and their vectors, as they were read or trained: of any length, not yet composed to tags.

    Attributes:
        name: What they are called on the shelf; "own" for those trained on the folksonomy at hand.
        words: One a row, each once.
        vectors: Array (words, dim), float32, finite; may be memory-mapped and must not be written to.
        source: Where they come from, a phrase.
        dropped: What reading left out (the same word again, rows without a word).

    Raises:
        ValueError: If shapes disagree, or vectors held in memory are not finite.
    """

    name: str
    words: Sequence[str]
    vectors: FloatArray
    source: str = ""
    dropped: tuple[Dropped, ...] = ()
    _known_fingerprint: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.words):
            raise ValueError(
                f"vectors must be (words, dim) with {len(self.words)} rows, not {self.vectors.shape}"
            )
        if self.vectors.dtype != np.float32:
            raise ValueError(f"vectors must be float32, not {self.vectors.dtype}")
        # Memory-mapped ones were checked when they were written; reading all would cost what mapping saves.
        if not isinstance(self.vectors, np.memmap) and not np.isfinite(self.vectors).all():
            raise ValueError("vectors hold NaN or infinity")

    def __repr__(self) -> str:
        return f"<WordVectors {self.name}: {len(self)} words, {self.dim} dimensions>"

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._rows

    @property
    def dim(self) -> int:
        """Number of components."""
        return int(self.vectors.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """Content key of words and vectors; the name is not part of it."""
        if self._known_fingerprint:
            return self._known_fingerprint
        digest = _Digest()
        for words, rows in blocks(self.words, self.vectors):
            digest.add(words, rows)
        return digest.key()

    @cached_property
    def _rows(self) -> dict[str, int]:
        try:
            rows = {word: row for row, word in enumerate(self.words)}
        except UnicodeDecodeError as error:
            raise DataError(self.name, f"holds words that are damaged ({error}); add them again") from error
        if len(rows) != len(self.words):
            raise DataError(self.name, "holds a word twice, and so is damaged; add them again")
        return rows

    def release(self) -> None:
        """Give back the memory of vectors that are mapped from a file; they are read again when asked for."""
        mapped = getattr(self.vectors, "_mmap", None)
        if mapped is not None and hasattr(mapped, "madvise"):
            mapped.madvise(mmap.MADV_DONTNEED)

    def get(self, word: str) -> int | None:
        """Return the row of a word as it is spelled, None if there is none."""
        return self._rows.get(word)

    def row(self, word: str) -> int:
        """Return the row of a word as it is spelled.

        Raises:
            NotFound: If it has none.
        """
        row = self._rows.get(word)
        if row is None:
            raise NotFound(f"word {word!r} has no vector in {self.name}; words are case-sensitive")
        return row

    def save(self, folder: Path) -> None:
        """Write to a folder, atomically: an earlier one is replaced whole or not at all.

        Raises:
            StorageError: If the disk is full or the place cannot be written.
        """
        with locked(folder), replacing(folder) as temporary:
            self.write(temporary)

    def write(self, folder: Path) -> None:
        """Write to a new folder; raises OSError."""
        folder.mkdir()
        store(folder, blocks(self.words, self.vectors), self.dim, self.name, self.source, self.dropped)

    @classmethod
    def open(cls, folder: Path, name: str | None = None) -> WordVectors:
        """Map what `save` wrote into memory; nothing but its size is read before it is used.

        Args:
            folder: Where it lies.
            name: What to call it; the name it was saved under where None.

        Raises:
            DataError: If a file is missing, damaged, or of a newer format.
        """
        return read_whole(folder, lambda: cls._read(folder, name))

    @classmethod
    def _read(cls, folder: Path, name: str | None) -> WordVectors:
        try:
            manifest = read_manifest(folder, _MANIFEST, "add them again")
            if manifest["format"] > _FORMAT:
                raise DataError(folder, f"was written by a newer taglab (format {manifest['format']})")
            ends = np.load(folder / _ENDS, allow_pickle=False)
            size = int(ends[-1]) if len(ends) else 0
            text = np.memmap(folder / _TEXT, np.uint8, "r") if size else np.empty(0, np.uint8)
            if len(text) != size or (np.diff(ends, prepend=0) < 0).any():
                raise ValueError(f"{_TEXT} holds {len(text)} bytes where words end at others")
            return cls(
                name=name or manifest["name"],
                words=StoredWords(text, ends),
                vectors=_map(folder / _VECTORS) if len(ends) else np.empty((0, manifest["dim"]), np.float32),
                source=manifest["source"],
                dropped=tuple(
                    Dropped(**{**note, "examples": tuple(note["examples"])}) for note in manifest["dropped"]
                ),
                _known_fingerprint=manifest["fingerprint"],
            )
        except DataError:
            raise
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                folder, f"does not hold saved word vectors or is damaged ({error}); add them again"
            ) from error


def open_if_sound(folder: Path, name: str | None = None) -> WordVectors | None:
    """Return what lies in a folder of the cache; None if that is nothing, or damaged and to be made again."""
    if not folder.is_dir():
        return None
    try:
        return WordVectors.open(folder, name)
    except DataError:
        return None


def blocks(words: Sequence[str], vectors: npt.NDArray[Any]) -> Iterator[Block]:
    """Give words and rows a few thousand at a time, the rows as float32 in memory."""
    for start in range(0, len(words), _ROWS_PER_BLOCK):
        stop = start + _ROWS_PER_BLOCK
        yield list(words[start:stop]), np.ascontiguousarray(vectors[start:stop], dtype=np.float32)


def store(
    folder: Path,
    rows: Iterable[Block],
    dim: int,
    name: str,
    source: str,
    dropped: Sequence[Dropped] = (),
) -> int:
    """Write words and vectors to an existing, empty folder, holding one block in memory at a time.

    Args:
        folder: Where to write; the caller sees to it that it takes its place whole.
        rows: Words and their vectors (some words, dim), finite. Of a word that comes again the first is kept.
        dim: Number of components.
        name: What they are called.
        source: Where they come from, a phrase.
        dropped: What reading left out; repeated words are added to it, and those whose vector is all zeros,
            which say nothing. May grow while `rows` is consumed.

    Returns:
        How many words have a vector that says something.
    """
    seen: set[str] = set()
    repeated: list[str] = []
    zeros: list[str] = []
    n_repeated, n_zeros, digest = 0, 0, _Digest()
    ends: list[int] = []
    with (folder / _VECTORS).open("wb") as vectors_file, (folder / _TEXT).open("wb") as text_file:
        _write_header(vectors_file, 0, dim)
        for words, block in rows:
            fresh = _fresh(words, seen)
            if len(fresh) < len(words):
                again = sorted(set(range(len(words))) - set(fresh))
                n_repeated += len(again)
                repeated = (repeated + [words[position] for position in again])[:5]
                words, block = [words[position] for position in fresh], block[fresh]
            blank = np.flatnonzero(~block.any(axis=1))
            n_zeros += len(blank)
            zeros = (zeros + [words[position] for position in blank[:5]])[:5]
            encoded = [word.encode("utf-8") for word in words]
            vectors_file.write(block.astype("<f4", copy=False).tobytes())
            text_file.write(b"".join(encoded))
            ends.extend(
                np.cumsum([len(word) for word in encoded], dtype=np.int64) + (ends[-1] if ends else 0)
            )
            digest.add(words, block)
        vectors_file.seek(0)
        _write_header(vectors_file, len(ends), dim)
    np.save(folder / _ENDS, np.asarray(ends, np.int64))
    notes = list(dropped)
    if n_repeated:
        notes.append(Dropped("the same word again; the first is kept", n_repeated, "words", tuple(repeated)))
    if n_zeros:
        notes.append(
            Dropped("a vector of zeros only: the word counts as unknown", n_zeros, "words", tuple(zeros))
        )
    manifest = {
        "format": _FORMAT,
        "name": name,
        "words": len(ends),
        "dim": dim,
        "source": source,
        "dropped": [asdict(note) for note in notes],
        "fingerprint": digest.key(),
    }
    write_json(folder / _MANIFEST, manifest)
    write_checksums(folder, _FILES)
    return len(ends) - n_zeros


def _map(path: Path) -> FloatArray:
    mapped: FloatArray = np.load(path, mmap_mode="r", allow_pickle=False)
    return mapped


def put(stored: Path, folder: Path, name: str) -> None:
    """Lay stored vectors down under another folder and name, atomically; big files are shared, not copied."""
    manifest = read_object(stored / _MANIFEST)
    with locked(folder), replacing(folder) as temporary:
        temporary.mkdir()
        for file in (_VECTORS, _TEXT, _ENDS):
            try:
                # Stored files are never written to again, so that two names may stand for one file.
                os.link(stored / file, temporary / file)
            except OSError:
                shutil.copyfile(stored / file, temporary / file)
        write_json(temporary / _MANIFEST, {**manifest, "name": name})
        write_checksums(temporary, _FILES)


def _fresh(words: Sequence[str], seen: set[str]) -> list[int]:
    """Return the positions of words not yet seen, and mark them seen."""
    positions = []
    for position, word in enumerate(words):
        if word not in seen:
            seen.add(word)
            positions.append(position)
    return positions


def _write_header(file: IO[bytes], n_words: int, dim: int) -> None:
    """Write a .npy header; numpy leaves room in it for the number of rows to grow."""
    np.lib.format.write_array_header_1_0(
        file, {"descr": "<f4", "fortran_order": False, "shape": (n_words, dim)}
    )


class _Digest:
    """Content key of words and vectors that come block by block; where blocks end does not matter."""

    def __init__(self) -> None:
        self._words = hashlib.blake2b(digest_size=16)
        self._vectors = hashlib.blake2b(digest_size=16)
        self._n = 0

    def add(self, words: Sequence[str], rows: FloatArray) -> None:
        encoded = [word.encode("utf-8") for word in words]
        self._words.update(b"".join(b"%d %b" % (len(word), word) for word in encoded))
        self._vectors.update(rows.astype("<f4", copy=False).tobytes())
        self._n += len(words)

    def key(self) -> str:
        whole = f"{self._n} {self._words.hexdigest()} {self._vectors.hexdigest()}"
        return hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()
