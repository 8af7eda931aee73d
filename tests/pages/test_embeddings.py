"""The Embeddings page: every view on hostile tags, and what cannot be shown said in a sentence."""

import io
import json
import shlex
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from taglab import cache, embeddings
from taglab.cli.commands import build_parser
from taglab.embeddings import WordVectors
from taglab.folksonomy import Folksonomy
from taglab.ui import long_work
from taglab.ui.embeddings.views import VIEWS
from taglab.ui.messages import literal
from taglab.vectors import Vectors, save_features
from taglab.verbs.joint_space_words import space_vectors
from tests.joint_space.shelved import shelve_space
from tests.pages.beside import Beside, long_works_are_offered
from tests.pages.framed import open_page, plotted

HOSTILE = '"><img src=x onerror=alert(1)>'
TAGS = ["rock", "jazz", HOSTILE, "-dash", "kappe jazz", "\u202eevil", "x" * 400, "unheard of"]
WORDS = [word for tag in TAGS[:-1] for word in tag.split() if word != "kappe"]


@pytest.fixture(autouse=True)
def small(taglab_home: Path) -> None:
    rows = np.concatenate([np.arange(30 - 3 * column) for column in range(len(TAGS))])
    columns = np.repeat(np.arange(len(TAGS)), [30 - 3 * column for column in range(len(TAGS))])
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(30)]})
    Folksonomy.from_codes("demo", tracks, TAGS, rows, columns).save(
        cache.Shelf(cache.FOLKSONOMIES).path("demo")
    )
    for seed, name in enumerate(("first", "second")):
        vectors = np.random.default_rng(seed).normal(size=(len(WORDS), 8)).astype(np.float32)
        WordVectors(name, tuple(dict.fromkeys(WORDS)), vectors[: len(set(WORDS))]).save(
            cache.Shelf(cache.VECTORS).path(name)
        )


def opened(view: str = "Neighbours", **url: str) -> AppTest:
    return open_page(
        "embeddings",
        **{"vectors": "first", "other": "second", "min_count": "1", "map": "PCA", "view": view, **url},
    ).run()


def commands(app: AppTest) -> list[str]:
    return [line for block in app.code for line in block.value.splitlines()]


def downloads(app: AppTest) -> str:
    return " ".join(each.proto.id for each in app.get("download_button"))


def charts(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


@pytest.mark.parametrize("view", list(VIEWS))
def test_every_view_opens_by_its_link(view: str) -> None:
    app = opened(view, tag=HOSTILE, k_overlap="3", a="-dash", **{"from": "-dash"})
    assert not app.exception
    assert not app.error
    assert charts(app) or view == "Side by side"
    assert "<img" not in json.dumps(charts(app))
    for element in [*app.markdown, *app.caption]:
        assert "<img" not in element.value
    for line in commands(app):
        program, *arguments = shlex.split(line)
        assert program == "taglab"
        build_parser().parse_args(arguments)


def test_own_vectors_that_take_long_are_trained_beside_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    long_works_are_offered(monkeypatch)
    app = opened(vectors="own")
    assert "takes about 1 minute of one core" in app.info[0].value
    assert not charts(app)
    app.button(key="begin work").click().run()
    assert Beside.started == [("taglab.embeddings.own_process", "demo")]
    assert "pass 1 of 3" in app.get("progress")[0].proto.text
    again = opened(vectors="own")
    assert "pass 1 of 3" in again.get("progress")[0].proto.text
    assert len(Beside.started) == 1
    again.button(key="stop work").click().run()
    assert "takes about" in again.info[0].value
    again.button(key="begin work").click().run()
    embeddings.own_vectors(Folksonomy.open(cache.Shelf(cache.FOLKSONOMIES).path("demo")))
    (job,) = long_work._UNDER_WAY.values()
    job.ended = True
    again.run()
    assert not again.exception
    assert charts(again)


def test_tags_with_an_unknown_word_are_shown_to_be_partly_known() -> None:
    app = opened(tag="jazz", n="5")
    traces = [trace for chart in charts(app) for trace in chart["data"]]
    bars = next(trace for trace in traces if "pattern" in trace.get("marker", {}))
    shapes = bars["marker"]["pattern"]["shape"]
    hatched = [row[0] for row, shape in zip(bars["customdata"], shapes, strict=True) if shape]
    assert hatched == ["kappe jazz"]
    captions = [caption.value for caption in app.caption]
    assert "Hatched: 1 of these 5 have words without a vector, and so without a say." in captions
    asked = opened(tag="kappe jazz")
    assert any("kappe jazz\\: without kappe" in caption.value for caption in asked.caption)
    known = opened(tag="jazz", fully_known="true")
    assert "kappe jazz" not in json.dumps(charts(known))


def test_tags_without_a_vector_are_listed() -> None:
    app = opened()
    (missing,) = (expander for expander in app.expander if expander.label == "Without a vector (1 tags)")
    assert missing.dataframe[0].value["tag"].tolist() == ["unheard of"]
    assert "without a vector.csv" in downloads(app)


def test_coverage_names_unknown_words_and_tags_that_fall_together() -> None:
    app = opened("Coverage")
    tables = [table.value for table in app.dataframe]
    same = next(table for table in tables if "same_as" in table)
    assert same[["tag", "same_as"]].to_numpy().tolist() == [["kappe jazz", "jazz"]]
    assert "kappe" in json.dumps(charts(app)[1])
    for by in ("words", "duplicates"):
        assert f"taglab coverage --data demo --vectors first --min-count 1 --by {by}" in commands(app)


def test_words_with_zeros_for_a_vector_are_named(tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text("rock 1 0\njazz 0 1\nevil 0 0\n")
    embeddings.add_vectors(tmp_path / "some.txt", "some")
    app = opened("Coverage", vectors="some")
    assert not app.error
    said = "When some was read, 1 words (evil): a vector of zeros only: the word counts as unknown."
    assert said in [caption.value.replace("\\", "").replace("\u2060", "") for caption in app.caption]


def test_comparing_needs_a_second_embedding() -> None:
    def page() -> None:
        import streamlit as st

        from taglab.ui import pick_vectors

        st.text(f"{pick_vectors('other', 'Compare with', without='own')}")

    for name in ("first", "second"):
        cache.Shelf(cache.VECTORS).delete(name)
    app = AppTest.from_function(page, default_timeout=60).run()
    assert app.text[0].value == "None"
    assert not app.selectbox


def test_what_cannot_be_compared_is_a_sentence() -> None:
    app = opened("Two embeddings", k_overlap="50")
    assert "k=50" in app.error[0].value.replace("\\", "")


def test_an_axis_between_one_point_is_a_sentence() -> None:
    app = opened("Axis", **{"from": "jazz", "to": "kappe jazz"})
    assert "same point" in app.error[0].value


def test_vectors_that_know_no_tag_are_a_sentence() -> None:
    WordVectors("foreign", ("zzz",), np.ones((1, 4), np.float32)).save(
        cache.Shelf(cache.VECTORS).path("foreign")
    )
    app = opened(vectors="foreign")
    assert not app.exception
    assert "0 tags have a vector" in app.error[0].value


def test_nearest_tags_of_several_embeddings_stand_side_by_side() -> None:
    app = opened("Side by side", others="second", tag="rock", n="3")
    table = app.dataframe[0].value
    assert table.columns.tolist() == ["rank", "first", "first, cosine", "second", "second, cosine"]
    assert len(table) == 3
    assert "rock" not in table["first"].tolist()
    near = "taglab neighbours --data demo --vectors {} --min-count 1 -n 3 rock"
    assert {near.format("first"), near.format("second")} <= set(commands(app))
    assert not opened("Side by side").error


def test_the_built_in_set_is_judged_and_said_to_be_small() -> None:
    app = opened("Quality", others="second")
    assert not app.exception
    assert not app.error
    assert any("written and graded by the makers of taglab" in caption.value for caption in app.caption)
    table = app.dataframe[0].value
    assert table["vectors"].tolist() == ["first", "second"] * 2
    assert table["coverage"].max() < 0.2  # of its words these vectors know but rock and jazz
    assert "--vectors first,second" in app.code[0].value


def test_sets_are_uploaded_told_apart_and_held_against() -> None:
    app = opened("Quality", built_in="false")
    assert "Keep the built-in set" in app.info[0].value
    app.file_uploader(key="quality upload").set_value(
        [
            (
                "../pairs.txt",
                f"rock\tjazz\t3\nrock\t{HOSTILE}\t1\nrock\trock\t9\nnone\tjazz\t2\n".encode(),
                "text/plain",
            ),
            ("questions.txt", b": one\nrock jazz -dash evil\n: two\nrock jazz none none\n", "text/plain"),
        ]
    )
    app.run()
    assert not app.error
    table = app.dataframe[0].value
    assert table[["set", "asked", "covered"]].to_numpy().tolist() == [["pairs", 4, 3], ["questions", 2, 0]]
    assert "Left out: 1 of 4 have a word without a vector" in [box.label for box in app.expander]
    assert "pairs left out of first.csv" in downloads(app)
    assert "quality Spearman.html" in downloads(app)
    assert "<img" not in json.dumps(charts(app))
    assert "&lt;img" in json.dumps(charts(app))
    app.selectbox(key="set").set_value("questions").run()
    assert not app.exception
    assert "of 0" in " ".join(element.value for element in app.markdown)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pairs.txt", b"a b\n", "neither pairs"),
        ("pairs.txt", b"a b 1\na b c\n", "pairs.txt, line 2: must be two words and a number"),
        ("sets.zip", b"PK\x03\x04 broken", "not a zip"),
        ("pairs.txt", b"", "empty"),
        ("pairs.txt", b"\xff\xfea", "not UTF-8"),
    ],
)
def test_a_bad_set_is_a_sentence(name: str, content: bytes, said: str) -> None:
    app = opened("Quality")
    app.file_uploader(key="quality upload").set_value([(name, content, "text/plain")]).run()
    assert not app.exception
    assert len(app.error) == 1
    assert said in app.error[0].value.replace("\\", "")
    assert str(cache.home()) not in app.error[0].value.replace("\\", "")


def test_any_pairs_can_be_pasted() -> None:
    app = opened("Pairs", pairs_of="A list of words")
    assert not charts(app)
    lines = f"rock, jazz\n-dash → evil\nnowhere, jazz\nrock\t{HOSTILE}"
    app.text_area(key="pairs text").set_value(lines).run()
    assert not app.error
    (plane,) = charts(app)
    assert len(plane["data"]) == 3 - ("evil" not in WORDS)
    assert "<img" not in json.dumps(plane)
    assert "&lt;img" in json.dumps(plane)
    assert "of variance" in plane["layout"]["xaxis"]["title"]["text"]
    assert any("pairs have a word without a vector" in box.label for box in app.expander)
    app.text_area(key="pairs text").set_value("rock, jazz\n a, b, c").run()
    assert "line 2 must be a pair" in app.error[0].value.replace("\\", "")


def test_the_map_in_three_dimensions_says_the_share_of_each_axis() -> None:
    app = opened(dimensions="3-D", tag="rock")
    scene = next(chart["layout"]["scene"] for chart in charts(app) if "scene" in chart["layout"])
    for axis in ("xaxis", "yaxis", "zaxis"):
        assert "% of variance" in scene[axis]["title"]["text"]
    assert any("The 3 axes hold" in caption.value for caption in app.caption)


def test_the_first_map_is_that_of_the_clusters_page() -> None:
    app = open_page("embeddings", vectors="first", min_count="1").run()
    assert app.segmented_control(key="map").value == "tsne"


def test_one_of_several_files_of_a_zip_can_be_picked() -> None:
    def page() -> None:
        from taglab.ui import add_vectors_panel

        add_vectors_panel()

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("small.txt", "rock 0.1 0.2\njazz 0.1 0.3\n")
        archive.writestr("large.txt", "rock 0.1 0.2 0.5\njazz 0.1 0.3 0.5\n")
    app = AppTest.from_function(page, default_timeout=60).run()
    app.file_uploader(key="new vectors upload").set_value(
        [("glove.zip", packed.getvalue(), "application/zip")]
    ).run()
    assert app.selectbox(key="new vectors member").options == ["small.txt", "large.txt"]
    app.selectbox(key="new vectors member").set_value("large.txt")
    app.text_input(key="new vectors name").set_value("picked")
    app.button(key="new vectors add").click().run()
    assert not app.error
    assert WordVectors.open(cache.Shelf(cache.VECTORS).path("picked")).dim == 3


def test_an_odd_number_of_tags_makes_no_pairs() -> None:
    app = open_page("embeddings", vectors="first", min_count="1", view="Pairs").run()
    app.multiselect(key="pairs").set_value(["rock", "jazz", "-dash"]).run()
    assert "even number" in app.info[0].value


def test_how_words_are_looked_up_can_be_switched() -> None:
    strict = opened("Coverage", tag="jazz")
    strict.multiselect(key="forms").set_value(["upper"]).run()
    assert "0 tags have a vector" in strict.error[0].value


def test_the_copied_command_says_how_words_are_looked_up() -> None:
    app = opened(split_punctuation="false")
    assert "--no-split-punctuation" in app.code[0].value


def test_training_here_adds_vectors() -> None:
    def page() -> None:
        from taglab.ui import pick_vectors, train_vectors_panel

        if pick_vectors() == "own":
            train_vectors_panel("demo")

    app = AppTest.from_function(page, default_timeout=60).run()
    app.text_input(key="own vectors name").set_value("mine")
    app.number_input(key="own skip-gram dim").set_value(8)
    app.number_input(key="own skip-gram epochs").set_value(3)
    app.button(key="own vectors train").click().run()
    assert not app.error
    assert app.selectbox(key="vectors").value == "mine"
    assert WordVectors.open(cache.Shelf(cache.VECTORS).path("mine")).dim == 8


def test_vectors_of_whole_tags_are_trained_and_chosen() -> None:
    def page() -> None:
        from taglab.ui import pick_vectors, train_vectors_panel

        if pick_vectors() == "own":
            train_vectors_panel("demo")

    app = AppTest.from_function(page, default_timeout=60).run()
    app.segmented_control(key="own method").set_value("tag-skip-gram").run()
    app.text_input(key="own vectors name").set_value("tags")
    app.number_input(key="own tag-skip-gram min_count").set_value(12)
    app.number_input(key="own tag-skip-gram steps").set_value(20).run()
    command = next(block.value for block in app.code if block.value.startswith("taglab embed"))
    assert command == (
        "taglab embed --name tags --data demo --method tag-skip-gram --min-count 12 --steps 20"
    )
    app.button(key="own vectors train").click().run()
    assert not app.error
    assert app.selectbox(key="vectors").value == "tags"
    trained = WordVectors.open(cache.Shelf(cache.VECTORS).path("tags"))
    assert "kappe jazz" in trained.words
    assert "unheard of" not in trained.words


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("vectors.kv", b"\x80\x04x", "pickle"),
        ("glove.txt", b"", "empty"),
        ("glove.txt", b"rock 0.1 0.2\njazz 0.1\n", "line 2"),
        ("glove.txt", b"rock 0.1 0.2\njazz nan 0.1\n", "line 2: the vector of 'jazz' holds NaN"),
        ("glove.txt", b"rock 0 0\njazz 0 0\n", "zeros only"),
        ("glove.zip", zipped("../../glove.txt", b"rock 0.1 0.2\n"), "leads outside"),
    ],
    ids=["a pickle", "0 bytes", "a short row", "NaN", "zeros", "a zip that leads outside"],
)
def test_bad_vectors_are_a_sentence(name: str, content: bytes, said: str) -> None:
    def page() -> None:
        from taglab.ui import add_vectors_panel

        add_vectors_panel()

    app = AppTest.from_function(page, default_timeout=60).run()
    app.file_uploader(key="new vectors upload").set_value((name, content, "application/octet-stream"))
    app.text_input(key="new vectors name").set_value("mine")
    app.button(key="new vectors add").click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert said in app.error[0].value.replace("\\", "")
    assert str(cache.home()) not in app.error[0].value.replace("\\", "")


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]


def keep_whole_tags(name: str = "placed", measure: str = "dot") -> Vectors:
    """Keep vectors of whole tags, of different lengths, of all tags but the last."""
    rows = np.random.default_rng(2).normal(size=(len(TAGS) - 1, 8)) * np.arange(1, len(TAGS))[:, None]
    vectors = Vectors.of("tags", TAGS[:-1], rows, name, measure)
    save_features(vectors, name)
    return vectors


@pytest.mark.parametrize("view", sorted(set(VIEWS) - {"Coverage", "Quality"}))
def test_whole_tags_are_looked_at_in_every_view_but_those_of_words(view: str) -> None:
    keep_whole_tags()
    app = opened(view, vectors="placed", k_overlap="3")
    assert not app.exception
    assert not app.error
    assert literal("The vectors placed are compared by dot product, which heeds their lengths.") in captions(
        app
    )
    for line in commands(app):
        build_parser().parse_args(shlex.split(line)[1:])


def test_neighbours_of_whole_tags_are_by_dot_product() -> None:
    vectors = keep_whole_tags()
    app = opened(vectors="placed", tag="jazz", n="3")
    bars = next(trace for chart in charts(app) for trace in chart["data"] if trace["type"] == "bar")
    products = vectors.vectors @ vectors.rows_of(["jazz"])[0]
    products[vectors.row("jazz")] = -np.inf
    nearest = np.argsort(-products)[:3]
    assert bars["customdata"][0][0].startswith(vectors.ids[nearest[0]][:5])
    lengths = plotted(bars["x"])
    np.testing.assert_allclose(lengths, products[nearest], rtol=1e-5)
    assert charts(app)[0]["layout"]["xaxis"]["title"]["text"] == "dot product"
    assert "A dot product is no distance" in " ".join(captions(app))
    assert "taglab neighbours --data demo --vectors placed --min-count 1 -n 3 jazz" in commands(app)
    assert not [one for one in app.expander if one.label == "Looking up words"]


@pytest.mark.parametrize("view", ["Coverage", "Quality"])
def test_whole_tags_have_no_words_to_look_up(view: str) -> None:
    keep_whole_tags()
    app = opened(view, vectors="placed")
    assert not app.exception
    assert "'placed' are vectors of whole tags" in app.error[0].value.replace("\\", "")


def test_whole_tags_stand_beside_word_vectors() -> None:
    keep_whole_tags()
    app = opened("Side by side", others="placed", tag="rock", n="3")
    table = app.dataframe[0].value
    assert table.columns.tolist() == ["rank", "first", "first, cosine", "placed", "placed, dot product"]


def test_vectors_of_users_are_no_choice_and_a_damaged_shelf_is_passed_over() -> None:
    save_features(Vectors.of("users", ["u0", "u1"], np.eye(2), measure="dot"), "listeners")
    keep_whole_tags("broken")
    (cache.Shelf(cache.FEATURES).path("broken") / "manifest.json").write_text("{")
    keep_whole_tags("first")  # word vectors of that name come first
    app = opened()
    assert app.selectbox(key="vectors").options == ["own", "first", "second"]
    assert not app.exception
    assert app.selectbox(key="vectors").label == "Word vectors"


@pytest.mark.parametrize(
    ("kind", "view"),
    [*(("tracks", view) for view in sorted(set(VIEWS) - {"Coverage", "Quality"})), ("artists", "Neighbours")],
)
def test_tracks_and_artists_of_a_joint_space_are_looked_at_as_tags_are(kind: str, view: str) -> None:
    space = shelve_space()
    for name in ("them", "others"):
        save_features(space_vectors(space, kind, name), name)
    app = opened(view, data="mine", vectors="them", other="others", others="others", k_overlap="2", n="3")
    assert not app.exception
    assert not app.error
    of = f"The vectors them of {kind} are compared by dot product, which heeds their lengths."
    assert literal(of) in captions(app)
    for line in commands(app):
        build_parser().parse_args(shlex.split(line)[1:])
    if view in ("Two embeddings", "Side by side"):
        box = app.selectbox(key="other") if view == "Two embeddings" else app.multiselect(key="others")
        assert set(box.options) == {"others"} | ({"space"} if kind == "tracks" else set())  # none of tags
    if view == "Neighbours" and kind == "tracks":
        track = app.selectbox(key="track").value
        assert any(literal(f"{track}: Song ") in caption for caption in captions(app))
        assert not [one for one in app.number_input if one.key == "min_count"]
    if kind == "tracks":  # by title and artist, wherever tracks are named
        shown = [chart.proto.spec for chart in app.get("plotly_chart")]
        shown += [frame.value.to_json() for frame in app.dataframe]
        assert any("Song " in text for text in shown)


def test_a_page_that_looks_words_up_lets_go_of_whole_tags_and_says_so() -> None:
    def page() -> None:
        import streamlit as st

        from taglab.ui import pick_vectors

        st.text(pick_vectors())

    keep_whole_tags()
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["vectors"] = "placed"
    app.run()
    assert not app.exception
    assert app.text[0].value == "own"
    assert "'placed' are vectors of whole tags" in app.info[0].value.replace("\\", "")
    assert not app.run().info
