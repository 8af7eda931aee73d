"""Are nearby neighbours relatives? Distances under audible and inaudible change (Kim 2021, chapter 4)."""

from __future__ import annotations

from taglab.studies.robustness.clips import Clips, ClipSettings
from taglab.studies.robustness.labels import LabelRobustness, label_robustness
from taglab.studies.robustness.measuring import (
    FIGURES,
    ChangeSettings,
    Consistencies,
    ConsistencySettings,
    consistency,
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
    "LabelRobustness",
    "consistency",
    "consistency_seconds",
    "label_robustness",
    "lacking_share",
]
