"""Where a concept of the demo applies: conditions on the recipes of tracks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.sources.demo.styles import styles

__all__ = ["affinity"]

Affinity = npt.NDArray[np.float64]

# How much the name of a style applies to tracks of another, beside 1 for its own.
_SAME_BRANCH, _SAME_FAMILY = 0.3, 0.03
_SPREAD = 0.15


def affinity(tracks: pd.DataFrame, when: str) -> Affinity:
    """Return how much a condition applies to each track, (tracks,), in [0, 1]."""
    applies = np.ones(len(tracks))
    for condition in when.split(" & "):
        name, _, rest = condition.partition(" ")
        applies = applies * _CONDITIONS[name](tracks, rest)
    return applies


def _style(tracks: pd.DataFrame, name: str) -> Affinity:
    own = next(style for style in styles() if style.name == name)
    others = np.where(
        tracks["branch"] == own.branch, _SAME_BRANCH, _SAME_FAMILY * (tracks["family"] == own.family)
    )
    return np.asarray(np.where(tracks["style"] == name, 1.0, others), float)


def _styles(tracks: pd.DataFrame, shares: str) -> Affinity:
    """The share of a style, else of its family, else 0; "jazz 1, funk .2"."""
    by_name = {name: float(share) for name, share in (item.rsplit(" ", 1) for item in shares.split(", "))}
    by_style = tracks["style"].map(by_name)
    return np.asarray(by_style.fillna(tracks["family"].map(by_name)).fillna(0.0), float)


def _decade(tracks: pd.DataFrame, decade: str) -> Affinity:
    """1 inside, and a fifth one or two years off: listeners err."""
    distance = np.abs(tracks["year"].to_numpy() - (int(decade) + 4.5))
    return np.asarray(np.where(distance < 5, 1.0, np.where(distance < 7, 0.2, 0.0)), float)


def _year(tracks: pd.DataFrame, year: str) -> Affinity:
    return np.asarray(tracks["year"] == int(year), float)


def _years(tracks: pd.DataFrame, span: str) -> Affinity:
    first, last = map(int, span.split())
    return np.asarray(tracks["year"].between(first, last), float)


def _mood(tracks: pd.DataFrame, point: str) -> Affinity:
    valence, energy = map(float, point.split())
    distance = (tracks["valence"].to_numpy() - valence) ** 2 + (tracks["energy"].to_numpy() - energy) ** 2
    return np.asarray(np.exp(-distance / (2 * _SPREAD**2)))


def _instrument(tracks: pd.DataFrame, names: str) -> Affinity:
    """1 where one of them leads, 0.35 where one is in the line-up."""
    wanted = set(names.split(", "))
    parts = tracks["instruments"].str.split("|")
    return np.array([1.0 if part[0] in wanted else 0.35 * bool(wanted & set(part)) for part in parts], float)


def _lead(tracks: pd.DataFrame, names: str) -> Affinity:
    return np.asarray(tracks["instruments"].str.split("|").str[0].isin(names.split(", ")), float)


def _timbre(tracks: pd.DataFrame, words: str) -> Affinity:
    pattern = "|".join(words.split(", "))
    return np.asarray(tracks["timbre"].str.contains(pattern), float)


def _is_in(column: str) -> Callable[[pd.DataFrame, str], Affinity]:
    return lambda tracks, values: np.asarray(tracks[column].isin(values.split(", ")), float)


def _level(column: str) -> Callable[[pd.DataFrame, str], Affinity]:
    return lambda tracks, _: np.asarray(tracks[column], float)


_CONDITIONS: dict[str, Callable[[pd.DataFrame, str], Affinity]] = {
    "style": _style,
    "styles": _styles,
    "decade": _decade,
    "year": _year,
    "years": _years,
    "mood": _mood,
    "instrument": _instrument,
    "lead": _lead,
    "timbre": _timbre,
    "voice": _is_in("voice"),
    "delivery": _is_in("delivery"),
    "harmony": _is_in("harmony"),
    "nation": _is_in("nationality"),
    "brightness": _level("brightness"),
    "distortion": _level("distortion"),
    "reverb": _level("reverb"),
    "energy": _level("energy"),
    "cover": _level("cover"),
    "any": lambda tracks, share: np.full(len(tracks), float(share)),
    "listener": lambda tracks, _: np.ones(len(tracks)),
}
