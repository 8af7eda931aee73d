"""One file of sound, encoded as kept features were, and not kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from taglab.audio.library import AudioFiles, brief_audio
from taglab.audio.store import StoreSettings
from taglab.encoders.encoder import Features
from taglab.encoders.encoding import encode_alike
from taglab.errors import DataError, InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.vectors import open_features

SHORTEST_S = 0.5
"""A clip shorter than this says too little, in seconds."""
LONGEST_S = 1_200.0
"""A longer one is no clip: hours of sound fit into a small file."""


def encode_clip(name: str, path: Path, progress: Progress = silent) -> Features:
    """Return the features of a file of sound, (features,), made as those kept under a name were.

    Args:
        name: Of features that an encoder made.
        path: The file.
        progress: Told how far it is.

    Raises:
        NotFound: If there are no such features.
        InvalidSetting: If other sound cannot be encoded as they were; see `encode_alike`.
        DataError: If the file is not sound, too short, silent, or too short for the encoder.
    """
    sound = open_features(name).origin.get("sound", {})
    if "sample_rate_hz" not in sound:
        raise InvalidSetting(f"features {name!r} do not say at which rate their sound was; encode them again")
    settings = StoreSettings(
        sample_rate_hz=sound["sample_rate_hz"], min_duration_s=SHORTEST_S, max_duration_s=LONGEST_S
    )
    files = AudioFiles(pd.DataFrame({"track": [path.name], "path": [str(path)]}))
    with brief_audio(files, settings, workers=1, progress=between(progress, 0, 0.5)) as store:
        if len(store.refused):
            raise DataError(path, str(store.refused["reason"].iloc[0]))
        features = encode_alike(name, store, between(progress, 0.5, 1))
        if not len(features):
            raise DataError(path, "has no features: nothing in it is long enough for the encoder")
        return np.array(features.vectors[0])
