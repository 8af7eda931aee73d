"""What of chapter 3 is done again, and how large."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from taglab.errors import InvalidSetting
from taglab.nets.kim_3_2 import KimArtistGroupsSettings
from taglab.settings import Flag
from taglab.studies.artist_groups.published import MAIN, printed
from taglab.training.source_config import PRESETS, SourceTraining

Architecture = Literal["STN", "MTN"]

LEARNED: dict[str, str] = {
    MAIN: "main genres",
    "s": "artist groups by subgenres",
    "e": "artist groups by features of whole songs",
    "d": "artist groups by differences of MFCC",
    "m": "artist groups by MFCC",
}
"""Letter of a task → what is learned, in the order in which table 3.4 writes them."""
ALL = "".join(LEARNED)


def combination(letters: str) -> str:
    """Return tasks as table 3.4 writes them, whatever their order; raises InvalidSetting."""
    if not letters or len(set(letters)) < len(letters) or not set(letters) <= set(LEARNED):
        known = ", ".join(f"{letter} ({about})" for letter, about in LEARNED.items())
        raise InvalidSetting(
            f"combinations={letters!r} must be some of the letters of tasks, none of them twice: {known}"
        )
    return "".join(letter for letter in ALL if letter in letters)


def every_combination() -> list[str]:
    """Return all 31 combinations of tasks, in the order of table 3.4."""
    order = list(dict.fromkeys(printed()["tasks"]))
    several = ["".join(some) for size in range(1, 6) for some in itertools.combinations(ALL, size)]
    return sorted(several, key=order.index)


def _combinations(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(combination, given)))


class ArtistGroupStudy(BaseModel):
    """How the study is carried out.

    Attributes:
        combinations: Which tasks are learned together, as g,gs,gmdes: g main genres; groups of artists by m
            MFCC, d their differences, e features of whole songs, s subgenres. All 31 where none is named.
        architectures: STN, a network for each task, the features of several side by side; MTN, one network
            whose tasks share its first block.
        wide: Single networks of the main genres, each as large as the networks of so many tasks.
        genre: Column of the tracks that has the main genre; the first of a usual name where empty.
        subgenres: Data set on the same tracks whose tags are genres and subgenres; where empty, this one.
        song_features: Features of whole songs, as `taglab features add` keeps those of Essentia; where empty,
            statistics of spectral descriptors and of MFCC are made.
        groups: Groups of artists of each kind (40).
        entries: Size of the dictionaries of frames (2,048).
        song_entries: Size of the dictionary of songs (2,048); where not given, as many as of frames, but no
            more than a quarter of the training tracks.
        seed: Of the split, of networks, dictionaries and groups, and of the classifier.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    combinations: Annotated[tuple[str, ...], Flag(metavar="TASKS,…"), AfterValidator(_combinations)] = ()
    architectures: tuple[Architecture, ...] = Field(("STN", "MTN"), min_length=1)
    wide: tuple[Annotated[int, Field(ge=2, le=5)], ...] = (2, 3, 4, 5)
    genre: Annotated[str, Flag(metavar="NAME")] = ""
    subgenres: Annotated[str, Flag(metavar="NAME")] = ""
    song_features: Annotated[str, Flag(metavar="NAME")] = ""
    groups: int = Field(40, ge=2, le=10_000)
    entries: int = Field(2_048, ge=2, le=100_000)
    song_entries: int | None = Field(None, ge=2, le=100_000)
    seed: int = Field(0, ge=0, lt=2**31)

    @property
    def asked(self) -> tuple[str, ...]:
        """The combinations, in the order of table 3.4."""
        return tuple(one for one in every_combination() if one in (self.combinations or (one,)))


NETWORK = KimArtistGroupsSettings()
TRAINING = SourceTraining(**PRESETS["artist-groups"]["train"])
