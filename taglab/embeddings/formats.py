"""How each format of word vectors is read: plain files in, blocks of words and finite rows out."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import orjson

from taglab.dropped import Dropped
from taglab.embeddings.unpack import Plain, why_no_pickle
from taglab.embeddings.words import Block, FloatArray, blocks
from taglab.errors import DataError
from taglab.progress import Progress, counted, silent

_ROWS_PER_BLOCK = 1024
_NO_NUMBER = "NaN, infinity or a number beyond 3e38"
_LONGEST_LINE_BYTES = 4 << 20
_DIGITS_AND_SIGNS = b"0123456789.eE+- "
_SAMPLE_BYTES = 1 << 16
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_SPACE = re.compile(rb"[ \t]+")
_WHOLE_NUMBER = re.compile(rb"\d+")
_SAMPLE_LINES = 1000
_NPY = b"\x93NUMPY"
_FASTTEXT_MODEL = (793712314).to_bytes(4, "little")


@dataclass(frozen=True)
class Layout:
    """What the first lines of a file say.

    Attributes:
        format: A key of `READERS`.
        dim: Number of components.
        n_words: How many words the header promises; None where there is no header.
        data_start: Where the rows begin, in bytes.
    """

    format: str
    dim: int
    n_words: int | None = None
    data_start: int = 0


def layout(plain: Plain) -> Layout:
    """Tell the format of a file from its first bytes.

    Raises:
        DataError: If it is none of those that are read.
    """
    with plain.path.open("rb") as file:
        start = file.read(8)
        if start.startswith(_NPY):
            return Layout("npy", _npy_shape(plain, file)[1])
        if start.startswith(_FASTTEXT_MODEL):
            raise DataError(
                plain.shown, "is a whole fastText model (.bin); add the .vec file that is published beside it"
            )
        file.seek(len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0)
        data_start = file.tell()
        first, second = _line(file, plain.shown, 1), file.readline(_LONGEST_LINE_BYTES)
        file.seek(data_start + len(first))
        is_text = _is_text(file.read(_SAMPLE_BYTES))
        header = _header(first, second, is_text)
        if header is None:
            file.seek(data_start)
            return Layout("text", _dim_of(_sample_lines(file), plain.shown), None, data_start)
        n_words, dim = header
        if not n_words or not dim:
            raise DataError(
                plain.shown, f"promises {n_words} words of {dim} numbers; there is nothing in it", 1
            )
        if is_text and 2 * dim > _LONGEST_LINE_BYTES:
            raise DataError(plain.shown, f"promises {dim:,} numbers a word, more than a line can hold", 1)
        return Layout("text" if is_text else "binary", dim, n_words, data_start + len(first))


def _header(first: bytes, second: bytes, is_text: bool) -> tuple[int, int] | None:
    """Return words and dimensions if the first line is a header rather than a word and its only number."""
    fields = first.split()
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 16 for field in fields):
        return None
    n_words, dim = int(fields[0]), int(fields[1])
    return None if is_text and dim != 1 and len(second.split()) == 2 else (n_words, dim)


def _is_text(sample: bytes) -> bool:
    """Tell rows of text from the float32 bytes of word2vec's binary format."""
    numbers = [_is_number(field) for field in sample.split(b"\n", 1)[0].split()[1:]]
    if numbers and all(numbers):
        return True
    if _CONTROL.search(sample):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        # Words of another encoding beside numbers are still text, and are told as such when they are read.
        return any(numbers)
    return True


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


def _sample_lines(file: IO[bytes]) -> list[bytes]:
    """Return the first lines from where a file stands, without blank ones and the one that the sample cut."""
    sample = file.read(_SAMPLE_BYTES)
    sample += file.readline(_LONGEST_LINE_BYTES)
    return [line for line in sample.split(b"\n")[:_SAMPLE_LINES] if line.strip()]


def _dim_of(lines: Sequence[bytes], shown: Path) -> int:
    """Return how many numbers end most rows of a file without header.

    The first row alone does not decide: its word may end in whole numbers of its own ("blink 182"). It does
    where that is a draw and it has none.
    """
    if not lines or not _numbers_at_end(lines[0]):
        raise DataError(
            shown,
            "does not begin like word vectors; each line should be a word and its numbers",
            1,
        )
    lengths = Counter(length for length in map(_numbers_at_end, lines) if length)
    most = max(lengths.values())
    usual = [length for length, times in lengths.items() if times == most]
    first = _numbers_at_end(lines[0])
    numbers = lines[0].split()[-first:]
    is_phrase = _WHOLE_NUMBER.fullmatch(numbers[0]) and any(b"." in number for number in numbers)
    return first if first in usual and not is_phrase else min(usual)


def _numbers_at_end(line: bytes) -> int:
    fields = line.split()
    numbers = 0
    while numbers < len(fields) - 1 and _is_number(fields[-1 - numbers]):
        numbers += 1
    return numbers


def _line(file: IO[bytes], shown: Path, number: int) -> bytes:
    line = file.readline(_LONGEST_LINE_BYTES)
    if len(line) == _LONGEST_LINE_BYTES:
        raise DataError(
            shown, f"is longer than {_LONGEST_LINE_BYTES:,} bytes; this is no text of word vectors", number
        )
    return line


def read_text(
    plain: Plain, found: Layout, dropped: list[Dropped], progress: Progress = silent
) -> Iterator[Block]:
    """Give the rows of GloVe, word2vec or fastText text.

    gensim reads these too, but takes a row of a single number for all of its components, lets NaN pass, ends
    early without a word where the header promises too few, names no line, and needs fifteen times as long;
    a test holds what is read here against what gensim reads of a sound file.

    Raises:
        DataError: With its line, for a row of another length, something that is no finite number, a word
            that is not UTF-8, or a header that promises another number of words.
    """
    shown, dim, size = plain.shown, found.dim, plain.path.stat().st_size
    words: list[str] = []
    lines: list[int] = []
    rows = np.empty((_ROWS_PER_BLOCK, dim), np.float32)
    n_rows, number = 0, 0 if found.n_words is None else 1
    with plain.path.open("rb") as file:
        file.seek(found.data_start)
        while line := _line(file, shown, number + 1):
            number += 1
            stripped = line.rstrip()
            if not stripped:
                continue
            word, values = _row(stripped, dim, shown, number)
            with np.errstate(over="ignore"):
                rows[len(words)] = values
            words.append(word)
            lines.append(number)
            if len(words) == _ROWS_PER_BLOCK:
                yield _finite(words, rows, lines, shown)
                n_rows += len(words)
                words, lines = [], []
                progress(file.tell() / size, f"reading, {n_rows:,} words")
    n_rows += len(words)
    if found.n_words is not None and found.n_words != n_rows:
        raise DataError(
            shown,
            f"promises {found.n_words:,} words, but {n_rows:,} rows follow; was the file cut off, or joined?",
            1,
        )
    if words:
        yield _finite(words, rows[: len(words)], lines, shown)


def _row(line: bytes, dim: int, shown: Path, number: int) -> tuple[str, list[float]]:
    """Return the word and the numbers of one row."""
    word, _, rest = line.partition(b" ")
    if rest.count(b" ") == dim - 1 and not rest.translate(None, _DIGITS_AND_SIGNS):
        try:
            # Parsing JSON is the fastest way to floats; what is no JSON ("+1", ".5") goes the long way.
            return _word(word, shown, number), orjson.loads(b"[%b]" % rest.replace(b" ", b","))
        except orjson.JSONDecodeError:
            pass
    fields = _SPACE.split(line)
    if len(fields) <= dim:
        raise DataError(
            shown, f"has {len(fields) - 1} numbers where {dim} are expected; was it cut off?", number
        )
    parts, texts = fields[:-dim], fields[-dim:]
    for position, text in enumerate(texts, 1):
        if not _is_number(text):
            raise DataError(shown, f"value {position} of {dim}, {_quoted(text)}, is not a number", number)
    # Words may be phrases, and end in whole numbers ("blink 182") where the vector's own are none; any other
    # number in the place of a word is a wrong length.
    measures = any(b"." in text for text in texts)
    if any(_is_number(part) and not (measures and _WHOLE_NUMBER.fullmatch(part)) for part in parts[1:]):
        raise DataError(
            shown,
            f"has {len(fields) - 1} numbers where {dim} are expected; are two files joined in one?",
            number,
        )
    return _word(b" ".join(parts), shown, number), [float(text) for text in texts]


def _word(word: bytes, shown: Path, number: int) -> str:
    try:
        return word.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            shown, f"the word {_quoted(word)} is not UTF-8; save the file in UTF-8 first", number
        ) from error


def _quoted(text: bytes) -> str:
    shortened = text[:40].decode("utf-8", "backslashreplace")
    return repr(shortened + ("…" if len(text) > 40 else ""))


def _finite(words: list[str], rows: FloatArray, lines: list[int], shown: Path) -> Block:
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise DataError(shown, f"the vector of {words[bad[0]]!r} holds {_NO_NUMBER}", lines[bad[0]])
    return words, rows


def read_binary(
    plain: Plain, found: Layout, dropped: list[Dropped], progress: Progress = silent
) -> Iterator[Block]:
    """Give the rows of word2vec's binary format, read by gensim.

    Raises:
        DataError: If the header promises more or less than the file holds, a word is not UTF-8, or a number
            is not finite.
    """
    from gensim.models import KeyedVectors

    shown, n_words, dim = plain.shown, found.n_words or 0, found.dim
    size = plain.path.stat().st_size - found.data_start
    # Looked at first, since gensim makes room for whatever a header promises.
    if n_words * (4 * dim + 1) > size:
        raise DataError(
            shown,
            f"promises {n_words:,} words of {dim} numbers, {n_words * (4 * dim + 1):,} bytes, but {size:,} "
            "follow; was the file cut off?",
        )

    class Watched(KeyedVectors):  # type: ignore[misc]
        def add_vector(self, key: str, vector: FloatArray) -> int:
            row = super().add_vector(key, vector)
            if row % _ROWS_PER_BLOCK == 0:
                progress(row / n_words, counted("reading words", row, n_words))
            return int(row)

    try:
        read = Watched.load_word2vec_format(str(plain.path.resolve()), binary=True)
    except UnicodeDecodeError as error:
        raise DataError(shown, "holds a word that is not UTF-8, or its header is wrong") from error
    except (EOFError, ValueError) as error:
        raise DataError(
            shown, f"is not word2vec binary as its header says ({error}); was it cut off?"
        ) from error
    n_distinct = int(read.next_index)
    words = read.index_to_key[:n_distinct]
    if n_distinct == n_words:
        # After each vector there may be a line feed, as the original program writes it.
        rest = size - sum(len(word.encode("utf-8")) for word in words) - n_words * (4 * dim + 1)
        if not 0 <= rest <= n_words:
            raise DataError(
                shown, f"promises {n_words:,} words, but {rest:,} more bytes follow; was it joined?"
            )
    else:
        dropped.append(Dropped("the same word again; the first is kept", n_words - n_distinct, "words"))
    for names, rows in blocks(words, read.vectors[:n_distinct]):
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(bad):
            raise DataError(shown, f"the vector of {names[bad[0]]!r} holds {_NO_NUMBER}")
        yield names, rows


def read_npy(
    plain: Plain, found: Layout, dropped: list[Dropped], progress: Progress = silent
) -> Iterator[Block]:
    """Give the rows of a .npy array (words, dim) and the lines of its vocabulary.

    Raises:
        DataError: If the array is cut off, the vocabulary has another number of lines or is not UTF-8, or a
            number is not finite.
    """
    try:
        array = np.load(plain.path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError) as error:
        raise DataError(plain.shown, f"is cut off or damaged ({error})") from error
    words = _vocabulary(plain)
    if len(words) != len(array):
        raise DataError(
            plain.vocabulary_shown or plain.shown,
            f"holds {len(words):,} words, but {plain.shown.name} has {len(array):,} rows; "
            "one word a line, one per row",
        )
    for start in range(0, len(words), _ROWS_PER_BLOCK):
        names = words[start : start + _ROWS_PER_BLOCK]
        with np.errstate(over="ignore"):
            rows = np.array(array[start : start + len(names)], np.float32)
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(bad):
            raise DataError(
                plain.shown, f"row {start + bad[0]} ({names[bad[0]]!r}, counted from 0) holds {_NO_NUMBER}"
            )
        yield names, rows
        progress(start / len(words), counted("reading words", start, len(words)))


def _vocabulary(plain: Plain) -> list[str]:
    """Return the words of a .npy file: an array of text, or lines; blanks at their edges are left off."""
    path, shown = plain.vocabulary or plain.path, plain.vocabulary_shown or plain.shown
    if path.suffix == ".npy":
        return [word.strip() for word in _array_of_words(path, shown)]
    lines = path.read_bytes().removeprefix(codecs.BOM_UTF8).split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [_word(line, shown, number).strip() for number, line in enumerate(lines, 1)]


def _array_of_words(path: Path, shown: Path) -> list[str]:
    try:
        words = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(shown, f"has words that are no plain array of text ({error})") from error
    if words.ndim != 1 or words.dtype.kind not in "US":
        raise DataError(shown, f"has {words.dtype} of shape {words.shape} for words; save .astype(str)")
    return [_word(one, shown, 0) if isinstance(one, bytes) else str(one) for one in words.tolist()]


def _npy_shape(plain: Plain, file: IO[bytes]) -> tuple[int, int]:
    """Return rows and columns from the header of a .npy file; nothing is unpickled."""
    file.seek(0)
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
    except ValueError as error:
        raise DataError(plain.shown, f"has a damaged .npy header ({error})") from error
    if dtype.hasobject:
        raise DataError(plain.shown, why_no_pickle(".npy of Python objects"))
    if len(shape) != 2 or not all(shape) or dtype.kind not in "fiu":
        raise DataError(
            plain.shown, f"holds {dtype} of shape {shape}; it should be numbers of shape (words, dim)"
        )
    expected, size = file.tell() + int(np.prod(shape)) * dtype.itemsize, plain.path.stat().st_size
    if expected != size:
        raise DataError(
            plain.shown,
            f"should be {expected:,} bytes by its header but is {size:,}; was it cut off or joined?",
        )
    return int(shape[0]), int(shape[1])


READERS: dict[str, Callable[[Plain, Layout, list[Dropped], Progress], Iterator[Block]]] = {
    "text": read_text,
    "binary": read_binary,
    "npy": read_npy,
}
