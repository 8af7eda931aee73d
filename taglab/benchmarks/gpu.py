"""Training throughput of the taggers on the GPU at hand, loading included.

A clip is read at a random place from a memory-mapped store, copied to the device, made a spectrogram there,
and goes through forward, backward and Adam: the loader, the step and the settings of cuDNN that training has.
The peer is the plain loop: the same module in float32, not compiled, each batch read when it is needed. It
has a row of its own, and so has the fastest way without the loading, which tells what that costs.
"""

from __future__ import annotations

import functools
import math
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from taglab.audio.decode import Decoded
from taglab.audio.store import Sound, StoreSettings, write_sounds
from taglab.audio.windows import Windows, WindowSettings
from taglab.batches import Material, Split, TrainingBatches
from taglab.benchmarks.row import Row
from taglab.errors import Unavailable
from taglab.nets import NetworkSettings, build, network_settings
from taglab.training import TrainConfig, make_fabric, tagging_task, training_step

SAMPLE_RATE_HZ = 16_000
CLIP_S = 15
N_CLASSES = 100
EPOCH_CLIPS = 200_000
TRACK_S = 20
LOADER_THREADS = 8
WARM_UP_STEPS = 5
# Dense bf16 rates of the makers' datasheets, in FLOP/s; elsewhere a large matrix product is timed.
PEAK_FLOPS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12}


@dataclass(frozen=True)
class Throughput:
    """What one way of training did.

    Attributes:
        network: Name in `NETWORKS`.
        device: Name of the GPU.
        precision: "float32" or "bfloat16".
        compiled: Whether torch.compile made the step.
        loading: Whether clips are read and copied; else one batch lies on the device from the beginning.
        batch: Clips a step.
        clip_s: Length of a clip in seconds.
        clips_per_s: Clips trained per second.
        memory_gib: Peak of the device's memory that PyTorch reserved; NaN on a CPU.
        utilisation: Model FLOP/s (forward counted, three times for training) over the device's bf16 rate.
        loss: Of the last step; finite, or the figure is worth nothing.
    """

    network: str
    device: str
    precision: str
    compiled: bool
    loading: bool
    batch: int
    clip_s: float
    clips_per_s: float
    memory_gib: float
    utilisation: float
    loss: float

    @property
    def epoch_minutes(self) -> float:
        """Minutes for `EPOCH_CLIPS` clips."""
        return EPOCH_CLIPS / self.clips_per_s / 60

    @property
    def name(self) -> str:
        """What sets it apart, a few words."""
        compiled = " compiled" if self.compiled else ""
        return f"gpu {self.network} {self.precision}{compiled}{'' if self.loading else ' without loading'}"

    @property
    def note(self) -> str:
        """Everything that makes the figure one of its own."""
        return (
            f"{self.device}, {self.precision}, batch {self.batch}, {self.clip_s:g} s clips, loading "
            f"{'included' if self.loading else 'left out'}: {self.clips_per_s:,.0f} clips/s, "
            f"{self.memory_gib:.1f} GiB, {self.utilisation:.1%} of the bf16 rate, "
            f"{self.epoch_minutes:.2f} min/{EPOCH_CLIPS:,} clips"
        )


def flops_per_clip(settings: NetworkSettings) -> int:
    """Return the floating-point operations of one clip's forward pass, counted on the CPU's formulation."""
    network = build(settings, N_CLASSES).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, CLIP_S * SAMPLE_RATE_HZ))
    return int(counter.get_total_flops())


@functools.cache
def peak_flops(device: torch.device) -> float:
    """Return the device's dense rate in FLOP/s: in bf16, of its datasheet where known, else timed; of a CPU,
    in bf16 or float32, whichever is faster.
    """
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        for known, rate in PEAK_FLOPS.items():
            if known in name:
                return rate
    if device.type == "cuda":
        return _flops(device, torch.bfloat16, 8192, repeats=10)
    # Some CPUs only emulate bf16, far slower than float32.
    return max(
        _flops(device, torch.bfloat16, 512, repeats=2), _flops(device, torch.float32, 1024, repeats=10)
    )


def _flops(device: torch.device, dtype: torch.dtype, size: int, repeats: int) -> float:
    a = torch.randn(size, size, dtype=dtype, device=device)
    float((a @ a)[0, 0])
    began = time.perf_counter()
    product = a
    for _ in range(repeats):
        product = a @ a
    float(product[0, 0])
    return repeats * 2 * size**3 / (time.perf_counter() - began)


def noise_material(folder: Path, n_tracks: int, window_s: float | None = None) -> Material:
    """Store so many tracks of noise and return them, all to be trained on, with made-up targets.

    Args:
        folder: Of the store.
        n_tracks: Of `TRACK_S` seconds each.
        window_s: Length of a clip in seconds; `CLIP_S` where None.
    """

    def load(number: int) -> Decoded:
        rng = np.random.default_rng(number)
        samples = rng.uniform(-0.6, 0.6, TRACK_S * SAMPLE_RATE_HZ).astype(np.float32)
        return Decoded(samples, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ)

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
    ahead: int | None,
    device: torch.device,
    loading: bool = True,
    steps: int = 40,
) -> Throughput:
    """Train for `steps` steps after a warm-up and return the throughput.

    Args:
        settings: Of the network.
        material: See `noise_material`.
        batch: Clips a step.
        half: Whether in bf16.
        compiled: Whether by torch.compile.
        ahead: Batches read ahead; as many as in training where None.
        device: To train on.
        loading: Whether clips are read; else one batch is trained on again and again.
        steps: Timed ones.
    """
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
    step = training_step(
        build(settings, N_CLASSES), config, make_fabric(config), tagging_task(material, config)
    )

    def train(steps: int, seed: int) -> float:
        batches = TrainingBatches(
            material, batch, seed, steps_per_epoch=steps, ahead=ahead, pin=device.type == "cuda"
        )
        if loading:
            losses = [step(read) for read in batches.epoch(0)]
        else:
            on_device = batches.batch(0, 0).to(device)
            losses = [step(on_device) for _ in range(steps)]
        return float(losses[-1])  # waits for the device

    train(WARM_UP_STEPS, 0)
    began = time.perf_counter()
    last_loss = train(steps, 1)
    clips_per_s = steps * batch / (time.perf_counter() - began)
    return Throughput(
        network=settings.network,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        precision="bfloat16" if half else "float32",
        compiled=compiled,
        loading=loading,
        batch=batch,
        clip_s=material.windows.length / material.windows.store.sample_rate_hz,
        clips_per_s=clips_per_s,
        memory_gib=torch.cuda.max_memory_reserved() / 2**30 if device.type == "cuda" else math.nan,
        utilisation=3 * flops_per_clip(settings) * clips_per_s / peak_flops(device),
        loss=last_loss,
    )


def throughput_table(
    batch: int = 64, networks: tuple[str, ...] = ("waveform", "spectrogram")
) -> list[Throughput]:
    """Measure each network plainly, in bf16, in bf16 compiled, and that without loading.

    Raises:
        Unavailable: If PyTorch sees no CUDA device.
    """
    if not torch.cuda.is_available():
        raise Unavailable("this benchmark needs a CUDA device, and PyTorch sees none")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        material = noise_material(Path(folder), 2 * batch)
        for network in networks:
            settings = network_settings({"network": network})
            rows += [
                measure(
                    settings,
                    material,
                    batch=batch,
                    half=half,
                    compiled=compiled,
                    ahead=ahead,
                    device=torch.device("cuda"),
                    loading=loading,
                )
                for half, compiled, ahead, loading in (
                    (False, False, 0, True),
                    (True, False, None, True),
                    (True, True, None, True),
                    (True, True, None, False),
                )
            ]
    return rows


def bench_gpu() -> list[Row]:
    """Return every way of training against the plain float32 loop, which is the first; s per 1,000 clips."""
    return rows_of(throughput_table())


def rows_of(table: list[Throughput]) -> list[Row]:
    """Return a row for each way of training; a network's first is what its others are held against."""
    plain: dict[str, Throughput] = {}
    for measured in table:
        plain.setdefault(measured.network, measured)
    return [_row(measured, plain[measured.network]) for measured in table]


def _row(measured: Throughput, plain: Throughput) -> Row:
    return Row(
        name=measured.name,
        ours_s=1000 / measured.clips_per_s,
        peer_s=1000 / plain.clips_per_s,
        ratio=measured.clips_per_s / plain.clips_per_s,
        agreement=f"loss {measured.loss:.4f} and {plain.loss:.4f}",
        note=measured.note,
    )
