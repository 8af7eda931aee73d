"""The demo's sound: each track's recipe, played.

A recipe says who plays what, how fast, in which key and mood, and when it was recorded; the synthesiser plays
just that. Whatever can be heard in the result therefore follows from the recipe, and what depends on the
listener ("seen live") cannot be heard. The same recipe gives the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from taglab.audio.decode import Decoded
from taglab.audio.store import AudioStore, Sound, StoreSettings, decoders, write_sounds
from taglab.audio.synth.harmony import HARMONIES, chords, scale
from taglab.audio.synth.line_up import drum_kit, line_up
from taglab.audio.synth.players import Band
from taglab.audio.synth.rhythm import Grid, beats
from taglab.audio.synth.room import ERAS, colour, compress, distort, gate, record
from taglab.audio.synth.tones import Samples
from taglab.audio.synth.voices import DELIVERIES
from taglab.cache import content_key
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent

__all__ = [
    "RECIPE",
    "recipe_sources",
    "synthesise",
    "synthesise_voice",
    "write_demo_audio",
    "write_demo_voice",
]

RECIPE = (
    "tempo_bpm",
    "rhythm",
    "swing",
    "key",
    "mode",
    "harmony",
    "timbre",
    "brightness",
    "distortion",
    "reverb",
    "instruments",
    "voice",
    "delivery",
    "energy",
    "valence",
    "era_filter",
    "bandwidth_hz",
    "noise_db",
    "compression",
    "recipe_seed",
)
"""The columns of the demo's tracks table that are heard; see `taglab.sources.demo.recipes.make_tracks`."""

# Changed with every change to what a recipe sounds like, so that stores are made anew.
_VERSION = 1

_KNOWN: dict[str, Collection[str]] = {
    "rhythm": beats(),
    "mode": ("major", "minor"),
    "harmony": HARMONIES,
    "voice": ("female", "male", "choir", "none"),
    "delivery": (*DELIVERIES, "none"),
    "era_filter": ERAS,
}

_STORED = StoreSettings(min_duration_s=0.5, tracks_per_shard=200)

_LEVELS = {"amp": 1.0, "tonal": 1.0, "bass": 0.55, "voice": 1.15}


def synthesise(
    recipe: Mapping[Hashable, Any], duration_s: float = 8.0, sample_rate_hz: int = 16_000
) -> Samples:
    """Play a recipe.

    Args:
        recipe: A row of the demo's tracks table: the columns in `RECIPE`, others are not looked at.
        duration_s: In seconds.
        sample_rate_hz: Of the result.

    Returns:
        (samples,) float32 with a peak of 0.9.

    Raises:
        InvalidSetting: If a column is missing or a value is not one of the demo's.
    """
    return _played(recipe, duration_s, sample_rate_hz)[0]


def synthesise_voice(
    recipe: Mapping[Hashable, Any], duration_s: float = 8.0, sample_rate_hz: int = 16_000
) -> Samples:
    """Return what somebody sings in `synthesise`, apart from the rest: the two add up to it.

    Room and recording change a sum as they change its parts. Compression does not: the voice has of it, at
    every moment, the gain that all have together.

    Args:
        recipe, duration_s, sample_rate_hz: As of `synthesise`.

    Returns:
        (samples,) float32; zeros where nobody sings.

    Raises:
        InvalidSetting: As of `synthesise`.
    """
    whole, voice = _played(recipe, duration_s, sample_rate_hz, apart="voice")
    return np.zeros_like(whole) if voice is None else voice


def _played(
    recipe: Mapping[Hashable, Any], duration_s: float, sample_rate_hz: int, apart: str = ""
) -> tuple[Samples, Samples | None]:
    """Return all that is played, (n,), and what one group is of it, None where it does not play."""
    _check(recipe, duration_s)
    n = round(duration_s * sample_rate_hz)
    rng = np.random.default_rng(int(recipe["recipe_seed"]))
    groups = _levelled(recipe, _perform(recipe, n, sample_rate_hz, rng), sample_rate_hz)
    mixed = np.zeros(n, np.float32)
    for samples in groups.values():
        mixed += samples
    era = str(recipe["era_filter"])
    tilt = (
        5.0 * (recipe["brightness"] - 0.5)
        + 3.0 * (recipe["energy"] - 0.5)
        + 2.0 * (recipe["valence"] - 0.5)
        + ERAS[era].tilt_db
    )
    reverb = float(recipe["reverb"])
    heard = colour(mixed, n, reverb, float(tilt), sample_rate_hz)
    squeezed = compress(heard, float(recipe["compression"]), sample_rate_hz)
    part = None
    if apart in groups:
        alone = colour(groups[apart], n, reverb, float(tilt), sample_rate_hz)
        part = alone * np.divide(squeezed, heard, out=np.zeros_like(heard), where=heard != 0)
    bandwidth_hz, noise_db = float(recipe["bandwidth_hz"]), float(recipe["noise_db"])
    return record(squeezed, era, bandwidth_hz, noise_db, sample_rate_hz, rng, part)


def _check(recipe: Mapping[Hashable, Any], duration_s: float) -> None:
    missing = [name for name in RECIPE if name not in recipe]
    if missing:
        raise InvalidSetting(f"recipe must have {', '.join(missing)}; is the folksonomy the demo?")
    if not 0.5 <= duration_s <= 600:
        raise InvalidSetting(f"duration_s={duration_s:g} must lie in [0.5, 600]")
    for name, known in _KNOWN.items():
        if recipe[name] not in known:
            raise InvalidSetting(f"{name}={recipe[name]!r} must be one of {', '.join(known)}")
    if not 20 <= float(recipe["tempo_bpm"]) <= 400:
        raise InvalidSetting(f"tempo_bpm={recipe['tempo_bpm']!r} must lie in [20, 400]")


def _perform(
    recipe: Mapping[Hashable, Any], n: int, rate_hz: int, rng: np.random.Generator
) -> dict[str, Samples]:
    """Return what each group plays, (n,) each."""
    beat = beats()[recipe["rhythm"]]
    beat_s = 60.0 / float(recipe["tempo_bpm"])
    n_bars = int(np.ceil(n / rate_hz / (beat.beats * beat_s))) + 1
    key, harmony, mode = int(recipe["key"]), str(recipe["harmony"]), str(recipe["mode"])
    band = Band(
        grid=Grid(beat, beat_s, float(recipe["swing"]), n_bars, rng),
        chords=chords(harmony, mode, key, n_bars, rng),
        scale=scale(harmony, mode, key),
        n=n,
        rate_hz=rate_hz,
        valence=float(recipe["valence"]),
        rng=rng,
    )
    instruments = str(recipe["instruments"]).split("|")
    energy, distortion = float(recipe["energy"]), float(recipe["distortion"])
    sung = "none" not in (recipe["voice"], recipe["delivery"])
    for part in line_up(instruments, str(recipe["timbre"])):
        amplified = part.tone.name in ("electric guitar", "distorted synth", "acid synth", "slide guitar")
        band.instrument(part, amplified, distortion, sung)
    kit = drum_kit(instruments, beat.name, energy, distortion)
    if kit:
        band.drums(kit, energy)
    if "turntables" in instruments:
        band.scratches()
    if sung:
        band.voice(str(recipe["voice"]), str(recipe["delivery"]))
    return band.groups


def _levelled(recipe: Mapping[Hashable, Any], groups: dict[str, Samples], rate_hz: int) -> dict[str, Samples]:
    """Return the groups that sound, each at its level."""
    energy, distortion = float(recipe["energy"]), float(recipe["distortion"])
    led_by_drums = str(recipe["instruments"]).startswith(("drum", "percussion"))
    levels = _LEVELS | {"drums": 0.3 + 0.75 * energy + 0.3 * led_by_drums}
    out: dict[str, Samples] = {}
    for name, samples in groups.items():
        if name == "amp" or (name in ("tonal", "voice") and distortion > 0.45 and "amp" not in groups):
            samples = distort(samples, distortion, rate_hz)
        if name == "drums" and ERAS[str(recipe["era_filter"])].gated:
            samples = gate(samples, rate_hz)
        level = float(np.sqrt(np.mean(samples**2)))
        if level > 0:
            out[name] = np.float32(levels[name] / level) * samples
    return out


def write_demo_audio(
    folksonomy: Folksonomy,
    folder: Path,
    duration_s: float = 8.0,
    workers: int | None = None,
    progress: Progress = silent,
) -> AudioStore:
    """Write the sound of the demo's tracks into a store, or go on where an earlier run was stopped.

    Args:
        folksonomy: The demo or a selection of it.
        folder: Where the store shall be.
        duration_s: Of each track, in seconds.
        workers: Threads; the number of cores where None.
        progress: Told after every track.

    Raises:
        InvalidSetting: If the folksonomy has no recipes.
        StorageError: If the disk is full or the folder cannot be written.
    """
    tracks = folksonomy.tracks["track"].astype(str).tolist()
    sounds = _sounds(tracks, _recipes(folksonomy), duration_s, synthesise)
    with decoders(workers) as threads:
        return write_sounds(sounds, folder, _STORED, threads, progress, doing="making the demo's sound")


def write_demo_voice(
    folksonomy: Folksonomy,
    folder: Path,
    duration_s: float = 8.0,
    workers: int | None = None,
    progress: Progress = silent,
) -> AudioStore:
    """Write the voices of the demo's tracks, of those in which somebody sings; see `write_demo_audio`."""
    named = zip(folksonomy.tracks["track"].astype(str), _recipes(folksonomy), strict=True)
    sung = {track: recipe for track, recipe in named if "none" not in (recipe["voice"], recipe["delivery"])}
    sounds = _sounds(list(sung), list(sung.values()), duration_s, synthesise_voice)
    with decoders(workers) as threads:
        return write_sounds(sounds, folder, _STORED, threads, progress, doing="making the demo's voices")


def _sounds(
    tracks: Sequence[str],
    recipes: Sequence[Mapping[Hashable, Any]],
    duration_s: float,
    play: Callable[[Mapping[Hashable, Any], float, int], Samples],
) -> list[Sound]:
    """Return the sound of tracks, to be had when its turn comes."""
    return [
        Sound(
            track=str(track),
            source=_source(recipe, duration_s),
            fingerprint="",  # the source tells them apart
            load=partial(_load, play, recipe, duration_s, _STORED.sample_rate_hz),
        )
        for track, recipe in zip(tracks, recipes, strict=True)
    ]


def recipe_sources(folksonomy: Folksonomy, duration_s: float = 8.0) -> list[str]:
    """Return what `write_demo_audio` notes as the source of each track's sound, one for each recipe.

    Raises:
        InvalidSetting: If the folksonomy has no recipes.
    """
    return [_source(recipe, duration_s) for recipe in _recipes(folksonomy)]


def _recipes(folksonomy: Folksonomy) -> list[dict[Hashable, Any]]:
    missing = [name for name in RECIPE if name not in folksonomy.tracks.columns]
    if missing:
        raise InvalidSetting(
            f"folksonomy={folksonomy.name!r} must be the demo: its tracks have no {missing[0]} to play"
        )
    return folksonomy.tracks[list(RECIPE)].to_dict("records")


def _source(recipe: Mapping[Hashable, Any], duration_s: float) -> str:
    named = {str(name): value for name, value in recipe.items()}
    return f"synthesised from recipe {content_key(_VERSION, duration_s, named)}"


def _load(
    play: Callable[[Mapping[Hashable, Any], float, int], Samples],
    recipe: Mapping[Hashable, Any],
    duration_s: float,
    rate_hz: int,
) -> Decoded:
    return Decoded(play(recipe, duration_s, rate_hz), rate_hz, rate_hz)
