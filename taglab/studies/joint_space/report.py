"""The paper beside what came of it here."""

from __future__ import annotations

import pandas as pd

from taglab.studies.claims import claims_table
from taglab.studies.joint_space.claims import CLAIMS
from taglab.studies.joint_space.tables import tables
from taglab.studies.joint_space.training import StudyFigures
from taglab.studies.study_report import StudyReport


def study_report(figures: StudyFigures) -> StudyReport:
    """Return the report of a study."""
    about = f"Data {figures.data}, features {', '.join(figures.features)}: {len(figures.trained)} trainings."
    return StudyReport(
        title="Multi-tasking with joint semantic spaces",
        published="Weston, Bengio and Hamel 2011",
        about=about,
        differs=_differs(figures),
        claims=claims_table(CLAIMS, figures),
        sections=tables(figures),
        trained=figures.trained,
        of_trained="Rate and limit are those of the best validation precision.",
    )


def _differs(figures: StudyFigures) -> pd.DataFrame:
    settings = figures.settings
    rows = [
        ("features", ", ".join(figures.features), "MFCC codebook, 2,000; with auditory images 9,168"),
        ("features together", "each set of length 1, side by side", "counts side by side"),
        ("scaling of features", settings.space.scaling, "not told"),
        ("learning rate", f"one of {_listed(settings.learning_rates)}, by validation", "by validation"),
        ("C", f"one of {_listed(settings.limits)}, by validation", "by validation"),
        ("wider models", "single spaces beside ensembles", "ensembles only"),
    ]
    rows += [(name, str(getattr(settings.space, name)), "not told") for name in _UNTOLD]
    return pd.DataFrame(rows, columns=["what", "here", "paper"])


_UNTOLD = ("steps", "validate_every", "patience", "weighting")


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
