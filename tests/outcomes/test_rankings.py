"""Rankings and estimates: what they refuse, and what predictions give as rankings."""

import numpy as np
import pytest

from taglab.metrics.ranking import average_precision_of_queries, precision_at_k, ranked
from taglab.metrics.tagging import tagging_scores
from taglab.outcomes import Estimates, Predictions, Rankings

SCORES = np.array([[0.9, 0.1, 0.5], [0.2, 0.2, 0.8]], np.float32)
TRUTH = np.array([[True, False, True], [False, True, False]])
PREDICTIONS = Predictions(("a", "b"), ("x", "y", "z"), TRUTH, SCORES)


def test_predictions_as_rankings_of_labels_for_tracks() -> None:
    rankings = PREDICTIONS.as_rankings()
    assert (rankings.queries, rankings.items) == (("a", "b"), ("x", "y", "z"))
    assert (rankings.query, rankings.item) == ("track", "label")
    assert repr(rankings) == "<Rankings: 3 × label for 2 × track>"
    # Track a: both of its labels come first. Track b: its label shares the second place.
    assert precision_at_k(rankings.scores, rankings.relevant, 1).tolist() == [1, 0]
    assert precision_at_k(rankings.scores, rankings.relevant, 2).tolist() == [1, 0.25]


def test_predictions_as_rankings_of_tracks_for_labels_have_the_labels_average_precision() -> None:
    random = np.random.default_rng(0)
    truth = random.random((40, 6)) < 0.3
    scores = random.random((40, 6)).astype(np.float32)
    ids = tuple(map(str, range(40)))
    predictions = Predictions(ids, tuple("abcdef"), truth, scores)
    rankings = predictions.as_rankings("label")
    assert (rankings.queries, rankings.items) == (tuple("abcdef"), ids)
    np.testing.assert_allclose(
        average_precision_of_queries(rankings.scores, rankings.relevant),
        tagging_scores(truth, scores).average_precision,
    )


def test_lists_of_the_first_few() -> None:
    relevant = np.array([[True, False, False], [False, False, True]])
    rankings = Rankings.of_order(["q", "r"], ["x", "y", "z"], [[2, 0], [1, -1]], relevant, "user", "track")
    assert rankings.scores.tolist() == [[-1, -np.inf, 0], [-np.inf, 0, -np.inf]]
    assert ranked(rankings.scores, relevant).precision_at(2).tolist() == [0.5, 0.25]
    with pytest.raises(ValueError, match="stands twice in a list"):
        Rankings.of_order(["q"], ["x", "y"], [[1, 1]], relevant[:1, :2], "user", "track")
    with pytest.raises(ValueError, match="2 rows of positions below 2"):
        Rankings.of_order(["q", "r"], ["x", "y"], [[2, 0], [1, -1]], relevant[:, :2], "user", "track")


def test_queries_without_relevant_items_are_counted() -> None:
    rankings = Rankings(
        ("q", "r"), ("x", "y"), SCORES[:, :2], np.array([[1, 0], [0, 0]], bool), "user", "track"
    )
    assert rankings.without_relevant == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"relevant": TRUTH[:, :2]}, r"must both be \(queries, items\)"),
        ({"scores": SCORES.astype(float)}, "float32"),
        ({"relevant": TRUTH.astype(int)}, "bool"),
        ({"queries": ("a", "a")}, "track 'a' stands twice"),
        ({"items": ("x", "y", "x")}, "label 'x' stands twice"),
        ({"scores": SCORES + np.float32(np.nan)}, "NaN"),
        ({"scores": SCORES + np.float32(np.inf)}, "inf"),
    ],
)
def test_rankings_that_do_not_fit_are_refused(change: dict[str, object], sentence: str) -> None:
    parts = {"queries": ("a", "b"), "items": ("x", "y", "z"), "scores": SCORES, "relevant": TRUTH}
    with pytest.raises(ValueError, match=sentence):
        Rankings(**parts | change, query="track", item="label")  # type: ignore[arg-type]


def test_fingerprints_are_of_everything() -> None:
    one = PREDICTIONS.as_rankings()
    assert one.fingerprint == PREDICTIONS.as_rankings().fingerprint
    others = [
        PREDICTIONS.as_rankings("label"),
        Rankings(one.queries, one.items, one.scores, ~one.relevant, "track", "label"),
        Rankings(one.queries, one.items, -one.scores, one.relevant, "track", "label"),
        Rankings(one.queries, one.items, one.scores, one.relevant, "song", "label"),
    ]
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == 5


def test_estimates_beside_values_that_are_partly_known() -> None:
    truth = np.array([[120, np.nan], [90, 1999]], np.float32)
    values = np.array([[118, np.nan], [95, 2001]], np.float32)
    estimates = Estimates(("a", "b"), ("tempo (bpm)", "year"), truth, values)
    assert repr(estimates) == "<Estimates: 2 tracks, tempo (bpm), year>"
    assert estimates.known.tolist() == [[True, False], [True, True]]
    assert len(estimates.evaluated) == 32
    other = Estimates(("a", "b"), ("tempo (bpm)", "year"), truth, values + 1)
    assert estimates.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("truth", "values", "sentence"),
    [
        ([[1.0], [np.inf]], [[1.0], [1.0]], "truth holds infinity"),
        ([[1.0], [2.0]], [[1.0], [np.nan]], "has training diverged"),
        ([[1.0, 2.0]], [[1.0], [2.0]], r"truth must be float32 of \(tracks, columns\)"),
    ],
)
def test_estimates_that_do_not_fit_are_refused(truth: object, values: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Estimates(("a", "b"), ("x",), np.array(truth, np.float32), np.array(values, np.float32))
