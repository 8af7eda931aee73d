"""The chapter beside what came of it here."""

from __future__ import annotations

import pandas as pd

from taglab.figures.explanations import (
    accuracy_bars,
    effects_of_mainstreaminess,
    fidelity_by_mainstreaminess,
    fidelity_by_omega,
    marginal_means,
)
from taglab.recommend.explain import READINGS
from taglab.studies.claims import claims_table
from taglab.studies.explanations.claims import CLAIMS
from taglab.studies.explanations.measuring import ExplanationFigures
from taglab.studies.explanations.published import NDCG, R_SQUARED, SIZES, VARIANCES
from taglab.studies.pages import Section
from taglab.studies.study_report import Drawn, StudyReport

_NOT_PRINTED = "drawn in the thesis; its numbers are not printed"


def study_report(figures: ExplanationFigures) -> StudyReport:
    """Return the report of a study."""
    groups = figures.fidelities["group"].nunique()
    about = f"Data {', '.join(figures.data)}: {groups} recommenders explained."
    return StudyReport(
        title="Evaluation of explainers: recommenders that know tags",
        published="Kim 2021, chapter 5",
        about=about,
        differs=_differs(figures),
        claims=claims_table(CLAIMS, figures),
        sections=_sections(figures),
        drawn=_drawn(figures),
        trained=figures.explained,
        of_trained="Items ranked for a user, the share that tied with another, users whose items have no "
        "tags, and seconds to explain a user's items.",
    )


def _differs(figures: ExplanationFigures) -> pd.DataFrame:
    settings = figures.settings
    rows = [
        ("h", ", ".join(map(str, settings.h)), "32, 64, 128"),
        ("hidden units of NCF", f"{settings.hidden:,}", "1,024"),
        ("users explained", f"{settings.users:,} of a data set at most", "1,000"),
        ("items ranked", f"{settings.top} best, {settings.others} of all others", "not told"),
        ("how an explanation ranks items", READINGS[settings.reading], "not told"),
        ("top ω", "by magnitude", "not told"),
        ("nDCG", f"at {settings.k}", "place not told"),
        ("partial dependence", "with the tag less without it", "with the tag"),
        ("LIME's target", "the score under the tags that stay", "printed as the score under all"),
        ("uNN, iNN", "cosine of rows of tags (UΣ)", "printed as rows of U"),
        ("mainstreaminess", "overlap Σ min(p, q) with all plays", "called a distance"),
        ("analysis", "an intercept for every user", "two intercepts of one variance, none for users"),
        ("tied scores", "rank in the order of items", "not told"),
    ]
    return pd.DataFrame(rows, columns=["what", "here", "paper"])


def _sections(figures: ExplanationFigures) -> list[Section]:
    accuracy = figures.accuracy.rename(columns={"ndcg": "nDCG", "ndcg_low": "low", "ndcg_high": "high"})
    accuracy = accuracy[
        ["data", "recommender", "h", "nDCG", "low", "high", "recall", "coverage", "diversity"]
    ]
    means = figures.fidelities.pivot_table(index=["group", "explainer"], columns="omega", values="tau")
    means.columns = [f"ω = {omega}" for omega in means.columns]
    rest = [
        Section("Table 5.1", "data sets", SIZES, figures.sizes),
        Section("Figure 5.2", "accuracy and diversity of recommenders", NDCG, accuracy),
        Section("Figure 5.3", "mean tau_AP,a", None, means.reset_index(), _NOT_PRINTED),
    ]
    analysis = figures.analysis
    if analysis is None:
        lacks = figures.analysis_lacks
        return [
            *rest,
            Section("Section 5.4.2", "R² of the analysis", R_SQUARED, None, lacks),
            Section("Section 5.4.2", "variance components", VARIANCES, None, lacks),
        ]
    ours = R_SQUARED.assign(**{"R²": [analysis.fixed, analysis.whole]})
    fixed = analysis.model.coefficients()
    return [
        *rest,
        Section(
            "Section 5.4.2", "R² of the analysis", R_SQUARED, ours, f"of {analysis.users:,} users of groups"
        ),
        Section("Section 5.4.2", "variance components", VARIANCES, analysis.variances),
        Section("Section 5.4.2", "fixed effects", None, fixed),
    ]


def _drawn(figures: ExplanationFigures) -> list[Drawn]:
    analysis, notes = figures.analysis, (_NOT_PRINTED, "")
    by_user = fidelity_by_mainstreaminess(figures.fidelities)
    lacking = (_NOT_PRINTED, figures.analysis_lacks)
    means = None if analysis is None else marginal_means(analysis.means)
    slopes = None if analysis is None else effects_of_mainstreaminess(analysis.slopes)
    return [
        Drawn("Figure 5.2", "accuracy and diversity", None, accuracy_bars(figures.accuracy), notes),
        Drawn("Figure 5.3", "fidelity by tags", None, fidelity_by_omega(figures.fidelities), notes),
        Drawn("Figure 5.4", "fidelity by mainstreaminess", None, by_user, notes),
        Drawn("Figure 5.5", "marginal means", None, means, lacking),
        Drawn("Figure 5.6", "effect of mainstreaminess", None, slopes, lacking),
    ]  # fmt: skip
