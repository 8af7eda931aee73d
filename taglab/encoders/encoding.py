"""The encoders by name, and what they make of a store of sound: `Vectors` of tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import BaseModel

from taglab.audio.store import AudioStore
from taglab.encoders.auditory import AuditoryCodebook
from taglab.encoders.codebook import MfccCodebook
from taglab.encoders.descriptors import SpectralStatistics
from taglab.encoders.encoder import Encoder, Features, Learned
from taglab.encoders.musicnn import MusicnnNetwork
from taglab.encoders.networks import RandomNetwork, RunNetwork
from taglab.encoders.program import Program
from taglab.encoders.statistics import MfccStatistics
from taglab.errors import InvalidSetting
from taglab.progress import Progress, silent
from taglab.settings import checked
from taglab.vectors import Vectors, open_features, open_learned

ENCODERS: dict[str, type[BaseModel]] = {
    "mfcc-statistics": MfccStatistics,
    "spectral-statistics": SpectralStatistics,
    "mfcc-codebook": MfccCodebook,
    "auditory-codebook": AuditoryCodebook,
    "run": RunNetwork,
    "random": RandomNetwork,
    "musicnn": MusicnnNetwork,
    "program": Program,
}
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


def encoder_name(features: Vectors) -> str:
    """Return the name of the encoder that made features; "file" of those from elsewhere, else empty."""
    settings = features.origin.get("encoder", {})
    return str(settings.get("encoder", "")) if isinstance(settings, Mapping) else ""


def run_of(features: Vectors) -> str:
    """Return the name of the run whose network made features; empty where none did."""
    settings = features.origin.get("encoder", {})
    return str(settings.get("run", "")) if isinstance(settings, Mapping) else ""


def learned_elsewhere(features: Vectors) -> bool:
    """Return whether features were made by what may have learned from any track, before it came here."""
    encoder: Any = ENCODERS.get(encoder_name(features))
    return encoder is None or bool(encoder.learned_elsewhere)


def is_baseline(features: Vectors) -> bool:
    """Return whether features were made by an encoder that others are held against."""
    encoder: Any = ENCODERS.get(encoder_name(features))
    return encoder is not None and bool(getattr(encoder, "baseline", False))


def learn(
    encoder: Encoder, store: AudioStore, training: Sequence[str] = (), progress: Progress = silent
) -> Learned:
    """Return what an encoder learns from training tracks; nothing of one that does not learn.

    Args:
        encoder: Which, with its settings.
        store: The sound.
        training: Tracks of the training part; those without sound are passed over.
        progress: Told after every track.

    Raises:
        InvalidSetting: If an encoder that learns is given no training track that has sound.
    """
    if not encoder.learns:
        return {}
    with_sound = set(store.tracks["track"])
    rows = store.rows([track for track in training if track in with_sound])
    if not len(rows):
        raise InvalidSetting("the encoder learns from training tracks, and none of those has sound")
    return encoder.learn(store, rows, progress)


def encode_tracks(
    encoder: Encoder,
    store: AudioStore,
    learned: Learned | None = None,
    split: str = "",
    name: str = "",
    progress: Progress = silent,
) -> Vectors:
    """Return the features of all tracks of a store.

    Args:
        encoder: Which, with its settings.
        store: The sound.
        learned: As `learn` gives it; may be left out where the encoder learns nothing.
        split: Fingerprint of the split that was learned from, kept with the features.
        name: What the features are called.
        progress: Told after every track.

    Returns:
        Of tracks, with the encoder's settings, the split, and rate and fingerprint of the sound as `origin`.
    """
    rows = np.arange(len(store.tracks))
    return as_vectors(encoder, store, encoder.encode(store, rows, learned or {}, progress), split, name)


def as_vectors(encoder: Encoder, store: AudioStore, features: Features, split: str, name: str) -> Vectors:
    """Return features of all tracks of a store, as `encode_tracks` does.

    Raises:
        InvalidSetting: If the encoder gave a track NaN or infinity.
    """
    broken = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(broken):
        first = store.tracks["track"].iloc[int(broken[0])]
        raise InvalidSetting(
            f"the encoder made NaN or infinity of {len(broken)} of {len(features)} tracks, such as {first!r}"
            "; did its training diverge?"
        )
    vectors = Vectors.of("tracks", store.tracks["track"].tolist(), features, name, encoder.measure)
    origin = {
        "encoder": encoder.model_dump(mode="json"),
        "sound": {"sample_rate_hz": store.sample_rate_hz, "fingerprint": store.fingerprint},
        **encoder.origin(split),
    }
    return replace(vectors, origin=origin)


def encode_alike(name: str, store: AudioStore, progress: Progress = silent) -> Vectors:
    """Return the features of other sound, made as those kept under a name were, with what was learned then.

    Args:
        name: Of features that an encoder made.
        store: The other sound, of the same rate.
        progress: Told after every track.

    Raises:
        NotFound: If there are no such features.
        InvalidSetting: If another program computed them, what they were made with has changed since, the
            sound has another rate, or they name a program that nobody has started here.
        DataError: If a program that they name fails.
    """
    encoder = encoder_alike(name, store.sample_rate_hz)
    split = str(open_features(name).origin.get("split", ""))
    return encode_tracks(encoder, store, open_learned(name), split, name, progress)


def encoder_alike(name: str, rate_hz: int) -> Encoder:
    """Return what made the features that are kept under a name, if it can make them of other sound now.

    Args:
        name: Of features that an encoder made.
        rate_hz: Of the other sound.

    Raises:
        NotFound, InvalidSetting: As `encode_alike`.
    """
    origin = open_features(name).origin
    settings = dict(origin["encoder"])
    if settings.get("encoder") not in ENCODERS:
        raise InvalidSetting(
            f"features {name!r} come from {settings.get('encoder', 'elsewhere')!r}, and other sound can be "
            "encoded alike only by what made them; take features that `taglab features encode` made"
        )
    encoder = encoder_of(settings["encoder"], settings)
    encoder.require_permitted()
    needed_hz = origin.get("sound", {}).get("sample_rate_hz", rate_hz)
    if needed_hz != rate_hz:
        raise InvalidSetting(
            f"sound of {rate_hz:,} Hz must be of {needed_hz:,} Hz, as that of features {name!r}; "
            "decode it at that rate"
        )
    before = {key: value for key, value in origin.items() if key not in ("encoder", "sound")}
    if encoder.origin(origin.get("split", "")) != before:
        raise InvalidSetting(f"features {name!r} were made with what has changed since; encode them again")
    return encoder
