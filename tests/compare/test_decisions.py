"""What a run decided: from predictions where they are of the moment, else from counts, else as printed."""

import numpy as np

from taglab.compare.decisions import decided
from taglab.metrics.thresholds import THRESHOLDS
from taglab.runs import layout, open_published
from tests.runs.examples import made_run, small_data


def test_of_the_last_epoch_which_is_the_best_predictions_are_known() -> None:
    run = made_run("first", small_data())
    found = decided(run, "last")
    assert found is not None
    assert found.predictions is not None
    counts = run.confusion("last")
    assert counts is not None
    assert found.counts is not None
    np.testing.assert_array_equal(found.counts.tp, counts.tp)


def test_of_another_last_epoch_counts_are_known_or_its_own_predictions() -> None:
    run = made_run("first", small_data(), best_epoch=1)
    found = decided(run, "last")
    assert found is not None
    assert found.predictions is None
    assert "counts of the last epoch" in found.said
    best = decided(run, "best")
    assert best is not None
    assert best.predictions is not None
    best.predictions.save(run.folder / layout.PREDICTIONS / "validation-last.npz")
    found = decided(run, "last")
    assert found is not None
    assert found.predictions is not None
    assert found.said.endswith("last epoch")


def test_test_tracks_are_their_own() -> None:
    run = made_run("first", small_data())
    found = decided(run, "test")
    assert found is not None
    assert found.predictions is not None
    assert found.predictions.tracks[0] == "t30"


def test_printed_shares_stand_at_the_thresholds_that_are_meant() -> None:
    found = decided(open_published("thesis-3.3-k100-spectrogram"), "last")
    assert found is not None
    assert set(found.classes) == {"rock", "chill"}
    table = found.decisions("rock")
    np.testing.assert_allclose(sorted(set(table["threshold"])), THRESHOLDS[[66, 100, 134]])
    assert sorted(set(table["table"])) == [20, 24]
    assert found.decisions("rock") is table
    assert decided(open_published("thesis-3.3-k100-spectrogram"), "test") is None
    assert decided(open_published("thesis-1-spectrogram"), "last") is None
