"""Sound degraded on purpose: which degradations there are, and a file degraded by one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import soundfile
from pydantic import Field, field_validator

from taglab.audio.decode import DecodeSettings, decode
from taglab.audio.degrade import (
    DEGRADATIONS,
    VARIANTS,
    Recording,
    degradation,
    degrade,
    read_recording,
    read_variants,
)
from taglab.audio.streams import Samples, SoundFile
from taglab.cache import replacing
from taglab.errors import InvalidSetting
from taglab.paths import typed_path
from taglab.progress import Progress
from taglab.settings import Flag, checked
from taglab.verbs.question import Question
from taglab.verbs.report import Report

_SUBTYPES = {".wav": "FLOAT", ".flac": "PCM_24"}


class Degradations(Question):
    """List how sound can be degraded, with the unit and the range of each.

    Attributes:
        rate_hz: Of the sound, in Hz, which says what magnitudes there are.
    """

    returns: ClassVar[str] = (
        "[{name, unit, from, to, changes_nothing, magnitudes: [...], equally_loud, takes, about}]"
    )
    examples: ClassVar[str] = "taglab degradations --rate 44100"

    rate_hz: Annotated[int, Flag("--rate", metavar="HZ"), Field(ge=1_000, le=192_000)] = 22_050

    def answer(self, progress: Progress) -> Report:
        """Return a row for every degradation."""
        rows = []
        for name, kind in DEGRADATIONS.items():
            there = kind.magnitudes(self.rate_hz)
            rows.append(
                {
                    "name": name,
                    "unit": kind.unit,
                    "from": there[0] if there else None,
                    "to": there[-1] if there else None,
                    # JSON has no infinity.
                    "changes_nothing": None if math.isnan(kind.identity) else f"{kind.identity:g}",
                    "magnitudes": list(there),
                    "equally_loud": kind.equal_loudness,
                    "takes": kind.recording,
                    "about": kind.about,
                }
            )
        shown = ("name", "unit", "from", "to", "changes_nothing", "about")
        return Report(table=pd.DataFrame(rows), shown=shown)


class Degrade(Question):
    """Degrade a file of sound and write the result, at its own rate, mono or stereo.

    Attributes:
        file: Sound in any format that can be read.
        degradation: By what; `taglab degradations` has units and ranges.
        magnitude: By how much, in its unit; "inf" is no noise at all.
        to: Write to FILE, a .wav of floating-point samples or a .flac (default: beside the sound, named for
            what was done to it).
        noise: A recording of the place whose noise is added.
        impulse: A recording of the impulse response of a room or a telephone.
        variants: A table of clips that exist rendered otherwise, with columns clip, kind (pitch or tempo),
            magnitude and file; the file's name without ending is the clip.
        seed: Of what is random.
    """

    returns: ClassVar[str] = (
        "{file, degradation, magnitude, unit, severity, rate_hz, channels, duration_s, peak, written}"
    )
    examples: ClassVar[str] = """
taglab degrade song.mp3 --with pitch --by -2
taglab degrade song.mp3 --with environmental-noise --by 6 --noise pub.wav --to noisy.wav
"""
    table: ClassVar[bool] = False

    file: Annotated[str, Flag(metavar="FILE", word=True)]
    degradation: Annotated[str, Flag("--with", choices=tuple(DEGRADATIONS), named=True)]
    magnitude: Annotated[float, Flag("--by", metavar="N", named=True)]
    to: Annotated[str | None, Flag(metavar="FILE")] = None
    noise: Annotated[str | None, Flag(metavar="FILE")] = None
    impulse: Annotated[str | None, Flag(metavar="FILE")] = None
    variants: Annotated[str | None, Flag(metavar="FILE")] = None
    seed: int = Field(0, ge=0)

    @field_validator("to")
    @classmethod
    def _writable(cls, path: str | None) -> str | None:
        if path is not None and Path(path).suffix.lower() not in _SUBTYPES:
            raise ValueError(f"must end in {' or '.join(_SUBTYPES)}")
        return path

    def answer(self, progress: Progress) -> Report:
        """Write the file; return what it is."""
        path = typed_path(self.file)
        kind = degradation(self.degradation)
        samples, rate_hz = _decoded(path)
        recording = self._recording(kind.recording, rate_hz)
        out = self._out(path)
        if out.resolve() == path.resolve():
            raise InvalidSetting(f"to={str(out)!r} is the sound itself; write to another file")
        changed = degrade(samples, rate_hz, self.degradation, self.magnitude, self.seed, recording, path.stem)
        _write(out, changed, rate_hz)
        peak = float(np.abs(changed).max())
        facts = {
            "file": str(path),
            "degradation": self.degradation,
            "magnitude": self.magnitude if math.isfinite(self.magnitude) else f"{self.magnitude:g}",
            "unit": kind.unit,
            "severity": kind.severity(self.magnitude, rate_hz),
            "rate_hz": rate_hz,
            "channels": changed.ndim,
            "duration_s": len(changed) / rate_hz,
            "peak": peak,
            "written": str(out),
        }
        over = f"samples reach {peak:.2f} times full scale, and players that clip will clip them"
        return Report(facts, notes=(over,) if peak > 1 else ())

    def _recording(self, wanted: str, rate_hz: int) -> Recording | None:
        given = {"noise": self.noise, "impulse response": self.impulse, VARIANTS: self.variants}
        for kind, path in given.items():
            if path is not None and kind != wanted:
                raise InvalidSetting(f"{self.degradation} takes no {kind}")
        path = given.get(wanted)
        if path is None:
            return None
        if wanted == VARIANTS:
            return read_variants(typed_path(path))
        return read_recording(typed_path(path), rate_hz)

    def _out(self, path: Path) -> Path:
        if self.to is not None:
            return typed_path(self.to)
        return path.with_name(f"{path.stem}.{self.degradation}{self.magnitude:+g}.wav")


def _decoded(path: Path) -> tuple[Samples, int]:
    """Return a file's sound at its own rate, mono where it is."""
    file = SoundFile(path, 2)
    for _ in file.blocks():
        break
    values = {"channels": 2 if file.channels > 1 else 1, "min_duration_s": 0}
    settings = checked(DecodeSettings, values | ({"sample_rate_hz": file.rate_hz} if file.rate_hz else {}))
    return decode(path, settings).samples, settings.sample_rate_hz


def _write(path: Path, samples: Samples, rate_hz: int) -> None:
    kind = path.suffix.lower()
    with replacing(path) as place, place.open("wb") as file:
        soundfile.write(file, samples, rate_hz, _SUBTYPES[kind], format=kind[1:].upper())
