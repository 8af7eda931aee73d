"""Targets from a label space: which track is in which class."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from taglab.errors import InvalidSetting
from taglab.factors.maker import TargetMaker
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelSpace, label_space_names, open_label_space
from taglab.progress import Progress, silent
from taglab.targets import Targets


class LabelSpaceTargets(BaseModel):
    """Which label space says what is asked for.

    Attributes:
        labels: Name of the label space.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: str = ""


def targets_of(space: LabelSpace, folksonomy: Folksonomy) -> Targets:
    """Return which track is in which class, as `LabelSpace.targets` has it.

    Every track is known: one without a tag of any class is a negative example of all.
    """
    return Targets(
        kind="binary",
        tracks=tuple(folksonomy.tracks["track"]),
        columns=space.names,
        values=space.targets(folksonomy),
        known=np.ones(folksonomy.n_tracks, bool),
        name=space.name,
        origin={"data": folksonomy.fingerprint, "labels": space.fingerprint},
    )


def make(folksonomy: Folksonomy, settings: LabelSpaceTargets, progress: Progress = silent) -> Targets:
    """Return the targets of a label space that was saved; raises NotFound and InvalidSetting."""
    space = _opened(settings)
    progress(0.5, "who is in which class")
    return targets_of(space, folksonomy)


def _opened(settings: LabelSpaceTargets) -> LabelSpace:
    if not settings.labels:
        known = ", ".join(label_space_names()) or "none yet; `taglab cluster --save NAME` makes one"
        raise InvalidSetting(f"labels='' must name a label space; there are: {known}")
    return open_label_space(settings.labels)[0]


MAKER = TargetMaker(
    title="Label space",
    about="Whether a track is in each class of a label space.",
    example="taglab targets label-space --data demo --labels classes",
    settings=LabelSpaceTargets,
    make=make,
    others=lambda folksonomy, settings: {"labels": _opened(settings).fingerprint},
    choices=lambda folksonomy: {"labels": label_space_names()},
)
