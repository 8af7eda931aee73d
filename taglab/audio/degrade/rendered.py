"""Pitch and tempo as rendering changes them: what the processing of sound costs by itself is what these lack.

Variants of clips, rendered from the same score or project, are read from a table.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from taglab.audio.degrade.degradation import VARIANTS, Asked, Degradation
from taglab.audio.degrade.stretching import PITCH, TEMPO
from taglab.audio.degrade.variants import Stamp, Variants, checked_variants, is_settled, stamp_of
from taglab.audio.files import read_table
from taglab.audio.streams import Samples
from taglab.errors import InvalidSetting

KINDS: dict[str, Degradation] = {"pitch": PITCH, "tempo": TEMPO}
"""Kind of a variant → the degradation that changes sound likewise."""


def read_variants(path: Path) -> Variants:
    """Return the variants that a table names, as they lie there just now.

    Args:
        path: Comma- or tab-separated, or Parquet, with columns `clip` (id of a track, or the name of its
            file without ending), `kind` ("pitch" in semitones, "tempo" in times), `magnitude`, and `file`; a
            relative path is below the table's folder. A variant begins where its clip does.

    Raises:
        DataError: If it cannot be read so, or a file is not there.
    """
    stamp = stamp_of(path)
    table = (_read if is_settled(stamp) else _read.__wrapped__)(path, stamp)
    return Variants(table, tuple(stamp_of(Path(file)) for file in table["file"]))


@lru_cache(maxsize=4)
def _read(path: Path, _stamp: Stamp) -> pd.DataFrame:
    ranges = {kind: (like.grid[0], like.identity, like.grid[-1]) for kind, like in KINDS.items()}
    return checked_variants(path, read_table(path), ranges)


def _variant(asked: Asked, kind: str, tempo: float) -> Samples:
    if asked.variants is None:
        raise InvalidSetting(
            f"rendered {kind} is read from a table of rendered variants, and none is given; name it by "
            "variants"
        )
    channels = 1 if asked.samples.ndim == 1 else 2
    n = round(len(asked.samples) / tempo)
    return asked.variants.sound(
        kind, asked.magnitude, asked.track, asked.start_s / tempo, n, asked.rate_hz, channels
    )


def _pitch(asked: Asked) -> Samples:
    return _variant(asked, "pitch", 1.0)


def _tempo(asked: Asked) -> Samples:
    return _variant(asked, "tempo", asked.magnitude)


def _ours() -> str:
    return ""


def _rendered(kind: str, title: str, about: str) -> Degradation:
    apply = {"pitch": _pitch, "tempo": _tempo}[kind]
    return replace(
        KINDS[kind], title=title, apply=apply, about=about, recording=VARIANTS, rendered=kind, release=_ours
    )


RENDERED_PITCH = _rendered(
    "pitch", "Rendered pitch", "Transposed where it was rendered; read from a table of such variants."
)

RENDERED_TEMPO = _rendered(
    "tempo", "Rendered tempo", "At another tempo where it was rendered; read from a table of such variants."
)
