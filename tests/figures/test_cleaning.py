"""Figures of a cleaning say what they should, name their axes, and hold no markup from tags."""

import numpy as np
import pandas as pd
import pytest

from taglab.figures import cleaning as figures
from tests.figures.shown import shown

HOSTILE = '<img src=x onerror="alert(1)">'


def tags(*counts: int) -> pd.DataFrame:
    names = [HOSTILE, *(f"tag {number}" for number in range(1, len(counts)))]
    return pd.DataFrame({"tag": names[: len(counts)], "count": counts})


def test_before_and_after_are_two_curves_over_all_ranks() -> None:
    figure = figures.before_and_after(tags(9, 9, 3, 1, 1), tags(12, 3))
    before, after = figure.data
    assert before.name == "before: 5 tags"
    assert list(before.x) == [1, 2, 3, 3, 4, 5]
    assert list(before.y) == [9, 9, 3, 3, 1, 1]
    assert list(after.x) == [1, 1, 2, 2]
    assert figure.layout.xaxis.title.text.startswith("rank")
    assert "<img" not in shown(figure)
    assert len(figures.before_and_after(tags(1), tags()).data) == 1


def test_categories_stand_side_by_side() -> None:
    table = pd.DataFrame(
        {
            "category": ["genre", HOSTILE],
            "counts_before": [10, 5],
            "counts_after": [9, 0],
            "tags_before": [3, 2],
            "tags_after": [2, 0],
        }
    )
    figure = figures.category_bars(table)
    assert [list(bar.x) for bar in figure.data] == [[10, 5], [9, 0]]
    assert figure.layout.xaxis.title.text == "assignments (a track and a tag it has)"
    assert "<img" not in shown(figure)
    assert figures.category_bars(table.head(0)).data


def flow(*rows: tuple[str, str, str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["step", "target", "kind", "counts", "tags"])


def test_the_flow_leads_from_steps_to_what_tags_became() -> None:
    figure = figures.count_flow(
        flow(
            ("1 typos", HOSTILE, "tag", 5, 2), ("2 filters", "", "dropped", 9, 4),
            ("1 typos", "", "other", 3, 3), ("2 filters", " ", "tag", 1, 1),
        )
    )  # fmt: skip
    (sankey,) = figure.data
    labels = list(sankey.node.label)
    assert labels[:2] == ["1 typos", "2 filters"]
    assert labels[-2:] == ["other tags", "dropped"]
    assert "' '" in labels
    ends = [(labels[source], labels[target], value) for source, target, value in zip(
        sankey.link.source, sankey.link.target, sankey.link.value, strict=True)]  # fmt: skip
    assert ("2 filters", "dropped", 9) in ends
    assert ("1 typos", "other tags", 3) in ends
    assert all(0 < place < 1 for place in (*sankey.node.x, *sankey.node.y))
    assert "<img" not in shown(figure)


@pytest.mark.parametrize("sd", [0.1, 0.0])
def test_the_fit_is_drawn_with_its_cut_and_the_tags_around(sd: float) -> None:
    distances = np.random.default_rng(0).normal(1.2, sd, 500)
    near = pd.DataFrame(
        {"tag": [HOSTILE, "b", ""], "distance": [0.8, 0.9, 1.0], "inside": [True, True, False]}
    )
    figure = figures.distance_fit(distances, HOSTILE, 1.2, sd, 0.95, near, ("empirical cut", 0.9))
    bars = figure.data[0]
    assert np.sum(np.asarray(bars.y) * np.asarray(bars.width)) == pytest.approx(1)
    assert {trace.name for trace in figure.data} >= ({"tags", "fitted normal"} if sd else {"tags"})
    names = figure.data[-1]
    assert list(names.x) == [0.8, 0.9, 1.0]
    cuts = {shape.x0 for shape in figure.layout.shapes}
    assert cuts == {0.95, 0.9}
    assert "<img" not in shown(figure)
    assert figure.layout.xaxis.title.text.startswith("L2 distance")


def test_no_tag_around_the_cut_is_still_a_figure() -> None:
    near = pd.DataFrame({"tag": [], "distance": [], "inside": []})
    assert figures.distance_fit(np.ones(3), "a", 1.0, 0.0, 0.5, near).data


def test_targets_by_what_is_inside_their_cut() -> None:
    figure = figures.fit_bars([HOSTILE, "b"], [1, 7])
    assert list(figure.data[0].x) == [7, 1]
    assert "<img" not in shown(figure)
