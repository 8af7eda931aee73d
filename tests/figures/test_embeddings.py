"""Pictures of tags in a semantic space."""

import numpy as np
import pandas as pd
import pytest

from taglab.figures.embeddings import (
    axis_plane,
    coverage_bars,
    neighbour_bars,
    neighbourhood_map,
    overlap_histogram,
    pairs_plane,
    unknown_word_bars,
)
from tests.figures.shown import shown

HOSTILE = '"><img src=x onerror=alert(1)>'


def test_coverage_shares_add_up_to_one() -> None:
    tags = pd.DataFrame({"count": [70, 20, 10], "state": ["all", "some", "none"]})
    words = pd.DataFrame({"count": [60, 20, 20, 60], "known": [True, True, False, False]})
    figure = coverage_bars(tags, words)
    assert sum(bar.x[0] for bar in figure.data) == pytest.approx(1)
    assert [bar.x[1] for bar in figure.data] == pytest.approx([0.7, 0.2, 0.1])
    assert [bar.x[2] for bar in figure.data] == pytest.approx([0.5, 0, 0.5])
    assert [bar.x[3] for bar in figure.data] == pytest.approx([0.5, 0, 0.5])
    assert figure.data[1].text[2:] == ("", "")


def test_coverage_of_nothing_is_nothing() -> None:
    figure = coverage_bars(pd.DataFrame({"count": [], "state": []}), pd.DataFrame({"count": [], "known": []}))
    assert all(np.all(np.asarray(bar.x) == 0) for bar in figure.data)


def test_the_map_draws_every_tag_and_names_the_neighbours() -> None:
    tags = ["jazz", "blues", "metal"]
    positions = np.array([[0, 0], [1, 0], [5, 5]], np.float32)
    figure = neighbourhood_map(positions, tags, "jazz", ["blues", "not on the map"], "PCA")
    everything, near, chosen = figure.data
    assert len(everything.x) == 3
    assert list(near.text) == ["blues"]
    assert list(chosen.text) == ["jazz"]


def test_a_tag_without_a_place_is_not_drawn() -> None:
    figure = neighbourhood_map(np.zeros((1, 2), np.float32), ["a"], "b", [], "PCA")
    assert len(figure.data[2].x) == 0


def test_the_axis_has_its_ends_apart_from_the_rest() -> None:
    table = pd.DataFrame(
        {"tag": ["sad", "happy", "rock", "odd"], "position": [0, 1, 0.4, 0.6], "distance": [0, 0, 1, 1]}
    )
    rest, named, ends = axis_plane(table, "sad", "happy", ["sad", "rock"]).data
    assert list(rest.text) == ["odd"]
    assert list(named.text) == ["rock"]
    assert list(ends.text) == ["sad", "happy"]


def test_overlaps_are_counted_in_neighbours() -> None:
    bars = overlap_histogram(pd.DataFrame({"overlap": [0, 0.1, 0.1, 1]}), 10).data[0]
    assert list(bars.y) == [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_neighbours_in_common_stand_out() -> None:
    near = pd.DataFrame({"tag": ["a", "b"], "similarity": [0.5, 0.4], "unknown": ["", ""]})
    first, second = neighbour_bars(near, "x", {"a"}).data[0].marker.color
    assert first != second


def test_neighbours_with_unknown_words_are_hatched_and_say_which() -> None:
    near = pd.DataFrame({"tag": ["a", "b c"], "similarity": [0.5, 0.4], "unknown": ["", HOSTILE]})
    bars = neighbour_bars(near, "x").data[0]
    assert list(bars.marker.pattern.shape) == ["", "/"]
    assert bars.customdata[0][1] == ""
    assert bars.customdata[1][1].startswith("<br>no vector of: ")
    assert "<img" not in bars.customdata[1][1]
    assert "%{customdata[1]}" in bars.hovertemplate
    assert len(neighbour_bars(near.head(0), "x").data[0].x) == 0


def test_each_pair_is_a_line() -> None:
    figure = pairs_plane(
        np.arange(8, dtype=np.float32).reshape(4, 2), ["Germany", "Berlin", "France", "Paris"]
    )
    assert [list(line.text) for line in figure.data] == [["Germany", "Berlin"], ["France", "Paris"]]


def test_hostile_text_is_never_markup() -> None:
    near = pd.DataFrame({"tag": [HOSTILE], "similarity": [0.5], "unknown": [HOSTILE]})
    words = pd.DataFrame({"word": [HOSTILE], "count": [3], "tags": [1]})
    line = pd.DataFrame({"tag": [HOSTILE], "position": [0.0], "distance": [0.0]})
    for figure in (
        neighbour_bars(near, f"Nearest to {HOSTILE}"),
        unknown_word_bars(words),
        pairs_plane(np.zeros((2, 2), np.float32), [HOSTILE, HOSTILE]),
        axis_plane(line, HOSTILE, HOSTILE, []),
        neighbourhood_map(np.zeros((1, 2), np.float32), [HOSTILE], HOSTILE, [HOSTILE], "PCA"),
    ):
        assert "<img" not in shown(figure)
