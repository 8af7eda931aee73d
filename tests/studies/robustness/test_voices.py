"""Windows of songs as a network that separates voices has them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from taglab.studies.robustness import voices
from taglab.studies.robustness.voices import neighbourhoods, voice_map
from taglab.training.spectra import StemWindows


def _windows(n_songs: int, a_song: int) -> pd.DataFrame:
    songs = np.repeat([f"s{number}" for number in range(n_songs)], a_song)
    levels = np.tile(np.linspace(-40, -10, a_song), n_songs) + np.repeat(np.arange(n_songs) / 100, a_song)
    return pd.DataFrame(
        {"track": songs, "start_s": np.tile(np.arange(a_song, dtype=float), n_songs), "stem_dbfs": levels}
    )


def test_a_space_of_loudness_and_one_of_songs_are_told_apart() -> None:
    table = _windows(6, 8)
    levels, songs = table["stem_dbfs"].to_numpy(), pd.factorize(table["track"])[0]
    by_level = -np.abs(levels[:, None] - levels)
    loudness, same_song, chance = neighbourhoods(by_level.astype(np.float32), table, 5)
    assert loudness > 0.95
    assert same_song == 0
    assert chance == pytest.approx(7 / 47)
    by_song = (songs[:, None] == songs).astype(np.float32)
    _, same_song, _ = neighbourhoods(by_song, table, 5)
    assert same_song == 1


def test_neighbours_worked_by_hand() -> None:
    table = pd.DataFrame({"track": ["a", "a", "b"], "stem_dbfs": [-10.0, -30.0, -20.0]})
    likeness = np.array([[9, 2, 1], [2, 9, 3], [1, 3, 9]], np.float32)
    loudness, same_song, chance = neighbourhoods(likeness, table, 1)
    # Of other songs, both of a have b alone, -20, and b's nearest is a's second, -30.
    assert loudness == pytest.approx(0.0)
    assert same_song == pytest.approx(1 / 3)
    assert chance == pytest.approx(2 / 6)


def test_songs_alone_or_equally_loud_have_no_correlation() -> None:
    one = _windows(1, 4)
    loudness, same_song, chance = neighbourhoods(np.ones((4, 4), np.float32), one, 2)
    assert np.isnan(loudness)
    assert (same_song, chance) == (1, 1)
    equal = _windows(3, 2).assign(stem_dbfs=-20.0)
    assert np.isnan(neighbourhoods(np.eye(6, dtype=np.float32), equal, 2)[0])


def test_the_map_draws_windows_by_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    table = _windows(5, 10)
    random = np.random.default_rng(0)
    encodings = random.standard_normal((50, 4)).astype(np.float32)
    encodings[7] = 0  # has no direction to compare by
    monkeypatch.setattr(voices, "_MOST_WINDOWS", 40)
    monkeypatch.setattr(voices, "encode_stem_windows", lambda run, progress: StemWindows(table, encodings))

    class AnyRun:
        name = "any"

    first, again, other = (voice_map(AnyRun(), seed) for seed in (0, 0, 1))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(first.windows, again.windows)
    assert not first.windows.equals(other.windows)
    assert 39 <= len(first.windows) <= 40
    assert np.isfinite(first.windows[["x", "y"]].to_numpy()).all()
    assert -1 <= first.by_loudness <= 1
