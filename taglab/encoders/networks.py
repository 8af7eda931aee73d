"""What a tagger's network hears: the layer before its head, trained or as it was before training."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.store import AudioStore, Rows
from taglab.cache import file_digest
from taglab.encoders.encoder import Features, Learned, LearnsNothing
from taglab.progress import Progress, silent
from taglab.runs import open_run
from taglab.training import encode
from taglab.training.checkpoints import BEST, LAST
from taglab.training.running import Weights

OverWindows = Literal["mean", "mean-deviation"]


def _encoded(
    run: str, weights: Weights, over: OverWindows, store: AudioStore, rows: Rows, progress: Progress
) -> Features:
    """Return tracks as a run's network has them; zeros for those too short for its window."""
    tracks = store.tracks["track"].iloc[rows].tolist()
    vectors = encode(open_run(run), tracks, weights, store, progress, over == "mean-deviation")
    features = np.zeros((len(tracks), vectors.dim), np.float32)
    present = [place for place, track in enumerate(tracks) if track in vectors]
    features[present] = vectors.rows_of([tracks[place] for place in present])
    return features


class RunNetwork(LearnsNothing, BaseModel):
    """The layer before the head of a trained run, over a track's windows.

    Attributes:
        encoder: Which encoder this is.
        run: Name of a run trained at least one epoch.
        weights: Of the "best" epoch on its validation tracks, or of the "last".
        over_windows: What a track has of its windows: their mean, or their mean and then their deviation, as
            Kim 2021 has it (section 2.4.4).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "cosine"

    encoder: Literal["run"] = "run"
    run: str = Field(min_length=1)
    weights: Literal["best", "last"] = "best"
    over_windows: OverWindows = "mean"

    def encode(
        self, store: AudioStore, rows: Rows, learned: Learned, progress: Progress = silent
    ) -> Features:
        """Return features of tracks.

        Args:
            store: The sound, of the rate and channels the network takes.
            rows: Of the tracks in it, (n,).
            learned: Not heeded: the run has learned before.
            progress: Told after every batch.

        Returns:
            Array (n, numbers before the head), twice as many with deviations, float32; zeros for a track
            shorter than the run's window.

        Raises:
            NotFound: If there is no such run, or its data are gone.
            DataError: If it has no checkpoint yet, or a damaged one.
            InvalidSetting: If the sound is of another rate.
        """
        return _encoded(self.run, self.weights, self.over_windows, store, rows, progress)

    def origin(self, split: str) -> dict[str, str]:
        """Return the split that the run was trained on, and the checksum of its weights."""
        run = open_run(self.run)
        checkpoint = run.checkpoints / (BEST if self.weights == "best" else LAST)
        return {"split": run.about.split, "checkpoint": file_digest(checkpoint)}


class RandomNetwork(LearnsNothing, BaseModel):
    """The same layer of the same network untrained: what its form alone is worth.

    Attributes:
        encoder: Which encoder this is.
        run: Name of a run, which needs not be trained; the weights are those that its training begins with.
        over_windows: As of `RunNetwork`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "cosine"
    baseline: ClassVar[bool] = True

    encoder: Literal["random"] = "random"
    run: str = Field(min_length=1)
    over_windows: OverWindows = "mean"

    def encode(
        self, store: AudioStore, rows: Rows, learned: Learned, progress: Progress = silent
    ) -> Features:
        """Return features of tracks; see `RunNetwork.encode`."""
        return _encoded(self.run, "untrained", self.over_windows, store, rows, progress)
