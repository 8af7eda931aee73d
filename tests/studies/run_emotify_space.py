"""The joint space on real music: `python -m tests.studies.run_emotify_space REPORT.html`.

Emotify's 300 excerpts, without artists, with 13 tags: four genres and nine emotions. Tables of tags only, and
small ones; some minutes on two cores. Data, sound, features and trainings stay in the cache folder, and are
taken as they are.
"""

import sys
import tempfile
from pathlib import Path

from taglab.audio.library import add_audio, audio_names, find_files
from taglab.cli import main
from taglab.sources import add, folksonomy_names
from taglab.sources.table import TableSettings
from taglab.vectors import feature_names
from tests.studies.emotify import LEAST_SHARE, emotify_folder, write_tags

NAME, CODES = "emotify", "emotify-codes"
SPLIT = ("--data", NAME, "--split-train", "0.5", "--split-validation", "0.2", "--split-test", "0.3")


def _taglab(*words: str) -> None:
    if code := main([*words]):
        sys.exit(code)


def _prepare() -> None:
    """Put tags, sound and features into the cache folder, where they are missing."""
    folder = emotify_folder()
    if NAME not in folksonomy_names():
        with tempfile.TemporaryDirectory() as scratch:
            table = Path(scratch) / "emotify.csv"
            write_tags(folder / "annotations.csv", table)
            add("table", table, NAME, TableSettings(min_weight=LEAST_SHARE))
    if NAME not in audio_names():
        add_audio(find_files(folder / "audio"), NAME)
    if CODES not in feature_names():
        _taglab("features", "encode", "mfcc-codebook", "--name", CODES, "--audio", NAME, *SPLIT)


def run(report: str) -> None:
    """Prepare what is missing, carry out the study, and write its report."""
    _prepare()
    sizes = ("--members", "1,2,4", "--wider", "200")
    _taglab("reproduce", "joint-space", "--features", CODES, *SPLIT, *sizes, "--report", report)


if __name__ == "__main__":
    run(sys.argv[1] if len(sys.argv) > 1 else "report.html")
