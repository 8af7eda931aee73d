"""Designs on their shelf: kept, gone on with, scored; and what is damaged or does not fit."""

from pathlib import Path

import pandas as pd
import pytest

from taglab.cache import home
from taglab.errors import Conflict, DataError, InvalidSetting, NotFound
from taglab.studies.design import DesignSettings
from taglab.studies.design.kept import (
    add_scores,
    assign_runs,
    delete_design,
    design_names,
    extend_design,
    make_design,
    open_design,
)

SMALL = DesignSettings(sources=("tag", "bpm", "self"), single_repeats=2, all_repeats=1, fractional=6)


def test_what_is_kept_is_what_was_made() -> None:
    design = make_design("small", SMALL)
    assert design_names() == ["small"]
    again = open_design("small")
    assert again.settings == SMALL
    pd.testing.assert_frame_equal(again.runs, design.runs)
    pd.testing.assert_frame_equal(again.scores, design.scores)
    assert list(again.waiting["number"]) == list(range(1, 18))
    with pytest.raises(Conflict, match="there is a design named 'small' already"):
        make_design("small", SMALL)
    delete_design("small")
    with pytest.raises(NotFound):
        open_design("small")


def test_runs_are_made_of_it_once() -> None:
    make_design("small", SMALL)
    assign_runs("small", {1: "first", 2: "second"})
    design = assign_runs("small", {2: ""})
    assert list(design.waiting["number"])[:2] == [2, 3]
    assert open_design("small").runs["run"].tolist()[:3] == ["first", "", ""]
    assign_runs("small", {1: "first"})
    with pytest.raises(Conflict, match="run 1 of design 'small' was made by somebody else"):
        assign_runs("small", {1: "other", 3: "third"})
    assert list(open_design("small").waiting["number"])[:2] == [2, 3]
    with pytest.raises(InvalidSetting, match="number=18 must lie in 1 to 17"):
        assign_runs("small", {18: "late"})


def test_it_goes_on_beyond_its_end() -> None:
    before = make_design("small", SMALL)
    assign_runs("small", {1: "first"})
    design = extend_design("small", 12)
    assert len(design.runs) == len(before.runs) + 6
    assert design.runs["run"].tolist()[:2] == ["first", ""]
    same = design.runs.head(len(before.runs)).drop(columns="run")
    pd.testing.assert_frame_equal(same, before.runs.drop(columns="run"))
    with pytest.raises(InvalidSetting, match="fractional=6 must be 12 or more"):
        extend_design("small", 6)


def test_a_design_in_another_order_is_not_gone_on_with() -> None:
    make_design("small", SMALL)
    path = home() / "designs" / "small.json"
    path.write_text(path.read_text().replace('"seed": 3', '"seed": 77', 1))
    with pytest.raises(Conflict, match="begun in an order of another taglab"):
        extend_design("small", 12)


def test_new_scores_count() -> None:
    make_design("small", SMALL)
    add_scores("small", pd.DataFrame({"number": [2, 1], "task": "mood", "score": [0.5, 0.25]}))
    add_scores("small", pd.DataFrame({"number": ["1"], "task": ["mood"], "score": ["0.75"]}))
    scores = open_design("small").scores
    assert scores.drop(columns="question").to_dict("list") == {
        "number": [1, 2], "task": ["mood", "mood"], "score": [0.75, 0.5],
    }  # fmt: skip
    table = open_design("small").scored_runs()
    assert table[["run", "strategy", "n"]].to_dict("list") == {
        "run": [1, 2], "strategy": ["SS-R", "SS-R"], "n": [1, 1],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"number": [1], "score": [1.0]}, "scores have no column 'task'"),
        ({"number": [0], "task": ["a"], "score": [1.0]}, "number='0' must be one of 1 to 17"),
        ({"number": ["x"], "task": ["a"], "score": [1.0]}, "number='x' must be one of 1 to 17"),
        ({"number": [1.5], "task": ["a"], "score": [1.0]}, "number='1.5' must be"),
        ({"number": [1], "task": ["a"], "score": [float("inf")]}, "must be a finite number"),
        ({"number": [1], "task": ["a"], "score": [""]}, "score='' must be a finite number"),
        ({"number": [1], "task": [" "], "score": [1.0]}, "names no task"),
        ({"number": [1, 1], "task": ["a", "a"], "score": [1.0, 2.0]}, "run 1 has two scores of a"),
    ],
)
def test_scores_that_are_none(scores: dict[str, list[object]], message: str) -> None:
    make_design("small", SMALL)
    with pytest.raises(InvalidSetting, match=message):
        add_scores("small", pd.DataFrame(scores))
    assert open_design("small").scores.empty


def test_a_design_without_runs_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="without runs tells nothing"):
        make_design("none", SMALL.model_copy(update={"single_repeats": 0, "all_repeats": 0, "fractional": 0}))


@pytest.mark.parametrize(
    ("old", "new"),
    [('"format": 1', '"format": 2'), ('"tag"', '"other"'), ('"phase": 1', '"phase": "x"'), ("{", "[")],
)
def test_damaged_files_are_told(old: str, new: str) -> None:
    make_design("small", SMALL)
    path: Path = home() / "designs" / "small.json"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=r"small\.json"):
        open_design("small")


def test_scores_of_other_splits_are_no_scores_beside_new_ones() -> None:
    """A design that is being rescored tells of the new scores alone, and of those from elsewhere."""
    make_design("small", SMALL)
    table = pd.DataFrame({"number": [1, 2, 3], "task": "genre", "score": [0.1, 0.2, 0.3]})
    add_scores("small", table, {"genre": "old"})
    add_scores("small", table.assign(task="tempo"), {"tempo": "old"})
    add_scores("small", table.assign(number=[4, 5, 6]))
    half = add_scores("small", table.head(1), {"genre": "new"})
    genre = half.scores[half.scores["task"] == "genre"]
    assert genre["number"].tolist() == [1, 4, 5, 6]
    assert genre["question"].tolist() == ["new", "", "", ""]
    assert (half.scores["task"] == "tempo").sum() == 3
