"""Which tracks a tagger learns from, which it is tuned on, and which it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.predictions.splits import split_fingerprint

__all__ = ["PARTS", "Split", "SplitSettings", "split_tracks"]

PARTS = ("train", "validation", "test")

_PUBLISHED_AS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}


class SplitSettings(BaseModel):
    """How tracks are split.

    Attributes:
        seed: Of what is drawn; the same seed gives the same tracks the same parts.
        train: Share of the tracks to learn from (the three shares sum to 1; Ros Perez 2021, section 5.1: 80,
            10 and 10 %).
        validation: Share of the tracks that decide when to stop and which epoch is best.
        test: Share of the tracks that are heard only by the finished tagger.
        by_artist: Whether all tracks of an artist fall into one part, so that a tagger cannot score by
            recognising artists; a track of unknown artist counts as an artist of its own.
        published: Whether the data set's own split, its column `split`, is taken instead of drawing one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(0, ge=0)
    train: float = Field(0.8, gt=0, lt=1)
    validation: float = Field(0.1, gt=0, lt=1)
    test: float = Field(0.1, gt=0, lt=1)
    by_artist: bool = False
    published: bool = False

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-6:
            raise InvalidSetting(
                f"train={self.train:g}, validation={self.validation:g} and test={self.test:g} must sum to 1, "
                f"not {total:g}; given in percent?"
            )
        return self

    @model_validator(mode="after")
    def _published_is_not_drawn(self) -> Self:
        if self.published and self.by_artist:
            raise InvalidSetting(
                "by_artist=True must be False with published=True: the published split says which part each "
                "track is in"
            )
        return self

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Of the parts in the order of `PARTS`."""
        return np.array([self.train, self.validation, self.test])


@dataclass(frozen=True, eq=False)
class Split:
    """Which part each track is in.

    Attributes:
        tracks: All tracks of the folksonomy, in its order.
        parts: One of `PARTS` for each, (tracks,).
    """

    tracks: tuple[str, ...]
    parts: npt.NDArray[np.str_]

    def __post_init__(self) -> None:
        if self.parts.shape != (len(self.tracks),) or not np.isin(self.parts, PARTS).all():
            raise ValueError(f"parts {self.parts.shape} must be one of {', '.join(PARTS)} for each track")

    @cached_property
    def fingerprint(self) -> str:
        """Of the assignment of all tracks, whatever their order."""
        return split_fingerprint(self.tracks, self.parts.tolist())

    def rows_of(self, part: str) -> npt.NDArray[np.int64]:
        """Return the rows of the tracks of a part, (tracks of the part,)."""
        return np.flatnonzero(self.parts == part)

    @property
    def sizes(self) -> dict[str, int]:
        """Tracks by part."""
        return {part: int((self.parts == part).sum()) for part in PARTS}


def split_tracks(folksonomy: Folksonomy, settings: SplitSettings | None = None) -> Split:
    """Assign every track of a folksonomy to a part, before any is dropped for want of sound or labels.

    The drawn split depends on the set of tracks and artists and on the seed, not on the order of tracks.

    Args:
        folksonomy: Its tracks are split.
        settings: See `SplitSettings`; its defaults where None.

    Raises:
        InvalidSetting: If there are too few tracks or artists for three parts; if artists or a published
            split are asked for and the folksonomy has none, or holds other words than it should.
    """
    settings = settings or SplitSettings()
    tracks = tuple(folksonomy.tracks["track"].astype(str))
    if settings.published:
        return Split(tracks, _published(folksonomy))
    order = np.argsort(np.array(tracks))
    groups = _artists(folksonomy)[order] if settings.by_artist else np.arange(len(tracks))
    parts = np.empty(len(tracks), dtype=f"<U{max(map(len, PARTS))}")
    parts[order] = _drawn(groups, settings)
    return Split(tracks, parts)


def _artists(folksonomy: Folksonomy) -> npt.NDArray[np.int64]:
    """Return a number for each track's artist, (tracks,); a track of unknown artist has its own."""
    if not folksonomy.knows_artists:
        raise InvalidSetting(
            f"by_artist=True needs artists, and {folksonomy.name} names none; split by track instead"
        )
    codes, names = pd.factorize(folksonomy.tracks["artist"])
    unknown = codes < 0
    groups: npt.NDArray[np.int64] = np.where(unknown, len(names) + np.cumsum(unknown), codes)
    return groups


def _drawn(groups: npt.NDArray[Any], settings: SplitSettings) -> npt.NDArray[np.str_]:
    """Draw a part for each track, (tracks,), those of one group together."""
    _, group_of, sizes = np.unique(_by_first(groups), return_inverse=True, return_counts=True)
    if len(sizes) < len(PARTS):
        what = "artists" if settings.by_artist else "tracks"
        raise InvalidSetting(f"{what}={len(sizes)} must be at least {len(PARTS)}, one for each part")
    room = settings.shares * len(groups)
    part_of = np.empty(len(sizes), np.int64)
    for group in _in_turn(sizes, room, np.random.default_rng(settings.seed)):
        part_of[group] = int(room.argmax())
        room[part_of[group]] -= sizes[group]
    _fill_empty(part_of, sizes)
    drawn: npt.NDArray[np.str_] = np.array(PARTS)[part_of[group_of]]
    return drawn


def _by_first(groups: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Number groups by their first track, so that the numbers say nothing but which tracks are together."""
    codes: npt.NDArray[np.int64] = pd.factorize(groups)[0]
    return codes


def _in_turn(
    sizes: npt.NDArray[np.int64], room: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return groups in the order in which they choose: large ones first, while there is room for them.

    A group is large if it would fill more than half of the smallest part. The others come in random order:
    were they sorted, the small parts would be made of small groups only.
    """
    order = rng.permutation(len(sizes))
    large = np.where(sizes[order] > room.min() / 2, sizes[order], 0)
    return order[np.argsort(-large, kind="stable")]


def _fill_empty(part_of: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> None:
    """Give each part that got nothing the smallest group of the part that has most groups."""
    for part in range(len(PARTS)):
        if not (part_of == part).any():
            richest = int(np.bincount(part_of, minlength=len(PARTS)).argmax())
            candidates = np.flatnonzero(part_of == richest)
            part_of[candidates[sizes[candidates].argmin()]] = part


def _published(folksonomy: Folksonomy) -> npt.NDArray[np.str_]:
    if "split" not in folksonomy.tracks.columns:
        raise InvalidSetting(
            f"published=True needs a column split, and the tracks of {folksonomy.name} have none"
        )
    words = folksonomy.tracks["split"]
    parts = words.astype("string").str.strip().str.casefold().map(_PUBLISHED_AS)
    unknown = parts.isna()
    if unknown.any():
        row = int(np.flatnonzero(unknown)[0])
        raise InvalidSetting(
            f"split={words.iloc[row]!r} of track {folksonomy.tracks['track'].iloc[row]!r} must be train, "
            f"validation or test ({int(unknown.sum())} tracks have none of them)"
        )
    return parts.to_numpy(dtype=np.str_)
