"""What lies beside the demo's tags: plays, lyrics and genres follow what they should, and move no tag."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab import sources
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.sources.demo import DemoSettings, read_demo, read_demo_plays
from taglab.sources.demo.singing import MOODS, words
from taglab.sources.demo.styles import FAMILY_SHARES, styles


@pytest.fixture(scope="module")
def demo() -> Folksonomy:
    return read_demo()


@pytest.fixture(scope="module")
def plays(demo: Folksonomy) -> Interactions:
    grown = read_demo_plays(DemoSettings(), demo)
    assert grown is not None
    return grown


@pytest.mark.parametrize("of", ["lyrics", "experts"])
def test_it_is_of_the_same_tracks_and_of_the_seed_alone(of: str, demo: Folksonomy) -> None:
    grown = read_demo(DemoSettings(of=of), "grown")  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(grown.tracks, demo.tracks)
    assert grown.fingerprint == read_demo(DemoSettings(of=of)).fingerprint  # type: ignore[arg-type]
    assert grown.fingerprint != read_demo(DemoSettings(of=of, seed=1)).fingerprint  # type: ignore[arg-type]


def test_nobody_is_without_a_play_and_some_tracks_are(plays: Interactions) -> None:
    assert plays.n_users == 400
    assert plays.per_user().min() >= 1
    assert plays.per_track().min() >= 1
    assert 0.01 < 1 - plays.n_tracks / 1200 < 0.15
    assert plays.matrix.max() > 10


def test_listeners_follow_style_artist_and_sound(demo: Folksonomy, plays: Interactions) -> None:
    tracks, users = demo.select_tracks(plays.tracks).tracks, plays.users
    pairs = plays.matrix.tocoo()
    same = {
        column: (tracks[column].to_numpy()[pairs.col] == of[pairs.row]).mean()
        for column, of in (("style", users["style"].to_numpy()),)
    }
    by_chance = (tracks["style"].value_counts(normalize=True) ** 2).sum()
    assert same["style"] > 5 * by_chance
    apart = np.abs(tracks["energy"].to_numpy()[pairs.col] - users["energy"].to_numpy()[pairs.row])
    shuffled = np.random.default_rng(0).permutation(pairs.row)
    others = np.abs(tracks["energy"].to_numpy()[pairs.col] - users["energy"].to_numpy()[shuffled])
    assert apart.mean() < others.mean() - 0.02
    # Of the tracks of a style, a listener plays those of some artists and not of others.
    artists = tracks["artist"].to_numpy()[pairs.col]
    per_user = pd.DataFrame({"user": pairs.row, "artist": artists}).groupby("user")["artist"]
    again = (per_user.size() / per_user.nunique()).mean()
    assert again > 1.3


def test_words_follow_mood_and_style_and_common_ones_neither(demo: Folksonomy) -> None:
    lyrics = read_demo(DemoSettings(of="lyrics"))
    counts, table = lyrics.matrix.toarray(), lyrics.tags
    has = counts.sum(axis=1) > 0
    assert not has[(demo.tracks["voice"] == "none").to_numpy()].any()
    assert 0.5 < has.mean() < 0.75
    shares = counts[has] / counts[has].sum(axis=1, keepdims=True)
    sung = demo.tracks[has]
    for family in ("rock", "metal", "country"):
        words_of = ((table["basis"] == "style") & (table["of"] == family)).to_numpy()
        own = (sung["family"] == family).to_numpy()
        assert shares[own][:, words_of].sum(axis=1).mean() > 2 * shares[~own][:, words_of].sum(axis=1).mean()
    sad = shares[:, (table["of"] == "sad").to_numpy()].sum(axis=1)
    assert np.corrcoef(sad, sung["valence"])[0, 1] < -0.4
    common = shares[:, (table["basis"] == "common").to_numpy()].sum(axis=1)
    assert abs(np.corrcoef(common, sung["valence"])[0, 1]) < 0.15
    assert 0.5 < common.mean() < 0.7


def test_the_list_of_words_is_sound() -> None:
    texts = [word for word, _, _ in words()]
    assert len(texts) == len(set(texts)) > 300
    by_basis = pd.DataFrame(words(), columns=["word", "basis", "of"]).groupby("basis")["of"].agg(set)
    assert by_basis["mood"] == set(MOODS)
    assert by_basis["style"] == set(FAMILY_SHARES)


def test_experts_file_nearly_every_track_of_an_artist_they_have_where_it_belongs(demo: Folksonomy) -> None:
    experts = read_demo(DemoSettings(of="experts"))
    pairs = experts.matrix.tocoo()
    genres = experts.tags["tag"].to_numpy()[pairs.col]
    family = np.array([genre.split(" / ")[0] for genre in genres])
    right = family == demo.tracks["family"].to_numpy()[pairs.row]
    assert 0.95 < right.mean() < 1
    filed = np.diff(experts.matrix.indptr) > 0
    assert 0.75 < filed.mean() < 0.95
    by_artist = pd.Series(filed).groupby(demo.tracks["artist"]).nunique()
    assert by_artist.max() == 1
    known = {f"{style.family} / {style.branch} / {style.name}" for style in styles()}
    assert {genre for genre in genres if genre.count(" / ") == 2} <= known


def test_what_is_built_in_is_made_when_asked_for(taglab_home: Path, demo: Folksonomy) -> None:
    assert sources.folksonomy_names() == ["demo"]
    plays = sources.open_interactions("demo")
    assert set(plays.tracks) < set(demo.tracks["track"])
    assert sources.open_folksonomy("demo").fingerprint == demo.fingerprint
    lyrics = sources.open_folksonomy("demo-lyrics")
    assert lyrics.fingerprint == sources.open_folksonomy("demo-lyrics").fingerprint
    assert sources.plays_of("demo-lyrics") is None
    assert sources.folksonomy_names() == ["demo", "demo-lyrics"]
    with pytest.raises(InvalidSetting, match="name='demo-lyrics' is kept for the demo as it is built in"):
        sources.add("demo", None, "demo-lyrics")
    other = sources.add("demo", None, "other", DemoSettings(seed=3, tracks=200, artists=20))
    assert set(sources.open_interactions("other").tracks) <= set(other.tracks["track"])
