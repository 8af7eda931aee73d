"""What an encoder is: settings that learn from training tracks, if from any, and make features of sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from taglab.audio.store import AudioStore, Rows
from taglab.progress import Progress, silent

Features = npt.NDArray[np.float32]
Learned = Mapping[str, npt.NDArray[np.float32]]
"""What was learned from training tracks, by name; empty where nothing is."""


class Encoder(Protocol):
    """A settings model that makes features of sound.

    Attributes:
        learns: Whether something is learned first (a dictionary, a scaling), from training tracks alone.
        measure: By which features are compared, a key of `taglab.vectors.MEASURES`.
        baseline: Whether others are held against it.
        learned_elsewhere: Whether it may have learned from any track, before it came here.
    """

    learns: ClassVar[bool]
    measure: ClassVar[str]
    baseline: ClassVar[bool]
    learned_elsewhere: ClassVar[bool]

    def learn(self, store: AudioStore, rows: Rows, progress: Progress = silent) -> Learned:
        """Return what is learned from these tracks; nothing where the encoder does not learn."""
        ...

    def encode(
        self, store: AudioStore, rows: Rows, learned: Learned, progress: Progress = silent
    ) -> Features:
        """Return features (rows, numbers), float32; a row of zeros for a track that can have none."""
        ...

    def origin(self, split: str) -> dict[str, str]:
        """Return what is kept beside the settings: `split`, the fingerprint of what was learned from, if any.

        Args:
            split: Fingerprint of the split whose training tracks `learn` was given.
        """
        ...

    def with_whole_paths(self) -> Self:
        """Return it as it is asked for in the folder one is in: files that it names have their whole path."""
        ...

    def permit(self) -> None:
        """Note that somebody asked for this encoder, where it starts what features name."""
        ...

    def require_permitted(self) -> None:
        """Refuse to start what features name and nobody asked for; raises InvalidSetting."""
        ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return the settings as JSON has them."""
        ...


class StartsNothing:
    """What an encoder has in common that is all taglab's own."""

    learned_elsewhere: ClassVar[bool] = False

    def with_whole_paths(self) -> Self:
        """Return itself: it names no file."""
        return self

    def permit(self) -> None:
        """Do nothing."""

    def require_permitted(self) -> None:
        """Refuse nothing."""


class LearnsNothing(StartsNothing):
    """What an encoder has in common that does the same to every sound."""

    learns: ClassVar[bool] = False
    baseline: ClassVar[bool] = False

    def learn(self, store: AudioStore, rows: Rows, progress: Progress = silent) -> Learned:
        """Return nothing."""
        return {}

    def origin(self, split: str) -> dict[str, str]:
        """Return that no split was learned from."""
        return {"split": ""}


class Learns(StartsNothing):
    """What an encoder has in common that learns from the training part of a split."""

    learns: ClassVar[bool] = True
    baseline: ClassVar[bool] = False

    def origin(self, split: str) -> dict[str, str]:
        """Return the split."""
        return {"split": split}
