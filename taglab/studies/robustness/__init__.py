"""Are nearby neighbours relatives? Distances under audible and inaudible change (Kim 2021, chapter 4)."""

from __future__ import annotations

from taglab.studies.robustness.changes import ChangeSettings, ConsistencySettings
from taglab.studies.robustness.clips import Clips, ClipSettings
from taglab.studies.robustness.measuring import (
    FIGURES,
    Consistencies,
    consistency,
    consistency_of_originals,
    consistency_seconds,
    lacking_share,
)

__all__ = [
    "FIGURES",
    "ChangeSettings",
    "ClipSettings",
    "Clips",
    "Consistencies",
    "ConsistencySettings",
    "consistency",
    "consistency_of_originals",
    "consistency_seconds",
    "lacking_share",
]
