"""What an experiment of Kim 2021, chapter 4, is asked to carry out."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from taglab.audio.library import DEMO_STEM
from taglab.studies.robustness.changes import ChangeSettings
from taglab.studies.robustness.published import EPOCHS
from taglab.training.spectrum_tasks import StemName

__all__ = ["ConsistencyStudy", "TrainedTask"]

TrainedTask = Literal["auto-tagging", "instruments", "autoencoder", "voice-separation"]


class ConsistencyStudy(ChangeSettings):
    """What is carried out.

    Attributes:
        clips, clip_s, seed: See `ClipSettings`; clips are drawn of tracks that no network here
            learns from, nor the run of any encoder.
        degradations, grid: See `ChangeSettings`.
        encoders: Kept features, as NAME or NAME=TASK: mfcc, auto-tagging, instruments, voice-separation,
            autoencoder or random; what a program made goes by its own name otherwise. Features of one task
            are trials of it. MFCC statistics are made where none are named.
        tasks: For which networks are trained here: auto-tagging; instruments, whose label space is to be
            named; autoencoder; or voice-separation, which needs the voice as a stem of the sound.
        networks: So many of a task, each with a seed and a draw of first weights of its own.
        untrained: Whether the first such network with its first weights is an encoder, too.
        width: Of the networks trained here; Kim's is 1.
        epochs: Of a network at most; the epoch that is best on validation tracks is taken. None for Kim's:
            200 of auto-tagging, 500 of instruments and of an autoencoder, 5,000 of voice separation.
        stop: Whether training ends after 15 epochs without improvement on validation tracks.
        test_share: Of the tracks, those that networks do not learn from, of which clips are drawn.
        labels: Label space of the auto-taggers; empty for the 50 most used tags, as Kim has it.
        instruments: Label space of the instruments.
        stem: Name of the part that is separated, as the sound keeps it: voice, vocals, melody ...
    """

    encoders: tuple[str, ...] = ()
    tasks: tuple[TrainedTask, ...] = ("auto-tagging", "autoencoder")
    networks: int = Field(1, ge=0, le=20)
    untrained: bool = True
    width: float = Field(0.25, gt=0, le=4)
    epochs: int | None = Field(60, ge=1)
    stop: bool = True
    test_share: float = Field(0.3, gt=0, lt=0.9)
    labels: str = ""
    instruments: str = ""
    stem: StemName = DEMO_STEM

    @model_validator(mode="after")
    def _instruments_have_labels(self) -> Self:
        if "instruments" in self.tasks and not self.instruments:
            raise ValueError("instruments='' must name a label space, of which the task of that name learns")
        return self

    def epochs_of(self, task: str) -> int:
        """Return how many times a network learns from its training tracks at most."""
        return EPOCHS[task] if self.epochs is None else self.epochs
