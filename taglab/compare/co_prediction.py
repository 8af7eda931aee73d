"""Which labels a run predicts together, and which tracks stand behind a count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.co_prediction import LabelPairs, label_pairs
from taglab.outcomes import Predictions

BoolArray = npt.NDArray[np.bool_]
Cell = Literal["tp", "tn", "fp", "fn"]


@dataclass(frozen=True)
class Pairing:
    """What the rows and the columns of a label × label table are.

    Attributes:
        title: A few words.
        row: What a row's tracks have in common, with {label}.
        column: What those that a cell counts have besides, with {label}.
        sides: Takes truth and decisions, both bool (tracks, labels); returns rows and columns.
        decided: Whether the threshold matters.
    """

    title: str
    row: str
    column: str
    sides: Callable[[BoolArray, BoolArray], tuple[BoolArray, BoolArray]]
    decided: bool = True


PAIRINGS: dict[str, Pairing] = {
    "truth-predicted": Pairing(
        "true → predicted", "truly {label}", "predicted {label}", lambda truth, decided: (truth, decided)
    ),
    "predicted-predicted": Pairing(
        "predicted together",
        "predicted {label}",
        "predicted {label}",
        lambda truth, decided: (decided, decided),
    ),
    "truth-truth": Pairing(
        "true together",
        "truly {label}",
        "truly {label}",
        lambda truth, decided: (truth, truth),
        decided=False,
    ),
}


def predicted(predictions: Predictions, threshold: float) -> BoolArray:
    """Return which labels are predicted of which tracks, bool (tracks, classes)."""
    if not 0 <= threshold <= 1:
        raise InvalidSetting(f"threshold={threshold} must lie in [0, 1]; given in percent?")
    return np.asarray(predictions.scores >= np.float32(threshold))


def co_prediction(predictions: Predictions, threshold: float, pairing: str) -> LabelPairs:
    """Count tracks by pairs of labels.

    Args:
        predictions: Of one run.
        threshold: A label is predicted where its score is at least this.
        pairing: A name in `PAIRINGS`.
    """
    return label_pairs(*_sides(predictions, threshold, pairing))


def pair_table(first: LabelPairs, second: LabelPairs | None, labels: Sequence[str]) -> pd.DataFrame:
    """Return a label × label table, or two of the same labels, with one row a cell.

    Returns:
        `row`, `column` (labels), `tracks`, `share` (of the row's tracks); with a second table also
        `tracks_of_second`, `share_of_second` and `difference` (first minus second).
    """
    rows, columns = np.divmod(np.arange(len(labels) ** 2), len(labels))
    names = np.array(labels, dtype=object)
    table = pd.DataFrame(
        {
            "row": names[rows],
            "column": names[columns],
            "tracks": first.together.ravel(),
            "share": first.share.ravel(),
        }
    )
    if second is None:
        return table
    table["tracks_of_second"], table["share_of_second"] = second.together.ravel(), second.share.ravel()
    return table.assign(difference=table["share"] - table["share_of_second"])


def on_common_ground(a: Predictions, b: Predictions) -> tuple[Predictions, Predictions]:
    """Return both on the labels they share and, where both name their tracks, on the tracks they share.

    Each keeps its own truth.
    """
    theirs = set(b.classes)
    names = [name for name in a.classes if name in theirs]
    a, b = a.select_classes(names), b.select_classes(names)
    if not (a.named and b.named):
        return a, b
    known = set(b.tracks)
    shared = [track for track in a.tracks if track in known]
    return _on_tracks(a, shared), _on_tracks(b, shared)


def _on_tracks(predictions: Predictions, tracks: Sequence[str]) -> Predictions:
    place = {track: row for row, track in enumerate(predictions.tracks)}
    rows = [place[track] for track in tracks]
    return replace(
        predictions, tracks=tuple(tracks), truth=predictions.truth[rows], scores=predictions.scores[rows]
    )


def tracks_behind_pair(
    predictions: Predictions, threshold: float, pairing: str, row: str, column: str
) -> npt.NDArray[np.intp]:
    """Return the tracks that a cell of `co_prediction` counts, those most surely of the column first.

    Args:
        predictions: Of one run.
        threshold: As for the table.
        pairing: As for the table.
        row: Label of the cell's row.
        column: Label of its column.

    Raises:
        NotFound: If there is no such label.
    """
    of_rows, of_columns = _sides(predictions, threshold, pairing)
    first, second = predictions.column(row), predictions.column(column)
    found = np.flatnonzero(of_rows[:, first] & of_columns[:, second])
    return _by_score(predictions, found, second, descending=True)


def tracks_behind_decision(
    predictions: Predictions, threshold: float, label: str, cell: Cell
) -> npt.NDArray[np.intp]:
    """Return the tracks that a cell of a confusion matrix counts, the most certain decisions first.

    Args:
        predictions: Of one run.
        threshold: As for the matrix.
        label: The matrix's label.
        cell: "tp", "tn", "fp" or "fn".

    Raises:
        NotFound: If there is no such label.
    """
    if cell not in ("tp", "tn", "fp", "fn"):
        raise InvalidSetting(f"cell={cell!r} must be tp, tn, fp or fn")
    column = predictions.column(label)
    positive = predicted(predictions.select_classes([label]), threshold)[:, 0]
    wanted = positive if cell.endswith("p") else ~positive
    right = predictions.truth[:, column] == positive
    found = np.flatnonzero(wanted & (right if cell.startswith("t") else ~right))
    return _by_score(predictions, found, column, descending=cell.endswith("p"))


def tracks_table(
    predictions: Predictions, rows: npt.NDArray[np.intp], threshold: float, label: str
) -> pd.DataFrame:
    """Return tracks with what is true of them and what was said.

    Args:
        predictions: Of one run.
        rows: Which tracks, in this order.
        threshold: A label is predicted where its score is at least this.
        label: Whose score is told.

    Returns:
        Columns `track`, `score` (of the label), `true` and `predicted` (lists of labels; the predicted ones
        by falling score).
    """
    column = predictions.column(label)
    names = np.array(predictions.classes, dtype=object)
    said = []
    for scores in predictions.scores[rows]:
        ranked = np.argsort(-scores, kind="stable")
        said.append(names[ranked[scores[ranked] >= np.float32(threshold)]].tolist())
    return pd.DataFrame(
        {
            "track": [predictions.tracks[row] for row in rows],
            "score": predictions.scores[rows, column].astype(np.float64),
            "true": [names[truth].tolist() for truth in predictions.truth[rows]],
            "predicted": said,
        }
    )


def _sides(predictions: Predictions, threshold: float, pairing: str) -> tuple[BoolArray, BoolArray]:
    if pairing not in PAIRINGS:
        raise InvalidSetting(f"pairing={pairing!r} must be one of {', '.join(PAIRINGS)}")
    return PAIRINGS[pairing].sides(predictions.truth, predicted(predictions, threshold))


def _by_score(
    predictions: Predictions, rows: npt.NDArray[np.intp], column: int, descending: bool
) -> npt.NDArray[np.intp]:
    scores = predictions.scores[rows, column]
    return rows[np.argsort(-scores if descending else scores, kind="stable")]
