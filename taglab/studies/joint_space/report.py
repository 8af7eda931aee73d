"""The paper beside what came of it here, as one HTML file that needs neither a server nor a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from taglab.cache import replacing
from taglab.reprs import one_line
from taglab.studies.joint_space.claims import claims_table
from taglab.studies.joint_space.tables import tables
from taglab.studies.joint_space.training import StudyFigures
from taglab.studies.pages import STYLE, Section, html_claims, html_section, html_table, safe
from taglab.studies.verdicts import VERDICTS


@dataclass(frozen=True, eq=False)
class StudyReport:
    """What a report tells.

    Attributes:
        about: On what data, a sentence.
        differs: In what it differs from the paper: what, here, paper.
        claims: See `claims_table`.
        sections: The tables.
        trained: See `StudyFigures`.
    """

    about: str
    differs: pd.DataFrame
    claims: pd.DataFrame
    sections: list[Section]
    trained: pd.DataFrame

    __repr__ = one_line


def study_report(figures: StudyFigures) -> StudyReport:
    """Return the report of a study."""
    about = f"Data {figures.data}, features {', '.join(figures.features)}: {len(figures.trained)} trainings."
    return StudyReport(about, _differs(figures), claims_table(figures), tables(figures), figures.trained)


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


def write_study(report: StudyReport, path: Path) -> None:
    """Write a report; a file that is there already stays as it is until the new one is whole.

    Raises:
        StorageError: If it cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text("".join(_page(report)), encoding="utf-8")


def _page(report: StudyReport) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>The joint space, and here</title><style>{STYLE}</style></head><body>"
    yield "<h1>Multi-tasking with joint semantic spaces: the paper, and here</h1>"
    yield f"<p>{safe(report.about)} Published: Weston, Bengio and Hamel 2011, figures as printed.</p>"
    yield '<nav><a href="#differs">What differs</a><a href="#claims">Claims</a>'
    yield '<a href="#tables">Tables</a><a href="#trained">Trainings</a></nav>'
    yield '<h2 id="differs">What differs here</h2>'
    yield html_table(report.differs)
    yield '<h2 id="claims">Claims</h2><p>Each rule was fixed before any run. '
    yield f"{'; '.join(f'{safe(verdict)}: {safe(when)}' for verdict, when in VERDICTS.items())}.</p>"
    yield html_claims(report.claims)
    yield '<h2 id="tables">Tables</h2>'
    for section in report.sections:
        yield html_section(section)
    yield '<h2 id="trained">Trainings</h2><p>Rate and limit are those of the best validation precision.</p>'
    yield html_table(report.trained)
    yield "</body></html>"
