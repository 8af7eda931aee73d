"""What this machine can train on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import streamlit as st

from taglab.launch.devices import local_gpus
from taglab.training.devices import DeviceReport, device_report
from taglab.ui.remembered import remembered

_ASK = (
    "import dataclasses, json; from taglab.training.devices import device_report; "
    "print(json.dumps(dataclasses.asdict(device_report())))"
)
_WITHIN_S = 120.0
_FRESH_S = 600


@remembered("one", ttl_s=_FRESH_S, spinner="Looking for a GPU")
def device() -> DeviceReport:
    """Return what would be trained on here.

    A GPU is asked by a process of its own: a driver once initialised keeps some of its memory.
    """
    if not local_gpus():
        return device_report()
    try:
        asked = subprocess.run(  # noqa: S603  # an argument list, of our own making
            [sys.executable, "-P", "-c", _ASK], capture_output=True, text=True, timeout=_WITHIN_S, check=True
        )
        return DeviceReport(**json.loads(asked.stdout.splitlines()[-1]))
    except (subprocess.SubprocessError, ValueError, TypeError, IndexError):
        return DeviceReport("GPU", "a GPU that does not answer", len(local_gpus()), 0.0, os.cpu_count() or 1)


def show_device() -> None:
    """Say what it would be trained on."""
    found = device()
    icon = ":material/memory:" if found.kind == "GPU" else ":material/developer_board:"
    st.caption(f"{icon} {found.sentence}")
