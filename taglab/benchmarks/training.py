"""A training step of each network against a plain PyTorch loop over the same module, on the CPU."""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path

import numpy as np
import torch

from taglab.batches import Batch, Material, TrainingBatches
from taglab.benchmarks import gpu
from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.labels import LABELS
from taglab.losses import Objective, bind, similarity_of
from taglab.nets import NETWORKS, Network, build, network_settings
from taglab.training import TrainConfig, TrainingStep, make_fabric, tagging_task, training_step

BATCH = 8
STEPS = 4
WIDTH = 1 / 4
WINDOW_S = 3.0


def step_of_each_network() -> list[Row]:
    """Time each network's training, loading included."""
    with tempfile.TemporaryDirectory() as folder:
        material = gpu.noise_material(Path(folder), 4 * BATCH, WINDOW_S)
        return [_row(network, material) for network in NETWORKS]


def _row(network: str, material: Material) -> Row:
    torch.manual_seed(0)
    tagger = build(
        network_settings({"network": network, "width": WIDTH, "dropout": 0}), len(material.classes)
    )
    config = TrainConfig(batch_size=BATCH, accelerator="cpu")
    peer = copy.deepcopy(tagger)
    optimiser = torch.optim.Adam(peer.parameters(), config.learning_rate)
    step = training_step(tagger, config, make_fabric(config), tagging_task(material, config))

    def ours(run: int) -> float:
        batches = TrainingBatches(material, BATCH, run, steps_per_epoch=STEPS)
        return [float(step(batch)) for batch in batches.epoch(0)][-1]

    def plain(run: int) -> float:
        return _plain(peer, optimiser, TrainingBatches(material, BATCH, run, steps_per_epoch=STEPS, ahead=0))

    timed = alternate(ours, plain)
    clips = STEPS * BATCH
    return Row(
        name=f"training {network}, width {WIDTH:g}, {WINDOW_S:g} s clips, against a plain PyTorch loop",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"last loss {timed.ours[-1]:.4f} and {timed.peers[-1]:.4f}",
        note=f"{clips / timed.ours_s:,.0f} clips/s, {STEPS} steps of {BATCH}, float32, "
        f"{torch.get_num_threads()} threads, OMP_WAIT_POLICY={os.environ.get('OMP_WAIT_POLICY', 'unset')}",
    )


N_SEMANTIC = 500


def semantic_loss() -> list[Row]:
    """Time a training step under the semantic loss against the same step under plain cross-entropy.

    Five hundred classes, of which a clip has twenty-five: far more than any of the thesis's taggers.
    """
    random = np.random.default_rng(0)
    vectors = random.standard_normal((N_SEMANTIC, 64))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    targets = torch.from_numpy(random.random((BATCH, N_SEMANTIC)) < 0.05).float()
    clips = torch.from_numpy(random.integers(-9_000, 9_000, (BATCH, int(WINDOW_S * 16_000)), np.int16))
    batch = Batch(clips, {LABELS: targets}, {LABELS: None}, np.arange(BATCH))
    most = int(targets.sum(dim=1).max())
    material = {"similarity": similarity_of(vectors), "gamma": 1.0, "most_positives": most}
    fabric = make_fabric(TrainConfig(accelerator="cpu"))
    torch.manual_seed(0)
    tagger = build(network_settings({"width": WIDTH, "dropout": 0}), N_SEMANTIC)
    steps = [
        TrainingStep(fabric, copy.deepcopy(tagger), {LABELS: Objective(bind(name, material))})
        for name in ("semantic-bce", "bce")
    ]
    timed = alternate(
        lambda run: [float(steps[0](batch)) for _ in range(STEPS)][-1],
        lambda run: [float(steps[1](batch)) for _ in range(STEPS)][-1],
    )
    return [
        Row(
            name=f"training step under the semantic loss, {N_SEMANTIC} classes, against plain cross-entropy",
            ours_s=timed.ours_s,
            peer_s=timed.peer_s,
            ratio=timed.ratio,
            agreement=f"last loss {timed.ours[-1]:.4f} and {timed.peers[-1]:.4f}, of two losses",
            note=f"{timed.ours_s / timed.peer_s:.2f} x the time, {STEPS} steps of {BATCH}",
        )
    ]


def _plain(network: Network, optimiser: torch.optim.Optimizer, batches: TrainingBatches) -> float:
    """Train as one would write it without a library around, and return the last loss."""
    loss = torch.zeros(())
    for batch in batches.epoch(0):
        logits = network(batch.waveform.float() / 32_768)[LABELS]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, batch.targets[LABELS])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return float(loss.detach())
