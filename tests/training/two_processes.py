"""A step, a validation and a training by two processes: `python -m tests.training.two_processes FOLDER`.

Fabric starts the second process with the same command.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from taglab.batches import TrainingBatches
from taglab.labels import LABELS
from taglab.nets import HEADS, Encoder, Network
from taglab.training import make_fabric, predict_part, tagging_task, training_step
from tests.training.examples import config_of, fit_small, small_material


def plain_network() -> Network:
    """Return a network without batch norm and dropout."""
    torch.manual_seed(3)
    frontend = nn.Sequential(nn.Unflatten(1, (1, -1)), nn.Conv1d(1, 8, 64, stride=32), nn.ReLU())
    pooling = nn.Sequential(nn.AdaptiveAvgPool1d(4), nn.Flatten())
    encoder = Encoder(nn.Identity(), frontend, pooling, dim=32)
    return Network(encoder, {LABELS: HEADS["linear"](32, 3, dropout=0)})


def train_together(folder: Path) -> None:
    """Train a network with batch norm and dropout by two processes for two epochs."""
    config = config_of(devices=(0, 1), precision="bf16-mixed", gradient_clip=1.0)
    fabric = make_fabric(config.train)
    fabric.launch()
    fit_small(config, folder, fabric=fabric)


def gradients(processes: int, batch_size: int, folder: Path) -> None:
    """Take a step with so many processes and this batch in each; keep gradients, loss and scores."""
    config = config_of(devices=tuple(range(processes)), batch_size=batch_size)
    fabric = make_fabric(config.train)
    fabric.launch()
    material, network = small_material(config), plain_network()
    step = training_step(network, config.train, fabric, tagging_task(material, config.train))
    batches = TrainingBatches(material, batch_size, 0, rank=fabric.global_rank, world=fabric.world_size)
    batch = batches.batch(0, 0)
    loss = step(batch)
    heard = predict_part(step, material, "validation", 3)
    if fabric.global_rank == 0:
        found = {
            name: part.grad.numpy() for name, part in network.named_parameters() if part.grad is not None
        }
        np.savez(
            folder / f"{processes}.npz",
            loss=float(loss),
            scores=heard.predictions.scores,
            validation_loss=heard.loss,
            world=fabric.world_size,
            **found,
        )


if __name__ == "__main__":
    gradients(2, 8, Path(sys.argv[1]))
    train_together(Path(sys.argv[1]))
    torch.distributed.destroy_process_group()
