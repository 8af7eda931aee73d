"""Stored word vectors come back as they were, and damage is told."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taglab.embeddings import WordVectors
from taglab.embeddings.words import blocks, store
from taglab.errors import DataError, NotFound
from tests.embeddings.examples import random_words, word_vectors

ANY_WORD = st.text(max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(ANY_WORD, unique=True, max_size=12))
def test_round_trip_of_any_words(tmp_path: Path, words: list[str]) -> None:
    rows = np.random.default_rng(0).normal(size=(len(words), 3)).astype(np.float32)
    before = WordVectors("some", tuple(words), rows, "a test")
    before.save(tmp_path / "stored")
    after = WordVectors.open(tmp_path / "stored")
    assert tuple(after.words) == before.words
    assert [after.words[row] for row in range(len(words))] == words
    assert after.words[1:3] == before.words[1:3]
    assert np.array_equal(after.vectors, rows)
    assert (after.name, after.source, after.dim) == ("some", "a test", 3)
    assert after.fingerprint == before.fingerprint
    assert all(after.row(word) == row for row, word in enumerate(words))


def test_opened_vectors_are_mapped_and_cannot_be_written_to(tmp_path: Path) -> None:
    random_words(10, 4).save(tmp_path / "stored")
    opened = WordVectors.open(tmp_path / "stored", "other")
    assert isinstance(opened.vectors, np.memmap)
    assert opened.name == "other"
    with pytest.raises(ValueError, match="read-only"):
        opened.vectors[0, 0] = 1


def test_opening_decodes_no_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random_words(10, 4).save(tmp_path / "stored")
    asked: list[object] = []
    monkeypatch.setattr(
        "taglab.embeddings.words.StoredWords.__iter__", lambda self: asked.append(self) or iter(())
    )
    opened = WordVectors.open(tmp_path / "stored")
    assert len(opened) == 10
    assert opened.words[3] == "word3"
    assert not asked


def test_fingerprint_is_of_the_content_not_of_the_blocks_it_came_in(tmp_path: Path) -> None:
    words = random_words(10_000, 2)
    uneven = [([word], words.vectors[row : row + 1]) for row, word in enumerate(words.words[:5])]
    rest = (list(words.words[5:]), words.vectors[5:])
    (tmp_path / "stored").mkdir()
    store(tmp_path / "stored", [*uneven, rest], 2, "some", "")
    assert WordVectors.open(tmp_path / "stored").fingerprint == words.fingerprint
    assert len(list(blocks(words.words, words.vectors))) > 1


def test_fingerprints_differ_where_the_content_does() -> None:
    first = word_vectors({"ab": [1, 2], "c": [3, 4]})
    others = [
        word_vectors({"a": [1, 2], "bc": [3, 4]}),
        word_vectors({"c": [1, 2], "ab": [3, 4]}),
        word_vectors({"ab": [1, 2], "c": [3, 5]}),
        word_vectors({"ab": [1, 2]}),
    ]
    assert len({vectors.fingerprint for vectors in [first, *others]}) == 5
    assert word_vectors({"ab": [1, 2], "c": [3, 4]}, "renamed").fingerprint == first.fingerprint


def test_first_of_a_repeated_word_is_kept_and_the_rest_counted(tmp_path: Path) -> None:
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    (tmp_path / "stored").mkdir()
    store(tmp_path / "stored", [(["a", "b", "a"], rows[:3]), (["b"], rows[3:])], 2, "some", "")
    opened = WordVectors.open(tmp_path / "stored")
    assert (tuple(opened.words), opened.vectors.tolist()) == (("a", "b"), [[0, 1], [2, 3]])
    (note,) = opened.dropped
    assert (note.count, note.examples) == (2, ("a", "b"))


@pytest.mark.parametrize("file", ["manifest.json", "vectors.npy", "words.utf8", "word_ends.npy"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut"])
def test_damage_is_told(tmp_path: Path, file: str, damage: str) -> None:
    random_words(10, 4).save(tmp_path / "stored")
    path = tmp_path / "stored" / file
    content = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(b"" if damage == "empty" else content[:-7])
    with pytest.raises(DataError, match="add them again"):
        WordVectors.open(tmp_path / "stored")


def test_newer_format_is_told(tmp_path: Path) -> None:
    random_words(2, 2).save(tmp_path / "stored")
    manifest = tmp_path / "stored" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 99'))
    (tmp_path / "stored" / "checksums.json").unlink()
    with pytest.raises(DataError, match="newer taglab"):
        WordVectors.open(tmp_path / "stored")


def test_what_disagrees_is_refused() -> None:
    rows = np.ones((2, 2), np.float32)
    with pytest.raises(ValueError, match="3 rows"):
        WordVectors("some", ("a", "b", "c"), rows)
    with pytest.raises(ValueError, match="float32"):
        WordVectors("some", ("a", "b"), rows.astype(np.float64))
    with pytest.raises(ValueError, match="NaN"):
        WordVectors("some", ("a", "b"), rows * np.float32(np.nan))
    with pytest.raises(ValueError, match="twice"):
        WordVectors("some", ("a", "a"), rows).get("a")


def test_rows_by_word() -> None:
    words = word_vectors({"Jazz": [1, 0]})
    assert "Jazz" in words
    assert (words.row("Jazz"), words.get("jazz")) == (0, None)
    with pytest.raises(NotFound, match="case-sensitive"):
        words.row("jazz")
