"""Training of a network of several learning sources: what more sources cost, and throughput on a GPU.

Sources take turns, so that a step goes through what is shared and one branch, however many there are.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from taglab.batches import Batch, LookedUp, Material, TrainingBatches
from taglab.benchmarks import gpu
from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.losses import Objective, bind
from taglab.nets import Network, network_settings
from taglab.nets.sharing import MOST_SOURCES, N_FACTORS, STRATEGIES, build_branching, staged
from taglab.training import TrainConfig, TrainingStep, make_fabric
from taglab.training.source_config import SourceTraining

STRATEGY = "ms-cr@6"
NUMBERS = (1, 4, MOST_SOURCES)
BATCH, STEPS, WIDTH, CLIP_S = 16, 16, 1 / 4, 2.5
MOST_TIMES_OF_ONE = 1.2
"""What a step of a network of several sources may cost, times a step of a network of one."""
_WARM_UP_STEPS = 5


def network_of(sources: int, width: float) -> Network:
    """Return the network of table 2.3, of so many sources that branch at the sixth convolution."""
    torch.manual_seed(0)
    heads = {f"source-{number}": ("linear", N_FACTORS) for number in range(sources)}
    settings = staged(network_settings({"network": "kim-2.3", "width": width}))
    return build_branching(settings, heads, STRATEGIES[STRATEGY].shared_stages)


def step_of(network: Network, device: torch.device, half: bool) -> TrainingStep:
    """Return its training step, with the settings of Kim's section 2.3."""
    usual = SourceTraining()
    config = TrainConfig(
        precision="bf16-mixed" if half else "32-true", accelerator="cuda" if device.type == "cuda" else "cpu"
    )
    objectives = {name: Objective(bind("kl-divergence")) for name in network.heads}
    return TrainingStep(
        make_fabric(config), network, objectives, usual.learning_rate, weight_decay=usual.weight_decay
    )


def batches_of(
    material: Material, sources: int, batch: int, steps: int, pin: bool = False
) -> Iterator[Batch]:
    """Yield batches of sources that take turns, with made-up factors."""
    shares = np.random.default_rng(0).dirichlet(np.ones(N_FACTORS), len(material.tracks)).astype(np.float32)
    targets = {f"source-{number}": LookedUp(shares) for number in range(sources)}
    batches = TrainingBatches(
        material, batch, 0, steps_per_epoch=steps, targets=targets, sampler="one-task", pin=pin
    )
    return batches.epoch(0)


def step_of_several_sources() -> list[Row]:
    """Time a training step of networks of four and of eight sources against one of a single source."""
    with tempfile.TemporaryDirectory() as folder:
        material = gpu.noise_material(Path(folder), 2 * BATCH, CLIP_S)
        return [_row_against_one(sources, material) for sources in NUMBERS[1:]]


def _row_against_one(sources: int, material: Material) -> Row:
    device = torch.device("cpu")
    steps = {number: step_of(network_of(number, WIDTH), device, half=False) for number in (1, sources)}
    clips = {number: list(batches_of(material, number, BATCH, STEPS)) for number in (1, sources)}

    def train(number: int) -> float:
        return [float(steps[number](batch)) for batch in clips[number]][-1]

    timed = alternate(lambda run: train(sources), lambda run: train(1))
    return Row(
        name=f"a training step of a network of {sources} sources, {STRATEGY}, against one of a single source",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"last loss {timed.ours[-1]:.4f} and {timed.peers[-1]:.4f}, of other sources",
        note=f"{timed.ours_s / timed.peer_s:.2f} x the time, at most {MOST_TIMES_OF_ONE:g} wanted; {STEPS} "
        f"steps of {BATCH} clips of {CLIP_S:g} s, width {WIDTH:g}, loading left out",
    )


def throughput_of_sources(
    device: torch.device, batch: int, width: float = 1.0, steps: int = 40, numbers: tuple[int, ...] = NUMBERS
) -> list[gpu.Throughput]:
    """Measure the network of table 2.3 with one, four and eight sources, loading included.

    Args:
        device: To train on; in bf16 where it is a GPU.
        batch: Clips a step.
        width: Of the network.
        steps: Timed ones.
        numbers: Of sources.
    """
    with tempfile.TemporaryDirectory() as folder:
        material = gpu.noise_material(Path(folder), 2 * batch, CLIP_S)
        return [_throughput(number, material, device, batch, width, steps) for number in numbers]


def _throughput(
    sources: int, material: Material, device: torch.device, batch: int, width: float, steps: int
) -> gpu.Throughput:
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    network = network_of(sources, width)
    flops = _flops_per_clip(network)
    step = step_of(network, device, half=on_gpu)
    for warming_up in batches_of(material, sources, batch, _WARM_UP_STEPS * on_gpu or 1, on_gpu):
        loss = step(warming_up)
    float(loss)  # waits for the device
    began = time.perf_counter()
    for read in batches_of(material, sources, batch, steps, on_gpu):
        loss = step(read)
    last_loss = float(loss)
    clips_per_s = steps * batch / (time.perf_counter() - began)
    return gpu.Throughput(
        network=f"kim-2.3 of {sources} source{'s' * (sources > 1)}",
        device=torch.cuda.get_device_name(device) if on_gpu else "CPU",
        precision="bfloat16" if on_gpu else "float32",
        compiled=False,
        loading=True,
        batch=batch,
        clip_s=CLIP_S,
        clips_per_s=clips_per_s,
        memory_gib=torch.cuda.max_memory_reserved() / 2**30 if on_gpu else math.nan,
        utilisation=3 * flops * clips_per_s / gpu.peak_flops(device),
        loss=last_loss,
    )


def _flops_per_clip(network: Network) -> int:
    """Return the floating-point operations of one clip's forward pass, of what is shared and one branch."""
    samples, first = round(CLIP_S * gpu.SAMPLE_RATE_HZ), next(iter(network.heads))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.zeros(1, samples), (first,))
    network.train()
    return int(counter.get_total_flops())


def rows_of_sources(table: list[gpu.Throughput]) -> list[Row]:
    """Return a row for each number of sources, held against the first."""
    return [
        Row(
            name=f"gpu {measured.network}",
            ours_s=1000 / measured.clips_per_s,
            peer_s=1000 / table[0].clips_per_s,
            ratio=measured.clips_per_s / table[0].clips_per_s,
            agreement=f"loss {measured.loss:.4f} and {table[0].loss:.4f}",
            note=measured.note,
        )
        for measured in table
    ]
