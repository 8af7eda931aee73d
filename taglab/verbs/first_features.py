"""The first features, of the demo: `python -m taglab.verbs.first_features` makes them."""

from __future__ import annotations

import sys
from typing import Any

from taglab.audio.library import DEMO
from taglab.beside import run_beside
from taglab.progress import Progress
from taglab.verbs.features import Encoding, encoders

_ENCODER = "mfcc-statistics"


def statistics_of(data: str) -> Encoding:
    """Return what makes the usual statistics of timbre of a data set, of the sound of its name."""
    encoding: Any = encoders()[_ENCODER][1]
    features: Encoding = encoding(name=f"{data}-mfcc", audio=data, data=data)
    return features


def make(_given: str, progress: Progress) -> None:
    """Make the features of the demo."""
    statistics_of(DEMO).answer(progress)


if __name__ == "__main__":
    sys.exit(run_beside(make))
