"""The demo's artists and tracks: what each is made of, from style and era down to the tempo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.sources.demo.names import artist_names, song_titles
from taglab.sources.demo.styles import FAMILY_SHARES, Style, styles

__all__ = ["make_tracks"]

_LAST_YEAR = 2010  # the Million Song Dataset, whose tags the thesis counts, ends here

# Share of an artist's tracks in the own style, drawn from the branch, and from the family; the rest is any.
_OWN_STYLE, _SAME_BRANCH, _SAME_FAMILY = 0.7, 0.17, 0.07

_NATIONS = {
    "american": 0.42,
    "british": 0.2,
    "german": 0.07,
    "canadian": 0.05,
    "swedish": 0.05,
    "french": 0.05,
    "australian": 0.03,
    "dutch": 0.025,
    "italian": 0.025,
    "irish": 0.02,
    "norwegian": 0.015,
    "finnish": 0.015,
    "spanish": 0.015,
    "japanese": 0.015,
    "austrian": 0.015,
}
_AT_HOME = 0.62

# First word of a timbre that is found: brightness, distortion, reverb, each in [0, 1].
_TIMBRES = {
    "down-tuned": (0.35, 1.0, 0.15),
    "tremolo": (0.8, 0.95, 0.35),
    "distorted": (0.6, 0.85, 0.15),
    "raw": (0.7, 0.8, 0.05),
    "wall": (0.5, 0.75, 0.8),
    "fuzz": (0.45, 0.75, 0.3),
    "overdriven": (0.55, 0.5, 0.2),
    "spring": (0.6, 0.1, 0.85),
    "reverb": (0.5, 0.1, 0.9),
    "supersaw": (0.95, 0.2, 0.55),
    "acid": (0.8, 0.45, 0.35),
    "bright": (0.9, 0.1, 0.25),
    "clicks": (0.85, 0.05, 0.15),
    "digital": (0.8, 0.1, 0.15),
    "whining": (0.8, 0.1, 0.2),
    "chiming": (0.85, 0.15, 0.25),
    "dark": (0.1, 0.2, 0.95),
    "soft": (0.3, 0.0, 0.9),
    "warm": (0.35, 0.05, 0.55),
    "sub": (0.2, 0.3, 0.3),
    "808": (0.3, 0.3, 0.15),
    "vinyl": (0.25, 0.15, 0.3),
    "tape": (0.25, 0.25, 0.1),
    "orchestra": (0.5, 0.0, 0.75),
    "choir": (0.5, 0.05, 0.8),
    "harpsichord": (0.8, 0.0, 0.5),
    "pad": (0.3, 0.0, 0.9),
    "guitar": (0.55, 0.05, 0.2),
    "synth": (0.65, 0.1, 0.25),
    "piano": (0.5, 0.0, 0.3),
    "saxophone": (0.6, 0.05, 0.3),
}
_PLAIN_TIMBRE = (0.5, 0.05, 0.25)

# From which year on: name, upper band limit in Hz, noise in dB below full scale, compression in [0, 1].
_ERAS = (
    (1900, "shellac", 4200, -30, 0.2),
    (1948, "mono tape", 5400, -40, 0.25),
    (1960, "stereo tape", 6400, -48, 0.35),
    (1970, "analogue console", 7200, -56, 0.4),
    (1980, "early digital", 7700, -66, 0.45),
    (1990, "digital", 7900, -78, 0.6),
    (2000, "loud digital", 8000, -84, 0.95),
)

_MINOR_HARMONIES = frozenset({"i-VII-VI", "i-VI-III-VII", "phrygian riff", "andalusian cadence"})


def make_tracks(rng: np.random.Generator, n_tracks: int, n_artists: int) -> pd.DataFrame:
    """Invent artists and their tracks.

    Returns:
        One row a track:

        - `track`, `artist`, `title`; `year`, `nationality` (the artist's), `cover` (whether another's song);
        - `family`, `branch`, `style`: what it is, as in `styles.csv`;
        - `tempo_bpm`, `rhythm` (pattern), `swing` (delay of the off-beat, 0 straight to 1 triplet);
        - `key` (0 = C to 11 = B), `mode` ("major" or "minor"), `harmony` (chord pattern);
        - `timbre` (of the leading sound), `brightness`, `distortion`, `reverb` in [0, 1];
        - `instruments` (joined by "|", the leading one first);
        - `voice` ("female", "male", "choir", "none"), `delivery` ("sung", "rapped", ..., "none");
        - `energy`, `valence` in [0, 1];
        - `era_filter` (name), `bandwidth_hz`, `noise_db`, `compression`: how the recording aged;
        - `recipe_seed`: for what a synthesiser draws at random.
    """
    artists = _make_artists(rng, n_artists)
    of_track = _share_out(rng, n_tracks, artists["style_row"].to_numpy())
    style_rows = [_track_style(rng, row) for row in artists["style_row"].to_numpy()[of_track]]
    chosen = [styles()[row] for row in style_rows]
    own = artists.iloc[of_track].reset_index(drop=True)
    tracks = pd.DataFrame(
        {
            "track": [f"demo-{number:04d}" for number in range(1, n_tracks + 1)],
            "artist": own["artist"],
            "title": song_titles(rng, n_tracks),
            "year": _years(rng, own["first_year"].to_numpy()),
            "nationality": own["nationality"],
            "cover": rng.random(n_tracks) < 0.05,
            "family": [style.family for style in chosen],
            "branch": [style.branch for style in chosen],
            "style": [style.name for style in chosen],
        }
    )
    sound = _sound(rng, chosen, own["voice"].tolist())
    return pd.concat([tracks, sound, _eras(tracks["year"].to_numpy())], axis=1).assign(
        recipe_seed=rng.integers(0, 2**31, n_tracks)
    )


def _make_artists(rng: np.random.Generator, n_artists: int) -> pd.DataFrame:
    style_rows = _apportion(_style_shares(), n_artists)
    rng.shuffle(style_rows)
    chosen = [styles()[row] for row in style_rows]
    starts = [
        int(rng.integers(style.years[0], max(style.years[0] + 1, style.years[1] - 5))) for style in chosen
    ]
    return pd.DataFrame(
        {
            "artist": artist_names(rng, n_artists),
            "style_row": style_rows,
            "nationality": [_nation(rng, style) for style in chosen],
            "first_year": starts,
            "voice": [str(rng.choice(_VOICES, p=style.voices)) for style in chosen],
        }
    )


_VOICES = ("female", "male", "choir", "none")


def _style_shares() -> npt.NDArray[np.float64]:
    """Return how much of all music each style is, (styles,), summing to 1."""
    in_family: dict[str, float] = {}
    for style in styles():
        in_family[style.family] = in_family.get(style.family, 0.0) + style.share
    shares = np.array([FAMILY_SHARES[s.family] * s.share / in_family[s.family] for s in styles()])
    return np.asarray(shares / shares.sum())


def _apportion(shares: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.int64]:
    """Divide `n` by shares, at least one to each while they last; (n,) positions in `shares`, in order."""
    if n < len(shares):
        return np.sort(np.argsort(-shares, kind="stable")[:n])
    wanted = shares / shares.sum() * n
    given = np.ones(len(shares), np.int64)
    for _ in range(n - len(shares)):
        given[np.argmax(wanted - given)] += 1
    return np.repeat(np.arange(len(shares)), given)


def _nation(rng: np.random.Generator, style: Style) -> str:
    if style.home and rng.random() < _AT_HOME:
        return style.home
    shares = np.array(list(_NATIONS.values()))
    return str(rng.choice(list(_NATIONS), p=shares / shares.sum()))


def _share_out(
    rng: np.random.Generator, n_tracks: int, style_rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the artist of each track, (tracks,): styles get their share, which their artists divide."""
    appetites = rng.lognormal(0, 0.45, len(style_rows))
    of_style = np.bincount(style_rows, appetites, len(styles()))
    return _apportion(_style_shares()[style_rows] * appetites / of_style[style_rows], n_tracks)


def _track_style(rng: np.random.Generator, own: int) -> int:
    home = styles()[own]
    draw = rng.random()
    if draw < _OWN_STYLE:
        return own
    if draw < _OWN_STYLE + _SAME_BRANCH:
        near = [row for row, style in enumerate(styles()) if style.branch == home.branch]
    elif draw < _OWN_STYLE + _SAME_BRANCH + _SAME_FAMILY:
        near = [row for row, style in enumerate(styles()) if style.family == home.family]
    else:
        near = list(range(len(styles())))
    shares = _style_shares()[near]
    return int(rng.choice(near, p=shares / shares.sum()))


def _years(rng: np.random.Generator, starts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return years (tracks,): within a dozen after an artist's first, most of them early."""
    active = rng.triangular(0, 2, 13, len(starts)).astype(np.int64)
    return np.asarray(np.minimum(starts + active, _LAST_YEAR))


def _sound(rng: np.random.Generator, chosen: Sequence[Style], artist_voices: Sequence[str]) -> pd.DataFrame:
    n = len(chosen)
    minor = np.array([rng.random() < style.minor for style in chosen])
    energy = np.array([style.energy for style in chosen]) + rng.normal(0, 0.09, n)
    valence = np.array([style.valence for style in chosen]) + rng.normal(0, 0.13, n)
    valence += np.where(minor, -0.06, 0.06)
    tempo = np.array([style.tempo_bpm for style in chosen]) * np.exp(rng.normal(0, 0.06, n))
    timbres = np.array([_timbre(style.timbre) for style in chosen]) + rng.normal(0, 0.06, (n, 3))
    voices = [_voice(rng, style, own) for style, own in zip(chosen, artist_voices, strict=True)]
    swings = {"swing": 0.9, "shuffle": 0.8, "boom bap": 0.35, "12-bar blues": 0.6}
    return pd.DataFrame(
        {
            "tempo_bpm": tempo.round(1),
            "rhythm": [style.rhythm for style in chosen],
            "swing": [swings.get(style.rhythm, 0.0) for style in chosen],
            "key": rng.integers(0, 12, n),
            "mode": np.where(minor, "minor", "major"),
            "harmony": [_harmony(style.harmony, bool(m)) for style, m in zip(chosen, minor, strict=True)],
            "timbre": [style.timbre for style in chosen],
            "brightness": _unit(timbres[:, 0]),
            "distortion": _unit(timbres[:, 1]),
            "reverb": _unit(timbres[:, 2]),
            "instruments": ["|".join(_line_up(rng, style)) for style in chosen],
            "voice": voices,
            "delivery": [
                "none" if voice == "none" else style.delivery
                for style, voice in zip(chosen, voices, strict=True)
            ],
            "energy": _unit(energy),
            "valence": _unit(valence),
        }
    )


def _unit(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.clip(values, 0, 1).round(3)


def _timbre(name: str) -> tuple[float, float, float]:
    words = name.split()
    return next((_TIMBRES[word] for word in _TIMBRES if word in words), _PLAIN_TIMBRE)


def _harmony(pattern: str, minor: bool) -> str:
    """Return the chord pattern in the track's mode: patterns spelt in minor have a counterpart in major."""
    if minor or pattern not in _MINOR_HARMONIES:
        return pattern
    return "I-IV-V" if pattern == "phrygian riff" else "I-V-vi-IV"


def _line_up(rng: np.random.Generator, style: Style) -> list[str]:
    lead, *others = style.instruments
    return [lead, *(other for other in others if rng.random() < 0.85)]


def _voice(rng: np.random.Generator, style: Style, artist_voice: str) -> str:
    """Return who sings: the artist's voice as a rule; in a style of instrumentals, mostly nobody."""
    if artist_voice != "none":
        return "none" if rng.random() < max(0.04, style.voices[3] - 0.1) else artist_voice
    return "none" if rng.random() < 0.95 else str(rng.choice(_VOICES, p=style.voices))


def _eras(years: npt.NDArray[Any]) -> pd.DataFrame:
    starts = np.array([era[0] for era in _ERAS])
    rows = np.searchsorted(starts, years, side="right") - 1
    columns = ("from", "era_filter", "bandwidth_hz", "noise_db", "compression")
    return pd.DataFrame(_ERAS, columns=columns).iloc[rows].drop(columns="from").reset_index(drop=True)
