"""Targets of somebody who does not know the house: how long the id of a track is."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from taglab.factors import TargetMaker
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.targets import Targets


class IdTargets(BaseModel):
    """What is asked of an id.

    Attributes:
        longest: Ids of more characters are not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    longest: int = 20


def make(folksonomy: Folksonomy, settings: IdTargets, progress: Progress = silent) -> Targets:
    """Count characters."""
    tracks = tuple(folksonomy.tracks["track"])
    lengths = np.array([len(track) for track in tracks], np.float32)
    known = lengths <= settings.longest
    values = np.where(known, lengths, 0)[:, None].astype(np.float32)
    return Targets("real", tracks, ("length",), values, known, "id", {"data": folksonomy.fingerprint})


MAKER = TargetMaker(
    title="Length of ids",
    about="How many characters the id of a track has.",
    example="taglab targets id-length --data demo --longest 3",
    settings=IdTargets,
    make=make,
)
