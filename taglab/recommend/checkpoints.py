"""Where a training of a network stands, as a file from which it goes on bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from taglab.archives import read_arrays
from taglab.cache import replacing
from taglab.errors import DataError
from taglab.recommend.learning import Standing

LAST = "last.npz"
_LARGEST_BYTES = 16 << 30


def save_standing(standing: Standing, path: Path) -> None:
    """Write where a training stands; what lies there stays until the new file is whole.

    Raises:
        StorageError: If it cannot be written.
    """
    path.parent.mkdir(exist_ok=True)
    history = {"epoch": standing.epoch, "rows": standing.rows, "best_epoch": standing.best_epoch}
    arrays: dict[str, Any] = {
        **{f"now_{name}": value for name, value in standing.now.items()},
        **{f"best_{name}": value for name, value in standing.best.items()},
        "history": np.frombuffer(json.dumps(history).encode(), np.uint8),
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_standing(path: Path) -> Standing:
    """Return where a training stands; raises DataError where the file is damaged or none of this kind."""
    arrays = read_arrays(path, _LARGEST_BYTES)
    try:
        history = json.loads(arrays["history"].astype(np.uint8).tobytes())
        now, best = (
            {name.removeprefix(when): value for name, value in arrays.items() if name.startswith(when)}
            for when in ("now_", "best_")
        )
        return Standing(int(history["epoch"]), list(history["rows"]), int(history["best_epoch"]), best, now)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(path, f"is no checkpoint of a recommender or is damaged ({error})") from error
