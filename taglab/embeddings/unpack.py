"""From a file, a folder, a gzip or a zip to the plain files inside; what could do harm is refused."""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from taglab.archives import (
    GZIP_START,
    START_BYTES,
    ZIP_STARTS,
    copy,
    opened_gzip,
    opened_zip,
    other_packing,
    read_arrays,
)
from taglab.errors import NO_SUCH_FILE, DataError, unreadable
from taglab.progress import Progress, silent

_PICKLE_ENDINGS = (".kv", ".pkl", ".pickle", ".p", ".model", ".joblib", ".pt", ".pth", ".ckpt")
# Protocols 2 and later begin with their number; earlier ones are text: a container, or a class by name.
_PICKLE_START = re.compile(rb"\x80[\x02-\x05]|\(?[dl]p\d+\n|\(?c[\w.]+\n\w+\n|\(lp\d+\n|\]q\x00|\}q\x00")
# In the header of a .npy file: an array of Python objects, which are pickled.
_OBJECTS = b"'|O'"
_VOCABULARY_NAMES = (
    "{stem}.txt",
    "{stem}.vocab",
    "{stem}.words",
    "{name}.txt",
    "vocabulary.txt",
    "vocab.txt",
    "words.txt",
    "{stem}.words.npy",
    "words.npy",
)
_NPZ = ".npz"


@dataclass(frozen=True)
class Plain:
    """A file to read vectors from, whatever it was packed in.

    Attributes:
        path: Where its bytes lie.
        shown: What messages call it: the file that was given.
        vocabulary: Of a .npy file: where its words lie, lines of text or an array of it.
        vocabulary_shown: What messages call that.
    """

    path: Path
    shown: Path
    vocabulary: Path | None = None
    vocabulary_shown: Path | None = None


def members(path: Path, opened: IO[bytes] | None = None) -> list[str]:
    """Return the names of the files that vectors may be read from, where a zip or a folder holds several.

    Args:
        path: A file or a folder.
        opened: The file where it is open already, and `path` only what it is called.

    Returns:
        The names to choose from, as `member` takes them; none where there is nothing to choose.

    Raises:
        DataError: If it is not there, or a zip that `opened_zip` refuses.
    """
    names: list[str] = []
    if opened is None and path.is_dir():
        names = [file.name for file in _inside(path)]
    elif zipfile.is_zipfile(opened or path):
        with opened_zip(path, opened=opened) as archive:
            names = [file.filename for file in archive.files]
    return several(names)


def several(names: Sequence[str]) -> list[str]:
    """Return which of the names of files are of vectors, where there is more than one to choose from."""
    words = set()
    for name in names:
        place = PurePosixPath(name)
        if place.suffix.lower() == ".npy":
            forms = (form.format(stem=place.stem, name=place.name) for form in _VOCABULARY_NAMES)
            words |= {str(place.with_name(form)) for form in forms}
    if all(name.lower().endswith(".npy") for name in names):
        return []  # an .npz, which is read whole
    found = [name for name in names if name not in words]
    return found if len(found) > 1 else []


@dataclass(frozen=True)
class Member:
    """A file, be it by itself or out of an archive.

    Attributes:
        source: The file or archive that was given.
        name: What it is called, of a zip's member with its folders.
        path: Where its bytes lie.
    """

    source: Path
    name: str
    path: Path


def unpack_all(path: Path, folder: Path, progress: Progress = silent) -> list[Member]:
    """Return every file under a path: of a zip or a gzip, what it holds, written to `folder`.

    Args:
        path: A file, or a folder of files; folders in it are not entered.
        folder: An existing folder for what is unpacked; names from inside an archive are not used.
        progress: Told how far each is.

    Raises:
        DataError: If a file is not there, empty, damaged, or packed in another way or in two; or a zip that
            `opened_zip` refuses.
    """
    if path.is_dir():
        return [found for file in _inside(path) for found in unpack_all(file, folder, progress)]
    start = _first_bytes(path, path)
    if start.startswith(ZIP_STARTS):
        with opened_zip(path) as archive:
            found = [Member(path, file.filename, _new_file(folder)) for file in archive.files]
            for file, member in zip(archive.files, found, strict=True):
                archive.unpack(file, member.path, progress)
                _refuse_packed(path, _first_bytes(member.path, path))
        return found
    if start.startswith(GZIP_START):
        target = _new_file(folder)
        _from_gzip(path, target, progress)
        return [Member(path, path.stem, target)]
    _refuse_packed(path, start)
    return [Member(path, path.name, path)]


def _new_file(folder: Path) -> Path:
    handle, name = tempfile.mkstemp(dir=folder)
    os.close(handle)
    return Path(name)


def _inside(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.is_file() and not _is_junk(file.name))


def source_files(path: Path, member: str | None = None) -> list[Path]:
    """Return the files that vectors under a path consist of: one, or a .npy file and its vocabulary.

    Args:
        path: A file, or a folder that holds one (as several uploaded together do).
        member: Which of the files of a folder; for a zip, `unpack` needs it.

    Raises:
        DataError: If there is nothing, too much, or something empty; or a .npy file without vocabulary.
    """
    if path.is_dir():
        inside = _inside(path)
        return [inside[number] for number in _choose(path, [file.name for file in inside], member)]
    if not path.exists():
        raise DataError(path, NO_SUCH_FILE)
    if not path.is_file():
        raise DataError(path, "is neither a file nor a folder, but a device or the like; give a file")
    refuse_pickle_name(path, path.name)
    if path.suffix.lower() == ".npy":
        if _OBJECTS in _first_bytes(path, path):
            raise DataError(path, why_no_pickle(".npy of Python objects"))
        return [path, _vocabulary_beside(path)]
    return [path]


def unpack(
    files: Sequence[Path], folder: Path, progress: Progress = silent, member: str | None = None
) -> Plain:
    """Return plain files: those given, or what they hold, written to `folder`.

    Args:
        files: As `source_files` returns them.
        folder: An existing, empty folder for what is unpacked; names from inside an archive are not used.
        progress: Told how far it is.
        member: Which of the files of a zip, where it holds several.

    Raises:
        DataError: If a file is empty, damaged, packed in another way or in two, far larger inside than
            outside, or a pickle; if a zip holds a path that leads outside, or several files and none of them
            is named, or not the one named.
    """
    if len(files) == 2:
        for file in files:
            _first_bytes(file, file)
        return Plain(files[0], files[0], files[1], files[1])
    path = files[0]
    start = _first_bytes(path, path)
    if start.startswith(ZIP_STARTS):
        if path.suffix.lower() == _NPZ:
            return _from_npz(path, folder)
        return _from_zip(path, folder, member, progress)
    if start.startswith(GZIP_START):
        _from_gzip(path, folder / "unpacked", progress)
        return Plain(folder / "unpacked", path)
    _refuse_packed(path, start)
    if path.suffix.lower() in (".gz", ".zip"):
        raise DataError(
            path, f"is called {path.suffix} but does not begin like one; was the download cut off?"
        )
    return Plain(path, path)


def refuse_pickle_name(path: Path, name: str) -> None:
    """Raise if a file's name says that only unpickling would open it."""
    ending = PurePosixPath(name.lower().removesuffix(".gz")).suffix
    if ending in _PICKLE_ENDINGS:
        raise DataError(path, why_no_pickle(ending))


def why_no_pickle(what: str) -> str:
    """Return why a pickle is refused, and what to convert it to."""
    return (
        f"is a pickle ({what}), and opening one runs whatever program its maker put into it, so taglab "
        "never does. If you trust it, convert it once to word2vec text, in Python: "
        "gensim.models.KeyedVectors.load(PATH).save_word2vec_format('vectors.txt'), with Word2Vec.load(PATH)"
        ".wv in place of KeyedVectors.load(PATH) for a whole model; or save an array with numpy.save as .npy "
        "and its words, one a line, as .txt beside it"
    )


def _first_bytes(file: Path, shown: Path) -> bytes:
    """Return how a file begins; raise if it is empty or cannot be read."""
    try:
        with file.open("rb") as opened:
            start = opened.read(START_BYTES)
    except OSError as error:
        raise unreadable(shown, error) from error
    if not start:
        raise DataError(shown, "is empty (0 bytes); was the download or the copy cut off?")
    return start


def _refuse_packed(shown: Path, start: bytes) -> None:
    """Raise if bytes begin like something that is not unpacked, or not again."""
    if start.startswith((GZIP_START, *ZIP_STARTS)):
        raise DataError(shown, "is packed twice; unpack it once and add what comes out")
    packer = other_packing(start)
    if packer:
        raise DataError(shown, f"is packed with {packer}; unpack it first, or pack it with gzip or zip")
    if _PICKLE_START.match(start):
        raise DataError(shown, why_no_pickle("it begins like one"))


def _vocabulary_beside(path: Path) -> Path:
    names = [form.format(stem=path.stem, name=path.name) for form in _VOCABULARY_NAMES]
    for name in names:
        if (path.parent / name).is_file():
            return path.parent / name
    raise DataError(
        path,
        f"holds numbers only, and its words are not beside it; put them, one a line, into {names[0]}",
    )


def _is_junk(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def _choose(shown: Path, names: Sequence[str], member: str | None = None) -> list[int]:
    """Return which of several files to read: that named, else the only one, or the .npy and its words."""
    if member is not None:
        return _named(shown, names, member)
    for name in names:
        refuse_pickle_name(shown, name)
    arrays = [number for number, name in enumerate(names) if name.lower().endswith(".npy")]
    if len(names) == 2 and len(arrays) == 1:
        return [arrays[0], 1 - arrays[0]]
    if len(names) == 1 and arrays:
        raise DataError(
            shown, "holds an array of numbers only; its words, one a line, must be with it as .txt"
        )
    if len(names) != 1:
        listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        inside = f"holds {len(names)} files ({listed})" if names else "holds no file"
        raise DataError(
            shown,
            f"{inside} where one is expected, or an .npy file and its words; name one of them (--member)",
        )
    return [0]


def _named(shown: Path, names: Sequence[str], member: str) -> list[int]:
    """Return the file of this name, and with a .npy file its vocabulary."""
    if member not in names:
        listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise DataError(shown, f"holds no {member!r}; it holds {listed or 'no file'}")
    refuse_pickle_name(shown, member)
    if not member.lower().endswith(".npy"):
        return [names.index(member)]
    place = PurePosixPath(member)
    for form in _VOCABULARY_NAMES:
        words = str(place.with_name(form.format(stem=place.stem, name=place.name)))
        if words in names:
            return [names.index(member), names.index(words)]
    raise DataError(shown, f"holds no words for {member!r}; they must be beside it, as {place.stem}.txt")


def _from_zip(path: Path, folder: Path, member: str | None, progress: Progress) -> Plain:
    with opened_zip(path) as archive:
        numbers = _choose(path, [file.filename for file in archive.files], member)
        plain = [folder / f"unpacked-{number}" for number in range(len(numbers))]
        for number, target in zip(numbers, plain, strict=True):
            archive.unpack(archive.files[number], target, progress)
            _refuse_packed(path, _first_bytes(target, path))
    return Plain(plain[0], path, *((plain[1], path) if len(plain) == 2 else ()))


def _from_gzip(path: Path, target: Path, progress: Progress) -> None:
    with opened_gzip(path) as stream:
        # How large it will be is not known; text of numbers packs about three times.
        copy(stream, target, 3 * path.stat().st_size, progress)
    _refuse_packed(path, _first_bytes(target, path))


def _from_npz(path: Path, folder: Path) -> Plain:
    """Lay the array of vectors and the array of words of an .npz down as files of their own."""
    arrays = read_arrays(path)
    texts = [array for array in arrays.values() if array.ndim == 1 and array.dtype.kind in "US"]
    tables = [array for array in arrays.values() if array.ndim == 2 and array.dtype.kind in "fiu"]
    if len(texts) != 1 or len(tables) != 1:
        held = ", ".join(f"{key} {array.dtype} {array.shape}" for key, array in arrays.items()) or "none"
        raise DataError(
            path, f"must hold one array of words (text) and one of vectors (words, dim); it holds {held}"
        )
    vectors, words = folder / "vectors.npy", folder / "words.npy"
    np.save(vectors, tables[0], allow_pickle=False)
    np.save(words, texts[0], allow_pickle=False)
    return Plain(vectors, path, words, path)
