"""How fast sound gets to a network: crops of a PCM store, and the decoding that fills it."""

from __future__ import annotations

import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import soundfile
import soxr
import torch

from taglab.audio.decode import Decoded, to_int16
from taglab.audio.store import Sound, StoreSettings, write_sounds, write_store
from taglab.audio.windows import WindowSettings
from taglab.batches import Material, SplitSettings, TrainingBatches, prepare, split_tracks
from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.folksonomy import Folksonomy
from taglab.labels import LABELS, from_top_tags
from taglab.nets import NetworkSettings, build, network_settings
from taglab.parallel import cores

RATE_HZ = 16_000
CLIP_S = 15.0
TRACK_S = 20.0
N_TRACKS = 160
N_CLASSES = 100
BATCH = 64
TRAINED_CLIPS = 8
REPEATS = 3
N_FILES = 24
FILE_S = 30


def noise_material(folder: Path, n_tracks: int, track_s: float, clip_s: float, n_classes: int) -> Material:
    """Return tracks of noise with random classes, all but two of them to train on.

    Args:
        folder: Where their store shall be.
        n_tracks: How many.
        track_s: Length of each, in seconds.
        clip_s: Length of the windows, in seconds.
        n_classes: Number of classes; a track is in about a twentieth of them, and at least in one.
    """
    settings = StoreSettings(sample_rate_hz=RATE_HZ)
    sounds = [
        Sound(f"t{number}", "noise", "", partial(_noise, number, track_s)) for number in range(n_tracks)
    ]
    with ThreadPoolExecutor(cores()) as threads:
        store = write_sounds(sounds, folder, settings, threads)
    has = np.random.default_rng(0).random((n_tracks, n_classes)) < 0.05
    has[np.arange(n_tracks), np.arange(n_tracks) % n_classes] = True
    tracks = pd.DataFrame({"track": store.tracks["track"], "split": "train"})
    tracks.loc[:1, "split"] = ["validation", "test"]
    tags = [f"class {number}" for number in range(n_classes)]
    rows, columns = np.nonzero(has)
    data = Folksonomy.from_codes("noise", tracks, tags, rows, columns)
    return prepare(
        data,
        from_top_tags(data, n_classes),
        store,
        split_tracks(data, SplitSettings(published=True)),
        WindowSettings(duration_s=clip_s),
    )


def _noise(seed: int, seconds: float) -> Decoded:
    rng = np.random.default_rng(seed)
    samples = rng.uniform(-0.6, 0.6, round(seconds * RATE_HZ)).astype(np.float32)
    return Decoded(samples, RATE_HZ, RATE_HZ)


def loader() -> list[Row]:
    """Random crops alone, against the training steps that they feed; seconds per 1,000 clips."""
    with tempfile.TemporaryDirectory() as folder:
        material = noise_material(Path(folder), N_TRACKS, TRACK_S, CLIP_S, N_CLASSES)
        read_s = 1_000 * _reading_s(material)
        networks = {
            "the spectrogram network's training": network_settings({}),
            "the tiny spectrogram network's": network_settings({"width": 0.25}),
        }
        return [
            _loader_row(name, read_s, 1_000 * _training_s(material, settings))
            for name, settings in networks.items()
        ]


def _loader_row(name: str, read_s: float, trained_s: float) -> Row:
    return Row(
        name=f"reading 1,000 random crops of {CLIP_S:g} s, against {name}",
        ours_s=read_s,
        peer_s=trained_s,
        ratio=trained_s / read_s,
        agreement="",
        note=f"{1_000 / read_s:,.0f} clips/s read, {1_000 / trained_s:,.1f} trained, {cores()} threads",
    )


def _reading_s(material: Material) -> float:
    """Return seconds a clip of reading alone."""
    batches = TrainingBatches(material, BATCH, seed=0)
    times = []
    for epoch in range(1 + REPEATS):
        started = time.perf_counter()
        clips = sum(len(batch.positions) for batch in batches.epoch(epoch))
        times.append((time.perf_counter() - started) / clips)
    return statistics.median(times[1:])


def _training_s(material: Material, settings: NetworkSettings) -> float:
    """Return seconds a clip of training steps on a batch that is there already."""
    torch.manual_seed(0)
    network = build(settings, N_CLASSES)
    optimiser = torch.optim.Adam(network.parameters())
    batch = TrainingBatches(material, TRAINED_CLIPS, seed=0).batch(0, 0)
    times = []
    for _ in range(1 + REPEATS):
        started = time.perf_counter()
        logits = network(batch.waveform.float() / 32_768)[LABELS]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, batch.targets[LABELS])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        times.append((time.perf_counter() - started) / TRAINED_CLIPS)
    return statistics.median(times[1:])


def decoding() -> list[Row]:
    """Filling a store, against a plain loop over soundfile that mixes, resamples and rounds."""
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for form, subtype in (("flac", "PCM_16"), ("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III")):
            files = _write_files(Path(folder) / form, form, subtype)
            rows.append(_decoding_row(form, files, Path(folder)))
        return rows


def _write_files(folder: Path, form: str, subtype: str) -> pd.DataFrame:
    """Write stereo files of coloured noise at 44.1 kHz."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.standard_normal((44_100 * FILE_S, 2)), axis=0)
    sound = (0.5 * np.sin(walk / 40)).astype(np.float32)
    paths = [folder / f"{number}.{form}" for number in range(N_FILES)]
    soundfile.write(paths[0], sound, 44_100, subtype=subtype)
    for path in paths[1:]:
        path.write_bytes(paths[0].read_bytes())
    return pd.DataFrame({"track": [path.stem for path in paths], "path": paths})


def _decoding_row(form: str, files: pd.DataFrame, folder: Path) -> Row:
    def ours(run: int) -> npt.NDArray[np.int16]:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            store = write_store(files, Path(place))
            return np.concatenate([store.whole(row) for row in range(len(store))])

    def peer(run: int) -> npt.NDArray[np.int16]:
        return np.concatenate([_plainly(path) for path in files["path"]])

    timed = alternate(ours, peer, repeats=REPEATS)
    apart = max(
        int(np.abs(a.astype(np.int32) - b).max()) for a, b in zip(timed.ours, timed.peers, strict=True)
    )
    return Row(
        name=f"decoding {N_FILES} {form} files of {FILE_S} s into a store, against a loop over soundfile",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"largest difference {apart} of 32,768",
        note=f"{N_FILES * FILE_S / timed.ours_s:,.0f} times real time, {cores()} threads",
    )


def _plainly(path: Path) -> npt.NDArray[np.int16]:
    sound, rate_hz = soundfile.read(path, dtype="float32")
    return to_int16(soxr.resample(sound.mean(1), rate_hz, RATE_HZ, quality="HQ"))
