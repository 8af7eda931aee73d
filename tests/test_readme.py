"""The README names what there is, and its Python runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from taglab.clustering import CLUSTERERS
from taglab.genres import SUBGENRES
from taglab.launch import LAUNCHERS
from taglab.nets import NETWORKS
from taglab.projection import PROJECTIONS
from taglab.sources import SOURCES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


DICTIONARIES = [SOURCES, CLUSTERERS, PROJECTIONS, SUBGENRES, NETWORKS, LAUNCHERS]


@pytest.mark.parametrize("names", DICTIONARIES, ids=repr)
def test_every_name_of_a_dictionary_is_there(names: dict[str, object]) -> None:
    assert [name for name in names if f"`{name}`" not in README] == []


def commands() -> set[str]:
    """The commands that `taglab --help` lists."""
    shown = subprocess.run(
        [sys.executable, "-m", "taglab", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    listed = shown.split("commands:")[1].split("examples:")[0]
    return set(re.findall(r"^ {4}([a-z-]+)", listed, flags=re.MULTILINE))


def test_every_command_is_there() -> None:
    named = set(re.findall(r"`taglab ([a-z-]+)", README))
    assert commands() == named


def test_every_room_is_in_the_picture() -> None:
    picture = README.split("    taglab/\n")[1].split("    cache/ ")[0]
    drawn = set(re.findall(r"^ {6}(\w+)", picture, flags=re.MULTILINE))
    rooms = {path.stem for path in (ROOT / "taglab").glob("[a-z]*") if path.suffix in ("", ".py")}
    assert drawn == rooms


def test_every_layer_is_as_in_the_architecture_test() -> None:
    from tests.test_architecture import LAYER_OF

    picture = README.split("    taglab/\n")[1].split("    cache/ ")[0]
    drawn = {
        room: int(layer) for room, layer in re.findall(r"^ {6}(\w+).* (\d)$", picture, flags=re.MULTILINE)
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
