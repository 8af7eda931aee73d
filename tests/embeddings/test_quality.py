"""Word similarity and analogies: small cases by hand, gensim on the same files, published sets."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from gensim.models import KeyedVectors

from taglab.embeddings import WordVectors, read_vectors
from taglab.embeddings.quality import analogies, read_analogies, read_word_pairs, word_similarity
from taglab.errors import Cancelled, DataError, InvalidSetting

SHARED = Path(__file__).resolve().parents[2] / "../shared/data"


def made(n: int = 60, dim: int = 8, seed: int = 0) -> WordVectors:
    rng = np.random.default_rng(seed)
    words = tuple(f"w{row}" for row in range(n))
    return WordVectors("made", words, rng.normal(size=(n, dim)).astype(np.float32))


def gensims(words: WordVectors) -> KeyedVectors:
    found = KeyedVectors(words.dim)
    found.add_vectors(list(words.words), np.array(words.vectors))
    return found


def test_similarity_is_spearmans_of_the_covered_pairs() -> None:
    words = WordVectors(
        "made", ("a", "b", "c", "d"), np.array([[1, 0], [2, 0.1], [1, 1], [0, 5]], np.float32)
    )
    pairs = pd.DataFrame({"a": list("aaab"), "b": [*"bcd", "unknown"], "score": [9.0, 2.0, 5.0, 1.0]})
    found = word_similarity(words, pairs)
    assert (found.covered, found.coverage) == (3, 0.75)
    expected = [2 / np.hypot(2, 0.1), np.sqrt(0.5), 0]
    np.testing.assert_allclose(found.pairs["similarity"][:3], expected, atol=1e-6)
    assert np.isnan(found.pairs["similarity"][3])
    assert found.rho == pytest.approx(0.5)


def test_similarity_agrees_with_gensim(tmp_path: Path) -> None:
    words = made()
    rng = np.random.default_rng(1)
    pairs = [(a, b) for a in range(60) for b in range(a)]
    lines = [f"w{a}\tw{b}\t{rng.random():.6f}" for a, b in pairs[::5]]
    path = tmp_path / "pairs.txt"
    path.write_text("\n".join(lines))
    _, theirs, _ = gensims(words).evaluate_word_pairs(str(path))
    assert word_similarity(words, read_word_pairs(path)).rho == pytest.approx(theirs.statistic, abs=1e-6)


def test_analogies_agree_with_gensim(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    base, shift = rng.normal(size=(20, 8)), rng.normal(size=8)
    vectors = np.concatenate([base, base + shift + rng.normal(0, 0.5, (20, 8))]).astype(np.float32)
    words = WordVectors("made", tuple(f"w{row}" for row in range(40)), vectors)
    pairs = [(a, b) for a in range(20) for b in range(20) if a != b]
    path = tmp_path / "questions.txt"
    path.write_text(
        ": one\n"
        + "\n".join(f"w{a} w{a + 20} w{b} w{b + 20}" for a, b in pairs[:200])
        + "\n: two\n"
        + "\n".join(f"w{a} w{a + 20} w{b} w{b + 20}" for a, b in pairs[200:])
        + "\n"
    )
    ours = analogies(words, read_analogies(path))
    theirs, sections = gensims(words).evaluate_word_analogies(str(path), case_insensitive=False)
    assert ours.accuracy == pytest.approx(theirs)
    assert 0.05 < ours.accuracy < 1
    assert ours.sections["section"].tolist() == ["one", "two"]
    assert ours.sections["right"].tolist() == [len(section["correct"]) for section in sections[:2]]


def test_questions_without_vectors_are_not_counted_as_wrong() -> None:
    words = WordVectors("made", tuple("abcd"), np.array([[1, 0], [1, 1], [0.5, 2], [0.5, 3]], np.float32))
    questions = pd.DataFrame(
        [("a", "b", "c", "d", "s"), ("a", "b", "c", "nowhere", "s"), ("x", "b", "c", "d", "t")],
        columns=[*"abcd", "section"],
    )
    found = analogies(words, questions)
    assert (found.covered, found.accuracy, found.questions["answer"].tolist()) == (1, 1.0, ["d", "", ""])
    assert found.sections["accuracy"].isna().tolist() == [False, True]
    none = analogies(words, questions[2:])
    assert np.isnan(none.accuracy)
    assert np.isnan(word_similarity(words, pd.DataFrame({"a": ["x"], "b": ["y"], "score": [1.0]})).rho)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b 1\na b\n", "line 2: must be two words and a number"),
        ("a b high\n", "line 1: must be two words and a number"),
        ("a b nan\n", "line 1: has the score nan"),
        ("\n \n", "holds no pair"),
    ],
)
def test_bad_pairs_are_told_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_word_pairs(path)


def test_bad_analogies_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "questions.txt"
    path.write_text(": capitals\na b c\n")
    with pytest.raises(DataError, match="line 2: must be four words and has 3"):
        read_analogies(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8"):
        read_analogies(path)
    with pytest.raises(DataError, match="there is no such file"):
        read_analogies(tmp_path / "nowhere")


def test_settings_and_cancelling() -> None:
    words = made()
    questions = pd.DataFrame([("w1", "w2", "w3", "w4", "s")], columns=[*"abcd", "section"])
    with pytest.raises(InvalidSetting, match="most_words=0"):
        analogies(words, questions, most_words=0)

    def cancel(fraction: float, text: str) -> None:
        raise Cancelled(text)

    with pytest.raises(Cancelled, match="answering"):
        analogies(words, questions, progress=cancel)


@pytest.mark.realdata
def test_published_sets_on_glove() -> None:
    if not (SHARED / "word-similarity").is_dir():
        pytest.skip("the published sets are not beside the checkout")
    path = next((SHARED / "word-vectors").glob("*300d*"))
    glove = read_vectors(path, "glove")
    similar = word_similarity(glove, read_word_pairs(SHARED / "word-similarity" / "EN-MEN-TR-3k.txt"))
    assert similar.covered > 500
    assert similar.rho > 0.6
    family = analogies(glove, read_analogies(SHARED / "analogies" / "family.txt"))
    assert family.covered > 100
    assert family.accuracy > 0.7
