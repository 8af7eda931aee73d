"""Which tags made the difference to what is recommended, whether that is true, and the study of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, field_validator

from taglab.errors import DataError, NotFound, TaglabError
from taglab.progress import Progress, between, silent
from taglab.recommend import (
    RECOMMENDERS,
    Recommender,
    RecommenderMaterial,
    about_recommender,
    fit,
    material_of,
    open_recommender,
    recommender_names,
)
from taglab.recommend.explain import EXPLAINERS, READINGS, Reading, explained_user, fidelity
from taglab.recommend.explain.listing import tags_of_items, tags_of_user
from taglab.settings import Flag, Group
from taglab.studies.explanations import ExplanationStudy, carry_out, explained_items, study_report
from taglab.studies.study_report import write_study
from taglab.verbs.question import Question
from taglab.verbs.recommending import row_of_user
from taglab.verbs.report import Report


def recommender_of(name: str, data: str, progress: Progress = silent) -> Recommender:
    """Return a recommender that is kept, or one that is learned at once of all plays of a data set.

    Args:
        name: Under which it is kept, or a key of `RECOMMENDERS`. A kept one that is called as a kind is goes
            before it, if it is of this data set.
        data: Data set of one that is learned.
        progress: Told how far it is.

    Raises:
        NotFound: If there is none of this name, and no way to recommend that is called so.
        InvalidSetting: If the data set has no plays.
    """
    if name in recommender_names() and (name not in RECOMMENDERS or is_of(name, data)):
        return open_recommender(name, progress)[0]
    if name not in RECOMMENDERS:
        kept = ", ".join(recommender_names()) or "none yet; taglab recommend train keeps one"
        raise NotFound(
            f"no recommender {name!r}; kept are: {kept}; learned at once: {', '.join(RECOMMENDERS)}"
        )
    plays, tags = material_of(RecommenderMaterial(data=data), between(progress, 0, 0.2))
    return fit(RECOMMENDERS[name](), plays, tags, 0, between(progress, 0.2, 1))


def is_of(name: str, data: str) -> bool:
    """Return whether a kept recommender learned of a data set; not where it cannot be read."""
    try:
        return bool(about_recommender(name)["material"]["data"] == data)
    except TaglabError:  # `taglab recommend list` tells what is wrong with it
        return False


class Explain(Question):
    """Tell which tags make the difference to what a user is recommended, beside what the score loses without
    the tag; and how true that is, by how the explanation ranks items (Kim 2021, chapter 5).

    Attributes:
        user: As the data set calls them.
        data: Data set, of a recommender that is learned at once.
        recommender: A kept recommender, or a kind of one: it is learned of all plays.
        explainer: What explains.
        rows: Of the items of the list, tag by tag; or one weight a tag for all items together.
        n: Items of the list.
        omega: So many tags count, those of the greatest weights; all where not given.
        reading: How an explanation ranks items.
        top: So many items that are recommended are ranked, the list at least, to tell how true it is.
        others: Beside so many that are drawn of all others.
        seed: Of whatever is drawn.
    """

    returns: ClassVar[str] = (
        "{user, recommender, explainer, played, items, tau, rows: [{item, score, tag, weight, lost}]}; lost "
        "is the score less that without the tag; or rows of tag, weight, items"
    )
    examples: ClassVar[str] = """
taglab explain listener-0001
taglab explain listener-0001 --recommender unn --explainer shapley --rows user
"""

    user: Annotated[str, Flag(metavar="USER", word=True)]
    data: Annotated[str, Flag(metavar="NAME")] = "demo"
    recommender: Annotated[str, Flag(metavar="NAME")] = "inn"
    explainer: Annotated[str, Flag(choices=tuple(EXPLAINERS))] = "lime"
    rows: Annotated[str, Flag(choices=("items", "user"))] = "items"
    n: int = Field(10, ge=1, le=1_000)
    omega: int | None = Field(None, ge=1)
    reading: Annotated[Reading, Flag(choices=tuple(READINGS))] = "user"
    top: int = Field(100, ge=1)
    others: int = Field(100, ge=0)
    seed: int = Field(0, ge=0, lt=2**63)

    def answer(self, progress: Progress) -> Report:
        """Return how much tags count."""
        learned = recommender_of(self.recommender, self.data, between(progress, 0, 0.5))
        row = row_of_user(learned, self.user)
        asked = explained_items(learned, row, max(self.top, self.n), self.others, self.seed)
        if len(asked) < 2:
            raise DataError(learned.plays.name, f"has no two items that {self.user} has not played")
        ranked = EXPLAINERS[self.explainer]().explain(explained_user(learned, row, asked), self.seed)
        progress(0.8, "explaining")
        table = tags_of_user(learned, ranked, self.omega)
        if self.rows == "items":
            table = tags_of_items(learned, ranked, self.omega, self.n)
        facts: dict[str, Any] = {
            "user": self.user, "recommender": self.recommender, "explainer": self.explainer,
            "played": len(learned.history(row)), "items": len(asked),
            "tau": fidelity(ranked, self.reading, self.omega),
        }  # fmt: skip
        return Report(facts, table, notes=tuple(_notes(learned, asked)))


def _notes(learned: Recommender, asked: Any) -> list[str]:
    bare = int((np.diff(learned.tags.matrix[asked].indptr) == 0).sum())
    notes = [f"{bare:,} of {len(asked):,} items have no tags: of them nothing can be told"] if bare else []
    if not learned.uses_tags:
        notes.append("this recommender knows no tags: nothing it makes of an item changes with them")
    return notes


class ReproduceExplanations(Question):
    """Carry out Kim 2021, chapter 5: recommenders that know tags are learned of data sets and explained to
    users, and explanations held against their rankings; figures and claims stand beside what was printed.

    Attributes:
        data: Data sets with plays, commas between.
        report: Write figures, tables and claims, printed beside ours, to this file.
        material: What is learned from, of every data set.
        settings: What is learned, and what is measured.
    """

    returns: ClassVar[str] = (
        "{data, groups, users, fixed, whole, file, rows: [{claim, says, source, rule, published, "
        "published why, here, here why}]}; published and here are holds, contradicted, not shown or cannot "
        "be tested"
    )
    examples: ClassVar[str] = """
taglab reproduce explanations --report explanations.html --users 100
taglab reproduce explanations --data goodbooks,msd,lfm1b --factors 32,64,128 --report explanations.html
"""
    verb: ClassVar[str] = "reproduce explanations"

    data: Annotated[tuple[str, ...], Flag(metavar="NAME,…")] = ("demo",)
    report: Annotated[Path | None, Flag(metavar="FILE.html")] = None
    material: Annotated[
        RecommenderMaterial,
        Group("what is learned from", groups={"held_out": Group(prefix="held-out-")}, omit=("data",)),
    ] = RecommenderMaterial()
    settings: Annotated[ExplanationStudy, Group("the study", flags={"h": Flag("--factors")})] = (
        ExplanationStudy()
    )

    @field_validator("report")
    @classmethod
    def _ends_in_html(cls, path: Path | None) -> Path | None:
        if path is not None and (path.suffix.lower() != ".html" or path.is_dir()):
            raise ValueError("must be a file that ends in .html")
        return path

    def answer(self, progress: Progress) -> Report:
        """Return the claims, decided by the printed figures and by ours."""
        materials = [self.material.model_copy(update={"data": name}) for name in self.data]
        figures = carry_out(materials, self.settings, progress)
        report = study_report(figures)
        facts: dict[str, Any] = {
            "data": list(self.data), "groups": int(figures.fidelities["group"].nunique()),
            "users": int(figures.fidelities[["data", "user"]].drop_duplicates().shape[0]),
            "fixed": None if figures.analysis is None else figures.analysis.fixed,
            "whole": None if figures.analysis is None else figures.analysis.whole,
        }  # fmt: skip
        notes = [figures.analysis_lacks] if figures.analysis_lacks else []
        if self.report is not None:
            write_study(report, self.report)
            facts["file"] = str(self.report)
            notes.append(f"wrote {self.report}")
        return Report(facts, report.claims, notes=tuple(notes))
