"""Figures of clusterings say what they should, name their axes, and hold no markup from tags."""

import json

import numpy as np
import pandas as pd
import pytest

from taglab.figures import clusters as figures
from taglab.figures.theme import PALETTE
from taglab.metrics.clustering import flow as flow_table
from tests.figures.shown import shown

HOSTILE = '<img src=x onerror="alert(1)">'


def tags(n: int = 40, k: int = 5, seed: int = 0) -> tuple[pd.DataFrame, list[str]]:
    rng = np.random.default_rng(seed)
    labels = np.r_[np.arange(k), rng.integers(k, size=n - k)]
    table = pd.DataFrame(
        {
            "tag": [HOSTILE, *(f"tag {row}" for row in range(1, n))],
            "count": np.arange(n, 0, -1),
            "cluster": labels,
            "silhouette": rng.uniform(-0.4, 0.9, n),
        }
    )
    return table, [HOSTILE, *(f"cluster {number}" for number in range(1, k))]


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("colour_by", ["cluster", "silhouette", "count"])
def test_the_map_holds_every_tag(dimensions: int, colour_by: str) -> None:
    table, names = tags()
    positions = np.random.default_rng(0).normal(size=(len(table), dimensions)).astype(np.float32)
    figure = figures.tag_map(table, positions, names, colour_by)
    points = [trace for trace in figure.data if trace.mode == "markers"]
    assert sum(len(trace.x) for trace in points) == len(table)
    assert figure.data[0].type == ("scatter3d" if dimensions == 3 else "scattergl")
    assert "<img" not in shown(figure)


def test_what_is_not_selected_on_the_map_is_grey_and_still_there() -> None:
    table, names = tags()
    positions = np.zeros((len(table), 2), np.float32)
    rest, lit = figures.tag_map(table, positions, names, selected=np.array([3, 7])).data[:2]
    assert list(lit.customdata) == [3, 7]
    assert len(rest.customdata) == len(table) - 2
    assert isinstance(rest.marker.color, str)
    assert set(lit.marker.color) <= set(PALETTE)


def bars(figure: object, colour: str | None = None) -> np.ndarray:
    """Rectangles of a silhouette plot as (value, from, to)."""
    traces = [trace for trace in figure.data if trace.fill == "toself" and colour in (None, trace.fillcolor)]
    corners = [np.c_[trace.x, trace.y].reshape(-1, 5, 2) for trace in traces]
    return np.concatenate([np.c_[each[:, 1, 0], each[:, 0, 1], each[:, 2, 1]] for each in corners])


def test_silhouettes_are_sorted_within_each_cluster_and_touch() -> None:
    table, names = tags()
    found = bars(figures.silhouette_plot(table, names))
    found = found[np.argsort(found[:, 1])]
    assert np.array_equal(found[:, 1], np.arange(len(table)))
    assert np.array_equal(found[:, 2], np.arange(len(table)) + 1)
    means = table.groupby("cluster")["silhouette"].mean().sort_values(ascending=False)
    expected = [
        value
        for cluster in means.index
        for value in sorted(table.loc[table["cluster"] == cluster, "silhouette"], reverse=True)
    ]
    assert found[:, 0] == pytest.approx(expected)


def test_each_mean_can_be_clicked_and_the_overall_mean_is_dashed() -> None:
    table, names = tags()
    figure = figures.silhouette_plot(table, names)
    diamonds = next(trace for trace in figure.data if trace.marker.symbol == "diamond")
    assert list(diamonds.customdata) == [-1, -2, -3, -4, -5]
    assert diamonds.x == pytest.approx(table.groupby("cluster")["silhouette"].mean().to_numpy())
    line = figure.layout.shapes[0]
    assert line.line.dash == "dash"
    assert line.x0 == pytest.approx(table["silhouette"].mean())
    points = figure.data[-1]
    assert sorted(points.customdata) == list(range(len(table)))
    assert "<img" not in shown(figure)


def test_selected_bars_are_coloured_over_grey_ones() -> None:
    table, names = tags()
    figure = figures.silhouette_plot(table, names, np.array([0, 6]))
    lit = np.concatenate([bars(figure, colour) for colour in PALETTE if len(colour_bars(figure, colour))])
    assert sorted(lit[:, 0]) == pytest.approx(sorted(table["silhouette"].iloc[[0, 6]]))
    assert len(bars(figure)) == len(table) + 2


def colour_bars(figure: object, colour: str) -> list[object]:
    return [trace for trace in figure.data if trace.fill == "toself" and trace.fillcolor == colour]


def test_very_many_tags_are_drawn_in_groups_and_the_title_says_so() -> None:
    n = 70_000
    table = pd.DataFrame({"tag": [f"t{i}" for i in range(n)], "count": 1, "cluster": np.arange(n) % 7,
                          "silhouette": np.linspace(-1, 1, n)})  # fmt: skip
    figure = figures.silhouette_plot(table, [f"c{i}" for i in range(7)])
    assert "up to 3 tags" in figure.layout.title.text
    found = bars(figure)
    assert len(found) <= n // 3 + 7
    assert (found[:, 2] - found[:, 1]).sum() == n
    chosen = figures.silhouette_plot(table, [f"c{i}" for i in range(7)], np.array([5]))
    assert len(bars(chosen)) == len(found) + 1


def test_one_tag_one_cluster_is_still_a_figure() -> None:
    table = pd.DataFrame({"tag": ["a"], "count": [1], "cluster": [0], "silhouette": [0.0]})
    assert len(bars(figures.silhouette_plot(table, ["a"]))) == 1


def test_scan_curves_mark_the_k_in_use() -> None:
    rows = pd.DataFrame(
        {
            "embedding": "own",
            "min_count": 10,
            "k": [2, 2, 5, 10],
            "seed": [0, 1, 0, 0],
            "within_distance": [9.0, 7.0, 5.0, np.nan],
            "silhouette": [0.1, 0.3, 0.4, np.nan],
            "over": "distinct vectors",
            "single_points": [0, 1, 3, 9],
        }
    )
    figure = figures.scan_curves(rows, 5, best=5, elbow=2)
    assert list(figure.data[0].x) == list(figure.data[2].customdata) == [2, 5]
    assert list(figure.data[2].y) == [0.5, 3]
    assert figure.layout.yaxis2.title.text == "mean silhouette<br>(over distinct vectors)"
    assert list(figure.data[0].y) == [8.0, 5.0]
    assert [note.text for note in figure.layout.annotations] == ["elbow", "k = 5, highest silhouette"]
    assert len({note.yshift for note in figure.layout.annotations}) == 2
    assert figure.layout.xaxis3.title.text == "clusters, k"


def test_flow_puts_matching_clusters_on_the_diagonal() -> None:
    first = np.array([0, 0, 0, 1, 1, 2])
    second = np.array([2, 2, 2, 0, 0, 1])
    figure = figures.flow_heatmap(flow_table(first, second), [HOSTILE, "b", "c"], ["x", "y", "z"])
    assert np.array_equal(figure.data[0].z, np.eye(3))
    assert "<img" not in shown(figure)


def test_class_bars_carry_names_in_the_order_of_the_table() -> None:
    classes = pd.DataFrame(
        {
            "class": ["a", HOSTILE, "c"],
            "tags": [1, 2, 3],
            "tracks": [5, 50, 0],
            "imbalance_ratio": [10, 1, np.nan],
        }
    )
    figure = figures.class_sizes(classes)
    assert list(figure.data[0].x) == [5, 50, 0]
    assert figure.layout.yaxis.ticktext[0::2] == ("a", "c")
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert "<img" not in shown(figure)


def test_seed_agreement_names_the_seeds() -> None:
    figure = figures.seed_agreement(np.eye(3), [0, 1, 7])
    assert list(figure.data[0].x) == ["0", "1", "7"]
    assert json.loads(shown(figure))["layout"]["xaxis"]["title"]["text"] == "seed"


def test_tags_without_a_figure_are_grey_on_the_map_of_a_run() -> None:
    table, names = tags()
    positions = np.random.default_rng(0).normal(size=(len(table), 2)).astype(np.float32)
    table["auc_pr"] = [np.nan, *np.linspace(0.1, 0.5, len(table) - 1)]
    figure = figures.tag_map(table, positions, names, "auc_pr")
    grey, lit = figure.data[:2]
    assert list(grey.customdata) == [0]
    assert (lit.marker.cmin, lit.marker.cmax) == (0.0, 0.5)
    assert "AUC-PR 0.500" in lit.text[-1]
    assert "AUC-PR" not in grey.text[0]


def test_tags_in_no_cluster_are_grey_on_the_map_and_have_no_silhouette() -> None:
    table = pd.DataFrame(
        {"tag": list("abcde"), "count": [5, 4, 3, 2, 1], "cluster": [0, -1, 1, -1, 0]}
        | {"silhouette": [0.5, np.nan, 0.2, np.nan, 0.4]}
    )
    positions = np.arange(10, dtype=float).reshape(5, 2)
    for colour_by in ("cluster", "silhouette"):
        figure = figures.tag_map(table, positions, ["first", "second"], colour_by)
        grey, lit = figure.data[0], figure.data[1]
        assert list(grey.customdata) == [1, 3]
        assert list(lit.customdata) == [0, 2, 4]
        assert "in no cluster" in grey.text[0]
        assert "Cluster: second" in lit.text[1]
    plot = figures.silhouette_plot(table, ["first", "second"])
    assert plot.layout.title.text == "Silhouette of each tag, by cluster; 2 tags in no cluster"
    assert list(plot.layout.yaxis.range) == [3, 0]
    assert list(plot.data[-1].customdata) == [0, 4, 2]
    (mean,) = [note.text for note in plot.layout.annotations]
    assert mean == "mean 0.367"


def test_what_has_no_k_is_scanned_with_its_clusters_and_whom_it_leaves_out() -> None:
    rows = pd.DataFrame(
        {
            "embedding": "own",
            "min_count": 10,
            "min_cluster_size": [2, 4],
            "k": [9, 3],
            "silhouette": [0.1, 0.3],
        }
        | {"within_distance": [9.0, 7.0], "over": "tags", "left_out": [1, 20]}
    )
    figure = figures.scan_curves(rows, 4, best=4, varied="min_cluster_size")
    assert [list(curve.y) for curve in figure.data] == [[9, 3], [0.1, 0.3], [1, 20]]
    assert list(figure.data[0].customdata) == [2, 4]
    assert figure.layout.xaxis3.title.text == "min cluster size"
