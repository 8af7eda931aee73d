"""What factors are about: their strongest terms, the tracks that have most of them, how peaked they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.figures.theme import visible
from taglab.targets import FloatArray, Targets

__all__ = [
    "factor_table",
    "peakedness",
    "strongest_by_source",
    "strongest_terms",
    "strongest_tracks",
    "summary",
]


def strongest_terms(targets: Targets, n: int = 5) -> pd.DataFrame:
    """Return the terms that are most likely under each factor: table 2.2 of Kim (2021).

    Args:
        targets: Whose columns are factors of terms (`Targets.factors`).
        n: At most so many of each.

    Returns:
        A row for each term of each factor, in the order of the columns, strongest first: `factor` (the
        column), `rank` from 1, `term`, `weight`: p(term | factor). Terms of weight 0 are left out.

    Raises:
        InvalidSetting: If the columns are made of no terms, or n is below 1.
    """
    if targets.factors is None:
        raise InvalidSetting(f"columns of {targets.name or 'these targets'} are not factors of terms")
    if n < 1:
        raise InvalidSetting(f"n={n} must be at least 1")
    weights = targets.factors.weights
    return _strongest(targets.columns, targets.factors.terms, weights, n, ("term", "weight"))


def strongest_tracks(targets: Targets, n: int = 5) -> pd.DataFrame:
    """Return the tracks that have most of each column, whether it is a factor or not.

    Returns:
        A row for each track of each column, in the order of the columns, most first: `factor`, `rank` from
        1, `track`, `share`. Tracks of which nothing is known, and those of value 0, are left out.

    Raises:
        InvalidSetting: If n is below 1.
    """
    if n < 1:
        raise InvalidSetting(f"n={n} must be at least 1")
    known = np.flatnonzero(targets.known)
    tracks = [targets.tracks[row] for row in known]
    return _strongest(targets.columns, tracks, targets.dense(known), n, ("track", "share"))


def strongest_by_source(sources: Mapping[str, Targets], tracks: Sequence[str], n: int = 2) -> tuple[str, ...]:
    """Return of each track the strongest columns of every source, as a text: figure 2.16 of Kim (2021).

    Args:
        sources: Name → what it says of tracks; distributions or classes.
        tracks: Which; of one that a source does not know, it says nothing.
        n: At most so many columns of each source.

    Returns:
        A text for each track, as "tag: rock 0.61, indie 0.20; bpm: 120 1.00".
    """
    parts: list[list[str]] = [[] for _ in tracks]
    for source, targets in sources.items():
        chosen = targets.select(tracks)
        values = chosen.dense()
        order = np.argsort(-values, axis=1, kind="stable")[:, :n]
        for row in np.flatnonzero(chosen.known).tolist():
            strongest = [
                f"{visible(targets.columns[column], 40)} {values[row, column]:.2f}"
                for column in order[row]
                if values[row, column] > 0
            ]
            parts[row] += [f"{source}: {', '.join(strongest)}"] if strongest else []
    return tuple("; ".join(texts) for texts in parts)


def _strongest(
    columns: Sequence[str], ids: Sequence[str], values: FloatArray, n: int, names: tuple[str, str]
) -> pd.DataFrame:
    """Return the n ids of highest value (ids, columns) of every column, those above 0."""
    n = min(n, len(ids))
    order = np.argsort(-values, axis=0, kind="stable")[:n].T
    table = pd.DataFrame(
        {
            "factor": pd.array(np.repeat(np.array(columns, object), n), dtype="str"),
            "rank": np.tile(np.arange(1, n + 1), len(columns)),
            names[0]: pd.array(np.array(ids, object)[order.ravel()], dtype="str"),
            names[1]: np.take_along_axis(values.T, order, axis=1).ravel(),
        }
    )
    return table[table[names[1]] > 0].reset_index(drop=True)


def factor_table(targets: Targets, n: int = 5) -> pd.DataFrame:
    """Return one row a factor, in the order of the columns, with what it is about.

    Args:
        targets: Whose columns are factors of terms.
        n: So many terms and tracks of each.

    Returns:
        `column`; `mean`: its share of known tracks; `terms` and `tracks`: lists, the strongest first.

    Raises:
        InvalidSetting: As `strongest_terms`.
    """
    terms = strongest_terms(targets, n).groupby("factor")["term"].agg(list)
    tracks = strongest_tracks(targets, n).groupby("factor")["track"].agg(list)
    table = targets.table()[["column", "mean"]]
    for name, lists in (("terms", terms), ("tracks", tracks)):
        table[name] = [lists.get(column, []) for column in table["column"]]
    return table


def peakedness(targets: Targets) -> npt.NDArray[np.float64]:
    """Return for each track the perplexity of its distribution: over how many factors it is spread.

    exp of the entropy: 1 where one factor has all, the number of factors where all have the same.

    Returns:
        Array (tracks,), NaN where nothing is known.

    Raises:
        InvalidSetting: If the targets are no distributions.
    """
    if targets.kind != "distribution":
        raise InvalidSetting(f"kind={targets.kind!r} must be distribution to tell how peaked it is")
    shares = targets.dense().astype(np.float64)
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    perplexities = np.exp(-(shares * logs).sum(axis=1))
    return np.where(targets.known, perplexities, np.nan)


def summary(targets: Targets) -> dict[str, Any]:
    """Return what is told of factors as a whole.

    Returns:
        `factors`, `terms` (0 where they are made of none), `known` and `coverage` of tracks, `perplexity`:
        the median over known tracks, `least_perplexity`, `most_perplexity`, and `used_factors`: exp of the
        entropy of the mean distribution, over how many factors all tracks together are spread.

    Raises:
        InvalidSetting: As `peakedness`.
    """
    perplexities = peakedness(targets)[targets.known]
    mean = targets.totals() / max(int(targets.known.sum()), 1)
    entropy = -(mean * np.log(mean, where=mean > 0, out=np.zeros_like(mean))).sum()
    quantiles = np.quantile(perplexities, [0, 0.5, 1]) if len(perplexities) else np.full(3, np.nan)
    return {
        "factors": len(targets.columns),
        "terms": len(targets.factors.terms) if targets.factors else 0,
        "known": len(perplexities),
        "coverage": targets.coverage,
        "perplexity": float(quantiles[1]),
        "least_perplexity": float(quantiles[0]),
        "most_perplexity": float(quantiles[2]),
        "used_factors": float(np.exp(entropy)),
    }
