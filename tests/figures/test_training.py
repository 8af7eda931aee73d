"""Training curves: every epoch drawn, several runs apart, nothing from data as markup."""

import numpy as np
import pandas as pd
import pytest

from taglab.figures.training import Panel, sweep_curves, training_curves
from taglab.runs.panels import panels
from tests.figures.shown import shown

HOSTILE = '"><img src=x onerror=alert(1)>'
PANELS = panels()
COLUMNS = [column for panel in PANELS.values() for column in panel.lines]


def history(*runs: str, epochs: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        {"run": run, "epoch": epoch, **{column: rng.uniform(0.1, 0.9) for column in COLUMNS}}
        for run in runs
        for epoch in range(1, epochs + 1)
    ]
    return pd.DataFrame(rows, columns=["run", "epoch", *COLUMNS])


@pytest.mark.parametrize("name", list(PANELS))
def test_every_epoch_of_every_line_is_drawn(name: str) -> None:
    table, panel = history("a", "b"), PANELS[name]
    figure = training_curves(table, panel)
    assert len(figure.data) == 2 * len(panel.lines)
    drawn = {(trace.customdata[0][0], tuple(trace.y)) for trace in figure.data}
    for run, rows in table.groupby("run"):
        for column in panel.lines:
            assert (run, tuple(rows[column])) in drawn
    assert figure.layout.xaxis.title.text == "epoch"
    assert figure.layout.yaxis.title.text == panel.axis


def test_what_is_counted_in_looks_says_so() -> None:
    panel = Panel("Precision", "precision", {"a": ("one", "solid"), "b": ("two", "dot"), "c": ("3", "dash")})
    table = pd.DataFrame({"run": "x", "epoch": [1, 2], "a": [0.1, 0.2], "b": [0.2, 0.3], "c": [0.3, 0.1]})
    figure = training_curves(table, panel, best={"x": 2}, unit="look")
    assert figure.layout.xaxis.title.text == "look"
    assert "epoch" not in shown(figure)
    assert "best checkpoint, look" in shown(figure)


def test_every_name_of_a_legend_has_its_room_below_the_axis() -> None:
    for lines in (1, 2, 3, 7):
        columns = {f"{n}": (f"line {n}", "solid") for n in range(lines)}
        table = pd.DataFrame({"run": "x", "epoch": [1], **dict.fromkeys(columns, 0.5)})
        layout = training_curves(table, Panel("Lines", "share", columns)).layout
        plot_px = layout.height - layout.margin.t - layout.margin.b
        assert plot_px == 180
        assert -layout.legend.y * plot_px == pytest.approx(60)
        assert layout.margin.b == 60 + 19 * -(-lines // 2)


def test_runs_have_a_colour_each_and_lines_a_dash() -> None:
    figure = training_curves(history("a", "b"), PANELS["auc_pr"])
    looks = {(trace.line.color, trace.line.dash) for trace in figure.data}
    assert len(looks) == 4
    assert len({colour for colour, _ in looks}) == 2


def test_interpolated_and_exact_areas_are_never_on_one_axis() -> None:
    for panel in PANELS.values():
        kinds = {column.split("_")[0] for column in panel.lines} & {"auc", "ap"}
        assert len(kinds) <= 1
    assert "interpolated" in PANELS["auc_pr"].title
    assert "exact" in PANELS["average_precision"].title


def test_the_best_epoch_is_ringed_where_it_means_something() -> None:
    table = history("a")
    figure = training_curves(table, PANELS["auc_roc"], best={"a": 2})
    ring = next(trace for trace in figure.data if trace.marker.symbol == "circle-open")
    assert (list(ring.x), list(ring.y)) == ([2], [table["roc_auc_macro"].iloc[1]])
    assert len(training_curves(table, PANELS["rate"], best={"a": 2}).data) == 1
    assert len(training_curves(table, PANELS["auc_roc"], best={"a": 9}).data) == 2


def test_steps_are_seen_before_the_first_epoch_is_over() -> None:
    steps = pd.DataFrame({"run": ["a", "a"], "at": [0.25, 0.5], "loss": [0.7, 0.6], "clips_per_s": [1, 2]})
    nothing = history(epochs=0)
    figure = training_curves(nothing, PANELS["loss"], steps)
    assert list(figure.data[0].x) == [0.25, 0.5]
    assert list(figure.data[0].y) == [0.7, 0.6]
    assert not len(training_curves(nothing, PANELS["auc_roc"], steps).data)


def test_zoom_is_kept_as_long_as_the_same_runs_go_on() -> None:
    short, long = (training_curves(history("a", epochs=n), PANELS["loss"]) for n in (2, 5))
    other = training_curves(history("b", epochs=2), PANELS["loss"])
    assert short.layout.uirevision == long.layout.uirevision != other.layout.uirevision


def test_a_gap_stays_a_gap_and_an_unknown_line_is_left_out() -> None:
    table = history("a")
    table.loc[1, "auc_pr_macro"] = np.nan
    table["auc_pr_micro"] = np.nan
    figure = training_curves(table, PANELS["auc_pr"])
    assert len(figure.data) == 1
    assert np.isnan(figure.data[0].y[1])


def test_no_text_from_data_is_markup() -> None:
    table = history(HOSTILE, "b")
    sweep = pd.DataFrame({"run": [HOSTILE], HOSTILE: [HOSTILE], "auc_pr_macro": [0.5]})
    drawn = [training_curves(table, panel, best={HOSTILE: 1}) for panel in PANELS.values()]
    drawn.append(sweep_curves(sweep, HOSTILE, {"auc_pr_macro": "AUC-PR"}))
    for figure in drawn:
        assert "<img" not in shown(figure)


def test_a_sweep_over_k_goes_through_the_means_of_seeds() -> None:
    table = pd.DataFrame(
        {"run": list("abcd"), "k": [100, 100, 250, 250], "seed": [0, 1, 0, 1], "auc": [0.2, 0.4, 0.5, 0.7]}
    )
    line, dots = sweep_curves(table, "k", {"auc": "AUC"}).data
    assert list(line.x) == [100, 250]
    np.testing.assert_allclose(line.y, [0.3, 0.6])
    assert [row[0] for row in dots.customdata] == list("abcd")
    assert len(sweep_curves(table, "k", {"auc": "AUC"}, "seed").data) == 4


def test_a_sweep_over_names_keeps_their_order() -> None:
    table = pd.DataFrame({"run": ["a", "b"], "vectors": ["wiki", "own"], "auc": [0.2, 0.4]})
    assert list(sweep_curves(table, "vectors", {"auc": "AUC"}).data[0].x) == ["wiki", "own"]


def test_a_sweep_without_figures_says_so() -> None:
    table = pd.DataFrame({"run": ["a"], "k": [100], "auc": [np.nan]})
    figure = sweep_curves(table, "k", {"auc": "AUC"})
    assert "no run of this sweep has figures yet" in figure.layout.annotations[0].text
