"""Cleaning the tags of a data set: lists of steps, what they would do, and what they did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from taglab import sources
from taglab.cleaning import (
    Cleaned,
    Cleaning,
    CollapseEmbeddings,
    CollapseWords,
    Entry,
    ExplicitMap,
    Item,
    NormalForm,
    StepPlan,
    TagMap,
    cleaning_names,
    delete_cleaning,
    first_cleaning,
    open_applied,
    open_cleaning,
    parse_tsv,
    read_cleaning,
    save_cleaned,
    save_cleaning,
    went_into,
)
from taglab.cleaning.review import REVIEW_COLUMNS, category_shares, review_table, step_effects
from taglab.cleaning.steps import AnyStep
from taglab.embeddings import TagQuestion
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.labels.importing import read_bytes
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.vectors import TagVectors
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import ByName, Kept, Listing, Names, NewName, OneFile, Removal, written_out

LISTED = "{name, steps: [text]}"


def _read_map(path: Path) -> tuple[Entry, ...]:
    """Return what a table says of tags; raises DataError."""
    return ExplicitMap.of(parse_tsv(read_bytes(path), str(path))).entries


Steps = Annotated[
    tuple[Annotated[AnyStep, Field(discriminator="kind")], ...],
    Group(
        "steps",
        "Each --step begins a step; the flags up to the next --step are for that one. Those that add to a "
        "list may be given several times.",
        flags={
            "kind": Flag("--step", metavar="KIND"),
            "rejected": Flag("--reject", metavar="TAG", several=True),
            "assigned": Flag("--assign", metavar="TAG CATEGORY"),
            "added": Flag("--add-word", metavar="LIST WORD"),
            "synonyms": Flag("--synonym", metavar="TARGET WORD"),
            "entries": Flag("--map", metavar="MAP.tsv", reads=_read_map),
        },
    ),
]
"""Steps of a cleaning, one after the other."""


def _described(cleaning: Cleaning) -> dict[str, Any]:
    steps = [("" if item.on else "(off) ") + item.step.describe() for item in cleaning.items]
    return {"name": cleaning.name, "steps": steps}


def saved(cleaning: Cleaning, revision: int | None) -> Report:
    """Save a cleaning, over the revision it was opened at, and return what it does."""
    save_cleaning(cleaning, revision)
    return Report(_described(cleaning), notes=(f"saved as {cleaning.name}",))


def _saved_anew(cleaning: Cleaning, replace: bool) -> Report:
    """Save a cleaning that is made, over one of the same name only if asked to."""
    taken = replace and cleaning.name in cleaning_names()
    return saved(cleaning, open_cleaning(cleaning.name)[1] if taken else None)


def _of_steps(name: str, steps: Sequence[Any]) -> Cleaning:
    """Return the cleaning of these steps, or what a new one begins with."""
    return Cleaning.of(name, steps) if steps else first_cleaning(name)


class List(Listing):
    """List the saved cleanings."""

    returns: ClassVar[str] = f"[{LISTED}]"
    examples: ClassVar[str] = "taglab clean list"
    columns: ClassVar[tuple[str, ...]] = ("name", "steps")
    names: ClassVar[Names] = cleaning_names

    @staticmethod
    def row(name: str) -> dict[str, Any]:
        """Return what a cleaning does."""
        return _described(open_cleaning(name)[0])


class New(Question):
    """Save a list of steps under a name. Without --step: spellings joined, slips mended, categories; nothing
    dropped.

    Attributes:
        name: What to call it.
        replace: Replace one of this name.
        steps: What it does, in this order.
    """

    returns: ClassVar[str] = LISTED
    examples: ClassVar[str] = "taglab clean new --name tidy --step normal-form --step filters --min-count 3"
    table: ClassVar[bool] = False

    name: NewName
    replace: bool = False
    steps: Steps = ()

    def answer(self, progress: Progress) -> Report:
        """Return what it does."""
        return _saved_anew(_of_steps(self.name, self.steps), self.replace)


class Add(Question):
    """Add steps to a saved cleaning, last or at a position.

    Attributes:
        cleaning: A saved cleaning.
        at: As the N-th step (default: last).
        steps: What it does besides, in this order.
    """

    returns: ClassVar[str] = LISTED
    examples: ClassVar[str] = "taglab clean add tidy --step collapse-words --targets 'rock,pop,jazz' --at 3"
    table: ClassVar[bool] = False

    cleaning: Kept
    at: int | None = Field(None, ge=1)
    steps: Steps = ()

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.steps:
            raise ValueError("name at least one --step")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return what it does now."""
        cleaning, revision = open_cleaning(self.cleaning)
        place = len(cleaning.items) if self.at is None else position(cleaning, self.at, 1)
        for number, step in enumerate(self.steps):
            cleaning = cleaning.add(step, place + number)
        return saved(cleaning, revision)


def position(cleaning: Cleaning, number: int, more: int = 0) -> int:
    """Return a step's position counted from 0; raises InvalidSetting where there is none."""
    if number > len(cleaning.items) + more:
        raise InvalidSetting(f"{cleaning.name} has {len(cleaning.items)} steps, and no step {number}")
    return number - 1


class Using(Question):
    """A cleaning, saved or given by its steps, and the data it is for.

    Attributes:
        cleaning: A saved cleaning (default: the steps given, else those of a new cleaning).
        tags: Of which data, and what the steps that need vectors know of its tags.
        steps: What is done, in this order.
    """

    cleaning: Annotated[str | None, Flag(metavar="NAME", word=True)] = None
    tags: Annotated[TagQuestion, Group(omit=("min_count",), flags={"vectors": Flag(metavar="NAME")})] = (
        TagQuestion()
    )
    steps: Steps = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.cleaning is not None and self.steps:
            raise ValueError("--step goes without a saved cleaning; `taglab clean add` adds steps to one")
        return self

    def opened(self) -> Cleaning:
        """Return the cleaning."""
        if self.cleaning is not None:
            return open_cleaning(self.cleaning)[0]
        return _of_steps("cleaning", self.steps)

    def material(self, cleaning: Cleaning, progress: Progress) -> tuple[Folksonomy, TagVectors | None]:
        """Return the data, and the vectors of all its tags where a step needs them."""
        data = open_folksonomy(self.tags.data, between(progress, 0, 0.3))
        needs = any(step.needs_vectors for step in cleaning.steps)
        return data, self.tags.of_words(data, between(progress, 0.3, 1)).vectors if needs else None

    def applied(self, progress: Progress, name: str | None = None) -> tuple[Cleaning, Folksonomy, Cleaned]:
        """Return the cleaning, the data before it, and what applying it gives."""
        cleaning = self.opened()
        data, vectors = self.material(cleaning, between(progress, 0, 0.3))
        return cleaning, data, cleaning.apply(data, vectors, name, between(progress, 0.3, 1))


class Preview(Using):
    """Show what each step would do to a data set, most used tags first: the very merges that `apply` makes.
    Nothing is changed.

    Attributes:
        at: Rows of the N-th step that is on only.
        sort: Most used, or most doubtful, first.
    """

    returns: ClassVar[str] = (
        "{data, tags, assignments, tags_after, assignments_after, merged, dropped, rounds, steps: [{step, "
        "kind, merges, drops, categories, rejected, counts, tracks, tags_after}], in_categories: [{step, "
        "in_category, junk, uncategorised, of_counts}], fits: [{step, target, tags, mean, sd, cut, "
        "normal_cut, empirical_cut, inside, skewness, excess_kurtosis, p_normal}], left_out: [{step, target, "
        "reason}], rows: [{step, kind, tag, action, targets: [tag], category, count, score, risk, reason}]}"
    )
    examples: ClassVar[str] = (
        "taglab clean preview --step typos --threshold 0.92 --sort risk\n"
        "taglab clean preview tidy --data mine --at 2 --sort risk --out typos.csv"
    )

    at: int | None = Field(None, ge=1)
    sort: Literal["impact", "risk"] = "impact"

    def answer(self, progress: Progress) -> Report:
        """Return what each step would do, a row for every tag that it changes."""
        _, data, cleaned = self.applied(progress)
        plans = cleaned.plans
        if self.at is not None and self.at > len(plans):
            raise InvalidSetting(f"--at {self.at}: {len(plans)} steps are on")
        chosen = {at + 1: plan for at, plan in enumerate(plans) if self.at in (None, at + 1)}
        facts = {
            "data": self.tags.data,
            "tags": data.n_tags,
            "assignments": data.n_assignments,
            "tags_after": cleaned.folksonomy.n_tags,
            "assignments_after": cleaned.folksonomy.n_assignments,
            **_changes(cleaned),
            "steps": step_effects(plans).to_dict("records"),
            **_details(chosen),
        }
        rows = pd.DataFrame(columns=["step", "kind", *REVIEW_COLUMNS])
        tables = [
            review_table(plan, self.sort).assign(step=number, kind=plan.kind)[rows.columns]
            for number, plan in chosen.items()
        ]
        together = pd.concat(tables, ignore_index=True) if tables else rows
        return Report(facts, together, notes=("nothing was changed; `taglab clean apply` does",))


def _changes(cleaned: Cleaned) -> dict[str, int]:
    actions = cleaned.tag_map.table["action"].value_counts()
    return {
        "merged": int(actions.get("merge", 0)),
        "dropped": int(actions.get("drop", 0)),
        "rounds": cleaned.rounds,
    }


def _details(plans: dict[int, StepPlan]) -> dict[str, list[dict[str, Any]]]:
    """Return what only some kinds of steps tell: shares by category, how cuts came about."""
    details: dict[str, list[dict[str, Any]]] = {}
    for number, plan in plans.items():
        if plan.categories:
            details.setdefault("in_categories", []).append({"step": number, **category_shares(plan)})
        for name, table in plan.details.items():
            rows = table.assign(step=number)[["step", *table.columns]]
            details.setdefault(name, []).extend(rows.to_dict("records"))  # type: ignore[arg-type]
    return details


class Apply(Using):
    """Clean a data set and save the result under a new name, which every command then takes as --data. The
    data themselves stay as they are.

    Attributes:
        name: What to call the result.
        replace: Replace data of this name.
    """

    returns: ClassVar[str] = (
        "{name, data, tags_before, tags, assignments_before, assignments, merged, dropped, rounds}"
    )
    examples: ClassVar[str] = "taglab clean apply tidy --data mine --name mine-tidy"
    table: ClassVar[bool] = False

    name: NewName
    replace: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return what became of the data."""
        cleaning, data, cleaned = self.applied(progress, self.name)
        save_cleaned(cleaned, cleaning, self.tags.data, self.replace)
        facts = {
            "name": self.name,
            "data": self.tags.data,
            "tags_before": data.n_tags,
            "tags": cleaned.folksonomy.n_tags,
            "assignments_before": data.n_assignments,
            "assignments": cleaned.folksonomy.n_assignments,
            **_changes(cleaned),
        }
        return Report(facts, notes=(f"saved as {self.name}",))


class Show(Question):
    """Show the steps of a saved cleaning.

    Attributes:
        cleaning: A saved cleaning.
    """

    returns: ClassVar[str] = "{name, rows: [{step, kind, on, does, rejected, settings}]}"
    examples: ClassVar[str] = "taglab clean show tidy"

    cleaning: Kept

    def answer(self, progress: Progress) -> Report:
        """Return a row for every step."""
        cleaning, _ = open_cleaning(self.cleaning)
        rows = [_row(number, item) for number, item in enumerate(cleaning.items, start=1)]
        columns = ["step", "kind", "on", "does", "rejected", "settings"]
        return Report({"name": cleaning.name}, pd.DataFrame(rows, columns=columns))


def _row(number: int, item: Item) -> dict[str, Any]:
    step = item.step
    apart = {"kind", "rejected", "entries"}
    return {
        "step": number,
        "kind": step.kind,
        "on": item.on,
        "does": step.describe(),
        "rejected": len(step.rejected),
        "settings": step.model_dump(mode="json", exclude_defaults=True, exclude=apart),
    }


class Export(Using):
    """Write the steps as JSON, or, as applied to a data set, what becomes of every tag.

    Attributes:
        form: What to write.
        out: Where to (default: standard output).
    """

    returns: ClassVar[str] = "nothing else than without --json"
    examples: ClassVar[str] = (
        "taglab clean export tidy --out tidy.json\n"
        "taglab clean export tidy --form map --data mine --out map.tsv"
    )
    table: ClassVar[bool] = False

    form: Literal["steps", "map"] = "steps"
    out: OneFile = None

    def answer(self, progress: Progress) -> Report:
        """Return the text, or where it was written."""
        cleaning = self.opened()
        text = cleaning.to_json() + "\n"
        if self.form == "map":
            text = self.applied(progress)[2].tag_map.to_tsv()
        return written_out(cleaning.name, text, self.out)


class Import(Question):
    """Save what a file holds as a cleaning: steps that were exported, or a table with the columns tag, action
    (keep, merge, drop) and target.

    Attributes:
        path: The file.
        name: What to call it.
        replace: Replace one of this name.
    """

    returns: ClassVar[str] = LISTED
    examples: ClassVar[str] = "taglab clean import map.tsv --name theirs"
    table: ClassVar[bool] = False

    path: Annotated[Path, Flag(metavar="FILE", word=True)]
    name: NewName
    replace: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return what it does."""
        cleaning = read_cleaning(read_bytes(self.path), str(self.path))
        return _saved_anew(cleaning.renamed(self.name), self.replace)


class Remove(Removal):
    """Remove a saved cleaning for good; what it made stays."""

    examples: ClassVar[str] = "taglab clean remove tidy"
    remove: ClassVar[ByName] = delete_cleaning


class Collapsed(Using):
    """Show what went into a tag when the data were cleaned, and why. Of data that no cleaning made, and
    without one named, tags are collapsed by words (stage II), then by vectors (stage III), if there can be
    any. The tag is found whatever its case.

    Attributes:
        tag: A tag.
        cleaning: A saved cleaning to apply.
    """

    returns: ClassVar[str] = "[{tag, count, step, reason}]"
    examples: ClassVar[str] = """
taglab collapsed happy
taglab collapsed rock --data mine-tidy
taglab collapsed happy --step collapse-embeddings --percentile 0.01
"""

    tag: Annotated[str, Flag(metavar="TAG", word=True)]
    cleaning: Annotated[str | None, Flag(metavar="NAME")] = None

    def answer(self, progress: Progress) -> Report:
        """Return a row for every tag that went into it."""
        tag_map, data, origin = self._tag_map(progress)
        target = tag_map.spelling_of(self.tag)
        spelt = () if target == self.tag else (f"it is written {target}",)
        return Report(table=went_into(tag_map, target, data), notes=(*origin, *spelt))

    def _tag_map(self, progress: Progress) -> tuple[TagMap, Folksonomy | None, tuple[str, ...]]:
        """Return the map to look into, the data before it where they are known, and what to say of it."""
        if self.cleaning is not None or self.steps:
            _, data, cleaned = self.applied(progress)
            return cleaned.tag_map, data, ()
        data = open_folksonomy(self.tags.data, between(progress, 0, 0.2))
        try:
            applied = open_applied(data)
        except NotFound:
            return self._by_stages(data, between(progress, 0.2, 1))
        known = applied.data in sources.folksonomy_names()
        before = open_folksonomy(applied.data, between(progress, 0.2, 1)) if known else None
        origin = f"{self.tags.data} was made of {applied.data} by the cleaning {applied.cleaning.name}"
        return applied.tag_map, before, (origin,)

    def _by_stages(self, data: Folksonomy, progress: Progress) -> tuple[TagMap, Folksonomy, tuple[str, ...]]:
        """Return the map of stages II and III; of II alone where there can be no vectors."""
        origin = "no cleaning named: spellings joined, then tags collapsed by words"
        two = (NormalForm(), CollapseWords())
        three = Cleaning.of("stage III", [*two, CollapseEmbeddings()])
        try:
            vectors = self.tags.of_words(data, between(progress, 0, 0.5)).vectors
            tag_map = three.apply(data, vectors, progress=between(progress, 0.5, 1)).tag_map
            note = f"{origin} and by the vectors {self.tags.vectors} into the 50 of stage I"
        except InvalidSetting as error:
            tag_map = Cleaning.of("stage II", two).apply(data, progress=progress).tag_map
            note = f"{origin} into the 50 of stage I; not by vectors: {error}"
        return tag_map, data, (note,)
