"""What the demo's music is like: styles, where and when they are at home, and how each sounds.

`styles.csv` holds one row a style, its facts rounded to what a synthesiser can play; `|` stands between
instruments, of which the first leads.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["FAMILY_SHARES", "Style", "styles"]

FAMILY_SHARES = {
    "rock": 0.18,
    "indie": 0.11,
    "pop": 0.12,
    "electronic": 0.14,
    "chill": 0.07,
    "metal": 0.08,
    "punk": 0.055,
    "jazz": 0.08,
    "soul": 0.085,
    "hip hop": 0.075,
    "folk": 0.065,
    "country": 0.045,
    "blues": 0.04,
    "reggae": 0.035,
    "world": 0.03,
    "classical": 0.02,
}
"""How much of the music is of each family, before dividing by their sum; as table 31's genres ask."""


@dataclass(frozen=True)
class Style:
    """One style.

    Attributes:
        family: Key in `FAMILY_SHARES`.
        branch: Styles of a family that are close, and found together more than others.
        name: What it is called; also the name of its concept.
        share: Relative to the other styles of the family.
        years: First and last year in which artists begin.
        tempo_bpm: Typical tempo, beats a minute.
        rhythm: Name of the pattern; so is `harmony`.
        timbre: Name of the leading sound.
        energy: In [0, 1], calm to violent.
        valence: In [0, 1], sad to happy.
        minor: Share of tracks in a minor mode.
        voices: Shares of tracks sung by a woman, by a man, by a choir, and by nobody.
        delivery: How it is sung: "sung", "rapped", "growled", "screamed", "shouted".
        home: Nationality of most of its artists; empty where it is at home everywhere.
        instruments: The leading one first.
    """

    family: str
    branch: str
    name: str
    share: float
    years: tuple[int, int]
    tempo_bpm: float
    rhythm: str
    harmony: str
    timbre: str
    energy: float
    valence: float
    minor: float
    voices: tuple[float, float, float, float]
    delivery: str
    home: str
    instruments: tuple[str, ...]


@cache
def styles() -> tuple[Style, ...]:
    """Return every style, family by family."""
    with Path(__file__).with_name("styles.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_style(row) for row in csv.DictReader(file))


def _style(row: dict[str, str]) -> Style:
    return Style(
        family=row["family"],
        branch=row["branch"],
        name=row["style"],
        share=float(row["share"]),
        years=(int(row["first_year"]), int(row["last_year"])),
        tempo_bpm=float(row["tempo_bpm"]),
        rhythm=row["rhythm"],
        harmony=row["harmony"],
        timbre=row["timbre"],
        energy=float(row["energy"]),
        valence=float(row["valence"]),
        minor=float(row["minor"]),
        voices=(float(row["female"]), float(row["male"]), float(row["choir"]), float(row["nobody"])),
        delivery=row["delivery"],
        home=row["home"],
        instruments=tuple(row["instruments"].split("|")),
    )
