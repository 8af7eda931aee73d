"""What `import taglab` offers, how values show themselves, and the examples in docstrings."""

import dataclasses
import doctest
import importlib
import pydoc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import taglab
from taglab.reprs import one_line

ROOT = Path(taglab.__file__).parent
MODULES = [
    ".".join(("taglab", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(ROOT.rglob("*.py"))
    if path.name != "__main__.py"
]


def examples_in(name: str) -> int:
    """How many examples a module's text holds."""
    source = Path(importlib.util.find_spec(name).origin)  # type: ignore[union-attr, arg-type]
    return source.read_text(encoding="utf-8").count(">>> ")


@pytest.mark.parametrize("name", [name for name in MODULES if examples_in(name)])
def test_examples_of_docstrings_do_what_they_show(name: str) -> None:
    tried = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert tried.attempted == examples_in(name)  # doctest sees into no cached property, for one
    assert not tried.failed


@pytest.mark.parametrize("name", taglab.__all__)
def test_what_is_offered_is_what_its_room_has(name: str) -> None:
    room, _, there = taglab._ROOMS[name].partition(".")
    offered = getattr(taglab, name)
    assert offered is getattr(importlib.import_module(f"taglab.{room}"), there or name)
    assert offered.__doc__


def test_everything_offered_is_listed_once() -> None:
    assert sorted(taglab._ROOMS) == sorted(taglab.__all__) == sorted(set(taglab.__all__))
    assert set(taglab.__all__) <= set(dir(taglab))
    with pytest.raises(AttributeError, match="no attribute 'no_such_thing'"):
        taglab.no_such_thing  # noqa: B018
    assert taglab.__version__


def test_importing_taglab_imports_none_of_its_rooms() -> None:
    show = "import sys, taglab; print(sorted({'numpy', 'pandas', 'taglab.folksonomy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


WITH_TORCH = (
    "audio.cells", "audio.descriptors", "audio.kept_mels", "audio.mels", "audio.mfcc", "audio.spectra",
    "batches", "benchmarks.encoding",
    "benchmarks.gpu",
    "benchmarks.joint_space", "benchmarks.loading", "benchmarks.sources", "benchmarks.training",
    "encoders", "joint_space", "losses", "nets", "studies.against_baseline", "studies.baseline",
    "studies.artist_groups", "studies.design.training", "studies.joint_space", "studies.robustness",
    "studies.thesis", "studies.transfer", "training", "ui.compare.thesis", "ui.representations",
    "ui.retrieval", "ui.robustness", "ui.training", "verbs.design_runs", "verbs.features",
    "verbs.first_features", "verbs.first_space", "verbs.joint_space", "verbs.joint_space_study",
    "verbs.joint_space_words",
    "recommend.checkpoints", "recommend.learning", "recommend.networks", "recommend.training",
    "studies.sources.drawn", "studies.sources.places", "studies.sources.report", "studies.sources.study",
    "studies.sources.tables",
    "studies.explanations.taggers", "ui.explanations.views", "verbs.explaining_taggers",
    "verbs.sources_study",
    "verbs.artist_groups_study", "verbs.consistency_shares", "verbs.consistency_study",
    "verbs.label_robustness",
    "verbs.predicting", "verbs.robustness", "verbs.sources", "verbs.spectra", "verbs.studies", "verbs.sweeps",
    "verbs.training", "verbs.transfer",
)  # fmt: skip
WITHOUT_TORCH = """
import importlib, importlib.abc, sys

class NotInstalled(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchaudio", "lightning_fabric"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_what_trains_no_network_is_imported_where_torch_is_not_installed() -> None:
    rooms = tuple(f"taglab.{room}" for room in WITH_TORCH)
    names = [
        name
        for name in MODULES
        if not (name in rooms or name.startswith(tuple(f"{room}." for room in rooms)))
    ]
    assert {"taglab.metrics.swaps", "taglab.figures.clusters", "taglab.clustering.kmeans"} < set(names)
    subprocess.run([sys.executable, "-c", WITHOUT_TORCH, *names], capture_output=True, check=True)


def test_help_begins_with_an_example() -> None:
    shown = pydoc.plain(pydoc.render_doc(taglab))
    assert 'taglab.open_folksonomy("demo")' in shown
    assert "from_frame" in shown


def classes_of(name: str) -> list[type]:
    module = importlib.import_module(name)
    return [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == name]


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[1:2] not in (["ui"], ["cli"])])
def test_no_public_value_shows_all_that_is_in_it(name: str) -> None:
    """Those that are compared by identity hold arrays and tables, which dataclasses would print whole."""
    values = [one for one in classes_of(name) if dataclasses.is_dataclass(one) and one.__name__[0] != "_"]
    values = [one for one in values if not one.__dataclass_params__.eq]
    assert [one.__name__ for one in values if hasattr(one.__repr__, "__wrapped__")] == []


@dataclasses.dataclass(frozen=True, eq=False)
class Example:
    name: str
    array: np.ndarray
    rows: tuple[str, ...]
    inner: object = None
    __repr__ = one_line


def test_a_value_is_shown_on_one_line_however_large_it_is() -> None:
    value = Example("x\ny" * 50, np.zeros((7700, 200)), ("a",) * 99)
    assert repr(value).startswith("<Example name: 'x\\ny")
    assert "array: 7700 × 200, rows: 99>" in repr(value)
    nested = repr(Example("n", np.zeros(3), (), [Example("m", np.zeros(2), ())] * 5))
    assert nested == "<Example name: 'n', array: 3, rows: 0, inner: 5>"
    assert len(repr(Example("y" * 500, np.zeros(1), (), "z" * 500))) < 170


def test_the_main_values_say_what_they_are() -> None:
    tags = ("rock", "pop", "jazz")
    vectors = taglab.TagVectors.from_any(tags, [[1, 0], [0, 1], [0, 0]], "tiny")
    assert repr(vectors) == "<TagVectors tiny: 2 tags, 2 dimensions, 1 tags without, by cosine>"
    clustering = taglab.cluster(vectors, taglab.SphericalKMeans(k=2))
    assert repr(clustering) == "<Clustering spherical-k-means: 2 tags in 2 clusters>"
    space = taglab.from_clusters(clustering.tags, clustering.labels)
    assert repr(space) == "<LabelSpace clusters: 2 classes, 2 tags, 0 edits>"
    scores = np.zeros((1, 2), np.float32)
    predictions = taglab.Predictions(("a",), ("x", "y"), scores.astype(bool), scores)
    assert repr(predictions) == "<Predictions: 1 tracks, 2 classes>"
