"""Makers of targets: each of its kind, of all tracks, and what is not known is said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab import cache, sources
from taglab.embeddings import Lookup, WordVectors
from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.factors import TARGETS, make_targets, targets_of
from taglab.factors.artist_groups import ArtistGroups
from taglab.factors.column import ColumnTargets
from taglab.factors.label_space import LabelSpaceTargets
from taglab.factors.mixtures import TempoMixture, YearMixture
from taglab.factors.other_data import ExpertTopics, LyricsTopics, TasteTopics
from taglab.factors.soft_clusters import FactorTargets, factors_of
from taglab.factors.tag_topics import ArtistTopics, TagTopics
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelSpace, from_top_tags, label_space_names, save_label_space
from taglab.targets import TARGET_KINDS, Targets
from taglab.vectors import MEASURES, TagVectors, Vectors, save_features


@pytest.fixture(scope="module")
def demo() -> Folksonomy:
    return sources.read("demo", None, "demo").select_tags(min_count=20)


def top_tags(data: Folksonomy) -> LabelSpace:
    space = from_top_tags(data, 10, name="top")
    if "top" not in label_space_names():
        save_label_space(space)
    return space


def example_settings(name: str, data: Folksonomy) -> object:
    """Settings with which a maker works on the demo."""
    rows = np.random.default_rng(0).normal(size=(data.n_tracks, 4))
    features = Vectors.of("tracks", list(data.tracks["track"]), rows)
    by_name = {
        "label-space": lambda: LabelSpaceTargets(labels=top_tags(data).name),
        "column": lambda: ColumnTargets(column="artist"),
        "factors": lambda: (save_features(features, "random"), FactorTargets(features="random", k=4))[1],
        "tag": lambda: TagTopics(k=4, iterations=20),
        "artist": lambda: ArtistTopics(k=4, iterations=20, learn_from="train"),
        "taste": lambda: TasteTopics(k=4, iterations=20),
        "lyrics": lambda: LyricsTopics(k=4, iterations=20),
        "expert": lambda: ExpertTopics(k=4, iterations=20),
        "artist-groups": lambda: ArtistGroups(k=4, iterations=5),
        "year": lambda: YearMixture(k=4),
        "bpm": lambda: TempoMixture(k=4, learn_from="train"),
    }
    return by_name[name]()


@pytest.mark.parametrize("name", TARGETS)
def test_every_maker_gives_targets_of_all_tracks_in_their_order(name: str, demo: Folksonomy) -> None:
    maker = TARGETS[name]
    assert maker.settings() is not None
    assert maker.about.endswith(".")
    assert maker.example.startswith(f"taglab targets {name} ")
    settings = example_settings(name, demo)
    steps: list[float] = []
    made = make_targets(name, demo, settings, lambda fraction, text: steps.append(fraction))  # type: ignore[arg-type]
    assert isinstance(made, Targets)
    assert made.kind in TARGET_KINDS
    assert made.tracks == tuple(demo.tracks["track"])
    assert made.known.any()
    assert made.origin["data"] == demo.fingerprint
    assert made.fingerprint == make_targets(name, demo, settings).fingerprint  # type: ignore[arg-type]
    assert steps


def test_makers_and_settings_that_are_not_there(demo: Folksonomy) -> None:
    with pytest.raises(NotFound, match="no maker of targets 'moods'; there are: label-space, column"):
        make_targets("moods", demo)
    with pytest.raises(InvalidSetting, match="must be of column, a ColumnTargets"):
        make_targets("column", demo, LabelSpaceTargets())
    with pytest.raises(InvalidSetting, match="labels='' must name a label space"):
        make_targets("label-space", demo)
    with pytest.raises(InvalidSetting, match="column='' must be one of those that tracks of demo"):
        make_targets("column", demo)


def test_a_label_space_gives_what_it_gave_before(demo: Folksonomy) -> None:
    space = top_tags(demo)
    made = targets_of(space, demo)
    assert (made.values != space.targets(demo)).nnz == 0
    assert (made.kind, made.columns, made.coverage) == ("binary", space.names, 1)


def tiny(**columns: object) -> Folksonomy:
    tracks = pd.DataFrame({"track": ["a", "b", "c", "d"], **columns})
    return Folksonomy.from_codes("tiny", tracks, ["rock", "jazz"], np.array([0, 1, 2]), np.array([0, 1, 0]))


def test_text_is_classes_and_an_empty_cell_is_not_known() -> None:
    made = make_targets("column", tiny(genre=["b", None, " a ", " "]), ColumnTargets(column="genre"))
    assert (made.kind, made.columns) == ("categorical", ("a", "b"))
    assert made.known.tolist() == [True, False, True, False]
    assert made.dense().tolist() == [[0, 1], [0, 0], [1, 0], [0, 0]]


def test_numbers_are_numbers_or_classes_as_asked() -> None:
    data = tiny(year=[1999.0, np.nan, 2001.0, np.inf])
    made = make_targets("column", data, ColumnTargets(column="year"))
    assert (made.kind, made.columns) == ("real", ("year",))
    assert made.known.tolist() == [True, False, True, False]
    assert made.dense()[:, 0].tolist() == [1999, 0, 2001, 0]
    classes = make_targets("column", data, ColumnTargets(column="year", values="classes"))
    assert classes.columns == ("1999.0", "2001.0", "inf")


def test_texts_among_numbers_are_counted_and_empty_ones_are_no_text() -> None:
    numbers = ColumnTargets(column="bpm", values="numbers")
    assert make_targets("column", tiny(bpm=["120", "", "90", ""]), numbers).known.tolist() == (
        [True, False, True, False]
    )
    with pytest.raises(DataError, match=r"\(1 of 3 cells, such as 'fast'\); empty these, or take its values"):
        make_targets("column", tiny(bpm=["120", "fast", "90", ""]), numbers)


def test_numbers_written_as_text() -> None:
    data = tiny(bpm=["120", None, "90.5", "7e1"])
    made = make_targets("column", data, ColumnTargets(column="bpm", values="numbers"))
    assert made.dense()[:, 0].tolist() == [120, 0, 90.5, 70]
    with pytest.raises(DataError, match=r"text in the column 'key'.*take its values as classes"):
        make_targets("column", tiny(key=["c", "d", "e", "f"]), ColumnTargets(column="key", values="numbers"))
    with pytest.raises(DataError, match="nothing in the column 'key' for any track"):
        make_targets("column", tiny(key=[None] * 4), ColumnTargets(column="key"))


@pytest.mark.parametrize("measure", MEASURES)
def test_factors_of_tracks_by_hand(measure: str) -> None:
    rows = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], np.float32)
    vectors = Vectors("tracks", ("a", "b", "d", "z"), rows, name="x", measure=measure)
    made = factors_of(vectors, tiny(), FactorTargets(k=2, sharpness=2))
    assert made.kind == "distribution"
    assert made.known.tolist() == [True, True, False, True]
    points = vectors.points.astype(float)
    means = np.array([points[:2].mean(axis=0), points[2:].mean(axis=0)])
    squared = ((points[:, None] - means) ** 2).sum(axis=2)
    shares = np.exp(-2 * squared / squared.min(axis=1).mean())
    shares /= shares.sum(axis=1, keepdims=True)
    first = made.columns.index(next(name for name in made.columns if name in "ab"))
    np.testing.assert_allclose(made.dense()[[0, 1, 3], first], shares[:3, 0], atol=1e-5)


def test_factors_look_tags_up_as_they_are_told(taglab_home: Path) -> None:
    data = Folksonomy.from_codes(
        "t", pd.DataFrame({"track": ["a", "b", "c"]}), ["rock", "smooth jazz", "soul"],
        np.arange(3), np.arange(3), np.ones(3, np.int64),
    )  # fmt: skip
    words = WordVectors("words", ("rock", "jazz", "soul"), np.eye(3, dtype=np.float32))
    words.save(cache.Shelf(cache.VECTORS).path("words"))
    asked = FactorTargets(vectors="words", k=2)
    assert make_targets("factors", data, asked).known.tolist() == [True, True, True]
    known = asked.model_copy(update={"lookup": Lookup(fully_known=True)})
    assert make_targets("factors", data, known).known.tolist() == [True, False, True]


def test_factors_of_tags_are_the_weighted_mean_of_a_tracks_tags() -> None:
    tracks = pd.DataFrame({"track": ["a", "b", "c", "d"]})
    data = Folksonomy.from_codes(
        "t",
        tracks,
        ["rock", "jazz", "junk"],
        np.array([0, 0, 1, 2]),
        np.array([0, 1, 1, 2]),
        np.array([3, 1, 1, 1]),
    )
    vectors = TagVectors.from_any(["rock", "jazz"], np.eye(2), "two")
    made = factors_of(vectors, data, FactorTargets(k=2))
    assert made.known.tolist() == [True, True, False, False]  # no tag of theirs has a vector
    order = [made.columns.index("rock"), made.columns.index("jazz")]
    np.testing.assert_allclose(made.dense()[:, order], [[0.75, 0.25], [0, 1], [0, 0], [0, 0]], atol=1e-6)


def test_factors_of_artists() -> None:
    vectors = Vectors.of("artists", ["p", "q"], np.eye(2), "two")
    made = factors_of(vectors, tiny(artist=["p", "q", None, "nobody"]), FactorTargets(k=2))
    assert made.known.tolist() == [True, True, False, False]
    with pytest.raises(InvalidSetting, match="vectors of artists need artists, and tiny names none"):
        factors_of(vectors, tiny(), FactorTargets(k=2))
    with pytest.raises(InvalidSetting, match="vectors of users say nothing of tracks"):
        factors_of(Vectors.of("users", ["p", "q"], np.eye(2)), tiny(), FactorTargets(k=2))


def test_sharpness_goes_from_even_to_hard(demo: Folksonomy) -> None:
    rows = np.random.default_rng(0).normal(size=(demo.n_tracks, 6))
    vectors = Vectors.of("tracks", list(demo.tracks["track"]), rows, measure="euclidean")
    even, soft, hard = (
        factors_of(vectors, demo, FactorTargets(k=5, sharpness=sharpness)).dense().max(axis=1)
        for sharpness in (0, 3, 1e4)
    )
    np.testing.assert_allclose(even, 0.2, atol=1e-6)
    assert (even < soft).all()
    assert np.median(hard) == pytest.approx(1)
