"""Tracks with their features, artists and tags, in parts: what a joint space learns from and is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.batches import PARTS, Split
from taglab.cache import content_key
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.joint_space.settings import Task
from taglab.joint_space.updates import ARTISTS, TAGS, TRACKS, Pairs, Sparse
from taglab.reprs import one_line

Rows = npt.NDArray[np.intp]

_EXAMPLES = 5

_KINDS: dict[Task, tuple[int, int]] = {
    "artists": (TRACKS, ARTISTS),
    "tags": (TRACKS, TAGS),
    "similar-tracks": (TRACKS, TRACKS),
    "similar-artists": (ARTISTS, ARTISTS),
    "tracks-of-artist": (ARTISTS, TRACKS),
    "tracks-of-tag": (TAGS, TRACKS),
}


@dataclass(frozen=True, eq=False)
class JointMaterial:
    """What is known of tracks.

    Attributes:
        tracks: Ids.
        artists: Names of artists, in alphabetical order.
        tags: Tags, most used first.
        features: Sparse (tracks, features), float32, not scaled.
        artists_of: Sparse (tracks, artists) of 1: who performs a track, one artist or several.
        tags_of: Sparse (tracks, tags) of 1.
        parts: "train", "validation", "test" → rows of tracks.
        left_out: Columns `reason`, `tracks`, `examples`: tracks that are not used.
        similar: Sparse (artists, artists) of 1, symmetric: which artists are alike; None where that is not
            known.
        artist_parts: "train", "validation", "test" → rows of artists, where `similar` is known.

    Raises:
        ValueError: If shapes disagree.
        InvalidSetting: If a feature is not finite, or a part has no track.
    """

    tracks: tuple[str, ...]
    artists: tuple[str, ...]
    tags: tuple[str, ...]
    features: sparse.csr_array
    artists_of: sparse.csr_array
    tags_of: sparse.csr_array
    parts: dict[str, Rows]
    left_out: pd.DataFrame
    similar: sparse.csr_array | None = None
    artist_parts: dict[str, Rows] = field(default_factory=dict)

    __repr__ = one_line

    def __post_init__(self) -> None:
        n = len(self.tracks)
        shapes = (self.features.shape[0], self.artists_of.shape, self.tags_of.shape)
        if shapes != (n, (n, len(self.artists)), (n, len(self.tags))):
            raise ValueError(f"features, artists_of and tags_of must have a row for each of {n} tracks")
        if not np.isfinite(self.features.data).all():
            row = int(np.flatnonzero(~np.isfinite(self.features.sum(axis=1)))[0])
            raise InvalidSetting(f"features of track {self.tracks[row]!r} hold NaN or infinity")
        empty = [part for part in ("train", "validation") if not len(self.parts[part])]
        if empty:
            raise InvalidSetting(f"the {empty[0]} part has no track with features; split otherwise")

    @cached_property
    def fingerprint(self) -> str:
        """Content key of all that is learned from and judged by."""
        matrices = (self.features, self.artists_of, self.tags_of, self.similar)
        arrays = [
            array
            for matrix in matrices
            for array in (() if matrix is None else (matrix.data, matrix.indices, matrix.indptr))
        ]
        parts = [*self.parts.items(), *self.artist_parts.items()]
        return content_key(
            list(self.tracks), list(self.artists), list(self.tags), self.features.shape[1], *arrays,
            [name for name, _ in parts], *(rows for _, rows in parts),
        )  # fmt: skip

    def right(self, task: Task, part: str) -> sparse.csr_array:
        """Return what is right for every input of a task, sparse of 1: (inputs, outputs) within a part.

        Tracks are those of the part. Similar tracks are the others of one of a track's artists. Artists who
        are asked for similar ones are those of the part, and what is learned from are pairs of training
        artists only.

        Raises:
            InvalidSetting: If it is not known which artists are alike, and they are asked for.
        """
        if task == "similar-artists":
            return self._similar(part)
        rows = self.parts[part]
        artists, tags = self.artists_of[rows], self.tags_of[rows]
        if task == "similar-tracks":
            return _without_diagonal(artists @ artists.T)
        matrices = {
            "artists": artists,
            "tags": tags,
            "tracks-of-artist": artists.T.tocsr(),
            "tracks-of-tag": tags.T.tocsr(),
        }
        return matrices[task]

    def _similar(self, part: str) -> sparse.csr_array:
        if self.similar is None:
            raise InvalidSetting(
                "task 'similar-artists' needs pairs of artists who are alike; name them, or leave it out"
            )
        inside = np.zeros(len(self.artists), np.float32)
        inside[self.artist_parts[part]] = 1
        asked = sparse.diags_array(inside).tocsr()
        pairs = asked @ self.similar @ asked if part == "train" else asked @ self.similar
        pairs.eliminate_zeros()
        return sparse.csr_array(pairs)


_UNASKED: dict[Task, str] = {
    "artists": "{n:,} of {of:,} {part} tracks are of no artist that is learned",
    "tags": "{n:,} of {of:,} {part} tracks have no tag that is learned",
    "similar-tracks": "{n:,} of {of:,} {part} tracks are the only ones of their artist there",
    "similar-artists": "{n:,} of {of:,} artists have no similar one who is asked for in the {part} part",
    "tracks-of-artist": "{n:,} of {of:,} artists have no {part} track",
    "tracks-of-tag": "{n:,} of {of:,} tags have no {part} track",
}


def unasked(material: JointMaterial, tasks: Sequence[Task], part: str) -> tuple[str, ...]:
    """Return what nothing is right for in a part, a sentence a task: it is not learned from, nor judged."""
    sentences = []
    for task in tasks:
        per_input = np.diff(material.right(task, part).indptr)
        n = int((per_input == 0).sum())
        if n:
            sentences.append(_UNASKED[task].format(n=n, of=len(per_input), part=part))
    return tuple(sentences)


def _without_diagonal(matrix: sparse.csr_array) -> sparse.csr_array:
    pairs = matrix.tocoo()
    others = pairs.row != pairs.col
    ones = np.ones(int(others.sum()), np.float32)
    return sparse.csr_array((ones, (pairs.row[others], pairs.col[others])), shape=matrix.shape)


def scaled(features: sparse.csr_array, scaling: str) -> sparse.csr_array:
    """Return features as `JointSpaceSettings.scaling` names it; a track without any stays without.

    Raises:
        InvalidSetting: If there is a negative feature, which has no root.
    """
    if scaling == "none":
        return features
    if scaling == "root":
        if (features.data < 0).any():
            raise InvalidSetting("scaling='root' needs features that are not negative, counts for instance")
        features = features.sqrt()
    lengths = np.sqrt(features.multiply(features).sum(axis=1))
    factors = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return sparse.csr_array(sparse.diags_array(factors).tocsr() @ features).astype(np.float32)


def prepare_joint(
    data: Folksonomy,
    ids: Sequence[str],
    features: npt.NDArray[np.floating] | sparse.csr_array,
    split: Split,
    min_count: int = 1,
    similar_artists: Sequence[tuple[str, str]] = (),
) -> JointMaterial:
    """Put tracks, features and parts together.

    Args:
        data: Its column `artist`, where there is one, says who performs a track.
        ids: Tracks that have features, in the order of their rows.
        features: Array or sparse (len(ids), features).
        split: Of the data's tracks.
        min_count: Tags on fewer tracks are not learned.
        similar_artists: Pairs of artists who are alike, either way round; those with an artist whom the
            training part does not have are passed over.

    Returns:
        The data's tracks that have features; artists and tags are those of the training part, for of others
        nothing can be learned.

    Raises:
        InvalidSetting: If no track has features, or nothing of artists and tags is known in the training
            part.
    """
    row_of = {track: row for row, track in enumerate(ids)}
    names = data.tracks["track"].tolist()
    known = np.array([name in row_of for name in names])
    if not known.any():
        raise InvalidSetting(f"no track of {data.name!r} has features; are they of another data set?")
    places = np.flatnonzero(known)
    table = sparse.csr_array(features).astype(np.float32)[[row_of[names[place]] for place in places]]
    part_of = split.parts[places]
    parts = {part: np.flatnonzero(part_of == part) for part in PARTS}
    artists_of, artists = _artists(data, places, parts["train"])
    tags_of, tags = _tags(data, places, parts["train"], min_count)
    if not artists and not tags:
        raise InvalidSetting(
            f"no training track of {data.name!r} has an artist or a tag; there is nothing to learn"
        )
    return JointMaterial(
        tracks=tuple(names[place] for place in places),
        artists=artists,
        tags=tags,
        features=table,
        artists_of=artists_of,
        tags_of=tags_of,
        parts=parts,
        left_out=_without_features(names, known),
        **_alike(artists, similar_artists, [len(parts[part]) for part in PARTS]),
    )


def _alike(artists: Sequence[str], pairs: Sequence[tuple[str, str]], sizes: Sequence[int]) -> dict[str, Any]:
    """Return which artists are alike, and parts of the artists by chance in the proportions of the tracks."""
    if not pairs:
        return {}
    row_of = {artist: row for row, artist in enumerate(artists)}
    known = [(row_of[one], row_of[other]) for one, other in pairs if one in row_of and other in row_of]
    apart = [(one, other) for one, other in known if one != other]
    if not apart:
        first = " and ".join(map(repr, pairs[0]))
        raise InvalidSetting(f"no pair of similar artists has two of the training part; {first} for instance")
    one, other = np.array([*apart, *(pair[::-1] for pair in apart)]).T
    shape = (len(artists), len(artists))
    similar = sparse.csr_array((np.ones(len(one), np.float32), (one, other)), shape=shape)
    similar.data[:] = 1  # a pair that is named twice counts once
    ends = np.cumsum(np.round(np.array(sizes) / sum(sizes) * len(artists)).astype(int))
    drawn = np.random.default_rng(0).permutation(len(artists))
    rows = np.split(drawn, ends[: len(PARTS) - 1])
    return {"similar": similar, "artist_parts": dict(zip(PARTS, map(np.sort, rows), strict=True))}


def _artists(data: Folksonomy, places: Rows, train: Rows) -> tuple[sparse.csr_array, tuple[str, ...]]:
    """Return who performs each track, and the artists of the training part."""
    if "artist" not in data.tracks:
        return sparse.csr_array((len(places), 0), dtype=np.float32), ()
    performed = data.tracks["artist"].iloc[places]
    known = performed.notna() & (performed.astype("str") != "")
    artists = tuple(sorted(performed.iloc[train][known.iloc[train]].unique()))
    columns = pd.Index(artists).get_indexer(performed)
    rows = np.flatnonzero(columns >= 0)
    entries = (np.ones(len(rows), np.float32), (rows, columns[rows]))
    return sparse.csr_array(entries, shape=(len(places), len(artists))), artists


def _tags(
    data: Folksonomy, places: Rows, train: Rows, min_count: int
) -> tuple[sparse.csr_array, tuple[str, ...]]:
    """Return the tags of each track, those used often enough in the training part."""
    of_tracks = sparse.csr_array(data.matrix)[places]
    of_tracks.data = np.ones_like(of_tracks.data)
    kept = np.flatnonzero(of_tracks[train].sum(axis=0) >= max(min_count, 1))
    names = data.tags["tag"].to_numpy(object)[kept]
    return of_tracks[:, kept].tocsr(), tuple(names)


def _without_features(names: Sequence[str], known: npt.NDArray[np.bool_]) -> pd.DataFrame:
    absent = [name for name, is_known in zip(names, known, strict=True) if not is_known]
    rows = [("no features", len(absent), ", ".join(absent[:_EXAMPLES]))] if absent else []
    return pd.DataFrame(rows, columns=["reason", "tracks", "examples"])


def sparse_rows(features: sparse.csr_array) -> Sparse:
    """Return rows of features as the compiled steps take them."""
    return Sparse(
        features.indptr.astype(np.int64), features.indices.astype(np.int64), features.data.astype(np.float32)
    )


def training_pairs(material: JointMaterial, tasks: Sequence[Task]) -> Pairs:
    """Return what is to be learned from the training part, its tracks numbered from 0.

    Raises:
        InvalidSetting: If a task has no input with both a right and a wrong output.
    """
    asked_starts, asked, row_starts, starts, right, candidates = [0], [], [], [], [], []
    n_rows = n_right = 0
    for task in tasks:
        matrix = material.right(task, "train")
        matrix.sort_indices()
        per_input = np.diff(matrix.indptr)
        ranked = material.artist_parts["train"] if task == "similar-artists" else np.arange(matrix.shape[1])
        outputs = len(ranked) - (_KINDS[task][0] == _KINDS[task][1])
        able = np.flatnonzero((per_input > 0) & (per_input < outputs))
        if not len(able):
            raise InvalidSetting(
                f"task {task!r} has nothing to learn: no input with both a right and a wrong output in the "
                "training part; leave it out of tasks"
            )
        asked.append(able)
        asked_starts.append(asked_starts[-1] + len(able))
        row_starts.append(n_rows)
        starts.append(n_right + matrix.indptr)
        right.append(matrix.indices)
        candidates.append(ranked)
        n_rows, n_right = n_rows + len(matrix.indptr), n_right + len(matrix.indices)
    kinds = np.array([_KINDS[task] for task in tasks], np.int64)
    sizes = np.array([len(ranked) for ranked in candidates], np.int64)
    return Pairs(
        inputs=kinds[:, 0].copy(),
        outputs=kinds[:, 1].copy(),
        n_outputs=sizes,
        candidate_starts=np.cumsum(sizes) - sizes,
        candidates=np.concatenate(candidates).astype(np.int64),
        same=(kinds[:, 0] == kinds[:, 1]).astype(np.int64),
        asked_starts=np.array(asked_starts, np.int64),
        asked=np.concatenate(asked).astype(np.int64),
        row_starts=np.array(row_starts, np.int64),
        starts=np.concatenate(starts).astype(np.int64),
        right=np.concatenate(right).astype(np.int64),
    )
