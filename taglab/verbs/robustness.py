"""Whether degraded clips stay nearest to their own originals, in sound and in features."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from taglab.audio.degrade import DEGRADATIONS, read_recording
from taglab.audio.library import DEMO, resolve_audio
from taglab.audio.streams import Samples
from taglab.beside import run_beside
from taglab.errors import InvalidSetting
from taglab.paths import typed_path
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.studies.robustness import ChangeSettings, ConsistencySettings, consistency
from taglab.verbs.question import Question
from taglab.verbs.report import Report

_SHOWN = {
    "within": ("space", "degradation", "magnitude", "unit", "consistency", "low", "high"),
    "between": (
        "features", "distance", "sound", "degradation", "magnitude", "unit", "rank_correlation", "by_item",
        "agreement", "kappa",
    ),
    "strays": (),
}  # fmt: skip


class Consistency(Question):
    """Degrade clips, and count how many stay nearer to their own original than to any other: in sound, by
    dynamic time warping and by the matrix profile, and in features. What was measured before is kept.

    Attributes:
        audio: Sound.
        data: Data set that the sound belongs to.
        rows: Of each space; of features beside sound; or the clips that strayed, with whom they came to.
        measured: What is measured.
        noise: A recording of the place whose noise is added.
        impulse: A recording of the impulse response of a telephone.
    """

    returns: ClassVar[str] = (
        "{tracks, too_short, rows: [{space, features, distance, degradation, magnitude, unit, severity, "
        "consistency, low, high}]}, or rows of between or strays"
    )
    examples: ClassVar[str] = """
taglab consistency --features mfcc,my-run --degradations pitch,pink-noise --clips 50
taglab consistency --features my-run --grid thesis --out consistency.csv
taglab consistency --features my-run --rows strays
"""

    audio: Annotated[str, Flag(metavar="NAME")] = DEMO
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    rows: Literal["within", "between", "strays"] = "within"
    measured: Annotated[ConsistencySettings, Group("what is measured")] = ConsistencySettings()
    noise: Annotated[str | None, Flag(metavar="FILE")] = None
    impulse: Annotated[str | None, Flag(metavar="FILE")] = None

    def answer(self, progress: Progress) -> Report:
        """Return the table that is asked for."""
        if self.rows == "between" and not (self.measured.features and self.measured.sound):
            raise InvalidSetting(
                "rows='between' holds features against sound; name features, and leave sound in"
            )
        folksonomy = open_folksonomy(self.data, between(progress, 0, 0.02))
        store = resolve_audio(self.audio, folksonomy, between(progress, 0.02, 0.1))
        given = {"noise": self.noise, "impulse response": self.impulse}
        recordings = recordings_of(self.measured, given, store.sample_rate_hz)
        result = consistency(store, self.measured, recordings, between(progress, 0.1, 1))
        facts = {"tracks": len(result.tracks), "too_short": result.too_short}
        short = f"{result.too_short:,} tracks are too short for clips of {self.measured.clip_s:g} s"
        notes = (short,) if result.too_short else ()
        return Report(facts, getattr(result, self.rows), shown=_SHOWN[self.rows], notes=notes)


def recordings_of(
    changes: ChangeSettings, files: Mapping[str, str | None], rate_hz: int
) -> dict[str, Samples]:
    """Return recordings by the degradations that take them.

    Args:
        changes: The degradations.
        files: What is recorded, "noise" or "impulse response" → its file, where one is given.
        rate_hz: Of the sound.

    Raises:
        InvalidSetting: If none of the degradations takes a recording that is given.
        DataError: If it is no sound.
    """
    recordings: dict[str, Samples] = {}
    for wanted, path in files.items():
        takers = [name for name in changes.degradations if DEGRADATIONS[name].recording == wanted]
        if path is not None and not takers:
            raise InvalidSetting(f"none of the degradations takes a recording of its {wanted}")
        if path is not None:
            recordings |= dict.fromkeys(takers, read_recording(typed_path(path), rate_hz))
    return recordings


def measure(given: str, progress: Progress) -> None:
    """Measure what a question asks, and keep it."""
    Consistency.model_validate_json(given).answer(progress)


if __name__ == "__main__":
    sys.exit(run_beside(measure))
