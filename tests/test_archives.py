"""What archives may hold, in whatever reader: each hostile or damaged kind ends in its own sentence."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from taglab.archives import Limits, LinesWithin, opened_gzip, opened_zip, other_packing, read_arrays
from taglab.audio.library import audio_files
from taglab.embeddings import read_vectors
from taglab.errors import DataError
from taglab.outcomes.files import read_scores
from taglab.runs import import_run
from taglab.sources import read

TEXT = b"track,tag\na,rock\nb,pop\n"


def packed(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def link() -> bytes:
    held = io.BytesIO()
    info = zipfile.ZipInfo("link.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return held.getvalue()


def encrypted() -> bytes:
    data = bytearray(packed({"a.csv": TEXT}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    return bytes(data)


def twice() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.filelist.append(archive.infolist()[0])
    return held.getvalue()


def overlapping(n: int = 40) -> bytes:
    """Many names for one packed member: small in each, large together."""
    held = io.BytesIO(packed({"00.csv": bytes(1_000_000)}))
    with zipfile.ZipFile(held, "a") as archive:
        one = archive.infolist()[0]
        for number in range(1, n):
            again = zipfile.ZipInfo(f"{number:02d}.csv")
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(again, name, getattr(one, name))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
        archive._didModify = True
    return held.getvalue()


HOSTILE: dict[str, tuple[bytes, str]] = {
    "upwards": (packed({"../a.csv": TEXT}), "leads outside"),
    "root": (packed({"/etc/a.csv": TEXT}), "leads outside"),
    "drive": (packed({"C:/a.csv": TEXT}), "leads outside"),
    "backslash": (packed({"..\\a.csv": TEXT}), "leads outside"),
    "link": (link(), "'link.csv', which is a link"),
    "encrypted": (encrypted(), "'a.csv', which is encrypted"),
    "lzma": (packed({"a.csv": TEXT}, zipfile.ZIP_LZMA), "'a.csv', which is packed in an unusual way"),
    "bzip2": (packed({"a.csv": TEXT}, zipfile.ZIP_BZIP2), "'a.csv', which is packed in an unusual way"),
    "twice": (twice(), "holds a file twice"),
    "cut": (packed({"a.csv": TEXT})[:-5], "is not a zip, was cut off, or is damaged"),
    "tail": (b"junk" + packed({"a.csv": TEXT}), "does not begin with its first file"),
    "many": (packed({f"{number}.csv": b"" for number in range(1_000_001 // 500)}), "files, more than"),
}
READERS: dict[str, Callable[[Path], object]] = {
    "table": lambda path: read("table", path, "x"),
    "vectors": lambda path: read_vectors(path, "x"),
    "run": import_run,
    "arrays": read_arrays,
    "scores": read_scores,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_every_reader_refuses_what_one_refuses(tmp_path: Path, reader: str, kind: str) -> None:
    content, reason = HOSTILE[kind]
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    if kind == "tail":  # whose beginning already is no zip's; readers that go by it take it for text
        with pytest.raises(DataError, match=reason), opened_zip(path):
            pass
        return
    with pytest.raises(DataError, match=reason):
        READERS[reader](path)


@pytest.mark.parametrize("kind", ["upwards", "link", "encrypted", "lzma", "twice", "cut"])
def test_so_does_the_reader_of_sound(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(HOSTILE[kind][0])
    with pytest.raises(DataError, match=HOSTILE[kind][1]), audio_files(path):
        pass


def test_files_that_share_their_bytes_are_counted_together(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(overlapping())
    with opened_zip(path, Limits(always_allowed_bytes=64 << 20)) as archive:
        assert len(archive.files) == 40
    with (
        pytest.raises(DataError, match=r"x\.zip: unpacks to more than 16,777,216 bytes"),
        opened_zip(path),
    ):
        pass


@pytest.mark.parametrize("large", [False, True])
def test_a_list_of_very_many_files_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    path = tmp_path / "x.zip"
    if large:  # as zips of more than 65,535 files are ended
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
    path.write_bytes(packed({f"{number:05d} {'x' * 80}": b"" for number in range(2_000)}))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    said = "lists its files in 264,000 bytes, more than 100 files need"
    with pytest.raises(DataError, match=said), opened_zip(path, Limits(most_files=100)):
        pass


def test_arrays_of_a_shape_that_numpy_cannot_have_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    for shape in ("(1," * 1 + "1," * 69 + ")", f"({2**62}, {2**62}, 0)"):
        head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
        head += b" " * (-(len(head) + 11) % 64) + b"\n"
        content = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head
        path.write_bytes(packed({"a.npy": content + bytes(4 if "0)" not in shape else 0)}))
        with pytest.raises(DataError, match=r"has the shape .* which is none"):
            read_arrays(path)


def test_a_member_larger_than_it_says_is_damaged(tmp_path: Path) -> None:
    data = bytearray(packed({"a.csv": TEXT * 50}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with (
        opened_zip(path) as archive,
        archive.opened(archive.files[0]) as stream,
        pytest.raises(DataError, match=r"'a\.csv', which is cut off or damaged"),
    ):
        stream.read()


def test_one_flipped_bit_is_met_when_all_is_read(tmp_path: Path) -> None:
    data = bytearray(packed({"a.csv": TEXT}, zipfile.ZIP_STORED))
    data[data.index(b"rock")] ^= 1
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with opened_zip(path) as archive, pytest.raises(DataError, match="CRC"):
        archive.check()


@pytest.mark.parametrize("name", ["bomb.csv.zip", "bomb.csv.gz"])
def test_a_table_that_swells_beyond_reason_is_refused_early(tmp_path: Path, name: str) -> None:
    """One line of hundreds of MiB in little: refused when 16 MiB of it were seen."""
    path = tmp_path / name
    if name.endswith("gz"):
        piece = zlib.compressobj(9, wbits=31)
        path.write_bytes(b"".join(piece.compress(bytes(1 << 24)) for _ in range(4)) + piece.flush())
        reason = r"line 1: is longer than 16,777,216 bytes"
    else:
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("a", "w", force_zip64=True) as out,
        ):
            for _ in range(24):
                out.write(bytes(1 << 24))
        reason = r"'a', which unpacks to more than \d{3},\d{3},\d{3} bytes"
    with pytest.raises(DataError, match=reason):
        read("table", path, "x")


def test_a_gzip_of_many_lines_that_swells_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"a\n" * (1 << 20)))
    limits = Limits(largest_ratio=10, always_allowed_bytes=1 << 10)
    with opened_gzip(path, limits) as stream, pytest.raises(DataError, match="unpacks to more than"):
        stream.read()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_long_line_is_refused_with_its_number(end: bytes) -> None:
    text = b"ab" + end + b"abcd" + end + b"abcdefgh" + end
    within = io.BufferedReader(LinesWithin(Path("x"), io.BytesIO(text), 8 + len(end)))
    assert within.read() == text
    with pytest.raises(DataError, match="x, line 3: is longer than 7 bytes"):
        io.BufferedReader(LinesWithin(Path("x"), io.BytesIO(text), 7)).read()


def test_other_packings_are_called_by_their_names(tmp_path: Path) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    contents = {"bzip2": bz2.compress(TEXT), "xz": lzma.compress(TEXT), "tar": held.getvalue()}
    for name, content in contents.items():
        assert other_packing(content) == name
        path = tmp_path / "x"
        path.write_bytes(content)
        for reader in ("table", "vectors"):
            with pytest.raises(DataError, match=f"is packed with {name}; unpack it first"):
                READERS[reader](path)
    assert other_packing(TEXT) == ""


def test_arrays_read_as_numpy_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "text": np.array(["ä", ""]),
        "none": np.zeros((0, 3), np.float32),
        "one": np.int64(3),
        "long": np.zeros(3_000_000),
    }
    np.savez_compressed(path, **arrays)
    found = read_arrays(path)
    assert found.keys() == arrays.keys()
    with np.load(path) as theirs:
        for name, array in found.items():
            np.testing.assert_array_equal(array, theirs[name])
            assert array.dtype == theirs[name].dtype
            assert array.flags.f_contiguous == theirs[name].flags.f_contiguous
            assert array.flags.writeable


def test_arrays_that_swell_are_refused_by_their_size(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=np.zeros(200_000))
    assert len(read_arrays(path)["a"]) == 200_000
    with pytest.raises(DataError, match="unpacks to more than 1,000,000 bytes"):
        read_arrays(path, 1_000_000)
