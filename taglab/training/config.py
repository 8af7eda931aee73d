"""What a run is asked to do: the models behind the page's form, the command's flags and `config.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator, model_validator

from taglab.audio.windows import WindowSettings
from taglab.batches import SplitSettings
from taglab.losses import losses_for, needs
from taglab.metrics import mean_columns
from taglab.nets import NetworkSettings, fitting, network_settings
from taglab.settings import Flag, checked

_LOSS = "validation_loss"


def monitors() -> dict[str, int]:
    """Return the validation figures that can be watched: 1 where more is better, -1 where less is."""
    means = mean_columns()
    macro_first = sorted(means, key=lambda column: means[column].average != "macro")
    return {_LOSS: -1} | {column: means[column].metric.sign for column in macro_first}


def _losses() -> list[str]:
    return losses_for("binary")


class TrainConfig(BaseModel):
    """How a network is trained.

    Attributes:
        epochs: Times through the training tracks (thesis: 30 for models 1 and 2; from section 7.2.2 on 20,
            because of the time they take).
        steps_per_epoch: Batches an epoch; None takes as many as the training tracks fill, as the thesis's
            code does.
        batch_size: Clips a step on each device (64 in Pons et al. 2018).
        learning_rate: Of Adam (1e-3 in the thesis, section 5).
        schedule: Of the learning rate: "plateau" lowers it where the monitored figure stands still, "cosine"
            lets it fall to 0 over all epochs, "constant" leaves it. The thesis tells of none; "plateau" is
            ours, because it needs no guess of when a smaller rate begins to help.
        plateau_patience: Epochs without improvement that "plateau" bears, lowering the learning rate at the
            next; 3 is ours, because a few bad epochs are often chance.
        plateau_factor: What it is then multiplied by; 0.5 is ours, because the tenth that Keras takes comes
            too soon to an end within 20 or 30 epochs.
        plateau_min_delta: A smaller change of the monitored figure is no improvement for "plateau"; 1e-4 as
            in Keras.
        early_stopping_patience: Epochs in a row without improvement after which training ends, counted as
            Keras does; 0 is as 1. None never ends it (the thesis explains it in section 3.2.6, and trains all
            epochs).
        early_stopping_min_delta: A smaller change of the monitored figure is no improvement for stopping;
            1e-4, because improvement is then the same to both.
        monitor: Validation figure that "plateau" and early stopping watch: the loss, as in Keras and in
            section 3.2.6 of the thesis, or a mean of a metric in `taglab.metrics.METRICS`. The best epoch is
            always that of the highest macro average precision.
        loss: What is minimised, a name in `taglab.losses.LOSSES`: bce as in the thesis, section 5, or
            semantic-bce, that of its model 5.
        gamma: How much dearer a wrong class is the less it means what is true, γ of the semantic loss (model
            5 in the thesis's code readme); 0 is plain cross-entropy, and with 1 what means nothing of it
            costs twice as much. Only with loss semantic-bce.
        loss_vectors: Name of the word vectors by which semantic-bce measures meaning; "own" are trained on
            the data set's own tag lists, because they are always there (the thesis's code takes GloVe).
        class_weighting: Whether a class's positives count, together, as much as its negatives; not by
            default, because the thesis weighs nothing, and scores then are no longer probabilities.
        class_weight_cap: The most that one positive then counts, because without it that of a class in one
            track of 200,000 would count 199,999, and would be all that is learned; 100 is ours.
        gradient_clip: Longest gradient, as its norm over all parameters; None does not clip, as in the
            thesis.
        weight_decay: λ of λ/2 times the squared weights that is added to the loss (L2 regularisation); 0, for
            the thesis has none.
        precision: "32-true", the same on every device; or "bf16-mixed" and "16-mixed", which halve time and
            memory on a GPU. Not the default, because figures then differ a little by device.
        compile: Whether torch.compile makes the step: a minute or more at the start, faster after; not by
            default, because a short training never wins that minute back.
        window_s: Length of a clip in seconds; None takes 15, as Pons et al. 2018 do, or the shortest track
            where that is less.
        short_tracks: What becomes of tracks shorter than a clip: "refuse" leaves them out, because silence
            would be learned as part of them, "pad" adds zeros.
        window: Where in its track a training clip lies, "random", for an epoch then hears other parts of a
            track than the last, or in the "middle".
        shuffle: Whether the tracks come in a new order every epoch, as in the thesis's code unless it is told
            --no-shuffle; else each epoch begins with those that filled no batch in the one before.
        drop_unlabelled_tracks: Whether tracks in no class are left out, as the thesis does; the split is
            made before, so that label spaces of one data set share it.
        metric_interval_steps: Steps between two rows of loss, speed and memory (--update-freq of the thesis's
            code); 10, because the device waits a little for each.
        checkpoint_minutes: Minutes after which a checkpoint is also written within an epoch; 0 writes one
            after every step. 10, because no more than that is then lost with the machine.
        seed: Of the first weights, the order, the clips and the dropout; fixed, so that a run can be made
            again. Several seeds show what is chance.
        accelerator: "auto" takes a GPU where there is one, else the CPU, so that one setting does for every
            machine.
        devices: Numbers of the GPUs, 0,1 for instance (--cuda of the thesis's code); none takes the first,
            so that the others are left for other runs. On the CPU as many processes.
        nodes: Machines, each with these devices, under SLURM, because it starts the processes on them.
        split_seed: Of the parts; two runs of one seed, shares and data set have the same, so that they can
            be compared.
        validation_share: Of the tracks, those by which epochs are judged (0.1 in the thesis, section 5).
        test_share: Of the tracks, those the result is told of (0.1 in the thesis, section 5).
        by_artist: Whether an artist's tracks are kept in one part, so that a tagger cannot score by
            recognising artists; not by default, because the thesis tells of no such thing.
        copies_together: Whether tracks with the very same sound are kept in one part, because a test track
            that was heard in training under another name says nothing; a published split is taken as it is.
        published_split: Whether the data set's own split is taken instead of drawing one, so that figures can
            be compared with those of others; not by default, because few data sets have one.
        stratified: Whether every tag that is used enough falls into the parts in their shares, because by
            chance a tag of 25 tracks may have none to be judged by; not by default, because the thesis tells
            of no such thing.
        folds: Number of equal folds in place of the shares: one is tested, the next validates, the others are
            learned from; 0, because one split takes a fraction of the time. With `fold` from 0 on in runs of
            one sweep every track is tested once.
        fold: Which of the folds is tested, from 0; a setting of its own, so that a sweep can go through them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sections: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Optimiser": (
            "schedule", "plateau_patience", "plateau_factor", "plateau_min_delta", "loss", "gamma",
            "loss_vectors", "class_weighting", "class_weight_cap", "gradient_clip", "weight_decay",
        ),
        "Length and stopping": (
            "steps_per_epoch", "early_stopping_patience", "early_stopping_min_delta", "monitor",
            "metric_interval_steps", "checkpoint_minutes",
        ),
        "Clips": ("window_s", "window", "short_tracks", "shuffle"),
        "Split": (
            "drop_unlabelled_tracks", "by_artist", "stratified", "copies_together", "published_split",
            "folds", "fold", "split_seed", "validation_share", "test_share", "seed",
        ),
        "Machine": ("precision", "compile", "accelerator", "devices", "nodes"),
    }  # fmt: skip
    """What stands together on a form and in a help, after what matters most."""

    epochs: int = Field(20, ge=1, le=100_000)
    steps_per_epoch: int | None = Field(None, ge=1)
    batch_size: int = Field(64, ge=1, le=65_536)
    learning_rate: float = Field(1e-3, gt=0, le=10)
    schedule: Literal["plateau", "cosine", "constant"] = "plateau"
    plateau_patience: int = Field(3, ge=0)
    plateau_factor: float = Field(0.5, gt=0, lt=1)
    plateau_min_delta: float = Field(1e-4, ge=0)
    early_stopping_patience: int | None = Field(None, ge=0)
    early_stopping_min_delta: float = Field(1e-4, ge=0)
    monitor: Annotated[str, Flag(choices=monitors)] = _LOSS
    loss: Annotated[str, Flag(choices=_losses)] = "bce"
    gamma: float = Field(1.0, ge=0, le=1_000, title="γ of semantic-bce")
    loss_vectors: Annotated[str, Flag(metavar="NAME")] = Field(
        "own", min_length=1, title="Vectors of semantic-bce"
    )
    class_weighting: bool = False
    class_weight_cap: float = Field(100.0, ge=1, le=1_000_000)
    gradient_clip: float | None = Field(None, gt=0)
    weight_decay: float = Field(0.0, ge=0, le=1)
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    compile: bool = False
    window_s: float | None = Field(None, gt=0, le=3_600)
    short_tracks: Literal["refuse", "pad"] = "refuse"
    window: Literal["random", "middle"] = "random"
    shuffle: bool = True
    drop_unlabelled_tracks: bool = True
    metric_interval_steps: int = Field(10, ge=1, title="Measure every (steps)")
    checkpoint_minutes: float = Field(10, ge=0, title="Checkpoint every (minutes)")
    seed: int = Field(0, ge=0, lt=2**32)
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    devices: tuple[int, ...] = ()
    nodes: int = Field(1, ge=1)
    split_seed: int = Field(0, ge=0, lt=2**32)
    validation_share: float = Field(0.1, gt=0, lt=1)
    test_share: float = Field(0.1, gt=0, lt=1)
    by_artist: bool = Field(False, title="Artists in one part each")
    copies_together: bool = Field(True, title="Same sound in one part")
    published_split: bool = False
    stratified: bool = Field(False, title="Tags in equal shares")
    folds: int = Field(0, ge=0, le=100)
    fold: int = Field(0, ge=0, title="Fold tested (from 0)")

    @field_validator("loss")
    @classmethod
    def _known_loss(cls, loss: str) -> str:
        if loss not in _losses():
            raise ValueError(f"must be one of {', '.join(_losses())}")
        return loss

    @field_validator("monitor")
    @classmethod
    def _known_monitor(cls, monitor: str) -> str:
        if monitor not in monitors():
            raise ValueError(f"must be one of {', '.join(monitors())}")
        return monitor

    @field_validator("devices")
    @classmethod
    def _devices_are_distinct(cls, devices: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(devices)) < len(devices) or any(number < 0 for number in devices):
            raise ValueError("must be distinct numbers from 0")
        return devices

    @model_validator(mode="after")
    def _loss_takes_what_is_set(self) -> Self:
        for name, material in (("gamma", "gamma"), ("loss_vectors", "similarity")):
            changed = getattr(self, name) != type(self).model_fields[name].default
            if changed and material not in needs(self.loss):
                raise ValueError(f"{name} means nothing to loss={self.loss!r}; take semantic-bce or leave it")
        return self

    @model_validator(mode="after")
    def _can_be_split(self) -> Self:
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share must sum to less than 1")
        self.split_settings()
        return self

    def split_settings(self) -> SplitSettings:
        """Return how tracks are split."""
        values = {
            "seed": self.split_seed,
            "train": 1 - self.validation_share - self.test_share,
            "validation": self.validation_share,
            "test": self.test_share,
            "by_artist": self.by_artist,
            "published": self.published_split,
            "stratified": self.stratified,
            "folds": self.folds,
            "fold": self.fold,
        }
        return checked(SplitSettings, values)

    def window_settings(self) -> WindowSettings:
        """Return how long a clip is."""
        return WindowSettings(duration_s=self.window_s, short_tracks=self.short_tracks)


class RunConfig(BaseModel):
    """What a run is asked to do.

    Attributes:
        data: Name of the folksonomy.
        labels: Name of the label space; a copy of it is frozen into the run.
        audio: Name of the audio store.
        network: Which network, and how large.
        train: How it is trained.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = "demo"
    labels: str = Field(min_length=1)
    audio: str = "demo"
    network: SerializeAsAny[NetworkSettings] = network_settings({})
    train: TrainConfig = TrainConfig()

    @field_validator("network", mode="before")
    @classmethod
    def _of_its_network(cls, network: Any) -> Any:
        return network_settings(network) if isinstance(network, Mapping) else network


def run_config(values: Mapping[str, Any]) -> RunConfig:
    """Make a configuration of what `config.json` holds or a form was filled with.

    Raises:
        InvalidSetting: Naming each field that is wrong, what it holds and what it must be.
    """
    return checked(RunConfig, values)


def as_of_today(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `config.json` holds as `run_config` reads it, also where an earlier taglab wrote it.

    All networks had the same fields once, whether or not they meant anything to them.
    """
    network = values.get("network", {})
    return {**values, "network": fitting(network) if isinstance(network, Mapping) else network}


def differing(config: RunConfig, base: RunConfig | None = None) -> dict[str, Any]:
    """Return what differs from another configuration, by dotted name: {"labels": "top", "train.epochs": 30}.

    Args:
        config: Whose values are returned.
        base: The other; the defaults where None. Of another network, what it would set of this one counts.
    """
    other = base or RunConfig(labels=" ")
    alike = network_settings(fitting(other.network.model_dump(), config.network.network))
    theirs = other.model_copy(update={"network": alike}).model_dump(mode="json")
    theirs["network"]["network"] = other.network.network
    return dict(_differences(config.model_dump(mode="json"), theirs))


def _differences(value: Mapping[str, Any], default: Mapping[str, Any], before: str = "") -> Any:
    for name, own in value.items():
        other = default[name]
        if isinstance(own, dict) and isinstance(other, dict):
            yield from _differences(own, other, f"{before}{name}.")
        elif own != other:
            yield f"{before}{name}", own
