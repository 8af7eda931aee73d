"""The Compare page's views of decisions: matrices, label tables and curves, of runs of every kind."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score
from streamlit.testing.v1 import AppTest

from taglab.metrics.thresholds import THRESHOLDS, auc_pr_interpolated, confusion
from taglab.runs import open_published, open_run, set_title
from taglab.runs.importing import import_results
from tests.pages.framed import open_page, plotted
from tests.runs.examples import made_run, small_data, small_sound

THESIS = Path(__file__).resolve().parents[2] / "../shared/data/thesis-results"
CLUSTERS, TAGS = "thesis-3.3-k100-spectrogram", "thesis-3.3-tags-spectrogram"


def compare(*runs: str, **url: str) -> AppTest:
    page = open_page("compare", **url)
    page.query_params["runs"] = list(runs)
    return page


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    assert not [each.value for each in page.error]
    return page


def figures(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def table(page: AppTest, column: str) -> pd.DataFrame:
    """Return the one table on the page that has a column."""
    (found,) = [each.value for each in page.dataframe if column in each.value.columns]
    return found


@pytest.fixture
def two_runs() -> tuple[str, str]:
    data = small_data()
    small_sound()
    return made_run("first", data, seed=0).name, made_run("second", data, seed=1).name


@pytest.mark.usefixtures("two_runs")
def test_each_run_has_its_matrix_and_its_row() -> None:
    page = run(compare("made-first", "made-second", view="Confusion", label="chill", threshold="0.503"))
    drawn = figures(page)
    assert [figure["layout"]["title"]["text"].split("<br>")[0] for figure in drawn] == [
        "made-first",
        "made-second",
        "made-first − made-second",
    ]
    shown = table(page, "tp")
    assert shown["run"].tolist() == ["made-first", "made-second"]
    np.testing.assert_allclose(shown[["tp", "tn", "fp", "fn"]].sum(axis=1), 1)
    written = [note["text"] for note in drawn[0]["layout"]["annotations"]]
    assert f"TP<br><b>{shown['tp'].iloc[0]:.4f}</b>" in written


@pytest.mark.usefixtures("two_runs")
def test_the_slider_changes_the_matrix() -> None:
    page = run(compare("made-first", view="Confusion", label="chill"))
    before = table(page, "tp")["threshold"].tolist()
    page.select_slider(key="threshold").set_value("0.000")
    run(page)
    after = table(page, "tp")
    assert before == [THRESHOLDS[100]]
    assert after["threshold"].tolist() == [0]
    assert after["fn"].tolist() == [0]


@pytest.mark.usefixtures("two_runs")
def test_tracks_behind_a_cell_are_listed_with_players() -> None:
    page = compare("made-first", view="Confusion", label="rock")
    page.session_state["behind decision"] = {"run": "made-first", "cell": "tp"}
    run(page)
    listed = table(page, "true")
    said = next(each.value for each in page.markdown if "true positives" in each.value)
    assert said.startswith(f"**{len(listed)} true positives** of made\\-first for rock")
    assert all("rock" in labels for labels in listed["true"])
    assert all("rock" in labels for labels in listed["predicted"])
    assert (np.diff(listed["score"]) <= 0).all()
    assert listed["title"].tolist() == [f"Song {track[1:]}" for track in listed["track"]]
    players = page.get("audio")
    silent = [each for each in page.caption if "no sound" in each.value]
    assert len(players) + len(silent) == 4
    assert len(players) == sum(int(track[1:]) % 3 > 0 for track in listed["track"][:4])


@pytest.mark.usefixtures("two_runs")
def test_a_label_table_is_drawn_and_two_are_compared() -> None:
    page = run(compare("made-first", "made-second", view="Co-prediction"))
    (drawn,) = figures(page)
    assert sorted(drawn["layout"]["yaxis"]["ticktext"]) == ["80s", "chill", "jazz", "rock", "sad"]
    assert len(plotted(drawn["data"][1]["customdata"])) == 25
    page.selectbox(key="pairs_minus").set_value("made-second")
    (drawn,) = figures(run(page))
    assert drawn["layout"]["title"]["text"].endswith("made-first minus made-second")
    z = plotted(drawn["data"][0]["z"])
    assert z.min() < 0 < z.max()


@pytest.mark.usefixtures("two_runs")
def test_tracks_behind_a_pair_are_listed() -> None:
    page = compare("made-first", view="Co-prediction", pairing="True together")
    page.session_state["behind pair"] = ("rock", "chill")
    listed = table(run(page), "true")
    assert len(listed)
    assert all({"rock", "chill"} <= set(labels) for labels in listed["true"])


@pytest.mark.parametrize("order", ["Cluster", "Tag group", "Count", "Name"])
@pytest.mark.usefixtures("two_runs")
def test_labels_can_stand_in_any_order(order: str) -> None:
    page = run(compare("made-first", view="Co-prediction", label_order=order, labels_shown="4"))
    names = figures(page)[0]["layout"]["yaxis"]["ticktext"]
    assert len(names) == 4
    if order == "Name":
        assert names == sorted(names)


@pytest.mark.usefixtures("two_runs")
def test_the_legend_of_a_curve_tells_the_metric_that_is_chosen() -> None:
    said = open_run("made-first").predictions("validation")
    assert said is not None
    column = said.column("rock")
    exact = average_precision_score(said.truth[:, column], said.scores[:, column])
    interpolated = auc_pr_interpolated(confusion(said.truth, said.scores))[column]
    assert abs(exact - interpolated) > 1e-3
    told = {
        "AUC-PR, exact": f"average precision {exact:.4f}",
        "AUC-PR, interpolated": f"AUC-PR {interpolated:.4f}",
    }
    for metric, area in told.items():
        page = run(compare("made-first", view="Curves", label="rock", metric=metric))
        assert area in figures(page)[0]["data"][0]["name"]


@pytest.mark.usefixtures("two_runs")
def test_matrices_of_two_runs_have_their_difference_beside() -> None:
    ours, theirs, apart = figures(run(compare("made-first", "made-second", view="Confusion", label="rock")))
    numbers = [
        [float(note["text"].split("<b>")[1][:-4].replace("−", "-")) for note in each["layout"]["annotations"]]
        for each in (ours, theirs, apart)
    ]
    np.testing.assert_allclose(np.subtract(*numbers[:2]), numbers[2], atol=2e-4)
    assert len({each["layout"]["height"] for each in (ours, theirs, apart)}) == 1


@pytest.mark.usefixtures("two_runs")
def test_curves_of_predictions_are_whole_and_marked() -> None:
    page = run(compare("made-first", "made-second", view="Curves", label="rock", metric="AUC-PR, exact"))
    pr, roc = figures(page)
    for figure in (pr, roc):
        lines = [trace for trace in figure["data"] if trace["mode"] == "lines"]
        assert [trace["line"]["dash"] for trace in lines] == ["solid", "solid"]
        assert len([trace for trace in figure["data"] if trace["mode"] == "markers"]) == 4
    assert "average precision 0." in pr["data"][0]["name"]
    points = table(page, "point")
    assert points["point"].tolist() == ["at the threshold", "best F1"] * 2
    best = points[points["point"] == "best F1"]["f1"].to_numpy()
    assert (best >= points[points["point"] == "at the threshold"]["f1"].to_numpy()).all()


def test_where_the_last_epoch_is_not_the_best_counts_are_shown_and_it_is_said() -> None:
    name = made_run("first", small_data(), best_epoch=1).name
    page = run(compare(name, view="Curves", label="rock"))
    assert any("counts of the last epoch" in each.value for each in page.caption)
    assert figures(page)[0]["data"][0]["line"]["dash"] == "dash"
    page = run(compare(name, view="Co-prediction"))
    assert any("need kept predictions" in each.value for each in page.info)


def test_what_was_printed_stands_at_its_thresholds_only() -> None:
    titles = [CLUSTERS, TAGS]
    page = run(compare(*titles, view="Confusion", label="rock"))
    assert len(figures(page)) == 3  # two, and the difference
    page.button(key="threshold 0.33").click()
    shown = table(run(page), "tp")
    assert set(shown["tp"]) == {0.2498, 0.2350}
    page.select_slider(key="threshold").set_value("0.402")
    run(page)
    assert not figures(page)
    assert any("was printed at" in each.value for each in page.caption)
    page = run(compare(*titles, view="Curves", label="rock"))
    assert [trace["mode"] for trace in figures(page)[0]["data"][:2]] == ["markers", "markers"]


# Run, table, threshold and cell; what is printed, and what the published counts give.
PRINTED_OTHERWISE: dict[str, list[tuple[str, int, float, str, float, float]]] = {
    "rock": [
        ("thesis-3.3-k1000-spectrogram", 20, 0.33, "fn", 0.0954, 0.0959),
        ("thesis-3.3-k100-spectrogram", 24, 0.67, "fn", 0.2475, 0.2477),
    ],
    "chill": [("thesis-3.3-k100-spectrogram", 25, 0.33, "fp", 0.0324, 0.0321)],
}


@pytest.mark.realdata
@pytest.mark.parametrize("label", ["rock", "chill"])
def test_counts_beside_the_thesis_give_its_tables_20_to_25(label: str) -> None:
    if not THESIS.is_dir():
        pytest.skip("the thesis's published results are not beside the checkout")
    pairs = {
        "model-3.3-clusters-k100-spectrogram": CLUSTERS,
        "model-3.3-clusters-k1000-spectrogram": "thesis-3.3-k1000-spectrogram",
        "model-3.3-most-popular-tag-of-each-cluster-spectrogram": TAGS,
    }
    names = {import_results(THESIS / folder, folder).name: printed for folder, printed in pairs.items()}
    page = run(compare(*names, view="Confusion", label=label))
    apart = []
    for row, value in ((66, 0.33), (100, 0.5), (134, 0.67)):
        page.select_slider(key="threshold").set_value(f"{THRESHOLDS[row]:.3f}")
        shown = table(run(page), "tp").set_index("run")
        for name, source in names.items():
            printed = open_published(source).decisions()
            rows = printed[(printed["label"] == label) & (printed["threshold"] == value)]
            assert len(rows)
            for _, of_table in rows.iterrows():
                apart += [
                    (source, of_table["table"], value, cell, of_table[cell], round(shown.loc[name, cell], 4))
                    for cell in ("tp", "tn", "fp", "fn")
                    if abs(shown.loc[name, cell] - of_table[cell]) > 1e-4
                ]
    assert apart == PRINTED_OTHERWISE[label]


@pytest.mark.usefixtures("two_runs")
@pytest.mark.parametrize("view", ["Confusion", "Co-prediction"])
def test_the_title_of_the_judge_is_no_markup(two_runs: tuple[str, str], view: str) -> None:
    hostile = "![](https://example.org/x.png) :red[judge]"
    set_title(two_runs[0], hostile)
    page = run(compare(*two_runs, view=view, truth="Common", judge=hostile))
    said = [each.value for each in page.caption if "by the labels of" in each.value]
    assert said
    assert not any("![](" in each or ":red[" in each for each in said)
