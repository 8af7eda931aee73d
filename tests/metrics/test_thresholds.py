"""Confusion counts, and areas from 200 thresholds as Keras takes them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from sklearn.metrics import confusion_matrix

from taglab.errors import InvalidSetting
from taglab.metrics.balance import correlation_with_counts
from taglab.metrics.tagging import label_scores
from taglab.metrics.thresholds import (
    THRESHOLDS,
    Confusion,
    auc_pr_interpolated,
    confusion,
    roc_auc_at_thresholds,
)
from tests.metrics.scored import learnt, truth_and_scores

THESIS = Path(__file__).resolve().parents[2] / "../shared/data/thesis-results"


def published(model: str) -> tuple[Confusion, pd.DataFrame]:
    """Return a published model's counts, and its table of the last epoch in the same order."""
    folder = THESIS / model
    if not folder.is_dir():
        pytest.skip("the thesis's published results are not beside the checkout")
    with np.load(folder / "confusion.npz") as file:
        counts = Confusion(**{name: file[name] for name in ("thresholds", "tp", "fp", "fn", "tn")})
    if not (folder / "per_label_by_epoch.csv").is_file():
        return counts, pd.DataFrame(index=json.loads((folder / "classes.json").read_text()))
    table = pd.read_csv(folder / "per_label_by_epoch.csv")
    last = table[table["epoch"] == table["epoch"].max()].set_index("label")
    return counts, last.loc[json.loads((folder / "classes.json").read_text())]


@given(truth_and_scores())
def test_counts_are_scikit_learns(drawn: tuple[Any, Any]) -> None:
    truth, scores = drawn
    found = confusion(truth, scores, [0, 0.3, 0.5, 1])
    for row, threshold in enumerate(found.thresholds):
        for label in range(truth.shape[1]):
            expected = confusion_matrix(truth[:, label], scores[:, label] >= threshold, labels=[False, True])
            counts = [[found.tn, found.fp], [found.fn, found.tp]]
            np.testing.assert_array_equal([[c[row, label] for c in line] for line in counts], expected)


@given(truth_and_scores())
def test_counts_of_200_thresholds_hang_together(drawn: tuple[Any, Any]) -> None:
    truth, scores = drawn
    found = confusion(truth, scores)
    np.testing.assert_allclose(found.thresholds, np.arange(200) / 199, rtol=1e-15)
    np.testing.assert_array_equal(found.positives, truth.sum(axis=0))
    np.testing.assert_array_equal(found.negatives, (~truth).sum(axis=0))
    np.testing.assert_array_equal(found.tp[0] + found.fp[0], len(truth))
    assert (np.diff(found.tp, axis=0) <= 0).all()
    assert (np.diff(found.fp, axis=0) <= 0).all()
    one = confusion(truth, scores, found.thresholds[100])
    np.testing.assert_array_equal(one.tp[0], found.tp[100])


def test_quotients_and_rows() -> None:
    found = confusion(
        [[1, 0], [0, 0], [1, 0], [0, 0]], [[0.9, 0.4], [0.6, 0.1], [0.2, 0.1], [0.1, 0.1]], [0.5, 0.95]
    )
    np.testing.assert_allclose(found.precision, [[0.5, np.nan], [np.nan, np.nan]])
    np.testing.assert_allclose(found.recall, [[0.5, np.nan], [0, np.nan]])
    np.testing.assert_allclose(found.false_positive_rate, [[0.5, 0], [0, 0]])
    np.testing.assert_allclose(found.f1, [[0.5, np.nan], [0, np.nan]])
    np.testing.assert_allclose(found.normalised(0), [[0.25, 0], [0.25, 1], [0.25, 0], [0.25, 0]])
    assert (found.nearest(0.6), found.nearest(0.8)) == (0, 1)
    together = found.micro()
    assert together.tp.tolist() == [[1], [0]]
    assert together.tn.tolist() == [[5], [6]]


def precisions(tp: list[int], fp: list[int]) -> tuple[float, float]:
    """Return micro and macro precision of a table of true and false positives."""
    counts = Confusion(np.array([0.5]), *np.array([[tp], [fp], [[1000] * 3], [[0] * 3]]))
    return float(counts.micro().precision[0, 0]), float(counts.precision[0].mean())


@pytest.mark.parametrize(
    ("tp", "fp", "micro", "macro"),
    [
        ([900, 1, 1], [100, 9, 9], 0.88431, 0.36667),
        ([100, 9, 9], [900, 1, 1], 0.11569, 0.63333),
        ([500, 5, 5], [500, 5, 5], 0.5, 0.5),
    ],
)
def test_three_classifiers_of_the_thesis(tp: list[int], fp: list[int], micro: float, macro: float) -> None:
    """Table 4 of the thesis, which prints these figures truncated."""
    assert precisions(tp, fp) == pytest.approx((micro, macro), abs=5e-6)


def test_interpolated_area_worked_by_hand() -> None:
    """Positives 4, negatives 6; from all ten predicted over (TP, FP) = (2, 1) to none.

    Of the seven that go between the first two, two are positive: TP = 2/7 (p - 3) + 2, whose precision over
    recall is (2 + 8/7 ln(10/3)) (2/7) / 4; then TP = 2/3 p at precision 2/3 to the end.
    """
    counts = Confusion(
        np.array([0, 0.5, 1]),
        tp=np.array([[4], [2], [0]]),
        fp=np.array([[6], [1], [0]]),
        fn=np.array([[0], [2], [4]]),
        tn=np.array([[0], [5], [6]]),
    )
    expected = 2 / 7 / 4 * (2 + 8 / 7 * np.log(10 / 3)) + 2 / 3 * 2 / 4
    np.testing.assert_allclose(auc_pr_interpolated(counts), [expected], rtol=1e-14)
    recall = np.linspace(0.5, 1, 100_001)
    tp = 4 * recall
    precision = tp / (3 + (tp - 2) * 7 / 2)
    assert expected == pytest.approx(np.trapezoid(precision, recall) + 1 / 3, abs=1e-9)
    np.testing.assert_allclose(roc_auc_at_thresholds(counts), [0.5 * (2 * 1 + 6 * 5) / 24], rtol=1e-14)


@given(truth_and_scores(levels=50))
def test_areas_match_the_exact_ones_where_thresholds_tell_all_scores_apart(drawn: tuple[Any, Any]) -> None:
    truth, scores = drawn
    counts, exact = confusion(truth, scores), label_scores(truth, scores)
    np.testing.assert_allclose(roc_auc_at_thresholds(counts), exact.roc_auc, atol=1e-12)
    areas = auc_pr_interpolated(counts)
    np.testing.assert_array_equal(np.isnan(areas), np.isnan(exact.average_precision))
    defined = ~np.isnan(areas)
    assert ((areas[defined] > 0) & (areas[defined] < 1 + 1e-12)).all()


def test_interpolated_area_nears_average_precision_where_positives_are_many() -> None:
    truth, scores = learnt(20_000, 3)
    areas = auc_pr_interpolated(confusion(truth, scores))
    np.testing.assert_allclose(areas, label_scores(truth, scores).average_precision, atol=5e-3)


def test_scores_of_exactly_one_are_no_end_of_the_curve() -> None:
    """A sigmoid in float32 gives 1.0; Keras's last threshold lies above it."""
    truth, scores = np.array([[1], [1], [0], [0]]), np.array([[1.0], [1.0], [0.2], [0.1]], np.float32)
    counts = confusion(truth, scores)
    assert counts.tp[-1, 0] == 2
    np.testing.assert_allclose(auc_pr_interpolated(counts), [1])
    np.testing.assert_allclose(roc_auc_at_thresholds(counts), [1])


def test_bad_thresholds_and_scores_are_refused() -> None:
    truth, scores = learnt(10, 2)
    for thresholds, message in [
        (50, "in percent"),
        ([0.5, 0.2], "ascend"),
        ([0.5, 0.5], "distinct"),
        ([], r"\[0, 1\]"),
        ([np.nan], r"\[0, 1\]"),
        ([[0.5]], r"\[0, 1\]"),
    ]:
        with pytest.raises(InvalidSetting, match=message):
            confusion(truth, scores, thresholds)
    with pytest.raises(InvalidSetting, match="logits"):
        confusion(truth, scores * 4 - 2)
    with pytest.raises(InvalidSetting, match="from 0 to 1"):
        auc_pr_interpolated(confusion(truth, scores, [0.2, 0.8]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tp": np.zeros((2, 1), int)}, "thresholds, classes"),
        ({"thresholds": np.array([0.0, 0.5, 0.5])}, "ascend"),
        ({"tp": np.array([[4], [-2], [0]])}, "negative"),
        ({"tp": np.array([[4], [3], [0]])}, "differs between thresholds"),
    ],
)
def test_counts_check_themselves(change: dict[str, Any], message: str) -> None:
    whole = {
        "thresholds": np.array([0.0, 0.5, 1.0]),
        "tp": np.array([[4], [2], [0]]),
        "fp": np.array([[6], [1], [0]]),
        "fn": np.array([[0], [2], [4]]),
        "tn": np.array([[0], [5], [6]]),
    }
    with pytest.raises(ValueError, match=message):
        Confusion(**(whole | change))


@pytest.mark.realdata
@pytest.mark.parametrize("model", ["model-1-tags-spectrogram", "model-2-filtered-tags-spectrogram"])
def test_published_areas_come_out_of_published_counts(model: str) -> None:
    counts, last = published(model)
    np.testing.assert_allclose(counts.thresholds, THRESHOLDS, atol=1e-12)
    np.testing.assert_allclose(auc_pr_interpolated(counts), last["auc_pr"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(roc_auc_at_thresholds(counts), last["auc_roc"], rtol=0, atol=1e-6)


@pytest.mark.realdata
def test_published_confusion_rows() -> None:
    """Rock at k = 100 (table 20), at the threshold the thesis calls 0.50."""
    counts, last = published("model-3.3-clusters-k100-spectrogram")
    row = counts.nearest(0.5)
    assert row in (99, 100)
    found = counts.normalised(100)[:, list(last.index).index("rock")]
    np.testing.assert_allclose(found, [0.1819, 0.5765, 0.1011, 0.1403], atol=1e-4)


@pytest.mark.realdata
def test_published_correlation_of_areas_with_counts() -> None:
    """End of section 8.2, which gives 0.6708 for model 4.2 (and 0.7272, of another epoch, for 4.1)."""
    counts, last = published("model-4.2-tag-embeddings-spectrogram")
    found = correlation_with_counts(last["auc_pr"], counts.positives)
    assert found.r == pytest.approx(0.6708, abs=1e-4)
    assert found.p < 0.001
