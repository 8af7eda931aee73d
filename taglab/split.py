"""Which tracks a tagger learns from, which it is tuned on, and which it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.outcomes.splits import split_fingerprint
from taglab.reprs import one_line

__all__ = ["PARTS", "Split", "SplitSettings", "split_tracks"]

PARTS = ("train", "validation", "test")

# So many of the most used tags are looked at; each is in ever fewer tracks.
_STRATIFIED_TAGS = 1_000

PUBLISHED_AS = {
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
        stratified: Whether every tag that is used enough falls into the parts in their shares, rare ones
            first; else chance alone decides, and a tag of 25 tracks may have none in a part. It is by the
            data set's tags, not by classes, so that all label spaces of one data set share a split.
        stratified_by: Column of the tracks whose values, such as genres, fall into the parts in their shares
            in place of tags.
        folds: Number of equal folds the tracks are drawn into in place of the shares: one is tested, the
            next validates, the others are learned from. 0 draws none.
        fold: Which of them is tested, from 0; over all of them every track is tested once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(0, ge=0)
    train: float = Field(0.8, gt=0, lt=1)
    validation: float = Field(0.1, gt=0, lt=1)
    test: float = Field(0.1, gt=0, lt=1)
    by_artist: bool = False
    published: bool = False
    stratified: bool = False
    stratified_by: str = ""
    folds: int = Field(0, ge=0, le=100)
    fold: int = Field(0, ge=0)

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
        for name in ("by_artist", "stratified", "stratified_by", "folds"):
            value = getattr(self, name)
            if self.published and value:
                raise InvalidSetting(
                    f"{name}={value} must be {type(value)()!r} with published=True: the published split says "
                    "which part each track is in"
                )
        return self

    @model_validator(mode="after")
    def _fold_is_one_of_them(self) -> Self:
        if 0 < self.folds < len(PARTS):
            raise InvalidSetting(f"folds={self.folds} must be 0 or at least {len(PARTS)}, one for each part")
        if self.fold >= max(self.folds, 1):
            last = f"at most {self.folds - 1}, counted from 0" if self.folds else "0 without folds"
            raise InvalidSetting(f"fold={self.fold} must be {last}")
        return self

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Of the folds, or else of the parts in the order of `PARTS`."""
        if self.folds:
            return np.full(self.folds, 1 / self.folds)
        return np.array([self.train, self.validation, self.test])

    @property
    def part_of(self) -> npt.NDArray[np.str_]:
        """What the tracks of each share are for, one of `PARTS` each."""
        if not self.folds:
            return np.array(PARTS)
        parts = np.full(self.folds, PARTS[0], dtype=f"<U{max(map(len, PARTS))}")
        parts[(self.fold + 1) % self.folds], parts[self.fold] = PARTS[1:]
        return parts


@dataclass(frozen=True, eq=False)
class Split:
    """Which part each track is in.

    Attributes:
        tracks: All tracks of the folksonomy, in its order.
        parts: One of `PARTS` for each, (tracks,).
    """

    tracks: tuple[str, ...]
    parts: npt.NDArray[np.str_]

    __repr__ = one_line

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


def split_tracks(
    folksonomy: Folksonomy,
    settings: SplitSettings | None = None,
    copies: Sequence[Sequence[str]] = (),
) -> Split:
    """Assign every track of a folksonomy to a part, before any is dropped for want of sound or labels.

    The drawn split depends on the set of tracks and artists, of a stratified one on their tags, and on the
    seed, not on the order of tracks.

    Args:
        folksonomy: Its tracks are split.
        settings: See `SplitSettings`; its defaults where None.
        copies: Groups of tracks with the same sound (`AudioStore.copies`), those of each kept in one part; a
            published split is taken as it is.

    Raises:
        InvalidSetting: If there are too few tracks or artists for three parts; if artists, a column or a
            published split are asked for and the folksonomy has none, or holds other words than it should.
    """
    settings = settings or SplitSettings()
    tracks = tuple(folksonomy.tracks["track"].astype(str))
    if settings.published:
        return Split(tracks, _published(folksonomy))
    order = np.argsort(np.array(tracks))
    groups = _artists(folksonomy)[order] if settings.by_artist else np.arange(len(tracks))
    groups = _joined(groups, [tracks[row] for row in order], copies)
    wanted = _in_shares(folksonomy, settings)
    tags = None if wanted is None else wanted[order]
    parts = np.empty(len(tracks), dtype=f"<U{max(map(len, PARTS))}")
    parts[order] = _drawn(groups, settings, tags)
    return Split(tracks, parts)


def _in_shares(folksonomy: Folksonomy, settings: SplitSettings) -> sparse.csr_array | None:
    """Return which track has which tag, or value of a column, that is to fall into parts in their shares."""
    if settings.stratified_by:
        return _values(folksonomy, settings.stratified_by, len(settings.shares))
    return _used_tags(folksonomy, len(settings.shares)) if settings.stratified else None


def _values(folksonomy: Folksonomy, column: str, fewest: int) -> sparse.csr_array:
    """Return which track has which of a column's values of at least `fewest` tracks, (tracks, values) 0/1."""
    if column not in folksonomy.tracks.columns:
        there = ", ".join(str(name) for name in folksonomy.tracks.columns)
        raise InvalidSetting(
            f"stratified_by={column!r} must be a column of the tracks of {folksonomy.name}: {there}"
        )
    codes, values = pd.factorize(folksonomy.tracks[column].astype("string"), sort=True)
    known = np.flatnonzero(codes >= 0)
    of_value = sparse.csr_array(
        (np.ones(len(known), np.int64), (known, codes[known])), (len(codes), len(values))
    )
    used = np.bincount(codes[known], minlength=len(values)) >= fewest
    if not used.any():
        raise InvalidSetting(
            f"stratified_by={column!r} must have values of at least {fewest} tracks, and has none"
        )
    return sparse.csr_array(of_value[:, used])


def _used_tags(folksonomy: Folksonomy, fewest: int) -> sparse.csr_array:
    """Return which track has which of the most used tags, of at least `fewest` tracks, (tracks, tags) 0/1."""
    used = folksonomy.tags[folksonomy.tags["count"] >= fewest]
    most_used = used.sort_values(["count", "tag"], ascending=[False, True]).head(_STRATIFIED_TAGS)
    return sparse.csr_array(folksonomy.matrix[:, most_used.index.to_numpy()] > 0, dtype=np.int64)


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


def _joined(
    groups: npt.NDArray[np.int64], tracks: Sequence[str], copies: Sequence[Sequence[str]]
) -> npt.NDArray[np.int64]:
    """Return groups put together where tracks of theirs are copies, (tracks,); as they were without any."""
    place = {track: row for row, track in enumerate(tracks)}
    present = [[place[track] for track in same if track in place] for same in copies]
    pairs = [(groups[same[0]], groups[other]) for same in present for other in same[1:]]
    if not pairs:
        return groups
    first, second = np.array(pairs).T
    size = int(groups.max()) + 1
    links = sparse.coo_array((np.ones(len(pairs)), (first, second)), (size, size))
    joined: npt.NDArray[np.int64] = connected_components(links, directed=False)[1][groups]
    return joined


def _drawn(
    groups: npt.NDArray[Any], settings: SplitSettings, tags: sparse.csr_array | None
) -> npt.NDArray[np.str_]:
    """Draw a part for each track, (tracks,), those of one group together."""
    _, group_of, sizes = np.unique(_by_first(groups), return_inverse=True, return_counts=True)
    shares = settings.shares
    if len(sizes) < len(shares):
        what = "artists" if settings.by_artist else "tracks"
        whole = "fold" if settings.folds else "part"
        raise InvalidSetting(f"{what}={len(sizes)} must be at least {len(shares)}, one for each {whole}")
    order = _in_turn(sizes, shares * len(groups), np.random.default_rng(settings.seed))
    if tags is not None:
        share_of = _stratified(_of_groups(tags, group_of), order, shares)
    else:
        share_of = _where_there_is_room(sizes, order, shares * len(groups))
    _fill_empty(share_of, sizes, len(shares))
    drawn: npt.NDArray[np.str_] = settings.part_of[share_of[group_of]]
    return drawn


def _where_there_is_room(
    sizes: npt.NDArray[np.int64], order: npt.NDArray[np.int64], room: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Give every group in turn to the share with most room (groups,)."""
    share_of, left = np.empty(len(sizes), np.int64), room.copy()
    for group in order:
        share_of[group] = int(left.argmax())
        left[share_of[group]] -= sizes[group]
    return share_of


def _of_groups(tags: sparse.csr_array, group_of: npt.NDArray[np.int64]) -> sparse.csr_array:
    """Return how many tracks of each group have each tag and, last, how many it has, (groups, tags + 1)."""
    n_tracks = len(group_of)
    members = sparse.csr_array((np.ones(n_tracks, np.int64), (group_of, np.arange(n_tracks))))
    every = sparse.csr_array(np.ones((n_tracks, 1), np.int64))
    return sparse.csr_array(members @ sparse.hstack([tags, every], format="csr"))


def _stratified(
    tags: sparse.csr_array, order: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Give every group to a share, those of the rarest tag first (groups,).

    A group goes where it lessens most the sum, over shares and tags, of the squares of what is still wanting,
    each divided by what was wanted: the rarer the tag, the more it counts. Kept libraries
    (iterative-stratification, scikit-multilearn) know no groups, and look at all tracks again for each label.

    Args:
        tags: Tracks of each group that have each tag; of the last, all (groups, tags).
        order: Of the groups, by chance; of one tag those with more of its tracks come first.
        shares: What is wanted of each tag.

    Source: Sechidis, Tsoumakas, Vlahavas, "On the stratification of multi-label data", ECML PKDD (2011).
    """
    by_tag = sparse.csc_array(tags)
    left = np.asarray(tags.sum(axis=0)).astype(np.float64)
    asked = shares[:, None] * left
    wanting = asked.copy()
    share_of = np.full(len(order), -1, np.int64)
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order))
    while (left > 0).any():
        tag = int(np.where(left > 0, left, np.inf).argmin())
        places = slice(*by_tag.indptr[tag : tag + 2])
        members, counts = by_tag.indices[places], by_tag.data[places]
        free = share_of[members] < 0
        for group in members[free][np.lexsort([turn[members[free]], -counts[free]])]:
            row = slice(*tags.indptr[group : group + 2])
            own, brought = tags.indices[row], tags.data[row]
            gain = (brought * (2 * wanting[:, own] - brought) / asked[:, own]).sum(axis=1)
            share = share_of[group] = int(gain.argmax())
            wanting[share, own] -= brought
            left[own] -= brought
    return share_of


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


def _fill_empty(part_of: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], n_parts: int) -> None:
    """Give each part that got nothing the smallest group of the part that has most groups."""
    for part in range(n_parts):
        if not (part_of == part).any():
            richest = int(np.bincount(part_of, minlength=n_parts).argmax())
            candidates = np.flatnonzero(part_of == richest)
            part_of[candidates[sizes[candidates].argmin()]] = part


def _published(folksonomy: Folksonomy) -> npt.NDArray[np.str_]:
    if "split" not in folksonomy.tracks.columns:
        raise InvalidSetting(
            f"published=True needs a column split, and the tracks of {folksonomy.name} have none"
        )
    words = folksonomy.tracks["split"]
    parts = words.astype("string").str.strip().str.casefold().map(PUBLISHED_AS)
    unknown = parts.isna()
    if unknown.any():
        row = int(np.flatnonzero(unknown)[0])
        raise InvalidSetting(
            f"split={words.iloc[row]!r} of track {folksonomy.tracks['track'].iloc[row]!r} must be train, "
            f"validation or test ({int(unknown.sum())} tracks have none of them)"
        )
    return parts.to_numpy(dtype=np.str_)
