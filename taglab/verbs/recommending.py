"""Recommenders: trained, judged by what was held out, and asked for a user."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

import pandas as pd
from pydantic import Field, model_validator

from taglab.errors import InvalidSetting, NotFound
from taglab.progress import Progress, between
from taglab.recommend import (
    AnyRecommender,
    ItemNeighbours,
    Recommender,
    RecommenderMaterial,
    about_recommender,
    delete_recommender,
    judge,
    open_recommender,
    recommended,
    recommender_names,
    save_recommender,
    train_recommender,
)
from taglab.settings import Flag, Group
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import ByName, Kept, Listing, Names, Removal

_NEAR = 3
_RECOMMENDER = Group("the recommender", flags={"h": Flag("--factors")})


class List(Listing):
    """List the recommenders there are."""

    examples: ClassVar[str] = "taglab recommend list"
    columns: ClassVar[tuple[str, ...]] = ("name", "recommender", "data", "held_out_by", "seconds")
    names: ClassVar[Names] = recommender_names

    @staticmethod
    def row(name: str) -> dict[str, Any]:
        """Return what a recommender is, and of what it learned."""
        about = about_recommender(name)
        material = about["material"]
        return {
            "name": name,
            "recommender": about["settings"]["recommender"],
            "data": material["data"],
            "held_out_by": material["held_out"]["by"],
            "seconds": about["seconds"],
        }


class Train(Question):
    """Learn what users would play next, of the plays of a data set and the tags of its items (Kim 2021,
    chapter 5). Some plays are held out, by which `taglab recommend evaluate` judges.

    Attributes:
        name: What to call it; a run that is only made is called by what differs from the defaults.
        recommender: Which recommender.
        material: Of what it learns.
        seed: Of all that is drawn in learning.
        replace: Let it replace one of the same name.
        only_make: Make a run of it, do not train it (fm and ncf); `taglab launch` does, in the background,
            and when it is done it is asked by the run's name.
    """

    returns: ClassVar[str] = (
        "{name, recommender, data, users, items, tags, plays, density, items_without_tags, held_out, "
        "seconds}; with --only-make {run}"
    )
    table: ClassVar[bool] = False
    examples: ClassVar[str] = """
taglab recommend train --name neighbours --recommender inn --weighing log
taglab recommend train --name fm --recommender fm --factors 32 --epochs 5
taglab recommend train --recommender ncf --factors 128 --only-make
taglab recommend train --name cold --recommender unn --held-out-by item
"""

    name: Annotated[str | None, Flag(metavar="NAME")] = None
    recommender: Annotated[AnyRecommender, Group("the recommender", flags={"h": Flag("--factors")})] = (
        ItemNeighbours()
    )
    material: Annotated[
        RecommenderMaterial, Group("what it learns from", groups={"held_out": Group(prefix="held-out-")})
    ] = RecommenderMaterial()
    seed: int = Field(0, ge=0, lt=2**63)
    replace: bool = False
    only_make: bool = False

    @model_validator(mode="after")
    def _is_a_recommender_or_a_run(self) -> Self:
        if self.only_make and (self.name or self.replace):
            raise ValueError("--only-make goes without --name and --replace")
        if not self.only_make and self.name is None:
            raise ValueError("--name must say what to call the recommender")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return of what it learned, and how long that took; or the run that was made."""
        if self.only_make:
            from taglab.recommend.training import new_recommender_run, recommender_run

            asked = self.model_dump(mode="json", include={"recommender", "material", "seed"})
            run = new_recommender_run(recommender_run(asked), progress=progress).name
            return Report({"run": run}, notes=(f"`taglab launch {run}` trains it",))
        return self._trained(str(self.name), progress)

    def _trained(self, name: str, progress: Progress) -> Report:
        if name in recommender_names() and not self.replace:  # hours of training end in no refusal
            raise InvalidSetting(f"name={name!r} is taken by another recommender; --replace lets it go")
        learned, held = train_recommender(self.recommender, self.material, self.seed, progress)
        save_recommender(learned, name, self.material, self.replace)
        facts = {
            "name": name,
            "recommender": learned.settings.recommender,
            "data": self.material.data,
            **_sizes(learned),
            "held_out": int(held.test.nnz),
            "seconds": learned.seconds,
        }
        notes = (*(f"{note.count:,} {note.what} left out: {note.reason}" for note in learned.plays.dropped),)
        return Report(facts, notes=(learned.tags.rule, *notes))


def _sizes(learned: Recommender) -> dict[str, Any]:
    """Return how much it learned of, as Kim 2021, table 5.1 tells of data sets."""
    plays = learned.plays
    return {
        "users": plays.n_users,
        "items": plays.n_tracks,
        "tags": learned.n_tags,
        "plays": int(plays.matrix.nnz),
        "density": plays.density,
        "items_without_tags": learned.tags.n_bare,
    }


class Evaluate(Question):
    """Tell how good recommenders are on the plays held out from them: nDCG and recall of the first items,
    with 95 % intervals over users; how many items come in any list; and how even their shares are, by entropy
    over its ceiling as printed (places of all lists), and over that which the number of items allows. Items
    that tie come in any order, and figures are means over all orders; users of whom nothing is held out are
    not asked.

    Attributes:
        names: Recommenders.
        k: Places of a list.
        users: So many are drawn of those who can be asked; 0 asks all.
        seed: Of the users drawn.
    """

    returns: ClassVar[str] = (
        "[{name, recommender, data, users, ndcg, ndcg_low, ndcg_high, recall, recall_low, recall_high, "
        "coverage, entropy, diversity, diversity_of_items, seconds}]"
    )
    examples: ClassVar[str] = """
taglab recommend evaluate neighbours
taglab recommend evaluate neighbours fm -k 10 --users 0
"""

    names: Annotated[tuple[str, ...], Flag(metavar="NAME", word=True)] = Field(min_length=1)
    k: int = Field(100, ge=1, le=10_000)
    users: int = Field(1_000, ge=0)
    seed: int = Field(0, ge=0, lt=2**63)

    def answer(self, progress: Progress) -> Report:
        """Return a row for each."""
        rows, notes = [], []
        for number, name in enumerate(self.names):
            share = between(progress, number / len(self.names), (number + 1) / len(self.names))
            learned, held, asked = open_recommender(name, between(share, 0, 0.2))
            judged = judge(learned, held, self.k, self.users or None, self.seed, between(share, 0.2, 1))
            about = {"name": name, "recommender": learned.settings.recommender, "data": asked.data}
            rows.append({**about, **judged.row(), "seconds": learned.seconds})
            if len(judged.users) == 1:
                notes.append(f"{name}: one user was asked, of whom there is no interval")
            if judged.not_asked:
                notes.append(
                    f"{name}: {judged.not_asked:,} users are not asked: nothing of theirs is held out"
                )
        return Report(table=pd.DataFrame(rows), notes=tuple(notes))


class ForUser(Question):
    """List what a recommender would let a user play next.

    Attributes:
        name: Recommender.
        user: As the data set calls them.
        n: How many.
    """

    returns: ClassVar[str] = "{name, recommender, user, played, rows: [{item, score, tags}]}"
    examples: ClassVar[str] = "taglab recommend for neighbours listener-0001 -n 5"

    name: Kept
    user: Annotated[str, Flag(metavar="USER", word=True)]
    n: int = Field(10, ge=1, le=10_000)

    def answer(self, progress: Progress) -> Report:
        """Return the items, best first."""
        learned, _, _ = open_recommender(self.name, progress)
        row = row_of_user(learned, self.user)
        facts = {
            "name": self.name,
            "recommender": learned.settings.recommender,
            "user": self.user,
            "played": len(learned.history(row)),
        }
        notes = () if facts["played"] else (f"nothing that {self.user} played was learned from",)
        return Report(facts, recommended(learned, row, self.n), notes=notes)


def row_of_user(learned: Recommender, user: str) -> int:
    """Return the row of a user; raises NotFound where there is none of that name."""
    rows = learned.plays.users.index[learned.plays.users["user"] == user]
    if not len(rows):
        near = ", ".join(map(repr, learned.plays.users["user"].head(_NEAR)))
        raise NotFound(f"no user {user!r} among the {learned.n_users:,} it learned of, such as {near}")
    return int(rows[0])


class Remove(Removal):
    """Remove a recommender for good."""

    examples: ClassVar[str] = "taglab recommend remove neighbours"
    remove: ClassVar[ByName] = delete_recommender
