"""What a joint space is held against: classifiers of one output each, likeness of features, popularity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.joint_space.material import JointMaterial, scaled
from taglab.joint_space.settings import Task
from taglab.parallel import blocks, on_every_core
from taglab.progress import Progress, silent

Scores = npt.NDArray[np.float64]

_PASSES = 20  # over the training tracks by the margin perceptron; more changed no figure on the demo
_CLASSIFIED: tuple[Task, ...] = ("artists", "tags")


def margin_perceptron(
    material: JointMaterial, task: Task, part: str, scaling: str = "length", progress: Progress = silent
) -> Scores:
    """Return scores of linear classifiers, one an output, moved by every track within the margin.

    The one-vs-rest of Weston et al. 2011, section 6.3: hinge loss without regularisation, a fixed rate.

    Args:
        material: Learned from its training part.
        task: "artists" or "tags".
        part: Of whose tracks the scores are.
        scaling: Of the features; see `JointSpaceSettings`.
        progress: Told after some outputs.

    Returns:
        Array (tracks of the part, outputs).

    Raises:
        InvalidSetting: If the task is another.
    """
    from sklearn.linear_model import SGDClassifier

    def classifier() -> Any:
        return SGDClassifier(
            loss="hinge", penalty=None, learning_rate="constant", eta0=0.1, max_iter=_PASSES, tol=None,
            random_state=0,
        )  # fmt: skip

    return _one_vs_rest(material, task, part, scaled(material.features, scaling), classifier, progress)


def logistic_regression(
    material: JointMaterial, task: Task, part: str, C: float = 0.01, progress: Progress = silent
) -> Scores:
    """Return log-odds by logistic regressions on standardised features; as `margin_perceptron` else.

    Args:
        C: Inverse strength of regularisation.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    features = material.features
    train = material.parts["train"]
    dense = features.nnz > 0.5 * np.prod(features.shape)
    table = features.toarray() if dense else features
    standard = StandardScaler(with_mean=dense).fit(table[train]).transform(table)
    return _one_vs_rest(
        material, task, part, standard, lambda: LogisticRegression(C=C, max_iter=500), progress
    )


def _one_vs_rest(
    material: JointMaterial,
    task: Task,
    part: str,
    features: Any,
    classifier: Callable[[], Any],
    progress: Progress,
) -> Scores:
    """Fit a classifier for every output; one that all training tracks have, or none, scores all alike."""
    if task not in _CLASSIFIED:
        recurring = " or ".join(_CLASSIFIED)
        raise InvalidSetting(f"task={task!r} must be {recurring}: classifiers are of outputs that recur")
    right = material.right(task, "train").tocsc()
    known, asked = features[material.parts["train"]], features[material.parts[part]]

    def fit(block: slice) -> Scores:
        scores = np.zeros((len(material.parts[part]), block.stop - block.start))
        for place, column in enumerate(range(block.start, block.stop)):
            truth = right[:, [column]].toarray().ravel() > 0
            if truth.any() and not truth.all():
                scores[:, place] = classifier().fit(known, truth).decision_function(asked)
        return scores

    return np.concatenate(on_every_core(fit, blocks(right.shape[1], 8), progress, "classifiers"), axis=1)


def cosine_similarity(material: JointMaterial, part: str) -> Scores:
    """Return the cosines of tracks' features, (tracks of the part,) twice; −∞ on the diagonal."""
    features = scaled(material.features[material.parts[part]], "length")
    scores: Scores = (features @ features.T).toarray().astype(np.float64)
    np.fill_diagonal(scores, -np.inf)
    return scores


def popularity(material: JointMaterial, task: Task, part: str) -> Scores:
    """Return how many training tracks have each output, the same for every track; see `margin_perceptron`."""
    counts = np.asarray(material.right(task, "train").sum(axis=0), np.float64).ravel()
    return np.tile(counts, (len(material.parts[part]), 1))
