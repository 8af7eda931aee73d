"""Per-label metrics against scikit-learn, worked cases and published figures."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from taglab.errors import Cancelled, InvalidSetting
from taglab.metrics.tagging import label_scores, tagging_scores
from tests.metrics.scored import learnt, truth_and_scores

DATA = Path(__file__).resolve().parents[2] / "../shared/data"


@given(truth_and_scores())
def test_every_label_is_as_scikit_learn_has_it(drawn: tuple[Any, Any]) -> None:
    truth, scores = drawn
    found = tagging_scores(truth, scores)
    for label in range(truth.shape[1]):
        judged, given_ = truth[:, label], scores[:, label]
        assert found.positives[label] == judged.sum()
        if not judged.any():
            assert np.isnan(found.average_precision[label])
            assert np.isnan(found.best_f1[label])
        else:
            expected = average_precision_score(judged, given_)
            assert found.average_precision[label] == pytest.approx(expected, abs=1e-12)
            f1s = {level: f1_score(judged, given_ >= level) for level in np.unique(given_)}
            assert found.best_f1[label] == pytest.approx(max(f1s.values()), abs=1e-12)
            best = max(level for level, f1 in f1s.items() if np.isclose(f1, max(f1s.values()), atol=1e-12))
            assert found.best_threshold[label] == best
        if judged.all() or not judged.any():
            assert np.isnan(found.roc_auc[label])
        else:
            assert found.roc_auc[label] == pytest.approx(roc_auc_score(judged, given_), abs=1e-12)


@given(truth_and_scores())
def test_micro_takes_all_pairs_as_one_label(drawn: tuple[Any, Any]) -> None:
    truth, scores = drawn
    found = tagging_scores(truth, scores)
    if not truth.any():
        assert np.isnan(found.micro_average_precision)
    else:
        expected = average_precision_score(truth.ravel(), scores.ravel())
        assert found.micro_average_precision == pytest.approx(expected, abs=1e-12)
    if truth.all() or not truth.any():
        assert np.isnan(found.micro_roc_auc)
    else:
        assert found.micro_roc_auc == pytest.approx(roc_auc_score(truth.ravel(), scores.ravel()), abs=1e-12)


@given(truth_and_scores())
def test_areas_do_not_change_with_the_order_of_tracks_or_the_scale(drawn: tuple[Any, Any]) -> None:
    truth, scores = drawn
    found, turned = label_scores(truth, scores), label_scores(truth[::-1], np.exp(3 * scores[::-1]) - 7)
    np.testing.assert_array_equal(found.average_precision, turned.average_precision)
    np.testing.assert_array_equal(found.roc_auc, turned.roc_auc)
    backwards = label_scores(truth, -scores)
    np.testing.assert_allclose(backwards.roc_auc, 1 - found.roc_auc, atol=1e-12)


def test_worked_by_hand() -> None:
    truth = [[1, 1, 0], [0, 1, 0], [1, 1, 0], [0, 1, 0]]
    scores = [[0.9, 0.1, 0.5], [0.8, 0.2, 0.5], [0.7, 0.3, 0.5], [0.7, 0.4, 0.5]]
    found = tagging_scores(truth, scores)
    # First label: 1 of 1 at 0.9, then 2 of 4 at 0.7, where a negative is tied.
    np.testing.assert_allclose(found.average_precision, [(1 + 2 / 4) / 2, 1, np.nan])
    # Pairs: (0.9 > 0.8), (0.9 > 0.7), (0.7 < 0.8), (0.7 = 0.7).
    np.testing.assert_allclose(found.roc_auc, [2.5 / 4, np.nan, np.nan])
    np.testing.assert_allclose(found.best_f1, [2 / 3, 1, np.nan])
    np.testing.assert_allclose(found.best_threshold, [0.9, 0.1, np.nan])
    np.testing.assert_allclose(found.prevalence, [0.5, 1, 0])
    np.testing.assert_allclose(found.lift, [1.5, 1, np.nan])
    assert found.macro_average_precision == pytest.approx((0.75 + 1) / 2)
    assert found.macro_roc_auc == pytest.approx(0.625)
    assert (found.without_positives, found.without_negatives) == (1, 1)
    assert found.left_out == (
        "1 of 3 classes have no positive track and 1 of 3 classes have no negative track (no ROC-AUC); "
        "macro means leave them out."
    )
    table = found.table(("rock", "all", "none"))
    assert list(table["class"]) == ["rock", "all", "none"]
    assert list(table.columns) == [
        *("class", "positives", "prevalence", "average_precision", "lift", "roc_auc"),
        *("best_f1", "best_threshold"),
    ]


def test_nothing_left_out_is_not_mentioned() -> None:
    assert tagging_scores(*learnt(200, 3)).left_out == ""


def test_no_positive_at_all() -> None:
    found = tagging_scores(np.zeros((3, 2), bool), np.ones((3, 2)))
    assert np.isnan([found.macro_average_precision, found.macro_roc_auc, found.micro_average_precision]).all()
    assert found.left_out.startswith("2 of 2 classes have no positive track;")


def test_more_labels_than_a_block_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, scores = learnt(60, 25, decimals=1)
    whole = label_scores(truth, scores)
    monkeypatch.setattr("taglab.metrics.tagging._BLOCK_SCORES", 200)
    for one, other in zip(whole, label_scores(truth, scores), strict=True):
        np.testing.assert_array_equal(one, other)


def test_order_in_memory_does_not_matter() -> None:
    truth, scores = learnt(60, 5)
    found = label_scores(truth, scores)
    again = label_scores(np.asfortranarray(truth), np.asfortranarray(scores))
    np.testing.assert_array_equal(found.average_precision, again.average_precision)


@pytest.mark.parametrize(
    ("truth", "scores", "message"),
    [
        (np.zeros((3, 2)), np.zeros((2, 2)), r"\(tracks, classes\)"),
        (np.zeros(3), np.zeros(3), r"\(tracks, classes\)"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "at least one"),
        (np.zeros((2, 0)), np.zeros((2, 0)), "at least one"),
        (np.full((2, 1), 0.5), np.zeros((2, 1)), "swapped"),
        (np.zeros((2, 1)), np.array([[0.5], [np.nan]]), "NaN"),
        (np.zeros((2, 1)), np.array([[0.5], [-np.inf]]), "infinity"),
    ],
)
def test_what_is_wrong_is_said(truth: npt.ArrayLike, scores: npt.ArrayLike, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        tagging_scores(truth, scores)


def test_progress_may_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taglab.metrics.tagging._BLOCK_SCORES", 60)

    def stop(fraction: float, text: str) -> None:
        assert 0 < fraction <= 1
        raise Cancelled

    with pytest.raises(Cancelled):
        tagging_scores(*learnt(60, 10), progress=stop)


@pytest.mark.realdata
def test_published_baseline_of_mediaeval() -> None:
    folder = DATA / "mtg-jamendo/mediaeval"
    if not folder.is_dir():
        pytest.skip("the published MediaEval baseline is not beside the checkout")
    found = tagging_scores(
        np.load(folder / "groundtruth.npy"), np.load(folder / "baseline_vggish_predictions.npy")
    )
    assert found.left_out == ""
    published = dict(
        line.split() for line in (folder / "baseline_vggish_results.tsv").read_text().splitlines()
    )
    for name, value in {
        "ROC-AUC-macro": found.macro_roc_auc,
        "PR-AUC-macro": found.macro_average_precision,
        "ROC-AUC-micro": found.micro_roc_auc,
        "PR-AUC-micro": found.micro_average_precision,
    }.items():
        assert f"{value:.6f}" == published[name]
    assert f"{found.macro_roc_auc:.6f} {found.macro_average_precision:.6f}" == "0.725821 0.107734"
