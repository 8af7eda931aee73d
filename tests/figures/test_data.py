"""Pictures of a folksonomy hold every tag and say what they show."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.figures.data import activity_curves, co_tag_bars, head_slope, popularity_curve, tags_per_track
from tests.figures.shown import shown

HOSTILE = '"><img src=x onerror=alert(1)>'


def tag_table(counts: list[int], names: list[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame({"tag": names or [f"tag {row}" for row in range(len(counts))], "count": counts})


@given(st.lists(st.integers(1, 50), min_size=1, max_size=200))
def test_every_tag_lies_on_the_curve(counts: list[int]) -> None:
    counts = sorted(counts, reverse=True)
    line = popularity_curve(tag_table(counts)).data[0]
    drawn = np.interp(np.arange(1, len(counts) + 1), line.x, line.y)
    np.testing.assert_allclose(drawn, counts)


def test_half_a_million_tags_are_few_corners() -> None:
    counts = (500_000 // np.arange(1, 500_001)).tolist()
    assert len(popularity_curve(tag_table(counts)).data[0].x) < 3_000


def test_axes_are_logarithmic_and_named() -> None:
    layout = popularity_curve(tag_table([9, 3, 1])).layout
    assert layout.xaxis.type == layout.yaxis.type == "log"
    assert "rank" in layout.xaxis.title.text
    assert "tracks" in layout.yaxis.title.text


def test_a_level_says_which_tags_are_on_it() -> None:
    line = popularity_curve(tag_table([7, 2, 2, 2, 2, 2, 2])).data[0]
    assert "rank 1" in line.customdata[0]
    assert "ranks 2 to 7" in line.customdata[2]
    assert "and 2 more" in line.customdata[2]


def test_the_minimum_count_says_how_many_pass() -> None:
    figure = popularity_curve(tag_table([9, 5, 5, 1]), min_count=5)
    assert "3 tags" in figure.layout.annotations[0].text
    assert list(figure.data[-1].y) == [5, 5]


def test_the_selected_tag_is_marked() -> None:
    figure = popularity_curve(tag_table([9, 5, 1]), selected="tag 1")
    assert list(figure.data[-1].x) == [2]
    assert list(figure.data[-1].y) == [5]
    assert "rank %{x:,}<br>%{y:,} tracks" in figure.data[-1].hovertemplate


def test_a_selected_tag_that_is_not_there_is_not_marked() -> None:
    assert len(popularity_curve(tag_table([9, 5]), selected="gone").data) == 2


def test_no_tags_is_an_empty_figure() -> None:
    assert not popularity_curve(tag_table([])).data


def test_hostile_tags_are_text() -> None:
    figure = popularity_curve(tag_table([3, 2], [HOSTILE, "%{x}"]), selected=HOSTILE)
    assert "<img" not in shown(figure)


def test_a_power_law_has_its_exponent_as_slope() -> None:
    counts = 1e6 * np.arange(1, 101.0) ** -0.7
    assert head_slope(counts) == pytest.approx(-0.7)


@pytest.mark.parametrize("counts", [[], [4]])
def test_too_few_tags_have_no_slope(counts: list[int]) -> None:
    assert np.isnan(head_slope(counts))


def test_tracks_are_counted_by_their_number_of_tags() -> None:
    bars = tags_per_track([0, 2, 2, 3]).data[0]
    assert list(bars.x) == [0, 1, 2, 3]
    assert list(bars.y) == [1, 0, 2, 1]


def test_no_tracks_is_no_bar() -> None:
    assert list(tags_per_track([]).data[0].y) == [0]


def test_co_tags_are_ranked() -> None:
    table = pd.DataFrame({"tag": ["a", HOSTILE], "together": [4, 2], "share": [1.0, 0.5], "lift": [2.0, 1.0]})
    figure = co_tag_bars(table, HOSTILE)
    assert list(figure.data[0].x) == [4, 2]
    assert "<img" not in shown(figure)


def test_activity_curves_count_who_has_at_least_so_many() -> None:
    table = pd.DataFrame({"at_least": [1, 2, 5], "users": [4, 3, 0], "tracks": [9, 2, 1]})
    figure = activity_curves(table, min_tracks=2, min_users=3)
    users, of_users, tracks, of_tracks = figure.data
    assert (list(of_users.x), list(of_tracks.x)) == ([2, 2], [3, 3])
    assert [note.x for note in figure.layout.annotations] == pytest.approx(np.log10([2, 3]).tolist())
    assert (list(users.x), list(users.y)) == ([1, 2], [4, 3])
    assert (list(tracks.x), list(tracks.y)) == ([1, 2, 5], [9, 2, 1])
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    assert [note.text for note in figure.layout.annotations] == ["3 users of ≥ 2", "1 tracks of ≥ 3"]
    beyond = activity_curves(table, min_tracks=300, min_users=300)
    assert [note.text for note in beyond.layout.annotations] == ["0 users of ≥ 300", "0 tracks of ≥ 300"]
    assert not len(activity_curves(table.iloc[:0], 2, 2).data[0].x)
