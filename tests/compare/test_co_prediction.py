"""The tracks behind a cell are as many as the cell counts, and are the right ones."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.compare.co_prediction import (
    PAIRINGS,
    co_prediction,
    on_common_ground,
    tracks_behind_decision,
    tracks_behind_pair,
    tracks_table,
)
from taglab.errors import InvalidSetting, NotFound
from taglab.metrics.thresholds import confusion
from taglab.outcomes import Predictions
from tests.outcomes.examples import made_up

MANY = made_up(tuple(f"t{n}" for n in range(60)), ("rock", "sad", "80s", "jazz"))


@pytest.mark.parametrize("pairing", PAIRINGS)
@given(threshold=st.floats(0, 1))
def test_a_cells_tracks_are_as_many_as_it_counts(pairing: str, threshold: float) -> None:
    table = co_prediction(MANY, threshold, pairing)
    for row, first in enumerate(MANY.classes):
        for column, second in enumerate(MANY.classes):
            found = tracks_behind_pair(MANY, threshold, pairing, first, second)
            assert len(found) == table.together[row, column]
            assert (np.diff(MANY.scores[found, column]) <= 0).all()


@given(threshold=st.floats(0, 1))
def test_a_decisions_tracks_are_as_many_as_the_confusion_matrix_says(threshold: float) -> None:
    counts = confusion(MANY.truth, MANY.scores, [threshold])
    for column, label in enumerate(MANY.classes):
        together: list[int] = []
        for cell in ("tp", "tn", "fp", "fn"):
            found = tracks_behind_decision(MANY, threshold, label, cell)
            assert len(found) == getattr(counts, cell)[0, column]
            together += found.tolist()
        assert sorted(together) == list(range(MANY.n_tracks))


def test_the_most_certain_mistakes_come_first() -> None:
    predictions = Predictions(
        tracks=("a", "b", "c", "d"),
        classes=("rock",),
        truth=np.array([[1], [1], [0], [0]], bool),
        scores=np.array([[0.4], [0.1], [0.6], [0.9]], np.float32),
    )
    assert tracks_behind_decision(predictions, 0.5, "rock", "fn").tolist() == [1, 0]
    assert tracks_behind_decision(predictions, 0.5, "rock", "fp").tolist() == [3, 2]
    assert tracks_behind_decision(predictions, 0.5, "rock", "tp").tolist() == []


def test_a_table_of_tracks_tells_truth_and_decisions() -> None:
    predictions = Predictions(
        tracks=("a", "b"),
        classes=("rock", "sad", "80s"),
        truth=np.array([[1, 0, 1], [0, 0, 0]], bool),
        scores=np.array([[0.5, 0.9, 0.1], [0.2, 0.3, 0.4]], np.float32),
    )
    table = tracks_table(predictions, np.array([1, 0]), 0.5, "sad")
    assert table["track"].tolist() == ["b", "a"]
    np.testing.assert_allclose(table["score"], [0.3, 0.9], rtol=1e-6)
    assert table["true"].tolist() == [[], ["rock", "80s"]]
    assert table["predicted"].tolist() == [[], ["sad", "rock"]]


def test_common_ground_is_of_the_first_runs_order_and_found_in_no_time() -> None:
    tracks = tuple(f"t{n}" for n in range(20_000))
    one, other = made_up(tracks, ("rock", "sad")), made_up(tracks[:4:-1], ("sad", "jazz"))
    began = time.perf_counter()
    a, b = on_common_ground(one, other)
    assert time.perf_counter() - began < 5
    assert a.tracks == b.tracks == tracks[5:]
    assert a.classes == b.classes == ("sad",)
    np.testing.assert_array_equal(b.scores, other.scores[::-1][:, :1])


@pytest.mark.parametrize("threshold", [-0.1, 50, float("nan")])
def test_a_threshold_in_percent_is_refused(threshold: float) -> None:
    with pytest.raises(InvalidSetting, match="percent"):
        co_prediction(MANY, threshold, "truth-predicted")


def test_unknown_names_are_told() -> None:
    with pytest.raises(InvalidSetting, match="truth-truth"):
        co_prediction(MANY, 0.5, "sideways")
    with pytest.raises(InvalidSetting, match="tp, tn"):
        tracks_behind_decision(MANY, 0.5, "rock", "both")  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="no class 'polka'"):
        tracks_behind_pair(MANY, 0.5, "truth-truth", "rock", "polka")
