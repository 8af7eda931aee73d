"""The joint space on rendered scores: `python -m tests.studies.run_rendered_scores REPORT.html`.

640 clips of 12 s, 32 artists, tags with misspellings and junk; pieces of the test part are in no other part.
Some ten minutes on two cores, 48 trainings. Data, sound and features stay in the cache folder, and are taken
as they are.
"""

import sys
import tempfile
from pathlib import Path

import pandas as pd

from taglab.audio.library import audio_names
from taglab.cli import main
from taglab.sources import folksonomy_names
from taglab.vectors import feature_names

FOLDER = Path(__file__).resolve().parents[2] / "../shared/data/scores-rendered"
NAME, CODES = "rendered-scores", "rendered-scores-codes"


def run_taglab(*words: str) -> None:
    """Run a command of taglab; leave where it fails."""
    if code := main([*words]):
        sys.exit(code)


def add_tags() -> None:
    """Put the clips' tags and published split into the cache folder."""
    clips = pd.read_csv(FOLDER / "clips.csv")[["clip", "artist", "title", "split"]]
    tags = pd.read_csv(FOLDER / "tags.csv").merge(clips, on="clip").rename(columns={"clip": "track"})
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "tags.csv"
        tags.to_csv(table, index=False)
        run_taglab("data", "add", "table", str(table), "--name", NAME)


def run(report: str) -> None:
    """Prepare what is missing, carry out the study, and write its report."""
    if not FOLDER.is_dir():
        sys.exit(f"{FOLDER} is not there")
    if NAME not in folksonomy_names():
        add_tags()
    if NAME not in audio_names():
        run_taglab("audio", "add", str(FOLDER / "clips"), "--name", NAME, "--data", NAME)
    of_split = ("--data", NAME, "--split-published")
    if CODES not in feature_names():
        run_taglab("features", "encode", "mfcc-codebook", "--name", CODES, "--audio", NAME, *of_split)
    run_taglab("reproduce", "joint-space", "--features", CODES, *of_split, "--report", report)


if __name__ == "__main__":
    run(sys.argv[1] if len(sys.argv) > 1 else "report.html")
