"""The same scores against another truth, so that models of different label spaces can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.errors import InvalidSetting, NotFound
from taglab.outcomes.predictions import BoolArray, Predictions
from taglab.outcomes.splits import refuse_repeats
from taglab.reprs import one_line


@dataclass(frozen=True, eq=False)
class Rescored:
    """Predictions held against another truth.

    Attributes:
        predictions: On the tracks and classes that both have; classes keep the predictions' names.
        judged_by: The class of the other truth that each of these classes was held against.
        tracks_left_out: Tracks of the predictions that the other truth does not know.
        classes_left_out: Classes of the predictions that have no counterpart.
    """

    predictions: Predictions
    judged_by: tuple[str, ...]
    tracks_left_out: int
    classes_left_out: tuple[str, ...]

    __repr__ = one_line


def rescore(
    predictions: Predictions,
    tracks: Sequence[str],
    classes: Sequence[str],
    truth: npt.NDArray[Any] | sparse.sparray,
    mapping: Mapping[str, str] | None = None,
) -> Rescored:
    """Hold the same scores against another label space's truth, on the tracks and classes both have.

    A cluster "sad" and a tag "sad" are true of different tracks, so their metrics are comparable only
    against one truth.

    Args:
        predictions: With ids of tracks.
        tracks: Tracks of the other truth, each once.
        classes: Classes of the other truth, each once.
        truth: 0/1 or bool (tracks, classes), dense or sparse.
        mapping: Class of the predictions → class of the other truth; by default those of the same name.

    Raises:
        InvalidSetting: If the predictions have no ids of tracks, or no track or class in common.
        NotFound: If the mapping names a class that is not there.
    """
    _require_names(predictions)
    refuse_repeats("track", tracks)
    refuse_repeats("class", classes)
    if truth.shape != (len(tracks), len(classes)):
        raise ValueError(f"truth is {truth.shape}, not ({len(tracks)}, {len(classes)})")
    column_of = {name: at for at, name in enumerate(classes)}
    if mapping is None:
        mapping = {name: name for name in predictions.classes if name in column_of}
    for own, other in mapping.items():
        predictions.column(own)
        if other not in column_of:
            raise NotFound(f"no class {other!r} in the other truth, to which {own!r} is mapped")
    kept = [name for name in predictions.classes if name in mapping]
    row_of = {track: at for at, track in enumerate(tracks)}
    ours = [at for at, track in enumerate(predictions.tracks) if track in row_of]
    if not kept or not ours:
        missing = "class" if not kept else "track"
        raise InvalidSetting(f"the predictions and the other truth have no {missing} in common")
    rows = np.array([row_of[predictions.tracks[at]] for at in ours])
    judged_by = tuple(mapping[name] for name in kept)
    table = truth.tocsr() if isinstance(truth, sparse.sparray) else truth
    values = table[rows][:, [column_of[name] for name in judged_by]]
    selected = predictions.select_classes(kept)
    return Rescored(
        predictions=replace(
            selected,
            tracks=tuple(predictions.tracks[at] for at in ours),
            truth=_zero_one(values.toarray() if isinstance(values, sparse.sparray) else values),
            scores=selected.scores[ours],
        ),
        judged_by=judged_by,
        tracks_left_out=predictions.n_tracks - len(ours),
        classes_left_out=tuple(name for name in predictions.classes if name not in mapping),
    )


def in_common(
    a: Predictions, b: Predictions, mapping: Mapping[str, str] | None = None
) -> tuple[Predictions, Predictions]:
    """Return both on their common tracks and classes, against the truth of `b`, row for row the same.

    What paired comparisons need.

    Args:
        a: With ids of tracks.
        b: With ids of tracks; its truth is taken for both, and its names of classes.
        mapping: Class of `a` → class of `b`; by default those of the same name.

    Raises:
        InvalidSetting: As `rescore`; or if two classes of `a` are mapped to one of `b`.
    """
    _require_names(b)
    rescored = rescore(a, b.tracks, b.classes, b.truth, mapping)
    names = rescored.judged_by
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidSetting(f"two classes are mapped to {twice!r}; pairs need one each")
    ours = replace(rescored.predictions, classes=names)
    row_of = {track: at for at, track in enumerate(b.tracks)}
    rows = [row_of[track] for track in ours.tracks]
    theirs = b.select_classes(names)
    return ours, replace(theirs, tracks=ours.tracks, truth=theirs.truth[rows], scores=theirs.scores[rows])


def _require_names(predictions: Predictions) -> None:
    if not predictions.named:
        raise InvalidSetting(
            "these predictions have row numbers instead of track ids and cannot be matched with others; "
            "read them again with the ids of their tracks"
        )


def _zero_one(values: npt.NDArray[Any]) -> BoolArray:
    if not np.isin(values, (0, 1)).all():
        raise ValueError("truth must hold only 0 and 1")
    return values.astype(np.bool_)
