"""Sound on the Data page: added from uploads or a path, seen and heard, and told where it is missing."""

import io
import json
import shlex
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from taglab import cache
from taglab.audio.files import AudioFiles
from taglab.audio.library import add_audio, audio_names, open_audio
from taglab.cli.commands import build_parser
from taglab.folksonomy import Folksonomy
from taglab.sources.demo import read_demo
from tests.pages.framed import open_page

HOSTILE = '"><img src=x onerror=alert(1)>'


def wav(seconds: float = 4.0, seed: int = 0) -> bytes:
    sound = np.random.default_rng(seed).uniform(-0.5, 0.5, round(8_000 * seconds))
    file = io.BytesIO()
    soundfile.write(file, sound, 8_000, format="WAV")
    return file.getvalue()


@pytest.fixture
def data(taglab_home: Path) -> Folksonomy:
    """A data set of four tracks, two of which are hard to be named by a file."""
    tracks = pd.DataFrame({"track": ["a", "Ä", "Ö", HOSTILE], "title": [HOSTILE] * 4})
    made = Folksonomy.from_codes("mine", tracks, ["rock", HOSTILE], np.arange(4), np.array([0, 1, 0, 1]))
    made.save(cache.Shelf(cache.FOLKSONOMIES).path("mine"))
    return made


def page_with_the_dialog() -> None:
    from taglab import sources
    from taglab.ui.data.audio import add_audio_panel
    from taglab.ui.pickers import pick_audio

    if pick_audio("mine") == "demo":
        add_audio_panel(sources.open_folksonomy("mine"))


def dialog() -> AppTest:
    return AppTest.from_function(page_with_the_dialog, default_timeout=60).run()


def add(uploads: list[tuple[str, bytes, str]], name: str = "sound", path: str = "") -> AppTest:
    app = dialog()
    if uploads:
        app.file_uploader(key="new audio upload").set_value(uploads)
    app.text_input(key="new audio path").set_value(path)
    app.text_input(key="new audio name").set_value(name)
    return app.button(key="new audio add").click().run()


def test_uploads_are_tracks_by_the_names_their_sender_gave_them(data: Folksonomy) -> None:
    files = [("a.wav", wav(), "audio/wav"), ("Ä.wav", wav(seed=1), "audio/wav")]
    files += [("Ö.wav", b"", "audio/wav"), ("../b.wav", b"no sound", "audio/wav")]
    app = add(files)
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="audio").value == "sound"
    store = open_audio("sound")
    assert store.tracks["track"].tolist() == ["a", "Ä"]
    assert dict(zip(store.refused["track"], store.refused["reason"], strict=True)) == {
        "Ö": "the file is empty (0 bytes); copy it again",
        "b": "cannot be decoded (no sound is found in it); the file may be damaged",
    }
    assert not list((cache.home() / "uploads").iterdir())


def test_an_archive_is_uploaded(data: Folksonomy) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("music/a.wav", wav())
    app = add([("music.zip", packed.getvalue(), "application/zip")])
    assert not app.error
    assert open_audio("sound").tracks["track"].tolist() == ["a"]


def test_an_archive_that_leads_outside_is_refused(data: Folksonomy) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../evil.wav", wav())
    app = add([("music.zip", packed.getvalue(), "application/zip")])
    assert "leads outside" in app.error[0].value


def test_a_folder_is_added_by_its_path(data: Folksonomy, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav())
    assert not add([], path=str(tmp_path)).error
    assert open_audio("sound").tracks["track"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("uploads", "name", "path", "said"),
    [
        ([], "sound", "", "path is empty"),
        ([], "sound", "/nowhere", "there is no such file"),
        ([("a.wav", b"x", "")], "", "", "name is empty"),
        ([("a.wav", b"x", "")], "demo", "", "kept for the sound of the demo"),
        ([("a.wav", b"x", "")], "../up", "", "must be 1 to 100"),
        ([("a.zip", b"no archive", "")], "sound", "", "a.zip: is not a zip"),
        ([("a.zip", b"x", ""), ("b.wav", b"x", "")], "sound", "", "a.zip must be uploaded alone"),
        ([("a.wav", b"x", ""), ("c/a.wav", b"x", "")], "sound", "", "track='a.wav' must be named once"),
    ],
)
def test_what_cannot_be_added_is_a_sentence(
    data: Folksonomy, uploads, name: str, path: str, said: str
) -> None:
    app = add(uploads, name, path)
    assert not app.exception
    assert len(app.error) == 1
    assert said in app.error[0].value.replace("\\", "")
    assert str(cache.home()) not in app.error[0].value
    assert audio_names() == ["demo"]
    assert not list((cache.home() / "uploads").glob("*"))


def test_the_copied_command_can_be_parsed(data: Folksonomy) -> None:
    app = dialog()
    app.number_input(key="new audio min_duration_s").set_value(0.5).run()
    given = vars(build_parser().parse_args(shlex.split(app.code[0].value)[1:]))
    assert (given["question data"], float(given["question settings.min_duration_s"])) == ("mine", 0.5)


@pytest.fixture
def heard(data: Folksonomy, tmp_path: Path) -> AppTest:
    """The Data page with sound for one track of four, one refused, and the panel open."""
    names = {"a": wav(), "Ä": b"", "other": wav(5)}
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for path, content in zip(paths, names.values(), strict=True):
        path.write_bytes(content)
    add_audio(AudioFiles(pd.DataFrame({"track": list(names), "path": paths})), "sound")
    return open_page("data", data="mine", audio="sound", sound="true")


def spec(app: AppTest, title: str) -> dict:
    found = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return next(each for each in found if title in each["layout"]["title"]["text"])


def test_a_track_is_heard_and_seen(heard: AppTest) -> None:
    app = heard.run()
    assert not app.exception
    assert not app.error
    numbers = {metric.label: metric.value for metric in app.metric}
    assert numbers["Tracks with sound"] == "1 of 4"
    assert (numbers["Refused files"], numbers["Sound of other tracks"]) == ("1", "1")
    assert len(app.get("audio")) == 1
    assert spec(app, "Mel spectrogram of a")
    assert len(spec(app, "Length of tracks")["data"]) == 1
    assert any("Tracks without a file (2)" in each.label for each in app.expander)
    for element in [*app.markdown, *app.caption]:
        assert "<img" not in element.value.replace("\\<", "")  # escaped it is text


def test_the_panel_opens_nothing_while_it_is_closed(heard: AppTest) -> None:
    del heard.query_params["sound"]
    app = heard.run()
    assert not app.exception
    assert not app.get("audio")


def test_names_that_do_not_match_are_told(data: Folksonomy, tmp_path: Path) -> None:
    (tmp_path / "z.wav").write_bytes(wav())
    add_audio(AudioFiles(pd.DataFrame({"track": ["z"], "path": [tmp_path / "z.wav"]})), "sound")
    app = open_page("data", data="mine", audio="sound", sound="true").run()
    assert not app.exception
    assert "none is the same" in app.warning[0].value


def test_damaged_sound_is_a_sentence(heard: AppTest) -> None:
    next((cache.home() / "audio" / "sound").glob("*.pcm")).unlink()
    app = heard.run()
    assert not app.exception
    assert "is missing" in app.error[0].value


def test_the_demo_is_synthesised_on_request(taglab_home: Path) -> None:
    some = read_demo().select_tracks(["demo-0001", "demo-0002"])
    some.save(cache.Shelf(cache.FOLKSONOMIES).path("demo"))
    app = open_page("data", sound="true").run()
    assert not app.get("audio")
    app.button(key="synthesise").click().run()
    assert not app.exception
    assert not app.error
    assert len(app.get("audio")) == 1
    assert spec(app, "Mel spectrogram of demo-0001")
