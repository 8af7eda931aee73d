"""Factors of a number of each track, its year or tempo: how much of each of k normal distributions it is."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from taglab.errors import DataError, InvalidSetting
from taglab.factors.column import numbers_of
from taglab.factors.maker import TargetMaker
from taglab.factors.plsa import Doubles
from taglab.factors.topics import LearnedFactors, distinct_names
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.targets import BoolArray, Factors, FloatArray, Targets

# A tracker's tempo is right within so much, as MIREX has it.
_TEMPO_TOLERANCE = 0.04
_OCTAVES = {"double": 2.0, "half": 0.5, "triple": 3.0, "third": 1 / 3}


class NumberMixture(LearnedFactors):
    """How a number is divided into normal distributions.

    Attributes:
        column: Of the tracks table; where empty, the first there is of the usual names.
        floor: Least deviation of a distribution, in the number's unit: with fewer numbers than distributions
            some would else shrink to a single one.
        starts: So many starts are tried; the likeliest end is taken.
    """

    usual: ClassVar[tuple[str, ...]]
    unit: ClassVar[str]
    least: ClassVar[float]
    most: ClassVar[float]

    column: str = ""
    floor: float = Field(0.5, gt=0, allow_inf_nan=False)
    starts: int = Field(1, ge=1, le=100)


class YearMixture(NumberMixture):
    """Normal distributions of years."""

    usual: ClassVar[tuple[str, ...]] = ("year",)
    unit: ClassVar[str] = "years"
    least: ClassVar[float] = 1000.0
    most: ClassVar[float] = 2200.0


class TempoMixture(NumberMixture):
    """Normal distributions of tempi.

    Attributes:
        fold: Lowest tempo of the octave into which all are folded, by doubling and halving, so that a tempo
            and its double are one; 0 folds none.
        against: Another column of tempi of the same tracks; it is told how often one is the double, the half,
            the triple or the third of the other.
    """

    usual: ClassVar[tuple[str, ...]] = ("bpm", "tempo", "tempo_bpm")
    unit: ClassVar[str] = "bpm"
    least: ClassVar[float] = 10.0
    most: ClassVar[float] = 1000.0

    fold: float = Field(0.0, ge=0, allow_inf_nan=False)
    against: str = ""


def make_of_years(folksonomy: Folksonomy, settings: YearMixture, progress: Progress = silent) -> Targets:
    """Return how much of each of k normal distributions of years every track is.

    A year of 0, as the Million Song Dataset writes what it does not know, or outside 1000 to 2200 is unknown.

    Raises:
        InvalidSetting: If there is no such column.
        DataError: If fewer than two different years are known of the tracks to learn from, or it holds text.
    """
    numbers, known, notes = _column(folksonomy, settings, settings.column)
    return _mixture(folksonomy, settings, numbers, known, notes, progress)


def make_of_tempi(folksonomy: Folksonomy, settings: TempoMixture, progress: Progress = silent) -> Targets:
    """Return how much of each of k normal distributions of tempi every track is.

    A tempo outside 10 to 1,000 bpm is unknown.

    Raises:
        InvalidSetting, DataError: As `make_of_years`.
    """
    numbers, known, notes = _column(folksonomy, settings, settings.column)
    if settings.against:
        others, also_known, _ = _column(folksonomy, settings, settings.against)
        both = known & also_known
        notes.append(_agreement_of_octaves(numbers[both], others[both], settings.against))
    if settings.fold:
        folded = np.where(known, folded_tempi(np.where(known, numbers, settings.fold), settings.fold), 0)
        n_moved = int((folded != numbers)[known].sum())
        notes.append(
            f"{n_moved:,} of {int(known.sum()):,} tempi were folded into {settings.fold:g} to "
            f"{2 * settings.fold:g} bpm: of those tempo and double are not told apart."
        )
        numbers = folded
    elif known.any():
        notes.append(_possible_doubles(numbers[known]))
    return _mixture(folksonomy, settings, numbers, known, notes, progress)


def folded_tempi(tempi: Doubles, lowest: float) -> Doubles:
    """Return tempi above 0, doubled or halved until they lie in [lowest, 2 · lowest)."""
    octaves = np.floor(np.log2(tempi / lowest))
    folded: Doubles = np.asarray(tempi / 2.0**octaves, np.float64)
    return folded


def octave_errors(tempi: Doubles, others: Doubles) -> dict[str, int]:
    """Count how two tempi of the same tracks agree.

    Args:
        tempi: Array (tracks,), above 0.
        others: Array (tracks,), above 0.

    Returns:
        Tracks by "equal", "double", "half", "triple", "third" (what `others` is of `tempi`, within 4 %) and
        "otherwise".
    """
    ratios = others / tempi
    near = {
        name: np.abs(ratios / factor - 1) <= _TEMPO_TOLERANCE
        for name, factor in {"equal": 1.0, **_OCTAVES}.items()
    }
    counts = {name: int(rows.sum()) for name, rows in near.items()}
    return {**counts, "otherwise": len(ratios) - sum(counts.values())}


def _agreement_of_octaves(tempi: Doubles, others: Doubles, name: str) -> str:
    counts = ", ".join(f"{kind} {count:,}" for kind, count in octave_errors(tempi, others).items() if count)
    return f"Of {len(tempi):,} tracks that have both, {name!r} is, within 4 %: {counts or 'none'}."


def _possible_doubles(tempi: Doubles) -> str:
    """Say how many tempi could be the double or half of what others mean, by the octave that most lie in."""
    lowest = float(np.median(tempi)) / np.sqrt(2)
    outside = int(((tempi < lowest) | (tempi >= 2 * lowest)).sum())
    return (
        f"{outside:,} of {len(tempi):,} tempi lie outside {lowest:.0f} to {2 * lowest:.0f} bpm, as where a "
        f"tracker took the double or the half; fold={lowest:.0f} makes one of both."
    )


def _column(
    folksonomy: Folksonomy, settings: NumberMixture, name: str
) -> tuple[Doubles, BoolArray, list[str]]:
    """Return the numbers of a column, where they are known, and what is said of those left out."""
    table, kind = folksonomy.tracks, type(settings)
    column = name or next((usual for usual in kind.usual if usual in table.columns), "")
    if column not in table.columns or column == "track":
        others = ", ".join(repr(one) for one in table.columns if one != "track") or "no other than the ids"
        asked = f"column={name!r}" if name else f"column='' (none of {', '.join(kind.usual)} is there)"
        raise InvalidSetting(f"{asked} must be one of those that tracks of {folksonomy.name} have: {others}")
    numbers, known = numbers_of(folksonomy, table[column], "name a column of numbers")
    fits = known & (numbers >= kind.least) & (numbers <= kind.most)
    n_zero, n_outside = int((known & (numbers == 0)).sum()), int((known & ~fits & (numbers != 0)).sum())
    notes = [f"{n_zero:,} tracks have 0 in {column!r}: not known."] if n_zero else []
    if n_outside:
        notes.append(
            f"{n_outside:,} tracks have in {column!r} what lies outside {kind.least:g} to {kind.most:g} "
            f"{kind.unit}: taken as not known."
        )
    return np.where(fits, numbers, 0.0), fits, notes


def _mixture(
    folksonomy: Folksonomy,
    settings: NumberMixture,
    numbers: Doubles,
    known: BoolArray,
    notes: list[str],
    progress: Progress,
) -> Targets:
    learned = numbers[known & settings.learned_tracks(folksonomy)]
    n_different = len(np.unique(learned))
    if n_different < 2:
        because = f" ({' '.join(notes).rstrip('.')})" if notes else ""
        raise DataError(
            folksonomy.name,
            f"has {n_different} different {settings.unit} among the tracks to learn from, too few to divide"
            + because,
        )
    k = min(settings.k, n_different)
    if k < settings.k:
        notes.append(f"k={settings.k} became {k}: there are no more different {settings.unit} to learn from.")
    progress(0.1, f"{k} normal distributions")
    model = _fitted(learned, k, settings, notes)
    order = np.argsort(model.means_[:, 0], kind="stable")
    shares = np.zeros((len(numbers), k))
    shares[known] = model.predict_proba(numbers[known][:, None])[:, order]
    means, deviations = model.means_[order, 0], np.sqrt(model.covariances_[order, 0, 0])
    return Targets(
        kind="distribution",
        tracks=tuple(folksonomy.tracks["track"]),
        columns=distinct_names([f"{m:.4g} ± {d:.2g}" for m, d in zip(means, deviations, strict=True)]),
        values=shares.astype(np.float32),
        known=known,
        name=type(settings).usual[0],
        origin={"data": folksonomy.fingerprint, "settings": settings.model_dump(mode="json")},
        factors=_terms(numbers[known], shares[known], settings.unit),
        notes=tuple(notes),
    )


def _fitted(numbers: Doubles, k: int, settings: NumberMixture, notes: list[str]) -> Any:
    """Return scikit-learn's mixture of the numbers, and add to the notes what it could not do."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    model = GaussianMixture(
        k, reg_covar=settings.floor**2, n_init=settings.starts, max_iter=1000, random_state=settings.seed
    )
    # Its k-means adds up in another order with another number of threads.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(numbers[:, None])
    if not model.converged_:
        notes.append("The mixture had not settled after 1,000 iterations.")
    variances = model.covariances_[:, 0, 0]
    n_single = int((variances < settings.floor**2 * (1 + 1e-3)).sum())
    if n_single:
        notes.append(
            f"{n_single} of {k} distributions are of a single number of {settings.unit}, held open by "
            f"floor={settings.floor:g}; a smaller k, or a larger floor, makes wider ones."
        )
    return model


def _terms(numbers: Doubles, shares: npt.NDArray[np.float64], unit: str) -> Factors:
    """Return how much of every distribution each number is, rounded to whole ones."""
    codes, whole = pd.factorize(np.rint(numbers).astype(np.int64), sort=True)
    weights = np.zeros((len(whole), shares.shape[1]))
    np.add.at(weights, codes, shares)
    totals = weights.sum(axis=0)
    weights = np.where(totals > 0, weights / np.where(totals > 0, totals, 1), 1 / len(whole))
    values: FloatArray = weights.astype(np.float32)
    return Factors(unit, tuple(str(one) for one in whole), values)


def _choices(folksonomy: Folksonomy) -> list[str]:
    return ["", *(str(name) for name in folksonomy.tracks if name != "track")]


YEAR_MAKER = TargetMaker(
    title="Year, in normal distributions",
    about="How much of each of k normal distributions of years a track's year is; a year of 0 is not known.",
    example="taglab targets year --data demo -k 10",
    settings=YearMixture,
    make=make_of_years,
    choices=lambda folksonomy: {"column": _choices(folksonomy)},
)
TEMPO_MAKER = TargetMaker(
    title="Tempo, in normal distributions",
    about="How much of each of k normal distributions of tempi a track's tempo is.",
    example="taglab targets bpm --data demo -k 10",
    settings=TempoMixture,
    make=make_of_tempi,
    choices=lambda folksonomy: {"column": _choices(folksonomy), "against": _choices(folksonomy)},
)
