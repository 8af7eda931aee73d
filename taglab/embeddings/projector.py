"""Vectors as the two TSV files that the TensorFlow Embedding Projector opens."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import orjson
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.vectors import Vectors

# Tabs and line feeds are the format's own; other control characters and separators confuse what reads it.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BLANK = "(blank)"
_ROWS_PER_BLOCK = 8192


class ProjectorFiles(NamedTuple):
    """The two files, UTF-8: `vectors` as vectors.tsv, `metadata` as metadata.tsv."""

    vectors: bytes
    metadata: bytes


def write_projector(vectors: Vectors, metadata: pd.DataFrame | None = None) -> ProjectorFiles:
    """Return the two files for https://projector.tensorflow.org (Load, steps 1 and 2).

    Args:
        vectors: One row of vectors.tsv each, without header.
        metadata: A table with a column `tag` (or `track`, …) and others to colour and label by; its rows may
            stand in any order and be more than there are vectors. Only the ids where None: the format then
            has no header.

    Returns:
        What the files hold. Control characters in text become a space; text that is blank, which the
        Projector would skip or take for missing, becomes "(blank)".

    Raises:
        InvalidSetting: If there is no vector, they have one dimension (the Projector refuses these), or
            `metadata` lacks the column of ids, an id, or holds one twice.

    Source:
        parseTensors and parseMetadata of tensorboard's vz_projector/data-provider.ts.
    """
    vectors.require(1)
    if vectors.dim < 2:
        raise InvalidSetting("dim=1 must be at least 2; the Projector opens no vectors of one dimension")
    table = pd.DataFrame({vectors.column: vectors.ids}) if metadata is None else _aligned(vectors, metadata)
    rows = [
        orjson.dumps(
            np.ascontiguousarray(vectors.vectors[start : start + _ROWS_PER_BLOCK]),
            option=orjson.OPT_SERIALIZE_NUMPY,
        )
        for start in range(0, len(vectors), _ROWS_PER_BLOCK)
    ]
    numbers = b"\n".join(part[2:-2].replace(b"],[", b"\n").replace(b",", b"\t") for part in rows) + b"\n"
    columns = [[_cell(value) for value in table[name]] for name in table.columns]
    lines = ["\t".join(cells) for cells in zip(*columns, strict=True)]
    # The Projector takes the first line for a header only where it holds a tab.
    header = ["\t".join(_cell(str(name)) for name in table.columns)] if len(columns) > 1 else []
    return ProjectorFiles(numbers, ("\n".join([*header, *lines]) + "\n").encode("utf-8"))


def projector_metadata(vectors: Vectors, data: Folksonomy) -> pd.DataFrame:
    """Return what `write_projector` says of ids: of tags and artists their tracks, of tracks who and what.

    Args:
        vectors: Of tags, artists or tracks.
        data: With these in the place of its tags, see `Folksonomy.of_kind`.
    """
    if vectors.kind == "tracks":
        return data.tracks[[name for name in ("track", "title", "artist") if name in data.tracks]]
    table = data.tags[["tag", "count"]].rename(columns={"tag": vectors.column})
    return vectors.annotated(table) if vectors.unknown else table


def _aligned(vectors: Vectors, metadata: pd.DataFrame) -> pd.DataFrame:
    column = vectors.column
    if column not in metadata.columns:
        raise InvalidSetting(f"metadata must have a column {column!r}; it has {list(metadata.columns)}")
    if metadata[column].duplicated().any():
        raise InvalidSetting(f"metadata must hold each {column} once")
    table = metadata.set_index(column, drop=False)
    absent = [one for one in vectors.ids if one not in table.index]
    if absent:
        raise InvalidSetting(f"metadata lacks {len(absent)} of the {vectors.kind}, such as {absent[0]!r}")
    table = table.loc[list(vectors.ids)]
    return table[[column, *(name for name in table.columns if name != column)]]


def _cell(value: object) -> str:
    """Return one field; missing values are empty, which the Projector takes for missing too."""
    if isinstance(value, str):
        return _UNFIT.sub(" ", value) if _UNFIT.sub(" ", value).strip() else _BLANK
    if value is None or value is pd.NA or value != value:
        return ""
    return _UNFIT.sub(" ", str(value))
