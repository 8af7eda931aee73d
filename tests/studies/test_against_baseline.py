"""Networks against the baseline: paired on the same tracks, with intervals that say what they are of."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from taglab.errors import InvalidSetting
from taglab.metrics.intervals import BootstrapSettings, paired_bootstrap
from taglab.metrics.tagging import tagging_scores
from taglab.outcomes import Predictions
from taglab.studies.against_baseline import Pair, against_baseline, judge_pairs
from taglab.training import new_run, train
from tests.training.examples import config_of, make_world

DRAWS = BootstrapSettings(replicates=400, swaps=399)
CLASSES = ("a", "b", "c")


def said(seed: int, strength: float, n: int = 60) -> Predictions:
    """Return predictions of tracks, of which splits share some, that know the truth so well."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(150)[:n]
    truth = (np.random.default_rng(9).random((150, 3)) < [0.5, 0.3, 0.15])[chosen]
    logits = rng.standard_normal(truth.shape) + strength * truth
    scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return Predictions(tuple(f"t{row}" for row in chosen), CLASSES, truth, scores)


def pairs(strength: float, other: float, n: int = 5) -> list[Pair]:
    made = []
    for seed in range(n):
        network = said(seed, strength)
        scores = np.random.default_rng(seed + 50).standard_normal(network.truth.shape)
        weaker = 1 / (1 + np.exp(-(scores + other * network.truth)))
        made.append(
            Pair(f"run {seed}", network, replace(network, scores=weaker.astype(np.float32)), trained_on=90)
        )
    return made


def test_a_better_network_is_seen_to_be_better() -> None:
    found = judge_pairs(pairs(2.5, 0.5), DRAWS)
    for intervals in (found.tracks, found.splits, found.corrected):
        difference = intervals["difference"]
        assert 0 < difference.low < difference.estimate < difference.high
        assert difference.p < 0.05
    assert (found.by_run["difference"] > 0).all()


def test_an_equal_one_is_not() -> None:
    found = judge_pairs(pairs(1.0, 1.0), DRAWS)
    assert found.tracks["difference"].low < 0 < found.tracks["difference"].high
    assert found.tracks["difference"].p > 0.05
    assert found.corrected["difference"].low < 0 < found.corrected["difference"].high


def test_estimates_are_means_over_runs() -> None:
    given = pairs(1.5, 0.5)
    found = judge_pairs(given, DRAWS)
    macro = [
        tagging_scores(pair.network.truth, pair.network.scores).macro_average_precision for pair in given
    ]
    assert found.by_run["network"].to_numpy() == pytest.approx(macro)
    means = found.by_run[["network", "baseline", "difference"]].mean()
    for intervals in (found.tracks, found.splits, found.corrected):
        assert [intervals[side].estimate for side in means.index] == pytest.approx(means.to_numpy())
    assert found.by_class["network"].mean() == pytest.approx(means["network"])


def test_students_interval_is_scipys() -> None:
    found = judge_pairs(pairs(1.5, 0.5), DRAWS)
    differences = found.by_run["difference"]
    expected = stats.ttest_1samp(differences, 0.0)
    assert found.splits["difference"].p == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert (found.splits["difference"].low, found.splits["difference"].high) == pytest.approx((low, high))
    wider = np.sqrt((1 / 5 + 60 / 90) / (1 / 5))
    ratio = (found.corrected["difference"].high - found.corrected["difference"].estimate) / (
        high - expected.statistic * stats.sem(differences)
    )
    assert ratio == pytest.approx(wider)


def test_one_split_twice_is_the_paired_bootstrap_of_it() -> None:
    (pair,) = pairs(1.5, 0.5, n=1)
    found = judge_pairs([pair, pair], BootstrapSettings(replicates=4000, swaps=1999)).tracks["difference"]
    settings = BootstrapSettings(replicates=4000, swaps=1999, seed=1)
    expected = paired_bootstrap(
        pair.network.truth, pair.network.scores, pair.baseline.scores, settings
    ).average_precision.macro
    assert found.estimate == pytest.approx(expected.estimate)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.01)
    assert found.p == pytest.approx(expected.p, abs=0.01)


def test_a_class_without_positives_is_left_out() -> None:
    first, *others = pairs(1.5, 0.5)
    truth = first.network.truth.copy()
    truth[:, 2] = False
    first = replace(
        first, network=replace(first.network, truth=truth), baseline=replace(first.baseline, truth=truth)
    )
    found = judge_pairs([first, *others], DRAWS)
    assert np.isfinite(found.by_run["difference"]).all()
    assert np.isfinite(found.by_class["network"]).all()


def test_what_cannot_be_compared_is_told() -> None:
    one, two = pairs(1.5, 0.5, n=2)
    with pytest.raises(InvalidSetting, match="2 or more"):
        judge_pairs([one])
    renamed = replace(two, network=replace(two.network, classes=("a", "b", "d")))
    with pytest.raises(InvalidSetting, match="same classes"):
        judge_pairs([one, renamed])


def test_runs_are_set_against_a_baseline_of_their_own_parts(taglab_home: Path) -> None:
    make_world(taglab_home)
    runs = [train(new_run(config_of(epochs=1, split_seed=seed, test_share=0.3)).name) for seed in (0, 1)]
    found = against_baseline(runs, DRAWS)
    assert found.by_run["run"].tolist() == [run.name for run in runs]
    reached = [run.predictions("test") for run in runs]
    expected = [tagging_scores(said.truth, said.scores).macro_average_precision for said in reached if said]
    assert found.by_run["network"].to_numpy() == pytest.approx(expected)
    assert (found.by_run["baseline"] > 0.8).all()  # steady tones are what cepstral means tell apart


def test_a_run_that_is_not_trained_is_refused(taglab_home: Path) -> None:
    make_world(taglab_home)
    with pytest.raises(InvalidSetting, match="trained to its end"):
        against_baseline([new_run(config_of())])
