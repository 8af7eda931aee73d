"""Selections in a link, and the numbers a slider offers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.figures.theme import GREY, PALETTE
from taglab.ui.clusters.material import k_steps
from taglab.ui.selection import _parse, _ranges
from taglab.ui.tag_map import MapClasses, map_points
from taglab.ui.tag_map import _classes as class_table


@given(st.sets(st.integers(0, 300)))
def test_a_selection_comes_back_from_its_link(rows: set[int]) -> None:
    text = _ranges(np.array(sorted(rows), np.intp))
    assert _parse(text, 301) == sorted(rows)
    assert _parse(text, 100) == sorted(row for row in rows if row < 100)


@given(st.text(max_size=50), st.integers(0, 50))
def test_any_text_in_a_link_names_rows_there_are(text: str, n: int) -> None:
    assert set(_parse(text, n)) <= set(range(n))


@given(st.integers(1, 600_000), st.one_of(st.none(), st.integers(-5, 700_000)))
def test_a_slider_offers_rising_numbers_up_to_all_tags(most: int, asked: int | None) -> None:
    steps = k_steps(most, asked)
    assert steps[-1] == most
    assert steps == sorted(set(steps))
    assert len(steps) < 400
    assert steps[: min(most, 120) - 1] == list(range(2, min(most, 120) + 1)) or most == 1
    if asked is not None and 2 <= asked <= most:
        assert asked in steps


def test_the_map_is_sent_the_colours_and_places_of_its_groups() -> None:
    labels = np.array([0, 0, 0, 2], np.int32)
    places = np.array([[1, 5], [np.nan, np.nan], [-4, 2]], np.float32)
    table = class_table(MapClasses(labels, ["x", "empty", "y"], np.array([6, -1, 2]), places))
    assert table["colour"].to_pylist() == [PALETTE[6], GREY, PALETTE[2]]
    assert table["x"].to_pylist()[::2] == [1, -4]
    assert table["y"].to_pylist()[::2] == [5, 2]
    assert np.isnan(table["x"].to_pylist()[1])
    assert table["size"].to_pylist() == [3, 0, 1]


def test_positions_must_be_one_a_tag() -> None:
    with pytest.raises(ValueError, match=r"must be \(3, 2\)"):
        map_points("name", ["a", "b", "c"], [1, 1, 1], np.zeros((2, 2), np.float32))
