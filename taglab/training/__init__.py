"""Training a tagger: what is asked, the loop, and what came of it, kept in a run."""

from taglab.training.config import RunConfig, TrainConfig, differing, run_config, train_choices
from taglab.training.devices import DeviceReport, device_report, make_fabric
from taglab.training.divergence import Diverged
from taglab.training.evaluation import Heard, Judged, hear, judge
from taglab.training.loop import Fitted, fit, training_step
from taglab.training.pace import Pace, measured_pace
from taglab.training.presets import PRESETS, merged, preset
from taglab.training.running import (
    DryRun,
    configuration,
    dry_run,
    is_finished,
    material_of,
    new_run,
    predict,
    train,
)
from taglab.training.step import TrainingStep
from taglab.training.tagging import Hearing, Tagging, hearing_of, tag_sound

__all__ = [
    "PRESETS",
    "DeviceReport",
    "Diverged",
    "DryRun",
    "Fitted",
    "Heard",
    "Hearing",
    "Judged",
    "Pace",
    "RunConfig",
    "Tagging",
    "TrainConfig",
    "TrainingStep",
    "configuration",
    "device_report",
    "differing",
    "dry_run",
    "fit",
    "hear",
    "hearing_of",
    "is_finished",
    "judge",
    "make_fabric",
    "material_of",
    "measured_pace",
    "merged",
    "new_run",
    "predict",
    "preset",
    "run_config",
    "tag_sound",
    "train",
    "train_choices",
    "training_step",
]
