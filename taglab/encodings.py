"""How the bytes of a text file are to be read: by its byte-order mark, as UTF-8, else as is most likely."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from taglab.errors import DataError, InvalidSetting

# What text is written in where it is not Unicode; of several that fit, the first that reads as words.
LIKELY = (
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "cp932", "euc_jp", "gb18030", "big5", "cp949",
)  # fmt: skip
_OF_LATIN_LETTERS = ("cp1252", "cp1250", "cp1254", "cp1257")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = {
    b"\x93NUMPY": "a NumPy array (.npy)",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow or Feather file",
    b"FEA1": "a Feather file",
    b"\x89HDF": "an HDF5 file",
    b"MATLAB 5.0 MAT": "a MATLAB file",
    b"RDX": "an R workspace",
    b"SQLite format 3": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an Excel or Word file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"ID3": "sound",
    b"fLaC": "sound",
    b"OggS": "sound",
    b"RIFF": "sound",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"\x1f\x8b": "packed once more with gzip",
    b"PK\x03\x04": "packed as a zip",
}
_UNPRINTABLE = bytes(set(range(32)) - set(b"\t\n\r\f\x00\x1b"))
_SHARE_UNPRINTABLE = 0.1
_CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16
_SHARE_OF_ZEROS = 0.3
_SHARE_OF_LETTERS = 0.9
_SAMPLE_LINES = 1000
_SURROGATE = re.compile("[\udc80-\udcff]")
_PUNCTUATION = frozenset("‘’‚“”„–—…«»°·´©®€£¡¿ ")


@dataclass(frozen=True)
class Encoding:
    """How a text is encoded.

    Attributes:
        name: Python's name of it.
        guessed: Whether it is only likely: the text is no Unicode and bears no mark.
    """

    name: str
    guessed: bool = False

    @property
    def errors(self) -> str:
        """How bytes that it does not have are read; UTF-16 and UTF-32 have no surrogates to spare."""
        return "replace" if self.name.startswith(("utf-16", "utf-32")) else "surrogateescape"


def named_encoding(name: str) -> Encoding:
    """Return the encoding that somebody names.

    Raises:
        InvalidSetting: If Python knows none of this name.
    """
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError) as error:
        raise InvalidSetting(f"encoding={name!r} must name one that Python knows, such as cp1252") from error
    try:
        "".encode(known.name)
    except LookupError as error:  # of codecs that are none of text, such as base64
        raise InvalidSetting(f"encoding={name!r} must be one of text, such as cp1252") from error
    return Encoding("utf-8-sig" if known.name == "utf-8" else known.name)


def encoding_of(file: IO[bytes]) -> Encoding:
    """Tell how a text is encoded, reading it through once.

    A byte-order mark decides; without one, every other byte being zero means UTF-16. Text that is UTF-8, or
    is but for fewer places than there are other letters beyond ASCII, is UTF-8. Anything else is guessed
    among `LIKELY`.
    """
    start = file.read(_SAMPLE_BYTES)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return Encoding(name)
    for place, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = start[place:1024:2]
        if half.count(0) > _SHARE_OF_ZEROS * len(half):
            return Encoding(name)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    n_invalid, n_letters, sample = 0, 0, b""
    for chunk in _chunks(start, file):
        if chunk.isascii():
            continue
        text = decoder.decode(chunk)
        in_chunk = len(_SURROGATE.findall(text))
        n_invalid += in_chunk
        n_letters += len(text) - len(text.encode("ascii", "ignore")) - in_chunk
        if in_chunk and len(sample) < _SAMPLE_BYTES:
            sample += b"\n".join(islice(_lines_beyond_ascii(chunk), _SAMPLE_LINES))
    n_invalid += len(decoder.decode(b"", final=True))
    if n_invalid <= n_letters:
        return Encoding("utf-8-sig")
    return Encoding(_most_likely(sample), guessed=True)


def decoded(data: bytes) -> tuple[str, Encoding]:
    """Return the text of a whole file, without its mark, and how it is encoded."""
    encoding = encoding_of(io.BytesIO(data))
    text = data.decode(encoding.name, encoding.errors)
    return text.removeprefix("\ufeff"), encoding


def guessed_note(encoding: Encoding) -> str:
    """Return a sentence about an encoding that was only likely."""
    return f"The text is not UTF-8; it was read as {encoding.name}, which is likely but not certain."


def _lines_beyond_ascii(chunk: bytes) -> Iterator[bytes]:
    """Yield the lines that hold more than ASCII, of a long one the beginning."""
    return (line[:_SAMPLE_BYTES] for line in chunk.splitlines() if not line.isascii())


def _chunks(start: bytes, file: IO[bytes]) -> Iterator[bytes]:
    yield start
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _most_likely(sample: bytes) -> str:
    """Guess what a text that is not UTF-8 is written in, from some lines of it."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=list(LIKELY)).best()
    if best is None:
        return "cp1252"
    # Languages of Latin letters are hard to tell apart in a few words: Western European unless signs would
    # stand where letters should.
    western = [one for one in sample.decode("cp1252", "replace") if not one.isascii()]
    letters = sum(one.isalpha() or one in _PUNCTUATION for one in western)
    is_western = best.encoding in _OF_LATIN_LETTERS and letters >= _SHARE_OF_LETTERS * len(western)
    return "cp1252" if is_western else best.encoding


def refuse_binary(path: Path, start: bytes) -> None:
    """Raise DataError where a file that should be text begins like something else; says what it is."""
    for magic, what in _BINARY.items():
        if start.startswith(magic):
            raise DataError(path, f"is binary ({what}), not text; save or export it as CSV")
    unprintable = len(start) - len(start.translate(None, _UNPRINTABLE))
    if unprintable > _SHARE_UNPRINTABLE * len(start):
        raise DataError(path, "is binary, not text; save or export it as CSV")
