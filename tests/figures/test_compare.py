"""Figures of several models say what they should, and hold no markup from labels or titles."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.stats import gaussian_kde

from taglab.figures import compare as figures
from taglab.figures.theme import GREY, PALETTE
from tests.figures.shown import shown

HOSTILE = '<img src=x onerror="alert(1)">'
RUNS = [HOSTILE, "tags", "clusters"]


def results(runs: list[str] = RUNS, labels: int = 40, prevalence: float = 0.1) -> pd.DataFrame:
    random = np.random.default_rng(0)
    n = labels * len(runs)
    return pd.DataFrame(
        {
            "run": np.repeat(runs, labels),
            "label": [HOSTILE, *(f"label {number}" for number in range(1, labels))] * len(runs),
            "value": random.beta(2, 5, n),
            "count": random.integers(1, 1000, n).astype(float),
            "prevalence": prevalence,
            "group": np.resize(["Genres", "Emotions"], n),
        }
    )


def pairs(rows: int = 3) -> pd.DataFrame:
    table = pd.DataFrame(
        {"label": [HOSTILE, "b", "c"][:rows], "group": ["Genres", "Genres", "Emotions"][:rows]}
    )
    table["x"], table["y"] = [0.5, 0.4, 0.2][:rows], [0.1, 0.3, 0.4][:rows]
    return table.assign(difference=table["x"] - table["y"])


@given(st.lists(st.floats(0, 1), min_size=2, max_size=60))
def test_a_density_lies_within_its_bounds(values: list[float]) -> None:
    at = np.linspace(0, 1, 4001)
    found = figures.density(values, at)
    if np.std(values) * len(values) ** -0.2 < 2e-3:
        return  # too narrow for the grid, or no width at all
    # Values at both bounds and a wide kernel leave something beyond the first reflection.
    assert 0.9 < trapezoid(found, at) <= 1 + 1e-6


def test_far_from_the_bounds_a_density_is_scipy_s() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.05, 200)
    at = np.linspace(0.2, 0.8, 50)
    np.testing.assert_allclose(figures.density(values, at), gaussian_kde(values)(at), rtol=1e-6, atol=1e-9)


def test_the_curve_of_a_histogram_has_the_area_one_and_none_where_no_label_lies() -> None:
    """Of labels that crowd just above 0.05, as average precisions do."""
    random = np.random.default_rng(0)
    values = 0.05 + 0.9 * random.beta(0.7, 5, 60)
    table = results(["a"], 60).assign(value=values)
    figure = figures.histograms(table, {"a": "#000000"}, "AUC-PR")
    line = next(trace for trace in figure.data if getattr(trace, "mode", "") == "lines")
    assert trapezoid(line.y, line.x) == pytest.approx(1, abs=0.01)
    assert (line.x[0], line.x[-1]) == (values.min(), values.max())
    at = np.linspace(0, 1, 2001)
    found = figures.density(values, at, values.min(), values.max())
    assert trapezoid(found, at) == pytest.approx(1, abs=0.01)
    assert (found[(at < values.min()) | (at > values.max())] == 0).all()


@pytest.mark.parametrize("values", [[], [0.3], [0.3, 0.3, 0.3]])
def test_what_has_no_width_has_no_density(values: list[float]) -> None:
    assert np.isnan(figures.density(values, np.linspace(0, 1, 5))).all()


def test_histograms_have_the_area_one_and_strips_every_label() -> None:
    table = results()
    table.loc[0, "value"] = np.nan
    figure = figures.histograms(table, figures.run_colours(RUNS), "AUC-PR, exact")
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert len(bars) == len(RUNS)
    for bar in bars:
        assert np.sum(bar.y) * bar.width == pytest.approx(1)
    ticks = [trace for trace in figure.data if trace.yaxis == "y2"]
    assert [len(trace.x) for trace in ticks] == [39, 39, 40, 40, 40, 40]
    assert len(figure.layout.shapes) == len(RUNS)
    lines = [trace for trace in figure.data if getattr(trace, "mode", "") == "lines"]
    assert "(39 labels, mean " in lines[0].name
    assert "<img" not in shown(figure)


@pytest.mark.parametrize("top", [1.0, 7.0])
def test_the_highest_value_is_in_the_last_bin(top: float) -> None:
    table = results(["a"], 4).assign(value=[0.0, 0.5 * top, top, top])
    figure = figures.histograms(table, {"a": "#000000"}, "lift", 0.05 * top, chance=1.0, top=top)
    bar = next(trace for trace in figure.data if trace.type == "bar")
    assert bar.customdata[:, 0].sum() == 4


def test_of_many_runs_only_densities_are_drawn() -> None:
    runs = [f"run {number}" for number in range(200)]
    figure = figures.histograms(results(runs, 5), figures.run_colours(runs), "AUC-PR")
    assert len(figure.data) == 200
    assert {trace.mode for trace in figure.data} == {"lines"}


def test_one_label_has_a_bar_and_a_place_in_the_legend() -> None:
    figure = figures.histograms(results(["a"], 1), {"a": "#000000"}, "AUC-PR")
    assert [trace.type for trace in figure.data] == ["bar", "scatter", "scatter", "scatter"]
    assert figure.data[1].name.startswith("a (1 labels")


def test_chance_of_roc_auc_is_one_line() -> None:
    figure = figures.histograms(results(), figures.run_colours(RUNS), "AUC-ROC", chance=0.5)
    assert [shape.x0 for shape in figure.layout.shapes] == [0.5]
    assert len([trace for trace in figure.data if trace.yaxis == "y2"]) == len(RUNS)


def test_pairs_have_a_dot_each_and_bars_in_the_colour_of_who_is_ahead() -> None:
    colours = {"x": "#aaaaaa", "y": "#bbbbbb"}
    figure = figures.paired_plot(pairs(), colours, "AUC-PR", ("x", "y"))
    dots = [trace for trace in figure.data if getattr(trace, "mode", "") == "markers"]
    assert [list(trace.x) for trace in dots] == [[0.5, 0.4, 0.2], [0.1, 0.3, 0.4]]
    assert [list(trace.y) for trace in dots] == [[0, 1, 2]] * 2
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [(bar.marker.color, list(bar.y)) for bar in bars] == [("#aaaaaa", [0, 1]), ("#bbbbbb", [2])]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first row on top
    assert "<img" not in shown(figure)
    assert figure.layout.yaxis.ticktext[2].endswith(">Emotions</span>")


def test_no_hue_of_a_pair_has_two_meanings() -> None:
    """What has a colour that is not grey is a run, and always the same one."""
    colours = figures.run_colours(["x", "y"])
    figure = figures.paired_plot(pairs(), colours, "AUC-PR", ("x", "y"))
    of_run: dict[str, set[str]] = {}
    for trace in figure.data:
        colour = trace.marker.color or trace.line.color
        if colour != GREY:
            run = trace.name or trace.hovertemplate.split("<extra>")[1].split(" is ahead")[0]
            of_run.setdefault(colour, set()).add(run)
    assert of_run == {colour: {run} for run, colour in colours.items()}


def test_differences_that_do_not_count_are_pale_and_untold_ones_have_no_interval() -> None:
    table = pairs().assign(
        difference_p=[0.01, 0.3, np.nan],
        difference_low=[0.1, -0.2, np.nan],
        difference_high=[0.7, 0.4, np.nan],
    )
    for run in ("x", "y"):
        table[f"low {run}"], table[f"high {run}"] = table[run] - 0.05, table[run] + 0.02
    figure = figures.paired_plot(table, figures.run_colours(["x", "y"]), "AUC-PR", ("x", "y"))
    first, second = (trace for trace in figure.data if trace.type == "bar")
    assert [*first.marker.opacity, *second.marker.opacity] == [1, pytest.approx(0.35), pytest.approx(0.35)]
    assert np.isnan(second.error_x.array).all()


def test_intervals_of_runs_lie_beside_each_other() -> None:
    table = pairs()
    for run in ("x", "y"):
        table[f"low {run}"], table[f"high {run}"] = table[run] - 0.05, table[run] + 0.02
    table["difference_low"], table["difference_high"] = table["difference"] - 0.1, table["difference"] + 0.1
    table["difference_p"] = 0.5
    figure = figures.paired_plot(table, {"x": "#aaaaaa", "y": "#bbbbbb"}, "AUC-PR", ("x", "y"))
    dots = [trace for trace in figure.data if getattr(trace, "mode", "") == "markers"]
    np.testing.assert_allclose(dots[0].error_x.array, 0.02)
    np.testing.assert_allclose(dots[0].error_x.arrayminus, 0.05)
    assert not np.isin(dots[0].y, dots[1].y).any()


@pytest.mark.parametrize(("rows", "runs"), [(1, 2), (3, 12), (3, 200)])
def test_legends_stay_where_plotly_lets_them(rows: int, runs: int) -> None:
    colours = {"x": "#aaaaaa", "y": "#bbbbbb"} | {f"run {number}": "#cccccc" for number in range(runs - 2)}
    table = pd.concat(
        [pairs(rows)[["label", "group", "difference"]], pd.DataFrame(0.5, range(rows), [*colours])], axis=1
    )
    figure = figures.paired_plot(table, colours, "AUC-PR", ("x", "y"))
    assert 1 < figure.layout.legend.y <= 3
    assert figure.layout.height < 1400


def test_labels_without_tracks_are_not_against_counts() -> None:
    table = results(["a"], 4).assign(count=[5.0, 0.0, np.nan, 7.0])
    figure = figures.against_counts(table, {"a": "#000000"}, "AUC-PR")
    assert list(figure.data[0].x) == [5.0, 7.0]
    assert figure.layout.xaxis.type == "log"
    assert "<img" not in shown(figure)


def test_groups_have_a_bar_a_run() -> None:
    means = pd.DataFrame({"run": RUNS, "group": HOSTILE, "value": [0.1, 0.2, 0.3], "labels": 2})
    figure = figures.group_means(means, figures.run_colours(RUNS), "AUC-PR")
    assert [list(bar.y) for bar in figure.data] == [[0.1], [0.2], [0.3]]
    assert "<img" not in shown(figure)


def test_hues_repeat_after_eight() -> None:
    colours = figures.run_colours([str(number) for number in range(9)])
    assert colours["8"] == colours["0"] == PALETTE[0]


def test_long_names_stand_whole_in_the_legend_and_have_room() -> None:
    names = [f"a run of the second week with {word} windows, named by all of its settings" for word in "ab"]
    figure = figures.histograms(results(names), figures.run_colours(names), "AUC-PR")
    in_legend = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert [name.replace("<br>", " ").split(" (")[0] for name in in_legend] == names
    assert max(len(line) for name in in_legend for line in name.split("<br>")) <= 60
    few = figures.histograms(results(["a", "b"]), figures.run_colours("ab"), "AUC-PR")
    n_lines = sum(name.count("<br>") for name in in_legend)
    assert n_lines == 4
    assert figure.layout.margin.t - few.layout.margin.t == 17 * n_lines
    # Names that differ in the middle alone are shown and hidden one by one.
    assert len({trace.legendgroup for trace in figure.data if trace.legendgroup}) == 2
