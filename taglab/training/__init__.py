"""Training a tagger: what is asked, the loop, and what came of it, kept in a run."""

from taglab.training.config import (
    RunConfig,
    TrainConfig,
    as_of_today,
    differing,
    run_config,
)
from taglab.training.devices import DeviceReport, device_report, make_fabric
from taglab.training.divergence import Diverged
from taglab.training.dry_running import DryRun, dry_run
from taglab.training.encoding import Segments, encode, encode_segments, predicted_targets
from taglab.training.evaluation import Evaluation, PartPredictions, evaluate, predict_part
from taglab.training.loop import Fitted, fit, training_step
from taglab.training.pace import Pace, measured_pace
from taglab.training.presets import PRESETS, merged, preset, settings_over
from taglab.training.running import (
    configuration,
    is_finished,
    material_of,
    new_run,
    predict,
    train,
)
from taglab.training.step import TrainingStep
from taglab.training.tagging import SoundFormat, Tagging, sound_format_of, tag_sound
from taglab.training.tasks import Task, heads_of, tagging_task, task_of

__all__ = [
    "PRESETS",
    "DeviceReport",
    "Diverged",
    "DryRun",
    "Evaluation",
    "Fitted",
    "Pace",
    "PartPredictions",
    "RunConfig",
    "Segments",
    "SoundFormat",
    "Tagging",
    "Task",
    "TrainConfig",
    "TrainingStep",
    "as_of_today",
    "configuration",
    "device_report",
    "differing",
    "dry_run",
    "encode",
    "encode_segments",
    "evaluate",
    "fit",
    "heads_of",
    "is_finished",
    "make_fabric",
    "material_of",
    "measured_pace",
    "merged",
    "new_run",
    "predict",
    "predict_part",
    "predicted_targets",
    "preset",
    "run_config",
    "settings_over",
    "sound_format_of",
    "tag_sound",
    "tagging_task",
    "task_of",
    "train",
    "training_step",
]
