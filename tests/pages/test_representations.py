"""The Representations page: scores, the map of tracks, two features side by side, the way to the first."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from taglab import cache
from taglab.factors import TARGETS, make_targets
from taglab.factors.column import ColumnTargets
from taglab.factors.describe import strongest_by_source
from taglab.labels import from_tags, save_label_space
from taglab.runs import create_run
from taglab.runs.inputs import Input
from taglab.runs.kept_targets import KeptTargets, write_targets
from taglab.studies.design.kept import make_design, prepare_design
from taglab.studies.design.pictures import PICTURES
from taglab.vectors import feature_names, remove_features, save_features
from tests.pages.beside import Beside, long_works_are_offered
from tests.pages.framed import open_page, require_sound, texts
from tests.studies.design.test_tables import SETTINGS, scored
from tests.studies.transfer.examples import junk, shelve, shelve_tones, small_data, telling

QUICK = {"data": "mine", "splits": "2", "task": "genre"}


@pytest.fixture
def shelf(taglab_home: Path) -> None:
    shelve()


def opened(**url: object) -> AppTest:
    return open_page("representations", **url).run()


def table(app: AppTest, column: str) -> pd.DataFrame:
    (frame,) = [one.value for one in app.dataframe if column in one.value]
    return frame


def painted(app: AppTest) -> dict:
    return json.loads(app.get("bidi_component")[1].proto.mixed.json)


def class_names(app: AppTest) -> set[str]:
    """The groups that a map is sent, as its Arrow table holds them."""
    data = app.get("bidi_component")[1].proto.mixed.arrow_blobs
    tables = [pa.ipc.open_stream(blob.data).read_all() for blob in data.values()]
    return {name for one in tables if "colour" in one.column_names for name in one["name"].to_pylist()}


def test_without_features_the_first_are_made_beside_the_page(
    monkeypatch: pytest.MonkeyPatch, taglab_home: Path
) -> None:
    long_works_are_offered(monkeypatch)
    app = opened()
    require_sound(app)
    assert app.subheader[0].value == "No features yet"
    assert "taglab features encode mfcc-statistics --name demo-mfcc" in app.code[0].value
    app.button(key="begin work").click().run()
    assert Beside.started == [("taglab.verbs.first_features", "")]


def test_of_other_data_the_line_is_told_and_strangers_start_nothing(
    shelf: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in feature_names():
        remove_features(name)
    app = opened(data="mine")
    require_sound(app)
    assert "--audio mine --data mine" in app.code[0].value
    assert not [button for button in app.button if button.key == "begin work"]
    monkeypatch.setattr("taglab.ui.representations.first.refusal", lambda: "You reach this from elsewhere.")
    app = opened()
    assert "from elsewhere" in app.info[0].value
    assert not [button for button in app.button if button.key == "begin work"]


def test_scores_come_first_with_baselines_as_lines(shelf: None) -> None:
    app = opened(**QUICK)
    require_sound(app)
    scores = table(app, "asks")
    assert scores["features"].tolist() == ["junk", "telling", "timbre"]
    assert scores["baseline"].tolist() == [False, False, True]
    assert scores["mean"][1] > 0.8
    (chart,) = app.get("plotly_chart")
    figure = json.loads(chart.proto.spec)
    assert len(figure["data"]) == 1
    assert len(figure["layout"]["shapes"]) == 1
    assert "Lines and open dots are baselines" in texts(app)
    line = app.code[0].value
    assert line.startswith("taglab transfer --features junk,telling,timbre --data mine")
    assert "--task classification --column genre --splits 2 --split-by-artist" in line


def test_features_of_any_kind_may_be_named_as_baselines(shelf: None) -> None:
    app = opened(**QUICK, baseline="junk")
    require_sound(app)
    assert app.multiselect(key="baseline").options == ["junk", "telling"]
    scores = table(app, "asks").set_index("features")["baseline"]
    assert scores.to_dict() == {"junk": True, "telling": False, "timbre": True}
    (chart,) = app.get("plotly_chart")
    assert len(json.loads(chart.proto.spec)["layout"]["shapes"]) == 2
    assert "--baseline-features junk" in app.code[0].value


def test_usual_tasks_are_chosen_where_none_is_named(shelf: None) -> None:
    app = opened(data="mine", features="telling", splits="2")
    require_sound(app)
    assert app.multiselect(key="task").value == ["genre", "tempo", "plays"]
    assert table(app, "asks")["measure"].tolist() == ["accuracy", "R²", "nDCG"]
    assert "No baseline is chosen" in texts(app)


def test_long_computing_goes_on_beside_the_page(shelf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    long_works_are_offered(monkeypatch)
    app = opened(**QUICK)
    assert "Learning 3 times a task" in texts(app)
    app.button(key="begin work").click().run()
    ((module, given),) = Beside.started
    assert module == "taglab.verbs.transfer"
    from taglab.verbs.transfer import TransferQuestion

    asked = TransferQuestion.model_validate_json(given)
    assert [task.title for task in asked.tasks] == ["genre"]
    assert (asked.splits.splits, asked.splits.split.test) == (2, 0.2)


def test_a_fault_of_one_task_is_a_sentence(shelf: None) -> None:
    save_label_space(from_tags(small_data(), ["tag"], "lonely"), None)
    app = opened(data="mine", splits="2", task="classes of lonely")
    assert not app.exception
    assert "1 classes of 5 tracks or more" in app.error[0].value.replace("\\", "")


@pytest.mark.parametrize("view", ["Scores", "Map", "Side by side"])
def test_data_that_set_no_task_say_what_one_is(taglab_home: Path, view: str) -> None:
    whole = small_data("bare")
    bare = replace(whole, tracks=whole.tracks[["track"]], tags=whole.tags.assign(artists=pd.NA))
    bare.save(cache.Shelf(cache.FOLKSONOMIES).path("bare"))
    for one in (telling(), junk()):
        save_features(one, one.name)
    app = opened(data="bare", view=view, map="PCA")
    require_sound(app)
    assert "hoose a task" in texts(app) or "No task is chosen" in texts(app)


def test_what_a_link_asks_for_and_is_gone_is_told(shelf: None) -> None:
    app = opened(data="mine", splits="2", task=["genre", "mood"], features=["telling", "lost"])
    require_sound(app)
    assert "'mood'" in texts(app)
    assert "'lost'" in texts(app)
    assert app.multiselect(key="features").value == ["telling"]


def test_two_features_stand_side_by_side_down_to_the_tracks(shelf: None, tmp_path: Path) -> None:
    shelve_tones(tmp_path / "wav")
    app = opened(**QUICK, view="Side by side", first="telling", second="junk")
    require_sound(app)
    assert "Difference in accuracy, telling less junk: +0." in texts(app)
    rows = table(app, "difference")
    assert (rows["difference"] > 0).all()
    assert (rows["truth"] == rows["telling"]).all()
    assert (rows["truth"] != rows["junk "]).any()
    assert all(name.startswith("Song ") for name in rows["name"])
    assert "telling: " in texts(app)
    assert "--rows tracks" in app.code[0].value
    (which,) = [one for one in app.get("button_group") if one.key == "which"]
    assert len(which.options) >= 2
    assert re.search(r"telling better: \d+; junk better: \d+; Alike: \d+\. Difference", texts(app))


def test_which_tracks_and_the_page_of_players_are_those_of_the_link(shelf: None, tmp_path: Path) -> None:
    shelve_tones(tmp_path / "wav")
    link = {**QUICK, "view": "Side by side", "first": "telling", "second": "junk"}
    first = opened(**link, which="Alike")
    require_sound(first)
    assert (table(first, "difference")["difference"] == 0).all()
    app = opened(**link, which="Alike", beside_page="2")
    require_sound(app)
    assert app.number_input(key="beside_page").value == 2
    assert texts(app) != texts(first)
    app = opened(**link, which="Alike", beside_page="900")
    require_sound(app)
    assert "The link asks for page '900'" in texts(app)


def test_the_page_of_players_goes_back_where_fewer_tracks_are_left(shelf: None) -> None:
    app = opened(**QUICK, view="Side by side", first="telling", second="junk")
    last = app.number_input(key="beside_page").max
    app.number_input(key="beside_page").set_value(int(last)).run()
    app.selectbox(key="second").select("timbre").run()
    require_sound(app)
    assert app.number_input(key="beside_page").value <= app.number_input(key="beside_page").max


def test_data_without_sound_says_so(shelf: None) -> None:
    app = opened(**QUICK, view="Map", map="PCA", track="Song 4 · artist 1 · t004")
    require_sound(app)
    assert "No sound: mine has no track of the demo" in texts(app)
    assert "taglab audio add FOLDER --name mine" in texts(app)


def test_one_of_the_features_alone_has_nothing_beside_it(shelf: None) -> None:
    app = opened(**QUICK, view="Side by side", features="telling")
    require_sound(app)
    assert "at least two features" in texts(app)


@pytest.mark.parametrize(
    ("url", "groups"),
    [
        ({"colour": "Task"}, {"rock", "jazz"}),
        ({"colour": "Tag", "tag": "other"}, {"other", "without it"}),
        ({"colour": "Artist"}, {"artist 0", "other"}),
    ],
)
def test_the_map_is_coloured_by_what_is_known(shelf: None, url: dict, groups: set) -> None:
    app = opened(**QUICK, view="Map", map="PCA", by="telling", **url)
    require_sound(app)
    assert painted(app)["label"].startswith("Map of 120 tracks by telling")
    assert "120 tracks by telling" in texts(app)
    assert painted(app)["shows"].startswith("pca ")
    assert groups <= class_names(app)


def test_the_map_is_coloured_by_a_number_or_by_listeners(shelf: None) -> None:
    app = opened(**{**QUICK, "task": "tempo"}, view="Map", map="PCA")
    require_sound(app)
    assert painted(app)["scale"]["title"] == "tempo"
    app = opened(**{**QUICK, "task": "plays"}, view="Map", map="PCA")
    require_sound(app)
    assert painted(app)["scale"]["title"] == "listeners"


def test_the_map_is_coloured_by_factors_of_any_maker(shelf: None) -> None:
    app = opened(**QUICK, view="Map", map="PCA", colour="Factor", factor="column")
    require_sound(app)
    assert len(app.get("bidi_component")) == 2
    app.selectbox(key="column_factors_column").select("genre").run()
    app.button(key="make factors").click().run()
    require_sound(app)
    assert "Coloured by genre, known of 119" in texts(app)


def test_the_map_tells_what_the_sources_of_its_run_say_of_a_track(shelf: None) -> None:
    data = small_data("mine")
    columns = ("genre", "artist")
    kept = KeptTargets(
        "0" * 32, {name: make_targets("column", data, ColumnTargets(column=name)) for name in columns}
    )
    inputs = {"sources": Input(name="genre, artist", fingerprint=kept.fingerprint())}
    run = create_run({}, None, {"mine": 1}, inputs=inputs, also=lambda folder: write_targets(folder, kept))
    origin = {"encoder": {"encoder": "run", "run": run.name}}
    save_features(replace(telling("net"), origin=origin), "net")
    app = opened(**QUICK, view="Map", map="PCA", by="net", colour="Source", source="artist")
    require_sound(app)
    assert {"artist 0", "other"} <= class_names(app)
    assert f"the strongest factors of each source that {run.name} learned from" in texts(app)
    notes = strongest_by_source(kept.of, ["t000", "t001"])
    assert notes[0] == "artist: artist 0 1.00", "of its genre nothing is known"
    assert notes[1] == "genre: jazz 1.00; artist: artist 0 1.00"
    shutil.rmtree(run.folder / "targets")
    app = opened(**QUICK, view="Map", map="PCA", by="net", colour="Source")
    require_sound(app)
    assert "What net learned from cannot be told" in app.info[0].value
    app = opened(**QUICK, view="Map", map="PCA", by="telling", colour="Source")
    require_sound(app)
    assert "telling are of no run" in texts(app)


@pytest.mark.parametrize("factor", TARGETS)
def test_the_factors_of_a_link_are_those_chosen(shelf: None, factor: str) -> None:
    fields = TARGETS[factor].settings.model_fields
    url = {"column": "genre", "k": "7", "learn_from": "train", "features": "junk"}
    asked = {f"{factor}_factors_{name}": value for name, value in url.items() if name in fields}
    app = opened(**QUICK, view="Map", map="PCA", colour="Factor", factor=factor, **asked)
    require_sound(app)
    for key, value in asked.items():
        assert str(app.session_state[key]) == value


def test_a_number_of_a_link_that_does_not_fit_is_told_of(shelf: None) -> None:
    app = opened(**QUICK, view="Map", map="PCA", colour="Factor", factor="tag", tag_factors_k="1")
    require_sound(app)
    assert "The link asks for the k '1'" in texts(app)


def test_a_track_of_the_link_is_heard(shelf: None, tmp_path: Path) -> None:
    shelve_tones(tmp_path / "wav")
    app = opened(**QUICK, view="Map", map="PCA", track="Song 4 · artist 1 · t004")
    require_sound(app)
    assert len(app.get("audio")) == 1
    assert "genre: jazz" in texts(app)
    assert "Tags: other" in texts(app)
    app = opened(**QUICK, view="Map", map="PCA", track="gone")
    require_sound(app)
    assert not app.get("audio")


def test_designs_are_planned_by_a_line_where_there_is_none(taglab_home: Path) -> None:
    app = opened(view="Designs")
    require_sound(app)
    assert app.subheader[0].value == "No design yet"
    assert "taglab design make --name small" in app.code[0].value


@pytest.mark.parametrize("name", PICTURES)
def test_a_design_tells_what_is_scored(shelf: None, name: str) -> None:
    scored(81)
    app = opened(data="mine", view="Designs", picture=PICTURES[name].title)
    require_sound(app)
    assert [metric.value for metric in app.metric] == ["81", "0", "81", "5"]
    assert len(app.get("plotly_chart")) == 1
    assert table(app, "planned")["planned"].sum() == 81


def test_a_picture_of_one_task(shelf: None) -> None:
    scored(81)
    app = opened(data="mine", view="Designs", at="tempo")
    require_sound(app)
    assert "tempo" in app.get("plotly_chart")[0].proto.spec


def test_a_design_that_is_not_scored_yet_says_so(shelf: None) -> None:
    make_design("new", SETTINGS)
    app = opened(data="mine", view="Designs")
    require_sound(app)
    assert "Not yet: no score of the design is there" in texts(app)
    assert "taglab design prepare new --source tag=tag" in app.code[0].value
    prepare_design("new", {"data": "mine"})
    app = opened(data="mine", view="Designs")
    require_sound(app)
    assert "taglab design work new" in app.code[0].value
    app = opened(data="mine", view="Designs", picture=PICTURES["alias"].title)
    require_sound(app)
    assert len(app.get("plotly_chart")) == 1
