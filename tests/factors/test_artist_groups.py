"""Artist groups: of tags, of counted frames, of numbers; made of the artists of the training part alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from taglab import sources
from taglab.errors import InvalidSetting
from taglab.factors import make_targets
from taglab.factors.artist_groups import ArtistGroups
from taglab.folksonomy import Folksonomy
from taglab.split import SplitSettings
from taglab.targets import Targets
from taglab.vectors import Vectors, save_features

N_ARTISTS, TRACKS_EACH, GROUPS = 48, 5, 3
GROUP_OF = np.repeat(np.arange(N_ARTISTS) % GROUPS, TRACKS_EACH)


@pytest.fixture
def data() -> Folksonomy:
    """Artists of three groups, whose tracks have tags of their group and of all."""
    random = np.random.default_rng(0)
    tracks = pd.DataFrame(
        {
            "track": [f"t{row:03}" for row in range(len(GROUP_OF))],
            "artist": [f"artist {row // TRACKS_EACH}" for row in range(len(GROUP_OF))],
        }
    )
    tags = [f"tag {number}" for number in range(12)]
    own = 3 * GROUP_OF[:, None] + np.arange(3)
    has = np.zeros((len(tracks), 12), bool)
    np.put_along_axis(has, own, random.random(own.shape) < 0.8, axis=1)
    has[:, 9:] |= random.random((len(tracks), 3)) < 0.3
    rows, columns = np.nonzero(has)
    return Folksonomy.from_codes("three", tracks, tags, rows, columns)


def counted(data: Folksonomy) -> npt.NDArray[np.float32]:
    random = np.random.default_rng(1)
    rates = np.full((GROUPS, 20), 0.3)
    for group in range(GROUPS):
        rates[group, 5 * group : 5 * group + 5] = 6
    return random.poisson(rates[GROUP_OF]).astype(np.float32)


def numbers(data: Folksonomy) -> npt.NDArray[np.float32]:
    random = np.random.default_rng(2)
    middles = random.normal(size=(GROUPS, 8)) * 3
    return np.exp(middles[GROUP_OF] + random.normal(size=(len(GROUP_OF), 8))).astype(np.float32)


def groups_of(made: Targets) -> npt.NDArray[np.intp]:
    return made.dense().argmax(axis=1)


def test_groups_of_tags(data: Folksonomy) -> None:
    made = make_targets("artist-groups", data, ArtistGroups(k=3))
    assert adjusted_rand_score(groups_of(made), GROUP_OF) > 0.9
    by_artist = made.dense().reshape(N_ARTISTS, TRACKS_EACH, 3)
    np.testing.assert_array_equal(by_artist, np.repeat(by_artist[:, :1], TRACKS_EACH, axis=1))


@pytest.mark.parametrize(("kind", "values"), [("counts", counted), ("numbers", numbers)])
def test_groups_of_features(kind: str, values: object, data: Folksonomy, taglab_home: Path) -> None:
    rows = values(data)  # type: ignore[operator]
    save_features(Vectors.of("tracks", list(data.tracks["track"])[:-5], rows[:-5]), kind)
    made = make_targets("artist-groups", data, ArtistGroups(k=3, features=kind, n_entries=20))
    assert made.known.tolist() == [True] * (len(GROUP_OF) - 5) + [False] * 5  # nothing of the last is known
    assert adjusted_rand_score(groups_of(made)[:-5], GROUP_OF[:-5]) > 0.9
    assert len(made.notes) == 1
    assert ("whole numbers" in made.notes[0]) == (kind == "counts")
    assert made.factors is not None
    assert made.factors.kind == "entries"


@pytest.mark.parametrize("kind", ["counts", "numbers"])
def test_other_artists_than_those_of_the_training_part_move_no_group(
    kind: str, data: Folksonomy, taglab_home: Path
) -> None:
    settings = ArtistGroups(k=3, features="f", n_entries=20, iterations=10)
    learned = settings.learned_tracks(data)
    assert not set(data.tracks["artist"][learned]) & set(data.tracks["artist"][~learned])
    made = []
    for change in (0, 1):
        rows = counted(data) if kind == "counts" else numbers(data)
        rows[~learned] = np.where(change, rows[~learned][:, ::-1], rows[~learned])
        save_features(Vectors.of("tracks", list(data.tracks["track"]), rows), "f")
        made.append(make_targets("artist-groups", data, settings))
    np.testing.assert_array_equal(made[0].dense()[learned], made[1].dense()[learned])
    assert (made[0].dense()[~learned] != made[1].dense()[~learned]).any()
    assert made[0].columns == made[1].columns


def test_the_demos_artists_by_experts_genres(taglab_home: Path) -> None:
    demo = sources.open_folksonomy("demo")
    made = make_targets("artist-groups", demo, ArtistGroups(k=16, tags="demo-experts", iterations=20))
    family = demo.tracks["family"].to_numpy()[made.known]
    top = groups_of(made)[made.known]
    shuffled = normalized_mutual_info_score(np.random.default_rng(0).permutation(top), family)
    assert normalized_mutual_info_score(top, family) > 0.3 + shuffled
    assert 0.7 < made.coverage < 1


def test_what_makes_no_groups_is_told(data: Folksonomy, taglab_home: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(len(GROUP_OF), 3))
    save_features(Vectors.of("tracks", list(data.tracks["track"]), rows), "few")
    with pytest.raises(InvalidSetting, match=r"n_entries=2,048 must be at most the \d+ tracks to learn from"):
        make_targets("artist-groups", data, ArtistGroups(k=3, features="few"))
    with pytest.raises(InvalidSetting, match="features='few' and tags='three' exclude one another"):
        make_targets("artist-groups", data, ArtistGroups(k=3, features="few", tags="three"))
    save_features(Vectors.of("artists", ["artist 1"], np.ones((1, 3))), "theirs")
    with pytest.raises(InvalidSetting, match="features of artists are no words of tracks"):
        make_targets("artist-groups", data, ArtistGroups(k=3, features="theirs"))
    save_features(Vectors.of("tracks", ["x"], np.ones((1, 3))), "strangers")
    with pytest.raises(InvalidSetting, match="features strangers are of none of the tracks of three"):
        make_targets("artist-groups", data, ArtistGroups(k=3, features="strangers"))
    with pytest.raises(InvalidSetting, match=r"k=40 must be at most the 12 tags and the \d+ artists"):
        make_targets("artist-groups", data)
    anonymous = Folksonomy.from_codes(
        "none", data.tracks[["track"]], ["x"], np.zeros(1, int), np.zeros(1, int)
    )
    with pytest.raises(InvalidSetting, match="by_artist=True needs artists, and none names none"):
        make_targets("artist-groups", anonymous)
    split = SplitSettings(by_artist=False)
    assert make_targets("artist-groups", data, ArtistGroups(k=3, split=split, iterations=2)).known.all()
