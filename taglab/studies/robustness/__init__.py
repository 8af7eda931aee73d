"""Are nearby neighbours relatives? Distances under audible and inaudible change (Kim 2021, chapter 4)."""

from __future__ import annotations

from taglab.studies.robustness.clips import Clips, ClipSettings
from taglab.studies.robustness.measuring import (
    FIGURES,
    Consistencies,
    ConsistencySettings,
    consistency,
    consistency_seconds,
    lacking_share,
)

__all__ = [
    "FIGURES",
    "ClipSettings",
    "Clips",
    "Consistencies",
    "ConsistencySettings",
    "consistency",
    "consistency_seconds",
    "lacking_share",
]
