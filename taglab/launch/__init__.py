"""Launching runs: on this machine or a SLURM cluster, in a queue, watched through what is on disk."""

from taglab.launch.launcher import Launcher
from taglab.launch.launching import (
    LAUNCHERS,
    QueueRow,
    last_settings,
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
from taglab.launch.state import RESUMABLE, RunState

__all__ = [
    "ALLOW_LAUNCH",
    "LAUNCHERS",
    "RESUMABLE",
    "LaunchSettings",
    "Launcher",
    "QueueRow",
    "RunState",
    "follow_log",
    "last_settings",
    "may_launch",
    "queue",
    "resume",
    "state",
    "states",
    "stop",
    "submit",
    "train_command",
]
