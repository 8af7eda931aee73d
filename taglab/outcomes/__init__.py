"""What models said: predictions, rankings and estimates beside what is true; files; another truth."""

from taglab.outcomes.estimates import Estimates
from taglab.outcomes.files import open_predictions, read_scores
from taglab.outcomes.predictions import Predictions
from taglab.outcomes.rankings import Rankings
from taglab.outcomes.rescoring import Rescored, in_common, rescore
from taglab.outcomes.splits import UNKNOWN, split_fingerprint, split_warning, track_set_fingerprint

__all__ = [
    "UNKNOWN",
    "Estimates",
    "Predictions",
    "Rankings",
    "Rescored",
    "in_common",
    "open_predictions",
    "read_scores",
    "rescore",
    "split_fingerprint",
    "split_warning",
    "track_set_fingerprint",
]
