"""Label pairs are counted as a loop counts them, and the order puts together what goes together."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from taglab.errors import InvalidSetting
from taglab.metrics import co_prediction
from taglab.metrics.co_prediction import label_pairs
from taglab.metrics.ordering import clustered_order
from tests.metrics.scored import truth_and_scores


@given(truth_and_scores())
def test_pairs_are_counted_track_by_track(drawn: tuple[Any, Any]) -> None:
    truth, scores = drawn
    predicted = scores >= 0.5
    found = label_pairs(truth, predicted)
    expected = np.zeros_like(found.together)
    for one, other in zip(truth, predicted, strict=True):
        expected[np.ix_(np.flatnonzero(one), np.flatnonzero(other))] += 1
    np.testing.assert_array_equal(found.together, expected)
    np.testing.assert_array_equal(found.of_row, truth.sum(axis=0))


@given(truth_and_scores())
def test_shares_are_of_the_rows_tracks(drawn: tuple[Any, Any]) -> None:
    truth, _ = drawn
    share = label_pairs(truth, truth).share
    filled = truth.any(axis=0)
    assert np.isnan(share[~filled]).all()
    np.testing.assert_array_equal(np.diag(share)[filled], 1)
    assert ((share[filled] >= 0) & (share[filled] <= 1)).all()


def test_many_tracks_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    truth, predicted = random.random((100, 7)) < 0.4, random.random((100, 7)) < 0.4
    whole = label_pairs(truth, predicted)
    monkeypatch.setattr(co_prediction, "_TRACKS_AT_A_TIME", 9)
    np.testing.assert_array_equal(label_pairs(truth, predicted).together, whole.together)


def test_a_case_by_hand() -> None:
    truth = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0]], bool)
    predicted = np.array([[1, 0, 1], [0, 0, 1], [0, 0, 0]], bool)
    found = label_pairs(truth, predicted)
    np.testing.assert_array_equal(found.together, [[1, 0, 2], [1, 0, 1], [0, 0, 0]])
    np.testing.assert_array_equal(found.share, [[0.5, 0, 1], [0.5, 0, 0.5], [np.nan] * 3])


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        (np.zeros((3, 2), bool), np.zeros((2, 2), bool), "labels"),
        (np.zeros((3, 2)), np.zeros((3, 2), bool), "bool"),
        (np.zeros((0, 2), bool), np.zeros((0, 2), bool), "labels"),
    ],
)
def test_what_is_no_pair_of_tables_is_refused(rows: Any, columns: Any, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        label_pairs(rows, columns)


def test_labels_that_go_together_stand_together() -> None:
    group = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    random = np.random.default_rng(1)
    of_track = random.integers(3, size=300)
    truth = (of_track[:, None] == group[None, :]) & (random.random((300, 9)) < 0.8)
    order, clusters = clustered_order(label_pairs(truth, truth).normalised, 3)
    assert sorted(order) == list(range(9))
    np.testing.assert_array_equal(clusters, [0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert all(len(set(group[order][clusters == number])) == 1 for number in range(3))


@given(truth_and_scores(max_classes=6))
def test_every_label_has_one_place_even_without_tracks(drawn: tuple[Any, Any]) -> None:
    truth, _ = drawn
    order, clusters = clustered_order(label_pairs(truth, truth).normalised, 2)
    assert sorted(order) == list(range(truth.shape[1]))
    assert len(clusters) == truth.shape[1]
    assert set(clusters) <= {0, 1}
