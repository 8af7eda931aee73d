"""What of Kim 2021, chapter 2, is carried out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.factors.learning_source import LearningSource, source_of_text, targets_of_sources
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.settings import Flag
from taglab.studies.design import DesignSettings
from taglab.studies.design.plan import SHARING, SOURCES

WAYS = {
    "self": "same-track",
    "year": "year",
    "bpm": "bpm",
    "taste": "taste",
    "tag": "tag",
    "lyrics": "lyrics",
    "expert": "expert",
    "artist": "artist",
}
"""Source of the thesis → what makes its targets here."""


class SourcesStudy(BaseModel):
    """How many networks are trained, of which strategies, and how many factors a source has.

    Attributes:
        source_factors: Factors of each of the thesis's sources, unless --source says otherwise (50).
        strategies: Of several sources, how the network is shared.
        single_repeats: Runs of each source alone (6).
        all_repeats: Runs of all sources by each strategy (5).
        fractional: Runs of some of the sources, by algorithm 2 (352).
        design_seed: Of the order, and of the runs' own seeds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_factors: int = Field(50, ge=2, le=10_000)
    strategies: Annotated[tuple[str, ...], Flag(metavar="STRATEGIES")] = SHARING
    single_repeats: int = Field(6, ge=0, le=1_000)
    all_repeats: int = Field(5, ge=0, le=1_000)
    fractional: int = Field(352, ge=0)
    design_seed: int = Field(0, ge=0, le=2**31 - 1)

    def design(self, sources: Sequence[str]) -> DesignSettings:
        """Return the design of these sources; raises InvalidSetting where they are too few or too many."""
        return DesignSettings(
            sources=tuple(sources),
            strategies=self.strategies,
            single_repeats=self.single_repeats,
            all_repeats=self.all_repeats,
            fractional=self.fractional,
            seed=self.design_seed,
        )


def usual_source(name: str, factors: int) -> LearningSource:
    """Return a source of the thesis, with so many factors."""
    way = WAYS[name]
    return source_of_text(f"{name}={way}" if name == "self" else f"{name}={way},k={factors}")


def sources_of(
    data: Folksonomy, factors: int, progress: Progress = silent
) -> tuple[list[LearningSource], pd.DataFrame]:
    """Return those of the thesis's sources that a data set can give, and why it cannot give the others.

    Args:
        data: The data set.
        factors: Of each source.
        progress: Told how far it is.

    Returns:
        The sources in the thesis's order; and `source`, `reason` of the others.
    """
    given, absent = [], []
    for place, name in enumerate(SOURCES):
        share = between(progress, place / len(SOURCES), (place + 1) / len(SOURCES), name)
        source = usual_source(name, factors)
        try:
            targets = targets_of_sources([source], data, progress=share)
        except (InvalidSetting, NotFound, DataError) as error:
            absent.append({"source": name, "reason": str(error)})
            continue
        if all(own.known.any() for own in targets.values()):
            given.append(source)
        else:
            absent.append({"source": name, "reason": f"says nothing of any track of {data.name}"})
    return given, pd.DataFrame(absent, columns=["source", "reason"])
