"""What models said of tracks: the value, its files, and the same scores against another truth."""

from taglab.predictions.files import open_predictions, read_scores
from taglab.predictions.rescoring import Rescored, in_common, rescore
from taglab.predictions.splits import UNKNOWN, split_fingerprint, split_warning, track_set_fingerprint
from taglab.predictions.value import Predictions

__all__ = [
    "UNKNOWN",
    "Predictions",
    "Rescored",
    "in_common",
    "open_predictions",
    "read_scores",
    "rescore",
    "split_fingerprint",
    "split_warning",
    "track_set_fingerprint",
]
