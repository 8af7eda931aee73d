"""A small network on real music against the baseline: `python -m tests.studies.run_emotify_proof`.

The network of the first split is trained from the Training page in a real browser, those of the others by the
command that the page's launcher runs. All have the preset `small-music`, which was chosen by the validation
parts alone; the baseline learns from the same training part and is tuned on the same validation part. Some
minutes on two cores. The runs stay in the cache folder, and what is trained already is taken as it is.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from taglab import cache, sources
from taglab.audio.library import add_audio, audio_names, find_files
from taglab.labels import from_top_tags, label_space_names, save_label_space
from taglab.metrics.intervals import BootstrapSettings, Interval
from taglab.runs import Run, open_run, run_names
from taglab.sources.table import TableSettings
from taglab.studies.against_baseline import AgainstBaseline, against_baseline
from taglab.training import is_finished, new_run, preset
from tests.browser.conftest import CHROMIUM_ARGUMENTS, sign_in, start_server
from tests.studies.emotify import LEAST_SHARE, emotify_folder, write_tags

NAME, PRESET = "emotify", "small-music"
_LONG_MS = 1_800_000


def prepare() -> None:
    """Put tags, sound and label space into the cache folder, where they are missing."""
    folder = emotify_folder()
    if NAME not in sources.folksonomy_names():
        with tempfile.TemporaryDirectory() as scratch:
            table = Path(scratch) / "emotify.csv"
            write_tags(folder / "annotations.csv", table)
            sources.add("table", table, NAME, TableSettings(min_weight=LEAST_SHARE))
    if NAME not in label_space_names():
        data = sources.open_folksonomy(NAME)
        save_label_space(from_top_tags(data, data.n_tags, NAME), None)
    if NAME not in audio_names():
        add_audio(find_files(folder / "audio"), NAME)


def train_from_page(scratch: Path) -> None:
    """Press the button of the Training page in Chromium, and watch the run to its end."""
    from playwright.sync_api import sync_playwright

    process, url = start_server(cache.home(), scratch / "server.log")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS
            )
            page = browser.new_page(viewport={"width": 1400, "height": 1700})
            sign_in(page.context, url)
            page.goto(f"{url}/training?data={NAME}&labels={NAME}&audio={NAME}&preset={PRESET}")
            page.get_by_role("button", name="Start training").click(timeout=60_000)
            page.get_by_text("held-out test: AUC-PR exact macro").wait_for(timeout=_LONG_MS)
            browser.close()
    finally:
        process.terminate()
        process.wait(20)


def runs_by_split(splits: int) -> list[Run]:
    """Return the finished runs of the first splits, trained where they are not yet."""
    found = {}
    for run in map(open_run, run_names()):
        asked = run.config.get("train", {})
        if run.config.get("data") == NAME and is_finished(run):
            found[asked["split_seed"]] = run
    for split in range(splits):
        if split not in found:
            seeds = {"split_seed": split, "seed": split}
            config = preset(PRESET, {"data": NAME, "labels": NAME, "audio": NAME, "train": seeds})
            found[split] = new_run(config)
            command = [sys.executable, "-P", "-m", "taglab", "train", found[split].name]
            subprocess.run(command, check=True)
    return [found[split] for split in range(splits)]


def told(found: AgainstBaseline) -> str:
    """Return the comparison as text."""

    def line(name: str, intervals: dict[str, Interval]) -> str:
        sides = (
            f"{side} {value.estimate:.3f} [{value.low:.3f}, {value.high:.3f}]"
            for side, value in intervals.items()
        )
        return f"{name}: {', '.join(sides)}, p {intervals['difference'].p:.4f}"

    return "\n".join(
        [
            found.by_run.round(3).to_string(index=False),
            found.by_class.round(3).to_string(index=False),
            line("over tracks", dict(found.tracks)),
            line("over splits", dict(found.splits)),
            line("over splits, corrected", dict(found.corrected)),
            "",
        ]
    )


def main() -> None:
    """Train what is missing, and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=5, help="how many (default: 5)")
    args = parser.parse_args()
    prepare()
    if not any(open_run(name).config.get("data") == NAME for name in run_names()):
        with tempfile.TemporaryDirectory() as scratch:
            train_from_page(Path(scratch))
    found = against_baseline(runs_by_split(args.splits), BootstrapSettings(replicates=5000))
    sys.stdout.write(told(found))


if __name__ == "__main__":
    main()
