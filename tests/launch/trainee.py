"""Stands in for training: counts epochs into a file of the run's folder, and goes on where it stopped.

`python trainee.py FOLDER EPOCHS SECONDS [fail|children|deaf|silent|waits]`

One that waits ends when there is a file `enough` in its folder.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from taglab.runs.status import Heartbeat

SLEEPER = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def train(folder: Path, epochs: int, seconds: float, how: str) -> None:
    done = folder / "epochs.txt"
    print("training begins", flush=True)
    if how == "children":
        for _ in range(2):
            subprocess.Popen([sys.executable, "-S", "-c", SLEEPER])
    if how == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    first = len(done.read_text().split()) if done.exists() else 0
    for epoch in range(first, epochs):
        time.sleep(seconds)
        if how == "fail":
            raise ValueError("loss=nan at step 3 must be finite; try a smaller learning rate")
        with done.open("a") as file:
            file.write(f"{epoch}\n")
    while how == "waits" and not (folder / "enough").exists():
        time.sleep(0.05)
    span = folder.parent.parent / "spans.txt"
    with span.open("a") as file:
        file.write(f"{folder.name} {os.environ.get('CUDA_VISIBLE_DEVICES')}\n")


if __name__ == "__main__":
    place, n_epochs, each_s, mode = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    if mode == "silent":  # without a word of how it goes
        train(place, n_epochs, each_s, mode)
    else:
        with Heartbeat(place, every_s=0.5):
            train(place, n_epochs, each_s, mode)
