"""Every format is read as gensim reads it, and whatever is wrong with a file is told with its place."""

import errno
import gzip
import io
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taglab import embeddings
from taglab.embeddings import files, formats
from taglab.embeddings.unpack import members
from taglab.embeddings.words import WordVectors
from taglab.errors import Cancelled, DataError, InvalidSetting, NotFound, StorageError
from tests.embeddings.examples import random_words

WORDS = ["jazz", "Jazz", "música", "爵士", "hip-hop", "<b>&amp;", '"quoted"', "8", "null", "nan"]
ROWS = np.random.default_rng(1).normal(size=(len(WORDS), 4)).astype(np.float32)
GLOVE = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in zip(WORDS, ROWS, strict=True)).encode()
HEADER = b"%d 4\n" % len(WORDS)


def binary(words: list[str], rows: np.ndarray, line_feed: bytes = b"") -> bytes:
    each = (word.encode() + b" " + row.tobytes() + line_feed for word, row in zip(words, rows, strict=True))
    return b"%d %d\n" % rows.shape + b"".join(each)


def zipped(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def npy(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=allow_pickle)
    return held.getvalue()


def read(folder: Path, name: str, content: bytes) -> WordVectors:
    path = folder / name
    path.write_bytes(content)
    return embeddings.read_vectors(path, "some")


VOCABULARY = "\n".join(WORDS).encode()
SOUND = {
    "glove.txt": GLOVE,
    "word2vec.txt": HEADER + GLOVE,
    "fasttext.vec": HEADER + GLOVE.replace(b"\n", b" \n"),
    "windows.txt": HEADER.replace(b"\n", b"\r\n") + GLOVE.replace(b"\n", b"\r\n"),
    "no-last-line-end.txt": GLOVE.rstrip(b"\n"),
    "tabs.tsv": GLOVE.replace(b" ", b"\t"),
    "byte-order-mark.txt": b"\xef\xbb\xbf" + GLOVE,
    "blank-lines.txt": HEADER + b"\n" + GLOVE + b"\n\n",
    "plus-signs.txt": GLOVE.replace(b" 0.", b" +.").replace(b" -0.", b" -."),
    "word2vec.bin": binary(WORDS, ROWS),
    "original-program.bin": binary(WORDS, ROWS, b"\n"),
    "binary-by-content.dat": binary(WORDS, ROWS),
    "glove.txt.gz": gzip.compress(GLOVE),
    "vectors.bin.gz": gzip.compress(binary(WORDS, ROWS)),
    "gzip-by-content.txt": gzip.compress(HEADER + GLOVE),
    "glove.zip": zipped({"glove.txt": GLOVE, "__MACOSX/._glove.txt": b"junk"}),
    "folder-inside.zip": zipped({"deep/er/vectors.vec": HEADER + GLOVE}),
    "word2vec.bin.zip": zipped({"word2vec.bin": binary(WORDS, ROWS)}),
    "array.zip": zipped({"array.npy": npy(ROWS), "words.txt": VOCABULARY}),
    "doubles.zip": zipped({"a.npy": npy(ROWS.astype(np.float64)), "a.txt": VOCABULARY + b"\n"}),
    "columns-first.zip": zipped({"a.npy": npy(np.asfortranarray(ROWS)), "a.txt": VOCABULARY}),
}


@pytest.mark.parametrize("name", SOUND)
def test_every_format(tmp_path: Path, name: str) -> None:
    first = read(tmp_path, name, SOUND[name])
    assert list(first.words) == WORDS
    assert np.allclose(first.vectors, ROWS, rtol=1e-6)
    assert first.vectors.dtype == np.float32
    assert first.dropped == ()
    assert name in first.source


@pytest.mark.parametrize("no_header", [True, False])
def test_text_agrees_with_gensim_to_the_last_bit(tmp_path: Path, no_header: bool) -> None:
    (tmp_path / "some.txt").write_bytes(GLOVE if no_header else HEADER + GLOVE)
    theirs = KeyedVectors.load_word2vec_format(str(tmp_path / "some.txt"), no_header=no_header)
    ours = embeddings.read_vectors(tmp_path / "some.txt", "some")
    assert list(ours.words) == theirs.index_to_key
    assert np.array_equal(ours.vectors, theirs.vectors)


@pytest.mark.parametrize("is_binary", [True, False])
def test_what_gensim_writes_is_read(tmp_path: Path, is_binary: bool) -> None:
    theirs = KeyedVectors(4)
    theirs.add_vectors(WORDS, ROWS)
    theirs.save_word2vec_format(str(tmp_path / "saved"), binary=is_binary)
    ours = embeddings.read_vectors(tmp_path / "saved", "some")
    assert list(ours.words) == WORDS
    assert np.allclose(ours.vectors, ROWS, rtol=1e-6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Z", "Cc", "Cs"]), min_size=1, max_size=5),
            st.lists(st.floats(-(2.0**127), 2.0**127, width=32), min_size=3, max_size=3),
        ),
        min_size=1,
        unique_by=lambda row: row[0],
    ).filter(lambda rows: any(any(numbers) for _, numbers in rows))  # a file of zeros only is refused
)
def test_round_trip_through_both_of_gensims_formats(
    tmp_path: Path, rows: list[tuple[str, list[float]]]
) -> None:
    words, numbers = [word for word, _ in rows], np.array([row for _, row in rows], np.float32)
    text = f"{len(rows)} 3\n" + "".join(f"{word} {' '.join(map(repr, row))}\n" for word, row in rows)
    for name, content in (("t.txt", text.encode()), ("b.bin", binary(words, numbers))):
        found = read(tmp_path, name, content)
        assert list(found.words) == words
        assert np.array_equal(found.vectors, numbers)


def test_more_rows_than_a_block_holds(tmp_path: Path) -> None:
    many = random_words(3000, 3)
    lines = [
        f"{word} {' '.join(map(repr, row.tolist()))}"
        for word, row in zip(many.words, many.vectors, strict=True)
    ]
    found = read(tmp_path, "many.txt", "\n".join(lines).encode())
    assert list(found.words) == list(many.words)
    assert np.array_equal(found.vectors, many.vectors)
    lines[2500] = "word2500 1 2"
    with pytest.raises(DataError, match="line 2501") as told:
        read(tmp_path, "short.txt", "\n".join(lines).encode())
    assert told.value.line == 2501


PHRASES = {
    "maroon 5": [0.25, -1.5],
    "1 2 3 4": [1.0, 0.5],
    "sum 41": [-0.125, 2.0],
    "soul": [0.5, 3.0],
    "7": [0.75, 1.0],
}


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("first", PHRASES)
def test_phrases_may_end_in_numbers(tmp_path: Path, header: bool, first: str) -> None:
    phrases = {first: PHRASES[first], **PHRASES, "acid jazz": [0.1, 0.2]}
    lines = [f"{phrase} {' '.join(map(str, row))}" for phrase, row in phrases.items()]
    text = "\n".join(([f"{len(phrases)} 2"] if header else []) + lines) + "\n"
    found = read(tmp_path, "phrases.txt", text.encode())
    assert list(found.words) == list(phrases)
    assert np.allclose(found.vectors, list(phrases.values()))


def test_words_with_spaces(tmp_path: Path) -> None:
    found = read(tmp_path, "spaces.txt", b"a 1 2\n. . . 3 4\nat name@domain.com 5 6\n")
    assert list(found.words) == ["a", ". . .", "at name@domain.com"]
    first = read(tmp_path, "first.txt", b". . . 3 4\na 1 2\n")
    assert (list(first.words), first.dim) == ([". . .", "a"], 2)


@pytest.mark.parametrize(
    ("content", "dim"), [(b"12 5\n13 6\n", 1), (b"2 1\na 5\nb 6\n", 1), (b"12 5 7\n13 6 8\n", 2)]
)
def test_header_or_a_word_that_is_a_number(tmp_path: Path, content: bytes, dim: int) -> None:
    found = read(tmp_path, "numbers.txt", content)
    assert (len(found), found.dim) == (2, dim)


@pytest.mark.parametrize(
    "content", [b"a 1 2\nb 3 4\na 5 6\n", binary(["a", "b", "a"], np.float32([[1, 2], [3, 4], [5, 6]]))]
)
def test_first_of_a_repeated_word_is_kept_and_counted(tmp_path: Path, content: bytes) -> None:
    found = read(tmp_path, "twice", content)
    assert (list(found.words), found.vectors.tolist()) == (["a", "b"], [[1, 2], [3, 4]])
    (note,) = found.dropped
    assert note.count == 1


def test_array_and_vocabulary_beside_it(tmp_path: Path) -> None:
    (tmp_path / "some.200d.txt").write_bytes("\ufeffhip hop\r\n\r\ndrum & bass\r\n".encode())
    found = read(tmp_path, "some.200d.npy", npy(np.arange(6, dtype=np.float16).reshape(3, 2)))
    assert list(found.words) == ["hip hop", "", "drum & bass"]
    assert found.vectors.tolist() == [[0, 1], [2, 3], [4, 5]]
    in_one_folder = embeddings.read_vectors(tmp_path, "some")
    assert in_one_folder.fingerprint == found.fingerprint


NAN_ROW, INF_ROW = np.float32([[1, 2], [3, np.nan]]), np.float32([[1, 2], [3, np.inf]])
BAD: dict[str, tuple[bytes, int | None, str]] = {
    "empty.txt": (b"", None, "is empty"),
    "short-row.txt": (b"a 1 2\nb 3\nc 4 5\n", 2, "1 numbers where 2 are expected"),
    "long-row.txt": (b"a 1 2\nb 3 4 5\n", 2, "3 numbers where 2 are expected"),
    "long-row-of-measures.txt": (b"a .1 .2\nc .1 .2\nb .3 .4 .5\n", 3, "3 numbers where 2 are expected"),
    "two-joined.txt": (b"2 2\na .1 .2\nb .3 .4 .5 .6\n", 3, "4 numbers where 2 are expected; are two files"),
    "short-row-with-header.txt": (b"2 3\na 1 2 3\nb 3\n", 3, "1 numbers where 3 are expected"),
    "wrong-dimension.txt": (b"2 4\na 1 2 3\nb 3 4 5\n", 2, "3 numbers where 4 are expected"),
    "nan.txt": (b"a 1 2\nb 3 nan\n", 2, "'b' holds NaN"),
    "inf.txt": (b"a 1 2\nb -inf 3\n", 2, "'b' holds NaN, infinity"),
    "too-large.txt": (b"a 1 2\nb 1e39 3\n", 2, "beyond 3e38"),
    "no-number.txt": (b"a 1 2\nb x 3\n", 2, "value 1 of 2, 'x', is not a number"),
    "json.txt": (b"a 1 2\nb true 3\n", 2, "'true', is not a number"),
    "underscore.txt": (b"a 1 2\nb 1_0 3\n", 2, "'1_0', is not a number"),
    "no-utf8.txt": (b"a 1 2\n\xff\xfe 3 4\n", 2, "not UTF-8"),
    "latin-1-first.txt": ("2 2\nmúsica 1 2\nb 3 4\n".encode("latin-1"), 2, "not UTF-8"),
    "prose.txt": (b"Once upon a time\n", 1, "does not begin like word vectors"),
    "web-page.html": (b"<!DOCTYPE html>\n<html>404</html>", 1, "does not begin like word vectors"),
    "one-long-line.txt": (b"x" * (5 << 20), 1, "longer than"),
    "promises-more.txt": (b"3 2\na 1 2\nb 3 4\n", 1, "promises 3 words, but 2 rows"),
    "promises-fewer.txt": (b"1 2\na 1 2\nb 3 4\n", 1, "promises 1 words, but 2 rows"),
    "promises-nothing.txt": (b"0 300\n", 1, "promises 0 words"),
    "header-only.txt": (b"5 300\n", 1, "promises 5 words, but 0 rows"),
    "promises-long-rows.txt": (b"9 999999999\na 1 2\n", 1, "more than a line can hold"),
    "promises-a-lot.txt": (b"999999999999 2\na 1 2\n", 1, "promises 999,999,999,999 words"),
    "cut.bin": (binary(WORDS, ROWS)[:-5], None, "cut off"),
    "cut-short.bin": (binary(WORDS, ROWS)[:60], None, "promises 10 words.* cut off"),
    "promises-a-lot.bin": (b"999999999 300\n" + ROWS.tobytes(), None, "cut off"),
    "promises-fewer.bin": (b"9" + binary(WORDS, ROWS)[2:], None, "more bytes follow"),
    "wrong-dimension.bin": (b"10 3" + binary(WORDS, ROWS)[4:], None, "not UTF-8|cut off|follow"),
    "nan.bin": (binary(["a", "b"], NAN_ROW), None, "'b' holds NaN"),
    "inf.bin": (binary(["a", "b"], INF_ROW), None, "'b' holds NaN, infinity"),
    "no-utf8.bin": (b"1 2\n\xff\xfe " + ROWS[0, :2].tobytes(), None, "not UTF-8"),
    "fasttext-model.bin": ((793712314).to_bytes(4, "little") + b"\x0c\0\0\0", None, "whole fastText model"),
    "cut.txt.gz": (gzip.compress(GLOVE)[:-20], None, "cut off or damaged"),
    "damaged.txt.gz": (gzip.compress(GLOVE)[:40] + b"damage" + gzip.compress(GLOVE)[46:], None, "damaged"),
    "not-gzip.txt.gz": (GLOVE, None, "does not begin like one"),
    "empty-inside.txt.gz": (gzip.compress(b""), None, "is empty"),
    "row-inside.txt.gz": (gzip.compress(b"a 1 2\nb 3\n"), 2, "1 numbers where 2"),
    "twice.txt.gz": (gzip.compress(gzip.compress(GLOVE)), None, "packed twice"),
    "bomb.txt.gz": (gzip.compress(b"a 0 0 0 0 0 0 0\n" * 2_000_000), None, "unpacks to more than"),
    "other.txt.bz2": (b"BZh91AY&SY", None, "packed with bzip2"),
    "leads-outside.zip": (zipped({"../../etc/vectors.txt": GLOVE}), None, "leads outside"),
    "leads-to-the-root.zip": (zipped({"/etc/vectors.txt": GLOVE}), None, "leads outside"),
    "leads-to-a-drive.zip": (zipped({"C:\\vectors.txt": GLOVE}), None, "leads outside"),
    "leads-back.zip": (zipped({"a\\..\\..\\vectors.txt": GLOVE}), None, "leads outside"),
    "leads-outside-too.zip": (zipped({"a.txt": GLOVE, "../b.txt": b""}), None, "leads outside"),
    "several.zip": (zipped({"a.50d.txt": GLOVE, "a.100d.txt": GLOVE}), None, "holds 2 files"),
    "nothing.zip": (zipped({}), None, "holds no file"),
    "cut.zip": (zipped({"a.txt": GLOVE})[:60], None, "is not a zip, was cut off"),
    "bomb.zip": (zipped({"a.txt": b"a 0 0 0 0 0 0 0\n" * 2_000_000}), None, "unpacks to more than"),
    "zip-in-zip.zip": (zipped({"a.zip": zipped({"a.txt": GLOVE})}), None, "packed twice"),
    "array-only.zip": (zipped({"a.npy": npy(ROWS)}), None, "must be with it"),
    "array-only.npz": (zipped({"arr_0.npy": npy(ROWS)}), None, "must hold one array of words"),
    "short-vocabulary.zip": (zipped({"a.npy": npy(ROWS), "a.txt": b"a\nb"}), None, "holds 2 words"),
    "cut-array.zip": (zipped({"a.npy": npy(ROWS)[:-1], "a.txt": VOCABULARY}), None, "cut off or joined"),
    "flat.zip": (zipped({"a.npy": npy(ROWS.ravel()), "a.txt": VOCABULARY}), None, "shape"),
    "complex.zip": (zipped({"a.npy": npy(ROWS.astype(complex)), "a.txt": VOCABULARY}), None, "complex128"),
    "nan-array.zip": (zipped({"a.npy": npy(NAN_ROW), "a.txt": b"a\nb"}), None, "row 1 .'b'"),
    "no-header.zip": (zipped({"a.npy": b"\x93NUMPY\x01\x00\x05\x00{", "a.txt": b"a"}), None, "header"),
    "no-utf8.zip": (zipped({"a.npy": npy(ROWS[:2]), "a.txt": b"a\n\xff"}), 2, "not UTF-8"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_end_in_a_sentence(tmp_path: Path, taglab_home: Path, name: str) -> None:
    content, line, reason = BAD[name]
    with pytest.raises(DataError, match=reason) as told:
        read(tmp_path, name, content)
    assert told.value.line == line
    assert Path(told.value.path).name == name
    assert not list(taglab_home.rglob("vectors.npy"))
    assert not list(taglab_home.rglob("unpacked*"))
    assert not (tmp_path.parent / "vectors.txt").exists()


class Armed:
    """An object whose pickle does something when it is opened."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("it-went-off",)


PICKLES = {
    "vectors.kv": GLOVE,
    "vectors.pkl": b"anything",
    "vectors.model": b"anything",
    "vectors.pickle": b"anything",
    "VECTORS.PKL": b"anything",
    "vectors.kv.gz": gzip.compress(b"anything"),
    **{f"protocol-{number}.txt": pickle.dumps(Armed(), number) for number in range(6)},
    **{f"list-{number}.txt": pickle.dumps([Armed()], number) for number in range(6)},
    **{f"dictionary-{number}.txt": pickle.dumps({"a": Armed()}, number) for number in range(6)},
    "inside.txt.gz": gzip.compress(pickle.dumps(Armed())),
    "inside.zip": zipped({"vectors.txt": pickle.dumps(Armed())}),
    "named-inside.zip": zipped({"archive/data.pkl": b"x", "archive/version": b"3"}),
    "objects.zip": zipped({"a.npy": npy(np.array([[Armed()]]), True), "a.txt": b"a"}),
}


@pytest.mark.parametrize("name", PICKLES)
def test_pickles_are_refused_with_the_reason_and_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"runs whatever program.*save_word2vec_format") as told:
        read(tmp_path, name, PICKLES[name])
    assert Path(told.value.path).name == name
    assert not (tmp_path / "it-went-off").exists()


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        embeddings.read_vectors(tmp_path / "nowhere.txt", "some")
    with pytest.raises(DataError, match="holds no file"):
        embeddings.read_vectors(tmp_path, "some")
    with pytest.raises(DataError, match=r"lone\.npy: holds numbers only.*into lone\.txt"):
        read(tmp_path, "lone.npy", npy(ROWS))
    (tmp_path / "lone.txt").write_bytes(b"")
    with pytest.raises(DataError, match=r"lone\.txt: is empty"):
        embeddings.read_vectors(tmp_path / "lone.npy", "some")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "closed.txt").write_bytes(GLOVE)
    (tmp_path / "closed.txt").chmod(0)
    with pytest.raises(DataError, match="permissions"):
        embeddings.read_vectors(tmp_path / "closed.txt", "some")


def never(*_: object) -> None:
    raise AssertionError("read again")


def test_second_reading_of_the_same_content_maps_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(tmp_path, "one.txt", GLOVE)
    monkeypatch.setattr(formats, "read_text", never)
    monkeypatch.setitem(formats.READERS, "text", never)
    second = read(tmp_path, "moved.txt", GLOVE)
    assert isinstance(second.vectors, np.memmap)
    assert second.fingerprint == first.fingerprint
    assert np.array_equal(second.vectors, first.vectors)


def test_file_not_touched_since_is_not_even_hashed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(GLOVE)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    embeddings.read_vectors(path, "some")
    hashed: list[Path] = []
    content_key = files.content_key
    monkeypatch.setattr(
        files,
        "content_key",
        lambda *parts: hashed.extend(p for p in parts if isinstance(p, Path)) or content_key(*parts),
    )
    embeddings.read_vectors(path, "some")
    assert not hashed


def test_file_changed_a_moment_ago_is_read_anew(tmp_path: Path) -> None:
    for number in range(5):
        assert read(tmp_path, "same-size.txt", b"a %d 2\n" % number).vectors[0, 0] == number


def test_damaged_copy_is_made_anew(tmp_path: Path, taglab_home: Path) -> None:
    before = read(tmp_path, "one.txt", GLOVE)
    (copy,) = taglab_home.rglob("words.utf8")
    copy.write_bytes(b"")
    after = read(tmp_path, "one.txt", GLOVE)
    assert list(after.words) == WORDS
    assert after.fingerprint == before.fingerprint


@pytest.mark.parametrize("content", [GLOVE, binary(WORDS, ROWS), gzip.compress(GLOVE, mtime=0)])
def test_cancelled_reading_leaves_nothing(tmp_path: Path, taglab_home: Path, content: bytes) -> None:
    def stop(fraction: float, text: str) -> None:
        raise Cancelled("enough")

    (tmp_path / "some").write_bytes(content * (300 if content is GLOVE else 1))
    with pytest.raises(Cancelled):
        embeddings.read_vectors(tmp_path / "some", "some", stop)
    assert not [path for path in taglab_home.rglob("*") if path.is_file()]


def test_progress_rises_to_one(tmp_path: Path) -> None:
    seen: list[float] = []
    many = random_words(5000, 3)
    text = "".join(
        f"{word} {' '.join(map(repr, row.tolist()))}\n"
        for word, row in zip(many.words, many.vectors, strict=True)
    )
    (tmp_path / "many.txt.gz").write_bytes(gzip.compress(text.encode()))
    embeddings.read_vectors(tmp_path / "many.txt.gz", "some", lambda fraction, text: seen.append(fraction))
    assert seen == sorted(seen)
    assert 0.8 < seen[-1] <= 1


def test_shelf(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_bytes(GLOVE)
    added = embeddings.add_vectors(tmp_path / "one.txt", "My vectors 1.0")
    assert added.name == "My vectors 1.0"
    assert embeddings.vector_names() == ["My vectors 1.0"]
    opened = embeddings.open_vectors("My vectors 1.0")
    assert (opened.fingerprint, opened.source) == (added.fingerprint, "one.txt (text)")
    embeddings.add_vectors(tmp_path / "one.txt", "again")
    (tmp_path / "two.txt").write_bytes(b"a 1 2\n")
    replaced = embeddings.add_vectors(tmp_path / "two.txt", "My vectors 1.0")
    assert list(replaced.words) == ["a"]
    assert list(embeddings.open_vectors("again").words) == WORDS
    with pytest.raises(NotFound, match=r"there are: My vectors 1\.0, again"):
        embeddings.open_vectors("other")


def test_words_with_zeros_for_a_vector_are_named(tmp_path: Path) -> None:
    found = read(tmp_path, "some.txt", b"a 1 2\nb 0 0\nc 0 -0.0\nb 0 0\n")
    assert [(note.count, note.examples) for note in found.dropped] == [(1, ("b",)), (2, ("b", "c"))]
    assert "counts as unknown" in found.dropped[1].reason
    with pytest.raises(DataError, match="zeros only, which say nothing"):
        read(tmp_path, "none.txt", b"a 0 0\nb 0 0\n")


def test_a_device_is_there_and_no_file() -> None:
    with pytest.raises(DataError, match=r"/dev/null: is neither a file nor a folder"):
        embeddings.read_vectors(Path("/dev/null"), "some")


def test_an_array_of_objects_is_a_pickle_with_and_without_its_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a pickle"):
        read(tmp_path, "objects.npy", npy(np.array([["a", 1.0]], object), True))


@pytest.mark.parametrize("name", ["own", "../outside", "", ".hidden", "a/b"])
def test_names_that_will_not_do(tmp_path: Path, name: str) -> None:
    (tmp_path / "one.txt").write_bytes(GLOVE)
    with pytest.raises(InvalidSetting, match="name="):
        embeddings.add_vectors(tmp_path / "one.txt", name)
    assert embeddings.vector_names() == []


def test_shelf_outlives_the_copies_that_can_be_made_again(tmp_path: Path, taglab_home: Path) -> None:
    (tmp_path / "one.txt").write_bytes(GLOVE)
    embeddings.add_vectors(tmp_path / "one.txt", "kept")
    for file in (taglab_home / "derived").rglob("*"):
        if file.is_file():
            file.unlink()
    assert list(embeddings.open_vectors("kept").words) == WORDS


def test_shelf_where_files_cannot_be_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError("no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "one.txt").write_bytes(GLOVE)
    assert list(embeddings.add_vectors(tmp_path / "one.txt", "copied").words) == WORDS


@pytest.mark.parametrize("moment", ["while reading", "while naming"])
def test_full_disk_is_told_and_the_earlier_vectors_survive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    (tmp_path / "one.txt").write_bytes(GLOVE)
    embeddings.add_vectors(tmp_path / "one.txt", "kept")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "two.txt").write_bytes(b"a 1 2\n")
    with monkeypatch.context() as patched:
        if moment == "while reading":
            patched.setattr(np, "save", full)
        else:
            patched.setattr(os, "link", full)
            patched.setattr(shutil, "copyfile", full)
        with pytest.raises(StorageError, match="Free some space"):
            embeddings.add_vectors(tmp_path / "two.txt", "kept")
    assert list(embeddings.open_vectors("kept").words) == WORDS


def test_a_path_no_disk_can_hold_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be read .*check"):
        embeddings.read_vectors(tmp_path / ("x" * 400), "x")


@pytest.mark.parametrize("damage", ["", "[]", "{}", "\x00"])
def test_a_damaged_note_on_a_file_only_means_reading_it_again(
    tmp_path: Path, taglab_home: Path, damage: str
) -> None:
    path = tmp_path / "v.txt"
    path.write_text("a 1 0\nb 0 1\n")
    os.utime(path, (1, 1))
    embeddings.read_vectors(path, "x")
    (note,) = (taglab_home / "derived" / "word-vector-files").rglob("*.json")
    note.write_text(damage)
    assert list(embeddings.read_vectors(path, "x").words) == ["a", "b"]


def npz(**arrays: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.savez(held, **arrays)  # type: ignore[arg-type]
    return held.getvalue()


@pytest.mark.parametrize("words", [np.array(WORDS), np.array([word.encode() for word in WORDS])])
def test_words_and_vectors_in_one_npz(tmp_path: Path, words: np.ndarray) -> None:
    found = read(tmp_path, "some.npz", npz(labels=words, matrix=ROWS.astype(np.float64)))
    assert list(found.words) == WORDS
    assert np.allclose(found.vectors, ROWS, rtol=1e-6)
    assert members(tmp_path / "some.npz") == []


def test_an_array_of_words_beside_an_array_of_vectors(tmp_path: Path) -> None:
    np.save(tmp_path / "words.npy", np.array([" dub ", "acid jazz"]))
    found = read(tmp_path, "some.npy", npy(np.eye(2)))
    assert list(found.words) == ["dub", "acid jazz"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.eye(2)}, r"must hold one array of words .* it holds a float64 \(2, 2\)"),
        ({"a": np.eye(2), "w": np.array(["x", "y", "z"])}, "holds 3 words, but some.npz has 2 rows"),
        ({"a": np.eye(2), "w": np.array(["x", {}], object)}, "needs a pickle; refused"),
    ],
)
def test_an_npz_of_anything_else_is_told(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, "some.npz", npz(**arrays))
