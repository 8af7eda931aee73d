"""The Clusters page: the map first, every view on hostile tags, edits kept or refused in a sentence."""

import json
import math
import re
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import streamlit
from streamlit.testing.v1 import AppTest

from taglab import cache, cli, labels, projection, runs
from taglab import cleaning as cleanings
from taglab.audio.files import AudioFiles
from taglab.audio.library import add_audio
from taglab.audio.store import StoreSettings
from taglab.cli.commands import build_parser
from taglab.clustering import Hdbscan, SphericalKMeans, cluster
from taglab.crossfilter import Among, Filter, Span
from taglab.embeddings import Lookup, WordVectors, compose
from taglab.errors import Cancelled
from taglab.figures.theme import visible
from taglab.folksonomy import Folksonomy
from taglab.metrics.thresholds import confusion
from taglab.projection import Projection, ProjectionSettings
from taglab.ui import projecting
from taglab.ui.clusters import filtering, hearing, under_way
from taglab.ui.clusters import label_space as label_panel
from taglab.ui.clusters import material as material_panel
from taglab.ui.clusters.material import Clustered, Material, k_steps, open_material
from taglab.ui.filter_charts import brushed
from taglab.ui.messages import literal
from taglab.vectors import TagVectors, save_features
from taglab.verbs.joint_space_words import space_vectors
from tests.joint_space.shelved import GROUPS as SPACE_GROUPS
from tests.joint_space.shelved import shelve_space
from tests.pages.framed import open_page, texts

HOSTILE = '"><img/src=x/onerror=alert(1)>'
GROUPS = ("metal", "jazz", "folk", "techno")
TAGS = [HOSTILE, "-dash", "\u202eevil", "x" * 400, *(f"{group}{n}" for n in range(6) for group in GROUPS)]
UNHEARD = "unheard of"
VIEWS = ("Clusters", "Silhouettes", "Members", "Filter", "Scan over k", "Stability", "Compare", "Label space")


class Job:
    """A projection in the making that a test can hold, finish and fail."""

    def __init__(self, vectors: TagVectors, settings: ProjectionSettings) -> None:
        self.vectors, self.settings = vectors, settings
        self.fraction, self.text = 0.25, "neighbours"
        self.finished = self.stopped = False

    def done(self) -> bool:
        return self.finished or self.stopped

    def cancel(self) -> None:
        self.stopped = True

    def result(self) -> Projection:
        if self.stopped:
            raise Cancelled("The projection was stopped.")
        return projection.cached_projection(self.vectors, self.settings)


class Worker:
    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def submit(self, vectors: TagVectors, settings: ProjectionSettings) -> Job:
        self.jobs.append(Job(vectors, settings))
        return self.jobs[-1]


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """No test of a page starts a process."""
    made = Worker()
    monkeypatch.setattr(projection, "shared_worker", lambda: made)
    monkeypatch.setattr(under_way, "_UNDER_WAY", {})
    return made


@pytest.fixture(autouse=True)
def small(taglab_home: Path) -> None:
    """A data set of 29 tags, 28 of them with vectors in five groups."""
    tags = [*TAGS, UNHEARD]
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(60)]})
    rows = np.concatenate([np.arange(60 - 2 * column) for column in range(len(tags))])
    columns = np.repeat(np.arange(len(tags)), [60 - 2 * column for column in range(len(tags))])
    Folksonomy.from_codes("demo", tracks, tags, rows, columns).save(
        cache.Shelf(cache.FOLKSONOMIES).path("demo")
    )
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(5, 8))
    group = np.array([4] * 4 + list(range(4)) * 6)
    for name, spread in (("first", 0.2), ("second", 0.8)):
        vectors = centres[group] + rng.normal(scale=spread, size=(len(TAGS), 8))
        WordVectors(name, tuple(TAGS), vectors.astype(np.float32)).save(cache.Shelf(cache.VECTORS).path(name))


def page(view: str = "Clusters", **url: str) -> AppTest:
    return open_page("clusters", **{"vectors": "first", "min_count": "1", "map": "PCA", "view": view, **url})


def charts(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def map_data(app: AppTest) -> dict:
    sent = app.get("bidi_component")[1].proto
    data: dict = json.loads(sent.mixed.json or sent.json)  # without an array it is sent whole
    return data


def commands(app: AppTest) -> list[str]:
    return [line for block in app.code for line in block.value.splitlines()]


def words(app: AppTest) -> str:
    elements = [*app.markdown, *app.caption, *app.text, *app.error, *app.info, *app.success]
    return "\n".join(element.value for element in elements)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_by_its_link(view: str) -> None:
    app = page(view, selected="0-3").run()
    assert not app.exception
    assert not app.error
    assert "<img" not in json.dumps(charts(app))
    for element in [*app.markdown, *app.caption]:
        assert not re.search(r"(?<!\\)<", element.value)
    for line in commands(app):
        program, *arguments = shlex.split(line)
        assert program == "taglab"
        build_parser().parse_args(arguments)


def test_a_tag_with_an_unknown_word_is_shown_to_be_half_known_and_can_be_left_out() -> None:
    app = page("Tags", min_count="1", selected="24")
    halves = "metal0 nonesuch"
    data = Folksonomy.open(cache.Shelf(cache.FOLKSONOMIES).path("demo"))
    tags = [*data.tags["tag"].tolist()[:24], halves, *data.tags["tag"].tolist()[25:]]
    renamed = Folksonomy.from_codes(
        "demo", data.tracks, tags, np.repeat(np.arange(60), np.diff(data.matrix.indptr)), data.matrix.indices
    )
    renamed.save(cache.Shelf(cache.FOLKSONOMIES).path("demo"))
    app.run()
    facts = {metric.label: metric.value for metric in app.metric}
    assert facts["Partly known"] == facts["Sharing a point"] == "1"
    assert literal(f"Partly known: {halves} (without nonesuch, which has no vector).") in words(app)
    table = next(each.value for each in app.dataframe if "unknown" in each.value)
    assert table.set_index("tag")["unknown"].to_dict() == {halves: "nonesuch"}
    app.toggle(key="fully_known").set_value(True).run()
    facts = {metric.label: metric.value for metric in app.metric}
    assert (facts["Partly known"], facts["Without a vector"]) == ("0", "2")
    assert any("--fully-known" in line for line in commands(app))


def second_map_data(app: AppTest) -> dict:
    return json.loads(app.get("bidi_component")[3].proto.mixed.json)


def test_a_second_map_shows_the_same_tags_by_other_vectors() -> None:
    WordVectors("few", tuple(TAGS[:9]), np.eye(9, dtype=np.float32)).save(
        cache.Shelf(cache.VECTORS).path("few")
    )
    app = page(second_map="PCA", second_vectors="second", selected="2").run()
    first, second = map_data(app), second_map_data(app)
    assert second["shows"] == "second k=5 pca cluster"
    assert (first["key"], second["beside"]) == ("tag map", "tag map")
    assert first["points"] != second["points"]
    assert "PCA of second. Trustworthiness" in texts(app)
    app.selectbox(key="second_vectors").set_value("few").run()
    assert "PCA of few. 19 of 28 tags have no vector there. " in texts(app)
    assert not app.exception
    app.segmented_control(key="second_map").set_value(None).run()
    assert len(app.get("bidi_component")) == 2


def test_a_second_map_of_too_few_tags_leaves_the_first_as_it_is() -> None:
    WordVectors("two", tuple(TAGS[:2]), np.eye(2, dtype=np.float32)).save(
        cache.Shelf(cache.VECTORS).path("two")
    )
    app = page(second_map="PCA", second_vectors="two").run()
    assert map_data(app)["shows"] == "k=5 pca cluster"
    (error,) = app.error
    assert "2 tags have a vector" in error.value
    assert {metric.label: metric.value for metric in app.metric}["Tags"] == "28"


def test_the_first_thing_is_the_map_with_the_slider() -> None:
    app = page().run()
    assert app.select_slider(key="k").value == 5
    data = map_data(app)
    assert data["shows"] == "k=5 pca cluster"
    assert data["label"] == "Map of 28 tags by pca, in 5 clusters"
    assert {metric.label: metric.value for metric in app.metric}["Tags"] == "28"


def test_moving_the_slider_sends_colours_and_leaves_the_points() -> None:
    app = page().run()
    before = app.get("bidi_component")[0].proto
    app.select_slider(key="k").set_value(7).run()
    assert not app.exception
    assert map_data(app)["shows"] == "k=7 pca cluster"
    assert app.get("bidi_component")[0].proto == before


def test_tags_without_a_vector_are_listed() -> None:
    app = page().run()
    assert app.expander[0].label == "1 tag has no vector; it is in no cluster"
    assert list(app.expander[0].dataframe[0].value["tag"]) == [UNHEARD]


def test_how_words_are_looked_up_can_be_switched_and_is_in_every_command() -> None:
    shout = WordVectors("shout", tuple(tag.upper() for tag in TAGS), np.eye(len(TAGS), dtype=np.float32))
    shout.save(cache.Shelf(cache.VECTORS).path("shout"))
    app = page("Compare", vectors="shout", vectors2="shout").run()
    assert {metric.label: metric.value for metric in app.metric}["Without a vector"] == "1"
    app.multiselect(key="forms").set_value(["exact"]).run()
    assert "have none" in app.error[0].value
    app.multiselect(key="forms").set_value(["exact", "upper"]).run()
    app.toggle(key="whole_tag").set_value(False).run()
    assert not app.error
    for view in VIEWS:
        app = page(view, whole_tag="false").run()
        assert not app.error
        lines = [block.value for block in app.code]
        assert lines or view in ("Filter", "Scan over k", "Stability")
        assert all("--no-whole-tag" in line for line in lines)


def test_the_lookup_is_on_record_in_the_label_space() -> None:
    app = page("Label space", split_punctuation="false").run()
    app.text_input(key="label space name").set_value("strict").run()
    app.button(key="save label space").click().run()
    assert labels.open_label_space("strict")[0].made_by["lookup"] == {"split_punctuation": False}


def test_the_slider_reaches_round_numbers() -> None:
    steps = k_steps(7_700)
    assert steps[:119] == list(range(2, 121))
    assert {*range(50, 1001, 50), *range(500, 7_501, 500), 7_700} <= set(steps)
    assert max(np.diff(np.log(steps[119:]))) < 0.06
    assert len(k_steps(522_366)) < 400
    assert k_steps(2) == [2]
    assert k_steps(1) == [1]
    assert 777 in k_steps(1_000, asked=777)


def test_a_link_names_k_seed_and_selection() -> None:
    app = page(k="9", seed="3", selected="1.4-6", colour="Silhouette").run()
    assert app.select_slider(key="k").value == 9
    assert app.number_input(key="seed").value == 3
    assert "4 selected" in words(app)
    assert map_data(app)["scale"]["of"] == "silhouette"


def test_the_map_takes_the_colours_of_a_run() -> None:
    space = labels.LabelSpace("some", (labels.LabelClass("metal", ("metal0", "metal1")),))
    run = runs.create_run({}, space, {"labels": "some"})
    truth = np.array([[True], [False]])
    counts = confusion(truth, np.array([[0.9], [0.1]], np.float32))
    figures = pd.DataFrame({"label": ["metal"], "auc_pr": [0.63], "auc_roc": [0.7]})
    runs.RunWriter(run).epoch({"epoch": 1, "ap_macro": 0.6}, figures, counts)
    app = page(colour="A run's AUC-PR").run()
    assert not app.exception
    assert app.selectbox(key="colour_run").value == run.name
    data = map_data(app)
    assert (data["scale"]["of"], data["scale"]["high"]) == ("AUC-PR", 0.7)
    assert "2 of 28 tags are in a class" in words(app).replace("\\", "")
    app.selectbox(key="colour_run").set_value("thesis-3.3-tags-spectrogram").run()
    assert not app.exception
    assert "0 of 28 tags" in words(app)
    app.segmented_control(key="dimensions").set_value(3).run()
    assert not app.exception


@pytest.mark.parametrize("nonsense", ["", "x", "5-2", "99-200", "-", "1-", "9" * 5000, "٣"])
def test_a_damaged_selection_in_a_link_selects_what_it_can(nonsense: str) -> None:
    app = page(selected=nonsense).run()
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("k", ["0", "-3", "5000", "many"])
def test_an_impossible_k_in_a_link_is_left_aside(k: str) -> None:
    app = page(k=k).run()
    assert not app.exception
    assert app.select_slider(key="k").value == 5


def test_the_slider_follows_the_number_of_tags() -> None:
    app = page(k="25").run()
    assert app.select_slider(key="k").options[-1] == "28"
    app.number_input(key="min_count").set_value(40).run()
    assert not app.exception
    assert app.select_slider(key="k").value == 11
    assert {metric.label: metric.value for metric in app.metric}["Tags"] == "11"


def test_no_tag_above_the_count_is_a_sentence_with_the_cure() -> None:
    app = page(min_count="60").run()
    assert not app.exception
    assert "lower the minimum count" in app.error[0].value


def test_vectors_that_know_no_tag_are_a_sentence_with_the_cure() -> None:
    WordVectors("other", ("nothing", "here"), np.eye(2, dtype=np.float32)).save(
        cache.Shelf(cache.VECTORS).path("other")
    )
    app = page(vectors="other").run()
    assert not app.exception
    assert "choose other vectors" in app.error[0].value


def test_agglomerative_clustering_has_a_linkage_and_no_seed() -> None:
    app = page("Stability").run()
    app.selectbox(key="method").set_value("agglomerative").run()
    app.selectbox(key="linkage").set_value("complete").run()
    assert not app.exception
    assert "nothing at random" in words(app)
    assert not [each for each in app.number_input if each.key == "seed"]


def thin(view: str, **url: str) -> AppTest:
    """The page with HDBSCAN, on vectors some of which lie too thin for a cluster."""
    given = {"vectors": "second", "method": "HDBSCAN", "min_cluster_size": "3", "min_samples": "2", **url}
    app = page(view, **given).run()
    assert not app.exception
    return app


def thin_labels() -> np.ndarray:
    second = WordVectors.open(cache.Shelf(cache.VECTORS).path("second"))
    return cluster(compose(second, TAGS), Hdbscan(min_cluster_size=3, min_samples=2)).labels


def test_hdbscan_has_its_own_slider_and_shows_in_grey_whom_it_leaves_out() -> None:
    app = thin("Clusters")
    outside = int((thin_labels() < 0).sum())
    assert 0 < outside < len(TAGS)
    assert app.select_slider(key="min_cluster_size").value == 3
    assert not [slider for slider in app.select_slider if slider.key == "k"]
    assert {metric.label: metric.value for metric in app.metric}["In no cluster"] == str(outside)
    painted = map_data(app)
    assert painted["shows"] == "min_cluster_size=3 pca cluster"
    assert f"{outside} in none, in grey" in painted["label"]
    table = next(each.value for each in app.dataframe if "size" in each.value)
    last = table.iloc[-1]
    assert (last["name"], last["size"]) == ("in no cluster", outside)
    assert len(table) == thin_labels().max() + 2
    assert f"the last row are the {outside} tags in no cluster" in words(app)
    asked = "--data demo --vectors second --min-count 1 --method hdbscan --min-cluster-size 3 --min-samples 2"
    assert f"taglab cluster {asked}" in commands(app)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_hdbscan_heeds_tags_in_no_cluster(view: str) -> None:
    outside = int((thin_labels() < 0).sum())
    app = thin(view, selected="1.4-9", colour="Silhouette")
    assert not app.error
    if view == "Silhouettes":
        title = charts(app)[-1]["layout"]["title"]["text"]
        assert title.endswith(f"{outside} tags in no cluster")
    if view == "Members":
        app.toggle(key="all_tags").set_value(True).run()
        table = next(each.value for each in app.dataframe if "name" in each.value)
        assert (table["name"] == "in no cluster").sum() == outside
    if view == "Stability":
        assert "HDBSCAN draws nothing at random" in words(app)
    if view == "Label space":
        assert f"{outside} tags were in no cluster, and so became part of no class" in words(app)


def test_hdbscan_is_scanned_over_least_cluster_sizes_and_a_step_is_taken() -> None:
    app = thin("Scan over k", min_cluster_sizes="2:6")
    app.button(key="scan").click().run()
    assert not app.exception
    figure = charts(app)[-1]
    assert figure["layout"]["title"]["text"] == "Clusterings by min cluster size"
    line = next(block.value for block in app.code if block.value.startswith("taglab scan "))
    assert line == (
        "taglab scan --data demo --vectors second -k 2,3,4,5,6 --min-count 1 --method hdbscan --min-samples 2"
    )
    offered = next(
        button for button in app.button if str(button.label).startswith("Take min cluster size = ")
    )
    offered.click().run()
    assert f"= {app.select_slider(key='min_cluster_size').value} (" in offered.label


def test_a_least_size_that_leaves_out_every_tag_is_refused_with_a_cure() -> None:
    app = page(method="HDBSCAN", vectors="second", min_cluster_size="14").run()
    assert literal("would leave out every one; take a smaller one") in app.error[0].value
    assert app.select_slider(key="min_cluster_size").value == 14


def test_three_dimensions_say_that_clicks_do_not_count() -> None:
    app = page(dimensions="3-D", selected="2").run()
    assert not app.exception
    assert charts(app)[0]["data"][0]["type"] == "scatter3d"
    assert "In 3-D the map shows what is selected elsewhere" in words(app)


def test_a_slow_map_shows_pca_and_progress_until_it_is_there(worker: Worker) -> None:
    app = page().run()
    app.segmented_control(key="map").set_value("tsne").run()
    assert not app.exception
    assert map_data(app)["shows"].startswith("k=5 pca")
    assert app.get("progress")[0].proto.text.startswith("PCA for now; neighbours (")
    job = worker.jobs[0]
    job.finished = True
    app.run()
    assert not app.exception
    assert map_data(app)["shows"].startswith("k=5 tsne")
    assert len(worker.jobs) == 1


def test_a_slow_map_can_be_stopped_and_tried_again(worker: Worker) -> None:
    app = page().run()
    app.segmented_control(key="map").set_value("umap").run()
    app.button(key="stop projection").click().run()
    assert worker.jobs[0].stopped
    app.run()
    assert "stopped" in words(app)
    app.button(key="retry projection").click().run()
    assert len(worker.jobs) == 2


def test_a_dear_map_waits_for_a_word(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "cost", lambda *_: projection.Cost(900.0, "UMAP takes about 15 minutes."))
    app = page().run()
    app.segmented_control(key="map").set_value("umap").run()
    assert "UMAP takes about 15 minutes." in words(app)
    assert not worker.jobs
    app.button(key="make projection").click().run()
    assert len(worker.jobs) == 1


def test_a_scan_draws_curves_and_is_kept() -> None:
    app = page("Scan over k", ks="2:8:2").run()
    assert "Nothing scanned yet" in words(app)
    app.button(key="scan").click().run()
    assert not app.exception
    figure = charts(app)[-1]
    assert figure["layout"]["title"]["text"] == "Clusterings by their number of clusters"
    assert {"k = 5"} <= {note["text"] for note in figure["layout"]["annotations"]}
    offered = next(button for button in app.button if str(button.label).startswith("Take k = "))
    offered.click().run()
    assert f"Take k = {app.select_slider(key='k').value} (" in offered.label
    assert not app.exception
    again = page("Scan over k", ks="2:8:2").run()
    assert len(charts(again)) == 1


def test_a_scan_goes_over_vectors_and_minimum_counts() -> None:
    app = page("Scan over k", ks="2,4,6", scan_vectors="second", seed="3").run()
    app.multiselect(key="scan_counts").set_value(["20", "30"]).run()
    app.button(key="scan").click().run()
    assert not app.error
    names = {trace["name"] for trace in charts(app)[-1]["data"]}
    assert names == {f"{name}, count ≥ {count}" for name in ("first", "second") for count in (1, 20, 30)}
    advice = next(each.value for each in app.dataframe if "best_k" in each.value)
    assert list(zip(advice["embedding"], advice["min_count"], strict=True))[:2] == [
        ("first", 1),
        ("first", 20),
    ]
    line = next(block.value for block in app.code if block.value.startswith("taglab scan "))
    assert line == ("taglab scan --data demo --vectors first,second -k 2,4,6 --seeds 3 --min-count 1,20,30")
    app.multiselect(key="scan_counts").set_value(["20", "few"]).run()
    assert literal("minimum count 'few' must be a whole number") in app.error[0].value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((text, "must be numbers such as") for text in ("", "a,b", "2,,3", "-4")),
        ("0", "greater than or equal to 1"),
        ("5:2", "must rise from START to STOP"),
        ("1:9999999", "more than 10\\,000 numbers"),
    ],
)
def test_ks_that_are_none_are_a_sentence(text: str, told: str) -> None:
    app = page("Scan over k").run()
    app.text_input(key="ks").set_value(text).run()
    assert not app.exception
    assert told in app.error[0].value


def test_stability_is_computed_when_asked() -> None:
    app = page("Stability").run()
    app.button(key="stability").click().run()
    assert not app.exception
    assert float({m.label: m.value for m in app.metric}["Mean adjusted Rand index"]) > 0.2


def test_a_clustering_agrees_with_itself() -> None:
    app = page("Compare", seed2="0").run()
    assert {m.label: m.value for m in app.metric}["Adjusted Rand index"] == "1.000"
    app.selectbox(key="vectors2").set_value("second").run()
    assert not app.exception
    assert float({m.label: m.value for m in app.metric}["Adjusted Rand index"]) < 1


def classes(app: AppTest) -> list[str]:
    return list(class_table(app)["class"])


def class_table(app: AppTest) -> pd.DataFrame:
    return next(each.value for each in app.dataframe if "imbalance_ratio" in each.value)


def edit(app: AppTest, kind: str) -> None:
    app.segmented_control(key="edit_kind").set_value(kind).run()


def test_label_classes_are_edited_and_edits_undone() -> None:
    app = page("Label space", selected="4.8").run()
    names = classes(app)
    assert names[0] == HOSTILE
    assert len(names) == 5
    app.text_input(key="rename to").set_value("<b>noise</b>").run()
    app.button(key="apply edit").click().run()
    assert classes(app)[0] == "<b>noise</b>"
    edit(app, "Merge")
    app.multiselect(key="merge classes").set_value(names[1:3]).run()
    app.button(key="apply edit").click().run()
    assert len(classes(app)) == 4
    edit(app, "New class")
    app.button(key="apply edit").click().run()
    assert class_table(app).set_index("class").loc[f"{TAGS[4]} (2)", "tags"] == 2
    tracks = class_table(app)["tracks"].tolist()
    assert tracks == sorted(tracks, reverse=True)
    assert not app.exception
    for _ in range(3):
        app.button(key="undo edit").click().run()
    assert classes(app) == names
    app.button(key="redo edit").click().run()
    assert classes(app)[0] == "<b>noise</b>"
    assert not app.error


def test_tags_are_moved_and_dropped_and_classes_dropped() -> None:
    app = page("Label space").run()
    first, second = classes(app)[:2]
    edit(app, "Move tags")
    app.multiselect(key=f"move tags of {first}").set_value(["-dash"]).run()
    app.selectbox(key="move to").set_value(second).run()
    app.button(key="apply edit").click().run()
    edit(app, "Drop tags")
    app.multiselect(key=f"drop tags of {first}").set_value([TAGS[3]]).run()
    app.button(key="apply edit").click().run()
    table = class_table(app).set_index("class")
    assert table.loc[first, "tags"] == 2
    edit(app, "Drop class")
    app.button(key="apply edit").click().run()
    assert first not in classes(app)
    assert not app.exception


def test_selected_tags_can_be_moved_however_large_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_panel, "_TAGS_SHOWN", 2)
    app = page("Label space", k="2", selected="0.27").run()
    edit(app, "Drop tags")
    holder = next(each.name for each in draft_classes(app) if TAGS[27] in each.tags)
    app.selectbox(key="drop from").set_value(holder).run()
    members = next(each.tags for each in draft_classes(app) if each.name == holder)
    tags = app.multiselect(key=f"drop tags of {holder}")
    assert set(tags.options) == {visible(tag, 60) for tag in {*members[:2], TAGS[27]}}
    assert TAGS[27] in tags.value
    assert f"the first 2 of {len(members)} tags" in words(app)
    app.button(key="clear selection").click().run()
    assert app.multiselect(key=f"drop tags of {holder}").value == []


def draft_classes(app: AppTest) -> tuple[labels.LabelClass, ...]:
    return app.session_state["label space draft"].space.classes


def test_an_edit_that_cannot_be_is_a_sentence() -> None:
    app = page("Label space").run()
    app.text_input(key="rename to").set_value(classes(app)[1]).run()
    app.button(key="apply edit").click().run()
    assert not app.exception
    assert app.error
    assert len(classes(app)) == 5


def test_a_name_that_was_given_is_taken_out_of_its_field() -> None:
    app = page("Label space").run()
    app.text_input(key="rename to").set_value("a new name").run()
    app.button(key="apply edit").click().run()
    assert "a new name" in classes(app)
    assert app.text_input(key="rename to").value == ""


def test_the_most_used_cluster_stands_first() -> None:
    app = page("Clusters").run()
    table = app.dataframe[0].value
    assert table["count"].is_monotonic_decreasing


def test_classes_are_kept_that_hold_one_of_some_tags() -> None:
    app = page("Label space").run()
    app.text_area(key="keep with").set_value("jazz0\nfolk3\nno *such* tag").run()
    app.button(key="keep classes").click().run()
    assert len(classes(app)) == 2
    assert [each.value for each in app.success] == [literal("No class holds 'no *such* tag'.")]
    app.text_area(key="keep with").set_value("nothing of the kind").run()
    app.button(key="keep classes").click().run()
    assert app.error
    assert len(classes(app)) == 2


def test_a_label_space_is_saved_once_and_a_rival_is_told() -> None:
    app = page("Label space").run()
    app.text_input(key="label space name").set_value("genres").run()
    app.button(key="save label space").click().run()
    assert "Saved as genres" in words(app)
    saved, revision = labels.open_label_space("genres")
    assert len(saved) == 5
    assert saved.made_by["k"] == 5
    assert saved.made_by["vectors"] == "first"
    app.button(key="save label space").click().run()
    assert not app.error
    labels.save_label_space(saved.edit(labels.DropClass(cls=saved.names[0])), revision)
    app.button(key="save label space").click().run()
    assert "somebody else" in app.error[0].value
    assert len(labels.open_label_space("genres")[0]) == 4
    rival = page("Label space").run()
    rival.text_input(key="label space name").set_value("genres").run()
    rival.button(key="save label space").click().run()
    assert "choose another name" in rival.error[0].value


@pytest.mark.parametrize("name", ["", "../up", "a/b", "x" * 300])
def test_a_name_that_cannot_be_a_file_is_refused(name: str) -> None:
    app = page("Label space").run()
    app.text_input(key="label space name").set_value(name).run()
    app.button(key="save label space").click().run()
    assert not app.exception
    assert app.error
    assert labels.label_space_names() == []


def test_a_draft_with_edits_outlives_a_move_of_the_slider() -> None:
    app = page("Label space").run()
    app.text_input(key="rename to").set_value("mine").run()
    app.button(key="apply edit").click().run()
    app.select_slider(key="k").set_value(8).run()
    assert classes(app)[0] == "mine"
    assert "not the clusters of this page" in app.info[0].value
    app.button(key="label space anew").click().run()
    assert len(classes(app)) == 8


def test_a_merge_shows_on_the_map_and_only_beside_the_label_space() -> None:
    app = page("Label space", k="5", edit_kind="Merge").run()
    before = map_data(app)
    assert before["shows"] == "k=5 pca cluster of Class"
    draft = app.session_state["label space draft"]
    merged = draft.space.names[:2]
    app.multiselect(key="merge classes").set_value(list(merged)).run()
    app.button(key="apply edit").click().run()
    assert not app.exception
    groups = app.session_state["label space draft"].space
    assert len(groups) == 4
    assert "The map shows the classes" in words(app)
    assert map_data(page("Clusters", k="5").run())["shows"] == "k=5 pca cluster"


def test_classes_on_the_map_are_those_of_the_draft() -> None:
    positions = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    tags = ("a", "b", "c", "d", "e", "f")
    vectors = TagVectors.from_any(tags, np.random.default_rng(1).normal(size=(6, 4)))
    found = cluster(vectors, SphericalKMeans(k=3))
    table = pd.DataFrame()
    names = ["a", "b", "c"]
    places = np.zeros((3, 2), np.float32)
    made = Clustered(found, np.zeros(6), 0.0, table, table, names, np.array([3, 4, 5]), places)
    data = Folksonomy.from_codes(
        "six", pd.DataFrame({"track": ["t"]}), list(tags), np.zeros(6, int), np.arange(6)
    )
    material = Material("six", "none", 1, Lookup(), data, vectors, np.ones(6, np.int64))
    space = labels.from_clusters(tags[:5], [0, 0, 1, 1, 1], name="two")
    where = SimpleNamespace(positions=positions)
    shown = label_panel._classes_on_map(space, material, found.settings, ProjectionSettings(), made, where)
    of_tag = dict(zip(tags, shown.labels, strict=True))
    for number, each in enumerate(space.classes):
        assert {of_tag[tag] for tag in each.tags} == {number}
    assert of_tag["f"] == 2
    assert list(shown.names) == [*space.names, "no class"]
    assert shown.colours[2] == -1
    assert np.isnan(shown.places[2]).all()
    assert set(shown.colours[:2]) <= {3, 4, 5, 6}


def test_a_saved_label_space_is_opened() -> None:
    space = labels.from_clusters(TAGS[4:8], [0, 0, 1, 1], name="old")
    labels.save_label_space(space)
    app = page("Label space").run()
    app.button(key="open label space").click().run()
    assert not app.exception
    assert len(classes(app)) == 2
    assert app.text_input(key="label space name").value == "old"


def test_a_link_opens_a_label_space_an_edit_and_all_tags() -> None:
    labels.save_label_space(labels.from_clusters(TAGS[4:8], [0, 0, 1, 1], name="old"))
    app = page("Label space", label_space="old", edit_kind="Merge").run()
    assert not app.exception
    assert len(classes(app)) == 2
    assert app.segmented_control(key="edit_kind").value == "Merge"
    assert commands(app)[-1] == "taglab labels show old"
    assert app.query_params["label_space"] in ("old", ["old"])
    app.button(key="label space anew").click().run()
    assert "label_space" not in app.query_params
    gone = page("Label space", label_space="gone").run()
    assert "the label space 'gone', which cannot be opened" in gone.warning[0].value.replace("\\", "")
    assert len(classes(gone)) == 5
    tags = page("Tags", selected="0-3", all_tags="true").run()
    assert "All 28 tags" in words(tags)


def test_saving_puts_the_label_space_into_the_link() -> None:
    app = page("Label space").run()
    assert "label_space" not in app.query_params
    app.text_input(key="label space name").set_value("mine").run()
    app.button(key="save label space").click().run()
    assert app.query_params["label_space"] in ("mine", ["mine"])


def test_the_shell_makes_the_label_space_with_its_edits() -> None:
    app = page("Label space", selected="4.8").run()
    second, third = classes(app)[1:3]
    app.text_input(key="rename to").set_value("it's -new").run()
    app.button(key="apply edit").click().run()
    edit(app, "Move tags")
    app.multiselect(key="move tags of it's -new").set_value(["-dash"]).run()
    app.selectbox(key="move to").set_value(second).run()
    app.button(key="apply edit").click().run()
    edit(app, "Merge")
    app.multiselect(key="merge classes").set_value([second, third]).run()
    app.button(key="apply edit").click().run()
    edit(app, "New class")
    app.button(key="apply edit").click().run()
    app.text_area(key="keep with").set_value("-dash\nmetal0\nfolk0\njazz0\ntechno0").run()
    app.button(key="keep classes").click().run()
    edit(app, "Drop tags")
    holder = app.session_state["label space draft"].space.classes_of("-dash")[0]
    app.selectbox(key="drop from").set_value(holder).run()
    app.multiselect(key=f"drop tags of {holder}").set_value(["-dash"]).run()
    app.button(key="apply edit").click().run()
    edit(app, "Drop class")
    app.selectbox(key="drop class").set_value(classes(app)[-1]).run()
    app.button(key="apply edit").click().run()
    assert not app.error
    draft = app.session_state["label space draft"].space
    lines = [line for line in commands(app) if " labels " in line]
    assert [edit.kind for edit in draft.edits] == [shlex.split(line)[4] for line in lines[1:]]
    assert len(lines) == 8
    for line in lines:
        assert cli.main(shlex.split(line)[1:]) == 0
    assert labels.open_label_space(draft.name)[0].fingerprint == draft.fingerprint
    app.select_slider(key="k").set_value(8).run()
    assert not [line for line in commands(app) if " labels " in line]


def test_duplicate_vectors_bound_the_slider() -> None:
    same = np.repeat(np.eye(4, dtype=np.float32), 7, axis=0)
    WordVectors("same", tuple(TAGS), same).save(cache.Shelf(cache.VECTORS).path("same"))
    app = page(vectors="same").run()
    assert not app.exception
    assert not app.error
    assert app.select_slider(key="k").options[-1] == "4"


def test_the_command_line_makes_the_clustering_on_the_page() -> None:
    app = page(k="6", seed="2").run()
    line = next(line for line in commands(app) if line.startswith("taglab cluster "))
    placing = next(line for line in commands(app) if line.startswith("taglab project "))
    assert placing.startswith("taglab project --data demo --vectors first --min-count 1")
    assert "cluster" not in placing
    assert line == "taglab cluster --data demo --vectors first --min-count 1 -k 6 --seed 2"


@pytest.mark.parametrize("view", VIEWS)
def test_tags_of_a_joint_space_are_clustered_by_the_distance_of_the_dot_product(view: str) -> None:
    space = shelve_space()
    save_features(space_vectors(space, "tags", "placed"), "placed")
    app = page(view, data="mine", vectors="placed", k="2").run()
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="method").value == "k-means"
    assert "Spherical k-means" not in app.selectbox(key="method").options
    assert literal("The vectors placed are compared by dot product, which heeds their lengths.") in words(app)
    assert literal("A dot product is no distance: maps and clusters take the one that belongs") in words(app)
    assert map_data(app)["label"] == "Map of 6 tags by pca, in 2 clusters"
    for line in commands(app):
        build_parser().parse_args(shlex.split(line)[1:])


@pytest.mark.parametrize(
    ("kind", "view"),
    [
        *(("tracks", view.replace("Members", "Tracks")) for view in VIEWS),
        *(("artists", view) for view in ("Clusters", "Artists", "Label space")),
    ],
)
def test_tracks_and_artists_of_a_joint_space_are_clustered_and_make_no_classes(kind: str, view: str) -> None:
    space = shelve_space()
    save_features(space_vectors(space, kind, "them"), "them")
    app = page(view, data="mine", vectors="them", k="2", colour="AUC-PR").run()
    assert not app.exception
    assert not app.error
    n = {"tracks": 20, "artists": 4}[kind]
    assert map_data(app)["label"] == f"Map of {n} {kind} by pca, in 2 clusters"
    assert literal(f"The vectors them of {kind} are compared by dot product") in words(app)
    if view == "Label space":
        assert "sets of tags" in words(app)
        assert "taglab targets factors --data mine --features them" in commands(app)
        assert not [button for button in app.button if button.key == "save label space"]
    else:
        assert not [line for line in commands(app) if " labels " in line]
    if view in ("Tracks", "Artists"):  # as a link may call it
        assert app.session_state["view"] == "Members"
    if view in ("Clusters", "Tracks") and kind == "tracks":
        assert all("Song " in name for name in app.dataframe[0].value["name"])
    if view == "Clusters" and kind == "tracks":
        assert all("Song " in members for members in app.dataframe[0].value["members"])
    if view == "Compare":
        features = ["space"] if kind == "tracks" else []  # what the space was trained on
        assert app.selectbox(key="vectors2").options == [*features, "them"]
    for line in commands(app):
        build_parser().parse_args(shlex.split(line)[1:])


def test_the_table_of_tags_stays_open_as_other_things_are_clustered() -> None:
    space = shelve_space()
    for kind in ("tags", "tracks"):
        save_features(space_vectors(space, kind, kind), kind)
    app = page("Tags", data="mine", vectors="tags", k="2").run()
    assert app.dataframe[0].value.columns[0] == "tag"
    app.selectbox(key="vectors").select("tracks").run()
    assert not app.exception
    assert app.session_state["view"] == "Members"
    assert app.query_params["view"] == "Members"
    assert "about" in app.dataframe[0].value


def test_a_link_to_a_view_that_is_not_there_is_told() -> None:
    app = page("Dancers").run()
    assert not app.exception
    assert literal("the view 'Dancers', which is not here") in "".join(one.value for one in app.warning)


def test_the_command_line_clusters_the_tags_of_a_joint_space_as_the_page_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    space = shelve_space()
    save_features(space_vectors(space, "tags", "placed"), "placed")
    app = page(data="mine", vectors="placed", k="2").run()
    (line,) = (line for line in commands(app) if line.startswith("taglab cluster"))
    assert "--vectors placed" in line
    assert cli.main([*shlex.split(line)[1:], "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert sorted(sorted(row["tags"]) for row in answer["rows"]) == sorted(map(sorted, SPACE_GROUPS.values()))
    assert answer["silhouette"] > 0.5


def charts_data(app: AppTest) -> dict:
    return json.loads(
        app.get("bidi_component")[2].proto.mixed.json or app.get("bidi_component")[2].proto.json
    )


def test_a_link_filters_map_tables_and_charts() -> None:
    app = page("Filter", filter="count=20..40", k="5").run()
    assert not app.exception
    counts = 60 - 2 * np.arange(28)
    within = (counts >= 20) & (counts < 40)
    assert f"**{within.sum()} of 28 tags** pass" in words(app)
    data = charts_data(app)
    assert data["passing"] == within.sum()
    by_name = {chart["name"]: chart for chart in data["charts"]}
    assert list(by_name) == ["count", "silhouette", "cluster"]
    assert sum(by_name["count"]["kept"]) == 28  # its own filter is not heeded
    assert (by_name["count"]["low"], by_name["count"]["high"]) == (20, 40)
    assert sum(by_name["cluster"]["all"]) == 28
    assert sum(by_name["cluster"]["kept"]) == sum(by_name["silhouette"]["kept"]) == within.sum()
    members = page("Members", filter="count=20..40").run()
    assert members.dataframe[-1].value["count"].between(20, 39).all()
    assert len(members.dataframe[-1].value) == within.sum()
    clusters = page("Clusters", filter="count=20..40").run()
    assert clusters.dataframe[-1].value["passing"].sum() == within.sum()
    clusters.button(key="clear filters").click().run()
    assert "filter" not in clusters.query_params
    assert "passing" not in clusters.dataframe[-1].value


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("year=1990..", "Filtered by what is not here, and so let go: year"),
        ("cluster=%3Cb%3E", "Filtered by what is not here, and so let go: cluster"),
        ("count", "The link filters by what is no filter"),
        ("auc_pr%20..%2Fx=0.1..0.5", "Filtered by what is not here, and so let go: auc_pr ../x"),
    ],
)
def test_a_filter_that_cannot_be_is_named_and_let_go(link: str, sentence: str) -> None:
    app = page("Filter", filter=link).run()
    assert not app.exception
    assert literal(sentence) in "\n".join(each.value for each in [*app.info, *app.warning])
    assert "filter" not in app.query_params


def test_filters_too_long_for_a_link_are_left_out_of_it_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "LONGEST_TEXT", 12)
    app = page("Filter", k="5", filter="count=20..40").run()
    assert "The link leaves the filters out" not in words(app)
    app.session_state["filters"] = {"count": Span(20.125, 40.125)}
    app.run()
    assert not app.exception
    assert "The link leaves the filters out: too long for an address." in words(app)
    assert "filter" not in app.query_params
    counts = 60 - 2 * np.arange(28)
    assert f"**{((counts > 20) & (counts <= 40)).sum()} of 28 tags** pass" in words(app)


def test_a_filter_is_taken_as_it_was_brushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamlit, "session_state", {"filters": {"year": Span(1990)}})
    filtering._take("count", Span(100000000000, 100000000005))
    filtering._take("year", Span(0.1 + 0.2, 1))
    assert streamlit.session_state["filters"] == {
        "count": Span(100000000000, 100000000005),
        "year": Span(0.1 + 0.2, 1),
    }
    filtering._take("year", None)
    assert list(streamlit.session_state["filters"]) == ["count"]


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Span(2, 10), "2 to under 10"),
        (Span(1000), "1,000 or more"),
        (Span(high=-0.25), "under \u22120.25"),
        (Span(-1, 0.5), "\u22121 to under 0.5"),
    ],
)
def test_a_range_is_put_in_words(span: Span, text: str) -> None:
    assert filtering.span_in_words(span) == text


@pytest.mark.parametrize(
    ("event", "allowed"),
    [
        ({"names": ["rock", "folk"]}, Among(frozenset({"rock", "folk"}))),
        ({"low": 2, "high": 10}, Span(2, 10)),
        ({"low": None, "high": 0.5}, Span(high=0.5)),
        ({"low": 3}, Span(3)),
        ({}, None),
        ({"low": 2, "high": 2}, None),
        ({"low": "many"}, None),
        ({"high": [1]}, None),
        ({"low": math.nan}, None),
        ({"names": 7}, None),
    ],
)
def test_what_the_browser_sends_is_a_filter_or_none(event: dict, allowed: Filter | None) -> None:
    assert brushed(event) == allowed


def test_the_cluster_table_counts_what_passes_and_says_which_clusters_it_shows() -> None:
    app = thin("Clusters")
    whole = next(one.value for one in app.dataframe if "size" in one.value)
    outside = thin_labels() < 0
    counts = 60 - 2 * np.arange(28)
    assert whole.iloc[-1]["assignments"] == counts[outside].sum()
    most = counts[outside].max()
    filtered = thin("Clusters", filter=f"count={most}..")
    table = next(one.value for one in filtered.dataframe if "size" in one.value)
    last = table.iloc[-1]
    assert (last["size"], last["passing"], last["assignments"]) == (outside.sum(), 1, counts[outside].sum())
    n_shown = len(set(thin_labels()[counts >= most]) - {-1})
    assert len(table) == n_shown + 1
    assert f"The {n_shown} of {len(whole) - 1} clusters with tags that pass the filters" in words(filtered)
    without = thin("Clusters", filter=f"count={most + 1}..")
    table = next(one.value for one in without.dataframe if "size" in one.value)
    assert "in no cluster" not in set(table["name"])
    assert table["passing"].sum() == (counts > most).sum()
    assert "the last row" not in words(without)


def test_what_passes_becomes_a_label_space_and_a_step_of_a_cleaning() -> None:
    app = page("Filter", filter="count=50..", k="5").run()
    passing = [tag for row, tag in enumerate(TAGS) if 60 - 2 * row >= 50]
    app.button(key="save filtered space").click().run()
    space, _ = labels.open_label_space("demo filtered")
    assert set(space.tags) == set(passing)
    for n_steps in (1, 2):  # the second time it is added to the same
        app.button(key="save filtered step").click().run()
        assert not app.error
        cleaning, _ = cleanings.open_cleaning("demo filtered")
        assert len(cleaning.steps) == n_steps
    cleaned = cleaning.apply(Folksonomy.open(cache.Shelf(cache.FOLKSONOMIES).path("demo")))
    assert set(cleaned.folksonomy.tags["tag"]) == set(passing)


def test_a_table_of_ones_own_brings_columns_to_filter_by() -> None:
    table = "tag,year,mood\n" + "".join(
        f"{tag},{1990 + row},m{row % 2}\n" for row, tag in enumerate(TAGS[4:])
    )
    app = page("Filter").run()
    app.file_uploader(key="filter table upload").set_value(("mine.csv", table.encode(), "text/csv")).run()
    app.button(key="take filter table").click().run()
    assert not app.error
    app.multiselect(key="charts").set_value(["year (your table)", "mood (your table)"]).run()
    year, mood = charts_data(app)["charts"]
    assert (year["edges"][0], sum(year["all"]), year["unknown"]) == (1990, 24, 4)
    assert mood["names"] == ["m0", "m1"]
    assert mood["all"] == [12, 12]


def held(monkeypatch: pytest.MonkeyPatch, at: str) -> threading.Event:
    """Make every clustering one that is not waited for, and hold it before a step until the event is set."""
    go_on = threading.Event()
    step = getattr(material_panel, at)

    def wait_and_do(*given: Any) -> Any:
        assert go_on.wait(60)
        return step(*given)

    monkeypatch.setattr(material_panel, at, wait_and_do)
    monkeypatch.setattr(under_way, "MANY", 0)
    monkeypatch.setattr(under_way, "_PATIENCE_S", 0.01)
    return go_on


def until_done() -> None:
    for work in list(under_way._UNDER_WAY.values()):
        work.wait(60)


def test_dots_come_before_their_clusters_where_these_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = held(monkeypatch, "cluster")
    app = page(k="5", seed="71").run()
    assert not app.exception
    assert map_data(app)["shows"] == "under way, k=5 pca"
    assert map_data(app)["classes"] is None
    assert app.button(key="stop clustering").label == "Stop"
    go_on.set()
    until_done()
    app.run()
    assert map_data(app)["shows"] == "k=5 pca cluster"
    (work,) = under_way._UNDER_WAY.values()
    app.segmented_control(key="colour").set_value("silhouette").run()
    assert list(under_way._UNDER_WAY.values()) == [work]  # a click begins nothing anew
    assert map_data(app)["shows"] == "k=5 pca silhouette"


def test_colours_come_before_the_silhouettes(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = held(monkeypatch, "_silhouettes")
    app = page(k="5", seed="72").run()
    (work,) = under_way._UNDER_WAY.values()
    for _ in range(600):
        if work.clusters is not None:
            break
        work.wait(0.1)
    app.run()
    assert not app.exception
    assert map_data(app)["shows"] == "under way, k=5 pca, coloured"
    assert map_data(app)["class_word"] == "Cluster"
    go_on.set()
    until_done()
    app.run()
    assert app.metric[0].value == "28"


def test_another_k_stops_the_one_before_and_a_stopped_one_can_begin_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = held(monkeypatch, "cluster")
    app = page(k="5", seed="73").run()
    (first,) = under_way._UNDER_WAY.values()
    app.select_slider(key="k").set_value(6).run()
    assert map_data(app)["shows"] == "under way, k=6 pca"  # and not the picture of before
    (second,) = under_way._UNDER_WAY.values()
    app.button(key="stop clustering").click().run()
    go_on.set()
    for work in (first, second):
        work.wait(60)
        assert isinstance(work.error, Cancelled)
        assert work.result is None
    app.run()
    assert literal("The clustering was stopped.") in words(app)
    app.button(key="cluster again").click().run()
    until_done()
    app.run()
    assert map_data(app)["shows"] == "k=6 pca cluster"


def visit(visitor: str, monkeypatch: pytest.MonkeyPatch, state: dict[str, Any]) -> None:
    """Go on as a visitor with a session state of its own."""
    monkeypatch.setattr(under_way, "_visitor", lambda: visitor)
    monkeypatch.setattr(streamlit, "session_state", state)


def test_a_clustering_goes_on_for_others_when_one_stops_waiting_and_ends_with_the_last_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = held(monkeypatch, "cluster")
    here = {"a", "b"}
    monkeypatch.setattr(under_way, "_is_here", here.__contains__)
    material = open_material("demo", "first", 1, Lookup())
    settings = SphericalKMeans(k=3, seed=74)
    of_a: dict[str, Any] = {}
    of_b: dict[str, Any] = {}
    visit("a", monkeypatch, of_a)
    work = under_way.begin(material, settings)
    assert work is not None
    visit("b", monkeypatch, of_b)
    assert under_way.begin(material, settings) is work
    under_way._stop_waiting(work)
    assert under_way.begin(material, settings) is work  # and does not begin anew by itself
    assert work.visitors == {"a"}
    assert work.left_by == {"b"}
    here.remove("a")
    go_on.set()
    work.wait(60)
    assert isinstance(work.error, Cancelled)
    assert not under_way._UNDER_WAY
    under_way._ask_again(work)
    again = under_way.begin(material, settings)
    assert again is not None
    assert again is not work
    again.wait(60)
    assert again.result is not None
    here.clear()
    visit("c", monkeypatch, {})
    monkeypatch.setattr(under_way, "MANY", 10**9)
    assert under_way.begin(material, settings) is None
    assert not under_way._UNDER_WAY


def test_another_visitor_gets_a_failed_clustering_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(under_way, "MANY", 0)
    material = open_material("demo", "first", 1, Lookup())
    settings = SphericalKMeans(k=3, seed=75)
    with monkeypatch.context() as failing:
        failing.setattr(material_panel, "cluster", fail)
        visit("a", monkeypatch, {})
        work = under_way.begin(material, settings)
        assert work is not None
        work.wait(60)
    assert "not enough memory" in str(work.error)
    assert under_way.begin(material, settings) is work
    visit("b", monkeypatch, {})
    other = under_way.begin(material, settings)
    assert other is not None
    assert other is not work
    other.wait(60)
    assert other.result is not None
    assert list(under_way._UNDER_WAY.values()) == [other]


def test_silhouettes_can_be_stopped() -> None:
    material = open_material("demo", "first", 1, Lookup())
    reports: list[float] = []

    def report(fraction: float, text: str) -> None:
        reports.append(fraction)
        if fraction > 0.6:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        material_panel.clustered(material, SphericalKMeans(k=3, seed=76), report)
    assert sorted(reports) == reports


def test_very_many_are_shown_before_it_is_known_how_far_the_map_can_be_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()
    judged = projection.judged

    def wait_and_judge(*given: Any) -> Projection:
        assert go_on.wait(60)
        return judged(*given)

    monkeypatch.setattr(projecting, "_MANY", 0)
    monkeypatch.setattr(projection, "judged", wait_and_judge)
    app = page(min_count="8").run()
    assert not app.exception
    assert "still being found out" in words(app)
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "quality of a map":
            thread.join(60)
    app.run()
    assert "Trustworthiness" in words(app)


def test_the_most_typical_tracks_of_a_selected_tag_are_heard(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for track in ("t0", "t1"):
        samples = np.sin(np.arange(16_000) / 20)
        soundfile.write(tmp_path / f"{track}.wav", samples, 16_000)
    paths = [str(tmp_path / f"{track}.wav") for track in ("t0", "t1")]
    add_audio(
        AudioFiles(pd.DataFrame({"track": ["t0", "t1"], "path": paths})),
        "demo sound",
        StoreSettings(min_duration_s=0.05),
    )
    monkeypatch.setattr(hearing, "DEMO", "demo sound")
    monkeypatch.setattr(hearing, "audio_names", lambda: ["demo sound"])
    row = TAGS.index("metal5")
    app = page(selected=str(row), hear="true").run()
    assert not app.exception
    assert f"2 of the {60 - 2 * row} tracks with metal5 have sound here" in words(app)
    assert len(app.get("audio")) == 2
    app = page(selected="0-1", hear="true").run()
    assert not app.get("audio")


def test_a_map_that_cannot_be_judged_says_why_and_is_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any) -> Projection:
        raise MemoryError

    def until_judged() -> None:
        for thread in threading.enumerate():
            if thread.name == "quality of a map":
                thread.join(60)

    monkeypatch.setattr(projecting, "_MANY", 0)
    monkeypatch.setattr(projecting, "_JUDGING", {})
    with monkeypatch.context() as failing:
        failing.setattr(projection, "judged", fail)
        app = page(min_count="9").run()
        until_judged()
        app.run()
    assert "could not be found out: not enough memory" in words(app).replace("\\", "")
    assert "still being found out" not in words(app)
    app.button(key="judge again").click().run()
    until_judged()
    app.run()
    assert "Trustworthiness" in words(app)
    assert not projecting._JUDGING
