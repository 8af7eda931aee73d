"""What a run that learns from several sources is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator, model_validator

from taglab.audio.windows import WindowSettings
from taglab.batches import SplitSettings
from taglab.factors.learning_source import LearningSource
from taglab.labels import LABELS
from taglab.nets import NetworkSettings, network_settings
from taglab.nets.sharing import require_task_name, staged, strategy_of
from taglab.settings import checked, flattened
from taglab.training.config import TrainConfig

KIND: Literal["learning-sources"] = "learning-sources"


class LoopSettings(BaseModel):
    """How a network without labels is trained.

    Attributes:
        epochs: Times through the training tracks.
        batch_size: Clips a step on each device.
        learning_rate: Of Adam.
        weight_decay: λ of λ/2 times the squared weights that is added to the loss.
        window_s: Length of a clip in seconds.
        short_tracks: What becomes of tracks shorter than a clip: "refuse" leaves them out, "pad" adds zeros.
        seed: Of the first weights, and of tracks, clips and dropout.
        schedule: Of the learning rate: "constant" leaves it, as Kim does; see `taglab train --help`.
        gradient_clip: Longest gradient, as its norm over all parameters; None does not clip.
        metric_interval_steps: Steps between two rows of loss, speed and memory.
        checkpoint_minutes: Minutes after which a checkpoint is also written within an epoch.
        precision: "32-true", or "bf16-mixed" and "16-mixed", which halve time and memory on a GPU.
        compile: Whether torch.compile makes the step.
        accelerator: "auto" takes a GPU where there is one, else the CPU.
        devices: Numbers of the GPUs; none takes the first. On the CPU as many processes.
        nodes: Machines, each with these devices, under SLURM.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(200, ge=1, le=100_000)
    batch_size: int = Field(128, ge=2, le=65_536)
    learning_rate: float = Field(0.00025, gt=0, le=10)
    weight_decay: float = Field(1e-6, ge=0, le=1)
    window_s: float = Field(2.5, gt=0, le=3_600)
    short_tracks: Literal["refuse", "pad"] = "refuse"
    seed: int = Field(0, ge=0, lt=2**32)
    schedule: Literal["plateau", "cosine", "constant"] = "constant"
    gradient_clip: float | None = Field(None, gt=0)
    metric_interval_steps: int = Field(10, ge=1, title="Measure every (steps)")
    checkpoint_minutes: float = Field(10, ge=0, title="Checkpoint every (minutes)")
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    compile: bool = False
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    devices: tuple[int, ...] = ()
    nodes: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _can_be_trained(self) -> Self:
        self.loop()
        return self

    def loop(self) -> TrainConfig:
        """Return it as the training loop takes it."""
        return checked(TrainConfig, self.model_dump(include=set(TrainConfig.model_fields)))

    def window_settings(self) -> WindowSettings:
        """Return how long a clip is."""
        return self.loop().window_settings()


class SourceTraining(LoopSettings):
    """How a network of several sources is trained. The defaults are those of Kim (2021), section 2.3.

    Attributes:
        epochs: N; an epoch goes through all training tracks once for each source (200 in Kim 2021, and in
            the single networks of chapter 3; its shared ones have as many by the number of sources).
        batch_size: Clips a step on each device, all of one source (128; 64 in chapter 3).
        learning_rate: Of Adam (0.00025; 0.001 in chapter 3).
        weight_decay: λ of λ/2 times the squared weights that is added to the loss (1e-6, on all of them).
        window_s: Length of a clip in seconds (2.5; 1 in chapter 3).
        keep_mels: Whether tracks' mels are made once, kept in the cache, and cut, in place of being made anew
            of every clip: on a CPU that halves the time. Clips then begin at a frame, and the frames at their
            two ends know of the sound beside them; two bytes a frame and mel are kept.
        seed: Of the first weights, of which source comes when, and of tracks, clips and dropout.
    """

    sections: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Optimiser": ("weight_decay", "schedule", "gradient_clip"),
        "Clips": ("window_s", "short_tracks", "keep_mels"),
        "Length and seed": ("metric_interval_steps", "checkpoint_minutes", "seed"),
        "Machine": ("precision", "compile", "accelerator", "devices", "nodes"),
    }
    """What stands together on a form and in a help, after what matters most."""

    keep_mels: bool = False

    @model_validator(mode="after")
    def _silence_has_no_mels(self) -> Self:
        if self.keep_mels and self.short_tracks == "pad":
            raise ValueError("keep_mels goes with short_tracks='refuse': silence has no mels to be kept")
        return self


class SourceRun(BaseModel):
    """What a run of this kind is asked to do.

    Attributes:
        kind: Of the run.
        data: Name of the data set.
        audio: Name of the sound.
        sources: What is learned, one to eight sources of different names.
        strategy: How much the sources share, a name in `taglab.nets.sharing.STRATEGIES`.
        network: Which network, and how large; a row of stages.
        split: How tracks are split.
        copies_together: Whether tracks with the very same sound are kept in one part.
        train: How it is trained.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["learning-sources"] = KIND
    data: str = "demo"
    audio: str = "demo"
    sources: tuple[LearningSource, ...]
    strategy: str = "ms-cr@6"
    network: SerializeAsAny[NetworkSettings] = network_settings({"network": "kim-2.3"})
    split: SplitSettings = SplitSettings()
    copies_together: bool = True
    train: SourceTraining = SourceTraining()

    @field_validator("network", mode="before")
    @classmethod
    def _of_its_network(cls, network: Any) -> Any:
        return staged(network_settings(network) if isinstance(network, Mapping) else network)

    @model_validator(mode="after")
    def _sources_fit_the_strategy(self) -> Self:
        names = [source.name for source in self.sources]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(
                f"two sources are called {twice.pop()!r}; write NAME=MAKER,… to call one otherwise"
            )
        if LABELS in names:
            raise ValueError(f"{LABELS!r} are a tagger's classes, and no source's name; write NAME=MAKER,…")
        for name in names:
            require_task_name(name)
        strategy_of(self.strategy, len(self.sources))
        if self.train.keep_mels and "mels" not in type(self.network).model_fields:
            raise ValueError(
                f"keep_mels means nothing to network={self.network.network!r}, which has no mels"
            )
        if self.train.batch_size % 2 and any(source.by_pairs for source in self.sources):
            raise ValueError(
                f"batch_size={self.train.batch_size} must be even where clips are compared by twos"
            )
        return self

    @property
    def shared_stages(self) -> int | None:
        """How many stages all sources share; None for all but the heads."""
        return strategy_of(self.strategy, len(self.sources)).shared_stages


def source_run(values: Mapping[str, Any]) -> SourceRun:
    """Make a configuration of what `config.json` holds.

    Raises:
        InvalidSetting: Naming each field that is wrong, what it holds and what it must be.
    """
    return checked(SourceRun, values)


def naming(config: SourceRun) -> dict[str, Any]:
    """Return what names a run: its sources, how much they share, and what differs from the defaults."""
    values = flattened(config.model_dump(mode="json", exclude={"sources"}))
    usual = flattened(
        SourceRun(sources=(LearningSource(name="any", maker="same-track"),), strategy="ss-r").model_dump(
            mode="json", exclude={"sources"}
        )
    )
    differs = {
        name: value for name, value in values.items() if name != "kind" and usual.get(name, None) != value
    }
    differs.pop("strategy", None)
    names = [source.name for source in config.sources]
    return {config.strategy: "-".join(names), **differs}


PRESETS: dict[str, dict[str, Any]] = {
    "sources": {
        "network": {
            "network": "kim-2.3",
            "channels": 2,
            "mels": {
                "sample_rate_hz": 22_050,
                "n_fft": 1024,
                "hop": 256,
                "mel_scale": "slaney",
                "standardise": False,
            },
        }
    },
    "artist-groups": {
        "strategy": "mtn",
        "network": {
            "network": "kim-3.2",
            "mels": {"sample_rate_hz": 44_100, "n_fft": 2048, "hop": 1024, "mel_scale": "slaney"},
        },
        "train": {"batch_size": 64, "learning_rate": 1e-3, "window_s": 1.0, "weight_decay": 0.0},
    },
    # Mono sound of 16,000 samples a second, as the demo has it, and few enough numbers for a CPU.
    "tiny-sources": {
        "network": {"network": "kim-2.3", "width": 0.25, "dropout": 0.1},
        "train": {
            "epochs": 12,
            "batch_size": 64,
            "learning_rate": 2e-3,
            "schedule": "cosine",
            "keep_mels": True,
        },
    },
}
"""Name → what of `SourceRun` it sets: section 2.3 and section 3.3 as published, and a small one.

Source: Kim (2021), sections 2.3 (stereo at 22,050 samples a second; the rest is usual anyway), 3.3.2 and
3.3.3 (mono at 44,100).
"""
