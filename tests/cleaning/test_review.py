"""Tables to look through: nothing is missing in them, and they add up."""

import itertools

import pandas as pd
import pytest
from hypothesis import given

from taglab.cleaning import (
    Categories,
    Cleaning,
    CollapseWords,
    Filters,
    NormalForm,
    Typos,
    count_flow,
    counts_by_category,
    review_table,
    step_effects,
    went_into,
)
from taglab.cleaning.review import REJECTED
from taglab.errors import NotFound
from taglab.folksonomy import Folksonomy
from tests.cleaning.made import folksonomies, with_counts

DATA = with_counts(
    {"rock": 14, "beautiful": 10, "Rock": 5, "rokc": 4, "beautifull": 3, "sad rock": 2, "zzz": 1}
)


def test_sorted_by_impact_or_by_risk_and_searched() -> None:
    plan = Typos().plan(DATA)
    assert review_table(plan)["tag"].tolist() == ["rokc", "beautifull"]
    risks = review_table(plan, "risk")["risk"].tolist()
    assert risks == sorted(risks, reverse=True)
    assert review_table(plan, find="BEAUTIFUL")["tag"].tolist() == ["beautifull"]
    assert review_table(plan, find="rock")["tag"].tolist() == ["rokc"]
    assert review_table(plan, find="[.*").empty
    assert review_table(Categories().plan(DATA), find="genre")["tag"].tolist() == ["rock", "Rock", "sad rock"]


def test_what_was_rejected_stays_in_the_table() -> None:
    step = Typos()
    table = review_table(step.reject("rokc").plan(DATA)).set_index("tag")
    assert table.loc["rokc", "action"] == REJECTED
    assert table.loc["rokc", "score"] == review_table(step.plan(DATA)).set_index("tag").loc["rokc", "score"]
    assert table.loc["beautifull", "action"] == "merge"


def test_effects_say_what_each_step_does() -> None:
    steps = [NormalForm(), Typos().reject("rokc"), Filters(min_count=2)]
    effects = step_effects(Cleaning.of("x", steps).preview(DATA)).set_index("kind")
    assert effects["merges"].tolist() == [1, 1, 0]
    assert effects["drops"].tolist() == [0, 0, 1]
    assert effects["rejected"].tolist() == [0, 1, 0]
    assert effects["counts"].tolist() == [5, 3, 1]
    assert effects["tags_after"].tolist() == [6, 5, 4]
    assert step_effects(()).empty


@given(made=folksonomies)
def test_tags_after_a_step_are_those_of_the_next(made: Folksonomy) -> None:
    steps = [NormalForm(), CollapseWords(targets=("rock", "metal")), Filters(min_count=2), Categories()]
    plans = Cleaning.of("x", steps).preview(made)
    for plan, after in itertools.pairwise(plans):
        assert plan.tags_after == len(after.table)


def test_what_went_into_a_tag_and_why() -> None:
    cleaned = Cleaning.of("x", [NormalForm(), Typos(), Categories(), CollapseWords()]).apply(DATA)
    rows = went_into(cleaned.tag_map, "rock", DATA)
    assert rows["tag"].tolist() == ["Rock", "rokc", "sad rock"]
    assert rows["count"].tolist() == [5, 4, 2]
    assert rows["step"].tolist() == ["1 normal-form", "2 typos", "3 categories; 4 collapse-words"]
    assert "holds 'sad', 'rock'" in rows["reason"].iloc[2]
    assert went_into(cleaned.tag_map, "rock")["count"].isna().all()
    with pytest.raises(NotFound, match="no tag became"):
        went_into(cleaned.tag_map, "rokc")


@given(made=folksonomies)
def test_no_count_is_lost_on_its_way(made: Folksonomy) -> None:
    steps = [NormalForm(), CollapseWords(targets=("rock", "metal", "80s")), Filters(min_count=2)]
    cleaned = Cleaning.of("x", steps).apply(made)
    counts = made.counts()
    went = cleaned.tag_map.mapping
    expected = sum(int(counts.get(tag, 0)) * max(1, len(targets)) for tag, targets in went.items())
    for at_most in (0, 1, 14):
        flow = count_flow(cleaned.tag_map, made, at_most)
        assert flow["counts"].sum() == expected
        assert (flow["kind"] == "tag").sum() == 0 or at_most
        assert flow[flow["kind"] == "tag"]["target"].nunique() <= at_most


def test_counts_by_category_add_up() -> None:
    table = counts_by_category(DATA, pd.Series({"rock": "genre", "Rock": "genre"}))
    assert table.set_index("category").loc["genre"].tolist() == [2, 19]
    assert table["counts"].sum() == DATA.n_assignments
    assert table["tags"].sum() == DATA.n_tags
