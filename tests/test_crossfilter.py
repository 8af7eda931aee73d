"""Filters on columns: what passes, what is counted under the others, and how a link carries them."""

import math
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.crossfilter import (
    Among,
    Categories,
    Filter,
    Numbers,
    Span,
    absent,
    counts,
    numbers_or_names,
    parsed,
    passing,
    present,
    written,
)
from taglab.errors import InvalidSetting

COUNT = Numbers.of([1, 2, 2, 3, 9, math.nan])
GROUP = Categories.of(["rock", "rock", "folk", None, "rock", "folk"])
COLUMNS = {"count": COUNT, "group": GROUP}


def rock() -> Among:
    return Among(frozenset({"rock"}))


def test_a_span_holds_its_low_end_and_not_its_high_one() -> None:
    assert COUNT.passing(Span(2, 9)).tolist() == [False, True, True, True, False, False]
    assert COUNT.passing(Span(2)).tolist() == [False, True, True, True, True, False]


def test_names_pass_where_they_are_among_the_wanted() -> None:
    assert GROUP.names == ("rock", "folk")
    assert GROUP.passing(rock()).tolist() == [True, True, False, False, True, False]


def test_a_chart_counts_under_the_filters_of_the_others() -> None:
    filters: dict[str, Filter] = {"count": Span(2, 9), "group": rock()}
    mask = passing(COLUMNS, filters)
    assert mask is not None
    assert mask.tolist() == [False, True, False, False, False, False]
    assert counts(GROUP, passing(COLUMNS, filters, but="group")).tolist() == [1, 1]
    of_counts = dict(zip(COUNT.edges, counts(COUNT, passing(COLUMNS, filters, but="count")), strict=False))
    assert {edge: n for edge, n in of_counts.items() if n} == {1: 1, 2: 1, 9: 1}
    assert passing(COLUMNS, {}) is None
    assert counts(GROUP).tolist() == [3, 2]


def test_few_whole_numbers_have_a_bin_each() -> None:
    assert COUNT.whole
    assert COUNT.edges.tolist() == list(range(1, 11))
    assert COUNT.bins.tolist() == [0, 1, 1, 2, 8, -1]


def test_skewed_counts_are_put_into_bins_of_one_ratio() -> None:
    column = Numbers.of([1] * 50 + [10, 100, 1000])
    assert column.edges[0] == 1
    assert column.edges[-1] == 1001
    assert (np.diff(column.edges) >= 1).all()
    assert counts(column).sum() == 53


@pytest.mark.parametrize(
    "values", [[], [math.nan], [5, 5], [0.25, 0.25], [0.0], [-1e300, 1e300], [math.inf, 1]]
)
def test_odd_columns_have_bins(values: list[float]) -> None:
    column = Numbers.of(values)
    assert (np.diff(column.edges) > 0).all()
    assert counts(column).sum() == sum(math.isfinite(value) for value in values)


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ([1e17, 1e17], [1e17, math.nextafter(1e17, math.inf)]),
        ([1.0, math.nextafter(1, 2)], [1.0, math.nextafter(1, 2), math.nextafter(math.nextafter(1, 2), 2)]),
        ([0, 5e-324], [0, 1e-323]),
        ([0, 2e-322], [0, 2.03e-322]),
        ([sys.float_info.max], [math.nextafter(sys.float_info.max, 0), sys.float_info.max]),
    ],
)
def test_numbers_that_no_round_step_tells_apart_have_few_bins(
    values: list[float], edges: list[float]
) -> None:
    assert Numbers.of(values).edges.tolist() == edges


def test_the_ends_of_all_floats_have_bins() -> None:
    column = Numbers.of([-1.7e308, 0, 1.7e308])
    assert column.bins.tolist() == [0, 9, 17]
    assert column.edges[1:-1] == pytest.approx(np.arange(-8, 9) * 2e307)
    assert column.edges[-1] == sys.float_info.max  # 1.8e308 is no float


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20)
    | st.lists(st.floats(0.001, 100), min_size=1, max_size=20)
    | st.tuples(st.floats(-1e18, 1e18), st.integers(0, 100)).map(
        lambda pair: [pair[0], pair[0] + pair[1] * math.ulp(pair[0])]
    ),
    st.integers(1, 40),
)
def test_every_finite_number_has_a_bin_and_edges_rise(values: list[float], most: int) -> None:
    column = Numbers.of(values, most)
    assert np.isfinite(column.edges).all()
    assert (column.edges[1:] > column.edges[:-1]).all()
    assert (column.bins >= 0).all()
    assert (column.edges[column.bins] <= column.values).all()
    right = column.edges[column.bins + 1]
    assert ((column.values < right) | (right == sys.float_info.max)).all()
    assert column.n_bins <= 4 * most + 100


@given(st.lists(st.floats(-1e6, 1e6) | st.integers(0, 10_000).map(float), min_size=1, max_size=60))
def test_bins_agree_with_spans_between_their_edges(values: list[float]) -> None:
    column = Numbers.of(values)
    for at in range(column.n_bins):
        within = column.passing(Span(column.edges[at], column.edges[at + 1]))
        assert np.array_equal(within, column.bins == at)


def test_steps_are_round() -> None:
    column = Numbers.of(np.linspace(-0.31, 0.48, 500))
    assert np.diff(column.edges) == pytest.approx(0.025)
    assert np.allclose(column.edges / 0.025, np.round(column.edges / 0.025))


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"count": Span(10, 200)},
        {"x": Span(0.1 + 0.2, 1 / 3), "y": Span(100000000000, 100000000005), "z": Span(-5e-324, 1.7e308)},
        {"count": Span(high=-0.5), "a=b;c.d": Among(frozenset({"x,y", "..", "%2C", "<b>", "\u05e2"}))},
    ],
)
def test_a_link_carries_filters(filters: dict[str, Filter]) -> None:
    assert parsed(written(filters)) == filters


@pytest.mark.parametrize(
    "text", ["count", "=1..2", "count=", "count=2..1", "count=a..b", "count=nan..", "x" * 5000]
)
def test_what_is_no_filter_is_named(text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"filter|below"):
        parsed(text)


def test_what_is_not_there_any_more_is_let_go() -> None:
    both = Among(frozenset({"rock", "punk"}))
    filters: dict[str, Filter] = {"group": both, "year": Span(1990), "count": Span(2)}
    assert absent(COLUMNS, filters) == {"group": frozenset({"punk"}), "year": frozenset()}
    assert present(COLUMNS, filters) == {"group": rock(), "count": Span(2)}
    assert present(COLUMNS, {"group": Among(frozenset({"punk"})), "count": rock()}) == {}


def test_columns_are_told_by_what_they_hold() -> None:
    assert isinstance(numbers_or_names(pd.Series([1, None, 3], dtype="Int64")), Numbers)
    kinds = numbers_or_names(pd.Series(["a", "a", None, "b", "a"]))
    assert isinstance(kinds, Categories)
    assert kinds.names == ("a", "b")
    assert numbers_or_names(pd.Series(["a", "b", "c", "d"])) is None
    assert numbers_or_names(pd.Series([["a"], ["b"]])) is None
    assert numbers_or_names(pd.Series([None, None], dtype="Int64")) is None
    truths = numbers_or_names(pd.Series([True, True, False]))
    assert isinstance(truths, Categories)
    assert truths.names == ("yes", "no")
