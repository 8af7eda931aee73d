"""Recovery of planted subgenres: one demo for real, and sums of made-up scores."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from taglab.embeddings import SkipGramSettings, TagSkipGramSettings, train_skipgram
from taglab.errors import Cancelled
from taglab.genres import SubgenreSettings
from taglab.studies.subgenre_recovery import METHODS, recover_subgenres, recovery_table


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Three demos that no setting was chosen on."""
    settings = SubgenreSettings(restarts=1, k_max=8, skip_gram=TagSkipGramSettings(steps=300))
    return recover_subgenres(
        [3, 4, 5], settings, lambda demo: train_skipgram(demo, SkipGramSettings(dim=16, pairs=300_000))
    )


@pytest.mark.parametrize("method", ["npmi", "tag-embeddings"])
def test_either_method_recovers_more_of_every_demo_than_word_vectors_and_chance(
    rows: pd.DataFrame, method: str
) -> None:
    chosen = rows[rows["k_from"] == "silhouette"]
    by_demo = chosen.pivot_table("adjusted_rand", "seed", "method")
    assert len(by_demo) == 3
    for baseline in ("word vectors", "chance"):
        assert (by_demo[method] > by_demo[baseline]).all()
    table = recovery_table(chosen).set_index("method")
    assert table.loc[method, "gain"] > 0.05
    assert table.loc[method, "adjusted_rand"] > table.loc["chance", "adjusted_rand"] + 0.1


def test_what_is_compared_is_of_the_same_tags_and_chance_is_at_zero(rows: pd.DataFrame) -> None:
    assert set(rows["method"]) == set(METHODS)
    assert rows["tags"].min() > 3
    assert (rows.groupby(["seed", "family", "k_from"])["tags"].agg(np.ptp) == 0).all()
    assert abs(rows.loc[rows["method"] == "chance", "adjusted_rand"].mean()) < 0.05
    exact = rows[(rows["k_from"] == "truth") & (rows["method"] == "npmi")]
    assert (exact["k"] == exact["branches"]).all()


def test_intervals_are_over_demos_and_gains_over_word_vectors() -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        [
            {"k_from": "truth", "method": method, "seed": seed, "adjusted_rand": base + 0.1 * seed + noise}
            for seed in range(6)
            for noise in rng.normal(scale=0.01, size=3)
            for method, base in (("npmi", 0.5), ("word vectors", 0.2))
        ]
    )
    table = recovery_table(rows).set_index("method")
    npmi = table.loc["npmi"]
    assert npmi["demos"] == 6
    assert npmi["low"] < npmi["adjusted_rand"] < npmi["high"]
    assert npmi["gain"] == pytest.approx(0.3)  # equal in every demo, so without a spread
    assert npmi["gain_high"] - npmi["gain_low"] < 1e-9
    assert table.loc["word vectors", "gain"] == 0
    assert table.loc["word vectors", ["gain_low", "gain_high"]].isna().all()
    by_demo = rows[rows["method"] == "npmi"].groupby("seed")["adjusted_rand"].mean()
    expected = stats.ttest_1samp(by_demo, 0).confidence_interval()
    assert (npmi["low"], npmi["high"]) == pytest.approx(tuple(expected))


def test_cancelling_passes_through() -> None:
    def cancel(fraction: float, text: str) -> None:
        raise Cancelled(text)

    settings = SubgenreSettings(restarts=1, k_max=5, skip_gram=TagSkipGramSettings(steps=5))
    with pytest.raises(Cancelled, match="demo 3: "):
        recover_subgenres(
            [3], settings, lambda demo: train_skipgram(demo, SkipGramSettings(dim=4, epochs=1)), cancel
        )
