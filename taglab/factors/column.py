"""Targets from a column of the tracks table: a class of each track, or a number."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from taglab.errors import DataError, InvalidSetting
from taglab.factors.maker import TargetMaker
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.targets import Targets


class ColumnTargets(BaseModel):
    """Which column says what is asked for.

    Attributes:
        column: Of the tracks table. Where it is empty, or is no number where one is asked for, nothing is
            known of the track.
        values: "classes" takes every distinct text as a class, "numbers" takes numbers; "auto" takes text as
            classes and numbers as numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str = ""
    values: Literal["auto", "classes", "numbers"] = "auto"


def make(folksonomy: Folksonomy, settings: ColumnTargets, progress: Progress = silent) -> Targets:
    """Return categorical or real targets.

    Raises:
        InvalidSetting: If there is no such column.
        DataError: If nothing is known of any track, or text that is no number is to be one.
    """
    table = folksonomy.tracks
    if settings.column not in table.columns or settings.column == "track":
        others = ", ".join(repr(name) for name in table.columns if name != "track") or "no other than the ids"
        raise InvalidSetting(
            f"column={settings.column!r} must be one of those that tracks of {folksonomy.name} have: {others}"
        )
    cells = table[settings.column]
    is_number = pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
    as_numbers = settings.values == "numbers" or (settings.values == "auto" and is_number)
    progress(0.5, f"reading {settings.column}")
    targets = _numbers(folksonomy, cells) if as_numbers else _classes(folksonomy, cells)
    if not targets.known.any():
        raise DataError(folksonomy.name, f"has nothing in the column {settings.column!r} for any track")
    return targets


def _classes(folksonomy: Folksonomy, cells: pd.Series) -> Targets:
    texts = cells.astype("str").str.strip()
    texts = texts.where(cells.notna() & (texts != ""))
    codes, classes = pd.factorize(texts, sort=True)
    return Targets.of_classes(
        list(folksonomy.tracks["track"]), codes, list(classes), str(cells.name), _origin(folksonomy, cells)
    )


def _numbers(folksonomy: Folksonomy, cells: pd.Series) -> Targets:
    numbers, known = numbers_of(folksonomy, cells, "take its values as classes")
    return Targets(
        "real",
        tuple(folksonomy.tracks["track"]),
        (str(cells.name),),
        numbers.astype(np.float32)[:, None],
        known,
        str(cells.name),
        _origin(folksonomy, cells),
    )


def numbers_of(
    folksonomy: Folksonomy, cells: pd.Series, cure: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the numbers of a column and where they are known, (tracks,); 0 where they are not.

    Args:
        folksonomy: Whose tracks.
        cells: The column.
        cure: What to do where it holds text.

    Raises:
        DataError: If it holds text that is no number.
    """
    try:
        numbers = pd.to_numeric(cells).to_numpy(np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        filled = cells[cells.notna() & (cells != "")]
        texts = filled[pd.to_numeric(filled, errors="coerce").isna()]
        few = f"{len(texts):,} of {len(filled):,} cells, such as {str(texts.iloc[0])[:40]!r}"
        raise DataError(
            folksonomy.name, f"has text in the column {cells.name!r} ({few}); empty these, or {cure}"
        ) from error
    known = np.abs(numbers) <= np.finfo(np.float32).max
    return np.where(known, numbers, 0.0), known


def _origin(folksonomy: Folksonomy, cells: pd.Series) -> dict[str, str]:
    return {"data": folksonomy.fingerprint, "column": str(cells.name)}


MAKER = TargetMaker(
    title="Column",
    about="A class or a number of each track, from a column of the tracks table.",
    example="taglab targets column --data demo --column artist",
    settings=ColumnTargets,
    make=make,
    choices=lambda folksonomy: {"column": [str(name) for name in folksonomy.tracks if name != "track"]},
)
