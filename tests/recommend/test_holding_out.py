"""What is held out by time, by hand; splits without times are tried with what is judged by them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from taglab.errors import DataError, InvalidSetting
from taglab.interactions import Interactions
from taglab.recommend import HoldingOut, as_plays, hold_out

DAYS = [datetime(2012, 1, day, 12, tzinfo=UTC).timestamp() for day in range(1, 9)]
PLAYS = Interactions.from_codes(
    "mine", ["u", "v", "w"], ["a", "b", "c", "d"],
    [0, 0, 0, 0, 1, 1, 1, 2], [0, 1, 2, 3, 0, 1, 2, 0], times=[*DAYS[:4], DAYS[7], DAYS[5], DAYS[6], DAYS[4]],
)  # fmt: skip


def held_pairs(plays: Interactions, **asked: object) -> list[tuple[int, int]]:
    held = hold_out(plays, HoldingOut.model_validate(asked))
    whole = held.train.matrix.astype(bool) + held.test
    assert (whole != plays.matrix.astype(bool)).nnz == 0
    rows, columns = held.test.nonzero()
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def test_the_last_share_of_each_user_is_held_out() -> None:
    # A half of u's four, the nearest whole number to a half of v's three, and never all of w's one.
    assert held_pairs(PLAYS, by="temporal-user", share=0.5) == [(0, 2), (0, 3), (1, 0), (1, 2)]


def test_the_last_share_of_all_is_held_out_whoever_played_it() -> None:
    assert held_pairs(PLAYS, by="temporal-global", share=0.25) == [(1, 0), (1, 2)]


def test_all_from_a_date_on_is_held_out() -> None:
    assert held_pairs(PLAYS, by="temporal-global", after="2012-01-05") == [(1, 0), (1, 1), (1, 2), (2, 0)]
    with pytest.raises(
        DataError, match=r"after=2013-01-01 by temporal-global .* 0; .* from 2012-01-01 to 2012-01-08"
    ):
        hold_out(PLAYS, HoldingOut(by="temporal-global", after="2013-01-01"))


def test_what_was_played_again_later_is_as_late_as_its_last_play() -> None:
    again = Interactions.from_codes(
        "mine", ["u"], ["a", "b"], [0, 0, 0], [0, 1, 0], times=[DAYS[0], DAYS[1], DAYS[2]]
    )
    assert again.matrix.toarray().tolist() == [[2, 1]]
    assert held_pairs(again, by="temporal-user", share=0.5) == [(0, 0)]


def test_plays_without_a_time_are_in_neither_part_and_counted() -> None:
    some = Interactions.from_codes(
        "mine", ["u"], ["a", "b", "c"], [0, 0, 0], [0, 1, 2], times=[DAYS[0], np.nan, DAYS[2]]
    )
    held = hold_out(some, HoldingOut(by="temporal-user", share=0.5))
    assert held.train.matrix.toarray().tolist() == [[1, 0, 0]]
    assert held.test.toarray().tolist() == [[False, False, True]]
    (note,) = held.train.dropped
    assert (note.count, note.reason) == (
        1, "neither learned from nor held out, for nothing says when they were",
    )  # fmt: skip


def test_data_without_times_are_told_in_a_sentence() -> None:
    timeless = Interactions.from_codes("mine", ["u"], ["a", "b"], [0, 0], [0, 1])
    for by in ("temporal-user", "temporal-global"):
        with pytest.raises(
            InvalidSetting, match=f"by='{by}' needs to know when plays were, and those of mine"
        ):
            hold_out(timeless, HoldingOut.model_validate({"by": by}))
    with pytest.raises(ValidationError, match="after='2012-01-01' is of by='temporal-global'"):
        HoldingOut(after="2012-01-01")
    with pytest.raises(ValidationError, match="after='soon' must be a date such as 2012-01-31"):
        HoldingOut(by="temporal-global", after="soon")


def test_ratings_keep_their_times_as_plays() -> None:
    ratings = Interactions.from_codes(
        "mine", ["u"], ["a", "b", "c"], [0, 0, 0], [0, 1, 2], [5, 1, 4], "ratings", times=DAYS[:3]
    )
    plays = as_plays(ratings, 3)
    assert plays.times is not None
    assert plays.times.tolist() == [DAYS[0], DAYS[2]]
    assert held_pairs(plays, by="temporal-user", share=0.5) == [(0, 2)]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(0, 9)), min_size=1, max_size=40))
def test_of_each_user_nothing_learned_from_is_later_than_what_is_held_out(
    rows: list[tuple[int, int, int]],
) -> None:
    users, tracks, times = zip(*rows, strict=True)
    plays = Interactions.from_codes(
        "mine", [f"u{at}" for at in range(5)], [f"t{at}" for at in range(7)], users, tracks, times=times
    )
    latest = pd.DataFrame(rows).groupby([0, 1])[2].max()
    per_user = plays.per_user()
    try:
        held = hold_out(plays, HoldingOut(by="temporal-user", share=0.4))
    except DataError:
        assert (np.floor(0.4 * per_user + 0.5) < 1).all() or per_user.max() < 2
        return
    n_held = np.diff(held.test.indptr)
    assert n_held.tolist() == [min(int(0.4 * n + 0.5), n - 1) if n else 0 for n in per_user]
    for user in range(5):
        learned = [latest[user, track] for track in held.train.matrix[[user]].indices]
        asked = [latest[user, track] for track in held.test[[user]].indices]
        assert not learned or not asked or max(learned) <= min(asked)
