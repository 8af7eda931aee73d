"""The Data page: the picture first, every tag in the table, uploads that are wrong told in a sentence."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from taglab import cache, sources
from taglab.dropped import Dropped
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.sources.table import TableSettings
from tests.pages.framed import open_page, plotted
from tests.sources.serving import serving
from tests.sources.tiny import write_lastfm

HOSTILE = '"><img src=x onerror=alert(1)>'
TAGS = ["rock", HOSTILE, "x" * 400, "\u202eevil", "a\x00b\nc", "*bold* :smile: $x$"]


def small(name: str = "demo", artists: bool = True) -> Folksonomy:
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(30)]})
    if artists:
        tracks["artist"] = [f"artist {row % 5}" for row in range(30)]
    rows = np.concatenate([np.arange(30 - 4 * column) for column in range(len(TAGS))])
    columns = np.concatenate([np.full(30 - 4 * column, column) for column in range(len(TAGS))])
    return Folksonomy.from_codes(
        name, tracks, TAGS, rows, columns, dropped=[Dropped("weight below 10", 7, "rows", (HOSTILE,))]
    )


@pytest.fixture
def data_page(taglab_home: Path) -> AppTest:
    small().save(cache.Shelf(cache.FOLKSONOMIES).path("demo"))
    return open_page("data")


def charts(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_the_first_thing_is_the_picture(data_page: AppTest) -> None:
    app = data_page.run()
    assert not app.exception
    assert not app.error
    assert charts(app)[0]["layout"]["title"]["text"] == "Popularity of tags"
    assert {metric.label: metric.value for metric in app.metric}["Tracks"] == "30"
    assert {metric.label: metric.value for metric in app.metric}["Artists"] == "5"


def test_no_figure_and_no_text_holds_markup_from_a_tag(data_page: AppTest) -> None:
    data_page.query_params["tag"] = HOSTILE
    app = data_page.run()
    assert app.selectbox(key="tag").value == HOSTILE
    assert "<img" not in json.dumps(charts(app))
    for element in [*app.markdown, *app.caption, *app.error]:
        assert "<img" not in element.value


def test_every_table_and_figure_can_be_taken_away(data_page: AppTest) -> None:
    data_page.query_params["find"] = "-- x"
    app = data_page.run()
    taken = " ".join(button.proto.id for button in app.get("download_button"))
    for name in ("popularity", "tags per track", "co-tags"):
        assert f"demo {name}.csv" in taken
        assert f"demo {name}.html" in taken
    for name in ("tags", "tracks", "left out"):
        assert f"demo {name}.csv" in taken
    assert "taglab data show '--find=-- x' demo" in [block.value for block in app.code]


def test_the_link_opens_the_same_view(data_page: AppTest) -> None:
    for key, value in {"find": "ROC", "tag": "\u202eevil", "min_count": "20"}.items():
        data_page.query_params[key] = value
    app = data_page.run()
    assert list(app.dataframe[0].value["tag"]) == ["rock"]
    assert app.number_input(key="min_count").value == 20
    assert "evil" in charts(app)[2]["layout"]["title"]["text"]


def test_a_search_without_a_hit_says_so(data_page: AppTest) -> None:
    app = data_page.run()
    app.text_input(key="find").set_value("[.*").run()
    assert not app.exception
    assert any("0 of 6 tags" in caption.value for caption in app.caption)


def test_without_artists_the_page_says_they_are_not_known(taglab_home: Path) -> None:
    small(artists=False).save(cache.Shelf(cache.FOLKSONOMIES).path("demo"))
    app = open_page("data").run()
    assert not app.error
    assert {metric.label: metric.value for metric in app.metric}["Artists"] == "–"
    assert "artists" not in app.dataframe[0].value.columns


def test_no_tracks_and_no_tags_are_still_a_page(taglab_home: Path) -> None:
    empty = Folksonomy.from_codes("demo", pd.DataFrame({"track": []}), [], np.array([]), np.array([]))
    empty.save(cache.Shelf(cache.FOLKSONOMIES).path("demo"))
    app = open_page("data").run()
    assert not app.exception
    assert not app.error


def page_with_the_dialog() -> None:
    from taglab.ui import add_data_panel, pick_data

    if pick_data() == "demo":
        add_data_panel()


def dialog(source: str) -> AppTest:
    app = AppTest.from_function(page_with_the_dialog, default_timeout=60).run()
    app.selectbox(key="new data source").select(source).run()
    return app


def added(app: AppTest) -> AppTest:
    app.text_input(key="new data name").set_value("mine")
    return app.button(key="new data add").click().run()


def test_public_data_can_be_downloaded_instead(
    data_page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_lastfm(tmp_path / "there.db")
    with serving() as server:
        server.content = path.read_bytes()
        remote = sources.Remote(server.url(), "lastfm_tags.db", path.stat().st_size)
        monkeypatch.setitem(sources.SOURCES, "lastfm", replace(sources.SOURCES["lastfm"], remote=(remote,)))
        app = dialog("lastfm")
        app.toggle(key="new data lastfm download").set_value(True).run()
        assert app.code[0].value == "taglab data add lastfm --name NAME"
        app = added(app)
        assert not app.error
        assert app.selectbox(key="data").value == "mine"
    assert sources.open_folksonomy("mine").n_tags == 2


@pytest.mark.parametrize(
    ("source", "name", "sentence"),
    [
        ("lastfm", "lastfm_tags.db", "damaged or cut short"),
        ("table", "table.zip", "which leads outside"),
        ("table", "long.csv", "line 2: has a field of more than 131,072 characters"),
    ],
    ids=["a truncated SQLite file", "a zip that leads outside", "a field without end"],
)
def test_a_bad_upload_is_a_sentence(
    data_page: AppTest, tmp_path: Path, source: str, name: str, sentence: str
) -> None:
    path = tmp_path / name
    if source == "lastfm":
        write_lastfm(path, pairs=[(1, 1, 50)] * 5_000)
        path.write_bytes(path.read_bytes()[:20_000])
    elif name == "table.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../../outside.csv", "track,tag\nA,rock\n")
    else:
        path.write_text("track,tag\nA," + "x" * 140_000)
    app = dialog(source)
    app.file_uploader(key=f"new data {source} upload").set_value((name, path.read_bytes(), ""))
    app = added(app)
    assert not app.exception
    assert len(app.error) == 1
    assert sentence in app.error[0].value.replace("\\", "").replace("\u2060", "")
    assert str(cache.home()) not in app.error[0].value
    assert sources.folksonomy_names() == ["demo"]


def test_a_damaged_data_set_is_a_sentence(data_page: AppTest) -> None:
    (cache.Shelf(cache.FOLKSONOMIES).path("demo") / "matrix.npz").write_bytes(b"not a zip")
    app = data_page.run()
    assert not app.exception
    assert len(app.error) == 1
    assert "damaged" in app.error[0].value


def test_plays_are_shown_beside_the_tags_with_what_was_left_out(taglab_home: Path, tmp_path: Path) -> None:
    pd.DataFrame({"track": ["a", "b"], "tag": ["rock", "jazz"]}).to_csv(tmp_path / "tags.csv", index=False)
    (tmp_path / "plays.csv").write_text("user,track\nu,a\nv,a\nv,x\n,a\n")
    sources.add("table", tmp_path / "tags.csv", "mine", TableSettings(plays=tmp_path / "plays.csv"))
    app = open_page("data", data="mine").run()
    assert not app.exception
    figures = {metric.label: metric.value for metric in app.metric}
    assert (figures["Users"], figures["Tracks played"], figures["Density of plays"]) == ("2", "2", "75.00%")
    assert any("1 of 2 tracks played are not in mine ('x')" in text.value for text in app.text)
    (left_out,) = [frame.value for frame in app.dataframe if "reason" in frame.value]
    assert left_out["reason"].tolist() == ["no user or no track"]
    small("bare").save(cache.Shelf(cache.FOLKSONOMIES).path("bare"))
    assert "Users" not in {metric.label for metric in open_page("data", data="bare").run().metric}


def test_activity_is_drawn_and_filtered_in_steps_as_the_command_does(data_page: AppTest) -> None:
    assert not any(chart["layout"]["title"]["text"] == "Activity" for chart in charts(data_page.run()))
    pairs = [("u", "a"), ("u", "b"), ("x", "a"), ("x", "b"), ("v", "b"), ("v", "c"), ("w", "c")]
    plays = Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "track"]), "demo")
    plays.write(cache.Shelf(cache.FOLKSONOMIES).path("demo") / "interactions")
    app = open_page("data", min_tracks="2", min_users="2").run()
    assert not app.exception
    (curve,) = (chart for chart in charts(app) if chart["layout"]["title"]["text"] == "Activity")
    assert plotted(curve["data"][0]["y"]).tolist() == [4, 3]
    (steps,) = (one.value for one in app.dataframe if "step" in one.value.columns)
    assert steps["users"].tolist() == [4, 3, 3, 2]
    assert "taglab data activity --min-tracks 2 --min-users 2 demo" in [block.value for block in app.code]


def test_activity_is_computed_once_and_may_leave_nobody(
    data_page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [("u", "a"), ("u", "b"), ("x", "a")] + [("y", f"{number}") for number in range(40)]
    plays = Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "track"]), "demo")
    plays.write(cache.Shelf(cache.FOLKSONOMIES).path("demo") / "interactions")
    asked: list[tuple[int, ...]] = []
    activity, steps = Interactions.activity, Interactions.activity_steps
    monkeypatch.setattr(Interactions, "activity", lambda self: (asked.append(()), activity(self))[1])
    monkeypatch.setattr(
        Interactions, "activity_steps", lambda self, *least: (asked.append(least), steps(self, *least))[1]
    )
    app = open_page("data", min_tracks="41").run()
    assert not app.exception
    assert "Nobody is so active: nothing is left." in [caption.value for caption in app.caption]
    (curve,) = (chart for chart in charts(app) if chart["layout"]["title"]["text"] == "Activity")
    assert [note["text"] for note in curve["layout"]["annotations"]] == ["0 users of ≥ 41"]
    app.run()
    assert asked == [(), (41, 1)]
    app.number_input(key="min_tracks").set_value(2).run()
    assert asked == [(), (41, 1), (2, 1)]
