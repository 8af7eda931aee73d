"""Tracks whose every sample says which track and which place it is."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from taglab.audio.decode import Decoded
from taglab.audio.store import AudioStore, Sound, StoreSettings, write_sounds
from taglab.audio.streams import Samples
from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelClass, LabelSpace

RATE_HZ = 1_000
STEP = 500  # more than any track has samples


def samples_of(number: int, length: int) -> Samples:
    """Return samples that are int16 numbers STEP·number + place + 1 once stored."""
    return ((STEP * number + np.arange(length) + 1) / 32_768).astype(np.float32)


def _load(number: int, length: int | None) -> Decoded:
    if length is None:
        raise DataError(f"{number}.wav", "cannot be decoded")
    return Decoded(samples_of(number, length), RATE_HZ, RATE_HZ)


def store_of(lengths: dict[int, int | None], folder: Path) -> AudioStore:
    """Store the sound of tracks "t0", "t1" ...: number → samples, None for a file that cannot be used."""
    sounds = [
        Sound(f"t{number}", f"{number}.wav", str(length), partial(_load, number, length))
        for number, length in lengths.items()
    ]
    settings = StoreSettings(sample_rate_hz=RATE_HZ, min_duration_s=0.01, tracks_per_shard=16)
    with ThreadPoolExecutor(1) as threads:
        return write_sounds(sounds, folder, settings, threads)


def folksonomy_of(
    tags: Sequence[Sequence[str]], artists: Sequence[str | None] | None = None, **columns: Sequence[object]
) -> Folksonomy:
    """Return a folksonomy of tracks "t0", "t1" ... from the tag list of each."""
    names = sorted({tag for listed in tags for tag in listed})
    pairs = [(row, names.index(tag)) for row, listed in enumerate(tags) for tag in listed]
    rows, codes = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    table = pd.DataFrame({"track": [f"t{row}" for row in range(len(tags))], **columns})
    if artists is not None:
        table["artist"] = list(artists)
    return Folksonomy.from_codes("small", table, names, rows, codes)


def space_of(*names: str) -> LabelSpace:
    return LabelSpace("space", tuple(LabelClass(name, (name,)) for name in names))
