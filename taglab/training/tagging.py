"""What a trained run says of sound it was not made for: labels with scores, and their course over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from taglab.audio.library import AudioFiles, brief_audio, refusals
from taglab.audio.store import AudioStore, Rows, StoreSettings
from taglab.audio.windows import Windows, WindowSettings
from taglab.batches import Material, Split
from taglab.errors import DataError, InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.training.devices import failures_told, make_fabric
from taglab.training.divergence import Diverged
from taglab.training.evaluation import window_outputs
from taglab.training.running import INPUT, Which, configuration, kept_step, material_of, on_one_device

__all__ = ["SoundFormat", "Tagging", "sound_format_of", "tag_clip", "tag_sound"]

SHORTEST_CLIP_S = 0.5
"""A clip shorter than this says too little, in seconds."""
LONGEST_CLIP_S = 1_200.0
"""A longer one is no clip: hours of sound fit into a small file."""

_RATES_HZ = (1_000, 192_000)
_LONGEST_WINDOW_S = 3_600


@dataclass(frozen=True)
class SoundFormat:
    """How a run is given sound.

    Attributes:
        sample_rate_hz: Of the sound.
        window_samples: Length of what the network is given at a time.
        short_tracks: "pad" adds zeros to shorter tracks, "refuse" leaves them out.
        channels: 1 for mono, 2 for stereo.

    Raises:
        InvalidSetting: If the rate or the length is none that sound has.
    """

    sample_rate_hz: int
    window_samples: int
    short_tracks: str
    channels: Literal[1, 2] = 1

    def __post_init__(self) -> None:
        low, high = _RATES_HZ
        if not low <= self.sample_rate_hz <= high:
            raise InvalidSetting(f"sample_rate_hz={self.sample_rate_hz} must lie in {low:,} to {high:,}")
        if self.channels not in (1, 2):
            raise InvalidSetting(f"channels={self.channels} must be 1 or 2")
        if not 1 <= self.window_samples <= _LONGEST_WINDOW_S * self.sample_rate_hz:
            raise InvalidSetting(
                f"window_samples={self.window_samples} must lie in 1 to {_LONGEST_WINDOW_S} s of samples"
            )

    @property
    def store_settings(self) -> StoreSettings:
        """How files are decoded for the run; how short is too short, its windows say."""
        return StoreSettings(sample_rate_hz=self.sample_rate_hz, channels=self.channels, min_duration_s=0)

    @property
    def window_s(self) -> float:
        """Length of a window, in seconds."""
        return self.window_samples / self.sample_rate_hz

    def windows(self, store: AudioStore) -> Windows:
        """Return the windows of a store, as the run was given them.

        Raises:
            InvalidSetting: If the sound has another rate or other channels, or no track is long enough.
        """
        if store.sample_rate_hz != self.sample_rate_hz:
            raise InvalidSetting(
                f"the sound has {store.sample_rate_hz:,} samples a second, and the run takes "
                f"{self.sample_rate_hz:,}; name the folder its files are in, which are then decoded anew"
            )
        if store.channels != self.channels:
            raise InvalidSetting(
                f"the sound has {store.channels} channels, and the run takes {self.channels}; name the "
                "folder its files are in, which are then decoded anew"
            )
        short = "pad" if self.short_tracks == "pad" else "refuse"
        return Windows.of(store, WindowSettings(duration_s=self.window_s, short_tracks=short))


def sound_format_of(
    run: Run, progress: Progress = silent, material: Callable[[Progress], Material] | None = None
) -> SoundFormat:
    """Return how a run is given sound.

    Runs keep it since they can be asked of new sound; of earlier ones it is found in their data and sound.

    Args:
        run: The run.
        progress: Told how far it is.
        material: Makes the tracks it was trained on; those of a tagger where None.

    Raises:
        InvalidSetting: If the run is of results only.
        NotFound: If it does not keep it, and its data or sound are gone.
    """
    kept, short = run.summary().get(INPUT), run.config.get("train", {}).get("short_tracks", "refuse")
    if isinstance(kept, dict) and all(type(kept.get(name)) is int for name in ("rate", "window")):
        return SoundFormat(kept["rate"], kept["window"], short, kept.get("channels", 1))  # once all was mono
    if material is None:
        config, space = configuration(run)
        material = partial(material_of, config, space)
    windows = material(progress).windows
    store = windows.store
    return SoundFormat(store.sample_rate_hz, windows.length, short, store.settings.channels)


@dataclass(frozen=True, eq=False)
class Tagging:
    """What a run says of sound.

    Attributes:
        run: Name of the run.
        sound: How it was given the sound.
        tracks: Tracks that it was given, in the order of the sound.
        classes: Its labels.
        scores: Probabilities (tracks, classes) float32, the mean over a track's windows.
        window_tracks: Place in `tracks` of each window, (windows,).
        window_starts_s: Where each window begins in its track, in seconds (windows,).
        window_scores: Probabilities (windows, classes) float32.
        left_out: Columns `reason`, `tracks` (how many), `examples`: sound that was not tagged.
    """

    run: str
    sound: SoundFormat
    tracks: tuple[str, ...]
    classes: tuple[str, ...]
    scores: npt.NDArray[np.float32]
    window_tracks: Rows
    window_starts_s: npt.NDArray[np.float64]
    window_scores: npt.NDArray[np.float32]
    left_out: pd.DataFrame

    __repr__ = one_line

    def __post_init__(self) -> None:
        if self.scores.shape != (len(self.tracks), len(self.classes)):
            raise ValueError(f"scores {self.scores.shape} must be (tracks, classes)")
        if self.window_scores.shape != (len(self.window_tracks), len(self.classes)):
            raise ValueError(f"window_scores {self.window_scores.shape} must be (windows, classes)")

    def table(self) -> pd.DataFrame:
        """Return one row a track: `track`, and the score of each label under its name."""
        return self._wide({"track": list(self.tracks)}, self.scores)

    def window_table(self) -> pd.DataFrame:
        """Return one row a window: `track`, `start_s`, `end_s`, and the score of each label."""
        tracks = [self.tracks[place] for place in self.window_tracks]
        ends_s = self.window_starts_s + self.sound.window_s
        return self._wide(
            {"track": tracks, "start_s": self.window_starts_s, "end_s": ends_s}, self.window_scores
        )

    def _wide(self, first: dict[str, object], scores: npt.NDArray[np.float32]) -> pd.DataFrame:
        named = pd.DataFrame(scores, columns=[f" {name}" if name in first else name for name in self.classes])
        return pd.concat([pd.DataFrame(first), named], axis=1)

    def best(self, most: int) -> pd.DataFrame:
        """Return the labels of highest score of each track, best first: `track`, `label`, `score`."""
        order = np.argsort(-self.scores, axis=1, kind="stable")[:, :most]
        return pd.DataFrame(
            {
                "track": np.repeat(np.array(self.tracks, object), order.shape[1]),
                "label": np.array(self.classes, object)[order.ravel()],
                "score": np.take_along_axis(self.scores, order, axis=1).ravel(),
            }
        )


def tag_clip(run: Run, path: Path, progress: Progress = silent) -> npt.NDArray[np.float32]:
    """Return what a run says of one file of sound, (classes,): probabilities, the mean over its windows.

    Args:
        run: Trained at least one epoch; its best is asked.
        path: The file, which need not be trusted.
        progress: Told how far it is.

    Raises:
        DataError: If the file is not sound, too short or silent, or a checkpoint is missing or damaged.
        NotFound, Diverged, InvalidSetting: As `tag_sound`.
    """
    decoding, tagging = between(progress, 0.1, 0.5), between(progress, 0.5, 1)
    settings = sound_format_of(run, between(progress, 0, 0.1)).store_settings
    files = AudioFiles(pd.DataFrame({"track": [path.name], "path": [str(path)]}))
    alike = settings.model_copy(update={"min_duration_s": SHORTEST_CLIP_S, "max_duration_s": LONGEST_CLIP_S})
    with brief_audio(files, alike, workers=1, progress=decoding) as store:
        if len(store.refused):
            raise DataError(path, str(store.refused["reason"].iloc[0]))
        tagged = tag_sound(run, store, "best", tagging)
        if not len(tagged.tracks):
            raise DataError(path, "is too short: nothing in it is as long as what the run hears at a time")
        return np.array(tagged.scores[0])


def tag_sound(run: Run, store: AudioStore, which: Which = "best", progress: Progress = silent) -> Tagging:
    """Tag every track of a store, whole, with a run's network, as it predicts its own.

    Args:
        run: Trained at least one epoch.
        store: The sound, of the rate that `sound_format_of` tells.
        which: Checkpoint of the "best" epoch on the run's validation tracks, or of the "last".
        progress: Told after each batch.

    Raises:
        DataError: If the checkpoint is missing, damaged, or of another network.
        Diverged: If a score is not finite.
        InvalidSetting: If the run is of results only, the sound has another rate, or no track is long enough.
    """
    config, space = configuration(run)
    sound = sound_format_of(run, between(progress, 0, 0.1))
    windows = sound.windows(store)
    material = unlabelled(windows, space.names)
    fabric, batch_size = make_fabric(on_one_device(config).train), config.train.batch_size
    with failures_told(fabric.device, batch_size, lambda: "tagging new sound"):
        step = kept_step(run, on_one_device(config), material, fabric, which, of_its_split=False)
        outputs = window_outputs(step, material, "test", batch_size, step.logits, between(progress, 0.1, 1))
        scores = np.concatenate([torch.sigmoid(logits).cpu().numpy() for logits, _ in outputs])
    if not np.isfinite(scores).all():
        raise Diverged(int(run.summary()["epochs"]), 0, "the logits are")
    starts = [windows.consecutive_starts(int(row)) for row in material.rows]
    counts = np.array([len(own) for own in starts])
    firsts = np.cumsum(counts) - counts
    means = np.add.reduceat(scores, firsts, axis=0, dtype=np.float64) / counts[:, None]
    return Tagging(
        run=run.name,
        sound=sound,
        tracks=material.tracks,
        classes=space.names,
        scores=means.astype(np.float32),
        window_tracks=np.repeat(np.arange(len(starts)), counts),
        window_starts_s=np.concatenate(starts) / sound.sample_rate_hz,
        window_scores=scores,
        left_out=material.left_out,
    )


def unlabelled(windows: Windows, classes: tuple[str, ...], rows: Rows | None = None) -> Material:
    """Return sound of which nothing is known as what is tested on.

    Args:
        windows: On the sound.
        classes: Of the run that it is for.
        rows: Of the store, those that have windows; all where None.
    """
    rows = windows.rows if rows is None else rows
    tracks = tuple(windows.store.tracks["track"].astype(str).iloc[rows])
    parts = np.full(len(tracks), "test")
    return Material(
        windows=windows,
        tracks=tracks,
        rows=rows,
        targets=np.zeros((len(tracks), len(classes)), np.bool_),
        classes=classes,
        parts=parts,
        split=Split(tracks, parts),
        left_out=_left_out(windows),
    )


def _left_out(windows: Windows) -> pd.DataFrame:
    store = windows.store
    table = refusals(store)
    if not len(windows.refused):
        return table
    names = store.tracks["track"].astype(str).iloc[windows.refused].tolist()
    reason = f"shorter than the window of {windows.length / store.sample_rate_hz:g} s"
    short = {"reason": reason, "tracks": len(names), "examples": ", ".join(names[:5])}
    return pd.concat([table, pd.DataFrame([short])], ignore_index=True)
