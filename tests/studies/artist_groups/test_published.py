"""Tables 3.3 to 3.5 as printed: what follows from what, and what does not."""

import itertools

import numpy as np
import pandas as pd
import pytest

from taglab.studies.artist_groups import (
    best_by_number,
    means_by_main_task,
    means_by_number,
    printed,
    sections,
    table_3_5,
)


def figures(equal_rows: bool) -> dict[tuple[str, bool], tuple[int, float, float]]:
    table = means_by_main_task(printed(), equal_rows)
    return {
        (row.architecture, row.main): (row.rows, row.log_loss, row.f1)
        for row in table.itertuples(index=False)
    }


def test_every_combination_of_five_tasks_is_there_once() -> None:
    table = printed()
    expected = {frozenset(names) for size in range(1, 6) for names in itertools.combinations("gmdes", size)}
    for architecture, rows in table.groupby("architecture"):
        combinations = [frozenset(tasks) for tasks in rows["tasks"]]
        assert len(set(combinations)) == len(combinations)
        least = 1 if architecture == "STN" else 2
        assert set(combinations) == {names for names in expected if len(names) >= least}
    assert (len(table), table["tasks"].nunique()) == (31 + 26, 31)


def test_table_3_3_follows_from_unequal_rows_only() -> None:
    """As printed: 1.0079 and 0.4932 of STN without the main task, 0.8540 and 0.6154 with it."""
    unequal = figures(equal_rows=False)
    assert unequal["STN", False][0] == 15
    assert unequal["MTN", False][0] == 11
    assert unequal["STN", False][1:] == pytest.approx((1.0079, 0.4933), abs=5e-5)
    assert unequal["MTN", False][1:] == pytest.approx((0.9618, 0.5168), abs=5e-5)
    assert unequal["STN", True][1:] == pytest.approx((0.8540, 0.6154), abs=6e-5)
    assert unequal["MTN", True][1:] == pytest.approx((0.8486, 0.6155), abs=6e-5)


def test_on_equal_rows_f1_is_in_favour_of_single_tasks() -> None:
    equal = figures(equal_rows=True)
    assert [equal[key][0] for key in equal] == [11, 11, 15, 15]
    assert equal["STN", False][1:] == pytest.approx((0.9677, 0.5253), abs=5e-5)
    assert equal["MTN", False][1:] == pytest.approx((0.9618, 0.5168), abs=5e-5)
    assert equal["STN", True][1:] == pytest.approx((0.8517, 0.6166), abs=6e-5)
    assert equal["MTN", True][1:] == pytest.approx((0.8486, 0.6155), abs=6e-5)
    for main in (False, True):
        assert equal["STN", main][2] > equal["MTN", main][2]
        assert equal["STN", main][1] > equal["MTN", main][1]


def test_table_3_5_disagrees_with_table_3_4_in_two_cells() -> None:
    best, theirs = best_by_number(printed()), table_3_5().set_index("n")
    wrong = []
    for row in best.itertuples(index=False):
        for measure in ("log_loss", "f1"):
            cell = theirs.loc[row.n, f"{row.architecture.lower()}_{measure}"]
            if not np.isclose(getattr(row, measure), cell, atol=1e-9):
                wrong.append((row.architecture, row.n, measure, getattr(row, measure), cell))
    assert wrong == [("STN", 4, "f1", 0.6379, 0.6352), ("STN", 5, "log_loss", 0.7894, 0.7893)]


def test_the_wide_network_has_the_better_f1_for_three_and_four_tasks() -> None:
    table = table_3_5()
    better = table[table["wstn_f1"] > table[["stn_f1", "mtn_f1"]].max(axis=1)]
    assert better["n"].tolist() == [3, 4]


def test_more_tasks_lower_the_mean_log_loss() -> None:
    means = means_by_number(printed())
    for _, rows in means.groupby("architecture"):
        assert rows.sort_values("n")["log_loss"].is_monotonic_decreasing
    assert means["rows"].sum() == 57


def test_sections_stand_alone_and_beside_ours() -> None:
    alone = sections()
    assert [section.heading for section in alone] == ["Table 3.3", "Table 3.4", "Table 3.5"]
    assert all(section.here is None for section in alone)
    assert len(alone[2].notes) == 3
    wide = pd.DataFrame({"n": [2, 3], "log_loss": [0.9, 0.8], "f1": [0.5, 0.6]})
    beside = sections(printed(), wide)
    here = beside[2].here
    assert here is not None
    assert list(here.columns) == list(table_3_5().columns)
    assert here["wstn_f1"].tolist()[:2] == [0.5, 0.6]
    assert here.loc[3, ["stn_f1", "mtn_f1"]].tolist() == [0.6599, 0.6571]
    assert here["wstn_f1"].isna().tolist() == [False, False, True, True]
