"""Networks that answer with spectrograms: autoencoders and voice separation, trained, tried out, measured."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field
from scipy import stats

from taglab.audio.library import DEMO
from taglab.launch import train_run
from taglab.nets.kim_4_1 import KimConsistencySettings
from taglab.progress import Progress
from taglab.runs import open_run
from taglab.runs.process import first_of_several
from taglab.settings import Flag, Group
from taglab.split import SplitSettings
from taglab.training.dry_running import dry_run_spectra
from taglab.training.presets import merged
from taglab.training.spectra import measure_spectra, new_spectrum_run
from taglab.training.spectrum_config import PRESETS, SpectrumRun, SpectrumTraining, spectrum_run
from taglab.training.spectrum_tasks import AnySpectrumTask, Autoencoder
from taglab.verbs.question import Place, Question
from taglab.verbs.report import Report, records
from taglab.verbs.runs import RunName

_INTERVAL = 0.95


class Configuring(Question):
    """What a network that answers with spectrograms is trained on, and how.

    Attributes:
        task: What is learned.
        data: Data set.
        audio: Sound (default: that of the data set's name).
        preset: Begin with these settings; flags change them.
        network: How large the network is, and of what spectra.
        split: How the data set's tracks are split.
        copies_together: Whether tracks with the very same sound are kept in one part.
        train: How it is trained.
    """

    task: Annotated[AnySpectrumTask, Group("the task")] = Autoencoder()
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    audio: Annotated[str | None, Flag(metavar="NAME")] = None
    preset: Annotated[str | None, Flag(choices=PRESETS)] = None
    network: Annotated[KimConsistencySettings, Group("the network")] = KimConsistencySettings()
    split: Annotated[SplitSettings, Group("the split", prefix="split-")] = SplitSettings()
    copies_together: bool = True
    train: Annotated[SpectrumTraining, Group("training")] = SpectrumTraining()

    @classmethod
    def usual(cls, given: Mapping[Place, Any]) -> dict[str, Any]:
        """Return the settings of the preset; those of its task only where no other is named."""
        preset = dict(PRESETS.get(given.get(("preset",), ""), {}))
        named = given.get(("task", "task"))
        if named is not None and preset.get("task", {}).get("task") != named:
            preset.pop("task", None)
        return merged(super().usual(given), preset)

    def config(self) -> SpectrumRun:
        """Return the configuration of a run; raises InvalidSetting naming what does not fit."""
        return spectrum_run(
            {
                "task": self.task, "data": self.data, "audio": self.audio or self.data,
                "network": self.network, "split": self.split, "copies_together": self.copies_together,
                "train": self.train,
            }
        )  # fmt: skip


class Train(Configuring):
    """Make a run of a network that answers with spectrograms, and train it to its end: an autoencoder, which
    gives back a clip's spectrum out of the clip's vector, or one that tells the voice from the rest (Kim
    2021, chapter 4). `taglab train RUN` goes on with it, `taglab launch` trains it in the background.

    Attributes:
        group: Sweep or experiment that the new run belongs to.
        note: A note of your own.
        only_make: Make the run, do not train it; `taglab launch` does.
    """

    returns: ClassVar[str] = (
        "{run}; or {run, epochs, best_epoch, parameters, validation: {validation_loss}, test: "
        "{validation_loss, mse, mse_mean_spectrum; or sdr, sdr_mixture, sdr_ideal, seconds}}"
    )
    examples: ClassVar[str] = """
taglab spectra train --preset tiny-autoencoder
taglab spectra train --task voice-separation --stem vocals --data musdb --split-published --only-make
"""
    table: ClassVar[bool] = False

    group: Annotated[str, Flag(metavar="NAME")] = ""
    note: str = ""
    only_make: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return what was reached."""
        name = new_spectrum_run(self.config(), self.group, self.note, progress).name
        if self.only_make:
            return Report({"run": name}, notes=(f"`taglab launch {name}` trains it",))
        # Fabric starts the other processes of several devices with this command: of the same run.
        sys.argv[1:] = ["train", name]
        run = train_run(name, progress)
        if not first_of_several():
            sys.exit()  # one of them speaks for all
        summary = run.summary()
        kept = ("epochs", "best_epoch", "parameters", "validation", "test")
        return Report({"run": run.name, **{fact: summary[fact] for fact in kept}})


class DryRun(Configuring):
    """Take a few steps of such a training on the real data, keep nothing, and tell parameters, memory, speed,
    and what of the data would be left out.
    """

    returns: ClassVar[str] = (
        "{parameters, representation, memory_gib, first_loss, clips_per_s, minutes_per_epoch, window_s, "
        "tracks, steps_per_epoch, device, rows: [{reason, tracks, examples}]}"
    )
    examples: ClassVar[str] = "taglab spectra dry-run --preset tiny-voice-separation"

    def answer(self, progress: Progress) -> Report:
        """Return what it would take; the rows are tracks left out."""
        tried = dry_run_spectra(self.config(), progress)
        facts = {name: value for name, value in vars(tried).items() if name != "left_out"}
        notes = ("the rows are tracks left out",) if len(tried.left_out) else ()
        return Report(facts, tried.left_out, notes=notes)


class Measure(Question):
    """Measure how well a run tells spectrograms of whole tracks: an autoencoder's mean squared error beside
    that of the mean spectrum, or the signal-to-distortion ratio of the voice beside those of the mixture and
    of ideal shares. With intervals over tracks.

    Attributes:
        name: A run of `taglab spectra train`.
        part: Of its tracks.
        weights: Of the best epoch by validation, of the last, or those that training began with.
        replicates: Of the bootstrap over tracks.
        seed: Of what it draws.
    """

    returns: ClassVar[str] = (
        "{run, part, measured: [{figure, mean, low, high, median, tracks}], rows: [{track, mse, "
        "mse_mean_spectrum}] or [{track, sdr, sdr_mixture, sdr_ideal, seconds}]}"
    )
    examples: ClassVar[str] = "taglab spectra measure autoencoder --part validation"

    name: RunName
    part: Literal["train", "validation", "test"] = "test"
    weights: Literal["best", "last", "untrained"] = "best"
    replicates: int = Field(1_000, ge=100, le=100_000)
    seed: int = Field(0, ge=0, lt=2**32)

    def answer(self, progress: Progress) -> Report:
        """Return a row for each track."""
        run = open_run(self.name)
        table = measure_spectra(run, self.part, self.weights, progress)
        rows = [self._over_tracks(table, column) for column in table.columns.drop("track")]
        return Report({"run": run.name, "part": self.part, "measured": records(pd.DataFrame(rows))}, table)

    def _over_tracks(self, table: pd.DataFrame, column: str) -> dict[str, Any]:
        values = table[column].dropna().to_numpy(np.float64)
        low, high = np.nan, np.nan
        if len(values) > 1:
            interval = stats.bootstrap(
                (values,), np.mean, n_resamples=self.replicates, confidence_level=_INTERVAL,
                method="percentile", rng=np.random.default_rng(self.seed),
            ).confidence_interval  # fmt: skip
            low, high = interval
        mean, median = (float(of(values)) if len(values) else np.nan for of in (np.mean, np.median))
        return {
            "figure": column, "mean": mean, "low": low, "high": high, "median": median, "tracks": len(values)
        }  # fmt: skip
