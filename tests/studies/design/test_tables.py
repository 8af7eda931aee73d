"""Every table of a design, before and after anything is scored."""

import numpy as np
import pandas as pd
import pytest

from taglab.errors import InvalidSetting
from taglab.studies.design import DesignSettings
from taglab.studies.design.kept import Design, add_scores, assign_runs, make_design
from taglab.studies.design.tables import TABLES
from tests.studies.design.test_analysis import SOURCES, simulated

SETTINGS = DesignSettings(sources=SOURCES, single_repeats=4, all_repeats=3, fractional=50)
BEFORE_SCORES = {"progress", "runs", "alias"}


def scored(finished: int) -> Design:
    design = make_design("kim", SETTINGS)
    scores = simulated(design.runs)
    return add_scores("kim", scores.assign(number=scores["run"] + 1).query(f"number <= {finished}"))


@pytest.mark.parametrize("name", TABLES)
def test_each_table_of_a_whole_design(name: str) -> None:
    table, notes = TABLES[name].make(scored(81), 0, lambda fraction, text: None)
    assert len(table)
    assert not table.isna().all(axis=None)
    assert all(isinstance(note, str) for note in notes)


@pytest.mark.parametrize("name", TABLES)
def test_each_table_before_anything_is_scored(name: str) -> None:
    design = make_design("kim", SETTINGS)
    if name not in BEFORE_SCORES:
        with pytest.raises(InvalidSetting, match="no score of the design is there"):
            TABLES[name].make(design, 0, lambda fraction, text: None)
        return
    table, _ = TABLES[name].make(design, 0, lambda fraction, text: None)
    assert len(table)


def test_progress_counts_and_tells_what_can_be_told() -> None:
    scored(40)
    design = assign_runs("kim", {number: f"run-{number}" for number in range(1, 46)})
    table, _ = TABLES["progress"].make(design, 0, lambda fraction, text: None)
    assert table[["planned", "made", "scored"]].sum().tolist() == [81, 45, 40]
    told = table["scored"] > 0
    assert table.loc[told, "estimate"].notna().all()
    assert table.loc[~told, ["estimate", "low", "high"]].isna().all(axis=None)
    assert table["strategy"].iloc[0] == "SS-R"


def test_effects_by_bootstrap() -> None:
    design = scored(81)
    student, drawn = (TABLES["effects"].make(design, n, lambda fraction, text: None)[0] for n in (0, 40))
    pd.testing.assert_series_equal(student["estimate"], drawn["estimate"])
    assert set(student["model"]) == {"strategy", "size"}
    wide = drawn["high"] - drawn["low"]
    assert wide.between(
        0.2 * (student["high"] - student["low"]), 2 * (student["high"] - student["low"])
    ).all()


def test_alias_is_of_all_planned_runs() -> None:
    design = make_design("kim", SETTINGS)
    matrix = TABLES["alias"].make(design, 0, lambda fraction, text: None)[0].set_index("effect")
    np.testing.assert_allclose(np.diag(matrix), 1)
    assert list(matrix.columns[:5]) == [*SOURCES, "number of sources"]
