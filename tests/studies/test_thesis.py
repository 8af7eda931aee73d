"""All recipes in one go, and the report: whole, self-contained, safe, and made of published figures alone."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from taglab import cache
from taglab.cooccurrence import read_matrix
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelClass, LabelSpace
from taglab.metrics.thresholds import confusion
from taglab.runs import Run, RunWriter, create_run, open_run, runs_table
from taglab.studies.evidence import mark, own_evidence, published_evidence
from taglab.studies.recipes import RecipeSettings
from taglab.studies.thesis import MODELS, fitting, reproduce_all
from taglab.studies.thesis_figures import drawings
from taglab.studies.thesis_report import gather, write_report
from taglab.studies.thesis_tables import tables
from tests.cli.running import Shell
from tests.training.examples import SMALL, make_world

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><b>x",
    "$\\alpha$",
    'rock & "roll"',
    "jazz",
    "sad",
    "techno",
]
TINY = {
    "network": {name: value for name, value in SMALL.items() if name != "network"},
    "train": {"epochs": 1, "batch_size": 8, "steps_per_epoch": 1, "accelerator": "cpu"},
}


@pytest.fixture(scope="session")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("thesis") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        make_world(home)
    return home


@pytest.fixture
def world(made_world: Path, taglab_home: Path) -> Path:
    """A cache folder with data "small" and its sound: four tags on sixty tracks."""
    shutil.copytree(made_world, taglab_home)
    return taglab_home


@pytest.fixture
def strange() -> Folksonomy:
    """Tags that try to be markup, on a hundred tracks."""
    random = np.random.default_rng(0)
    rows, codes = np.nonzero(random.random((100, len(HOSTILE))) < np.linspace(0.7, 0.2, len(HOSTILE)))
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(100)]})
    data = Folksonomy.from_codes("strange", tracks, HOSTILE, rows, codes)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("strange"))
    return data


def stand_in(data: str, reproduces: str, names: list[str], seed: int = 0) -> Run:
    """Return a run as training leaves it, with made-up scores."""
    space = LabelSpace("made up", tuple(LabelClass(name, (name,)) for name in names))
    run = create_run({"data": data, "labels": "made up"}, space, {"seed": seed, "for": reproduces})
    random = np.random.default_rng(seed)
    truth = random.random((200, len(names))) < 0.3
    counts = confusion(truth, np.clip(0.4 * truth + 0.6 * random.random(truth.shape), 0, 1))
    values = random.uniform(0.2, 0.6, len(names))
    labels = pd.DataFrame({"label": names, "auc_pr": values, "auc_roc": 0.5 + values / 2})
    for epoch in (1, 2):
        means = {"auc_pr_micro": 0.4, "auc_pr_macro": 0.3, "roc_auc_micro": 0.8, "roc_auc_macro": 0.7}
        losses = {"train_loss": 0.5, "validation_loss": 0.5}
        RunWriter(run).epoch(
            {"epoch": epoch, **losses, "ap_micro": 0.4, "ap_macro": 0.3, **means}, labels, counts
        )
    mark(run, reproduces)
    return open_run(run.name)


def test_a_report_of_published_figures_alone(tmp_path: Path) -> None:
    report = gather()
    (path,) = write_report(report, tmp_path / "thesis.html")
    page = path.read_text(encoding="utf-8")
    numbers = [each.heading for each in report.sections]
    assert numbers == [f"Table {number}" for number in (*range(7, 31), 34)]
    headings = {each.heading for each in report.drawn}
    assert {f"Figure {number}" for number in (7, *range(9, 16), 17)} - {"Figure 16"} <= headings
    assert all(each.here is None for each in report.sections)
    assert "no run here stands for a model of this table" in page
    assert page.count("plotly.js v") == 1
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    assert "0.2387" in page  # table 9
    assert "two stand swapped" in page  # what contradicts itself is said


def test_no_figure_is_made_of_the_few_labels_that_are_printed() -> None:
    published = published_evidence()
    assert all(len(each.epochs) == 0 for each in published.values())
    drawn = drawings(published, {})
    # Of model 3.3 alone every label's AUC-PR is printed, in table 34.
    assert [each.heading for each in drawn if each.published is not None] == ["Figure 13"]
    assert all(each.said[0] for each in drawn if each.published is None)


def test_hostile_tags_stay_text_in_every_table_and_figure(strange: Folksonomy, tmp_path: Path) -> None:
    for number, key in enumerate(
        ("thesis-3.3-k100-spectrogram", "thesis-3.3-tags-spectrogram", "thesis-3.4-spectrogram",
         "thesis-1-spectrogram", "thesis-2-spectrogram", "thesis-3.1-spectrogram")
    ):  # fmt: skip
        stand_in("strange", key, HOSTILE, number)
    written = write_report(gather("strange"), tmp_path / "thesis.html")
    assert [path.name for path in written] == [
        "thesis.html", "thesis-co-occurrence.npz", "thesis-co-occurrence.csv"
    ]  # fmt: skip
    page = written[0].read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "</script><b>x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert read_matrix(written[1]).names == tuple(HOSTILE)
    ours = own_evidence("strange")
    here = {each.heading: each.here for each in tables(published_evidence(), ours, strange)}
    for heading in ("Table 7", "Table 9", "Table 10", "Table 16", "Table 20", "Table 27", "Table 34"):
        assert here[heading] is not None, heading
    assert len(here["Table 34"]) == len(HOSTILE)


def test_of_several_runs_of_a_model_the_last_stands_and_of_other_data_none(strange: Folksonomy) -> None:
    key = "thesis-1-spectrogram"
    stand_in("strange", key, HOSTILE, 0)
    second = stand_in("strange", key, HOSTILE, 1)
    stand_in("elsewhere", key, HOSTILE, 2)
    assert own_evidence("strange")[key].run == second.name
    assert own_evidence("strange", names=[]) == {}
    mark(second, key)
    assert sum(tag.startswith("reproduces") for tag in second.about.tags) == 1


def test_each_recipe_takes_what_means_something_to_it() -> None:
    asked = RecipeSettings(
        vectors=("a", "b", "c"), ks=(5, 6), min_counts=(1, 2), genres=("x",), gammas=(1.0,)
    )
    taken = {name: fitting(asked, name, "waveform") for name in MODELS}
    assert {name: each.vectors for name, each in taken.items()} == {
        "model-1": (), "model-2": (), "model-3.1": ("a",), "model-3.2": ("a", "b", "c"), "model-3.3": ("b",),
        "model-3.4": ("b",), "model-4.1": ("b",), "model-4.2": ("b",), "model-5": ("b",),
    }  # fmt: skip
    assert [taken[name].ks for name in ("model-1", "model-3.3", "model-4.1")] == [(), (5, 6), (5,)]
    assert taken["model-5"].gammas == (1.0,)
    assert {each.network for each in taken.values()} == {"waveform"}
    with pytest.raises(InvalidSetting, match="or three"):
        reproduce_all(asked.model_copy(update={"vectors": ("a", "b")}))


@pytest.mark.usefixtures("world")
def test_all_in_one_go_is_resumed_and_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    settings = RecipeSettings(data="small", ks=(2,), min_counts=(1,), gammas=(1.0,))
    heard: list[float] = []

    class Killed(Exception):
        pass

    def stop(fraction: float, text: str) -> None:
        heard.append(fraction)
        if text.startswith("model-2") and fraction > 0.12:
            raise Killed

    with pytest.raises(Killed):
        reproduce_all(settings, ("spectrogram",), changes=TINY, progress=stop)
    assert heard == sorted(heard)
    before = runs_table().set_index("run")["epochs"].to_dict()
    thesis = reproduce_all(settings, ("spectrogram",), changes=TINY)
    assert set(before) <= thesis.runs
    # Of these four tags one says a genre, which is too few to be divided.
    assert {recipe for recipe, _ in thesis.left_out} == {"model-4.1", "model-4.2"}
    assert (thesis.table()["whose"] == "here").any()
    said = thesis.differs()
    assert "train.epochs" in set(said["what"])
    assert "left out" in set(said["what"])
    again = reproduce_all(settings, ("spectrogram",), changes=TINY)
    assert again.runs == thesis.runs
    shell = Shell(capsys, tmp_path)
    ours = own_evidence("small")
    assert {"thesis-1-spectrogram", "model-5-gamma-1-spectrogram"} <= set(ours)
    told: Any = shell.json("report", "--data", "small", "--html", str(tmp_path / "small.html"))
    assert {row["here"] for row in told["rows"]} == {"cannot be tested on these data"}
    assert (tmp_path / "small.html").is_file()
    assert json.loads(shell.out)["file"].endswith("small.html")


def test_the_command_refuses_what_means_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shell = Shell(capsys, tmp_path)
    assert shell.run("reproduce", "model-1", "--report", "x.html") == 2
    assert "reproduce all" in shell.err
    assert shell.run("report", "--html", "x.pdf") == 2
