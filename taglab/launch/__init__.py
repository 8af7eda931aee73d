"""Launching runs: on this machine or a SLURM cluster, in a queue, watched through what is on disk."""

from taglab.launch.kinds import RUN_KINDS, RunKind, kind_of, train_run
from taglab.launch.launcher import Launcher
from taglab.launch.launching import (
    LAUNCHERS,
    QueueRow,
    last_settings,
    own_command,
    queue,
    resume,
    state,
    states,
    stop,
    submit,
    train_command,
)
from taglab.launch.log import follow_log
from taglab.launch.permission import ALLOW_LAUNCH, may_launch
from taglab.launch.settings import LaunchSettings
from taglab.launch.slurm import submit_array
from taglab.launch.state import RESUMABLE, RunState

__all__ = [
    "ALLOW_LAUNCH",
    "LAUNCHERS",
    "RESUMABLE",
    "RUN_KINDS",
    "LaunchSettings",
    "Launcher",
    "QueueRow",
    "RunKind",
    "RunState",
    "follow_log",
    "kind_of",
    "last_settings",
    "may_launch",
    "own_command",
    "queue",
    "resume",
    "state",
    "states",
    "stop",
    "submit",
    "submit_array",
    "train_command",
    "train_run",
]
