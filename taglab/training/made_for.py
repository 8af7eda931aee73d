"""What a checkpoint is made for: all that it was learned from and how, but for what cannot change that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taglab.batches import Material
from taglab.runs.inputs import LEARNED_FROM, Inputs
from taglab.training.config import RunConfig, TrainConfig
from taglab.training.semantic import LossMaterial

WITHOUT_EFFECT = frozenset(
    {
        # Where it is computed; how many clips make a step is told apart, as that of all devices.
        *("accelerator", "devices", "nodes", "compile"),
        # What is written, and when.
        *("metric_interval_steps", "checkpoint_minutes"),
        # When it ends: a longer training begins as a shorter one does.
        *("epochs", "early_stopping_patience", "early_stopping_min_delta"),
        # The parts that come of these are told apart, as the split.
        *("split_seed", "validation_share", "test_share", "by_artist", "copies_together", "published_split"),
        *("stratified", "folds", "fold"),
        # The vectors that the loss takes are told apart, as what they come to.
        "loss_vectors",
    }
)
"""Settings of a training that a checkpoint does not depend on, or only through something else it names."""

_ADDED = (("weight_decay", 0.0),)
"""Settings that checkpoints of before them do not name, with what training then did."""


def of_weights(config: RunConfig, material: Material, of_its_split: bool = True) -> dict[str, Any]:
    """Return what weights must be of to be asked about these tracks.

    Args:
        config: Names the network.
        material: What it shall hear.
        of_its_split: Whether it must have been trained on the parts that `material` is split into.
    """
    return {"network": config.network.model_dump(mode="json"), **_of_material(material, of_its_split)}


def of_training(config: RunConfig, material: Material, loss: LossMaterial, inputs: Inputs) -> dict[str, Any]:
    """Return what a checkpoint must be of to be gone on with.

    Args:
        config: What is asked.
        material: What is learned from.
        loss: What the loss is handed beside it.
        inputs: What the material was made of.
    """
    return {
        **of_weights(config, material),
        "train": settings_with_effect(config.train),
        "inputs": {kind: inputs[kind].fingerprint for kind in LEARNED_FROM if kind in inputs},
        **loss.fingerprint(),
    }


def of_pace(material: Material, steps_per_epoch: int, clips_per_step: int) -> dict[str, Any]:
    """Return what gives a position within a training its meaning; part of every checkpoint."""
    steps = {"steps_per_epoch": steps_per_epoch, "clips_per_step": clips_per_step}
    return {**_of_material(material), **steps}


def settings_with_effect(config: TrainConfig) -> Mapping[str, Any]:
    """Return the settings that say what is learned."""
    settings = config.model_dump(mode="json", exclude=set(WITHOUT_EFFECT))
    return {name: value for name, value in settings.items() if (name, value) not in _ADDED}


def _of_material(material: Material, of_its_split: bool = True) -> dict[str, Any]:
    # Of data that have changed since, tracks it was trained on might now be among those to be told of.
    split = {"split": material.split.fingerprint} if of_its_split else {}
    return {"classes": list(material.classes), **split}
