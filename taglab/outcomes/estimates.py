"""`Estimates`: real values that a model gives of tracks, beside the true ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from taglab.cache import content_key
from taglab.outcomes.splits import UNKNOWN, refuse_repeats, track_set_fingerprint

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Estimates:
    """Real values of some tracks, estimated and true.

    Attributes:
        tracks: Track ids, each once.
        columns: What is estimated, each once, with its unit where it has one ("tempo (bpm)").
        truth: Array (tracks, columns), float32; NaN where the true value is not known.
        values: Array (tracks, columns), float32, finite wherever the true value is known.
        split: Fingerprint of the split the model was trained on, or `UNKNOWN`.

    Raises:
        ValueError: If shapes or types disagree, a name stands twice, or a value is not finite.
    """

    tracks: tuple[str, ...]
    columns: tuple[str, ...]
    truth: FloatArray
    values: FloatArray
    split: str = UNKNOWN

    def __post_init__(self) -> None:
        shape = (len(self.tracks), len(self.columns))
        for name, array in (("truth", self.truth), ("values", self.values)):
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(
                    f"{name} must be float32 of (tracks, columns) = {shape}, "
                    f"not {array.dtype} of {array.shape}"
                )
        refuse_repeats("track", self.tracks)
        refuse_repeats("column", self.columns)
        if np.isinf(self.truth).any():
            raise ValueError("truth holds infinity; a value that is not known is NaN")
        if not np.isfinite(self.values[self.known]).all():
            raise ValueError("values that can be checked hold NaN or infinity; has training diverged?")

    def __repr__(self) -> str:
        return f"<Estimates: {len(self.tracks)} tracks, {', '.join(self.columns)}>"

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Whether the true value is known (tracks, columns)."""
        return ~np.isnan(self.truth)

    @cached_property
    def evaluated(self) -> str:
        """Fingerprint of the set of tracks."""
        return track_set_fingerprint(self.tracks)

    @cached_property
    def fingerprint(self) -> str:
        """Content key of everything in it."""
        return content_key(list(self.tracks), list(self.columns), self.truth, self.values, self.split)
