"""Runs averaged over seeds, splits and folds: worked by hand, and against SciPy."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from taglab.compare.repeats import repeats_table
from taglab.labels import from_tags
from taglab.runs import Run, RunWriter, change_about, create_run
from tests.runs.examples import LABELS, small_data


def trained(value: float, split: str, width: float = 1.0, **train: Any) -> Run:
    """Return a run with a test figure."""
    space = from_tags(small_data(), LABELS)
    config = {"data": "small", "labels": "x", "network": {"width": width}, "train": train}
    run = create_run(config, space, {})
    RunWriter(run).summarise(test={"ap_macro": value, "roc_auc_macro": 1 - value})
    change_about(run, split=split)
    return run


def test_seeds_are_averaged_within_splits_and_splits_are_the_repetitions() -> None:
    values = {"a": (0.30, 0.32), "b": (0.40, 0.44), "c": (0.35, 0.37)}
    runs = {
        f"{split}{seed}": trained(value, split, folds=5, fold=fold, seed=seed)
        for fold, (split, pair) in enumerate(values.items())
        for seed, value in enumerate(pair)
    }
    table = repeats_table(runs).set_index("metric")
    assert len(table) == 2
    row = table.loc["AUC-PR exact, macro"]
    means = [0.31, 0.42, 0.36]
    assert (row["repetitions"], row["splits"]) == (3, 3)
    assert (row["mean"], row["sd"]) == pytest.approx((np.mean(means), np.std(means, ddof=1)))
    # Of five folds one is tested and three are trained on.
    half = stats.t.ppf(0.975, 2) * np.std(means, ddof=1) * np.sqrt(1 / 3 + 1 / 3)
    assert (row["low"], row["high"]) == pytest.approx((np.mean(means) - half, np.mean(means) + half))
    assert row["runs"] == "a0, a1, b0, b1, c0, c1"


def test_one_split_leaves_the_seeds() -> None:
    runs = {str(seed): trained(0.3 + seed / 50, "a", seed=seed) for seed in range(4)}
    row = repeats_table(runs).iloc[0]
    expected = stats.ttest_1samp([0.3, 0.32, 0.34, 0.36], 0).confidence_interval()
    assert (row["repetitions"], row["splits"]) == (4, 1)
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected))


def test_experiments_are_compared_on_the_splits_both_have() -> None:
    runs = {
        f"narrow {split}": trained(value, split) for split, value in zip("abc", (0.3, 0.4, 0.35), strict=True)
    }
    runs |= {
        f"wide {split}": trained(value, split, width=2.0)
        for split, value in zip("abd", (0.33, 0.45, 0.9), strict=True)
    }
    table = repeats_table(runs)
    narrow, wide = (row for _, row in table[table["metric"] == "AUC-PR exact, macro"].iterrows())
    assert np.isnan(narrow["difference"])
    assert wide["difference"] == pytest.approx(0.04)  # of 0.03 and 0.05; split d has no pair
    assert wide["difference_low"] < 0 < wide["difference_high"]


def test_what_is_no_repetition_has_a_reason_and_older_runs_go_with_new_ones() -> None:
    alone = repeats_table({"only": trained(0.3, "a")}).iloc[0]
    assert "two repetitions" in alone["reason"]
    old, new = trained(0.3, "a"), trained(0.4, "b", folds=0, fold=0, stratified=False, devices=[1])
    assert repeats_table({"old": old, "new": new}).iloc[0]["repetitions"] == 2
    other = trained(0.4, "b", stratified=True)
    assert repeats_table({"old": old, "other": other})["repetitions"].tolist() == [1] * 4
