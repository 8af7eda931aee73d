"""Features of tracks: encoders of sound, by name, each a settings model that does what it says."""

from taglab.encoders.codebook import MfccCodebook
from taglab.encoders.encoder import ENCODERS, Encoder, encode_tracks, encoder_of
from taglab.encoders.files import read_features
from taglab.encoders.statistics import MfccStatistics

__all__ = [
    "ENCODERS",
    "Encoder",
    "MfccCodebook",
    "MfccStatistics",
    "encode_tracks",
    "encoder_of",
    "read_features",
]
