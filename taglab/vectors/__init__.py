"""Tags, tracks, artists, classes or users as vectors, and the measure by which these are compared."""

from taglab.vectors.library import (
    feature_measure,
    feature_names,
    open_features,
    open_learned,
    remove_features,
    save_features,
)
from taglab.vectors.measures import MEASURES, Measure
from taglab.vectors.points import point_numbers
from taglab.vectors.tags import TagVectors
from taglab.vectors.value import KINDS, FloatArray, Vectors, unit_length

__all__ = [
    "KINDS",
    "MEASURES",
    "FloatArray",
    "Measure",
    "TagVectors",
    "Vectors",
    "feature_measure",
    "feature_names",
    "open_features",
    "open_learned",
    "point_numbers",
    "remove_features",
    "save_features",
    "unit_length",
]
