"""Words in a joint space: the map as NumPy solves it, words that were never tags, tags held out."""

from dataclasses import replace

import numpy as np
import pytest

from taglab.embeddings import WordVectors
from taglab.errors import InvalidSetting
from taglab.joint_space import (
    JointSpace,
    JointSpaceSettings,
    ask,
    open_joint_space,
    parse_query,
    save_joint_space,
)
from taglab.joint_space.words import mapped, place_words, with_words, zero_shot
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


def test_held_out_tags_are_found_by_their_words() -> None:
    material = planted()
    group = np.arange(len(material.tags)) // 2
    random = np.random.default_rng(1)
    vectors = np.eye(4)[group] + 0.1 * random.normal(size=(len(group), 4))
    words = TagVectors.from_any(material.tags, vectors, "planted")
    settings = JointSpaceSettings(dim=8, tasks=("tags",), steps=4_000, validate_every=1_000, limit=3.0)
    scored = zero_shot(material, settings, words, share=0.25)
    by_way = scored.table.set_index("way")
    assert scored.table["tag"].nunique() == 2
    assert (by_way["auc_roc"] > 0.9).all()
    assert (by_way["average_precision"] > 2 * by_way["chance"]).all()
    with pytest.raises(InvalidSetting, match="no tag can be held out"):
        zero_shot(material, settings, words, fewest=1_000)
