"""Classes told segment by segment: against what is optimal, scikit-learn, and cases worked by hand."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, log_loss

from taglab.errors import InvalidSetting
from taglab.nets import HEADS
from taglab.nets.encoder import Encoded
from taglab.progress import silent
from taglab.studies.transfer import SegmentClassification, macro_f1, transferred
from taglab.studies.transfer.segments import _averaged, as_segments, learned_probabilities
from tests.studies.transfer.examples import telling
from tests.studies.transfer.test_transfer import asked_of

MEANS = np.random.default_rng(7).normal(size=(3, 12)) * 0.25


def planted(n: int, segments: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Tracks of three classes, whose segments are normal around a mean of their class."""
    drawn = np.random.default_rng(seed)
    codes = drawn.integers(0, 3, n)
    values = MEANS[codes][:, None] + drawn.normal(size=(n, segments, 12))
    return values.astype(np.float32), codes


def optimal(values: np.ndarray) -> np.ndarray:
    """Mean over segments of what nobody could tell better of one."""
    logits = -0.5 * ((values[..., None, :] - MEANS) ** 2).sum(axis=-1)
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (shares / shares.sum(axis=-1, keepdims=True)).mean(axis=1)


def test_probabilities_come_close_to_the_optimal_ones() -> None:
    """From chance, more than half of the way to the log-loss (scikit-learn's) of the best classifier."""
    train, codes = planted(1_000, 4, 0)
    test, truth = planted(600, 4, 1)
    task = SegmentClassification(column="genre", segments=4, epochs=8, batch_size=128)
    shares = learned_probabilities(train, codes, test, 3, task, 0, silent)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    ours, best = log_loss(truth, shares), log_loss(truth, optimal(test))
    chance = log_loss(truth, np.full((600, 3), 1 / 3))
    assert best < ours < chance
    assert chance - ours > 0.55 * (chance - best)
    right = (shares.argmax(axis=1) == truth).mean(), (optimal(test).argmax(axis=1) == truth).mean()
    assert right[0] > right[1] - 0.05


def test_the_same_seed_gives_the_same_numbers_and_leaves_torch_alone() -> None:
    train, codes = planted(80, 2, 0)
    task = SegmentClassification(column="genre", segments=2, epochs=2)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same, other = (
        learned_probabilities(train, codes, train, 3, task, seed, silent) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-4
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_track_has_the_mean_of_its_own_segments_and_no_others() -> None:
    torch.manual_seed(0)
    head = HEADS["elu"](12, 3, 0.5)
    values = planted(3, 4, 3)[0]
    present = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]], bool)
    weights = [part.detach().numpy().astype(np.float64) for part in head.parameters()]
    hidden = values @ weights[0].T + weights[1]
    logits = np.where(hidden > 0, hidden, np.expm1(np.minimum(hidden, 0))) @ weights[2].T + weights[3]
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    by_hand = [shares[row][present[row]].mean(axis=0) for row in range(3)]
    np.testing.assert_allclose(_averaged(head, values[present], present), by_hand, atol=1e-6)
    assert weights[0].shape == (1_024, 12)


def test_a_hidden_layer_of_elu_between_two_dropouts() -> None:
    torch.manual_seed(0)
    head = HEADS["elu"](4_000, 2, 0.5)
    kinds = [type(layer).__name__ for layer in head.layers]
    assert kinds == ["Dropout", "Linear", "ELU", "Dropout", "Linear"]
    assert [layer.p for layer in head.layers if isinstance(layer, torch.nn.Dropout)] == [0.5, 0.5]
    batch = torch.ones(1, 4_000)
    first = [head(Encoded(batch, batch, batch)) for _ in range(2)]
    assert not torch.equal(*first)
    assert torch.equal(*(head.eval()(Encoded(batch, batch, batch)) for _ in range(2)))


def test_f1_is_the_mean_over_classes_that_are_true_of_a_track() -> None:
    """Of class 0: 2 right, 1 missed, 1 wrong: 2/3. Of class 1: 1 right, 1 wrong: 2/3. Class 2 is nobody's."""
    truth, answers = [0, 0, 0, 1], [0, 0, 1, 1]
    assert macro_f1(truth, answers) == pytest.approx((0.8 + 2 / 3) / 2)
    assert macro_f1(truth, [0, 0, 2, 1]) == pytest.approx((0.8 + 1) / 2)
    drawn = np.random.default_rng(0)
    many, answers = drawn.integers(0, 5, (2, 300))
    assert macro_f1(many, answers) == pytest.approx(f1_score(many, answers, average="macro"))


def test_answers_keep_the_score_and_the_loss() -> None:
    asked = asked_of(SegmentClassification(column="genre", epochs=20), telling())
    result = transferred(asked, telling())
    assert result.scores.mean() > 0.9
    for split, rows in result.answers.groupby("split"):
        assert macro_f1(rows["truth"], rows["answer"]) == pytest.approx(result.scores[split - 1])
    assert 0 < -result.answers["merit"].mean() < 0.3


def test_features_of_other_segments_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="segments=4 must divide the 6 numbers"):
        as_segments(np.zeros((2, 6), np.float32), 4)
    assert as_segments(np.arange(12, dtype=np.float32).reshape(2, 6), 3)[1, 2].tolist() == [10, 11]
    train, codes = planted(10, 2, 0)
    task = SegmentClassification(column="genre", segments=2, epochs=1)
    with pytest.raises(InvalidSetting, match="are all 0, so that it has no segment"):
        learned_probabilities(train, codes, np.zeros((1, 2, 12), np.float32), 3, task, 0, silent)
    with pytest.raises(ValueError, match="either a column or labels must be named"):
        SegmentClassification()
