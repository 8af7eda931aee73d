"""What is trusted at a magnitude, and which clips stray most, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from taglab.studies.robustness.trust import trust_table, worst_clips


def within() -> pd.DataFrame:
    rows = [
        ("good", 30.0, 0.0, 1.0), ("good", 20.0, 0.5, 0.97), ("good", 10.0, 1.0, 0.92),
        ("bad", 30.0, 0.0, 0.5), ("bad", 20.0, 0.5, 0.95), ("bad", 10.0, 1.0, 0.1),
        ("so", 30.0, 0.0, 0.95), ("so", 20.0, 0.5, 0.9), ("so", 10.0, 1.0, 0.6),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["space", "magnitude", "severity", "consistency"])
    return table.assign(low=table["consistency"] - 0.04, high=table["consistency"] + 0.04)


def test_trust_is_given_where_the_whole_interval_says_so() -> None:
    table = trust_table(within(), 20.0).set_index("space")
    assert table["trusted"].to_dict() == {"good": "yes", "bad": "yes", "so": "not sure"}
    assert table.index[0] == "good"
    worst = trust_table(within(), 10.0).set_index("space")["trusted"].to_dict()
    assert worst == {"good": "not sure", "so": "no", "bad": "no"}


def test_a_space_holds_up_to_where_it_first_fails() -> None:
    holds = trust_table(within(), 30.0).set_index("space")["holds_to"]
    assert (holds["good"], holds["so"]) == (10.0, 20.0)
    assert np.isnan(holds["bad"])  # it fails where the change is mildest, and what comes later is luck


def test_the_clip_that_strays_most_often_is_the_worst() -> None:
    rows = [("b", "x", "c"), ("a", "x", "c"), ("a", "y", "c"), ("a", "y", "b")]
    table = worst_clips(pd.DataFrame(rows, columns=["track", "space", "nearest"]))
    assert table.iloc[0].to_dict() == {"track": "a", "strayed": 3, "spaces": 2, "taken_for": "c", "times": 2}
    assert worst_clips(pd.DataFrame(columns=["track", "space", "nearest"])).empty
