"""What a run whose network answers with spectrograms is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from taglab.audio.library import DEMO
from taglab.batches import SplitSettings
from taglab.nets.kim_4_1 import KimConsistencySettings
from taglab.settings import checked, flattened
from taglab.training.config import TrainConfig
from taglab.training.source_config import LoopSettings
from taglab.training.spectrum_tasks import AnySpectrumTask, Autoencoder

KIND: Literal["spectra"] = "spectra"


class SpectrumTraining(LoopSettings):
    """How a network that answers with spectrograms is trained. The defaults are those of Kim (2021), ch. 4.

    Attributes:
        epochs: Times through the training tracks (500 for the autoencoder, 5,000 for voice separation).
        batch_size: Clips a step on each device (24).
        learning_rate: Of Adam (0.001).
        weight_decay: λ of λ/2 times the squared weights that is added to the loss; Kim tells of none.
        window_s: Length of a clip in seconds (2); the network needs 128 frames at least, which of 16,000
            samples a second and a hop of 256 are 2.04 s.
        early_stopping_patience: Epochs in a row without a lower validation loss after which training ends;
            None never ends it (Kim ends it by hand, where the loss no longer falls).
        seed: Of the first weights, the order, the clips and the dropout.
    """

    sections: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Optimiser": ("weight_decay", "schedule", "gradient_clip"),
        "Clips": ("window_s", "short_tracks"),
        "Length and seed": (
            "early_stopping_patience", "metric_interval_steps", "checkpoint_minutes", "seed",
        ),
        "Machine": ("precision", "compile", "accelerator", "devices", "nodes"),
    }  # fmt: skip
    """What stands together on a form and in a help, after what matters most."""

    epochs: int = Field(500, ge=1, le=100_000)
    batch_size: int = Field(24, ge=2, le=65_536)
    learning_rate: float = Field(1e-3, gt=0, le=10)
    weight_decay: float = Field(0.0, ge=0, le=1)
    window_s: float = Field(2.0, gt=0, le=3_600)
    early_stopping_patience: int | None = Field(None, ge=1)


class SpectrumRun(BaseModel):
    """What a run of this kind is asked to do.

    Attributes:
        kind: Of the run.
        data: Name of the data set.
        audio: Name of the sound.
        task: What is learned, and with which loss.
        network: How large the network is, and of what spectra.
        split: How tracks are split.
        copies_together: Whether tracks with the very same sound are kept in one part.
        train: How it is trained.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["spectra"] = KIND
    data: str = DEMO
    audio: str = DEMO
    task: SerializeAsAny[AnySpectrumTask] = Autoencoder()
    network: KimConsistencySettings = KimConsistencySettings()
    split: SplitSettings = SplitSettings()
    copies_together: bool = True
    train: SpectrumTraining = SpectrumTraining()

    @model_validator(mode="after")
    def _frames_overlap(self) -> Self:
        if self.network.hop > self.network.n_fft // 2:
            raise ValueError(
                f"hop={self.network.hop} must be at most {self.network.n_fft // 2}, half of n_fft: else "
                "spectra do not say all of the sound"
            )
        return self

    def loop(self) -> TrainConfig:
        """Return how it is trained, as the training loop takes it."""
        return self.train.loop()


def spectrum_run(values: Mapping[str, Any]) -> SpectrumRun:
    """Make a configuration of what `config.json` holds.

    Raises:
        InvalidSetting: Naming each field that is wrong, what it holds and what it must be.
    """
    return checked(SpectrumRun, values)


def naming(config: SpectrumRun) -> dict[str, Any]:
    """Return what names a run: its task, and what differs from the defaults."""
    values = flattened(config.model_dump(mode="json", exclude={"kind", "task"}))
    usual = flattened(SpectrumRun().model_dump(mode="json", exclude={"kind", "task"}))
    own = config.task.model_dump()
    by_default = checked(type(config.task), {}).model_dump()
    of_task = {f"task.{name}": value for name, value in own.items() if value != by_default[name]}
    differs = {name: value for name, value in values.items() if usual[name] != value}
    return {config.task.task: "", **of_task, **differs}


_SMALL = {
    "network": {"width": 0.25, "n_fft": 512, "hop": 160, "dropout": 0.1},
    "train": {"epochs": 12, "learning_rate": 2e-3, "schedule": "cosine"},
}

PRESETS: dict[str, dict[str, Any]] = {
    "autoencoder": {"task": {"task": "autoencoder"}, "train": {"epochs": 500}},
    "voice-separation": {"task": {"task": "voice-separation"}, "train": {"epochs": 5_000}},
    # Of sound of 16,000 samples a second, as the demo's, and few enough numbers for a CPU.
    "tiny-autoencoder": {"task": {"task": "autoencoder"}, **_SMALL},
    "tiny-voice-separation": {"task": {"task": "voice-separation"}, **_SMALL},
}
"""Name → what of `SpectrumRun` it sets: chapter 4 as published (sound of 22,050 samples a second), and small
ones.

Source: Kim (2021), sections 4.2.3 and 4.4.1.
"""
