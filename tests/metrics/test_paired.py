"""Two models on the same queries: worked by hand, against SciPy, and how often the interval covers."""

import numpy as np
import pytest
from scipy.stats import bootstrap, wilcoxon

from taglab.errors import InvalidSetting
from taglab.metrics.intervals import BootstrapSettings
from taglab.metrics.paired import interval_over_queries, paired_queries

RANDOM = np.random.default_rng(5)
FIRST = RANDOM.integers(0, 4, 200) / 3
SECOND = np.clip(FIRST - RANDOM.integers(-1, 3, 200) / 3, 0, 1)


def test_wins_losses_and_draws_by_hand() -> None:
    pair = paired_queries([1, 1 / 3, 0, 2 / 3, 0], [0, 2 / 3, 0, 1 / 3, 0])
    assert (pair.wins, pair.losses, pair.draws) == (2, 1, 2)
    assert pair.difference.estimate == pytest.approx((1 - 1 / 3 + 1 / 3) / 5)


def test_p_is_that_of_the_signed_ranks() -> None:
    pair = paired_queries(FIRST, SECOND)
    apart = (FIRST - SECOND)[FIRST != SECOND]
    assert pair.difference.p == pytest.approx(wilcoxon(apart).pvalue)
    swapped = paired_queries(SECOND, FIRST)
    assert (swapped.wins, swapped.losses) == (pair.losses, pair.wins)
    assert swapped.difference.p == pytest.approx(pair.difference.p)


def test_the_interval_is_a_percentile_bootstrap() -> None:
    ours = interval_over_queries(FIRST, BootstrapSettings(replicates=20_000))
    theirs = bootstrap((FIRST,), np.mean, method="percentile", n_resamples=20_000, rng=0).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.003)
    assert interval_over_queries(FIRST) == interval_over_queries(FIRST)


def test_all_draws_and_single_queries_say_why_there_is_no_p() -> None:
    same = paired_queries([1, 0, 1], [1, 0, 1])
    assert (same.draws, same.difference.reason) == (3, "all queries are draws")
    assert np.isnan(same.difference.p)
    assert interval_over_queries([0.5]).reason == "1 of 2 queries"
    assert np.isnan(interval_over_queries([]).estimate)


@pytest.mark.parametrize(("first", "second"), [([1, 0], [1]), ([[1]], [[1]]), ([1, np.nan], [1, 0])])
def test_what_is_not_of_the_same_queries_is_refused(first: object, second: object) -> None:
    with pytest.raises(InvalidSetting):
        paired_queries(first, second)  # type: ignore[arg-type]
