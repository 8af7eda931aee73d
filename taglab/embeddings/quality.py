"""Are the vectors any good? Held against what people say of pairs of words, and against analogies.

Before clusters are made of vectors one should know whether near means alike in them. Sets of both kinds are
published as text files; of this package's own, which is small, see `taglab.embeddings.quality_sets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.embeddings.phrases import Lookup, compose
from taglab.embeddings.words import WordVectors
from taglab.errors import DataError, InvalidSetting, unreadable
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors

_QUESTIONS_PER_BLOCK = 512


@dataclass(frozen=True, eq=False)
class WordSimilarity:
    """How well similarities agree with people's.

    Attributes:
        rho: Spearman's rank correlation over the pairs that have vectors; NaN where fewer than three have.
        pairs: `a`, `b`, `score` (people's), `similarity` (cosine, NaN where a word has no vector).
        covered: Pairs of which both words have a vector.
    """

    rho: float
    pairs: pd.DataFrame
    covered: int

    __repr__ = one_line

    @property
    def coverage(self) -> float:
        """Share of the pairs that have vectors."""
        return self.covered / max(len(self.pairs), 1)


@dataclass(frozen=True, eq=False)
class Analogies:
    """How often b − a + c is nearest to d.

    Attributes:
        accuracy: Of the questions whose four words have vectors; NaN where there are none.
        sections: `section`, `questions`, `covered`, `right`, `accuracy`.
        questions: `a`, `b`, `c`, `d`, `section`, `answer` (empty where a word has no vector), `right`.
        covered: Questions whose four words have vectors.
        candidates: Words an answer was sought among.
    """

    accuracy: float
    sections: pd.DataFrame
    questions: pd.DataFrame
    covered: int
    candidates: int

    __repr__ = one_line

    @property
    def coverage(self) -> float:
        """Share of the questions whose four words have vectors."""
        return self.covered / max(len(self.questions), 1)


def read_word_pairs(path: Path) -> pd.DataFrame:
    """Read pairs of words with people's scores: two words and a number a line (WordSim-353, SimLex, MEN).

    Where there are tabs, they stand between the three, and a "word" may be several ("hip hop").

    Returns:
        Columns `a`, `b`, `score`.

    Raises:
        DataError: Naming the line that is not such, or if there is none at all.
    """
    rows: list[tuple[str, str, float]] = []
    for number, fields in _lines(path):
        try:
            first, second, score = fields
            rows.append((first, second, float(score)))
        except ValueError as error:
            raise DataError(path, "must be two words and a number", number) from error
        if not np.isfinite(rows[-1][2]):
            raise DataError(path, f"has the score {score}, which is not a finite number", number)
    if not rows:
        raise DataError(path, "holds no pair of words")
    return pd.DataFrame(rows, columns=["a", "b", "score"])


def read_analogies(path: Path) -> pd.DataFrame:
    """Read questions "a is to b as c is to d": four words a line; a line `: name` begins a section.

    Where there are tabs, they stand between the four.

    Returns:
        Columns `a`, `b`, `c`, `d`, `section` (the file's name without its ending before the first).

    Raises:
        DataError: Naming the line that is not such, or if there is none at all.
    """
    rows: list[tuple[str, ...]] = []
    section = path.stem
    for number, fields in _lines(path):
        if fields[0].startswith(":"):
            section = " ".join(fields)[1:].strip()
            continue
        if len(fields) != 4:
            raise DataError(path, f"must be four words and has {len(fields)}", number)
        rows.append((*fields, section))
    if not rows:
        raise DataError(path, "holds no question of four words")
    return pd.DataFrame(rows, columns=["a", "b", "c", "d", "section"])


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(path, "is not UTF-8 text") from error
    except OSError as error:
        raise unreadable(path, error) from error
    for number, line in enumerate(text.splitlines(), 1):
        fields = (
            [field.strip() for field in line.strip().split("\t")] if "\t" in line.strip() else line.split()
        )
        if fields:
            yield number, fields


def word_similarity(words: WordVectors, pairs: pd.DataFrame, lookup: Lookup | None = None) -> WordSimilarity:
    """Compare cosine similarities with people's scores.

    Args:
        words: The vectors.
        pairs: Columns `a`, `b`, `score`, as `read_word_pairs` returns them.
        lookup: How words are looked up; the default where None.
    """
    from scipy.stats import spearmanr

    vectors = compose(words, list(dict.fromkeys([*pairs["a"], *pairs["b"]])), lookup)
    known = np.array([a in vectors and b in vectors for a, b in zip(pairs["a"], pairs["b"], strict=True)])
    known = known.astype(bool).reshape(len(pairs))
    similarity = np.full(len(pairs), np.nan)
    firsts, seconds = (_rows(vectors, pairs.loc[known, side]) for side in ("a", "b"))
    # Rounded, so that pairs of one word with itself tie.
    similarity[known] = np.round(np.einsum("ij,ij->i", firsts.astype(np.float64), seconds), 6)
    rho = np.nan
    if known.sum() >= 3:
        rho = float(spearmanr(pairs.loc[known, "score"], similarity[known]).statistic)
    table = pairs[["a", "b", "score"]].assign(similarity=similarity).reset_index(drop=True)
    return WordSimilarity(rho, table, int(known.sum()))


def analogies(
    words: WordVectors,
    questions: pd.DataFrame,
    lookup: Lookup | None = None,
    most_words: int = 30_000,
    progress: Progress = silent,
) -> Analogies:
    """Answer questions "a is to b as c is to what?" by the word nearest to b − a + c.

    Args:
        words: The vectors.
        questions: Columns `a`, `b`, `c`, `d`, `section`, as `read_analogies` returns them.
        lookup: How the words of a question are looked up; the default where None.
        most_words: Answers are sought among so many of the first words (files have the most frequent
            first), and the questions' own.
        progress: Told after each block of questions.

    Raises:
        InvalidSetting: If `most_words` is below 1.

    Source:
        Mikolov et al. 2013 (3CosAdd); the three given words are never an answer.
    """
    if most_words < 1:
        raise InvalidSetting(f"most_words={most_words} must be at least 1")
    four = ["a", "b", "c", "d"]
    asked = compose(words, list(dict.fromkeys(questions[four].to_numpy().ravel())), lookup)
    first = [str(word) for word in words.words[:most_words]]
    among, points = _one_a_point(compose(words, list(dict.fromkeys([*asked.tags, *first])), lookup))
    known = questions[four].isin(asked.tags).all(axis=1).to_numpy()
    rows = np.array([[points[word] for word in line] for line in questions.loc[known, four].to_numpy()])
    answers = np.full(len(questions), "", object)
    right = np.zeros(len(questions), bool)
    if len(rows):
        found = _answer(among.vectors, rows[:, :3], progress)
        answers[known] = [among.tags[row] for row in found]
        right[known] = found == rows[:, 3]
    judged = questions[[*four, "section"]].assign(answer=answers, right=right)
    judged["covered"] = known
    sections = judged.groupby("section", sort=False).agg(
        questions=("a", "size"), covered=("covered", "sum"), right=("right", "sum")
    )
    sections["accuracy"] = sections["right"] / sections["covered"].where(sections["covered"] > 0)
    return Analogies(
        accuracy=float(judged["right"].sum() / known.sum()) if known.any() else np.nan,
        sections=sections.reset_index(),
        questions=judged.drop(columns="covered").reset_index(drop=True),
        covered=int(known.sum()),
        candidates=len(among),
    )


def _rows(vectors: TagVectors, tags: Sequence[str] | pd.Series) -> npt.NDArray[np.float32]:
    return vectors.vectors[[vectors.row(tag) for tag in tags]]


def _one_a_point(vectors: TagVectors) -> tuple[TagVectors, dict[str, int]]:
    """Keep the first of words that lie on the same point ("Athens" and "athens" where only one is known).

    Else the one would be found as the answer to a question that gives the other.

    Returns:
        Those kept, and for every word the row of its point.
    """
    first: dict[bytes, int] = {}
    points: dict[str, int] = {}
    kept: list[int] = []
    for number, (word, row) in enumerate(zip(vectors.tags, vectors.vectors, strict=True)):
        point = first.setdefault(row.tobytes(), len(kept))
        if point == len(kept):
            kept.append(number)
        points[word] = point
    return vectors.select([vectors.tags[number] for number in kept]), points


def _answer(
    among: npt.NDArray[np.float32], given: npt.NDArray[np.intp], progress: Progress
) -> npt.NDArray[np.intp]:
    """Return the row nearest to b − a + c for rows (questions, 3) of a, b and c, none of the three."""
    found = np.empty(len(given), np.intp)
    for start in range(0, len(given), _QUESTIONS_PER_BLOCK):
        progress(start / len(given), counted("answering questions", start, len(given)))
        block = given[start : start + _QUESTIONS_PER_BLOCK]
        a, b, c = (among[block[:, side]] for side in range(3))
        scores = (b - a + c) @ among.T
        scores[np.arange(len(block))[:, None], block] = -np.inf
        found[start : start + len(block)] = scores.argmax(axis=1)
    return found
