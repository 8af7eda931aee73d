"""From a folksonomy, a label space and a store of sound to what a tagger is trained on."""

from taglab.batches.loading import Batch, TrainingBatches, whole_track_batches
from taglab.batches.material import Material, prepare, prepare_known
from taglab.batches.samplers import SAMPLERS, Drawing, Sampler
from taglab.batches.split_files import ReadSplit, read_split
from taglab.batches.targets import (
    CROP_TARGETS,
    BatchTargets,
    Crops,
    LookedUp,
    MixtureAndStem,
    SameTrack,
    Spectrogram,
    StandardSpectrum,
    Stem,
)
from taglab.split import PARTS, Split, SplitSettings, split_tracks

__all__ = [
    "CROP_TARGETS",
    "PARTS",
    "SAMPLERS",
    "Batch",
    "BatchTargets",
    "Crops",
    "Drawing",
    "LookedUp",
    "Material",
    "MixtureAndStem",
    "ReadSplit",
    "SameTrack",
    "Sampler",
    "Spectrogram",
    "Split",
    "SplitSettings",
    "StandardSpectrum",
    "Stem",
    "TrainingBatches",
    "prepare",
    "prepare_known",
    "read_split",
    "split_tracks",
    "whole_track_batches",
]
