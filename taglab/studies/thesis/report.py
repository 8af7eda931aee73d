"""The whole thesis beside what was found here, as one HTML file that needs neither a server nor a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from taglab.cache import replacing
from taglab.cooccurrence import Cooccurrence, matrix_table, write_matrix
from taglab.embeddings import TagQuestion
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.sources import open_folksonomy
from taglab.studies.pages import Section, html_section, html_table
from taglab.studies.study_report import Drawn, Part, html_document, html_drawings, html_of_claims
from taglab.studies.thesis.claims import claims_table
from taglab.studies.thesis.differences import differences_table
from taglab.studies.thesis.evidence import (
    Evidence,
    own_evidence,
    published_evidence,
    published_pairs,
    told_in_text,
)
from taglab.studies.thesis.figures import Sides, class_cooccurrence, drawings
from taglab.studies.thesis.models import told_by_runs
from taglab.studies.thesis.recipes import Network
from taglab.studies.thesis.tables import tables

__all__ = ["Report", "gather", "html_page", "with_figures", "write_report"]


@dataclass(frozen=True, eq=False)
class Report:
    """What a report tells.

    Attributes:
        about: On what data, a sentence.
        differs: In what this differs from the thesis, see `differences_table`; no rows without data.
        claims: See `claims_table`.
        told: See `told_in_text`.
        sections: The tables.
        sides: What figures are drawn of.
        drawn: The figures; none where they were not asked for.
        pairs: Tracks in common of the clusters of model 3.3; None where there are none.
    """

    about: str
    differs: pd.DataFrame
    claims: pd.DataFrame
    told: pd.DataFrame
    sections: list[Section]
    sides: Sides
    drawn: list[Drawn]
    pairs: Cooccurrence | None

    __repr__ = one_line


def gather(
    tags: TagQuestion | None = None,
    differs: pd.DataFrame | None = None,
    arrays: Path | None = None,
    network: Network = "spectrogram",
    figures: bool = True,
    progress: Progress = silent,
) -> Report:
    """Gather what is published and what is found here.

    Args:
        tags: The data set whose runs stand on our side, the word vectors of figures 10 and 11 and table 14,
            and how words are looked up in them; None leaves that side empty.
        differs: In what runs differ from the thesis, see `Thesis.differs`; where None, what they tell.
        arrays: See `published_evidence`.
        network: Whose runs decide on the claims.
        figures: Whether any are drawn.
        progress: Told how far it is.

    Raises:
        NotFound: If there is no such data set, or no such vectors.
        DataError: If an array cannot be read.
    """
    published = published_evidence(arrays)
    progress(0.1, "published figures")
    folksonomy: Folksonomy | None = None
    ours: Evidence = {}
    about = "Published figures alone; nothing was trained or looked at here."
    by_runs = differences_table([], 0)
    if tags is not None:
        folksonomy = open_folksonomy(tags.data, between(progress, 0.1, 0.2))
        ours = own_evidence(tags.data)
        by_runs = told_by_runs(ours)
        about = (
            f"Data {tags.data}: {folksonomy.n_tracks:,} tracks, {folksonomy.n_tags:,} tags; {len(ours)} runs "
            "here are of models of the thesis."
        )
    sides = Sides(published, ours, folksonomy, tags or TagQuestion(), published_pairs(arrays))
    found = Report(
        about=about,
        differs=by_runs if differs is None else differs,
        claims=claims_table(published, ours, network),
        told=told_in_text(published, ours, network),
        sections=tables(published, ours, folksonomy, sides.tags),
        sides=sides,
        drawn=[],
        pairs=None if folksonomy is None else class_cooccurrence(ours, folksonomy),
    )
    return with_figures(found, between(progress, 0.4, 1)) if figures else found


def with_figures(report: Report, progress: Progress = silent) -> Report:
    """Return a report that was gathered without figures, with them."""
    return replace(report, drawn=drawings(report.sides, progress))


def html_page(report: Report) -> str:
    """Return a report as one HTML page that needs nothing beside it."""
    return "".join(_page(report))


def write_report(report: Report, path: Path) -> list[Path]:
    """Write a report, and beside it the co-occurrence matrix as .npz and .csv where there is one.

    A file that is there already stays as it is until the new one is whole.

    Returns:
        The files written.

    Raises:
        StorageError: If one cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(html_page(report), encoding="utf-8")
    written = [path]
    if report.pairs is not None:
        for suffix in (".npz", ".csv"):
            beside = path.with_name(f"{path.stem}-co-occurrence{suffix}")
            with replacing(beside) as temporary:
                _write_pairs(report.pairs, temporary, suffix)
            written.append(beside)
    return written


def _write_pairs(pairs: Cooccurrence, path: Path, suffix: str) -> None:
    if suffix == ".csv":
        matrix_table(pairs).to_csv(path, index=False)
        return
    with path.open("wb") as file:
        write_matrix(pairs, file)


def _page(report: Report) -> Iterator[str]:
    about = f"{report.about} Published: Ros Perez 2021, figures as printed."
    differs = (
        html_table(report.differs) if len(report.differs) else '<p class="said">Nothing is from here.</p>'
    )
    parts = [
        Part("differs", "What differs here", [differs]),
        Part("claims", "Claims", html_of_claims(report.claims, _LEAD)),
        Part("told", "Figures told in the text", [html_table(report.told)]),
        Part("tables", "Tables", map(html_section, report.sections)),
        Part("figures", "Figures", html_drawings(report.drawn)),
    ]
    yield from html_document("Word embeddings in semantic label classifiers", about, parts)


_LEAD = (
    "Each rule was fixed before any run. “published” is what it says of the printed figures, and of the "
    "published arrays where they are given."
)
