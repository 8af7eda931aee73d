"""Which GPUs this machine can give to runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_COUNT = "import torch; print(torch.cuda.device_count() if torch.cuda.is_available() else 0)"
_COUNT_WITHIN_S = 120.0
_SIGNS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # of an NVIDIA or AMD driver, or of Windows beneath Linux
CPU = "cpu"


def local_gpus() -> tuple[str, ...]:
    """Return the GPUs torch can use here, as CUDA_VISIBLE_DEVICES names them.

    torch is asked in a process of its own: its import takes seconds and memory, and a driver once
    initialised holds on to the GPU.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None and named.strip() in ("", "-1"):
        return ()
    if not (shutil.which("nvidia-smi") or any(Path(sign).exists() for sign in _SIGNS)):
        return ()
    try:
        asked = subprocess.run(  # noqa: S603  # an argument list, of our own making
            [sys.executable, "-P", "-c", _COUNT],
            capture_output=True,
            text=True,
            timeout=_COUNT_WITHIN_S,
            check=True,
        )
        count = int(asked.stdout.split()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError):
        return ()
    names = named.split(",") if named else [str(number) for number in range(count)]
    return tuple(name.strip() for name in names[:count])
