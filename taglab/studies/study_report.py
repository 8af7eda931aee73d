"""A work beside what came of it here, as one HTML file that needs neither a server nor a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from taglab.cache import replacing
from taglab.reprs import one_line
from taglab.studies.pages import STYLE, Section, html_claims, html_section, html_table, safe
from taglab.studies.verdicts import VERDICTS

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Legible on white as on black.
_INK = "#808489"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure of a work.

    Attributes:
        heading: "Figure 9".
        title: What it shows.
        published: Drawn of the published figures; None where that cannot be.
        here: Drawn of data and runs here; None where that cannot be.
        notes: Of either, why it is missing or how it is to be read, a phrase; empty where all is plain.
    """

    heading: str
    title: str
    published: go.Figure | None
    here: go.Figure | None
    notes: tuple[str, str] = ("", "")

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class StudyReport:
    """What the report of a study tells.

    Attributes:
        title: What the work is called.
        published: Who published it when, a phrase.
        about: On what data the study was carried out, a sentence.
        differs: In what it differs from the work: what, here, paper.
        claims: See `taglab.studies.claims.claim_row`.
        sections: The tables.
        drawn: The figures.
        trained: One row for whatever was trained.
        of_trained: What is to be known about those rows, a sentence.
    """

    title: str
    published: str
    about: str
    differs: pd.DataFrame
    claims: pd.DataFrame
    sections: list[Section]
    drawn: list[Drawn] = field(default_factory=list)
    trained: pd.DataFrame = field(default_factory=pd.DataFrame)
    of_trained: str = ""

    __repr__ = one_line


class Part(NamedTuple):
    """A part of a page: its place in the address, its heading, and its HTML."""

    place: str
    heading: str
    html: Iterable[str]


def write_study(report: StudyReport, path: Path) -> None:
    """Write a report; a file that is there already stays as it is until the new one is whole.

    Raises:
        StorageError: If it cannot be written.
    """
    about = f"{report.about} Published: {report.published}, figures as printed."
    with replacing(path) as temporary:
        temporary.write_text("".join(html_document(report.title, about, _parts(report))), encoding="utf-8")


def _parts(report: StudyReport) -> list[Part]:
    trained = [f"<p>{safe(report.of_trained)}</p>", html_table(report.trained)]
    parts = [
        Part("differs", "What differs here", [html_table(report.differs)]),
        Part("claims", "Claims", html_of_claims(report.claims, "Each rule was fixed before any run.")),
        Part("tables", "Tables", map(html_section, report.sections)),
        Part("figures", "Figures", html_drawings(report.drawn)),
        Part("trained", "Trainings", trained),
    ]
    absent = {"figures": not report.drawn, "trained": report.trained.empty, "tables": not report.sections}
    return [part for part in parts if not absent.get(part.place)]


def html_document(title: str, about: str, parts: Iterable[Part]) -> Iterator[str]:
    """Yield a page of parts, with links to them at its head.

    Args:
        title: What the work is called.
        about: What the page is of, sentences.
        parts: In their order.
    """
    parts = list(parts)
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{safe(title)}</title><style>{STYLE}</style></head><body>"
    yield f"<h1>{safe(title)}: the paper, and here</h1><p>{safe(about)}</p>"
    links = [f'<a href="#{part.place}">{safe(part.heading)}</a>' for part in parts]
    yield f"<nav>{''.join(links)}</nav>"
    for part in parts:
        yield f'<h2 id="{part.place}">{safe(part.heading)}</h2>'
        yield from part.html
    yield "</body></html>"


def html_of_claims(claims: pd.DataFrame, lead: str) -> Iterator[str]:
    """Yield claims, below what the verdicts mean.

    Args:
        claims: See `taglab.studies.claims.claim_row`.
        lead: What comes first, sentences.
    """
    meanings = "; ".join(f"{safe(verdict)}: {safe(when)}" for verdict, when in VERDICTS.items())
    yield f"<p>{safe(lead)} {meanings}.</p>"
    yield html_claims(claims)


def html_drawings(drawn: Iterable[Drawn]) -> Iterator[str]:
    """Yield figures, published beside ours, with the library that draws them once, before the first."""
    library = True
    for figure in drawn:
        yield f'<h3>{safe(figure.heading)}: {safe(figure.title)}</h3><div class="pair">'
        sides = (("Published", figure.published), ("Here", figure.here))
        for (whose, side), note in zip(sides, figure.notes, strict=True):
            yield f"<div><b>{whose}</b>"
            if side is not None:
                yield _html_figure(side, library)
                library = False
            yield f'<p class="said">{safe(note)}</p></div>' if note else "</div>"
        yield "</div>"


def _html_figure(figure: go.Figure, library: bool) -> str:
    figure.update_layout(font={"color": _INK})
    text: str = figure.to_html(include_plotlyjs=library, full_html=False, config={"displaylogo": False})
    return text
