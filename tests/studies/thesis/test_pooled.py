"""Draws of tracks under pooled figures: exact counts, pairs that cancel out, other tracks and classes."""

import numpy as np
import pytest

from taglab.metrics.thresholds import auc_pr_interpolated, confusion, roc_auc_at_thresholds
from taglab.outcomes import Predictions
from taglab.studies.thesis.pooled import pooled_differences

FIGURES = {"auc_pr_micro": auc_pr_interpolated, "roc_auc_micro": roc_auc_at_thresholds}


def said(n_tracks: int, n_classes: int, first: int = 0, seed: int = 0) -> Predictions:
    random = np.random.default_rng(seed)
    truth = random.random((n_tracks, n_classes)) < 0.3
    scores = np.clip(0.2 * truth + random.random(truth.shape), 0, 1).astype(np.float32)
    tracks = tuple(f"t{track}" for track in range(first, first + n_tracks))
    return Predictions(tracks, tuple(map(str, range(n_classes))), truth, scores)


@pytest.mark.parametrize("metric", FIGURES)
def test_draws_are_those_of_drawing_tracks_and_counting_anew(metric: str) -> None:
    ours, theirs = said(60, 5), said(60, 7, seed=1)
    found = pooled_differences(ours, theirs, metric, replicates=2_000)
    assert found.mean() == pytest.approx(0, abs=1e-12)
    random = np.random.default_rng(7)
    drawn = []
    for _ in range(2_000):
        rows = random.integers(0, 60, 60)
        counts = [confusion(each.truth[rows], each.scores[rows]).micro() for each in (ours, theirs)]
        first, second = (FIGURES[metric](each)[0] for each in counts)
        drawn.append(first - second)
    assert np.std(found) == pytest.approx(np.std(drawn), rel=0.08)
    np.testing.assert_array_equal(found, pooled_differences(ours, theirs, metric, replicates=2_000))


def test_models_that_say_the_same_do_not_differ_in_any_draw() -> None:
    assert (pooled_differences(said(40, 4), said(40, 4), "auc_pr_micro") == 0).all()


def test_tracks_that_one_was_not_judged_on_count_for_the_other_alone() -> None:
    ours = said(80, 6)
    part = Predictions(ours.tracks[:40], ours.classes, ours.truth[:40], ours.scores[:40])
    apart = pooled_differences(ours, said(80, 6, first=1_000, seed=1), "auc_pr_micro")
    paired = pooled_differences(ours, part, "auc_pr_micro")
    assert 0 < paired.std() < apart.std()


def test_draws_without_a_positive_have_no_figure() -> None:
    lonely = said(5, 1)
    truth = np.zeros((5, 1), bool)
    truth[0] = True
    found = pooled_differences(
        Predictions(lonely.tracks, ("a",), truth, lonely.scores), said(5, 3), "auc_pr_micro"
    )
    assert 0 < np.isnan(found).sum() < len(found)
