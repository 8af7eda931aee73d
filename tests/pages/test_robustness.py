"""The Robustness page: what is heard, what is measured, who strays, and what it says where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.joint_space.shelved import shelve_heard_space, shelve_sound, shelve_space
from tests.pages.beside import long_works_are_offered
from tests.pages.framed import open_page
from tests.pages.test_representations import require_sound, table, texts

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
def test_clips_longer_than_the_tracks_are_refused_in_a_sentence() -> None:
    app = opened(clip_s="30")
    assert not app.exception
    assert "20 tracks" in texts(app) or "tracks are as long" in texts(app)


def test_without_sound_it_is_said_where_to_make_it(taglab_home: Path) -> None:
    app = open_page("robustness").run()
    require_sound(app)
    assert "The demo's sound is not made yet" in texts(app)
