"""Features of tracks: encoders of sound, by name, each a settings model that does what it says."""

from taglab.encoders.auditory import AuditoryCodebook
from taglab.encoders.clips import encode_clip
from taglab.encoders.codebook import MfccCodebook
from taglab.encoders.descriptors import SpectralStatistics
from taglab.encoders.encoder import Encoder, Learned
from taglab.encoders.encoding import (
    ENCODERS,
    encode_alike,
    encode_tracks,
    encoder_alike,
    encoder_name,
    encoder_of,
    is_baseline,
    learn,
    learned_elsewhere,
    run_of,
)
from taglab.encoders.files import FEATURE_FILES, read_features, write_features
from taglab.encoders.musicnn import MusicnnNetwork, musicnn_predictions
from taglab.encoders.networks import RandomNetwork, RunNetwork
from taglab.encoders.program import Program
from taglab.encoders.spreading import (
    Sounds,
    Standing,
    begin_encoding,
    encode_share,
    merge_encoding,
    standing,
)
from taglab.encoders.statistics import MfccStatistics

__all__ = [
    "ENCODERS",
    "FEATURE_FILES",
    "AuditoryCodebook",
    "Encoder",
    "Learned",
    "MfccCodebook",
    "MfccStatistics",
    "MusicnnNetwork",
    "Program",
    "RandomNetwork",
    "RunNetwork",
    "Sounds",
    "SpectralStatistics",
    "Standing",
    "begin_encoding",
    "encode_alike",
    "encode_clip",
    "encode_share",
    "encode_tracks",
    "encoder_alike",
    "encoder_name",
    "encoder_of",
    "is_baseline",
    "learn",
    "learned_elsewhere",
    "merge_encoding",
    "musicnn_predictions",
    "read_features",
    "run_of",
    "standing",
    "write_features",
]
