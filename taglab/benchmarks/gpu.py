"""Training throughput of the taggers on the GPU at hand, loading included.

A clip is read at a random place from a memory-mapped store, copied to the device, made a spectrogram there,
and goes through forward, backward and Adam: the loader and the step that training has. The peer is the plain
loop: the same module in float32, not compiled, each batch read when it is needed.
"""

from __future__ import annotations

import math
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from taglab.audio.store import Sound, StoreSettings, write_sounds
from taglab.audio.windows import Windows, WindowSettings
from taglab.batches import Material, Split, TrainingBatches
from taglab.benchmarks.row import Row
from taglab.errors import Unavailable
from taglab.nets import NetworkSettings, build
from taglab.training import TrainConfig, make_fabric, training_step

SAMPLE_RATE_HZ = 16_000
CLIP_S = 15
N_CLASSES = 100
EPOCH_CLIPS = 200_000
TRACK_S = 20
LOADER_THREADS = 8
PREFETCHED = 3
WARM_UP_STEPS = 5
# Dense bf16 rates of the makers' datasheets, in FLOP/s; elsewhere a large matrix product is timed.
PEAK_FLOPS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12}


@dataclass(frozen=True)
class Throughput:
    """What one way of training did.

    Attributes:
        network: Name in `NETWORKS`.
        precision: "float32" or "bfloat16".
        compiled: Whether torch.compile made the step.
        batch: Clips a step.
        clips_per_s: Clips of `CLIP_S` seconds trained per second, loading included.
        memory_gib: Peak of the device's memory that PyTorch reserved; NaN on a CPU.
        utilisation: Model FLOP/s (forward counted, three times for training) over the device's bf16 rate.
        loss: Of the last step; finite, or the figure is worth nothing.
    """

    network: str
    precision: str
    compiled: bool
    batch: int
    clips_per_s: float
    memory_gib: float
    utilisation: float
    loss: float

    @property
    def epoch_minutes(self) -> float:
        """Minutes for `EPOCH_CLIPS` clips."""
        return EPOCH_CLIPS / self.clips_per_s / 60


def flops_per_clip(settings: NetworkSettings) -> int:
    """Return the floating-point operations of one clip's forward pass, counted on the CPU's formulation."""
    network = build(settings, N_CLASSES).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, CLIP_S * SAMPLE_RATE_HZ))
    return int(counter.get_total_flops())


def peak_flops(device: torch.device) -> float:
    """Return the device's dense bf16 rate in FLOP/s: of its datasheet where known, else timed."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        for known, rate in PEAK_FLOPS.items():
            if known in name:
                return rate
    size = 8192 if device.type == "cuda" else 1024
    a = torch.randn(size, size, dtype=torch.bfloat16, device=device)
    float((a @ a)[0, 0])
    began = time.perf_counter()
    product = a
    for _ in range(10):
        product = a @ a
    float(product[0, 0])
    return 10 * 2 * size**3 / (time.perf_counter() - began)


def noise_material(folder: Path, n_tracks: int, window_s: float | None = None) -> Material:
    """Store so many tracks of noise and return them, all to be trained on, with made-up targets.

    Args:
        folder: Of the store.
        n_tracks: Of `TRACK_S` seconds each.
        window_s: Length of a clip in seconds; `CLIP_S` where None.
    """

    def load(number: int) -> tuple[npt.NDArray[np.float32], int]:
        rng = np.random.default_rng(number)
        return rng.uniform(-0.6, 0.6, TRACK_S * SAMPLE_RATE_HZ).astype(np.float32), SAMPLE_RATE_HZ

    names = [f"{number}" for number in range(n_tracks)]
    sounds = [Sound(name, name, f"noise {TRACK_S}", partial(load, int(name))) for name in names]
    with ThreadPoolExecutor(LOADER_THREADS) as threads:
        store = write_sounds(sounds, folder, StoreSettings(min_duration_s=0.1), threads)
    parts = np.full(n_tracks, "train")
    return Material(
        windows=Windows.of(store, WindowSettings(duration_s=window_s or CLIP_S)),
        tracks=tuple(names),
        rows=np.arange(n_tracks),
        targets=np.random.default_rng(0).random((n_tracks, N_CLASSES)) < 0.05,
        classes=tuple(f"class {number}" for number in range(N_CLASSES)),
        parts=parts,
        split=Split(tuple(names), parts),
        left_out=pd.DataFrame(columns=["reason", "tracks", "examples"]),
    )


def measure(
    settings: NetworkSettings,
    material: Material,
    *,
    batch: int,
    half: bool,
    compiled: bool,
    ahead: int,
    device: torch.device,
    steps: int = 40,
) -> Throughput:
    """Train for `steps` steps after a warm-up and return the throughput, loading included."""
    config = TrainConfig(
        batch_size=batch,
        precision="bf16-mixed" if half else "32-true",
        compile=compiled,
        accelerator="cuda" if device.type == "cuda" else "cpu",
    )
    torch.manual_seed(0)
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    step = training_step(build(settings, N_CLASSES), material, config, make_fabric(config))

    def train(steps: int, seed: int) -> float:
        batches = TrainingBatches(
            material, batch, seed, steps_per_epoch=steps, ahead=ahead, pin=device.type == "cuda"
        )
        losses = [step(clips, targets) for clips, targets, _ in batches.epoch(0)]
        return float(losses[-1])  # waits for the device

    train(WARM_UP_STEPS, 0)
    began = time.perf_counter()
    last_loss = train(steps, 1)
    clips_per_s = steps * batch / (time.perf_counter() - began)
    return Throughput(
        network=settings.network,
        precision="bfloat16" if half else "float32",
        compiled=compiled,
        batch=batch,
        clips_per_s=clips_per_s,
        memory_gib=torch.cuda.max_memory_reserved() / 2**30 if device.type == "cuda" else math.nan,
        utilisation=3 * flops_per_clip(settings) * clips_per_s / peak_flops(device),
        loss=last_loss,
    )


def throughput_table(
    batch: int = 64, networks: tuple[str, ...] = ("waveform", "spectrogram")
) -> list[Throughput]:
    """Measure each network plainly, in bf16, and in bf16 compiled.

    Raises:
        Unavailable: If PyTorch sees no CUDA device.
    """
    if not torch.cuda.is_available():
        raise Unavailable("this benchmark needs a CUDA device, and PyTorch sees none")
    torch.backends.cudnn.benchmark = True
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        material = noise_material(Path(folder), 2 * batch)
        for network in networks:
            settings = NetworkSettings(network=network)
            rows += [
                measure(
                    settings,
                    material,
                    batch=batch,
                    half=half,
                    compiled=compiled,
                    ahead=ahead,
                    device=torch.device("cuda"),
                )
                for half, compiled, ahead in (
                    (False, False, 0),
                    (True, False, PREFETCHED),
                    (True, True, PREFETCHED),
                )
            ]
    return rows


def bench_gpu() -> list[Row]:
    """Return bf16 and compilation against the plain float32 loop, seconds per 1,000 clips."""
    table = throughput_table()
    rows = []
    for network in dict.fromkeys(row.network for row in table):
        plain, *others = [row for row in table if row.network == network]
        for row in others:
            rows.append(
                Row(
                    name=f"gpu {network} {row.precision}{' compiled' if row.compiled else ''}",
                    ours_s=1000 / row.clips_per_s,
                    peer_s=1000 / plain.clips_per_s,
                    ratio=row.clips_per_s / plain.clips_per_s,
                    agreement=f"loss {row.loss:.4f} and {plain.loss:.4f}",
                    note=(
                        f"{row.clips_per_s:,.0f} clips/s, {row.memory_gib:.1f} GiB, "
                        f"{row.utilisation:.1%} of the bf16 rate, {row.epoch_minutes:.2f} min/200,000 clips"
                    ),
                )
            )
    return rows
