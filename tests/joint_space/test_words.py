"""Words in a joint space: the map as NumPy solves it, words that were never tags, tags held out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from taglab.embeddings import WordVectors
from taglab.errors import InvalidSetting
from taglab.joint_space import (
    JointSpace,
    JointSpaceSettings,
    ask,
    ensemble,
    open_joint_space,
    parse_query,
    precisions,
    save_joint_space,
    task_scores,
)
from taglab.joint_space.checkpoints import read_standing, save_standing
from taglab.joint_space.fitting import SpaceTraining
from taglab.joint_space.material import training_pairs
from taglab.joint_space.updates import ARTISTS, TRACKS
from taglab.joint_space.worded import beside_tags, tags_as_tracks, word_features
from taglab.joint_space.words import fit_with_words, mapped, place_words, with_words, zero_shot
from taglab.vectors import TagVectors
from tests.joint_space.planted import planted

TAGS = tuple(f"tag{number}" for number in range(8))
DIM, WORD_DIM = 3, 4


def worded(noise: float = 0.0) -> tuple[JointSpace, TagVectors, np.ndarray]:
    """A space whose tags lie where a linear map of their words puts them, but for noise; words; the map."""
    random = np.random.default_rng(0)
    words = TagVectors.from_any([*TAGS, "new"], random.normal(size=(9, WORD_DIM)), "mine")
    linear = random.normal(size=(WORD_DIM, DIM))
    tags = words.vectors[:8] @ linear + 0.5 + noise * random.normal(size=(8, DIM))
    space = JointSpace(
        "worded",
        (),
        TAGS,
        np.empty((0, DIM), np.float32),
        tags.astype(np.float32),
        np.eye(DIM, dtype=np.float32),
    )
    return space, words, linear


def test_a_map_that_explains_all_is_found_and_places_a_new_word() -> None:
    space, words, linear = worded()
    known = with_words(space, words)
    new = mapped(known, words.rows_of(["new"]))
    np.testing.assert_allclose(new, words.rows_of(["new"]) @ linear + 0.5, atol=0.02)
    np.testing.assert_array_equal(known.tag_vectors, space.tag_vectors)
    assert known.about["words"]["name"] == "mine"
    assert known.fingerprint != space.fingerprint


def test_the_map_is_ridge_regression_of_weighed_tags() -> None:
    space, words, _ = worded(noise=0.3)
    counts = np.arange(1, 9)
    known = with_words(space, words, counts)
    assert known.word_map is not None
    x, y, w = words.vectors[:8].astype(float), space.tag_vectors.astype(float), counts / counts.mean()
    x0, y0 = np.average(x, axis=0, weights=w), np.average(y, axis=0, weights=w)
    gram = (x - x0).T @ (w[:, None] * (x - x0)) + known.about["words"]["strength"] * np.eye(WORD_DIM)
    by_hand = np.linalg.solve(gram, (x - x0).T @ (w[:, None] * (y - y0)))
    np.testing.assert_allclose(known.word_map[:-1], by_hand, atol=1e-4)
    np.testing.assert_allclose(known.word_map[-1], y0 - x0 @ by_hand, atol=1e-4)


def test_a_word_is_asked_that_is_no_tag() -> None:
    space, words, _ = worded()
    known = with_words(space, words)
    vectors = WordVectors("mine", ("new", "tag0"), words.rows_of(["new", "tag0"]))
    placed = place_words(known, vectors, ["new", "unheard of", "new"])
    assert set(placed) == {"new"}
    answer = ask(known, parse_query("new"), given={"word": placed})
    assert answer.terms[0].kind == "word"
    scores = known.tag_vectors @ placed["new"]
    assert answer.tags["tag"].tolist() == [TAGS[row] for row in np.argsort(-scores)]
    assert place_words(space, vectors, ["new"]) == {}


def test_the_map_is_kept_on_the_shelf() -> None:
    space, words, _ = worded()
    save_joint_space(with_words(space, words))
    again = open_joint_space("worded")
    assert again.word_map is not None
    np.testing.assert_array_equal(again.word_map, with_words(space, words).word_map)
    save_joint_space(space, replace=True)
    assert open_joint_space("worded").word_map is None


def test_too_few_words_and_words_of_another_size_are_refused() -> None:
    space, words, _ = worded()
    with pytest.raises(InvalidSetting, match="have a vector for 4 of the 8 tags"):
        with_words(space, words.select(TAGS[:4]))
    with pytest.raises(InvalidSetting, match="knows no words of 2 dimensions"):
        mapped(with_words(space, words), np.ones((1, 2), np.float32))
    with pytest.raises(ValueError, match="word_vectors must be float32"):
        replace(space, word_map=np.zeros((5, 9), np.float32))


def planted_words(tags: tuple[str, ...]) -> TagVectors:
    """Words that say of which group a tag is, of all but the last tag."""
    group = np.arange(len(tags)) // 2
    vectors = np.eye(4)[group] + 0.1 * np.random.default_rng(1).normal(size=(len(group), 4))
    return TagVectors.from_any(tags[:-1], vectors[:-1], "planted")


def test_a_learned_map_and_own_parts_make_the_tags(tmp_path: Path) -> None:
    material = planted()
    words = planted_words(material.tags)
    settings = JointSpaceSettings(
        dim=8, tasks=("tags", "tracks-of-tag"), steps=6_000, validate_every=2_000, word_map="learned"
    )
    training = SpaceTraining(material, settings, words=words)
    of_words = word_features(material.tags, words)
    assert of_words[-1].tolist() == [0] * 5
    assert of_words[:-1, -1].tolist() == [1] * 7
    training.look()
    save_standing(training.standing, tmp_path / "last.npz")
    again = SpaceTraining(material, settings, read_standing(tmp_path / "last.npz"), words)
    for one in (training, again):
        while not one.over:
            one.look()
    first, second = (one.fitted("worded").space for one in (training, again))
    assert first.fingerprint == second.fingerprint  # gone on with bit for bit
    table = training.standing.best.features[material.features.shape[1] :]
    assert first.word_map is not None
    np.testing.assert_array_equal(first.word_map, table[:5])
    np.testing.assert_allclose(first.tag_vectors, of_words @ table[:5] + table[5:], rtol=1e-5, atol=1e-6)
    assert first.about["words"]["name"] == "planted"
    right = material.right("tags", "test")
    assert precisions(task_scores(first, material, "tags", "test"), right, [2])["p@2"].mean() > 0.9
    whole = fit_with_words(material, settings, words).space
    np.testing.assert_array_equal(whole.tag_vectors, first.tag_vectors)
    both = ensemble([whole, whole])
    np.testing.assert_allclose(
        mapped(both, words.vectors) @ both.tag_vectors.T,
        mapped(whole, words.vectors) @ whole.tag_vectors.T,
        rtol=1e-4,
        atol=1e-4,
    )


def test_tags_that_are_sums_are_numbered_after_the_tracks() -> None:
    material = planted()
    words = planted_words(material.tags)
    of_words = word_features(material.tags, words)
    n = len(material.parts["train"])
    pairs = training_pairs(material, ["tags", "tracks-of-tag", "artists"])
    as_tracks = tags_as_tracks(pairs, n)
    assert as_tracks.outputs.tolist() == [TRACKS, TRACKS, ARTISTS]
    assert as_tracks.inputs.tolist() == [TRACKS] * 3
    of_task = slice(*as_tracks.asked_starts[1:3])
    np.testing.assert_array_equal(as_tracks.asked[of_task], pairs.asked[of_task] + n)
    np.testing.assert_array_equal(  # what is right of a tag is found where it was
        as_tracks.row_starts[1] + as_tracks.asked[of_task], pairs.row_starts[1] + pairs.asked[of_task]
    )
    np.testing.assert_array_equal(as_tracks.candidates[:8], np.arange(8) + n)
    of_tags = slice(pairs.starts[0], pairs.starts[n])
    np.testing.assert_array_equal(as_tracks.right[of_tags], pairs.right[of_tags] + n)
    np.testing.assert_array_equal(as_tracks.right[of_tags.stop :], pairs.right[of_tags.stop :])
    sums = beside_tags(material.features[material.parts["train"]], of_words)
    assert sums.shape == (n + 8, material.features.shape[1] + 5 + 8)
    np.testing.assert_array_equal(sums[[n]].toarray()[0, -13:-8], of_words[0])
    np.testing.assert_array_equal(sums[[n + 7]].toarray()[0, -13:], [0] * 12 + [1])


def test_held_out_tags_are_found_by_their_words() -> None:
    material = planted()
    group = np.arange(len(material.tags)) // 2
    random = np.random.default_rng(1)
    vectors = np.eye(4)[group] + 0.1 * random.normal(size=(len(group), 4))
    words = TagVectors.from_any(material.tags, vectors, "planted")
    settings = JointSpaceSettings(dim=8, tasks=("tags",), steps=4_000, validate_every=1_000, limit=3.0)
    scored = zero_shot(material, settings, words, share=0.25)
    by_way = scored.table.set_index("way")
    assert sorted(set(by_way.index)) == ["nearest trained tag", "word map, fitted", "word map, learned"]
    assert scored.table["tag"].nunique() == 2
    assert (by_way["auc_roc"] > 0.9).all()
    assert (by_way["average_precision"] > 2 * by_way["chance"]).all()
    with pytest.raises(InvalidSetting, match="no tag can be held out"):
        zero_shot(material, settings, words, fewest=1_000)
