"""All recipes in one go, and the report: whole, self-contained, safe, and made of published figures alone."""

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from taglab import cache
from taglab.audio.decode import Decoded
from taglab.audio.store import Sound, StoreSettings, write_sounds
from taglab.cooccurrence import read_matrix
from taglab.embeddings import Lookup, TagQuestion, WordVectors
from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelClass, LabelSpace
from taglab.metrics.thresholds import confusion
from taglab.runs import Run, RunWriter, create_run, export_run, import_run, open_run, runs_table
from taglab.studies.thesis import models as thesis
from taglab.studies.thesis import report as thesis_report
from taglab.studies.thesis.differences import keep_differences, kept_differences
from taglab.studies.thesis.evidence import ARRAYS as FOLDERS
from taglab.studies.thesis.evidence import mark, own_evidence, published_evidence, published_pairs
from taglab.studies.thesis.figures import FIGURES, Sides, draw, drawings
from taglab.studies.thesis.models import MODELS, NETWORKS, fitting, reproduce_all
from taglab.studies.thesis.recipes import Difference, RecipeSettings
from taglab.studies.thesis.report import gather, write_report
from taglab.studies.thesis.tables import tables
from tests.cli.running import Shell
from tests.training.examples import SMALL, make_world

ARRAYS = Path(__file__).resolve().parents[4] / "shared/data/thesis-results"
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


def page_figures(page: str) -> dict[str, tuple[bool, bool]]:
    """Return, of each figure of a report, whether it is drawn on the published side and on ours."""
    found = {}
    for part in page.split('<h2 id="figures">')[1].split("<h3>")[1:]:
        heading, sides = part.split("</h3>")[0], part.split("<b>Here</b>")
        published, here = ("plotly-graph-div" in side for side in sides)
        found[heading] = (published, here)
    return found


def test_a_report_of_published_figures_alone(tmp_path: Path) -> None:
    report = gather()
    (path,) = write_report(report, tmp_path / "thesis.html")
    page = path.read_text(encoding="utf-8")
    numbers = [each.heading for each in report.sections]
    assert numbers == [*(f"Table {number}" for number in (*range(7, 31), 34)), "Section 9"]
    headings = list(dict.fromkeys(each.heading for each in report.drawn))
    assert headings == [f"Figure {number}" for number in (7, *range(9, 16), *range(17, 35))]
    assert all(each.here is None for each in (*report.sections, *report.drawn))
    assert report.differs.empty
    assert "no run here stands for a model of this table" in page
    assert page.count("plotly.js v") == 1
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    drawn = page_figures(page)
    assert {heading.split(":")[0] for heading in drawn} == set(headings)
    assert [heading for heading, sides in drawn.items() if any(sides)] == [
        "Figure 13: AUC-PR of clusters and of tags, model 3.3"
    ]
    assert "0.2387" in page  # table 9
    assert "two stand swapped" in page  # what contradicts itself is said


def test_no_figure_is_made_of_the_few_labels_that_are_printed() -> None:
    published = published_evidence()
    assert all(len(each.epochs) == 0 for each in published.values())
    drawn = drawings(Sides(published, {}))
    # Of model 3.3 alone every label's AUC-PR is printed, in table 34.
    (only,) = [each for each in drawn if each.published is not None]
    assert only.heading == "Figure 13"
    strips = [set(trace.x) for trace in only.published.data if getattr(trace, "mode", "") == "markers"]
    printed = [set(published[f"thesis-3.3-{name}-spectrogram"].per_label) for name in ("k100", "tags")]
    assert [strip for strip in strips if len(strip) > 10] == printed
    assert all(each.notes[0] for each in drawn if each.published is None)
    of_figure = {each.heading: each.notes[0] for each in drawn}
    assert "where their folder is given" in of_figure["Figure 14"]
    assert "0.657 %" in of_figure["Figure 14"]
    assert "where their folder is given" in of_figure["Figure 19"]
    assert "macro averages alone" in of_figure["Figure 18"]


@pytest.mark.realdata
def test_figures_of_the_published_arrays() -> None:
    if not ARRAYS.is_dir():
        pytest.skip(f"{ARRAYS} is not there")
    published = published_evidence(ARRAYS)
    drawn = drawings(Sides(published, {}, pairs=published_pairs(ARRAYS)))
    theirs = {f"{each.heading} {each.title}": each for each in drawn if each.published is not None}
    assert {name.split()[1] for name in theirs} == {"9", "12", "13", "14", "19", "21", "23", "25", "32", "34"}
    heat = theirs["Figure 14 Tracks in common, by pair of clusters"]
    assert heat.notes[0].startswith("5 of 741 pairs lie above 0.5, 0.675%")
    assert np.shape(heat.published.data[0].z) == (39, 39)
    for panel, best in (("AUC-PR", 0.2387), ("AUC-ROC", 0.8048)):  # table 9, cut off
        (curve,) = theirs[f"Figure 19 Model 1, macro-averaged: {panel} over training"].published.data
        assert len(curve.y) == 30
        assert max(curve.y) == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (np.array([[3, 1], [2, 4]]), "symmetric counts of the 2 classes"),
        (np.eye(3), "symmetric counts of the 2 classes"),
        (np.array([[3, 1.5], [1.5, 4]]), "symmetric counts"),
        (np.array([[1, 2], [2, 4]]), "on more tracks than one of its classes"),
        (np.array([["a", "b"], ["b", "c"]]), "cannot be read as an array"),
        (np.array([[{}, 1], [1, 2]], dtype=object), "cannot be read as an array"),
    ],
)
def test_a_published_matrix_that_is_none_is_told(tmp_path: Path, counts: Any, reason: str) -> None:
    folder = tmp_path / FOLDERS["thesis-3.3-k100-spectrogram"]
    folder.mkdir()
    assert published_pairs(tmp_path) is None
    (folder / "classes.json").write_text('["a", "b"]')
    np.save(folder / "cooccurrence.npy", np.array([[3, 1], [1, 4]]))
    assert published_pairs(tmp_path).dense().tolist() == [[3, 1], [1, 4]]
    np.save(folder / "cooccurrence.npy", counts)
    with pytest.raises(DataError, match=reason):
        published_pairs(tmp_path)


def test_hostile_tags_stay_text_in_every_table_and_figure(strange: Folksonomy, tmp_path: Path) -> None:
    for number, key in enumerate(
        ("thesis-3.3-k100-spectrogram", "thesis-3.3-tags-spectrogram", "thesis-3.4-spectrogram",
         "thesis-1-spectrogram", "thesis-2-spectrogram", "thesis-3.1-spectrogram")
    ):  # fmt: skip
        stand_in("strange", key, HOSTILE, number)
    written = write_report(gather(TagQuestion(data="strange")), tmp_path / "thesis.html")
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


def test_tables_and_figures_look_tags_up_as_they_are_told(taglab_home: Path) -> None:
    tags = ("jazz", "smooth jazz", "rock", "blues", "soul")
    tracks = pd.DataFrame({"track": [tag for tag in tags for _ in range(2)], "tag": [*tags] * 2})
    Folksonomy.from_frame(tracks, "few").save(cache.Shelf(cache.FOLKSONOMIES).path("few"))
    words = ("jazz", "rock", "blues", "soul")
    WordVectors("words", words, np.eye(4, dtype=np.float32) + 0.1).save(
        cache.Shelf(cache.VECTORS).path("words")
    )

    def near(**lookup: Any) -> list[str]:
        asked = TagQuestion(data="few", vectors="words", lookup=Lookup(**lookup))
        report = gather(asked, figures=False)
        drawn = draw(next(name for name in FIGURES if name.startswith("Figure 10")), report.sides)
        places = {text for trace in drawn.here.data for text in np.ravel(trace.customdata).astype(str)}
        assert ("4" in places) == (not lookup)  # a fifth tag is drawn
        (table,) = [section.here for section in report.sections if section.heading == "Table 14"]
        return table["tag"].tolist()

    assert near()[0] == "smooth jazz"  # by its one known word
    assert sorted(near(fully_known=True)) == ["blues", "rock", "soul"]


def test_an_interrupted_report_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = gather(figures=False)
    path = tmp_path / "thesis.html"
    write_report(report, path)
    before = path.read_bytes()

    def pages(told: Any) -> Any:
        yield "<!doctype html>half a page"
        raise KeyboardInterrupt

    monkeypatch.setattr(thesis_report, "_page", pages)
    with pytest.raises(KeyboardInterrupt):
        write_report(report, path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.html"]


def test_what_a_run_tells_of_its_differences_travels_with_it(strange: Folksonomy, tmp_path: Path) -> None:
    run = stand_in("strange", "thesis-1-spectrogram", HOSTILE)
    differs = [Difference("data", "strange", "Last.fm"), Difference("k", "<b>7</b>")]
    keep_differences(run, differs, "model-1 spectrogram")
    RunWriter(run).summarise(parameters=12)  # as training goes on
    assert kept_differences(run) == [(each, "model-1 spectrogram") for each in differs]
    there = import_run(export_run(run.name, tmp_path / "run.zip"), "elsewhere")
    assert kept_differences(there) == kept_differences(run)
    other = stand_in("strange", "thesis-2-waveform", HOSTILE)
    keep_differences(other, differs[:1], "model-2 waveform")
    table = gather(TagQuestion(data="strange"), figures=False).differs.set_index(["what", "here"])
    assert table.loc[("data", "strange"), "models"] == "all"
    assert table.loc[("k", "<b>7</b>"), "models"] == "model-1 spectrogram"
    assert ("left out", "nothing was made of it here") in table.index
    assert (table.index.get_level_values("what") == "not trained to the end").sum() == 2
    RunWriter(run).summarise(differs=["something else"])
    with pytest.raises(DataError, match="rows of four texts"):
        kept_differences(run)


@pytest.mark.usefixtures("strange")
def test_models_of_which_nothing_is_published_stand_in_their_recipes_table() -> None:
    stand_in("strange", "model-3.2-spectrogram: own, n = 1, k = 8", HOSTILE)
    sections = {each.heading: each for each in gather(TagQuestion(data="strange"), figures=False).sections}
    here = sections["Table 18"].here
    assert here["model"].tolist() == ["own, n = 1, k = 8, spectrogram: nothing is published of it"]
    assert here["auc_pr_micro"].tolist() == [0.4]
    assert sections["Table 18"].said == ""
    assert sections["Table 19"].here is None


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
    made = reproduce_all(settings, ("spectrogram",), changes=TINY)
    assert set(before) <= made.runs
    # Of these four tags one says a genre, which is too few to be divided.
    assert {recipe for recipe, _ in made.left_out} == {"model-4.1", "model-4.2"}
    assert (made.table()["whose"] == "here").any()
    said = made.differs()
    assert "train.epochs" in set(said["what"])
    assert "left out" in set(said["what"])
    again = reproduce_all(settings, ("spectrogram",), changes=TINY)
    assert again.runs == made.runs
    shell = Shell(capsys, tmp_path)
    ours = own_evidence("small")
    assert {"thesis-1-spectrogram", "model-5-gamma-1-spectrogram"} <= set(ours)
    told: Any = shell.json("report", "--data", "small", "--html", str(tmp_path / "small.html"))
    assert {row["here"] for row in told["rows"]} == {"cannot be tested"}
    page = (tmp_path / "small.html").read_text(encoding="utf-8")
    assert "<td>train.epochs</td><td>1</td><td>30</td>" in page
    assert "Nothing is from here" not in page
    for heading, drawn in page_figures(page).items():
        if heading.startswith(("Figure 18", "Figure 19")):
            assert drawn == (False, True), heading
    differs = gather(TagQuestion(data="small"), figures=False).differs
    told_then = said[~said["what"].isin(["left out"])]
    assert set(map(tuple, told_then[["what", "here", "thesis"]].to_numpy())) <= set(
        map(tuple, differs[["what", "here", "thesis"]].to_numpy())
    )
    sections = {each.heading: each.here for each in gather(TagQuestion(data="small"), figures=False).sections}
    assert sections["Table 18"]["model"].str.contains("own, n = 1, k = 2, spectrogram: nothing").any()
    gammas = sections["Section 9"].set_index("γ")
    assert gammas.index.tolist() == [0, 1]
    assert gammas.loc[:, ["test micro", "test macro"]].notna().all(axis=None)
    for mean in ("micro", "macro"):
        difference = gammas[f"test {mean}"][1] - gammas[f"test {mean}"][0]
        assert gammas[f"test {mean}, from γ = 0"][1] == pytest.approx(difference)
        # Of so few tracks no swap of scores tells the two apart, whatever they are: no interval is given.
        assert gammas.loc[1, [f"test {mean}, from γ = 0 {end}" for end in ("low", "high")]].isna().all()
        assert np.isnan(gammas[f"test {mean}, from γ = 0"][0])
    assert json.loads(shell.out)["file"].endswith("small.html")


def noise(number: int) -> Decoded:
    """Return a second and a half, which a network of waveforms needs."""
    return Decoded(
        np.random.default_rng(number).uniform(-0.5, 0.5, 24_000).astype(np.float32), 16_000, 16_000
    )


@pytest.fixture
def scenes(taglab_home: Path) -> Folksonomy:
    """Sixty tracks with sound, of three genres, each with tags that stand together in threes."""
    sounds = [Sound(f"t{track}", f"{track}.wav", "1", partial(noise, track)) for track in range(60)]
    with ThreadPoolExecutor(1) as threads:
        write_sounds(
            sounds, cache.Shelf(cache.AUDIO).path("scenes"), StoreSettings(min_duration_s=0.5), threads
        )
    random = np.random.default_rng(1)
    genres = ("rock", "metal", "jazz")
    kinds = (("old", "slow", "soft"), ("new", "fast", "loud"), ("live", "dark", "raw"))
    tags = [*genres, *(f"{kind} {genre}" for genre in genres for group in kinds for kind in group)]
    place = {tag: row for row, tag in enumerate(tags)}
    pairs = set()
    for track in range(60):
        genre, group = genres[track % 3], kinds[track // 3 % 3]
        pairs.add((track, place[genre]))
        pairs |= {(track, place[f"{kind} {genre}"]) for kind in group if random.random() < 0.8}
    rows, codes = np.array(sorted(pairs)).T
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(60)]})
    data = Folksonomy.from_codes("scenes", tracks, tags, rows, codes)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("scenes"))
    return data


@pytest.mark.usefixtures("scenes")
def test_subgenres_are_trained_on_sound_and_waveforms_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thesis, "MODELS", ("model-4.1", "model-4.2"))
    settings = RecipeSettings(data="scenes", ks=(3,), min_counts=(1,), genres=("rock", "metal", "jazz"))
    found = reproduce_all(settings, changes=TINY)
    assert not found.left_out
    assert len(found.runs) == 4
    ours = own_evidence("scenes")
    names = [f"thesis-{model}-{network}" for network in NETWORKS for model in ("4.1", "4.2")]
    assert set(ours) == set(names)
    for name in names:
        assert ours[name].n_classes == len(ours[name].classes) > 2
        assert not set(ours[name].classes) & {"rock", "metal", "jazz"}
        assert ours[name].predictions("test").n_tracks > 0
    report = gather(TagQuestion(data="scenes"))
    of_table = {each.heading: each.here for each in report.sections}
    assert len(of_table["Table 29"]) == len(of_table["Table 30"]) == 2
    assert {"penalty of the tag embeddings", "train.epochs"} <= set(report.differs["what"])
    assert "not trained to the end" not in set(report.differs["what"])
    (path, *_) = write_report(report, tmp_path / "scenes.html")
    drawn = page_figures(path.read_text(encoding="utf-8"))
    ours_drawn = {heading.split(":")[0] for heading, (_, here) in drawn.items() if here}
    assert {"Figure 31", "Figure 32", "Figure 33", "Figure 34"} <= ours_drawn


def test_the_command_refuses_what_means_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shell = Shell(capsys, tmp_path)
    assert shell.run("reproduce", "model-1", "--report", "x.html") == 2
    assert "reproduce all" in shell.err
    assert shell.run("report", "--html", "x.pdf") == 2
