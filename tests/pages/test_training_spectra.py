"""The form of a network that answers with spectrograms on Training: what it asks for, starts, and copies."""

import shlex
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from taglab import launch
from taglab.cli.commands import build_parser
from taglab.cli.options import question_of
from taglab.runs import open_run, run_names
from taglab.training.spectrum_config import spectrum_run
from taglab.ui.training.networks import NETWORK_FORMS
from taglab.verbs.spectra import Train
from tests.pages.framed import open_page, texts
from tests.training.examples import make_world


@pytest.fixture(autouse=True)
def launched(taglab_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The small world, and what was launched in it; no test of a page starts a process."""
    make_world(taglab_home, repeats=4)
    names: list[str] = []
    monkeypatch.setattr(launch, "submit", lambda run, settings=None: names.append(run))
    return names


def page(**url: str) -> AppTest:
    where = {"view": "New network", "data": "small", "audio": "small", "labels": "sounds"}
    app = open_page("training", **where, learns="Spectrograms", **url).run()
    assert not app.exception
    return app


def copied(app: AppTest) -> Train:
    (line,) = [block.value for block in app.code if block.value.startswith("taglab spectra train")]
    question = question_of(build_parser().parse_args(shlex.split(line)[1:]), Train)
    assert isinstance(question, Train)
    return question


def test_what_the_form_asks_for_is_started_and_copied(launched: list[str]) -> None:
    app = page()
    assert app.selectbox(key="spectra preset").options[0].startswith("tiny-")
    app.number_input(key="spectra tiny-autoencoder epochs").set_value(2).run()
    app.selectbox(key="spectra tiny-autoencoder autoencoder loss").select("squared-error").run()
    assert not app.exception
    question = copied(app)
    app.button(key="start spectra").click().run()
    assert not app.exception
    assert launched == run_names()
    config = spectrum_run(open_run(launched[0]).config)
    assert config == question.config()
    assert (config.task.task, config.train.epochs, config.network.width) == ("autoencoder", 2, 0.25)
    assert config.task.model_dump()["loss"] == "squared-error"


def test_a_voice_that_is_not_there_is_told_when_it_is_started(launched: list[str]) -> None:
    app = page()
    app.selectbox(key="spectra preset").select("tiny-voice-separation").run()
    assert not app.exception
    assert copied(app).config().task.task == "voice-separation"
    app.button(key="start spectra").click().run()
    assert not app.exception
    assert not launched
    assert "voice" in texts(app)


def test_every_kind_of_network_has_a_form() -> None:
    for name in NETWORK_FORMS:
        where = {"view": "New network", "data": "small", "audio": "small", "labels": "sounds"}
        app = open_page("training", **where, learns=name).run()
        assert not app.exception
        assert any(button.label == "Start training" for button in app.button)
