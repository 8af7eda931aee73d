"""What each track should be given, by every maker there is."""

from __future__ import annotations

import functools
from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from taglab.embeddings import selected_tags
from taglab.factors import TARGETS, TargetMaker, make_targets
from taglab.progress import Progress, between
from taglab.settings import Group
from taglab.sources import DEMO, open_folksonomy
from taglab.targets import Targets
from taglab.verbs.grown import in_group, question_of_entry
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import DataName


class Making(Question):
    """What is asked of every maker of targets.

    Attributes:
        data: Data set.
        min_count: Only tags that at least so many tracks have, inclusive.
        settings: What is asked for.
        by_track: A row for each track that is known, in place of one for each column.
    """

    returns: ClassVar[str] = (
        "{kind, tracks, known, columns, fingerprint, rows: [{column, sum, mean}]}, with --by-track rows: "
        "[{track, COLUMN ...}]"
    )
    renamed: ClassVar[dict[str, str]] = {"--k": "-k"}
    maker: ClassVar[str]

    data: DataName = DEMO
    min_count: int = Field(1, ge=1, lt=10**18)
    settings: BaseModel
    by_track: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return the targets, by column or by track."""
        data = selected_tags(open_folksonomy(self.data, between(progress, 0, 0.3)), self.min_count)
        targets = make_targets(self.maker, data, self.settings, between(progress, 0.3, 1))
        facts = {
            "kind": targets.kind,
            "tracks": len(targets),
            "known": int(targets.known.sum()),
            "columns": len(targets.columns),
            "fingerprint": targets.fingerprint,
        }
        return Report(facts, _by_track(targets) if self.by_track else targets.table())


def _by_track(targets: Targets) -> pd.DataFrame:
    """Return a row a track that is known, a column for each of the targets'."""
    rows = np.flatnonzero(targets.known)
    table = pd.DataFrame(targets.dense(rows), columns=list(targets.columns))
    table.insert(0, "track", [targets.tracks[row] for row in rows], allow_duplicates=True)
    return table


def makers() -> dict[str, tuple[str, type[Making]]]:
    """Return for every maker of targets what it makes, and the question that asks for them."""
    return {name: (maker.about, _making(name, maker)) for name, maker in TARGETS.items()}


@functools.cache
def _making(name: str, maker: TargetMaker) -> type[Making]:
    settings = in_group(maker.settings, Group("what is asked for"))
    about = f"{maker.title}: {maker.about}"
    return question_of_entry(
        Making, f"targets {name}", about, maker.example, {"settings": settings}, maker=name
    )
