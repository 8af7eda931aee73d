"""Runs made up for tests: as training leaves them, with predictions, counts, tags and sound."""

from functools import partial

import numpy as np
import pandas as pd

from taglab import cache
from taglab.audio.decode import Decoded
from taglab.audio.store import Sound, StoreSettings, decoders, write_sounds
from taglab.folksonomy import Folksonomy
from taglab.labels import from_tags
from taglab.metrics.tagging import tagging_scores
from taglab.metrics.thresholds import confusion
from taglab.outcomes import Predictions, split_fingerprint
from taglab.runs import Run, RunWriter, create_run

LABELS = ("rock", "chill", "jazz", "sad", "80s")
N_TRACKS = 60


def small_data(name: str = "small", labels: tuple[str, ...] = LABELS) -> Folksonomy:
    """Save and return a data set of tracks t0, t1, ..., whose tags are the labels."""
    has = np.random.default_rng(0).random((N_TRACKS, len(labels))) < np.linspace(0.5, 0.2, len(labels))
    rows, columns = np.nonzero(has)
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(N_TRACKS)]})
    tracks["title"] = [f"Song {row}" for row in range(N_TRACKS)]
    data = Folksonomy.from_codes(name, tracks, list(labels), rows, columns)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path(name))
    return data


def small_sound(name: str = "small", seed: int = 0) -> None:
    """Save half a second of noise for all tracks but every third."""
    rows = [row for row in range(N_TRACKS) if row % 3]
    sounds = [
        Sound(f"t{row}", "made up", f"{seed} {row}", partial(_noise, row + 1_000 * seed)) for row in rows
    ]
    with decoders(1) as threads:
        settings = StoreSettings(min_duration_s=0.1)
        write_sounds(sounds, cache.Shelf(cache.AUDIO).path(name), settings, threads)


def _noise(row: int) -> Decoded:
    return Decoded(np.random.default_rng(row).uniform(-0.3, 0.3, 8000).astype(np.float32), 16_000, 16_000)


def made_run(
    name: str, data: Folksonomy, labels: tuple[str, ...] = LABELS, seed: int = 0, best_epoch: int = 2
) -> Run:
    """Return a run of two epochs that kept its predictions of validation and test tracks."""
    space = from_tags(data, labels)
    config = {"data": data.name, "audio": data.name, "labels": space.name}
    run = create_run(config, space, {"made": name})
    truth = space.targets(data).toarray().astype(bool)
    noise = np.random.default_rng(seed).random(truth.shape)
    scores = (0.7 * noise + 0.3 * truth).astype(np.float32)
    tracks = data.tracks["track"].tolist()
    parts = ["validation" if row < N_TRACKS // 2 else "test" for row in range(N_TRACKS)]
    split = split_fingerprint(tracks, parts)
    writer = RunWriter(run)
    for part, rows in (
        ("validation", slice(0, N_TRACKS // 2)),
        ("test", slice(N_TRACKS // 2, N_TRACKS)),
    ):
        said = Predictions(tuple(tracks[rows]), tuple(space.names), truth[rows], scores[rows], split=split)
        if part == "validation":
            for epoch in (1, 2):
                _write_epoch(writer, said, epoch, best_epoch)
        writer.predictions(part, said)  # type: ignore[arg-type]
    return run


def _write_epoch(writer: RunWriter, said: Predictions, epoch: int, best_epoch: int) -> None:
    found = tagging_scores(said.truth, said.scores)
    table = pd.DataFrame(
        {"label": list(said.classes), "auc_pr": found.average_precision, "auc_roc": found.roc_auc}
    )
    row = {"epoch": epoch, "ap_macro": 0.5 if epoch == best_epoch else 0.4, "train_loss": 0.3}
    writer.epoch(row, table, confusion(said.truth, said.scores))
