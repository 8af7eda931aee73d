"""Training runs, here and now, and trying their configuration out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import model_validator

from taglab.audio.library import DEMO
from taglab.audio.mels import MEL_PRESETS
from taglab.errors import InvalidSetting
from taglab.launch import train_run
from taglab.metrics import mean_columns
from taglab.nets import NETWORKS, AnyNetwork, network_settings
from taglab.progress import Progress
from taglab.runs import Run, open_run
from taglab.runs.process import first_of_several
from taglab.settings import Flag, Group
from taglab.training import (
    PRESETS,
    RunConfig,
    TrainConfig,
    dry_run,
    new_run,
    run_config,
    settings_over,
)
from taglab.verbs.question import Place, Question
from taglab.verbs.report import Report, records

PARTS = ("train", "validation", "test")
MELS = Group(prefix="mels-")


class Configuring(Question):
    """What is trained on what, and how.

    Attributes:
        data: Data set.
        labels: Label space to be learned; see `taglab labels list`.
        audio: Sound (default: that of the data set's name).
        preset: Begin with these settings; flags change them.
        mels: Begin with these settings of the spectrogram; flags change them.
        network: Which network, and how large.
        train: How it is trained.
    """

    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    labels: Annotated[str | None, Flag(metavar="NAME")] = None
    audio: Annotated[str | None, Flag(metavar="NAME")] = None
    preset: Annotated[str | None, Flag(choices=PRESETS)] = None
    mels: Annotated[str | None, Flag(choices=MEL_PRESETS)] = None
    network: Annotated[AnyNetwork, Group("the network", groups={"mels": MELS})] = network_settings({})
    train: Annotated[TrainConfig, Group("training")] = TrainConfig()

    @classmethod
    def usual(cls, given: Mapping[Place, Any]) -> dict[str, Any]:
        """Return the settings of the preset, for the network that is named."""
        name = given.get(("network", "network"))
        under = PRESETS[given[("preset",)]] if ("preset",) in given else {}
        preset = settings_over(under, {"network": {"network": name}} if name else {})
        network = network_settings(preset.get("network", {})).model_dump()
        if ("mels",) in given:
            network["mels"] = _mels(given[("mels",)], network)
        return {**super().usual(given), "network": network, "train": dict(preset.get("train", {}))}

    def config(self, labels: str = "") -> RunConfig:
        """Return the configuration of a run.

        Args:
            labels: Name of the label space, in place of the one that is asked for.
        """
        chosen = {"data": self.data, "labels": labels or self.labels, "audio": self.audio or self.data}
        return run_config({**chosen, "network": self.network, "train": self.train})


def _mels(name: str, network: Mapping[str, Any]) -> dict[str, Any]:
    if "mels" not in network:
        heeding = [other for other, model in NETWORKS.items() if "mels" in model.model_fields]
        raise InvalidSetting(
            f"--mels is not heeded by --network {network['network']}, but by {' and '.join(heeding)}"
        )
    return MEL_PRESETS[name].model_dump()


class Train(Configuring):
    """Train a run to its end, here and now. With the name of a run it goes on where its last checkpoint
    stands; with --labels it makes a run first, named by what differs from the defaults. `taglab launch`
    trains in the background.

    Attributes:
        run: A run to go on with.
        group: Sweep or experiment that the new run belongs to.
        note: A note of your own.
        only_make: Make the run, do not train it; `taglab launch` does.
    """

    returns: ClassVar[str] = (
        "{run, epochs, best_epoch, parameters, validation: {ap_macro, ...}, test: {ap_macro, ...}}"
    )
    examples: ClassVar[str] = """
taglab train --labels my-classes --preset tiny
taglab train --data mine --labels my-classes --audio mine --network waveform --epochs 30 --batch-size 32
taglab train --labels my-classes --width 0.5 --only-make
taglab train my-run
"""
    table: ClassVar[bool] = False

    run: Annotated[str | None, Flag(metavar="RUN", word=True)] = None
    group: Annotated[str, Flag(metavar="NAME")] = ""
    note: str = ""
    only_make: bool = False

    @classmethod
    def asked(cls, given: Mapping[Place, Any]) -> Self:
        """Return the question; a run that is there has its configuration already."""
        if ("run",) in given and len(given) > 1:
            raise InvalidSetting(
                f"{given[('run',)]} is trained as it was made; name a run or give settings, not both"
            )
        return super().asked(given)

    @model_validator(mode="after")
    def _names_what_to_train(self) -> Self:
        if self.run is None and self.labels is None:
            raise ValueError("--labels must name the label space to be learned, or RUN a run to go on with")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return what was reached."""
        name = self.run or new_run(self.config(), self.group, self.note, progress).name
        if self.only_make:
            return Report({"run": name}, notes=(f"`taglab launch {name}` trains it",))
        # Fabric starts the other processes of several devices with this command: of the same run.
        sys.argv[1:] = ["train", open_run(name).name]
        run = train_run(name, progress)
        if not first_of_several():
            sys.exit()  # one of them speaks for all
        return _trained(run)


def _trained(run: Run) -> Report:
    summary, means = run.summary(), {**mean_columns(), **mean_columns("rankings")}
    figures = {
        part: {name: summary[part][name] for name in means if name in summary[part]}
        for part in ("validation", "test")
    }
    kept = ("epochs", "best_epoch", "parameters")
    return Report({"run": run.name, **{name: summary[name] for name in kept}, **figures})


class DryRun(Configuring):
    """Take a few steps of a training on the real data, keep nothing, and tell parameters, memory, speed, and
    what of the data would be left out.
    """

    returns: ClassVar[str] = (
        "{parameters, memory_gib, first_loss, clips_per_s, minutes_per_epoch, window_s, tracks, "
        "steps_per_epoch, padded, torn_copies, without_positives, without_vector, device, rows: [{reason, "
        "tracks, examples}]}"
    )
    examples: ClassVar[str] = "taglab dry-run --labels my-classes --preset thesis-spectrogram --batch-size 16"

    labels: Annotated[str, Flag(metavar="NAME")]

    def answer(self, progress: Progress) -> Report:
        """Return what it would take; the rows are tracks left out."""
        tried = dry_run(self.config(), progress)
        facts = {name: value for name, value in vars(tried).items() if name != "left_out"}
        facts["without_positives"] = records(tried.without_positives[["class", *PARTS]])
        notes = ("the rows are tracks left out",) if len(tried.left_out) else ()
        return Report(facts, tried.left_out, notes=notes)
