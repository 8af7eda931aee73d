"""What each track should be given, by every maker there is."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from taglab.embeddings import selected_tags
from taglab.factors import TARGETS, TargetMaker, make_targets
from taglab.factors.describe import factor_table, summary
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
        terms: So many of the strongest terms of each factor, and of the tracks that have most of it, in place
            of sums, where the columns are factors of terms.
    """

    returns: ClassVar[str] = (
        "{kind, tracks, known, columns, fingerprint, ..., rows: [{...}]}, a row being {column, sum, mean}, "
        "with --by-track {track, COLUMN ...}, with --terms {column, mean, terms: [text], tracks: [text]}; of "
        "distributions also coverage, perplexity (median over tracks), least_perplexity, most_perplexity and "
        "used_factors, and where they are factors of terms how many terms"
    )
    renamed: ClassVar[dict[str, str]] = {"--k": "-k"}
    maker: ClassVar[str]

    data: DataName = DEMO
    min_count: int = Field(1, ge=1, lt=10**18)
    settings: BaseModel
    by_track: bool = False
    terms: int = Field(0, ge=0, le=10_000)

    def answer(self, progress: Progress) -> Report:
        """Return the targets, by column, by track, or by what factors are about."""
        data = selected_tags(open_folksonomy(self.data, between(progress, 0, 0.3)), self.min_count)
        targets = make_targets(self.maker, data, self.settings, between(progress, 0.3, 1))
        facts = {
            "kind": targets.kind,
            "tracks": len(targets),
            "known": int(targets.known.sum()),
            "columns": len(targets.columns),
            "fingerprint": targets.fingerprint,
            **_distribution(targets),
        }
        return Report(facts, self._table(targets), notes=targets.notes)

    def _table(self, targets: Targets) -> pd.DataFrame:
        if self.by_track:
            return _by_track(targets)
        return factor_table(targets, self.terms) if self.terms else targets.table()


def _distribution(targets: Targets) -> dict[str, Any]:
    """Return what is told of distributions beyond what is told of all."""
    if targets.kind != "distribution":
        return {}
    shared = ("factors", "known")
    return {name: value for name, value in summary(targets).items() if name not in shared}


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
