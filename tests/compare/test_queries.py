"""Runs as rankings: the figures by hand, of any run that keeps predictions, and of means alone."""

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from taglab.compare.decisions import predictions_at
from taglab.compare.queries import by_queries, query_means
from taglab.compare.tables import stacked
from taglab.errors import Conflict, InvalidSetting
from taglab.metrics import mean_columns
from taglab.runs import import_means, open_run
from taglab.runs.checking import check_run
from taglab.runs.tables import MOMENTS, history, of_predictions, results, summary_table
from tests.runs.examples import made_run, small_data

MEANS = {"precision_at_1_macro": 0.25, "reciprocal_rank_macro": 0.4, "ap_macro": 0.3}


def test_figures_are_those_of_the_predictions_ranked_by_others() -> None:
    run = made_run("one", small_data())
    predictions = run.predictions("test")
    assert predictions is not None
    table = by_queries({"one": run})
    (row,) = table.to_dict("records")
    some = predictions.truth.any(axis=1)
    truth, scores = predictions.truth[some], predictions.scores[some]
    assert (row["queries"], row["without_relevant"]) == (len(some), int((~some).sum()))
    first = scores == scores.max(axis=1, keepdims=True)
    expected = ((truth & first).sum(axis=1) / first.sum(axis=1)).mean()
    assert row["precision_at_1_macro"] == pytest.approx(expected)
    assert row["ndcg_at_10_macro"] == pytest.approx(ndcg_score(truth, scores, k=10), abs=1e-6)
    expected = label_ranking_average_precision_score(truth, scores)
    assert row["average_precision_of_query_macro"] == pytest.approx(expected)
    assert set(table.columns) == {"run", "queries", "without_relevant", *mean_columns("rankings")}


def test_intervals_are_of_queries_by_students_t() -> None:
    run = made_run("one", small_data())
    predictions = run.predictions("test")
    assert predictions is not None
    some = predictions.truth.any(axis=1)
    gains = [
        ndcg_score(predictions.truth[[row]], predictions.scores[[row]], k=10) for row in np.flatnonzero(some)
    ]
    (row,) = query_means({"one": run}).query("mean == 'ndcg_at_10_macro'").to_dict("records")
    expected = scipy.stats.t.interval(0.95, len(gains) - 1, np.mean(gains), scipy.stats.sem(gains))
    assert (row["low"], row["high"]) == pytest.approx(expected, abs=1e-6)
    judged = query_means({"one": run, "two": run}, judged={"two": predictions})
    assert set(judged["run"]) == {"two"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_label_as_query_has_its_average_precision(moment: str) -> None:
    run = made_run("one", small_data())
    (row,) = by_queries({"one": run}, moment, "label").to_dict("records")
    assert row["queries"] == len(run.classes)
    predictions = predictions_at(run, moment)
    assert predictions is not None
    by_label = of_predictions(predictions)["average_precision"]
    assert row["average_precision_of_query_macro"] == pytest.approx(np.nanmean(by_label), abs=1e-5)


def test_means_alone_are_a_run() -> None:
    run = import_means("printed", MEANS, "A printed table", "table 2")
    check_run(run.folder)
    assert (run.title, run.about.note) == ("A printed table", "table 2")
    assert results(run, "last").empty
    assert results(run, "test").empty
    assert history(run).empty
    (shown,) = summary_table({"printed": run}).to_dict("records")
    assert (shown["ap_macro"], shown["figures"]) == (0.3, "held-out test")
    other = made_run("one", small_data())
    table = by_queries({"printed": run, "one": other}).set_index("run")
    assert table.loc["printed", "precision_at_1_macro"] == 0.25
    assert np.isnan(table.loc["printed", "ndcg_at_10_macro"])
    assert np.isnan(table["queries"].astype("float64")["printed"])
    assert table.loc["one", "queries"] > 0
    tables = {"printed": results(open_run("printed"), "last"), "one": results(other, "last")}
    assert set(stacked(tables, "auc_pr")["run"]) == {"one"}


def test_means_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidSetting, match=r"ap_macro=30 must lie in \[0, 1\]; in percent"):
        import_means("printed", {"ap_macro": 30})
    with pytest.raises(InvalidSetting, match=r"must lie in"):
        import_means("printed", {"r_squared_macro": float("nan")})
    with pytest.raises(InvalidSetting, match=r"means=\['accuracy'\] must be some of: ap_micro"):
        import_means("printed", {"accuracy": 0.5})
    with pytest.raises(InvalidSetting, match="must be some of"):
        import_means("printed", {})
    import_means("printed", {"r_squared_macro": -3.0})
    with pytest.raises(Conflict):
        import_means("printed", MEANS)
