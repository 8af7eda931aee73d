"""The Genres page: every view on hostile tags, choices in the link, what is saved, what is told."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from taglab import cache, labels
from taglab.cli.commands import build_parser
from taglab.embeddings import WordVectors
from taglab.folksonomy import Folksonomy
from taglab.genres import ClassSettings, kept_classes
from taglab.labels import open_label_space
from taglab.ui import long_work
from tests.pages.beside import Beside, long_works_are_offered
from tests.pages.framed import open_page

HOSTILE = '"><img/src=x/onerror=alert(1)> metal'
GROUPS = {
    "metal": ["metal", HOSTILE, "-dash metal", "doom metal", "death metal", "black metal", "folk metal"],
    "jazz": ["jazz", "\u202eevil jazz", "x" * 300, "acid jazz", "free jazz", "cool jazz", "vocal jazz"],
    "voice": ["female vocals", "male vocals", "choir", "soprano", "tenor"],
}
TAGS = [tag for tags in GROUPS.values() for tag in tags]
VIEWS = ("Co-occurrence", "Genres", "Subgenres")


@pytest.fixture(autouse=True)
def small(taglab_home: Path) -> None:
    """Tracks of two genres with subgenres, and voices on some of them; vectors; a label space."""
    rng = np.random.default_rng(0)
    n = 300
    table = np.zeros((n, len(TAGS)), bool)
    of_metal = np.arange(n) < 160
    branch = rng.integers(3, size=n)
    for genre, first, chosen in (("metal", 0, of_metal), ("jazz", 7, ~of_metal)):
        table[:, first] = chosen & (rng.random(n) < 0.8)
        for number in range(6):
            likely = np.where(branch == number // 2, 0.6, 0.05)
            table[:, first + 1 + number] = chosen & (rng.random(n) < likely)
        assert genre in TAGS
    table[:, 14:] = rng.random((n, 5)) < 0.2
    rows, columns = np.nonzero(table)
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(n)]})
    shelf = cache.Shelf(cache.FOLKSONOMIES)
    Folksonomy.from_codes("demo", tracks, TAGS, rows, columns).save(shelf.path("demo"))
    group = np.repeat(np.arange(3), [len(tags) for tags in GROUPS.values()])
    vectors = np.eye(8)[group] + rng.normal(scale=0.1, size=(len(TAGS), 8))
    WordVectors("first", tuple(TAGS), vectors.astype(np.float32)).save(
        cache.Shelf(cache.VECTORS).path("first")
    )
    classes = {name: list(tags) for name, tags in GROUPS.items()} | {HOSTILE: [HOSTILE]}
    labels.save_label_space(labels.from_classes(classes, name="saved"))


def opened(view: str = "Co-occurrence", **url: str) -> AppTest:
    url = {"classes": "A saved label space", "labels": "saved", "view": view, **url}
    return open_page("genres", **url).run()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def charts(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def told(app: AppTest) -> str:
    elements = [*app.markdown, *app.caption, *app.text, *app.error, *app.info, *app.success, *app.warning]
    return "\n".join(element.value for element in elements)


def require_sound(app: AppTest) -> None:
    assert not app.exception
    assert not app.error
    assert "<img" not in json.dumps(charts(app))
    for element in [*app.markdown, *app.caption]:
        assert not re.search(r"(?<!\\)<", element.value)
    for block in app.code:
        program, *arguments = shlex.split(block.value)
        assert program == "taglab"
        build_parser().parse_args(arguments)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("classes", ["A saved label space", "Most used tags, a class each"])
def test_every_view_opens_by_its_link(view: str, classes: str) -> None:
    require_sound(opened(view, classes=classes, choose="All classes"))


def test_classes_that_take_long_are_made_beside_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    long_works_are_offered(monkeypatch)
    app = opened(classes="All tags, clustered", vectors="first", class_k="3")
    assert "Making them of 19 tags takes about 1 minute of one core" in app.info[0].value
    assert not charts(app)
    app.button(key="begin work").click().run()
    ((module, given),) = Beside.started
    asked = json.loads(given)
    settings = ClassSettings.model_validate(asked["settings"])
    assert (module, asked["data"]) == ("taglab.genres.class_process", "demo")
    assert (settings.of, settings.k, settings.vectors) == ("clusters", 3, "first")
    again = opened(classes="All tags, clustered", vectors="first", class_k="3")
    assert "pass 1 of 3" in again.get("progress")[0].proto.text
    kept_classes(Folksonomy.open(cache.Shelf(cache.FOLKSONOMIES).path("demo")), settings)
    (job,) = long_work._UNDER_WAY.values()
    job.ended = True
    again.run()
    require_sound(again)
    assert metrics(again)["Classes"] == "3"


def test_a_newcomer_sees_clusters_of_genre_tags() -> None:
    app = opened(classes="Genre tags, clustered", vectors="first", class_k="2")
    require_sound(app)
    assert metrics(app)["Classes"] == "2"
    assert set(app.dataframe[0].value["a"]) | set(app.dataframe[0].value["b"]) <= {"metal", "jazz"}


def test_pairs_and_their_heat_map() -> None:
    app = opened(choose="All classes")
    assert metrics(app)["Classes"] == "4"
    heat = charts(app)[0]["data"][0]
    assert heat["type"] == "heatmap"
    pairs = app.dataframe[0].value.set_index(["a", "b"])
    assert pairs["m_correlated"].to_dict()["metal", HOSTILE]
    assert "m-correlated" in json.dumps(charts(app)[0]["data"][1]["name"])
    assert metrics(opened(only_genres="true"))["Classes"] == "2"


def test_genres_are_chosen_by_category_merged_and_saved() -> None:
    app = opened("Genres")
    require_sound(app)
    assert metrics(app)["Genres"] == "2"
    assert metrics(app)["Merged"] == "1"
    app.text_input(key="genres name").set_value("kept").run()
    app.button(key="genres save").click().run()
    require_sound(app)
    space, _ = open_label_space("kept")
    assert set(space.names) == {"metal", "jazz"}
    app.text_input(key="popular name").set_value("popular").run()
    app.button(key="popular save").click().run()
    assert [each.tags for each in open_label_space("popular")[0].classes] == [("metal",), ("jazz",)]


def test_saving_over_a_label_space_must_be_asked_for() -> None:
    app = opened("Genres")
    app.text_input(key="genres name").set_value("saved").run()
    assert app.button(key="genres save").disabled
    app.toggle(key="genres replace").set_value(True).run()
    app.button(key="genres save").click().run()
    require_sound(app)
    assert len(open_label_space("saved")[0]) == 2


def test_m_decides_what_is_merged() -> None:
    app = opened("Genres", m="1.0")
    assert metrics(app)["Merged"] == "0"
    app.slider(key="m").set_value(3.0).run()
    assert metrics(app)["Merged"] == "1"


def test_genres_by_hand_and_from_a_list() -> None:
    app = opened("Genres", choose="By hand", m="1.0")
    assert set(app.multiselect(key="keep").value) == {"metal", "jazz", HOSTILE}
    app.multiselect(key="keep").set_value(["jazz", "voice"]).run()
    require_sound(app)
    assert metrics(app)["Genres"] == "2"
    app = opened("Genres", choose="From a list", genre_list="jazz\nacid jazz\nabsent", m="1.0")
    require_sound(app)
    assert metrics(app)["Genres"] == "1"
    assert "No class is or holds" in told(app)
    app = opened("Genres", choose="From a list", genre_list="[0, 1]\n[[0, 1]]", m="1.0")
    require_sound(app)
    assert metrics(app)["Genres"] == "1"


def test_a_list_that_cannot_be_read_is_told() -> None:
    app = opened("Genres", choose="From a list", genre_list="[0, 99]")
    assert not app.exception
    assert "99" in app.error[0].value


@pytest.mark.parametrize(
    ("method", "closer"),
    [
        ("NPMI", "Silhouette over k"),
        ("NPMI", "Dendrogram"),
        ("NPMI", "Silhouette diagram"),
        ("Tag embeddings", "Dendrogram"),
    ],
)
def test_a_genre_divided(method: str, closer: str) -> None:
    app = opened(
        "Subgenres", genre="metal", divide_by=method, closer=closer, sub_k_min="3", sub_k_max="4",
        train_steps="100", m="1.0",
    )  # fmt: skip
    require_sound(app)
    assert metrics(app)["Subgenres"] in ("2", "3")
    names = [trace.get("name", "") for trace in charts(app)[0]["data"]]
    assert any("the genre's main tag" in name for name in names)
    assert app.dataframe[0].value["reason"].tolist()[0] == "the genre's main tag"
    assert len(charts(app)) == (1 if method == "Tag embeddings" else 2)


def test_all_genres_are_divided_and_saved() -> None:
    app = opened("Subgenres", sub_k_min="3", sub_k_max="4")
    app.button(key="divide all").click().run()
    require_sound(app)
    assert app.dataframe[-1].value["genre"].tolist() == ["metal", "jazz"]
    app.text_input(key="subgenres name").set_value("subs").run()
    app.button(key="subgenres save").click().run()
    require_sound(app)
    space, _ = open_label_space("subs")
    assert len(space) == 6
    assert space.made_by["k_max"] == 4
    app.selectbox(key="genre").set_value("jazz").run()
    assert metrics(app)["Subgenres"] == "6"  # the table of all stays; the last of the metrics is its own


def test_a_genre_too_small_to_divide_is_told() -> None:
    app = opened("Subgenres", genre=HOSTILE, m="1.0")
    require_sound(app)
    assert "There are too few tags for a map" in told(app)
    assert "it takes 3" in told(app)


def test_settings_that_contradict_each_other_are_told() -> None:
    app = opened("Subgenres", sub_k_min="9", sub_k_max="5")
    assert "k\\_min\\=9 must not exceed k\\_max\\=5" in app.error[0].value


def test_links_that_ask_for_what_is_not_here_are_told() -> None:
    app = opened("Subgenres", genre="gone", m="inf", sub_k_min="nan", labels="gone too")
    assert not app.exception
    said = told(app)
    assert "'gone'" in literal_free(said)
    assert "'gone too'" in literal_free(said)
    assert "'inf'" in literal_free(said)


def literal_free(text: str) -> str:
    return text.replace("\\", "")
