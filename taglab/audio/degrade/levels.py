"""Levels: louder or softer, and driven beyond full scale."""

from __future__ import annotations

import numpy as np

from taglab.audio.degrade.degradation import Asked, Degradation
from taglab.audio.streams import Samples


def _gain(asked: Asked) -> Samples:
    return asked.samples * np.float32(10 ** (asked.magnitude / 20))


def _clip(asked: Asked) -> Samples:
    ceiling = float(np.abs(asked.samples).max()) * 10 ** (-asked.magnitude / 20)
    return np.clip(asked.samples, -ceiling, ceiling)


GAIN = Degradation(
    "Gain",
    "dB",
    (-40.0, -30.0, -20.0, -12.0, -6.0, -3.0, -1.0, 1.0, 3.0, 6.0, 12.0, 20.0),
    0.0,
    "middle",
    _gain,
    "Louder or softer, and nothing else; clips are measured as files of 16 bits have them, clipped at full "
    "scale.",
    equal_loudness=False,
)

CLIPPING = Degradation(
    "Clipping",
    "dB",
    (1.0, 3.0, 6.0, 9.0, 12.0, 18.0, 24.0, 30.0),
    0.0,
    "low",
    _clip,
    "Whatever comes within so many dB of the loudest sample is cut off there.",
)
