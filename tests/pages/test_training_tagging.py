"""Training, view Tag sound: files, a folder or added sound through a run; strangers read no folder."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from taglab import cache, runs
from taglab.audio.library import open_audio
from taglab.training import new_run, train
from taglab.ui import uploads
from tests.pages.framed import open_page
from tests.training.examples import RATE_HZ, TAGS, config_of, make_world


@pytest.fixture(scope="module")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with a run trained an epoch on windows of 0.3 s."""
    home = tmp_path_factory.mktemp("world") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        make_world(home)
        train(new_run(config_of(epochs=1, window_s=0.3)).name)
    return home


@pytest.fixture
def page(made_world: Path, taglab_home: Path) -> AppTest:
    shutil.copytree(made_world, taglab_home)
    app = open_page("training", view="Tag sound").run(timeout=60)
    assert not app.exception
    return app


def clips(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for row, name in enumerate(names):
        soundfile.write(folder / f"{name}.wav", open_audio("small").whole(row), RATE_HZ)
    return folder


def tagged(app: AppTest) -> AppTest:
    return app.button(key="tag").click().run(timeout=60)


def test_a_folder_is_tagged_played_and_drawn(page: AppTest, tmp_path: Path) -> None:
    folder = clips(tmp_path / "clips", "a", "<b>b")
    soundfile.write(folder / "short.wav", np.full(400, 0.1), RATE_HZ)
    page.text_input(key="tag path").set_value(str(folder)).run(timeout=60)
    app = tagged(page)
    assert not app.exception
    assert not app.error
    assert any("2 tracks" in caption.value for caption in app.caption)
    assert any("shorter than the window of 0.3 s" in table.value.to_string() for table in app.dataframe)
    assert len(app.get("audio")) == 1
    (course,) = [
        json.loads(chart.proto.spec)
        for chart in app.get("plotly_chart")
        if "Scores over time" in chart.proto.spec
    ]
    assert {trace["name"] for trace in course["data"]} == set(TAGS[:3])
    run = runs.run_names()[0]
    assert any(f"taglab tag --rows tracks {run} {folder}" in code.value for code in app.code)
    assert len(list((cache.home() / "uploads").iterdir())) == 1  # held while it is shown


def test_added_sound_is_tagged(page: AppTest) -> None:
    page.selectbox(key="tag audio").select("small").run(timeout=60)
    app = tagged(page)
    assert not app.error
    assert any("60 tracks" in caption.value for caption in app.caption)


def test_strangers_name_no_folder(page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "may_read_paths", lambda: False)
    page.text_input(key="tag path").set_value(str(clips(tmp_path / "clips", "a"))).run(timeout=60)
    app = tagged(page)
    assert len(app.error) == 1
    assert "path must be left empty" in app.error[0].value.replace("\\", "")
    assert not app.get("audio")


def test_one_kind_of_sound_at_a_time(page: AppTest) -> None:
    app = tagged(page)
    assert "one of the three" in app.error[0].value
