"""A dry run in a process of its own: `python -m taglab.training.dry_run_process`, for the dashboard.

The server neither holds a network in its memory nor stands still meanwhile. A configuration is read from
standard input, as JSON. How far it is goes to standard error, a line each; what was found to standard output,
as JSON; what was wrong is the last line of standard error.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Any

import pandas as pd

from taglab.errors import TaglabError
from taglab.progress import Progress, as_lines
from taglab.training import dry_run, run_config, source_config, spectrum_config
from taglab.training.dry_running import dry_run_sources, dry_run_spectra

_OF_KIND: dict[str, Callable[[Any, Progress], Any]] = {
    "": lambda values, progress: dry_run(run_config(values), progress),
    source_config.KIND: lambda values, progress: dry_run_sources(source_config.source_run(values), progress),
    spectrum_config.KIND: lambda values, progress: dry_run_spectra(
        spectrum_config.spectrum_run(values), progress
    ),
}
"""Kind that a configuration names, empty where it names none, → its dry run."""


def main() -> int:
    """Take the dry run; return the exit status."""
    try:
        values = json.load(sys.stdin)
        found = _OF_KIND[values.get("kind", "")](values, as_lines(sys.stderr))
    except TaglabError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    json.dump({key: _plain(value) for key, value in _fields(found).items()}, sys.stdout)
    return 0


def _fields(found: Any) -> dict[str, Any]:
    return {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}


def _plain(value: Any) -> Any:
    return json.loads(value.to_json(orient="records")) if isinstance(value, pd.DataFrame) else value


if __name__ == "__main__":
    sys.exit(main())
