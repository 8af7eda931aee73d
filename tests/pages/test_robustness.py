"""The Robustness page: what is heard, what is measured, who strays, and what it says where it cannot."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import streamlit as st
from streamlit.testing.v1 import AppTest

from taglab import cache
from taglab.audio.library import open_audio
from taglab.encoders import MfccStatistics, encode_tracks
from taglab.errors import InvalidSetting
from taglab.ui.robustness import ahead, listening, material
from taglab.vectors import open_features, save_features
from tests.joint_space.shelved import shelve_heard_space, shelve_sound, shelve_space
from tests.pages.beside import long_works_are_offered
from tests.pages.framed import open_page, require_sound, texts
from tests.pages.test_representations import table

QUICK = {"data": "mine", "audio": "mine", "clips": "6", "clip_s": "0.5", "robust_features": "heard"}


@pytest.fixture
def sound(taglab_home: Path, tmp_path: Path) -> None:
    """Twenty tracks with sound, and features that an encoder made of it."""
    shelve_space()
    shelve_sound(tmp_path / "wav")
    shelve_heard_space()


def opened(**url: object) -> AppTest:
    return open_page("robustness", **{**QUICK, **url}).run()


def heard(app: AppTest) -> dict:
    (switch,) = [one.proto.json for one in app.get("bidi_component") if '"original"' in one.proto.json]
    return json.loads(switch)


@pytest.mark.usefixtures("sound")
def test_a_degradation_is_heard_measured_and_told() -> None:
    app = opened(degradation="Pink noise", **{"pink-noise": "-15"})
    require_sound(app)
    assert heard(app)["names"] == ["Original", "-15 dB"]
    assert heard(app)["original"] != heard(app)["changed"]
    assert "Cannot be chosen: space (another program's)" in texts(app)
    assert "Of 6 clips of 0.5 s" in texts(app)
    trusted = table(app, "consistency")
    assert set(trusted["space"]) == {"sound, DTW", "sound, SiMPle", "heard, Euclidean", "heard, cosine"}
    assert list(trusted["consistency"]) == sorted(trusted["consistency"], reverse=True)
    assert "At -15 dB" in [one.value for one in app.subheader]
    assert "taglab consistency" in "".join(one.value for one in app.code)


@pytest.mark.usefixtures("sound")
def test_what_changes_nothing_leaves_all_with_their_own() -> None:
    app = opened(degradation="Gain")
    app.select_slider(key="gain").set_value("-1").run()
    require_sound(app)
    assert heard(app)["names"] == ["Original", "-1 dB"]
    assert (table(app, "consistency")["consistency"] == 1).any()


@pytest.mark.usefixtures("sound")
def test_a_tempo_is_as_long_as_it_takes() -> None:
    app = opened(degradation="Tempo", tempo="0.5")
    require_sound(app)
    assert heard(app)["stretch"] == pytest.approx(2, rel=1e-3)


@pytest.mark.usefixtures("sound")
def test_without_features_sound_alone_is_measured() -> None:
    app = opened(robust_features="")
    app.multiselect(key="robust_features").set_value([]).run()
    require_sound(app)
    assert "No features are chosen" in texts(app)
    assert len(table(app, "consistency")) == 2


@pytest.mark.usefixtures("sound")
def test_a_long_measurement_is_offered_and_any_magnitude_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    long_works_are_offered(monkeypatch)
    app = opened(degradation="Pitch")
    require_sound(app)
    assert heard(app)["names"][1].endswith("semitones")
    assert "finding who is nearest to whom" in texts(app)


@pytest.mark.usefixtures("sound")
def test_features_of_another_rate_are_told() -> None:
    features = open_features("heard")
    features.origin["sound"]["sample_rate_hz"] = 44_100
    save_features(features, "faster")
    app = opened(robust_features="")
    require_sound(app)
    assert "faster (of sound of 44,100 Hz, not 16,000)" in texts(app)


@pytest.mark.usefixtures("sound")
def test_strays_are_heard_as_they_are_measured_beside_whom_they_came_to() -> None:
    app = opened(degradation="Gain", gain="-40", robust_features="heard", strayed_in="heard, Euclidean")
    require_sound(app)
    assert app.selectbox(key="strayed_in").value == "heard, Euclidean"
    assert "At -40 dB: " in texts(app)
    assert "taken for this one, unchanged" in texts(app)
    assert len(app.get("audio")) >= 2
    assert len(app.get("audio")) % 2 == 0


@pytest.mark.usefixtures("sound")
def test_what_was_measured_is_not_computed_again_when_the_magnitude_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = opened(degradation="Clipping")
    require_sound(app)

    def refuse(*_: object) -> None:
        raise InvalidSetting("computed again")

    monkeypatch.setattr(material, "consistency", refuse)
    app.select_slider(key="clipping").set_value("30").run()
    require_sound(app)
    save_features(encode_tracks(MfccStatistics(n_mfcc=5), open_audio("mine"), name="heard"), "heard")
    app.run()
    assert "computed again" in texts(app)  # of features made anew under the name


def wav(seconds: float, peak: float = 0.3) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, peak * np.sin(0.5 * np.arange(int(seconds * 16_000))), 16_000, format="WAV")
    return buffer.getvalue()


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    return app.file_uploader(key="noise recording").upload(name, content, "audio/wav").run()


@pytest.mark.usefixtures("sound")
def test_noise_may_be_a_recording_that_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(degradation="Environmental noise", **{"environmental-noise": "-15"})
    require_sound(app)
    before = heard(app)["changed"], table(app, "consistency")
    upload(app, "../a pub.wav", wav(1.0))
    require_sound(app)
    assert heard(app)["changed"] != before[0]
    assert "--noise a_pub.wav" in "".join(one.value for one in app.code)
    assert not list((cache.home() / "uploads").glob("*"))
    app.file_uploader(key="noise recording").set_value([]).run()
    assert heard(app)["changed"] == before[0]
    assert table(app, "consistency").equals(before[1])
    long_works_are_offered(monkeypatch)
    upload(app, "another.wav", wav(0.7))
    require_sound(app)
    assert "the shell line measures with the file" in texts(app)


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("silent.wav", wav(2, 0.0), "is silent"),
        ("text.wav", b"not sound at all" * 100, "text.wav"),
        ("empty.wav", b"", "is empty"),
        ("bomb.mp3", b"PK\x03\x04" + bytes(1000), "bomb.mp3"),
        ("long.wav", wav(3.5), "lasts longer than"),
    ],
)
def test_a_recording_that_cannot_be_used_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, why: str
) -> None:
    monkeypatch.setattr("taglab.audio.degrade.recordings.LONGEST_S", 3.0)
    app = upload(opened(degradation="Environmental noise"), name, content)
    assert not app.exception
    assert why in app.error[0].value.replace("\\", "")
    assert not list((cache.home() / "uploads").glob("*"))


@pytest.mark.usefixtures("sound")
def test_clips_longer_than_the_tracks_are_refused_in_a_sentence() -> None:
    app = opened(clip_s="30")
    assert not app.exception
    assert "20 tracks" in texts(app) or "tracks are as long" in texts(app)


def test_without_sound_it_is_said_where_to_make_it(taglab_home: Path) -> None:
    app = open_page("robustness").run()
    require_sound(app)
    assert "The demo's sound is not made yet" in texts(app)


@pytest.mark.usefixtures("sound")
def test_one_look_tells_what_can_be_trusted_and_the_worst_clips() -> None:
    app = opened(degradation="Gain", gain="-40")
    require_sound(app)
    trusted = table(app, "trusted")
    assert set(trusted["trusted"]) <= {"yes", "no", "not sure"}
    named = [
        space for space, answer in zip(trusted["space"], trusted["trusted"], strict=True) if answer == "yes"
    ]
    sentence = "To be trusted here: " if named else "None can be trusted here"
    assert sentence in texts(app)
    worst = table(app, "taken_for")
    assert list(worst["strayed"]) == sorted(worst["strayed"], reverse=True)


@pytest.mark.usefixtures("sound")
def test_originals_and_copies_are_on_one_map() -> None:
    app = opened(degradation="Gain", gain="-40", copies="true")
    require_sound(app)
    assert "Grey: 6 clips as they are; orange: the same at -40 dB" in texts(app)
    app.toggle(key="copies").set_value(False).run()
    assert "orange: the same" not in texts(app)


@pytest.mark.usefixtures("sound")
def test_labels_of_a_tagger_are_asked_for_and_told_where_there_is_none() -> None:
    app = opened(degradation="Gain", tagged="true")
    require_sound(app)
    assert "No tagger is trained on mine with the sound mine." in texts(app)


@pytest.mark.usefixtures("sound")
def test_variants_that_are_named_are_heard_and_measured(tmp_path: Path) -> None:
    store = open_audio("mine")
    rows = []
    for number, track in enumerate(store.tracks["track"].astype(str)[:6]):
        soundfile.write(tmp_path / f"{number}.wav", store.whole(number)[::-1], store.sample_rate_hz)
        rows.append(f"{track},pitch,2,{number}.wav")
    path = tmp_path / "variants.csv"
    path.write_text("\n".join(["clip,kind,magnitude,file", *rows]))
    app = opened(degradation="Rendered pitch", variants=str(path))
    require_sound(app)
    assert heard(app)["names"] == ["Original", "2 semitones"]
    assert heard(app)["original"] != heard(app)["changed"]
    assert "Of 6 clips of 0.5 s" in texts(app)
    assert f"--variants {path}" in "".join(one.value for one in app.code)
    soundfile.write(tmp_path / "0.wav", store.whole(1), store.sample_rate_hz)
    before = table(app, "consistency")
    app.run()
    require_sound(app)
    assert not table(app, "consistency").equals(before)
    app.text_input(key="variants").set_value(str(tmp_path / "none.csv")).run()
    require_sound(app)
    assert "there is no such file" in " ".join(one.value for one in app.warning)


@pytest.mark.usefixtures("sound")
def test_figures_are_of_the_clips_that_the_table_has_now(tmp_path: Path) -> None:
    store = open_audio("mine")
    path = tmp_path / "variants.csv"
    soundfile.write(tmp_path / "any.wav", store.whole(0), store.sample_rate_hz)
    rows = [f"{track},pitch,2,any.wav" for track in store.tracks["track"].astype(str)[:6]]
    path.write_text("\n".join(["clip,kind,magnitude,file", *rows]))
    app = opened(degradation="Gain", gain="-40", variants=str(path), copies="true")
    require_sound(app)
    assert "Of 6 clips of 0.5 s" in texts(app)
    assert "Grey: 6 clips as they are" in texts(app)
    path.write_text("\n".join(["clip,kind,magnitude,file", *rows[:4]]))
    app.run()
    require_sound(app)
    assert "Of 4 clips of 0.5 s" in texts(app)
    assert "Grey: 4 clips as they are" in texts(app)
    rows[0] = rows[0].replace(",2,", ",0,")
    path.write_text("\n".join(["clip,kind,magnitude,file", *rows]))
    app.run()
    assert "which is the clip as it is" in " ".join(one.value for one in app.warning)


@pytest.mark.usefixtures("sound")
def test_neighbouring_magnitudes_are_made_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead._POOL.submit(int).result()  # what earlier tests left is done, and not remembered
    st.cache_resource.clear()
    magnitudes = []

    def note(samples: np.ndarray, rate_hz: int, name: str, magnitude: float, *args: object) -> np.ndarray:
        magnitudes.append(magnitude)
        return samples

    monkeypatch.setattr(listening, "degrade", note)
    app = opened(degradation="Clipping", clipping="9")
    require_sound(app)
    ahead._POOL.submit(int).result()  # one after the other: those before are done
    assert magnitudes == [9, 12, 6]
    app.select_slider(key="clipping").set_value("12").run()
    require_sound(app)
    ahead._POOL.submit(int).result()
    assert magnitudes == [9, 12, 6, 18]
    assert ahead.neighbours((1.0, 2.0, 4.0), 4.0) == (2.0,)
