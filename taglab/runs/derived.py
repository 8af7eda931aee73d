"""What a run's figures come to, kept in the cache until the run is written again.

It is read in a tenth of the time that parsing a run's tables and counts takes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from taglab.cache import content_key, derived_path, replacing
from taglab.errors import StorageError
from taglab.metrics import metrics_of
from taglab.runs import layout
from taglab.runs.run import Run

_VERSION = 1  # of what is computed; another makes all that is kept be computed anew
_READ = (
    layout.ABOUT,
    layout.CLASSES,
    layout.PER_LABEL,
    layout.CONFUSION,
    layout.HISTORY,
    layout.SUMMARY,
    f"{layout.PREDICTIONS}/test.npz",
)


def kept_results(run: Run, moment: str, compute: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Return a run's table of results: `label`, and columns of floats.

    Args:
        run: Any run.
        moment: Which results; part of what they are kept under.
        compute: Returns them, of the files of the run that are named here and nothing else.
    """
    told = kept_figures(run, f"results {moment}", lambda: _plain(compute()))
    columns = {name: np.array(values, np.float64) for name, values in told["numbers"].items()}
    return pd.DataFrame({"label": np.array(told["label"], object), **columns})


def _plain(table: pd.DataFrame) -> dict[str, Any]:
    numbers = table.drop(columns="label")
    columns = {name: numbers[name].to_numpy(np.float64).tolist() for name in numbers}
    return {"label": table["label"].tolist(), "numbers": columns}


def kept_figures(run: Run, what: str, compute: Callable[[], Any]) -> Any:
    """Return what JSON can hold of a run's figures; NaN is None in it.

    Args:
        run: Any run; of a published one, which is no folder on the shelf, everything is computed anew.
        what: Name of what is computed.
        compute: Computes it, of the files of the run that are named here and nothing else.
    """
    made_of = [[_VERSION, *metrics_of()], *(_stamp(run.folder / name) for name in _READ)]
    if made_of[1] is None:
        return _through_json(compute())
    path = derived_path("run-figures", content_key(str(run.folder.absolute()), what), ".json")
    found = _read(path, made_of)
    if found is None:
        found = _through_json({"made_of": made_of, "value": compute()})
        # What cannot be kept is computed again the next time.
        with contextlib.suppress(StorageError), replacing(path) as temporary:
            temporary.write_bytes(orjson.dumps(found))
    return found["value"]


def _through_json(value: Any) -> Any:
    """Return a value as it will be when it is read back."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY))


def _stamp(path: Path) -> list[int] | None:
    """Return what tells a file from the one that takes its place; None where there is none."""
    try:
        told = path.stat()
    except OSError:
        return None
    return [told.st_mtime_ns, told.st_size, told.st_ino]


def _read(path: Path, made_of: list[Any]) -> dict[str, Any] | None:
    """Return what is kept, None where it is missing, damaged or of other files."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("made_of") == made_of and "value" in found else None
