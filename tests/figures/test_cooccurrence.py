"""Heat map, tree, map and curves: what is drawn is what was given, and trees are SciPy's."""

import numpy as np
import pandas as pd
import pytest
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist

from taglab.figures.cooccurrence import (
    cooccurrence_heatmap,
    dendrogram,
    genre_map,
    silhouette_curves,
)
from tests.figures.shown import shown

HOSTILE = '"><img src=x onerror=alert(1)>'


def tree_of(n: int, method: str = "average", seed: int = 0) -> np.ndarray:
    return hierarchy.linkage(pdist(np.random.default_rng(seed).normal(size=(n, 3))), method)


def test_the_heat_map_is_in_the_order_asked_for_and_blank_on_its_diagonal() -> None:
    values = np.array([[1.0, 0.2, 0.5], [0.2, 1.0, 0.0], [0.5, 0.0, 1.0]])
    together = np.array([[10, 2, 5], [2, 10, 0], [5, 0, 10]])
    figure = cooccurrence_heatmap(
        values, ["a", "b", HOSTILE], together, np.array([2, 0, 1]), [(0, 2)], "near"
    )
    drawn = figure.data[0]
    np.testing.assert_allclose(
        drawn.z, [[np.nan, 0.5, 0.0], [0.5, np.nan, 0.2], [0.0, 0.2, np.nan]], rtol=1e-6
    )
    assert drawn.zmax == 0.5
    assert "together: 5" in drawn.text[0][1]
    rings = figure.data[1]
    assert {tuple(pair) for pair in zip(rings.x, rings.y, strict=True)} == {(0, 1), (1, 0)}
    assert "<img" not in shown(figure)


def test_a_heat_map_of_one_and_of_none() -> None:
    cooccurrence_heatmap(np.ones((1, 1)), ["a"], np.ones((1, 1)))
    assert len(cooccurrence_heatmap(np.zeros((0, 0)), [], np.zeros((0, 0))).data) == 1


@pytest.mark.parametrize("method", ["average", "complete", "single"])
@pytest.mark.parametrize("n", [2, 3, 25])
def test_the_tree_is_scipys(method: str, n: int) -> None:
    tree = tree_of(n, method)
    theirs = hierarchy.dendrogram(tree, no_plot=True)
    figure = dendrogram(tree, [str(tag) for tag in range(n)], np.zeros(n, int), "distance")
    lines = figure.data[0]
    x, y = (np.array([*values], float).reshape(-1, 5)[:, :4] for values in (lines.x, lines.y))
    ours = sorted(map(tuple, np.round(np.hstack([x, y]), 9)))
    expected = np.hstack([theirs["dcoord"], (np.array(theirs["icoord"]) - 5) / 10])
    assert ours == sorted(map(tuple, np.round(expected, 9)))


def test_a_chain_as_deep_as_python_cannot_recurse() -> None:
    n = 5000
    chain = np.c_[np.r_[0, np.arange(n, 2 * n - 2)], np.arange(1, n), np.arange(1, n), np.arange(2, n + 1)]
    figure = dendrogram(chain.astype(float), [str(tag) for tag in range(n)], np.zeros(n, int), "distance")
    assert list(figure.data[-1].text) == [str(tag) for tag in range(n)]


def test_links_within_a_cluster_have_its_colour_and_the_cut_parts_them() -> None:
    tree = tree_of(12)
    labels = hierarchy.fcluster(tree, 3, "maxclust") - 1
    figure = dendrogram(tree, [f"t{tag}" for tag in range(12)], labels, "distance")
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    between = lines[0]
    assert len(between.x) == 5 * 2  # two links join three clusters
    cut = figure.layout.shapes[0].x0
    assert all(max(value for value in trace.x if value is not None) < cut for trace in lines[1:])
    assert cut < min(np.array([*between.x], float).reshape(-1, 5)[:, 1])


def tags_on_a_map() -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.DataFrame(
        {
            "tag": ["metal", HOSTILE, "thrash", "doom", "odd"],
            "count": [90, 30, 20, 10, 1],
            "cluster": [-1, 0, 0, 1, -1],
            "said": ["the genre's main tag", "", "", "", "alone in its cluster"],
        }
    )
    return table, np.array([[0.0, 0], [1, 0], [1, 0.001], [0, 1], [1, 1]])


def test_the_genre_map_marks_the_main_tag_and_says_why_others_are_left_out() -> None:
    figure = genre_map(*tags_on_a_map(), ["first", "second"], "metal", "metal")
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name) == ["first", "second", "in no subgenre", "metal: the genre's main tag"]
    assert by_name["metal: the genre's main tag"].marker.symbol == "star"
    assert "alone in its cluster" in by_name["in no subgenre"].hovertext[0]
    assert "in: second" in by_name["second"].hovertext[0]
    assert "<img" not in shown(figure)


def test_names_that_would_run_into_each_other_stand_in_the_hover_only() -> None:
    figure = genre_map(*tags_on_a_map(), ["first", "second"], "metal", "metal")
    shown = figure.data[0].text
    assert shown[0]  # the more used of two on one spot
    assert shown[1] == ""


def test_more_subgenres_than_hues_differ_in_their_sign() -> None:
    names = [f"s{number}" for number in range(20)]
    table = pd.DataFrame({"tag": names, "count": 1, "cluster": range(20), "said": ""})
    figure = genre_map(table, np.random.default_rng(0).normal(size=(20, 2)), names, "", "many")
    looks = {(trace.marker.color, trace.marker.symbol) for trace in figure.data}
    assert len(looks) == 20


def test_curves_ring_what_each_way_takes() -> None:
    table = pd.DataFrame(
        {"way": ["a", "a", "b"], "k": [5, 6, 5], "silhouette": [0.1, 0.3, 0.2], "chosen": [False, True, True]}
    )
    figure = silhouette_curves(table)
    assert [list(trace.x) for trace in figure.data] == [[5, 6], [6], [5], [5]]
    assert silhouette_curves(table.head(0)).data == ()
