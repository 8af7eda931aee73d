"""Which tags, or classes, are found on the same tracks, and how much more often than by chance.

Counts stay sparse: of half a million tags most pairs are never met. What needs a number for every pair, a
matrix of distances, is formed for a chosen subset only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict
from scipy import sparse

from taglab.archives import read_arrays
from taglab.errors import DataError, InvalidSetting, NotFound, TooManyTags
from taglab.folksonomy import Folksonomy
from taglab.parallel import on_every_core
from taglab.progress import Progress, silent
from taglab.reprs import one_line

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SomeInts = npt.NDArray[np.integer]

MAX_DENSE = 20_000
"""Most tags for whose pairs a matrix is formed: 3.2 GB, and a few per cent of that while it is."""

MAX_TABLE = 5_000
"""Most tags of a table with a column each."""

_MET_AT_ONCE = 8_000_000  # pairs, before equal ones are added up: some hundred MB a thread
_DENSE_PARTS = 256  # a matrix is filled in so many, each of which takes some ten times its size


class NpmiSettings(BaseModel):
    """What co-occurrence is measured against.

    Attributes:
        total: What counts are divided by to make probabilities. "tracks", the number of tracks, for which
            tags that are independent score 0; "pairs", N = Σ_ij n_ij with the diagonal n_ii = n_i, as the
            thesis prints it, for which they score above 0 (a track with many tags is counted many times).
        tracks: "with-tags" looks at the tracks that have one of the tags, or the pairs of these tags; "all"
            at every track, or the pairs of all tags of the data. Of tags of one genre the former asks what
            belongs together within the genre, the latter makes all of them alike, since they share the genre.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    total: Literal["tracks", "pairs"] = "tracks"
    tracks: Literal["with-tags", "all"] = "with-tags"


@dataclass(frozen=True, eq=False)
class Cooccurrence:
    """How many tracks each pair of tags, or of classes, shares.

    Attributes:
        names: Tags or classes, each once.
        pairs: Sparse symmetric matrix (names, names) of n_ij, int32 or int64, indices in any order; the
            diagonal is n_i.
        n_tracks: Tracks looked at.
        n_tracks_with: Those of them that have at least one of the tags.
        n_all_pairs: Σ_ij n_ij over all tags of the data, where these are some of them; None where these are
            all.

    Raises:
        ValueError: If the shapes disagree.
    """

    names: tuple[str, ...]
    pairs: sparse.csr_array
    n_tracks: int
    n_tracks_with: int
    n_all_pairs: int | None = None

    __repr__ = one_line

    def __post_init__(self) -> None:
        n = len(self.names)
        if self.pairs.shape != (n, n):
            raise ValueError(f"pairs must be ({n}, {n}), not {self.pairs.shape}")
        if not 0 <= self.n_tracks_with <= self.n_tracks:
            raise ValueError(f"n_tracks_with={self.n_tracks_with} must lie in 0 to {self.n_tracks}")

    @cached_property
    def counts(self) -> IntArray:
        """Tracks with each tag, n_i (names,)."""
        return np.asarray(self.pairs.diagonal(), np.int64)

    @property
    def n_pairs(self) -> int:
        """Pairs of different names, met or not."""
        return len(self.names) * (len(self.names) - 1) // 2

    def row(self, name: str) -> int:
        """Return the row of a tag.

        Raises:
            NotFound: If there is none of this name.
        """
        try:
            return self._rows[name]
        except KeyError:
            raise NotFound(f"no tag {name!r} among these {len(self.names)}") from None

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}

    def met(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return the pairs of different names found together: rows i < j, and n_ij, each (met,)."""
        i, j, together = zip(*self._met_in_blocks(), strict=True)
        return np.concatenate(i), np.concatenate(j), np.concatenate(together)

    def _met_in_blocks(self) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
        """Yield what `met` returns, some rows at a time: of half a million tags there are 130 million."""
        for rows, columns, together in self._entries(_MET_AT_ONCE):
            upper = columns > rows
            yield rows[upper], columns[upper].astype(np.int64), together[upper].astype(np.int64)

    def _entries(self, at_once: int) -> Iterator[tuple[IntArray, SomeInts, SomeInts]]:
        """Yield rows, columns and n_ij of what is stored, whole rows that hold about so many entries."""
        indptr = self.pairs.indptr
        edges = np.searchsorted(indptr, np.arange(at_once, indptr[-1], at_once))
        for start, stop in pairwise([0, *np.unique(edges).tolist(), len(self.names)]):
            entries = slice(indptr[start], indptr[stop])
            rows = np.repeat(np.arange(start, stop), np.diff(indptr[start : stop + 1]))
            yield rows, self.pairs.indices[entries], self.pairs.data[entries]

    def normalised(self) -> sparse.csr_array:
        """Return n_ij / √(n_i n_j), sparse (names, names), in [0, 1]; 1 on the diagonal of what occurs.

        Source: Ros Perez 2021, section 7.5.1.
        """
        root = np.sqrt(np.maximum(self.counts, 1))
        rows = np.repeat(np.arange(len(self.names)), np.diff(self.pairs.indptr))
        values = self.pairs.data / (root[rows] * root[self.pairs.indices])
        return sparse.csr_array((values, self.pairs.indices, self.pairs.indptr), shape=self.pairs.shape)

    def pairs_above(self, threshold: float) -> int:
        """Return how many pairs of different names have n_ij / √(n_i n_j) above a threshold in [0, 1].

        The thesis's share of them, 0.657 % above 0.5, has the diagonal in its denominator; of `n_pairs` it
        is 0.675 %.
        """
        if not 0 <= threshold <= 1:
            raise InvalidSetting(f"threshold={threshold} must lie in [0, 1]; given in percent?")
        root = np.sqrt(self.counts.astype(np.float64))
        return sum(
            int((together > threshold * root[i] * root[j]).sum()) for i, j, together in self._met_in_blocks()
        )

    def table(self, settings: NpmiSettings | None = None) -> pd.DataFrame:
        """Return the pairs met.

        Args:
            settings: What PMI and NPMI are measured against; its defaults where None.

        Returns:
            Columns `a` and `b` (the more used first), `together`, `count_a`, `count_b`, `normalised`, `pmi`
            (bits), `npmi`; most often together first.
        """
        i, j, together = self.met()
        root = np.sqrt(self.counts.astype(np.float64))
        counted = (together, self.counts[i], self.counts[j], self._total(settings or NpmiSettings()))
        found = self._listed(i, j, together).assign(
            normalised=together / (root[i] * root[j]), pmi=_pmi(*counted), npmi=_npmi(*counted)
        )
        return found.sort_values("together", ascending=False, kind="stable").reset_index(drop=True)

    def _listed(self, i: IntArray, j: IntArray, together: IntArray) -> pd.DataFrame:
        """Return pairs by name, the more used first, with their counts."""
        first, second = np.where(self.counts[i] >= self.counts[j], (i, j), (j, i))
        names = np.array(self.names, dtype=object)
        return pd.DataFrame(
            {
                "a": names[first],
                "b": names[second],
                "together": together,
                "count_a": self.counts[first],
                "count_b": self.counts[second],
            }
        )

    def dense(self) -> IntArray:
        """Return n_ij for every pair (names, names).

        Raises:
            TooManyTags: If there are more than `MAX_DENSE` names.
        """
        return np.asarray(self._filled(np.int64(0), lambda together, a, b: together))

    def _filled(self, start: np.number, of: Callable[..., npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return what is made of n_ij, n_i and n_j for every pair, `start` where a pair is never met."""
        n = len(self.names)
        _require_room(n)
        result = np.full((n, n), start)
        for rows, columns, together in self._entries(max(n * n // _DENSE_PARTS, 1)):
            result[rows, columns] = of(together, self.counts[rows], self.counts[columns])
        return result

    def pmi(self, settings: NpmiSettings | None = None) -> DoubleArray:
        """Return the pointwise mutual information of every pair, log2 of P(i, j) / (P(i) P(j)), in bits.

        Symmetric; −∞ where a pair is never met, and for a tag that never occurs also on the diagonal, which
        else holds −log2 P(i). A rare pair has a higher one than a common pair as much together; NPMI has not.

        Args:
            settings: What counts are divided by; its defaults where None.

        Returns:
            (names, names).

        Raises:
            TooManyTags: If there are more than `MAX_DENSE` names.

        Source: Ros Perez 2021, eq. 30, whose N = Σ_ij n_ij is `total="pairs"`.
        """
        total = self._total(settings or NpmiSettings())
        return np.asarray(self._filled(np.float64(-np.inf), partial(_pmi, total=total)))

    def npmi(self, settings: NpmiSettings | None = None) -> DoubleArray:
        """Return the normalised pointwise mutual information of every pair.

        Independent of the base of the logarithm; −1 where a pair is never met, exactly 1 where two tags
        always occur together (and on the diagonal), symmetric.

        Args:
            settings: What counts are divided by; its defaults where None.

        Returns:
            (names, names), in [-1, 1]. A tag that never occurs has −1 with every other.

        Raises:
            TooManyTags: If there are more than `MAX_DENSE` names.

        Source: Bouma 2009; Ros Perez 2021, eq. 30 and 31, whose N = Σ_ij n_ij is `total="pairs"`.
        """
        total = self._total(settings or NpmiSettings())
        result = self._filled(np.float64(-1), partial(_npmi, total=total))
        np.fill_diagonal(result, 1.0)
        return result

    def npmi_distances(self, settings: NpmiSettings | None = None) -> DoubleArray:
        """Return 1 − NPMI (names, names), in [0, 2], 0 on the diagonal.

        No metric: the triangle inequality need not hold.

        Raises:
            InvalidSetting: As `npmi`.

        Source: Ros Perez 2021, eq. 32 (its code's readme prints NPMI itself).
        """
        distances = self.npmi(settings)
        return np.subtract(1.0, distances, out=distances)

    def _total(self, settings: NpmiSettings) -> int:
        if settings.total == "pairs":
            if settings.tracks == "all" and self.n_all_pairs is not None:
                return self.n_all_pairs
            return int(self.pairs.data.sum(dtype=np.int64))
        return self.n_tracks if settings.tracks == "all" else self.n_tracks_with

    def m_correlated(self, m: float = 1.5) -> pd.DataFrame:
        """Return the m-correlated pairs: those that share more than 1/m of the rarer one's tracks.

        Args:
            m: At least 1; larger finds more pairs.

        Returns:
            Columns `a` (the more used), `b`, `together`, `count_a`, `count_b`, `share` (of the rarer one's
            tracks); the largest share first.

        Raises:
            InvalidSetting: If m is below 1.

        Source: Ros Perez 2021, section 7.5.1 (m = 3/2).
        """
        if not m >= 1:
            raise InvalidSetting(
                f"m={m} must be at least 1; pairs share at most all of the rarer one's tracks"
            )
        i, j, together = self.met()
        chosen = np.flatnonzero(together * m > np.minimum(self.counts[i], self.counts[j]))
        found = self._listed(i[chosen], j[chosen], together[chosen])
        found["share"] = found["together"] / found["count_b"]
        return found.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)

    def merge_groups(self, m: float = 1.5) -> tuple[tuple[str, ...], ...]:
        """Return the groups that merging every m-correlated pair makes, transitively.

        Returns:
            Groups of two or more, the most used of each first, in the order of `names`.
        """
        correlated = self.m_correlated(m)
        rows = [self._rows[name] for name in correlated["a"]]
        columns = [self._rows[name] for name in correlated["b"]]
        n = len(self.names)
        graph = sparse.csr_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(n, n))
        from scipy.sparse import csgraph

        _, component = csgraph.connected_components(graph, directed=False)
        groups: dict[int, list[int]] = {}
        for row, number in enumerate(component.tolist()):
            groups.setdefault(number, []).append(row)
        return tuple(
            tuple(self.names[row] for row in sorted(members, key=lambda row: -self.counts[row]))
            for members in groups.values()
            if len(members) > 1
        )


def of_tags(
    folksonomy: Folksonomy, progress: Progress = silent, n_all_pairs: int | None = None
) -> Cooccurrence:
    """Count the pairs of tags of a folksonomy; see `cooccurrence`."""
    return cooccurrence(folksonomy.matrix, list(folksonomy.tags["tag"]), progress, n_all_pairs)


def pairs_of_all(incidence: sparse.csr_array) -> int:
    """Return Σ_ij n_ij over all columns (tracks, tags), with no pair formed: Σ of each track's tags²."""
    tags = np.diff(np.append(0, np.cumsum(incidence.data != 0, dtype=np.int64))[incidence.indptr])
    return int((tags**2).sum())


def cooccurrence(
    incidence: sparse.sparray,
    names: Sequence[str],
    progress: Progress = silent,
    n_all_pairs: int | None = None,
) -> Cooccurrence:
    """Count on how many tracks each pair is found.

    Rows of the product are made in blocks of about equal work, on every core.

    Args:
        incidence: Which track has what (tracks, names); whatever is not 0 counts once. The matrix of a
            folksonomy, or `LabelSpace.targets`.
        names: What the columns are.
        progress: Told after each block.
        n_all_pairs: See `Cooccurrence`, and `pairs_of_all`.

    Raises:
        ValueError: If there is not one name a column.
    """
    if incidence.shape[1] != len(names):
        raise ValueError(f"incidence has {incidence.shape[1]} columns and there are {len(names)} names")
    has = sparse.csr_array(incidence)
    kept = has.data != 0
    starts = np.append(0, np.cumsum(kept))[has.indptr].astype(np.int32)
    has = sparse.csr_array(
        (np.ones(int(kept.sum()), np.int32), has.indices[kept].astype(np.int32), starts), shape=has.shape
    )
    by_name = sparse.csr_array(has.T)

    def count(block: slice) -> sparse.csr_array:
        return sparse.csr_array(by_name[block] @ has)

    parts = on_every_core(count, _blocks_of_equal_work(has, by_name), progress, "counting pairs")
    pairs = sparse.csr_array(sparse.vstack(parts, format="csr"))
    with_a_tag = int((np.diff(has.indptr) > 0).sum())
    return Cooccurrence(tuple(names), pairs, has.shape[0], with_a_tag, n_all_pairs)


def matrix_table(pairs: Cooccurrence) -> pd.DataFrame:
    """Return the counts as a table: column `name`, and a column a name, in the order of `names`.

    Raises:
        InvalidSetting: If there are more than `MAX_TABLE` names.
    """
    n = len(pairs.names)
    if n > MAX_TABLE:
        raise InvalidSetting(
            f"a table of {n:,} × {n:,} counts is more than a spreadsheet takes; the limit is {MAX_TABLE:,}. "
            "Write the sparse matrix (.npz), or choose fewer"
        )
    table = pd.DataFrame(pairs.dense(), columns=list(pairs.names))
    table.insert(0, "name", list(pairs.names), allow_duplicates=True)
    return table


def write_matrix(pairs: Cooccurrence, file: Path | BinaryIO) -> None:
    """Write the counts as an .npz that `scipy.sparse.load_npz` opens, and `read_matrix` with the names."""
    np.savez_compressed(
        file,
        format=np.array(b"csr"),
        _is_array=np.array(True),
        shape=np.array(pairs.pairs.shape),
        data=pairs.pairs.data,
        indices=pairs.pairs.indices,
        indptr=pairs.pairs.indptr,
        names=np.array(pairs.names, dtype=np.str_),
        tracks=np.array([pairs.n_tracks, pairs.n_tracks_with]),
        all_pairs=np.array([] if pairs.n_all_pairs is None else [pairs.n_all_pairs], np.int64),
    )


def read_matrix(path: Path) -> Cooccurrence:
    """Read what `write_matrix` wrote.

    Raises:
        DataError: If it is something else, or damaged.
    """
    try:
        stored = read_arrays(path)
        shape = tuple(stored["shape"].tolist())
        counts = sparse.csr_array((stored["data"], stored["indices"], stored["indptr"]), shape=shape)
        counts.check_format()
        tracks, names = stored["tracks"].tolist(), tuple(stored["names"].tolist())
        of_all = stored["all_pairs"].tolist() if "all_pairs" in stored else []
        n_tracks, n_tracks_with = tracks
        return Cooccurrence(names, counts, n_tracks, n_tracks_with, next(iter(of_all), None))
    except DataError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(path, f"does not hold co-occurrence counts of taglab ({error})") from error


def _blocks_of_equal_work(has: sparse.csr_array, by_name: sparse.csr_array) -> list[slice]:
    """Return slices of the names, each of about as many met pairs."""
    sizes = np.diff(has.indptr).astype(np.int64)
    work = np.append(0, np.cumsum(sizes[by_name.indices]))[by_name.indptr]
    n_blocks = int(work[-1] // _MET_AT_ONCE) + 1
    edges = np.searchsorted(work, np.linspace(0, work[-1], n_blocks + 1)[1:-1])
    bounds = [0, *np.unique(edges[(edges > 0) & (edges < by_name.shape[0])]).tolist(), by_name.shape[0]]
    return [slice(start, stop) for start, stop in pairwise(bounds)]


def _npmi(
    together: npt.NDArray[np.integer],
    count_a: npt.NDArray[np.integer],
    count_b: npt.NDArray[np.integer],
    total: int,
) -> DoubleArray:
    """Return log(P(a) P(b)) / log P(a, b) − 1 of as many counts each."""
    result = np.full(together.shape, -1.0)
    always = (together == count_a) & (together == count_b) & (together > 0)
    some = (together > 0) & ~always
    n = np.log(float(max(total, 1)))
    joint = np.log(together[some]) - n
    apart = np.log(count_a[some]) + np.log(count_b[some]) - 2 * n
    result[some] = np.clip(apart / joint - 1, -1, 1)
    result[always] = 1.0
    return result


def _pmi(
    together: npt.NDArray[np.integer],
    count_a: npt.NDArray[np.integer],
    count_b: npt.NDArray[np.integer],
    total: int,
) -> DoubleArray:
    """Return log2 of P(a, b) / (P(a) P(b)) of as many counts each; −∞ where they are never together."""
    result = np.full(together.shape, -np.inf)
    met = together > 0
    expected = count_a[met].astype(np.float64) * count_b[met]
    result[met] = np.log2(float(total) * together[met] / expected)
    return result


def _require_room(n: int) -> None:
    if n > MAX_DENSE:
        raise TooManyTags(
            f"a matrix of {n:,} × {n:,} pairs would need {8 * n * n / 1e9:,.1f} GB, and clustering by it "
            f"about four times that; the limit is {MAX_DENSE:,} tags. Choose fewer: raise the minimum count, "
            "or take the tags of one class"
        )
