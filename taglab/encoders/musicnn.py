"""musicnn as an encoder: a network that others trained on MagnaTagATune or on the Million Song Dataset."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict

from taglab.audio.store import AudioStore, Rows
from taglab.cache import file_digest
from taglab.encoders.encoder import Features, Learned, LearnsNothing
from taglab.errors import InvalidSetting, Unavailable
from taglab.folksonomy import Folksonomy
from taglab.nets.musicnn import MELS, PATCH_FRAMES, TAGS, Heard, Musicnn, musicnn_of, patches_of
from taglab.nets.tensor_bundle import read_tensors
from taglab.outcomes import Predictions
from taglab.progress import Progress, counted, silent

_FULL_SCALE = 32_768
_DATA = ".data-00000-of-00001"


def musicnn_folder(trained_on: str) -> Path:
    """Return where the installed package `musicnn` has a checkpoint; nothing of it is imported.

    Raises:
        Unavailable: If it is not installed.
    """
    package = find_spec("musicnn")
    places = list(package.submodule_search_locations or ()) if package is not None else []
    folders = [Path(place) / f"{trained_on}_musicnn" for place in places]
    for folder in folders:
        if (folder / ".index").is_file():
            return folder
    raise Unavailable(
        "the weights of musicnn are not installed; `python -m pip install --no-deps musicnn` brings them "
        "(the old TensorFlow it would bring besides is not needed here)"
    )


@functools.lru_cache(maxsize=2)
def _network(folder: Path) -> Musicnn:
    return musicnn_of(read_tensors(folder / ".index", folder / _DATA))


class MusicnnNetwork(LearnsNothing, BaseModel):
    """The layer before the last of musicnn, trained by others, the mean over pieces of three seconds.

    No fair test of it has tracks of what it was trained on.

    Attributes:
        encoder: Which encoder this is.
        trained_on: MTT, MagnaTagATune, or MSD, the Million Song Dataset with tags of Last.fm.

    Source: Pons and Serra, ISMIR 2019; the weights lie in the package `musicnn`, under the ISC licence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "cosine"
    baseline: ClassVar[bool] = True
    learned_elsewhere: ClassVar[bool] = True

    encoder: Literal["musicnn"] = "musicnn"
    trained_on: Literal["MTT", "MSD"] = "MTT"

    def encode(
        self, store: AudioStore, rows: Rows, learned: Learned, progress: Progress = silent
    ) -> Features:
        """Return features of tracks.

        Args:
            store: The sound, at 16 kHz.
            rows: Of the tracks in it, (n,).
            learned: Not heeded.
            progress: Told after every track.

        Returns:
            Array (n, 200), float32.

        Raises:
            Unavailable: If the package musicnn is not installed.
            InvalidSetting: If the sound has another rate, or a track is shorter than 3 s.
            DataError: If the checkpoint is damaged.
        """
        heard = self._heard(store, rows, progress)
        return np.array([one.penultimate.mean(0).numpy() for one in heard], np.float32).reshape(-1, 200)

    def tag_probabilities(self, store: AudioStore, rows: Rows, progress: Progress = silent) -> Features:
        """Return the probability of every tag, (n, 50), means over a track's pieces; else as `encode`."""
        heard = self._heard(store, rows, progress)
        return np.array([one.tags.mean(0).numpy() for one in heard], np.float32).reshape(-1, 50)

    def origin(self, split: str) -> dict[str, str]:
        """Return the checksum of the weights."""
        return {"split": "", "checkpoint": file_digest(musicnn_folder(self.trained_on) / _DATA)}

    def _heard(self, store: AudioStore, rows: Rows, progress: Progress) -> list[Heard]:
        if store.sample_rate_hz != MELS.sample_rate_hz:
            raise InvalidSetting(
                f"sound of {store.sample_rate_hz:,} Hz must be of {MELS.sample_rate_hz:,} Hz for musicnn"
            )
        network = _network(musicnn_folder(self.trained_on))
        heard = []
        for at, row in enumerate(rows.tolist()):
            samples = store.mono(row).astype(np.float32) * np.float32(1 / _FULL_SCALE)
            with torch.no_grad():
                heard.append(network(patches_of(samples)))
            progress((at + 1) / len(rows), counted("tracks heard by musicnn", at + 1, len(rows)))
        return heard


def musicnn_predictions(
    network: MusicnnNetwork,
    store: AudioStore,
    data: Folksonomy,
    tracks: Sequence[str],
    progress: Progress = silent,
) -> Predictions:
    """Return what musicnn says of tracks, beside what people wrote, of the tags that both have.

    Args:
        network: Which of the two.
        store: The sound, at 16 kHz.
        data: Whose tags are true; they are matched with musicnn's in lower case.
        tracks: Of the data; those without sound, or with less than three seconds of it, are passed over.
        progress: Told after every track.

    Raises:
        InvalidSetting: If the data have none of its tags, or no track has sound enough.
        Unavailable: If the package musicnn is not installed.
    """
    column_of = {tag.lower(): column for column, tag in enumerate(data.tags["tag"])}
    shared = [place for place, tag in enumerate(TAGS[network.trained_on]) if tag.lower() in column_of]
    if not shared:
        raise InvalidSetting(
            f"{data.name!r} has none of the 50 tags that musicnn ({network.trained_on}) tells"
        )
    rows = store.rows(list(tracks))
    shortest = PATCH_FRAMES * MELS.hop
    heard = [place for place, row in enumerate(rows) if row >= 0 and store.samples[row] >= shortest]
    if not heard:
        raise InvalidSetting("no track has three seconds of sound, which musicnn hears at a time")
    scores = network.tag_probabilities(store, rows[heard], progress)[:, shared]
    names = [TAGS[network.trained_on][place] for place in shared]
    row_of = {track: row for row, track in enumerate(data.tracks["track"])}
    asked = [tracks[place] for place in heard]
    cells = data.matrix.tocsr()[[row_of[track] for track in asked]]
    truth = cells[:, [column_of[name.lower()] for name in names]].toarray() > 0
    return Predictions(tuple(asked), tuple(names), truth, scores)
