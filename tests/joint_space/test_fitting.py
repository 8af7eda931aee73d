"""Training on planted groups: what is learned, that it is the same again, and what is refused."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from taglab.errors import Cancelled, InvalidSetting
from taglab.joint_space import TASKS, JointSpaceSettings, fit_space, precisions, task_scores
from taglab.joint_space.baselines import cosine_similarity, logistic_regression, margin_perceptron, popularity
from taglab.joint_space.fitting import MONITORED, rank_weights
from tests.joint_space.planted import planted

LEARNED = tuple(task for task in TASKS if task != "similar-artists")  # it draws artists of a group together
QUICK = JointSpaceSettings(
    dim=12, tasks=LEARNED, learning_rate=0.02, limit=3, steps=40_000, validate_every=4_000, seed=1
)


def test_weights_of_ranks_by_hand() -> None:
    def weights(**values: object) -> list[float]:
        return list(rank_weights(JointSpaceSettings.model_validate(values), 4))

    assert weights() == pytest.approx([0, 1, 3 / 2, 11 / 6, 25 / 12])
    assert weights(weighting="uniform") == [0, 1, 2, 3, 4]
    assert weights(weighting="top", top=2) == [0, 1, 2, 2, 2]  # i up to k, where the paper prints i < k


@pytest.mark.parametrize("loss", ["warp", "auc"])
def test_planted_groups_are_learned(loss: str) -> None:
    material = planted()
    fitted = fit_space(material, QUICK.model_copy(update={"loss": loss}))
    assert fitted.history["steps"].is_monotonic_increasing
    assert fitted.best_steps == fitted.history["steps"][fitted.history[MONITORED].argmax()]
    for task in LEARNED:
        right = material.right(task, "test")
        table = precisions(task_scores(fitted.space, material, task, "test"), right, [2])
        chance = right.sum() / np.prod(right.shape)
        assert table["p@2"].mean() > 0.5 * table["ceiling@2"].mean() > chance, task
    scores = task_scores(fitted.space, material, "tags", "test")
    assert precisions(scores, material.right("tags", "test"), [2])["p@2"].mean() > 0.95


def test_vectors_keep_within_the_limit() -> None:
    space = fit_space(planted(), QUICK.model_copy(update={"limit": 0.7, "steps": 4_000})).space
    for vectors in (space.artist_vectors, space.tag_vectors, space.feature_vectors):
        assert np.linalg.norm(vectors, axis=1).max() <= 0.7 * (1 + 1e-5)


def test_the_same_seed_gives_the_same_space() -> None:
    material = planted()
    first, again = (fit_space(material, QUICK.model_copy(update={"steps": 8_000})).space for _ in range(2))
    other = fit_space(material, QUICK.model_copy(update={"steps": 8_000, "seed": 2})).space
    np.testing.assert_array_equal(first.feature_vectors, again.feature_vectors)
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_training_ends_when_the_validation_tracks_gain_no_more() -> None:
    fitted = fit_space(planted(), QUICK.model_copy(update={"steps": 1_000_000, "patience": 2}))
    looks = fitted.history
    assert len(looks) < 250
    assert looks["steps"].iloc[-1] == fitted.best_steps + 2 * QUICK.validate_every


def test_a_training_can_be_stopped() -> None:
    def stop(share: float, text: str) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        fit_space(planted(), QUICK, progress=stop)


def test_a_task_with_nothing_to_learn_is_refused() -> None:
    everyone = sparse.csr_array(np.ones((120, 1), np.float32))
    material = dataclasses.replace(planted(), artists=("one",), artists_of=everyone)
    with pytest.raises(InvalidSetting, match="'artists' has nothing to learn"):
        fit_space(material, QUICK.model_copy(update={"tasks": ("artists",)}))


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="none of them twice"):
        JointSpaceSettings(tasks=("tags", "tags"))
    with pytest.raises(ValueError, match="one or more"):
        JointSpaceSettings(tasks=())


def test_baselines_know_what_can_be_known() -> None:
    material = planted()
    right = material.right("tags", "test")
    regressions = logistic_regression(material, "tags", "test", C=1.0)
    for scores in (margin_perceptron(material, "tags", "test"), regressions):
        assert precisions(scores, right, [2])["p@2"].mean() > 0.9
    popular = popularity(material, "tags", "test")
    assert (popular == 18).all()  # three artists' six training tracks
    assert precisions(popular, right, [2])["p@2"].mean() == pytest.approx(0.25)  # all tied: two of eight
    likeness = cosine_similarity(material, "test")
    assert np.isneginf(np.diag(likeness)).all()
    similar = precisions(likeness, material.right("similar-tracks", "test"), [1])
    assert (similar["right"] == 1).all()  # of an artist's two test tracks the other
    assert similar["p@1"].mean() > 5 / 23
    with pytest.raises(InvalidSetting, match="'similar-tracks' must be artists or tags"):
        margin_perceptron(material, "similar-tracks", "test")
