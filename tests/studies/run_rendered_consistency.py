"""Kim 2021, chapter 4, with all of its tasks: `python -m tests.studies.run_rendered_consistency REPORT.html`.

640 clips rendered from real scores: networks of a quarter's width for auto-tagging, for instruments, as
autoencoder, and to tell the melody from its accompaniment, which lie apart for 40 of the clips. Data, sound,
trainings and what is measured stay in the cache folder, and are taken as they are. Whatever follows the
report goes to `taglab reproduce consistency`, such as `--epochs 40`.
"""

import sys
import tempfile
from pathlib import Path

import pandas as pd

from taglab.audio.library import audio_names
from taglab.labels import label_space_names
from taglab.sources import folksonomy_names
from tests.studies.run_rendered_scores import FOLDER, NAME, add_tags, run_taglab

WITH_MELODY, INSTRUMENTS = "rendered-melody", "rendered-instruments"
LEAST_CLIPS = 36


def run(report: str, *words: str) -> None:
    """Prepare what is missing, carry out the study, and write its report."""
    if NAME not in folksonomy_names():
        add_tags()
    if WITH_MELODY not in audio_names():
        stems = pd.read_csv(FOLDER / "stems.csv")
        with tempfile.TemporaryDirectory() as scratch:
            for clip, melody in zip(stems["clip"], stems["melody"], strict=True):
                (Path(scratch) / f"{clip}.flac").symlink_to((FOLDER / "stems" / melody).resolve())
            run_taglab(
                "audio", "add", str(FOLDER / "clips"), "--name", WITH_MELODY, "--data", NAME,
                "--stem", f"melody={scratch}",
            )  # fmt: skip
    if INSTRUMENTS not in label_space_names():
        tags = pd.read_csv(FOLDER / "tag_info.csv").query("kind == 'instrument' and clips >= @LEAST_CLIPS")
        run_taglab("labels", "make", "tags", "--data", NAME, "--name", INSTRUMENTS, *tags["tag"])
    run_taglab(
        "reproduce", "consistency", "--data", NAME, "--audio", WITH_MELODY, "--stem", "melody",
        "--tasks", "auto-tagging,instruments,autoencoder,voice-separation", "--instruments", INSTRUMENTS,
        "--clips", "100", "--report", report, *words,
    )  # fmt: skip


if __name__ == "__main__":
    run(*(sys.argv[1:] or ["report.html"]))
