"""Where a network that separates voices puts windows of songs, and whether by the voice or by the song."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.progress import Progress, between, silent
from taglab.projection import ProjectionSettings, project
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.training.spectra import encode_stem_windows
from taglab.vectors import Vectors

__all__ = ["VoiceMap", "voice_map"]

N_NEAREST = 10
_MOST_WINDOWS = 2_000


@dataclass(frozen=True, eq=False)
class VoiceMap:
    """Windows of songs that a network has not learned from, placed by what it makes of them.

    Attributes:
        run: Name of the network's run.
        windows: A row each: `track`, `start_s`, `stem_dbfs` (how loud the voice is), `x`, `y` by t-SNE.
        by_loudness: Rank correlation of a window's loudness of the voice and the mean of the ten windows of
            other songs that are nearest to it by cosine; NaN where the voice is equally loud in all.
        same_song: Share of the ten nearest windows of any song that are of the window's own.
        same_song_by_chance: What that share would be if the nearest were drawn at random.
    """

    run: str
    windows: pd.DataFrame
    by_loudness: float
    same_song: float
    same_song_by_chance: float

    __repr__ = one_line


def voice_map(run: Run, seed: int = 0, progress: Progress = silent) -> VoiceMap:
    """Return the map of a run's test songs, at most 2,000 windows of them, drawn at random.

    Args:
        run: Of voice separation, trained at least one epoch.
        seed: Of the draw, and of t-SNE.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If the run learned something else, or no test song has the voice apart.
        InputsChanged: If its sound or its stem is other than when it was made.
        DataError: If the checkpoint is missing or damaged.

    Source: Kim 2021, figure 4.14.
    """
    heard = encode_stem_windows(run, progress=between(progress, 0, 0.6))
    random = np.random.default_rng(seed)
    n_windows = len(heard.windows)
    drawn = np.sort(random.choice(n_windows, min(_MOST_WINDOWS, n_windows), replace=False))
    table = heard.windows.iloc[drawn].reset_index(drop=True)
    ids = [f"{track} {start:.3f}" for track, start in zip(table["track"], table["start_s"], strict=True)]
    vectors = Vectors.of("tracks", ids, heard.encodings[drawn])
    table = table[[one in vectors for one in ids]].reset_index(drop=True)
    settings = ProjectionSettings(method="tsne", seed=seed)
    places = project(vectors, settings, between(progress, 0.6, 1), judge=False).positions
    table = table.assign(x=places[:, 0], y=places[:, 1])
    likeness = vectors.unit_rows @ vectors.unit_rows.T
    return VoiceMap(run.name, table, *neighbourhoods(likeness, table))


def neighbourhoods(
    likeness: npt.NDArray[np.float32], windows: pd.DataFrame, k: int = N_NEAREST
) -> tuple[float, float, float]:
    """Return `by_loudness`, `same_song` and `same_song_by_chance` of a `VoiceMap`.

    Args:
        likeness: How near windows are (windows, windows), greater for nearer.
        windows: A row each: `track`, `stem_dbfs`.
        k: How many nearest are looked at; all of them where fewer are there.
    """
    from scipy.stats import spearmanr

    songs, levels = windows["track"].to_numpy(), windows["stem_dbfs"].to_numpy(np.float64)
    same = songs[:, None] == songs[None, :]
    own = np.eye(len(songs), dtype=bool)
    nearest = _nearest(np.where(own, -np.inf, likeness), k)
    of_song = same & ~own
    of_nearest = _means_of_nearest(likeness, same, levels, k)
    known = np.isfinite(of_nearest)
    varied = known.sum() > 2 and np.ptp(levels[known]) > 0 and np.ptp(of_nearest[known]) > 0
    by_loudness = float(spearmanr(levels[known], of_nearest[known]).statistic) if varied else np.nan
    same_song = float(np.take_along_axis(of_song, nearest, 1).mean()) if nearest.size else np.nan
    chance = float(of_song.sum() / max(1, of_song.size - len(songs)))
    return by_loudness, same_song, chance


def _nearest(likeness: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.intp]:
    """Return the columns of the k nearest (windows, k), the window itself, which is least like, left out."""
    return np.argsort(-likeness, axis=1, kind="stable")[:, : min(k, len(likeness) - 1)]


def _means_of_nearest(
    likeness: npt.NDArray[np.float32],
    left_out: npt.NDArray[np.bool_],
    values: npt.NDArray[np.float64],
    k: int,
) -> npt.NDArray[np.float64]:
    """Return means of values over the k nearest that are not left out (windows,), NaN where all are."""
    allowed = np.where(left_out, -np.inf, likeness)
    nearest = _nearest(allowed, k)
    reached = np.isfinite(np.take_along_axis(allowed, nearest, 1))
    with np.errstate(invalid="ignore"):
        means: npt.NDArray[np.float64] = np.where(reached, values[nearest], 0).sum(1) / reached.sum(1)
    return means
