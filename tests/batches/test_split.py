"""Splits: shares, whole artists, published splits, and what a seed fixes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from taglab.batches import PARTS, SplitSettings, split_tracks
from taglab.errors import InvalidSetting
from tests.batches.examples import folksonomy_of


def tagless(n: int, artists: list[str | None] | None = None, **columns: list[object]):
    return folksonomy_of([["rock"]] + [[]] * (n - 1), artists, **columns)


@given(st.integers(3, 300), st.integers(0, 5))
def test_shares_are_met_to_a_track(n: int, seed: int) -> None:
    split = split_tracks(tagless(n), SplitSettings(seed=seed))
    assert sum(split.sizes.values()) == n
    for part, share in zip(PARTS, (0.8, 0.1, 0.1), strict=True):
        assert split.sizes[part] >= 1
        assert abs(split.sizes[part] - share * n) <= 2
        assert set(split.parts[split.rows_of(part)]) == {part}


@given(st.lists(st.sampled_from([*"abcdefghij", None]), min_size=12, max_size=200), st.integers(0, 3))
def test_artists_stay_together_and_unknown_ones_do_not(artists: list[str | None], seed: int) -> None:
    if not any(artists) or len(set(artists) - {None}) + artists.count(None) < 3:
        return
    split = split_tracks(tagless(len(artists), artists), SplitSettings(seed=seed, by_artist=True))
    for artist in set(artists) - {None}:
        parts = {part for part, of in zip(split.parts, artists, strict=True) if of == artist}
        assert len(parts) == 1
    assert set(split.parts) == set(PARTS)


@pytest.mark.parametrize("seed", range(10))
def test_artist_shares_are_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.zipf(1.8, 150).clip(max=60)
    artists = [f"artist {number}" for number, size in enumerate(sizes) for _ in range(size)]
    split = split_tracks(tagless(len(artists), artists), SplitSettings(seed=seed, by_artist=True))
    for part, share in zip(PARTS, (0.8, 0.1, 0.1), strict=True):
        assert abs(split.sizes[part] / len(artists) - share) < 0.03


def test_an_artist_of_half_of_all_tracks_is_trained_on() -> None:
    artists = ["much"] * 50 + [f"artist {number}" for number in range(50)]
    for seed in range(10):
        split = split_tracks(tagless(100, artists), SplitSettings(seed=seed, by_artist=True))
        assert set(split.parts[:50]) == {"train"}
        assert split.sizes == {"train": 80, "validation": 10, "test": 10}


def test_small_parts_hold_large_and_small_artists_alike() -> None:
    artists = [f"artist {number}" for number in range(200) for _ in range(1 + number % 4)]
    size_of = np.array([1 + number % 4 for number in range(200) for _ in range(1 + number % 4)])
    of_test = [
        size_of[split_tracks(tagless(500, artists), SplitSettings(seed=seed, by_artist=True)).rows_of("test")]
        for seed in range(20)
    ]
    assert np.mean(np.concatenate(of_test)) == pytest.approx(size_of.mean(), abs=0.15)


def test_a_seed_fixes_the_split_whatever_the_order_of_tracks() -> None:
    data = tagless(50)
    other = data.select_tracks([f"t{number}" for number in range(50)])
    shuffled = other.tracks.sample(frac=1, random_state=1)
    reordered = folksonomy_of([["rock"]] + [[]] * 49, None)
    reordered.tracks["track"] = shuffled["track"].to_numpy()
    one, two = split_tracks(data), split_tracks(reordered)
    assert one.fingerprint == two.fingerprint
    assert dict(zip(one.tracks, one.parts, strict=True)) == dict(zip(two.tracks, two.parts, strict=True))
    assert split_tracks(data, SplitSettings(seed=1)).fingerprint != one.fingerprint


def test_a_published_split_is_taken_as_it_is() -> None:
    words = ["train", "Training", "valid", "dev", "TEST "]
    split = split_tracks(tagless(5, split=words), SplitSettings(published=True))
    assert split.parts.tolist() == ["train", "train", "validation", "validation", "test"]


@pytest.mark.parametrize(
    ("settings", "columns", "said"),
    [
        ({"published": True}, {}, "have none"),
        (
            {"published": True},
            {"split": ["train", "test", "unused", None]},
            "'unused' of track 't2'.*2 tracks",
        ),
        ({"by_artist": True}, {}, "names none"),
        ({"by_artist": True}, {"artist": ["a", "a", "b", "b"]}, "artists=2 must be at least 3"),
    ],
)
def test_a_split_that_cannot_be_is_refused(settings: dict, columns: dict, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        split_tracks(tagless(4, **columns), SplitSettings(**settings))


def test_two_tracks_are_too_few() -> None:
    with pytest.raises(InvalidSetting, match="tracks=2 must be at least 3"):
        split_tracks(tagless(2))


@pytest.mark.parametrize(
    "wrong",
    [{"train": 80, "validation": 10, "test": 10}, {"validation": 0}, {"seed": -1}, {"shuffle": True}],
)
def test_wrong_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        SplitSettings(**wrong)


def test_shares_must_sum_to_one_and_a_published_split_is_not_drawn() -> None:
    with pytest.raises(ValidationError, match=r"must sum to 1, not 0\.9"):
        SplitSettings(train=0.7)
    with pytest.raises(ValidationError, match="by_artist=True must be False"):
        SplitSettings(published=True, by_artist=True)
