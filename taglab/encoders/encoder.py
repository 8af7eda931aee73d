"""The encoders by name, and what they make of a store of sound: `Vectors` of tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from taglab.audio.store import AudioStore, Rows
from taglab.encoders.codebook import MfccCodebook
from taglab.encoders.statistics import MfccStatistics
from taglab.errors import InvalidSetting
from taglab.progress import Progress, silent
from taglab.settings import checked
from taglab.vectors import Vectors


class Encoder(Protocol):
    """A settings model that makes features of sound.

    Attributes:
        learns: Whether something is learned first (a dictionary, a scaling), from training tracks alone.
        measure: By which features are compared, a key of `taglab.vectors.MEASURES`.
    """

    learns: ClassVar[bool]
    measure: ClassVar[str]

    def encode(
        self, store: AudioStore, rows: Rows, learned_from: Rows, progress: Progress = silent
    ) -> npt.NDArray[np.float32]:
        """Return features (rows, numbers), float32."""
        ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return the settings as JSON has them."""
        ...


ENCODERS: dict[str, type[BaseModel]] = {"mfcc-statistics": MfccStatistics, "mfcc-codebook": MfccCodebook}
"""Name → settings model, an `Encoder`."""


def encoder_of(name: str, values: Mapping[str, Any] | None = None) -> Encoder:
    """Return an encoder by name.

    Args:
        name: A key of `ENCODERS`.
        values: Settings that differ from the defaults.

    Raises:
        InvalidSetting: If there is none of this name, or a setting is wrong.
    """
    if name not in ENCODERS:
        raise InvalidSetting(f"encoder={name!r} must be one of {', '.join(ENCODERS)}")
    encoder: Any = checked(ENCODERS[name], values or {})
    return encoder  # type: ignore[no-any-return]


def encode_tracks(
    encoder: Encoder,
    store: AudioStore,
    training: Sequence[str] = (),
    split: str = "",
    name: str = "",
    progress: Progress = silent,
) -> Vectors:
    """Return the features of all tracks of a store.

    Args:
        encoder: Which, with its settings.
        store: The sound.
        training: Tracks of the training part, from which alone is learned; those without sound are passed
            over. All tracks where it is empty and nothing is learned.
        split: Fingerprint of the split they are of, kept with the features.
        name: What the features are called.
        progress: Told after every track.

    Returns:
        Of tracks, with the encoder, its settings and the split as `origin`.

    Raises:
        InvalidSetting: If an encoder that learns is given no training track that has sound.
    """
    tracks = store.tracks["track"].tolist()
    with_sound = set(tracks)
    learned_from = store.rows([track for track in training if track in with_sound])
    if encoder.learns and not len(learned_from):
        raise InvalidSetting("the encoder learns from training tracks, and none of those has sound")
    features = encoder.encode(store, np.arange(len(tracks)), learned_from, progress)
    origin = {"encoder": encoder.model_dump(mode="json"), "split": split if encoder.learns else ""}
    kept = Vectors.of("tracks", tracks, features, name, encoder.measure)
    return Vectors("tracks", kept.ids, kept.vectors, kept.missing, name, encoder.measure, origin)
