"""Where a training of a joint space stands, as a file from which it goes on bit for bit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from taglab.archives import read_arrays
from taglab.cache import replacing
from taglab.errors import DataError
from taglab.joint_space.fitting import Standing
from taglab.joint_space.updates import Tables

LAST = "last.npz"
_LARGEST_BYTES = 8 << 30


def save_standing(standing: Standing, path: Path) -> None:
    """Write where a training stands; what lies there stays until the new file is whole.

    Raises:
        StorageError: If it cannot be written.
    """
    path.parent.mkdir(exist_ok=True)
    of_now = {f"now_{name}": table for name, table in standing.tables._asdict().items()}
    of_best = {f"best_{name}": table for name, table in standing.best._asdict().items()}
    history = json.dumps({"rows": standing.rows, "best_look": standing.best_look}).encode()
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, random=standing.random, history=np.frombuffer(history, np.uint8), **of_now, **of_best)


def read_standing(path: Path) -> Standing:
    """Return where a training stands; raises DataError where the file is damaged or none of this kind."""
    arrays = read_arrays(path, _LARGEST_BYTES)
    try:
        history = json.loads(arrays["history"].astype(np.uint8).tobytes())
        now, best = (
            Tables(*(arrays[f"{when}_{name}"].astype(np.float32) for name in Tables._fields))
            for when in ("now", "best")
        )
        random = arrays["random"].astype(np.uint64)
        return Standing(now, best, random, list(history["rows"]), int(history["best_look"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(path, f"is no checkpoint of a joint space or is damaged ({error})") from error
