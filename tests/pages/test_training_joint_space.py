"""A joint space's run on the Training page: its form, how far it is, what it reached, and its curves."""

import itertools
import json
import shlex
from urllib.parse import urlencode

import pytest
from streamlit.testing.v1 import AppTest

from taglab import launch, runs
from taglab.cli.commands import build_parser
from taglab.cli.options import question_of
from taglab.joint_space import TASKS, JointSpaceRun, JointSpaceSettings, new_space_run, train_space
from taglab.launch import LaunchSettings
from taglab.launch.permission import Visitor
from taglab.sources import open_folksonomy
from taglab.ui.training import spaces
from taglab.verbs import VERBS
from tests.joint_space.world import config_of, make_world
from tests.pages.framed import open_page


def curves(at: AppTest) -> dict[str, str]:
    """Title of every curve that is drawn → its figure as JSON."""
    specs = [chart.proto.spec for chart in at.get("plotly_chart")]
    return {json.loads(spec)["layout"]["title"]["text"]: spec for spec in specs}


def test_a_joint_space_is_watched_as_a_tagger_is() -> None:
    make_world()
    run = train_space(new_space_run(config_of(steps=4_000)).name)
    at = open_page("training", run=run.name).run()
    assert not at.exception
    assert [one.value for one in at.error] == []
    (outcome,) = [one.value.replace("\\", "") for one in at.caption if "looks" in one.value]
    assert outcome.startswith("2 of 2 looks in ")
    assert "held-out test: Precision at 3 macro 0." in outcome
    (link,) = at.get("page_link")
    assert (link.proto.page, link.proto.query_string) == ("retrieval", urlencode({"space": run.name}))
    shown = curves(at)
    assert any("Precision at 3" in title for title in shown)
    assert not any("AUC" in title for title in shown)
    for spec in shown.values():
        assert json.loads(spec)["layout"]["xaxis"]["title"]["text"] == "look"


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, LaunchSettings]]:
    """What was launched, and how; no test of a page starts a process."""
    submitted: list[tuple[str, LaunchSettings]] = []
    monkeypatch.setattr(launch, "submit", lambda run, settings: submitted.append((run, settings)))
    return submitted


def form() -> AppTest:
    return open_page("training", data="planted", view="New space").run()


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in [*app.error, *app.info, *app.markdown]).replace("\\", "")


def test_the_form_shows_every_setting_once() -> None:
    shown = [*spaces._WIDE, *spaces._FIRST]
    for names in JointSpaceSettings.sections.values():
        shown += names
    assert sorted(shown) == sorted(JointSpaceSettings.model_fields)


def test_what_the_form_asks_for_is_launched_and_copied(launched: list[tuple[str, LaunchSettings]]) -> None:
    make_world("other")
    make_world()
    app = form()
    assert not app.exception
    assert app.selectbox(key="space features").options == ["codes", "other"]
    assert "first vectors" in app.number_input(key="space seed").help
    app.multiselect(key="space tasks").set_value(["tags", "artists"])
    app.selectbox(key="space loss").set_value("auc")
    app.selectbox(key="space words").set_value("own")
    for name, value in {
        "dim": 16,
        "learning_rate": 0.02,
        "limit": 2.0,
        "steps": 3_000,
        "min_count": 2,
    }.items():
        app.number_input(key=f"space {name}").set_value(value)
    app.number_input(key="space split seed").set_value(3)
    app.text_input(key="run note").set_value("why")
    app.run()
    (command,) = [block.value for block in app.code if block.value.startswith("taglab joint-space train")]
    app.button(key="start space").click().run()
    assert not app.exception
    ((name, settings),) = launched
    assert settings == LaunchSettings()
    run = runs.open_run(name)
    assert run.about.note == "why"
    config = JointSpaceRun.model_validate(run.config)
    assert (config.data, config.features, config.words, config.min_count) == ("planted", "codes", "own", 2)
    assert config.split.seed == 3
    changes = {"dim": 16, "tasks": ("tags", "artists"), "loss": "auc", "learning_rate": 0.02, "limit": 2.0}
    assert config.space == JointSpaceSettings(**changes, steps=3_000)
    assert app.multiselect(key="run").value == [name]
    asked = question_of(
        build_parser().parse_args(shlex.split(command)[1:]), VERBS["joint-space train"].question
    )
    assert asked.config() == config


def test_what_cannot_be_learned_is_a_sentence_and_makes_no_run(
    launched: list[tuple[str, LaunchSettings]],
) -> None:
    make_world()
    app = form()
    app.number_input(key="space min_count").set_value(10_000).run()
    app.button(key="start space").click().run()
    assert not app.exception
    assert "has nothing to learn" in texts(app)
    app.multiselect(key="space tasks").set_value([]).run()
    assert not app.exception
    assert f"must be one or more of {', '.join(TASKS)}" in texts(app)
    assert (runs.run_names(), launched) == ([], [])


def test_pairs_of_similar_artists_are_uploaded_and_kept_with_the_run(
    launched: list[tuple[str, LaunchSettings]],
) -> None:
    make_world()
    artists = sorted(set(open_folksonomy("planted").tracks["artist"]))
    app = form()
    assert not app.get("file_uploader")
    app.multiselect(key="space tasks").set_value(["similar-artists", "tags"]).run()
    assert any("upload some" in caption.value for caption in app.caption)
    app.button(key="start space").click().run()
    assert not app.exception
    assert "needs pairs of artists who are alike" in texts(app)
    pairs = list(itertools.pairwise(artists))
    table = "artist\tsimilar\n" + "".join(f"{one}\t{other}\n" for one, other in pairs)
    upload = app.file_uploader(key="space similar artists")
    upload.set_value(("../pairs of mine.tsv", table.encode(), "text/plain")).run()
    assert not app.exception
    assert any(f"{len(pairs)} pairs of {len(artists)} artists" in caption.value for caption in app.caption)
    (command,) = [block.value for block in app.code if block.value.startswith("taglab joint-space train")]
    assert "--similar-artists pairs_of_mine.tsv" in command
    app.button(key="start space").click().run()
    assert not app.exception
    ((name, _),) = launched
    assert JointSpaceRun.model_validate(runs.open_run(name).config).similar_artists == tuple(pairs)


@pytest.mark.parametrize("content", [b"one,two\na,b\n", b"\xff\xfe\x00", b"artist,similar\n,b\n"])
def test_what_is_no_table_of_pairs_is_a_sentence(content: bytes) -> None:
    make_world()
    app = form()
    app.multiselect(key="space tasks").set_value(["similar-artists"]).run()
    app.file_uploader(key="space similar artists").set_value(("p.csv", content, "text/csv")).run()
    assert not app.exception
    assert "p.csv" in texts(app)


def test_another_page_can_open_the_form() -> None:
    app = open_page("training")
    app.session_state["chosen by a panel"] = {"view": "New space"}
    app.run()
    assert not app.exception
    assert "there are none yet" in texts(app)


def test_without_features_it_says_how_to_make_some() -> None:
    app = form()
    assert not app.exception
    assert "there are none yet" in texts(app)
    (command,) = [block.value for block in app.code if "features encode" in block.value]
    build_parser().parse_args(shlex.split(command)[1:])


def test_who_may_not_launch_starts_no_space(monkeypatch: pytest.MonkeyPatch) -> None:
    make_world()
    elsewhere = Visitor("taglab.example:8501", "192.168.1.7")
    monkeypatch.setattr("taglab.ui.visitors.visitor", lambda: elsewhere)
    app = form()
    assert app.button(key="start space").disabled
    assert "it launches nothing" in texts(app)
