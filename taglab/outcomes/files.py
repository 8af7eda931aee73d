"""Predictions from files: taglab's own, and those of other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.archives import Arrays, read_arrays
from taglab.errors import DataError
from taglab.outcomes.predictions import FORMAT, Predictions

_TRUTH_NAMES = ("truth", "y_true", "targets", "target", "labels", "groundtruth", "ground_truth")
_SCORE_NAMES = ("scores", "y_score", "y_prob", "y_pred", "probabilities", "predictions", "outputs", "logits")


def open_predictions(path: Path) -> Predictions:
    """Read what `Predictions.save` wrote.

    Raises:
        DataError: If the file is missing, damaged, of a newer format, or not of taglab.
    """
    arrays = read_arrays(path)
    missing = {"format", "tracks", "classes", "truth", "scores", "split", "named"} - set(arrays)
    if missing:
        raise DataError(
            path, f"lacks {', '.join(sorted(missing))}; read_scores reads files of other programs"
        )
    try:
        if int(arrays["format"]) > FORMAT:
            raise DataError(path, f"was written by a newer taglab (format {int(arrays['format'])})")
        return Predictions(
            tracks=_names_of(arrays, "tracks"),
            classes=_names_of(arrays, "classes"),
            truth=arrays["truth"],
            scores=arrays["scores"],
            split=str(arrays["split"]),
            named=bool(arrays["named"]),
        )
    except DataError:
        raise
    except (ValueError, TypeError) as error:
        raise DataError(path, f"is damaged: {error}") from error


def read_scores(
    path: Path, classes: Sequence[str] = (), tracks: Sequence[str] = (), logits: bool = False
) -> Predictions:
    """Read scores and truth that another program saved as an .npz.

    Args:
        path: An .npz with one array of truth (0/1 or bool) and one of scores, both (tracks, classes). They
            are found by name, truth as "truth", "y_true", "targets", "labels" or the like, scores as
            "scores", "y_score", "predictions", "logits" or the like. Arrays "classes" and "tracks" of text
            are taken as the names.
        classes: Names of the classes, over those of the file; numbered where neither tells.
        tracks: Ids of the tracks, over those of the file; without any, tracks have numbers, and the result
            cannot be matched with others.
        logits: Whether the scores still need the sigmoid; an array called "logits" always gets it.

    Raises:
        DataError: If an array is missing or not what it should be.
    """
    arrays = read_arrays(path)
    truth_name, scores_name = _find(path, arrays, _TRUTH_NAMES), _find(path, arrays, _SCORE_NAMES)
    truth, scores = arrays[truth_name], arrays[scores_name]
    if truth.ndim != 2 or truth.shape != scores.shape:
        raise DataError(
            path,
            f"{truth_name!r} is {truth.shape} and {scores_name!r} {scores.shape}; both must be "
            "(tracks, classes)",
        )
    if truth.dtype.kind not in "biuf" or not np.isin(truth, (0, 1)).all():
        raise DataError(path, f"{truth_name!r} must hold only 0 and 1; are it and {scores_name!r} swapped?")
    ids = tuple(tracks) or _names_of(arrays, "tracks")
    names = tuple(classes) or _names_of(arrays, "classes")
    try:
        return Predictions(
            tracks=ids or tuple(map(str, range(len(truth)))),
            classes=names or tuple(f"class {column}" for column in range(truth.shape[1])),
            truth=truth.astype(np.bool_),
            scores=_probabilities(path, scores_name, scores, logits or scores_name == "logits"),
            named=bool(ids),
        )
    except DataError:
        raise
    except ValueError as error:
        raise DataError(path, str(error)) from error


def _probabilities(path: Path, name: str, scores: npt.NDArray[Any], logits: bool) -> npt.NDArray[np.float32]:
    if scores.dtype.kind not in "fiu" or not np.isfinite(scores).all():
        raise DataError(path, f"{name!r} must hold finite numbers")
    if logits:
        from scipy.special import expit

        scores = expit(scores.astype(np.float64))
    elif scores.size and not (scores.min() >= 0 and scores.max() <= 1):
        raise DataError(
            path,
            f"{name!r} must lie in [0, 1], not {scores.min():g} to {scores.max():g}; are these logits? "
            "Read them as such",
        )
    return scores.astype(np.float32)


def _find(path: Path, arrays: Arrays, names: tuple[str, ...]) -> str:
    for name in names:
        if name in arrays:
            return name
    held = ", ".join(map(repr, arrays)) or "nothing"
    raise DataError(path, f"holds {held}, but no array named {' or '.join(map(repr, names))}")


def _names_of(arrays: Arrays, name: str) -> tuple[str, ...]:
    """Return an array of text as it is meant, or nothing where there is none."""
    array = arrays.get(name)
    if array is None or array.ndim != 1 or array.dtype.kind not in "US":
        return ()
    texts = np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array
    return tuple(texts.tolist())
