"""`JointSpace`: artists, tags and tracks as vectors of one space, compared by dot product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.cache import content_key
from taglab.errors import InvalidSetting, NotFound
from taglab.joint_space.material import scaled

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class JointSpace:
    """A trained space, d numbers a vector.

    Attributes:
        name: What it is called.
        artists: Names, as many as `artist_vectors` has rows.
        tags: Tags, as many as `tag_vectors` has rows.
        artist_vectors: Array (artists, d), float32: A of Weston et al., eq. 1.
        tag_vectors: Array (tags, d), float32: T, eq. 2.
        feature_vectors: Array (features, d), float32: V, eq. 3; a track's vector is the sum of those of its
            features, weighed by them.
        scaling: Of the features before that; see `JointSpaceSettings`.
        about: What it was made of and how: settings, names and fingerprints, figures.
        word_map: Array (word dimensions + 1, d), float32: takes the word vector of a tag, of length 1 and
            with a 1 at its end, to where its words put it; None where nothing is known of words. See
            `taglab.joint_space.words`.

    Raises:
        ValueError: If shapes disagree.
        InvalidSetting: If a number is not finite.
    """

    name: str
    artists: tuple[str, ...]
    tags: tuple[str, ...]
    artist_vectors: Floats
    tag_vectors: Floats
    feature_vectors: Floats
    scaling: str = "length"
    about: dict[str, Any] = field(default_factory=dict)
    word_map: Floats | None = None

    def __post_init__(self) -> None:
        vectors = {"artist": self.artist_vectors, "tag": self.tag_vectors, "feature": self.feature_vectors}
        if self.word_map is not None:
            vectors["word"] = self.word_map
        for kind, array in vectors.items():
            if array.ndim != 2 or array.shape[1] != self.dim or array.dtype != np.float32:
                raise ValueError(
                    f"{kind}_vectors must be float32 (.., {self.dim}), not {array.dtype} {array.shape}"
                )
            if not np.isfinite(array).all():
                raise InvalidSetting(f"{kind}_vectors hold NaN or infinity; was the learning rate too high?")
        if len(self.artist_vectors) != len(self.artists) or len(self.tag_vectors) != len(self.tags):
            raise ValueError("every artist and every tag must have a vector")

    def __repr__(self) -> str:
        sizes = f"{len(self.artists)} artists, {len(self.tags)} tags, {len(self.feature_vectors)} features"
        return f"<JointSpace {self.name}: {sizes}, {self.dim} dimensions>"

    @property
    def dim(self) -> int:
        """Numbers a vector has, d."""
        return int(self.feature_vectors.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """Content key of names and vectors."""
        return content_key(
            list(self.artists), list(self.tags), self.artist_vectors, self.tag_vectors, self.feature_vectors,
            self.scaling, *([] if self.word_map is None else [self.word_map]),
        )  # fmt: skip

    def place(self, features: npt.NDArray[np.floating] | sparse.csr_array) -> Floats:
        """Return the vectors of tracks.

        Args:
            features: Array or sparse (tracks, features), not scaled, as the space was trained on.

        Returns:
            Array (tracks, d), float32; zeros for a track without any feature.

        Raises:
            InvalidSetting: If they are as many as the space has no features for, or not finite.
        """
        table = sparse.csr_array(features).astype(np.float32)
        if table.shape[1] != len(self.feature_vectors):
            raise InvalidSetting(
                f"features of {table.shape[1]:,} numbers must be of {len(self.feature_vectors):,}, as "
                f"those that {self.name!r} was trained on; they are of another encoder"
            )
        if not np.isfinite(table.data).all():
            raise InvalidSetting("features hold NaN or infinity")
        vectors: Floats = np.asarray(scaled(table, self.scaling) @ self.feature_vectors, np.float32)
        return vectors

    def vector(self, kind: str, name: str) -> Floats:
        """Return the vector of an artist or a tag, (d,).

        Args:
            kind: "artist" or "tag".
            name: Of it.

        Raises:
            NotFound: If the space has no such artist or tag.
        """
        names = self._rows[kind]
        if name not in names:
            raise NotFound(f"no {kind} {name!r} in the space {self.name!r}, which has {len(names):,} of them")
        vectors = self.artist_vectors if kind == "artist" else self.tag_vectors
        row: Floats = vectors[names[name]]
        return row

    @cached_property
    def _rows(self) -> dict[str, dict[str, int]]:
        named = {"artist": self.artists, "tag": self.tags}
        return {kind: {name: row for row, name in enumerate(names)} for kind, names in named.items()}


def ensemble(spaces: Sequence[JointSpace], name: str = "") -> JointSpace:
    """Return the space whose scores are the mean of several spaces' scores.

    Its vectors are theirs, one after the other, divided by the root of their number: the paper's "d = 200 …
    800" are such, of two to eight spaces of 100.

    Args:
        spaces: Of the same artists, tags and features; trained from different seeds.
        name: What it is called.

    Raises:
        InvalidSetting: If there is none, or they are of other artists, tags, features or scalings.

    Source: Weston et al. 2011, "Training ensembles".
    """
    if not spaces:
        raise InvalidSetting("an ensemble needs at least one space")
    first = spaces[0]
    for other in spaces[1:]:
        alike = (other.artists, other.tags, len(other.feature_vectors), other.scaling)
        if alike != (first.artists, first.tags, len(first.feature_vectors), first.scaling):
            raise InvalidSetting(
                f"spaces {first.name!r} and {other.name!r} must be of the same artists, tags and features"
            )
    share = np.float32(1 / np.sqrt(len(spaces)))

    def beside(part: str) -> Floats:
        joined: Floats = np.concatenate([getattr(space, part) for space in spaces], axis=1) * share
        return joined

    return JointSpace(
        name or first.name,
        first.artists,
        first.tags,
        beside("artist_vectors"),
        beside("tag_vectors"),
        beside("feature_vectors"),
        first.scaling,
        {**first.about, "ensemble_of": [space.name for space in spaces]},
        beside("word_map") if all(space.word_map is not None for space in spaces) else None,
    )
