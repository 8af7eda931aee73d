"""`Predictions`: what a model said of which tracks, beside what was true."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from taglab.cache import content_key, replacing
from taglab.errors import NotFound
from taglab.outcomes.rankings import Rankings
from taglab.outcomes.splits import UNKNOWN, refuse_repeats, track_set_fingerprint

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]

FORMAT = 1

_FINGERPRINT = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model said of some tracks, and what was true.

    Attributes:
        tracks: Track ids, each once; row numbers as text where `named` is False.
        classes: Class names, each once.
        truth: Array (tracks, classes), bool.
        scores: Array (tracks, classes), float32, probabilities in [0, 1].
        split: Fingerprint of the split the model was trained on (`split_fingerprint`), or `UNKNOWN`.
        named: Whether `tracks` are ids by which other results can be matched. Files of other programs
            often have none.

    Raises:
        ValueError: If shapes or types disagree, a name stands twice, or a score is outside [0, 1].
    """

    tracks: tuple[str, ...]
    classes: tuple[str, ...]
    truth: BoolArray
    scores: FloatArray
    split: str = UNKNOWN
    named: bool = True
    _columns: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        shape = (len(self.tracks), len(self.classes))
        if self.truth.shape != shape or self.scores.shape != shape:
            raise ValueError(
                f"truth {self.truth.shape} and scores {self.scores.shape} must both be (tracks, classes) = "
                f"{shape}"
            )
        if self.truth.dtype != np.bool_ or self.scores.dtype != np.float32:
            raise ValueError(
                f"truth must be bool and scores float32, not {self.truth.dtype} and {self.scores.dtype}"
            )
        refuse_repeats("track", self.tracks)
        refuse_repeats("class", self.classes)
        if any(name.endswith("\0") for name in self.tracks + self.classes):
            raise ValueError("a track or class ends in the character NUL, which arrays of text do not keep")
        if self.scores.size and not (self.scores.min() >= 0 and self.scores.max() <= 1):
            raise ValueError(
                f"scores must lie in [0, 1], not {self.scores.min():g} to {self.scores.max():g}; are they "
                "logits, or has training diverged?"
            )
        if self.split != UNKNOWN and not _FINGERPRINT.fullmatch(self.split):
            raise ValueError(f"split={self.split!r} must be of split_fingerprint, or {UNKNOWN!r}")
        object.__setattr__(self, "_columns", {name: at for at, name in enumerate(self.classes)})

    def __repr__(self) -> str:
        return f"<Predictions: {self.n_tracks} tracks, {self.n_classes} classes>"

    @property
    def n_tracks(self) -> int:
        return len(self.tracks)

    @property
    def n_classes(self) -> int:
        return len(self.classes)

    @cached_property
    def evaluated(self) -> str:
        """Fingerprint of the set of tracks, or `UNKNOWN` where they have no ids."""
        return track_set_fingerprint(self.tracks) if self.named else UNKNOWN

    @cached_property
    def positives(self) -> npt.NDArray[np.int64]:
        """Tracks truly in each class (classes,)."""
        return np.asarray(self.truth.sum(axis=0, dtype=np.int64))

    @cached_property
    def fingerprint(self) -> str:
        """Content key of everything in it."""
        return content_key(
            list(self.tracks), list(self.classes), self.truth, self.scores, self.split, self.named
        )

    def column(self, name: str) -> int:
        """Return the column of a class.

        Raises:
            NotFound: If there is no class of this name.
        """
        try:
            return self._columns[name]
        except KeyError:
            known = ", ".join(self.classes[:10]) + (", ..." if self.n_classes > 10 else "")
            raise NotFound(f"no class {name!r} among these predictions; there are: {known}") from None

    def select_classes(self, names: Sequence[str]) -> Predictions:
        """Return these classes only, in this order."""
        columns = [self.column(name) for name in names]
        return replace(
            self, classes=tuple(names), truth=self.truth[:, columns], scores=self.scores[:, columns]
        )

    def as_rankings(self, by: Literal["track", "label"] = "track") -> Rankings:
        """Return the same scores as rankings: of the labels for every track, or of the tracks for every
        label.

        Args:
            by: What is a query.
        """
        if by == "track":
            return Rankings(self.tracks, self.classes, self.scores, self.truth, "track", "label", self.split)
        scores, truth = np.ascontiguousarray(self.scores.T), np.ascontiguousarray(self.truth.T)
        return Rankings(self.classes, self.tracks, scores, truth, "label", "track", self.split)

    def save(self, path: Path) -> None:
        """Write everything to an .npz, atomically; `open_predictions` reads it, and so does `numpy.load`.

        Raises:
            StorageError: If the disk is full or the place cannot be written.
        """
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                format=np.int64(FORMAT),
                tracks=np.array(self.tracks, dtype=np.str_),
                classes=np.array(self.classes, dtype=np.str_),
                truth=self.truth,
                scores=self.scores,
                split=np.array(self.split),
                named=np.array(self.named),
            )
