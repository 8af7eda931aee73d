"""A stranger adds one of a kind in one file of their own and one line, and meets it wherever the kind is met.

What strangers add lies in `tests/strangers/`. A kind has an entry in `SEAMS`: the dictionary, the stranger's
name and value, the command whose help lists it, and a function that opens the page and returns what can be
chosen.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from taglab import cache, sources
from taglab.clustering import CLUSTERERS
from taglab.embeddings import WordVectors
from taglab.factors import TARGETS
from taglab.losses import LOSSES, bind
from taglab.nets import NETWORKS
from taglab.projection import PROJECTIONS
from taglab.runs import open_run
from taglab.sources import SOURCES
from taglab.studies.transfer import TASKS
from taglab.training import encode, new_run, train
from taglab.vectors import Vectors, save_features
from tests.cli.running import Shell
from tests.pages.framed import open_page
from tests.pages.test_data import small
from tests.strangers import clusterer, data_set, loss, network, projection, target_maker, task
from tests.training.examples import N_TRACKS, config_of, make_world


@dataclass(frozen=True)
class Seam:
    """A kind of which strangers add one.

    Attributes:
        dictionary: Where it is registered.
        name: What the stranger calls theirs.
        entry: What they register.
        command: Its help lists the name.
        title: What a page calls it.
        choices: Opens the page and returns what can be chosen there, as people read it.
    """

    dictionary: Mapping[str, Any]
    name: str
    entry: Any
    command: tuple[str, ...]
    title: str
    choices: Callable[[], list[str]]


def _kinds_of_data() -> list[str]:
    app = open_page("data").run()
    app.button(key="add data").click().run()
    return list(app.selectbox(key="new data source").options)


def _makers_of_targets() -> list[str]:
    app = open_page("data", targets="true").run()
    return list(app.selectbox(key="targets maker").options)


def _tasks() -> list[str]:
    return list(open_page("representations").run().multiselect(key="task").options)


def _clusters_page(**url: str) -> AppTest:
    tags = list(small().tags["tag"])
    vectors = np.random.default_rng(0).normal(size=(len(tags), 6)).astype(np.float32)
    WordVectors("axes", tuple(tags), vectors).save(cache.Shelf(cache.VECTORS).path("axes"))
    app = open_page("clusters", vectors="axes", min_count="1", **{"map": "PCA", **url}).run()
    assert not app.exception
    return app


def _maps() -> list[str]:
    return list(_clusters_page().segmented_control(key="map").options)


def _methods() -> list[str]:
    return list(_clusters_page().selectbox(key="method").options)


def _networks() -> list[str]:
    return list(open_page("training", view="New run").run().selectbox(key="network").options)


def _losses() -> list[str]:
    app = open_page("training", view="New run").run()
    return next(list(box.options) for box in app.selectbox if str(box.key).endswith(" loss"))


SEAMS = {
    "data set": Seam(SOURCES, "diary", data_set.SOURCE, ("data", "add"), "A diary", _kinds_of_data),
    "target maker": Seam(
        TARGETS, "id-length", target_maker.MAKER, ("targets",), "Length of ids", _makers_of_targets
    ),
    "network": Seam(
        NETWORKS, "mean-of-bands", network.MeanOfBandsSettings, ("train",), "mean-of-bands", _networks
    ),
    "clusterer": Seam(CLUSTERERS, "by-axis", clusterer.ByAxis, ("cluster",), "By axis", _methods),
    "projection": Seam(PROJECTIONS, "circle", projection.CIRCLE, ("project",), "Circle", _maps),
    "task": Seam(TASKS, "id-length", task.IdLength, ("transfer",), "length of ids", _tasks),
    "loss": Seam(LOSSES, "squares", loss.squares, ("train",), "squares", _losses),
}


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, taglab_home: Path) -> Shell:
    small().save(cache.Shelf(cache.FOLKSONOMIES).path("demo"))
    return Shell(capsys, tmp_path)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What strangers add is one line each, for as long as a test runs."""
    for seam in SEAMS.values():
        monkeypatch.setitem(seam.dictionary, seam.name, seam.entry)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", SEAMS)
def test_the_command_lists_it_in_its_help(kind: str, shell: Shell) -> None:
    seam = SEAMS[kind]
    assert seam.name in shell.text(*seam.command, "--help")


@pytest.mark.parametrize("kind", SEAMS)
def test_its_page_offers_it(kind: str, shell: Shell) -> None:
    assert SEAMS[kind].title in SEAMS[kind].choices()


def test_a_data_set_is_read_with_its_own_settings(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "heard.txt").write_text("one-rock, pop\ntwo-rock\n")
    shell.text("data", "add", "diary", tmp_path / "heard.txt", "--name", "heard", "--mark=-")
    assert sources.open_folksonomy("heard").counts().to_dict() == {"rock": 2, "pop": 1}
    assert "--mark" in shell.text("data", "add", "diary", "--help")


def test_targets_are_made_with_their_own_settings(shell: Shell) -> None:
    made = shell.json("targets", "id-length", "--longest", "2")
    assert (made["kind"], made["tracks"], made["known"]) == ("real", 30, 10)
    assert made["rows"] == [{"column": "length", "sum": 20.0, "mean": 2.0}]
    rows = shell.json("targets", "id-length", "--by-track")["rows"]
    assert [row["length"] for row in rows] == [2.0] * 10 + [3.0] * 20
    app = open_page("data", targets="true").run()
    app.selectbox(key="targets maker").select("id-length").run()
    app.number_input(key="targets id-length longest").set_value(2).run()
    app.button(key="make targets").click().run()
    assert not app.exception
    (table,) = [frame.value for frame in app.dataframe if "mean" in frame.value]
    np.testing.assert_allclose(table["mean"], [2])
    assert "taglab targets id-length --data demo --longest 2" in [block.value for block in app.code]


def test_a_network_of_somebody_elses_is_trained_opened_and_encodes(taglab_home: Path) -> None:
    make_world(taglab_home)
    run = train(new_run(config_of({"network": "mean-of-bands", "bands": 5})).name)
    assert open_run(run.name).config["network"]["bands"] == 5
    assert run.summary()["test"]["ap_macro"] > 0
    assert encode(run).vectors.shape == (N_TRACKS, 5)


def test_tags_are_clustered_with_settings_of_their_own(shell: Shell) -> None:
    app = _clusters_page(method="By axis", axes="3")
    assert [slider.key for slider in app.select_slider] == ["axes"]
    assert "reach" in [field.key for field in app.number_input]
    assert json.loads(app.get("bidi_component")[1].proto.mixed.json)["shows"].startswith("axes=3 ")
    assert shell.json("cluster", "--vectors", "axes", "--method", "by-axis", "--axes", "3")["axes"] == 3


def test_tags_are_placed_on_a_map_of_somebody_elses(shell: Shell) -> None:
    _clusters_page()
    rows = shell.json("project", "--vectors", "axes", "--method", "circle")["rows"]
    assert [round(row["x"] ** 2 + row["y"] ** 2, 5) for row in rows] == [1] * len(rows)
    # The page takes what was placed before; the process beside it, which places maps, knows no stranger.
    app = _clusters_page(map="Circle")
    assert " circle " in json.loads(app.get("bidi_component")[1].proto.mixed.json)["shows"]


def test_a_task_is_set_with_its_own_settings(shell: Shell) -> None:
    data = small()
    features = np.random.default_rng(0).normal(size=(data.n_tracks, 3)).astype(np.float32)
    save_features(Vectors.of("tracks", tuple(data.tracks["track"]), features, "heard"), "heard")
    asked = ("transfer", "--features", "heard", "--task", "id-length", "--near")
    (none,), (every,) = (shell.json(*asked, reach)["rows"] for reach in ("0", "99"))
    assert (every["asks"], every["measure"], every["mean"]) == ("length of ids", "share within reach", 1)
    assert 0 <= none["mean"] <= 1


def test_a_loss_of_somebody_elses_is_what_is_minimised() -> None:
    logits, targets = torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    assert bind("squares")(logits, targets, None).item() == pytest.approx(0.25)
