"""Designs: which networks of which learning sources are trained, in which order, and what that tells."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from taglab import launch
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources.reading import existing_file, text_table
from taglab.studies.design import DesignSettings
from taglab.studies.design.kept import (
    Design,
    add_scores,
    delete_design,
    design_names,
    extend_design,
    make_design,
    open_design,
)
from taglab.studies.design.pictures import write_design_report
from taglab.studies.design.tables import TABLES
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import ByName, Kept, Listing, Names, NewName, Removal


def _facts(design: Design) -> dict[str, Any]:
    settings = design.settings
    return {
        "name": design.name,
        "sources": len(settings.sources),
        "strategies": len(settings.strategies),
        "planned": len(design.runs),
        "made": int((design.runs["run"] != "").sum()),
        "scored": int(design.scores["number"].nunique()),
        "tasks": int(design.scores["task"].nunique()),
    }


class List(Listing):
    """List the designs there are, and how far they have come."""

    examples: ClassVar[str] = "taglab design list"
    columns: ClassVar[tuple[str, ...]] = (
        "name", "sources", "strategies", "planned", "made", "scored", "tasks",
    )  # fmt: skip
    names: ClassVar[Names] = design_names

    @staticmethod
    def row(name: str) -> dict[str, Any]:
        """Return how large a design is, and how far it has come."""
        return _facts(open_design(name))


class Make(Question):
    """Plan runs of learning sources and ways to share a network between them: each source alone, all of them
    by each strategy, then some of them in an order of which every beginning is balanced and little aliased
    (Kim 2021, algorithm 2). Stop where you like.

    Attributes:
        name: What to call the design.
        settings: What it varies, and how far it goes.
    """

    returns: ClassVar[str] = "{name, sources, strategies, planned, made, scored, tasks}"
    examples: ClassVar[str] = """
taglab design make --name kim
taglab design make --name small --sources tag,artist,bpm --single-repeats 2 --all-repeats 2 --fractional 12
"""
    table: ClassVar[bool] = False

    name: NewName
    settings: Annotated[DesignSettings, Group("what is varied")] = DesignSettings()

    def answer(self, progress: Progress) -> Report:
        """Return how large it is."""
        design = make_design(self.name, self.settings, progress)
        return Report(_facts(design), notes=(f"`taglab design show {self.name} --what runs` lists its runs",))


class Extend(Question):
    """Let a design go on beyond its end; what was planned, made and scored stays as it is.

    Attributes:
        name: A design.
        fractional: Runs of some of the sources that it then has.
    """

    returns: ClassVar[str] = Make.returns
    examples: ClassVar[str] = "taglab design extend kim --fractional 600"
    table: ClassVar[bool] = False

    name: Kept
    fractional: int = Field(ge=0)

    def answer(self, progress: Progress) -> Report:
        """Return how large it is now."""
        return Report(_facts(extend_design(self.name, self.fractional, progress)))


class AddScores(Question):
    """Add scores of runs on target tasks, from a table with the columns number (of the run in the design),
    task and score. Of a run and task that has one, the new one counts.

    Attributes:
        name: A design.
        file: The table, tab-separated where it ends in .tsv, else with commas.
    """

    returns: ClassVar[str] = Make.returns
    examples: ClassVar[str] = "taglab design add-scores kim scores.csv"
    table: ClassVar[bool] = False

    name: Kept
    file: Annotated[Path, Flag(metavar="FILE", word=True)]

    def answer(self, progress: Progress) -> Report:
        """Return how far the design has come."""
        return Report(_facts(add_scores(self.name, text_table(existing_file(self.file), "scores"))))


class Show(Question):
    """Show how far a design has come and what it tells already: of whatever is scored.

    Attributes:
        name: A design.
        what: Which table.
        html: Write every table and figure to this file, too.
        replicates: Of the parametric bootstrap, for intervals of --what effects; 0 takes Student's t.
    """

    returns: ClassVar[str] = (
        "{name, ..., rows: [{strategy, n, planned, made, scored, estimate, low, high}]}, or with --what rows "
        "of another table"
    )
    examples: ClassVar[str] = """
taglab design show kim
taglab design show kim --what differences
taglab design show kim --what effects --replicates 1000
taglab design show kim --what sources --out table-2.6.csv
taglab design show kim --html kim.html
"""

    name: Kept
    what: Annotated[str, Flag(choices=TABLES)] = "progress"
    html: Annotated[Path | None, Flag(metavar="FILE.html")] = None
    replicates: int = Field(0, ge=0, le=100_000)

    @field_validator("html")
    @classmethod
    def _ends_in_html(cls, path: Path | None) -> Path | None:
        if path is not None and (path.suffix.lower() != ".html" or path.is_dir()):
            raise ValueError("must be a file that ends in .html")
        return path

    def answer(self, progress: Progress) -> Report:
        """Return the table, and what to know of it."""
        design = open_design(self.name)
        share = 0.5 if self.html else 1.0
        table, notes = TABLES[self.what].make(design, self.replicates, between(progress, 0, share))
        if "run" in table:
            states = launch.states(run for run in table["run"] if run)
            table["state"] = [states[run].state if run in states else "" for run in table["run"]]
        if self.html:
            write_design_report(design, self.html, between(progress, share, 1))
            notes.append(f"wrote {self.html}")
        return Report(_facts(design), table, notes=tuple(notes))


class Remove(Removal):
    """Remove a design for good; the runs that were made of it stay.

    Attributes:
        name: A design.
    """

    examples: ClassVar[str] = "taglab design remove kim"
    remove: ClassVar[ByName] = delete_design
