"""Splits: shares, whole artists, published splits, and what a seed fixes."""

from dataclasses import replace

import numpy as np
import pandas as pd
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


def test_splits_drawn_before_there_were_folds_are_the_same_still() -> None:
    plain = split_tracks(tagless(30), SplitSettings(seed=3))
    assert plain.fingerprint == "d2b5c6ca36f96ba220e86c28c031683d"
    artists = [f"artist {number % 9}" for number in range(30)]
    grouped = split_tracks(tagless(30, artists), SplitSettings(seed=3, by_artist=True))
    assert grouped.fingerprint == "585ed98460a2e211cc90280b39991a91"


def test_a_published_split_is_taken_as_it_is() -> None:
    words = ["train", "Training", "valid", "dev", "TEST "]
    split = split_tracks(tagless(5, split=words), SplitSettings(published=True))
    assert split.parts.tolist() == ["train", "train", "validation", "validation", "test"]


@pytest.mark.parametrize(
    ("settings", "columns", "sentence"),
    [
        ({"published": True}, {}, "have none"),
        (
            {"published": True},
            {"split": ["train", "test", "unused", None]},
            "'unused' of track 't2'.*2 tracks",
        ),
        ({"by_artist": True}, {}, "names none"),
        ({"folds": 5}, {}, "tracks=4 must be at least 5, one for each fold"),
        ({"by_artist": True}, {"artist": ["a", "a", "b", "b"]}, "artists=2 must be at least 3"),
        ({"stratified_by": "genre"}, {}, "'genre' must be a column of the tracks of .*: track"),
        ({"stratified_by": "year"}, {"year": [1, 2, 3, None]}, "values of at least 3 tracks, and has none"),
    ],
)
def test_a_split_that_cannot_be_is_refused(settings: dict, columns: dict, sentence: str) -> None:
    with pytest.raises(InvalidSetting, match=sentence):
        split_tracks(tagless(4, **columns), SplitSettings(**settings))


@given(st.integers(0, 50), st.booleans())
def test_stratified_tags_fall_into_the_parts_in_their_shares(seed: int, by_artist: bool) -> None:
    data = tagged(seed)
    settings = SplitSettings(seed=seed, stratified=True, by_artist=by_artist)
    counts = by_part(data, split_tracks(data, settings).parts)
    wanted = np.outer([0.8, 0.1, 0.1], counts.sum(axis=0))
    assert (counts > 0).all()
    assert np.abs(counts - wanted).max() <= (7 if by_artist else 2)  # artists have 7 tracks on average


@given(st.integers(0, 50), st.booleans())
def test_values_of_a_column_fall_into_the_parts_in_their_shares(seed: int, by_artist: bool) -> None:
    data = tagged(seed)
    drawn = np.random.default_rng(seed).choice(["jazz", "rock", "folk"], data.n_tracks, p=[0.7, 0.2, 0.1])
    genre = np.where(np.arange(data.n_tracks) % 7 == 0, None, drawn)
    data = replace(data, tracks=data.tracks.assign(genre=genre))
    settings = SplitSettings(seed=seed, stratified_by="genre", by_artist=by_artist)
    counts = pd.crosstab(split_tracks(data, settings).parts, data.tracks["genre"].to_numpy()).reindex(PARTS)
    wanted = np.outer([0.8, 0.1, 0.1], counts.sum())
    assert np.abs(counts - wanted).max(axis=None) <= (7 if by_artist else 2)


def test_a_tag_of_25_tracks_is_in_every_part() -> None:
    """Of 400 tracks; by chance alone some seed leaves it out of the test part."""
    tags = [["rock", "classical"] if number % 16 == 0 else ["rock"] for number in range(400)]
    data = folksonomy_of(tags)
    column = list(data.tags["tag"]).index("classical")
    drawn = {}
    for stratified in (False, True):
        splits = [split_tracks(data, SplitSettings(seed=seed, stratified=stratified)) for seed in range(40)]
        drawn[stratified] = {tuple(by_part(data, split.parts)[:, column]) for split in splits}
        assert all(split.sizes == {"train": 320, "validation": 40, "test": 40} for split in splits)
    assert drawn[True] <= {(20, 3, 2), (20, 2, 3)}
    assert min(test for _, _, test in drawn[False]) == 0


def test_stratified_splits_are_as_even_as_another_librarys() -> None:
    from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

    data = tagged(3, n=240)
    truth = data.matrix.toarray() > 0
    fold_of = np.zeros(240, int)
    for fold, (_, rows) in enumerate(
        MultilabelStratifiedKFold(4, shuffle=True, random_state=0).split(truth, truth)
    ):
        fold_of[rows] = fold
    theirs = np.stack([truth[fold_of == fold].sum(axis=0) for fold in range(4)])
    ours = np.stack(
        [by_part(data, folds(data, 4, fold, stratified=True))[PARTS.index("test")] for fold in range(4)]
    )
    assert ours.std(axis=0).mean() <= theirs.std(axis=0).mean() * 1.1


@given(st.integers(3, 8), st.integers(0, 3), st.booleans(), st.booleans())
def test_over_all_folds_every_track_is_tested_once(
    n_folds: int, seed: int, stratified: bool, by_artist: bool
) -> None:
    data = tagged(seed, n=100)
    parts = [
        folds(data, n_folds, fold, seed=seed, stratified=stratified, by_artist=by_artist)
        for fold in range(n_folds)
    ]
    assert (np.stack([of_fold == "test" for of_fold in parts]).sum(axis=0) == 1).all()
    for fold, of_fold in enumerate(parts):
        np.testing.assert_array_equal(of_fold == "validation", parts[(fold + 1) % n_folds] == "test")
        if not by_artist:
            assert abs((of_fold == "test").sum() - 100 / n_folds) <= 2


def tagged(seed: int, n: int = 300):
    """Return tracks of 40 artists, with five tags of which some are rare and some go together."""
    random = np.random.default_rng(seed)
    has = random.random((n, 5)) < [0.5, 0.3, 0.15, 0.15, 0.1]
    has[:, 4] |= has[:, 3] & (random.random(n) < 0.5)
    has[:5] = np.eye(5, dtype=bool) | has[:5]
    tags = [[f"tag {at}" for at in np.flatnonzero(row)] for row in has]
    return folksonomy_of(tags, [f"artist {at}" for at in random.integers(0, 40, n)])


def by_part(data, parts) -> np.ndarray:
    """Return how many tracks have each tag (parts, tags)."""
    return np.stack([(data.matrix.toarray()[parts == part] > 0).sum(axis=0) for part in PARTS])


def folds(data, n_folds: int, fold: int, **settings: object) -> np.ndarray:
    return split_tracks(data, SplitSettings(folds=n_folds, fold=fold, **settings)).parts


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
    for name, value in {"by_artist": True, "stratified": True, "stratified_by": "genre", "folds": 5}.items():
        with pytest.raises(ValidationError, match=f"{name}={value} must be {type(value)()!r}"):
            SplitSettings(published=True, **{name: value})


def test_folds_are_three_or_more_and_one_of_them_is_tested() -> None:
    with pytest.raises(ValidationError, match="folds=2 must be 0 or at least 3"):
        SplitSettings(folds=2)
    with pytest.raises(ValidationError, match="fold=5 must be at most 4"):
        SplitSettings(folds=5, fold=5)
    with pytest.raises(ValidationError, match="fold=1 must be 0 without folds"):
        SplitSettings(fold=1)


@given(st.integers(12, 60), st.integers(0, 5), st.booleans(), st.data())
def test_copies_stay_in_one_part(n: int, seed: int, by_artist: bool, data: st.DataObject) -> None:
    names = [f"t{row}" for row in range(n)]
    first, second = (data.draw(st.lists(st.sampled_from(names), min_size=2, max_size=4)) for _ in range(2))
    artists = [f"a{row % 10}" for row in range(n)]
    settings = SplitSettings(seed=seed, by_artist=by_artist)
    copies = [tuple(dict.fromkeys(first)), tuple(dict.fromkeys(second)), ("elsewhere", "t0")]
    split = split_tracks(tagless(n, artists), settings, copies)
    part_of = dict(zip(split.tracks, split.parts, strict=True))
    for same in (first, second):
        assert len({part_of[track] for track in same}) == 1
    if by_artist:  # an artist's tracks stay together, and draw those of the copies' other artists with them
        assert all(part_of[f"t{row}"] == part_of[f"t{row % 10}"] for row in range(n))
    assert set(split.parts) == set(PARTS)


def test_without_copies_the_split_is_what_it_was() -> None:
    one, two = split_tracks(tagless(50)), split_tracks(tagless(50), copies=[("t3", "elsewhere")])
    assert one.fingerprint == two.fingerprint
    assert split_tracks(tagless(50), copies=[("t3", "t4")]).fingerprint != one.fingerprint
