"""Training throughput of the taggers on the GPU at hand, loading included.

A clip is read at a random place from a memory-mapped int16 file, copied to the device, made a spectrogram
there, and goes through forward, backward and Adam. The peer is the plain loop: the same module in float32,
not compiled, each batch read when it is needed.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.flop_counter import FlopCounterMode

from taglab.benchmarks.row import Row
from taglab.errors import Unavailable
from taglab.nets import NetworkSettings, Tagger, build

SAMPLE_RATE_HZ = 16_000
CLIP_S = 15
N_CLASSES = 100
EPOCH_CLIPS = 200_000
STORED_S = 20 * 60
LOADER_THREADS = 8
PREFETCHED = 3
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


class RandomCrops:
    """Batches of random crops from one memory-mapped int16 file, read ahead into pinned memory.

    Args:
        samples: The stored sound, int16, one after the other.
        batch: Crops a batch.
        ahead: Batches read ahead by threads; 0 reads each when it is asked for.
        seed: Of the places.
    """

    def __init__(self, samples: npt.NDArray[np.int16], batch: int, ahead: int, seed: int = 0) -> None:
        self.samples = samples
        self.batch = batch
        self.ahead = ahead
        self.rng = np.random.default_rng(seed)
        self.length = CLIP_S * SAMPLE_RATE_HZ

    def _read(self, buffer: torch.Tensor, starts: npt.NDArray[np.int64], pool: ThreadPoolExecutor) -> None:
        rows = buffer.numpy()

        def copy(row: int) -> None:
            rows[row] = self.samples[starts[row] : starts[row] + self.length]

        list(pool.map(copy, range(self.batch), chunksize=8))

    def batches(self, count: int, device: torch.device) -> Iterator[torch.Tensor]:
        """Yield `count` batches on the device, (batch, samples) int16."""
        n_buffers = self.ahead + 2
        on_gpu = device.type == "cuda"
        buffers = [
            torch.empty((self.batch, self.length), dtype=torch.int16, pin_memory=on_gpu)
            for _ in range(n_buffers)
        ]
        copied = [torch.cuda.Event() if on_gpu else None for _ in range(n_buffers)]  # type: ignore[no-untyped-call]
        with ThreadPoolExecutor(LOADER_THREADS) as copiers, ThreadPoolExecutor(1) as reader:

            def read(number: int) -> None:
                slot = number % n_buffers
                event = copied[slot]
                if event is not None:
                    event.synchronize()
                starts = self.rng.integers(0, len(self.samples) - self.length, self.batch)
                self._read(buffers[slot], starts, copiers)

            pending: list[Future[None]] = []
            for number in range(count):
                while len(pending) <= self.ahead and number + len(pending) < count:
                    pending.append(reader.submit(read, number + len(pending)))
                pending.pop(0).result()
                slot = number % n_buffers
                on_device = buffers[slot].to(device, non_blocking=True, copy=True)
                event = copied[slot]
                if event is not None:
                    event.record()
                yield on_device


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


def training_step(
    network: Tagger, optimiser: torch.optim.Optimizer, *, half: bool, compiled: bool
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return a function of (int16 batch, targets) that does one step and returns the loss."""
    forward = torch.compile(network, mode="max-autotune-no-cudagraphs") if compiled else network

    def step(batch: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        waveform = batch.float() / 32768
        with torch.autocast(batch.device.type, torch.bfloat16) if half else nullcontext():
            logits = forward(waveform)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), targets)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return loss.detach()

    return step


def measure(
    settings: NetworkSettings,
    samples: npt.NDArray[np.int16],
    *,
    batch: int,
    half: bool,
    compiled: bool,
    ahead: int,
    device: torch.device,
    steps: int = 40,
) -> Throughput:
    """Train for `steps` steps after a warm-up and return the throughput, loading included."""
    torch.manual_seed(0)
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    network = build(settings, N_CLASSES).to(device)
    step = training_step(
        network, torch.optim.Adam(network.parameters(), 1e-3, fused=True), half=half, compiled=compiled
    )
    targets = (torch.rand(batch, N_CLASSES, device=device) < 0.05).float()
    loss = torch.zeros(())
    for clips in RandomCrops(samples, batch, ahead).batches(5, device):
        loss = step(clips, targets)
    float(loss)  # waits for the device
    began = time.perf_counter()
    for clips in RandomCrops(samples, batch, ahead, seed=1).batches(steps, device):
        loss = step(clips, targets)
    last_loss = float(loss)
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


def stored_noise(folder: Path) -> npt.NDArray[np.int16]:
    """Write `STORED_S` seconds of noise as int16 and return them memory-mapped."""
    path = folder / "noise.int16"
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        for _ in range(0, STORED_S, 60):
            rng.integers(-20_000, 20_000, 60 * SAMPLE_RATE_HZ, dtype=np.int16).tofile(file)
    return np.memmap(path, dtype=np.int16, mode="r")


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
        samples = stored_noise(Path(folder))
        for network in networks:
            settings = NetworkSettings(network=network)
            rows += [
                measure(
                    settings,
                    samples,
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
