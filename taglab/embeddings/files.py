"""Word vectors from a file of any format: read once, then mapped from a copy kept under its content."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from taglab.cache import content_key, derived_path, keep, read_object, replacing
from taglab.dropped import Dropped
from taglab.embeddings.formats import READERS, layout
from taglab.embeddings.unpack import source_files, unpack
from taglab.embeddings.words import WordVectors, open_if_sound, store
from taglab.errors import DataError, TaglabError, unreadable
from taglab.progress import Progress, between, silent

# Raised when reading changes, so that copies made by earlier readers are made anew.
_READER = 3
_KIND, _SEEN = "word-vectors", "word-vector-files"
_SETTLED_S = 2.0
_SHARE_OF_UNPACKING = 0.15


def read_vectors(
    path: Path, name: str, progress: Progress = silent, member: str | None = None
) -> WordVectors:
    """Return the word vectors of a file.

    GloVe text, word2vec text and binary and fastText `.vec`, plain or packed with gzip or zip, and `.npy`
    with a vocabulary beside it (of the same name but ending in `.txt`, one word a line) or in the same zip,
    and `.npz` of an array of words and one of vectors.
    What a file is, is told from its content. The first reading lays a copy down in the cache, and every
    later one of the same content maps that into memory.

    Args:
        path: The file; or a folder that holds nothing else.
        name: What to call the vectors.
        progress: Told how far it is.
        member: Name of the file within a zip or folder, where it holds several.

    Raises:
        DataError: If the file is missing, empty, damaged, a pickle, unsafe to unpack, or a row of it is
            wrong; names the line.
        StorageError: If the copy cannot be written.
    """
    return replace(WordVectors.open(stored_vectors(path, progress, member)), name=name)


def stored_vectors(path: Path, progress: Progress = silent, member: str | None = None) -> Path:
    """Return the folder of the cache that holds the vectors of a file; it is made at first use."""
    try:
        files = source_files(path, member)
    except TaglabError:
        raise
    except OSError as error:
        raise unreadable(path, error) from error
    within = None if path.is_dir() else member
    key = _content(files)
    folder = derived_path(_KIND, key if within is None else content_key(key, within), "")
    if open_if_sound(folder) is None:
        _convert(files, folder, within, progress)
    return folder


def _convert(files: Sequence[Path], folder: Path, member: str | None, progress: Progress) -> None:
    with replacing(folder) as temporary:
        temporary.mkdir()
        unpacked = temporary / "unpacked"
        unpacked.mkdir()
        plain = unpack(files, unpacked, between(progress, 0.0, _SHARE_OF_UNPACKING), member)
        found = layout(plain)
        dropped: list[Dropped] = []
        rows = READERS[found.format](plain, found, dropped, between(progress, _SHARE_OF_UNPACKING, 1.0))
        name = files[0].name if member is None else f"{files[0].name}: {member}"
        if not store(temporary, rows, found.dim, name, f"{name} ({found.format})", dropped):
            raise DataError(
                plain.shown, "holds vectors of zeros only, which say nothing; is it the right file?"
            )
        shutil.rmtree(unpacked)


def _content(files: Sequence[Path]) -> str:
    """Return the content key of files, without reading again what has been read and not touched since."""
    try:
        states = [(str(file.resolve()), file.stat()) for file in files]
        stamp = content_key(
            _READER, [(path, state.st_size, state.st_mtime_ns, state.st_ino) for path, state in states]
        )
        note = derived_path(_SEEN, stamp, ".json")
        with contextlib.suppress(DataError, KeyError):
            # A damaged note only means that the file is read again.
            return str(read_object(note)["content"])
        key = content_key(_READER, [file.suffix.lower() for file in files], *files)
    except OSError as error:
        raise unreadable(files[0], error) from error
    # A file written a moment ago could change again within the clock's grain, and would look the same.
    if all(time.time() - state.st_mtime > _SETTLED_S for _, state in states):
        keep(note, key, _note)
    return key


def _note(path: Path, content: str) -> None:
    path.write_text(json.dumps({"content": content}), encoding="utf-8")
