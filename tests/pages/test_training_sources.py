"""The form of a network of several sources on Training: what it asks for, starts, and copies."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from taglab import launch
from taglab.cli.commands import build_parser
from taglab.cli.options import question_of
from taglab.runs import open_run, run_names
from taglab.training.source_config import source_run
from taglab.ui.training import sources as form
from taglab.verbs.sources import Train
from tests.pages.framed import open_page
from tests.training.examples import make_world


@pytest.fixture(autouse=True)
def launched(taglab_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The small world, and what was launched in it; no test of a page starts a process."""
    make_world(taglab_home)
    names: list[str] = []
    monkeypatch.setattr(launch, "submit", lambda run, settings=None: names.append(run))
    return names


def page() -> AppTest:
    app = open_page("training", view="New network", data="small", audio="small", labels="sounds").run()
    assert not app.exception
    return app


def copied(app: AppTest) -> Train:
    (line,) = [block.value for block in app.code if block.value.startswith("taglab sources train")]
    question = question_of(build_parser().parse_args(shlex.split(line)[1:]), Train)
    assert isinstance(question, Train)
    return question


def test_what_the_form_asks_for_is_started_and_copied(launched: list[str]) -> None:
    app = page()
    app.selectbox(key="source 0 maker").select("label-space").run()
    app.selectbox(key="source 1 maker").select("same-track").run()
    app.text_input(key="source 1 name same-track").set_value("self").run()
    app.number_input(key="sources tiny-sources epochs").set_value(3).run()
    assert not app.exception
    question = copied(app)
    app.button(key="start sources").click().run()
    assert not app.exception
    assert launched == run_names()
    config = source_run(open_run(launched[0]).config)
    assert config == question.config()
    assert [source.name for source in config.sources] == ["label-space", "self"]
    assert (config.strategy, config.train.epochs, config.network.width) == ("ms-cr@6", 3, 0.25)


def test_one_source_shares_with_none_and_nine_are_too_many() -> None:
    app = page()
    number = app.number_input(key="sources number")
    assert (number.min, number.max) == (1, 8)
    number.set_value(1).run()
    assert not app.exception
    assert app.selectbox(key="sources strategy tiny-sources True").options == ["ss-r"]
    assert copied(app).strategy == "ss-r"


def test_what_does_not_fit_is_a_sentence() -> None:
    app = page()
    for number in (0, 1):
        app.selectbox(key=f"source {number} maker").select("same-track").run()
    assert not app.exception
    said = " ".join(error.value for error in app.error).replace("\\", "")
    assert "two sources are called 'same-track'" in said


def test_every_number_of_a_network_is_asked_for() -> None:
    app = page()
    app.selectbox(key="sources preset").select("sources").run()
    app.selectbox(key="sources sources network").select("kim-4.1").run()
    assert not app.exception
    app.number_input(key="sources sources kim-4.1 hop").set_value(300).run()
    network = copied(app).network
    assert (network.network, dict(network)["hop"]) == ("kim-4.1", 300)


def test_a_preset_brings_its_network_and_strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    app = page()
    app.selectbox(key="sources preset").select("artist-groups").run()
    assert not app.exception
    config = copied(app).config()
    assert (config.strategy, config.network.network, config.train.window_s) == ("mtn", "kim-3.2", 1.0)
    assert form.PRESETS["artist-groups"]["network"]["mels"]["hop"] == 1024
