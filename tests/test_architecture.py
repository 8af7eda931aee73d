"""The layers of the README's picture, held against the imports the code really has."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.syntax_trees import syntax_tree, syntax_tree_of

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    {"dropped", "errors", "progress", "reprs", "suffixes"},
    {
        "archives",
        "cache",
        "compiling",
        "crossfilter",
        "encodings",
        "gate",
        "parallel",
        "paths",
        "settings",
        "spreadsheets",
    },
    {"beside", "folksonomy", "interactions", "targets", "vectors"}
    | {"outcomes", "losses", "metrics", "figures"},
    {"labels", "sources", "split", "cleaning", "cooccurrence", "audio"},
    {"embeddings", "clustering", "projection", "nets", "batches", "runs"},
    {"factors"},
    {"compare", "genres", "joint_space", "recommend", "training"},
    {"encoders", "launch"},
    {"studies", "benchmarks"},
    {"verbs"},
    {"ui", "cli"},
]
LAYER_OF = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
MODULES = sorted((ROOT / "taglab").rglob("*.py"))


@functools.cache
def imported_modules(path: Path) -> frozenset[str]:
    """Every module a file imports, anywhere in it."""
    return frozenset(_imported_modules(path))


def _imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(syntax_tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports absolutely"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names) if module == "taglab" else (module,)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "taglab").parts[0].removesuffix(".py")


ROOMS = {room: [path for path in MODULES if room_of(path) == room] for room in map(room_of, MODULES)}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_down(room: str) -> None:
    names = {name for path in ROOMS[room] for name in imported_modules(path)}
    rooms = {name.split(".")[1] for name in names if name.startswith("taglab.")}
    rooms -= {room, "__version__"}
    if room == "__init__":  # which offers what the rooms have, without importing them before it is asked for
        assert not rooms & {"ui", "cli", "verbs"}
        return
    if room == "__main__":
        assert rooms <= {"cli"}
        return
    upward = {other for other in rooms if LAYER_OF[other] >= LAYER_OF[room]}
    assert not upward, f"{room} (layer {LAYER_OF[room]}) imports {upward}"


def importing(modules: set[str]) -> set[Path]:
    """Files that import one of some libraries."""
    roots = {path: {name.split(".")[0] for name in imported_modules(path)} for path in MODULES}
    return {path for path, names in roots.items() if names & modules}


def test_streamlit_stays_in_the_user_interface() -> None:
    assert {room_of(path) for path in importing({"streamlit"})} == {"ui"}


def test_nothing_is_unpickled_or_run_through_a_shell() -> None:
    assert not importing({"pickle", "cloudpickle", "dill", "shelve", "marshal"})
    unsafe = r"allow_pickle\s*=\s*True|weights_only\s*=\s*False|shell\s*=\s*True|read_pickle"
    assert [path for path in MODULES if re.search(unsafe, path.read_text(encoding="utf-8"))] == []


def test_top_level_is_as_it_should_be() -> None:
    allowed = {"README.md", "pyproject.toml", "app.py", "pages", "taglab", "cache", "tests"}
    ignored = {"build", "dist"}
    found = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}
    assert {name for name in found if not name.endswith(".egg-info")} - ignored == allowed


# Words that fit anything, and so say nothing of what a name holds. Where a room is listed, no more names may
# have such a word than it has left; where it is not, none may. A ceiling is only ever lowered.
VAGUE = {"found", "each", "made", "said", "told"}
VAGUE_LEFT: dict[str, int] = {
    "archives": 1,
    "audio": 10,
    "batches": 2,
    "benchmarks": 14,
    "cli": 26,
    "compare": 26,
    "cooccurrence": 2,
    "embeddings": 21,
    "folksonomy": 1,
    "metrics": 22,
    "projection": 7,
    "runs": 23,
    "settings": 3,
    "sources": 16,
    "studies": 138,
    "training": 37,
    "ui": 171,
    "verbs": 1,
}


def given_names(tree: ast.Module) -> Iterator[str]:
    """Every name that is assigned, taken as an argument, or given to a function or class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def vague_names(room: str) -> list[str]:
    """Names of a room that have such a word among their parts; `made_by` is what a record is called."""
    names = (name for path in ROOMS[room] for name in given_names(syntax_tree_of(path)))
    return [name for name in names if VAGUE & set(name.lower().split("_")) and name != "made_by"]


@pytest.mark.parametrize("room", ROOMS)
def test_names_say_what_they_hold(room: str) -> None:
    names = vague_names(room)
    assert len(names) <= VAGUE_LEFT.get(room, 0), sorted(set(names))


def test_vague_names_are_seen_wherever_they_are_given() -> None:
    text = "class Made:\n  def _said(self, each, *, found=1):\n    self.told = [x for made_up in found]"
    assert [name for name in given_names(syntax_tree(text)) if VAGUE & set(name.lower().split("_"))] == [
        *("Made", "_said", "each", "found", "told", "made_up"),
    ]
