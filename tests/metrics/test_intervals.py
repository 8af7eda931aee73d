"""Bootstrap intervals: replicates against scikit-learn's weighted metrics, and what intervals must do."""

import numpy as np
import pytest
from pydantic import ValidationError

from taglab.errors import Cancelled, InvalidSetting
from taglab.metrics import intervals, resampling
from taglab.metrics.intervals import BootstrapSettings, bootstrap, paired_bootstrap
from taglab.metrics.tagging import tagging_scores
from tests.metrics.scored import learnt

FEW = BootstrapSettings(replicates=200, swaps=199)


def test_intervals_hold_their_estimates_and_narrow_with_tracks() -> None:
    widths = []
    for n_tracks in (300, 4800):
        truth, scores = learnt(n_tracks, 4)
        found, whole = bootstrap(truth, scores, FEW), tagging_scores(truth, scores)
        assert found.n_tracks == n_tracks
        np.testing.assert_array_equal(found.average_precision.estimate, whole.average_precision)
        np.testing.assert_array_equal(found.roc_auc.estimate, whole.roc_auc)
        assert found.average_precision.macro.estimate == whole.macro_average_precision
        assert found.roc_auc.micro.estimate == whole.micro_roc_auc
        for each in (found.average_precision, found.roc_auc):
            assert (each.low < each.estimate).all()
            assert (each.estimate < each.high).all()
            assert not each.undefined.any()
            for mean in (each.macro, each.micro):
                assert mean.low < mean.estimate < mean.high
                assert np.isnan(mean.p)
        widths.append(found.roc_auc.macro.high - found.roc_auc.macro.low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.4)


def test_widths_agree_with_theory() -> None:
    """The standard error of ROC-AUC for scores that know nothing is sqrt((n + 1) / (12 P N))."""
    random = np.random.default_rng(0)
    truth, scores = random.random((2000, 3)) < 0.2, random.random((2000, 3))
    found = bootstrap(truth, scores, BootstrapSettings(replicates=600)).roc_auc
    positives = truth.sum(axis=0)
    error = np.sqrt(2001 / (12 * positives * (2000 - positives)))
    np.testing.assert_allclose((found.high - found.low) / (2 * 1.96 * error), 1, atol=0.15)
    assert ((found.low < 0.5) & (found.high > 0.5)).all()


def test_a_macro_mean_of_rare_classes_lies_within_its_interval() -> None:
    """Tracks drawn twice tie with themselves; without care the estimate lies below its own interval.

    What that adds is about as much as chance gives, so that it shows where models know nothing.
    """
    random = np.random.default_rng(0)
    truth = random.permuted(np.repeat(np.arange(300)[:, None] < 2, 200, axis=1), axis=0)
    macro = bootstrap(truth, random.random(truth.shape), FEW).average_precision.macro
    assert 0.4 < (macro.estimate - macro.low) / (macro.high - macro.low) < 0.6


def test_seed_and_level() -> None:
    truth, scores = learnt(200, 3)
    first, again = (bootstrap(truth, scores, FEW) for _ in range(2))
    np.testing.assert_array_equal(first.roc_auc.low, again.roc_auc.low)
    other = bootstrap(truth, scores, BootstrapSettings(replicates=200, seed=1))
    assert (first.roc_auc.low != other.roc_auc.low).all()
    narrow = bootstrap(truth, scores, BootstrapSettings(replicates=200, level=0.5))
    assert (narrow.roc_auc.low > first.roc_auc.low).all()
    for wrong in ({"replicates": 1}, {"level": 95}, {"seed": -1}, {"seeds": 1}):
        with pytest.raises(ValidationError):
            BootstrapSettings(**wrong)


def test_rounds_and_memory_make_no_difference_to_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, scores = learnt(150, 3)
    whole = bootstrap(truth, scores, BootstrapSettings(replicates=256))
    monkeypatch.setattr(intervals, "_HELD_WEIGHTS", 150 * 128)
    in_rounds = bootstrap(truth, scores, BootstrapSettings(replicates=256))
    np.testing.assert_array_equal(whole.average_precision.low, in_rounds.average_precision.low)
    monkeypatch.setattr(resampling, "_MICRO_PAIRS", 30)
    in_blocks = bootstrap(truth, scores, BootstrapSettings(replicates=256))
    assert in_blocks.average_precision.micro.low == pytest.approx(whole.average_precision.micro.low, abs=1e-6)


def test_classes_without_positives_have_no_interval() -> None:
    truth, scores = learnt(100, 4)
    truth[:, 0], truth[:, 1] = False, True
    truth[:, 2] = np.arange(100) == 0
    found = bootstrap(truth, scores, FEW)
    assert np.isnan(found.average_precision.low).tolist() == [True, True, False, False]
    assert found.roc_auc.reasons == ("no track has the label", "every track has the label", "", "")
    assert np.isnan(found.roc_auc.low).tolist() == [True, True, False, False]
    assert found.average_precision.undefined[0] == 200
    # The one positive is not among 100 drawn with probability 0.99^100.
    assert 0.2 < found.average_precision.undefined[2] / 200 < 0.55
    assert found.average_precision.undefined[3] == 0
    assert found.average_precision.macro.low > 0
    nothing = bootstrap(np.zeros((5, 2), bool), np.zeros((5, 2)), FEW)
    assert np.isnan([nothing.roc_auc.macro.low, nothing.average_precision.micro.high]).all()
    assert nothing.roc_auc.macro.reason == "no label has a value"


def test_three_positives_that_came_first_are_no_certainty() -> None:
    """Every draw gives 1; the interval is Wilson's of three in three, and of means there is none."""
    truth = np.arange(10)[:, None] < 3
    found = bootstrap(truth, 1 - np.arange(10)[:, None] / 10, FEW)
    np.testing.assert_allclose(found.average_precision.low, 3 / (3 + 1.959964**2), rtol=1e-5)
    assert found.average_precision.high == found.roc_auc.high == 1
    assert 0.5 < found.roc_auc.low < 0.7
    assert found.average_precision.macro.reason == "every draw of tracks gives the same value"
    assert np.isnan([found.roc_auc.macro.low, found.roc_auc.macro.high]).all()


def test_score_intervals_are_those_values_that_are_near_enough() -> None:
    """Newcombe's fifth method by a grid, and Wilson's closed form, where the bootstrap is not surer."""
    estimate, positives, n_tracks = np.array([0.8, 0.55]), np.array([4, 9]), 30
    none = np.zeros(2)
    found = intervals.score_interval(estimate, none, positives, n_tracks, 0.95, is_area=False)
    for value, n, ends in zip(estimate, positives, found, strict=True):
        expected = proportion(value, n)
        np.testing.assert_allclose(ends, expected, atol=1e-9)
    area = intervals.score_interval(estimate, none, positives, n_tracks, 0.95, is_area=True)
    values = np.linspace(0, 1, 100_001)
    for value, n, ends in zip(estimate, positives, area, strict=True):
        q1, q2 = values / (2 - values), 2 * values**2 / (1 + values)
        terms = values * (1 - values) + (n_tracks / 2 - 1) * (q1 + q2 - 2 * values**2)
        near = abs(value - values) <= 1.959964 * np.sqrt(terms / (n * (n_tracks - n)))
        np.testing.assert_allclose(ends, values[near][[0, -1]], atol=1e-4)
    wider = intervals.score_interval(estimate, np.full(2, 0.2), positives, n_tracks, 0.95, is_area=True)
    assert (np.ptp(wider, axis=1) > np.ptp(area, axis=1)).all()


def proportion(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's interval."""
    z = 1.959963984540054
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return tuple((share + z * z / (2 * n) + sign * half) / (1 + z * z / n) for sign in (-1, 1))  # type: ignore[return-value]


def test_a_paired_difference_is_surer_than_two_intervals() -> None:
    truth, scores = learnt(600, 5)
    random = np.random.default_rng(1)
    noisy = scores + 0.1 * random.random(scores.shape).astype(np.float32)
    found = paired_bootstrap(truth, scores, noisy, FEW)
    one, other = bootstrap(truth, scores, FEW), bootstrap(truth, noisy, FEW)
    for pair, a, b in (
        (found.average_precision, one.average_precision, other.average_precision),
        (found.roc_auc, one.roc_auc, other.roc_auc),
    ):
        np.testing.assert_allclose(pair.estimate, a.estimate - b.estimate)
        assert pair.macro.estimate == pytest.approx(a.macro.estimate - b.macro.estimate)
        assert (pair.high - pair.low < 0.7 * (a.high - a.low)).all()
        assert pair.macro.high - pair.macro.low < 0.7 * (a.macro.high - a.macro.low)


def test_p_is_small_for_a_better_model_and_large_for_the_same() -> None:
    truth, scores = learnt(400, 3)
    chance = np.random.default_rng(1).random(scores.shape)
    better = paired_bootstrap(truth, scores, chance, FEW)
    assert (better.roc_auc.low > 0).all()
    np.testing.assert_allclose(better.roc_auc.p, [1 / 200] * 3)
    assert better.roc_auc.macro.p == better.average_precision.micro.p == 1 / 200
    np.testing.assert_allclose(better.roc_auc.p_adjusted, [1 / 200] * 3)
    turned = paired_bootstrap(truth, chance, scores, FEW)
    np.testing.assert_allclose(turned.roc_auc.low, -better.roc_auc.high, atol=1e-9)
    same = paired_bootstrap(truth, scores, scores, FEW)
    assert np.isnan([same.roc_auc.low, same.roc_auc.high, same.roc_auc.p]).all()
    assert all("alike" in reason for reason in (*same.roc_auc.reasons, same.roc_auc.macro.reason))


def test_an_interval_leaves_out_0_only_where_p_is_small() -> None:
    random = np.random.default_rng(2)
    truth = np.repeat(np.arange(24)[:, None] < 6, 150, axis=1)
    ours, theirs = random.random((2, 24, 150))
    found = paired_bootstrap(truth, ours + 0.4 * truth, theirs, FEW)
    for each in (found.average_precision, found.roc_auc):
        clear = (each.low > 0) | (each.high < 0)
        assert 5 < clear.sum() < 150
        assert (each.p[clear] < 0.05).all()


def test_bad_input_is_refused_and_progress_may_cancel() -> None:
    truth, scores = learnt(50, 2)
    with pytest.raises(InvalidSetting, match=r"\(tracks, classes\)"):
        paired_bootstrap(truth, scores, scores[:10], FEW)
    with pytest.raises(InvalidSetting, match="NaN"):
        bootstrap(truth, scores * np.nan, FEW)
    told: list[float] = []

    def stop(fraction: float, text: str) -> None:
        told.append(fraction)
        if fraction >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        bootstrap(truth, scores, FEW, progress=stop)
    assert told == [0.5]
