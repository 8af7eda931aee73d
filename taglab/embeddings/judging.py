"""Word vectors held against sets: what was found is kept by its content, and told in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from taglab.cache import content_key, derived_path, kept
from taglab.embeddings.phrases import Lookup
from taglab.embeddings.quality import analogies, word_similarity
from taglab.embeddings.quality_sets import QualitySet
from taglab.embeddings.words import WordVectors
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line

# Raised when judging changes, so that earlier results are made anew.
_JUDGE = 1
_Z = 1.959963984540054
_COLUMNS = {"pairs": ["a", "b", "score", "similarity"], "analogies": [*"abcd", "section", "answer", "right"]}


class JudgingSettings(BaseModel):
    """How analogies are answered.

    Attributes:
        most_words: Answers are sought among so many of the first words of the vectors (files have the most
            frequent first) and the words of the questions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_words: int = Field(30_000, ge=1)


@dataclass(frozen=True, eq=False)
class Judged:
    """One embedding on one set.

    Attributes:
        vectors: Name of the embedding.
        set: What it was held against.
        details: One row a pair: `a`, `b`, `score` (people's), `similarity` (cosine, NaN where a word has no
            vector); or one a question: `a`, `b`, `c`, `d`, `section`, `answer` (empty where a word has no
            vector), `right`.
    """

    vectors: str
    set: QualitySet
    details: pd.DataFrame

    __repr__ = one_line

    @property
    def covered(self) -> pd.Series:
        """Bool, one a row: whether all of its words have a vector."""
        if self.set.kind == "pairs":
            return self.details["similarity"].notna()
        return self.details["answer"] != ""


def judge(
    words: WordVectors,
    sets: Sequence[QualitySet],
    lookup: Lookup | None = None,
    settings: JudgingSettings | None = None,
    progress: Progress = silent,
) -> list[Judged]:
    """Hold word vectors against sets; what the cache has is not computed again.

    Args:
        words: The vectors.
        sets: What they are held against.
        lookup: How words are looked up; the default where None.
        settings: How analogies are answered; the default where None.
        progress: Told which set is at work; raising from it cancels, and what is done is kept.

    Raises:
        StorageError: If a result cannot be kept.
    """
    lookup, settings = lookup or Lookup(), settings or JudgingSettings()
    ends = np.cumsum([len(one.table) for one in sets]) / max(sum(len(one.table) for one in sets), 1)
    judged = []
    for one, end in zip(sets, ends, strict=True):
        start = end - len(one.table) / max(sum(len(each.table) for each in sets), 1)
        part = between(progress, float(start), float(end))
        part(0.0, one.name)
        judged.append(Judged(words.name, one, _details(words, one, lookup, settings, part)))
    return judged


def summarise(judged: Sequence[Judged], sections: bool = True) -> pd.DataFrame:
    """Return one row a set and embedding, and for analogies of several sections one a section too.

    Args:
        judged: Results, of several embeddings if wanted.
        sections: Whether sections have rows.

    Returns:
        Columns `set`, `section` (empty for the whole set), `vectors`, `measure` ("Spearman" or "accuracy"),
        `value` (NaN where too little is covered), `low` and `high` (its 95 % interval over pairs or
        questions), `asked`, `covered`, `coverage` (share of those asked).

    Source:
        Bonett and Wright 2000 for the interval of Spearman's correlation; Wilson 1927 for a share. Both take
        rows for independent; questions of a section share words, so that theirs is rather wider.
    """
    rows = []
    for one in judged:
        rows.append(_row(one, "", one.details, one.covered))
        if sections and one.set.kind == "analogies" and len(one.details["section"].unique()) > 1:
            for section, part in one.details.groupby("section", sort=False):
                rows.append(_row(one, str(section), part, one.covered[part.index]))
    columns = ["set", "section", "vectors", "measure", "value", "low", "high", "asked", "covered", "coverage"]
    return pd.DataFrame(rows, columns=columns)


def disagreements(details: pd.DataFrame) -> pd.DataFrame:
    """Rank covered pairs by how far people and vectors are apart.

    Args:
        details: Of `Judged`, for a set of pairs.

    Returns:
        Columns `a`, `b`, `score`, `similarity`, `rank_people` and `rank_vectors` (1 = most alike, ties share
        the mean), `apart` (rank_people − rank_vectors: above 0 where the vectors find the two more alike
        than people do); the furthest apart first.
    """
    known = details[details["similarity"].notna()]
    table = known.assign(
        rank_people=known["score"].rank(ascending=False),
        rank_vectors=known["similarity"].rank(ascending=False),
    )
    table["apart"] = table["rank_people"] - table["rank_vectors"]
    order = table["apart"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def pair_rows(judged: Sequence[Judged]) -> pd.DataFrame | None:
    """Return `disagreements` of all sets of pairs, with `set` and `vectors` before them; None of none."""
    return _stacked([(one, disagreements(one.details)) for one in judged if one.set.kind == "pairs"])


def question_rows(judged: Sequence[Judged]) -> pd.DataFrame | None:
    """Return the details of all analogies, with `set` and `vectors` before them; None of none."""
    return _stacked([(one, one.details) for one in judged if one.set.kind == "analogies"])


def _stacked(tables: Sequence[tuple[Judged, pd.DataFrame]]) -> pd.DataFrame | None:
    parts = []
    for one, table in tables:
        part = table.copy()
        part.insert(0, "set", one.set.name)
        part.insert(1, "vectors", one.vectors)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else None


def _row(one: Judged, section: str, part: pd.DataFrame, covered: pd.Series) -> tuple[object, ...]:
    n = int(covered.sum())
    if one.set.kind == "pairs":
        measure, (value, low, high) = "Spearman", _correlation(part[covered])
    else:
        measure, (value, low, high) = "accuracy", _share(int(part["right"].sum()), n)
    asked = len(part)
    return one.set.name, section, one.vectors, measure, value, low, high, asked, n, n / max(asked, 1)


def _correlation(pairs: pd.DataFrame) -> tuple[float, float, float]:
    """Return Spearman's correlation and its 95 % interval; NaN of fewer than 3, or 4 for the interval."""
    n = len(pairs)
    if n < 3 or pairs["score"].nunique() < 2 or pairs["similarity"].nunique() < 2:
        return np.nan, np.nan, np.nan
    rho = float(pairs["score"].rank().corr(pairs["similarity"].rank()))
    if n < 4:
        return rho, np.nan, np.nan
    middle = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
    half = _Z * np.sqrt((1 + rho * rho / 2) / (n - 3))
    return rho, float(np.tanh(middle - half)), float(np.tanh(middle + half))


def _share(right: int, n: int) -> tuple[float, float, float]:
    """Return a share and its 95 % interval after Wilson; NaN of none."""
    if not n:
        return np.nan, np.nan, np.nan
    share = right / n
    middle = (share + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    half = _Z / (1 + _Z * _Z / n) * np.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    return (
        share,
        float(max(middle - half, 0.0)) if right else 0.0,
        float(min(middle + half, 1.0)) if right < n else 1.0,
    )


def _details(
    words: WordVectors, one: QualitySet, lookup: Lookup, settings: JudgingSettings, progress: Progress
) -> pd.DataFrame:
    heeded = settings.model_dump() if one.kind == "analogies" else {}
    key = content_key(_JUDGE, words.fingerprint, one.fingerprint, lookup.model_dump(mode="json"), heeded)
    path = derived_path("quality", key, ".parquet")

    def judged() -> pd.DataFrame:
        if one.kind == "pairs":
            return word_similarity(words, one.table, lookup).pairs
        return analogies(words, one.table, lookup, settings.most_words, progress).questions

    return kept(path, lambda place: _read_kept(place, _COLUMNS[one.kind]), judged, _write)


def _write(path: Path, table: pd.DataFrame) -> None:
    table.to_parquet(path, index=False)


def _read_kept(path: Path, columns: list[str]) -> pd.DataFrame | None:
    """Return a result of the cache; None where there is none or it is damaged and so is made anew."""
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError):
        return None
    return table if list(table.columns) == columns else None
