"""Which tasks a data set can set."""

from __future__ import annotations

import numpy as np
import pandas as pd

from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.studies.transfer.columns import Classification, Regression
from taglab.studies.transfer.recommendation import Recommendation

OfferedTask = Classification | Regression | Recommendation

# Of a track as such: no features could tell them of tracks of other artists.
_NAMES = frozenset({"track", "artist", "title", "album", "split"})
_MOST_CLASSES = 200
_FEWEST_NUMBERS = 20  # different ones; of fewer each is a class
_LEAST_KNOWN = 0.5

USUAL = (
    "genre",
    "family",
    "style",
    "dance",
    "instrument",
    "tempo_bpm",
    "tempo",
    "bpm",
    "year",
    "arousal",
    "valence",
)
"""Names of columns that are asked about first, in this order."""
_FIRST = 3


def offered_tasks(folksonomy: Folksonomy, plays: Interactions | None) -> list[OfferedTask]:
    """Return the tasks that a data set can set, in the order of its columns; those of plays last.

    A column with numbers, 20 different ones or more, asks for a number; any other with 2 to 200 classes of 5
    tracks or more, in which at least half of the tracks are, asks for the class.
    """
    columns = [str(name) for name in folksonomy.tracks.columns if name not in _NAMES]
    tasks = [task for name in columns if (task := _of_column(folksonomy.tracks[name])) is not None]
    if plays is not None and plays.kind == "counts":
        tasks.append(Recommendation())
    return tasks


def usual_tasks(folksonomy: Folksonomy, plays: Interactions | None) -> list[OfferedTask]:
    """Return the tasks set where none is named: some columns of usual names, else the first; and plays."""
    of_columns = {task.title: task for task in offered_tasks(folksonomy, None)}
    named = [of_columns[name] for name in USUAL if name in of_columns]
    of_plays = [task for task in offered_tasks(folksonomy, plays) if task.has_plays]
    return [*(named or list(of_columns.values()))[:_FIRST], *of_plays]


def _of_column(cells: pd.Series) -> OfferedTask | None:
    known = cells.dropna()
    if len(known) < _LEAST_KNOWN * len(cells) or not len(known):
        return None
    counts = known.value_counts()
    is_number = pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
    if is_number and len(counts) >= _FEWEST_NUMBERS:
        return Regression(column=str(cells.name))
    fewest = Classification.model_fields["fewest"].default
    enough = counts.to_numpy() >= fewest
    in_classes = counts.to_numpy()[enough].sum()
    if 2 <= np.count_nonzero(enough) <= _MOST_CLASSES and in_classes >= _LEAST_KNOWN * len(cells):
        return Classification(column=str(cells.name))
    return None
