"""`Targets`: what each track should be given, and of which tracks that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.cache import content_key
from taglab.errors import NotFound
from taglab.reprs import one_line

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
Values: TypeAlias = "sparse.csr_array | FloatArray"

# What the shares of a distribution may miss 1 by, in single precision.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class TargetKind:
    """A kind of targets.

    Attributes:
        about: What the values of a track are, a phrase.
        sparse: Whether they are held as a sparse array.
        fault: Takes the values of known tracks (tracks, columns); returns what is wrong with the first that
            is not of this kind, and its row, or None.
    """

    about: str
    sparse: bool
    fault: Callable[[Values], tuple[str, int] | None]


def _first(wrong: npt.NDArray[np.bool_], what: str) -> tuple[str, int] | None:
    rows = np.flatnonzero(wrong)
    return (what, int(rows[0])) if len(rows) else None


def _not_zero_one(values: Any) -> tuple[str, int] | None:
    other = sparse.coo_array(values) if values.nnz else None
    wrong = np.zeros(values.shape[0], bool)
    if other is not None:
        wrong[other.row[other.data != 1]] = True
    return _first(wrong, "holds another value than 0 and 1")


def _not_one_of(values: Any) -> tuple[str, int] | None:
    return _not_zero_one(values) or _first(np.diff(values.indptr) != 1, "is not in exactly one class")


def _no_shares(values: Any) -> tuple[str, int] | None:
    wrong = (values < 0).any(axis=1) | ~(np.abs(values.sum(axis=1, dtype=np.float64) - 1) < _ROUNDING)
    return _first(wrong, "holds shares below 0, or that do not sum to 1")


def _not_finite(values: Any) -> tuple[str, int] | None:
    return _first(~np.isfinite(values).all(axis=1), "holds NaN or infinity; of such a track nothing is known")


TARGET_KINDS: dict[str, TargetKind] = {
    "binary": TargetKind("in a class or not, for every class", True, _not_zero_one),
    "categorical": TargetKind("exactly one of the classes", True, _not_one_of),
    "distribution": TargetKind("a share of every column, 1 in all", False, _no_shares),
    "real": TargetKind("a number for every column", False, _not_finite),
}
"""Kind → what it holds."""


@dataclass(frozen=True, eq=False)
class Factors:
    """What the columns of a distribution are made of, so that people can be shown what each is about.

    Attributes:
        kind: What the terms are: "tags", "words", "users", "years", …
        terms: The terms, each once.
        weights: Array (terms, factors), float32, at least 0: how likely each term is under each factor,
            1 in all for every factor.

    Raises:
        ValueError: If shapes disagree, a term stands twice, or weights are not such shares.
    """

    kind: str
    terms: tuple[str, ...]
    weights: FloatArray

    __repr__ = one_line

    def __post_init__(self) -> None:
        if self.weights.ndim != 2 or len(self.weights) != len(self.terms):
            raise ValueError(f"weights {self.weights.shape} must be ({len(self.terms)} terms, factors)")
        if len(set(self.terms)) != len(self.terms):
            raise ValueError(f"one of the {self.kind} stands twice")
        fault = _no_shares(self.weights.T)
        if fault is not None:
            raise ValueError(f"factor {fault[1]} {fault[0]}")


@dataclass(frozen=True, eq=False)
class Targets:
    """What each track should be given.

    Attributes:
        kind: A key of `TARGET_KINDS`.
        tracks: Track ids, each once.
        columns: Names of what is given, each once: classes, factors, quantities.
        values: (tracks, columns), float32: a sparse array of 1 where the kind is binary or categorical, else
            dense. All zeros for tracks of which nothing is known.
        known: Array (tracks,), bool. What is not known is missing, which is not negative: such a track is no
            example of anything.
        name: What they are called.
        origin: What they were made of and how, as JSON has it; not part of the fingerprint.
        factors: What the columns are made of, where they are factors of terms; not part of the fingerprint.
        notes: What making them left out or changed, a sentence each; not part of the fingerprint.

    Raises:
        ValueError: If shapes or types disagree, a name stands twice, or values are not of the kind.
    """

    kind: str
    tracks: tuple[str, ...]
    columns: tuple[str, ...]
    values: Values
    known: BoolArray
    name: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)
    factors: Factors | None = None
    notes: tuple[str, ...] = ()
    _rows: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in TARGET_KINDS:
            raise ValueError(f"kind={self.kind!r} must be one of: {', '.join(TARGET_KINDS)}")
        shape = (len(self.tracks), len(self.columns))
        if self.values.shape != shape or self.known.shape != shape[:1]:
            raise ValueError(
                f"values {self.values.shape} and known {self.known.shape} must be "
                f"(tracks, columns) = {shape} and (tracks,)"
            )
        if self.values.dtype != np.float32 or self.known.dtype != np.bool_:
            raise ValueError(
                f"values must be float32 and known bool, not {self.values.dtype} and {self.known.dtype}"
            )
        object.__setattr__(self, "_rows", {track: row for row, track in enumerate(self.tracks)})
        if len(self._rows) != len(self.tracks) or len(set(self.columns)) != len(self.columns):
            raise ValueError("a track or a column stands twice")
        if self.factors is not None and self.factors.weights.shape[1] != shape[1]:
            raise ValueError(f"factors of weights {self.factors.weights.shape} must be {shape[1]} columns")
        self._check_values()

    def _check_values(self) -> None:
        kind = TARGET_KINDS[self.kind]
        if kind.sparse != isinstance(self.values, sparse.csr_array):
            raise ValueError(
                f"values of {self.kind} targets must be {'a sparse csr_array' if kind.sparse else 'dense'}"
            )
        known_rows = np.flatnonzero(self.known)
        fault = kind.fault(self.values[known_rows])
        if fault is not None:
            raise ValueError(f"track {self.tracks[known_rows[fault[1]]]!r} {fault[0]}")
        unknown = self.values[np.flatnonzero(~self.known)]
        if (unknown.nnz if isinstance(unknown, sparse.csr_array) else np.count_nonzero(unknown)) > 0:
            raise ValueError("values of tracks that are not known must be zeros")

    @classmethod
    def of_classes(
        cls,
        tracks: Sequence[str],
        codes: npt.ArrayLike,
        columns: Sequence[str],
        name: str = "",
        origin: Mapping[str, Any] | None = None,
    ) -> Targets:
        """Make categorical targets.

        Args:
            tracks: Track ids.
            codes: Array (tracks,): the column of each, below 0 where it is not known.
            columns: Names of the classes.
            name: What to call them.
            origin: What they were made of.
        """
        given = np.asarray(codes, np.int64)
        known = given >= 0
        pointers = np.concatenate([[0], np.cumsum(known)])
        values = sparse.csr_array(
            (np.ones(int(known.sum()), np.float32), given[known], pointers), shape=(len(tracks), len(columns))
        )
        return cls("categorical", tuple(tracks), tuple(columns), values, known, name, origin or {})

    def __repr__(self) -> str:
        size = f"{len(self)} tracks ({int(self.known.sum())} known), {len(self.columns)} columns"
        return f"<Targets {self.name}: {self.kind}, {size}>"

    def __len__(self) -> int:
        return len(self.tracks)

    @cached_property
    def fingerprint(self) -> str:
        """Content key of kind, tracks, columns, values and what is known; the name is not part of it."""
        parts = [self.values]
        if isinstance(self.values, sparse.csr_array):
            ordered = self.values.sorted_indices()
            parts = [ordered.indptr.astype(np.int64), ordered.indices.astype(np.int64), ordered.data]
        return content_key(self.kind, list(self.tracks), list(self.columns), self.known, *parts)

    @property
    def coverage(self) -> float:
        """Share of the tracks that are known, [0, 1]; NaN where there are none."""
        return float(self.known.mean()) if len(self) else float("nan")

    def column(self, name: str) -> int:
        """Return the number of a column; raises NotFound."""
        try:
            return self.columns.index(name)
        except ValueError:
            shown = ", ".join(self.columns[:10]) + (", …" if len(self.columns) > 10 else "")
            raise NotFound(
                f"no column {name!r} in {self.name or 'these targets'}; there are: {shown}"
            ) from None

    def select(self, tracks: Iterable[str]) -> Targets:
        """Return the targets of these tracks, in this order; of those that are not here nothing is known."""
        wanted = tuple(dict.fromkeys(tracks))
        rows = np.array([self._rows.get(track, -1) for track in wanted], np.int64)
        here = rows >= 0
        values: Values
        if isinstance(self.values, sparse.csr_array):
            places = np.flatnonzero(here)
            chooser = sparse.csr_array(
                (np.ones(len(places), np.float32), (places, rows[places])), shape=(len(wanted), len(self))
            )
            values = sparse.csr_array(chooser @ self.values)
        else:
            values = np.zeros((len(wanted), len(self.columns)), np.float32)
            values[here] = self.values[rows[here]]
        known = np.zeros(len(wanted), bool)
        known[here] = self.known[rows[here]]
        return replace(self, tracks=wanted, values=values, known=known)

    def dense(self, rows: npt.NDArray[np.integer] | None = None) -> FloatArray:
        """Return the values of some rows, or of all, as an array (rows, columns), float32."""
        values = self.values if rows is None else self.values[rows]
        dense: FloatArray = values.toarray() if isinstance(values, sparse.csr_array) else values
        return dense

    def table(self) -> pd.DataFrame:
        """Return one row a column, over known tracks: `column`, `sum` (of classes, tracks), `mean`."""
        import pandas as pd

        sums, n_known = self.totals(), int(self.known.sum())
        means = sums / n_known if n_known else np.full(len(sums), np.nan)
        return pd.DataFrame({"column": pd.array(self.columns, dtype="str"), "sum": sums, "mean": means})

    def totals(self) -> npt.NDArray[np.float64]:
        """Return the sum of each column over known tracks (columns,): of classes, their tracks."""
        return np.asarray(self.values.sum(axis=0, dtype=np.float64)).reshape(-1)
