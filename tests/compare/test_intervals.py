"""Intervals of runs by one truth: the bootstrap's own, computed once, and refused where truths differ."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from taglab.compare.intervals import pair_intervals, with_intervals
from taglab.compare.tables import paired, stacked
from taglab.errors import InvalidSetting
from taglab.metrics.intervals import BootstrapSettings, bootstrap, bootstrap_models, paired_bootstrap
from taglab.outcomes import Predictions
from taglab.runs.tables import of_predictions

FEW = BootstrapSettings(replicates=50, swaps=199)


def predictions(n_tracks: int = 80, seed: int = 0) -> Predictions:
    random = np.random.default_rng(seed)
    truth = random.random((n_tracks, 2)) < 0.4
    scores = random.random(truth.shape).astype(np.float32)
    return Predictions(tuple(map(str, range(n_tracks))), ("rock", "sad"), truth, scores)


def three(n_tracks: int = 80) -> dict[str, Predictions]:
    a = predictions(n_tracks)
    return {
        "a": a,
        **{
            name: replace(a, scores=predictions(n_tracks, seed).scores) for seed, name in ((1, "b"), (2, "c"))
        },
    }


def test_several_models_have_the_intervals_each_would_alone() -> None:
    models = three()
    truth, scores = models["a"].truth, [each.scores for each in models.values()]
    each, difference = bootstrap_models(truth, scores, FEW)
    for found, given in zip(each, scores, strict=True):
        alone = bootstrap(truth, given, FEW)
        np.testing.assert_array_equal(found.average_precision.low, alone.average_precision.low)
        assert found.roc_auc.macro.high == alone.roc_auc.macro.high
        assert found.average_precision.micro.low == alone.average_precision.micro.low
    pair = paired_bootstrap(truth, *scores[:2], FEW)
    np.testing.assert_array_equal(difference.average_precision.p, pair.average_precision.p)
    np.testing.assert_array_equal(difference.roc_auc.high, pair.roc_auc.high)
    with pytest.raises(InvalidSetting, match="2 or more"):
        bootstrap_models(truth, scores[:1], FEW)


def test_what_was_computed_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    models, told = three(), list[float]()
    first = pair_intervals(models, "a", "b", FEW, lambda fraction, _: told.append(fraction))
    assert told
    expected = paired_bootstrap(models["a"].truth, models["a"].scores, models["b"].scores, FEW)
    np.testing.assert_array_equal(first.difference["auc_roc_low"][:2], expected.roc_auc.low)
    macro = first.difference[first.difference["mean"] == "macro"].iloc[0]
    assert macro["average_precision_high"] == expected.average_precision.macro.high
    other = pair_intervals(models, "b", "c", FEW)  # another pair, the runs themselves known
    pd.testing.assert_frame_equal(other.runs["a"], first.runs["a"])
    monkeypatch.setattr("taglab.compare.intervals.bootstrap_models", None)
    again = pair_intervals(models, "a", "b", FEW)
    pd.testing.assert_frame_equal(again.difference, first.difference)


def test_pairs_get_intervals_around_their_differences() -> None:
    models = three(200)
    better = np.clip(models["a"].scores / 2 + models["a"].truth * 0.4, 0, 1).astype(np.float32)
    models["b"] = replace(models["a"], scores=better)
    rows = stacked({title: of_predictions(each) for title, each in models.items()}, "average_precision")
    judged = with_intervals(paired(rows, "a", "b"), models, "a", "b", "average_precision")
    table, mean = judged.table, judged.mean
    assert (table["difference_low"] < table["difference"]).all()
    assert (table["difference"] < table["difference_high"]).all()
    assert (table["difference_high"] < 0).all()
    for title in models:
        assert ((table[f"low {title}"] < table[title]) & (table[title] < table[f"high {title}"])).all()
    assert mean["difference"] == pytest.approx(table["difference"].mean())
    assert (table["difference_p"] == 0.0001).all()  # the least that 9,999 swaps can give
    assert (table["difference_p_adjusted"] == 0.0001).all()
    assert (table["difference_reason"] == "").all()
    assert judged.said.startswith("p: 9,999 random swaps of the two models' scores by track, of 200 tracks.")
    assert "2 labels were compared: 2 have p < 0.05" in judged.said


def test_a_handful_of_tracks_says_nothing_for_certain() -> None:
    """Ten tracks: swaps are enumerated, and a label that three tracks have is told apart by nothing."""
    random = np.random.default_rng(1)
    truth = np.zeros((10, 3), np.bool_)
    truth[:3, 0] = truth[:5, 1] = True
    scores = random.random((2, 10, 3)).astype(np.float32)
    scores[0] = np.where(truth, 0.5 + scores[0] / 2, scores[0] / 2)  # all three first
    tracks = tuple(map(str, range(10)))
    models = {
        name: Predictions(tracks, ("rare", "half", "none"), truth, each)
        for name, each in zip("ab", scores, strict=True)
    }
    rows = stacked({name: of_predictions(each) for name, each in models.items()}, "average_precision")
    judged = with_intervals(
        paired(rows[rows["value"].notna()], "a", "b"), models, "a", "b", "average_precision"
    )
    table = judged.table.set_index("label")
    assert list(table["a"]) == [1, 1]
    # Wilson's interval of three in three, and of five in five.
    np.testing.assert_allclose(table.loc[["rare", "half"], "low a"], [0.4385, 0.5655], atol=1e-4)
    refused = table["difference_reason"] != ""
    assert table.loc[refused, ["difference_low", "difference_p"]].isna().all(axis=None)
    known = table[~refused]
    assert ((known["difference_p"] * 512) % 1 == 0).all()
    assert ((known["difference_low"] <= 0) | (known["difference_p"] < 0.05)).all()
    assert "all 512 swaps" in judged.said
    assert ("nothing can be told" in judged.said) == refused.any()


def test_pairs_of_different_truths_have_no_intervals() -> None:
    with pytest.raises(InvalidSetting, match="one truth"):
        pair_intervals({"a": predictions(), "b": predictions(seed=3)}, "a", "b")
    with pytest.raises(InvalidSetting, match="one truth"):
        pair_intervals({"a": predictions(80), "b": predictions(90)}, "a", "b")
