"""Kim 2021, chapter 5: which explanations of recommenders are true, and what that depends on."""

from taglab.studies.explanations.analysis import Analysis, analysed
from taglab.studies.explanations.fidelities import (
    Fidelities,
    drawn_users,
    explained_items,
    measure_fidelities,
)
from taglab.studies.explanations.measuring import ExplanationFigures, carry_out
from taglab.studies.explanations.report import study_report
from taglab.studies.explanations.settings import ExplanationStudy, FidelitySettings

__all__ = [
    "Analysis",
    "ExplanationFigures",
    "ExplanationStudy",
    "Fidelities",
    "FidelitySettings",
    "analysed",
    "carry_out",
    "drawn_users",
    "explained_items",
    "measure_fidelities",
    "study_report",
]
