"""Networks of several learning sources: how large, trained, and tried out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from taglab.audio.library import DEMO
from taglab.factors.learning_source import source_of_text
from taglab.launch import train_run
from taglab.nets import AnyNetwork, NetworkSettings, network_settings
from taglab.nets.sharing import MOST_SOURCES, N_FACTORS, STRATEGIES, parameter_counts, staged
from taglab.progress import Progress
from taglab.runs.process import first_of_several
from taglab.settings import Flag, Group
from taglab.split import SplitSettings
from taglab.training import settings_over
from taglab.training.dry_running import dry_run_sources
from taglab.training.source_config import PRESETS, SourceRun, SourceTraining, source_run
from taglab.training.sources import new_source_run
from taglab.verbs.question import Place, Question
from taglab.verbs.report import Report, records
from taglab.verbs.training import MELS

NETWORK = network_settings({"network": "kim-2.3"})
SHARED = Group("the network", groups={"mels": MELS})


class Parameters(Question):
    """Count the numbers that are trained in a network of several learning sources, by how much its sources
    share (Kim 2021, figure 2.15): times those of a network of one source, how long its representation is, and
    the width at which a network of one source is as large.

    Attributes:
        sources: Up to how many sources.
        factors: Outputs of each source (50 in Kim's chapter 2, 40 in chapter 3).
        network: Which network, and how large.
    """

    returns: ClassVar[str] = (
        "[{strategy, sources, parameters, times_single, representation, wide}], a row for each strategy and "
        "number of sources"
    )
    examples: ClassVar[str] = """
taglab sources parameters --channels 2
taglab sources parameters --network kim-3.2 --factors 40 --sources 5
"""

    sources: int = Field(MOST_SOURCES, ge=2, le=MOST_SOURCES)
    factors: int = Field(N_FACTORS, ge=1, le=100_000)
    network: Annotated[AnyNetwork, SHARED] = NETWORK

    @field_validator("network")
    @classmethod
    def _can_be_shared(cls, network: NetworkSettings) -> NetworkSettings:
        return staged(network)

    def answer(self, progress: Progress) -> Report:
        """Return a row for each strategy and number of sources."""
        return Report(table=parameter_counts(staged(self.network), self.sources, self.factors))


def _strategies() -> dict[str, str]:
    return {name: strategy.about for name, strategy in STRATEGIES.items()}


def usual_of_preset(given: Mapping[Place, Any]) -> dict[str, Any]:
    """Return network, training and, where it has one, strategy of a preset, for the network that is named."""
    name = given.get(("network", "network"))
    under = PRESETS.get(given.get(("preset",), ""), {})
    preset = settings_over(
        {"network": NETWORK.model_dump(), **under}, {"network": {"network": name}} if name else {}
    )
    network = network_settings(preset["network"]).model_dump()
    values = {"network": network, "train": dict(preset.get("train", {}))}
    return values | ({"strategy": preset["strategy"]} if "strategy" in preset else {})


class Configuring(Question):
    """What a network of several sources is trained on, and how.

    Attributes:
        source: What to learn, once for each of one to eight sources: NAME=MAKER,FIELD=VALUE … with a maker of
            `taglab targets` and its settings, or MAKER alone; same-track asks whether two clips are of one
            track.
        strategy: How much of the network sources share.
        data: Data set.
        audio: Sound (default: that of the data set's name).
        preset: Begin with these settings; flags change them.
        network: Which network, and how large.
        split: How the data set's tracks are split.
        copies_together: Whether tracks with the very same sound are kept in one part.
        train: How it is trained.
    """

    source: Annotated[tuple[str, ...], Flag(metavar="SOURCE", several=True)]
    strategy: Annotated[str, Flag(choices=_strategies)] = "ms-cr@6"
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    audio: Annotated[str | None, Flag(metavar="NAME")] = None
    preset: Annotated[str | None, Flag(choices=PRESETS)] = None
    network: Annotated[AnyNetwork, SHARED] = NETWORK
    split: Annotated[SplitSettings, Group("the split", prefix="split-")] = SplitSettings()
    copies_together: bool = True
    train: Annotated[SourceTraining, Group("training")] = SourceTraining()

    @classmethod
    def usual(cls, given: Mapping[Place, Any]) -> dict[str, Any]:
        """Return the settings of the preset, for the network that is named."""
        return {**super().usual(given), **usual_of_preset(given)}

    def config(self) -> SourceRun:
        """Return the configuration of a run; raises InvalidSetting naming what does not fit."""
        return source_run(
            {
                "sources": [source_of_text(text).model_dump() for text in self.source],
                "data": self.data, "audio": self.audio or self.data, "strategy": self.strategy,
                "network": self.network, "split": self.split, "copies_together": self.copies_together,
                "train": self.train,
            }
        )  # fmt: skip


class Train(Configuring):
    """Make a run of a network that learns from several sources at once, which share more or less of it (Kim
    2021, chapters 2 and 3), and train it to its end; `taglab train RUN` goes on with it, `taglab launch`
    trains it in the background. A step is of one source, drawn at random, and of tracks it knows.

    Attributes:
        group: Sweep or experiment that the new run belongs to.
        note: A note of your own.
        only_make: Make the run, do not train it; `taglab launch` does.
    """

    returns: ClassVar[str] = (
        "{run}; or {run, epochs, best_epoch, parameters, coverage: {SOURCE}, validation: {validation_loss, "
        "validation_loss SOURCE}, test: {…}}"
    )
    examples: ClassVar[str] = """
taglab sources train --source tag=factors,k=20 --source artist=column,column=artist --preset tiny-sources
taglab sources train --source self=same-track --strategy ss-r --only-make
"""
    table: ClassVar[bool] = False

    group: Annotated[str, Flag(metavar="NAME")] = ""
    note: str = ""
    only_make: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return what was reached."""
        name = new_source_run(self.config(), self.group, self.note, progress).name
        if self.only_make:
            return Report({"run": name}, notes=(f"`taglab launch {name}` trains it",))
        # Fabric starts the other processes of several devices with this command: of the same run.
        sys.argv[1:] = ["train", name]
        run = train_run(name, progress)
        if not first_of_several():
            sys.exit()  # one of them speaks for all
        summary = run.summary()
        kept = ("epochs", "best_epoch", "parameters", "coverage", "validation", "test")
        return Report({"run": run.name, **{fact: summary[fact] for fact in kept}})


class DryRun(Configuring):
    """Take a few steps of such a training on the real data, keep nothing, and tell parameters, memory, speed,
    and of how many tracks each source says something.
    """

    returns: ClassVar[str] = (
        "{parameters, representation, memory_gib, first_loss, clips_per_s, minutes_per_epoch, window_s, "
        "tracks, steps_per_epoch, left_out, device, rows: [{source, train, validation, test}]}"
    )
    examples: ClassVar[str] = (
        "taglab sources dry-run --source factors --source self=same-track --preset tiny-sources"
    )

    def answer(self, progress: Progress) -> Report:
        """Return what it would take; the rows are of how many tracks each source says something."""
        tried = dry_run_sources(self.config(), progress)
        facts = {name: value for name, value in vars(tried).items() if name != "coverage"}
        facts["left_out"] = records(tried.left_out)
        return Report(facts, tried.coverage, notes=("the rows are tracks that a source says something of",))
