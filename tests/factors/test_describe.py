"""What factors are about: worked by hand, and of every maker that has them."""

from __future__ import annotations

import numpy as np
import pytest

from taglab.errors import InvalidSetting
from taglab.factors.describe import factor_table, peakedness, strongest_terms, strongest_tracks, summary
from taglab.targets import Factors, Targets


def by_hand() -> Targets:
    weights = np.array([[0.5, 0.0], [0.3, 0.25], [0.2, 0.75]], np.float32)
    values = np.array([[1, 0], [0.5, 0.5], [0, 0], [0.25, 0.75]], np.float32)
    return Targets(
        "distribution", ("a", "b", "c", "d"), ("one", "two"), values, np.array([True, True, False, True]),
        "tag", factors=Factors("tags", ("rock", "pop", "jazz"), weights),
    )  # fmt: skip


def test_the_strongest_terms_and_tracks_of_each_factor() -> None:
    terms = strongest_terms(by_hand(), 2)
    assert terms["factor"].tolist() == ["one", "one", "two", "two"]
    assert terms["term"].tolist() == ["rock", "pop", "jazz", "pop"]
    assert terms["rank"].tolist() == [1, 2, 1, 2]
    np.testing.assert_allclose(terms["weight"], [0.5, 0.3, 0.75, 0.25])
    # A term that a factor has nothing of is none of its strongest, however many are asked for.
    assert strongest_terms(by_hand(), 9)["term"].tolist() == ["rock", "pop", "jazz", "jazz", "pop"]
    tracks = strongest_tracks(by_hand(), 2)
    assert tracks["track"].tolist() == ["a", "b", "d", "b"]
    np.testing.assert_allclose(tracks["share"], [1, 0.5, 0.75, 0.5])
    table = factor_table(by_hand(), 1)
    assert table["terms"].tolist() == [["rock"], ["jazz"]]
    assert table["tracks"].tolist() == [["a"], ["d"]]
    np.testing.assert_allclose(table["mean"], [1.75 / 3, 1.25 / 3])


def test_how_peaked_tracks_are() -> None:
    quarters = 0.25**-0.25 * 0.75**-0.75
    np.testing.assert_allclose(peakedness(by_hand()), [1, 2, np.nan, quarters])
    told = summary(by_hand())
    assert (told["factors"], told["terms"], told["known"], told["coverage"]) == (2, 3, 3, 0.75)
    assert (told["least_perplexity"], told["most_perplexity"]) == (1, 2)
    assert told["perplexity"] == pytest.approx(quarters)
    mean = np.array([1.75, 1.25]) / 3
    assert told["used_factors"] == pytest.approx(np.exp(-(mean * np.log(mean)).sum()))


def test_what_is_no_factor_of_terms_is_refused() -> None:
    plain = Targets("real", ("a",), ("x",), np.ones((1, 1), np.float32), np.array([True]), "plain")
    with pytest.raises(InvalidSetting, match="columns of plain are not factors of terms"):
        strongest_terms(plain)
    with pytest.raises(InvalidSetting, match="kind='real' must be distribution"):
        peakedness(plain)
    with pytest.raises(InvalidSetting, match="n=0 must be at least 1"):
        strongest_terms(by_hand(), 0)


def test_factors_check_themselves() -> None:
    with pytest.raises(ValueError, match=r"weights \(3, 2\) must be \(2 terms, factors\)"):
        Factors("tags", ("rock", "pop"), np.full((3, 2), 1 / 3, np.float32))
    with pytest.raises(ValueError, match="one of the tags stands twice"):
        Factors("tags", ("rock", "rock"), np.full((2, 2), 0.5, np.float32))
    with pytest.raises(ValueError, match="factor 1 holds shares below 0"):
        Factors("tags", ("rock", "pop"), np.array([[0.5, 0.7], [0.5, 0.7]], np.float32))
    with pytest.raises(ValueError, match="must be 1 columns"):
        Targets(
            "distribution", ("a",), ("x",), np.ones((1, 1), np.float32), np.array([True]),
            factors=Factors("tags", ("rock",), np.ones((1, 2), np.float32)),
        )  # fmt: skip
