"""The README names what there is, and its Python runs."""

import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from taglab import sources
from taglab.audio.degrade import DEGRADATIONS
from taglab.batches import CROP_TARGETS, SAMPLERS
from taglab.benchmarks import BENCHMARKS
from taglab.cleaning import CLEANING_STEPS
from taglab.cli import main
from taglab.cli.commands import build_parser
from taglab.cli.main import _with_command
from taglab.clustering import CLUSTERERS
from taglab.factors import TARGETS
from taglab.genres import SUBGENRES
from taglab.labels import open_label_space
from taglab.launch import LAUNCHERS
from taglab.losses import LOSSES
from taglab.nets import HEADS, NETWORKS
from taglab.projection import PROJECTIONS
from taglab.recommend import RECOMMENDERS
from taglab.recommend.explain import EXPLAINERS
from taglab.runs import published_names, run_names
from taglab.sources import SOURCES
from taglab.studies.thesis.recipes import RECIPES
from taglab.studies.transfer import TASKS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


DICTIONARIES: dict[str, Mapping[str, object]] = {
    "SOURCES": SOURCES,
    "CLUSTERERS": CLUSTERERS,
    "PROJECTIONS": PROJECTIONS,
    "CLEANING_STEPS": CLEANING_STEPS,
    "SUBGENRES": SUBGENRES,
    "TARGETS": TARGETS,
    "NETWORKS": NETWORKS,
    "HEADS": HEADS,
    "LOSSES": LOSSES,
    "SAMPLERS": SAMPLERS,
    "DEGRADATIONS": DEGRADATIONS,
    "CROP_TARGETS": CROP_TARGETS,
    "LAUNCHERS": LAUNCHERS,
    "RECIPES": RECIPES,
    "TASKS": TASKS,
    "RECOMMENDERS": RECOMMENDERS,
    "EXPLAINERS": EXPLAINERS,
    "BENCHMARKS": BENCHMARKS,
}


@pytest.mark.parametrize("name", DICTIONARIES)
def test_how_many_of_a_kind_there_are_is_true(name: str) -> None:
    assert re.findall(rf"`{name}` \((\d+)\)", README) == [str(len(DICTIONARIES[name]))]


def test_the_number_of_published_results_is_true() -> None:
    assert f" {len(published_names())} printed results" in " ".join(README.split())


def test_the_picture_of_the_first_screen_is_there_and_small() -> None:
    (path,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    picture = ROOT / path
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 300_000


def test_it_is_still_read_in_one_go() -> None:
    assert len(README.splitlines()) < 300


def commands() -> set[str]:
    """The commands that `taglab --help` lists."""
    shown = subprocess.run(
        [sys.executable, "-m", "taglab", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    listed = shown.split("commands:")[1].split("examples:")[0]
    return set(re.findall(r"^ {4}([a-z-]+)", listed, flags=re.MULTILINE))


def test_every_command_that_is_named_is_there() -> None:
    named = set(re.findall(r"`taglab ([a-z][a-z-]*)", README))
    named |= {words[0] for words in shell_lines() if words}
    assert len(named) > 10
    assert named <= commands()


def shell_lines() -> list[list[str]]:
    """The arguments of every `taglab` command in the README's blocks, in order."""
    blocks = re.findall(r"^ {4}(\S.*)$", README.split("## How it is built")[0], flags=re.MULTILINE)
    parts = (shlex.split(part) for line in blocks for part in line.split("&&"))
    return [words[1:] for words in parts if words[0] == "taglab"]


def test_every_line_of_shell_is_understood() -> None:
    lines = shell_lines()
    assert len(lines) > 10
    for argv in lines:
        args = build_parser().parse_args(_with_command(list(argv)))
        assert callable(args.run), argv


def prepare_files(folder: Path) -> None:
    """Write what the README's lines read, small: the demo's tags, vectors of its words, sound of a few."""
    demo = sources.open_folksonomy("demo")
    pairs = demo.matrix.tocoo()
    tags, tracks = demo.tags["tag"].to_numpy(), demo.tracks["track"].to_numpy()
    rows = pd.DataFrame({"track": tracks[pairs.row], "tag": tags[pairs.col]})
    rows.to_csv(folder / "my_tags.csv", index=False)
    words = sorted({word for tag in tags for word in tag.split()})
    positions = np.random.default_rng(0).normal(size=(len(words), 200))
    lines = (
        f"{word} " + " ".join(map(str, row)) for word, row in zip(words, positions.round(3), strict=True)
    )
    (folder / "glove.6B.200d.txt").write_text("\n".join(lines), encoding="utf-8")
    (folder / "songs").mkdir()
    for number, track in enumerate(tracks[:120]):
        tone = np.sin(np.arange(16_000 * 4) * (0.02 + 0.001 * number))
        soundfile.write(folder / "songs" / f"{track}.wav", 0.3 * tone, 16_000)


def test_the_lines_from_tags_to_a_run_do_what_they_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    needs_more = {"lastfm", "jamendo", "RUN"}  # published files, and a run that was trained to its end
    walked = [argv for argv in shell_lines() if argv and not needs_more & set(argv)]
    assert [argv[0] for argv in walked] == [
        *("data", "vectors", "audio", "clean", "clean", "cluster", "dry-run", "train"),
    ]
    for argv in walked:
        assert main(argv) == 0, (argv, capsys.readouterr().err)
    space, _ = open_label_space("classes")
    assert len(space) == 100
    (run,) = run_names()
    assert f"`taglab launch {run}` trains it" in capsys.readouterr().err


def test_every_room_is_in_the_picture() -> None:
    picture = README.split("    taglab/\n")[1].split("\n    cache/ ")[0]
    drawn = set(re.findall(r"^ {6}(\w+)", picture, flags=re.MULTILINE))
    rooms = {path.stem for path in (ROOT / "taglab").glob("[a-z]*") if path.suffix in ("", ".py")}
    assert drawn == rooms


def test_every_layer_is_as_in_the_architecture_test() -> None:
    from tests.test_architecture import LAYER_OF

    picture = README.split("    taglab/\n")[1].split("\n    cache/ ")[0]
    drawn = {
        room: int(layer) for room, layer in re.findall(r"^ {6}(\w+).* (\d+)$", picture, flags=re.MULTILINE)
    }
    assert drawn
    assert all(LAYER_OF[room] == layer for room, layer in drawn.items())


def test_every_page_is_there() -> None:
    pages = {page.stem for page in (ROOT / "pages").glob("*.py")}
    assert {name.lower() for name in re.findall(r"^\| \*(\w+)\* \|", README, flags=re.MULTILINE)} == pages


def test_python_runs() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    namespace: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), namespace)  # noqa: S102
    assert namespace["targets"].shape == (1200, 20)  # type: ignore[attr-defined]
