"""Ours against named peers, in one run."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import pandas as pd

from taglab import benchmarks
from taglab.errors import MissingExtra, NotFound, Unavailable
from taglab.progress import Progress
from taglab.settings import Flag
from taglab.verbs.question import Question
from taglab.verbs.report import Report


class Bench(Question):
    """Time what taglab computes against named peers, both in one run. Some peers come with
    `python -m pip install "taglab[bench]"`.

    Attributes:
        names: Which (default: all that can run here).
        list: Only list their names.
    """

    returns: ClassVar[str] = (
        "[{name, ours, peer, ratio, agreement, note}]: seconds, and how many times faster ours is"
    )
    examples: ClassVar[str] = "taglab bench --list\ntaglab bench silhouette --json"

    names: Annotated[tuple[str, ...], Flag(metavar="NAME", word=True)] = ()
    list: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return a row for every measurement."""
        for name in self.names:
            if name not in benchmarks.BENCHMARKS:
                raise NotFound(f"no benchmark {name!r}; there are: {', '.join(benchmarks.BENCHMARKS)}")
        if self.list:
            return Report(table=pd.DataFrame({"name": tuple(benchmarks.BENCHMARKS)}))
        chosen = self.names or tuple(benchmarks.BENCHMARKS)
        rows: list[dict[str, Any]] = []
        notes = []
        for number, name in enumerate(chosen):
            progress(number / len(chosen), name)
            try:
                measured = benchmarks.BENCHMARKS[name]()
            except (MissingExtra, Unavailable) as error:
                if self.names:
                    raise
                notes.append(f"{name} was left out: {error}")
                continue
            rows += [
                {
                    "name": row.name, "ours": row.ours_s, "peer": row.peer_s, "ratio": row.ratio,
                    "agreement": row.agreement, "note": row.note,
                }
                for row in measured
            ]  # fmt: skip
        columns = ["name", "ours", "peer", "ratio", "agreement", "note"]
        return Report(table=pd.DataFrame(rows, columns=columns), notes=tuple(notes))
