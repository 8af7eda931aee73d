"""From a folksonomy, a label space and a store of sound to what a tagger is trained on."""

from taglab.batches.loading import Batch, TrainingBatches, whole_track_batches
from taglab.batches.material import Material, prepare
from taglab.batches.split import PARTS, Split, SplitSettings, split_tracks

__all__ = [
    "PARTS",
    "Batch",
    "Material",
    "Split",
    "SplitSettings",
    "TrainingBatches",
    "prepare",
    "split_tracks",
    "whole_track_batches",
]
