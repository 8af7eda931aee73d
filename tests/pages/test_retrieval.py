"""The Retrieval page: queries from the link and the box, lists, marks, players, two spaces side by side."""

import contextlib
import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from taglab import cache
from taglab.audio.library import open_audio
from taglab.embeddings import WordVectors, compose
from taglab.errors import DataError
from taglab.joint_space import delete_joint_space, save_joint_space
from taglab.joint_space.words import with_words
from taglab.training import new_run, train
from taglab.ui.retrieval import clip
from taglab.vectors import open_features, remove_features
from tests.joint_space.shelved import HOSTILE, TAGS, shelve_heard_space, shelve_sound, shelve_space
from tests.pages.beside import Beside, long_works_are_offered
from tests.pages.framed import open_page, require_sound, texts
from tests.runs.examples import made_run, small_data
from tests.training.examples import config_of, make_world


@pytest.fixture
def space(taglab_home: Path) -> None:
    shelve_space()


def opened(**url: object) -> AppTest:
    return open_page("retrieval", **url).run()


def lists(app: AppTest) -> dict[str, pd.DataFrame]:
    """The ranked lists by what they are of."""
    return {next(column for column in one.value if column in ("track", "tag", "artist")): one.value
            for one in app.dataframe}  # fmt: skip


def test_without_a_space_the_first_is_made_beside_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    long_works_are_offered(monkeypatch)
    app = opened()
    require_sound(app)
    assert "No joint space yet" in app.subheader[0].value
    assert "taglab features encode mfcc-codebook" in app.code[0].value
    assert "taglab joint-space train" in app.code[0].value
    assert app.button(key="to new space").label == "Train a space of your own data"
    app.button(key="begin work").click().run()
    assert Beside.started == [("taglab.verbs.first_space", "")]
    assert "pass 1 of 3" in app.get("progress")[0].proto.text
    shelve_space()
    app = opened()
    assert "Nothing is asked yet" in texts(app)


def test_strangers_cannot_have_one_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taglab.ui.retrieval.first.refusal", lambda: "You reach this from elsewhere.")
    app = opened()
    assert "from elsewhere" in app.info[0].value
    assert not [button for button in app.button if button.key == "begin work"]


def test_an_empty_query_offers_some(space: None) -> None:
    app = opened()
    require_sound(app)
    assert "Nothing is asked yet" in texts(app)
    app.button(key="example jazz").click().run()
    assert app.multiselect(key="ask").value == ["jazz"]
    assert lists(app)["track"]["rank"].tolist() == list(range(1, 16))


def test_a_tag_ranks_its_tracks_first_and_marks_them(space: None) -> None:
    app = opened(ask="jazz")
    require_sound(app)
    tracks = lists(app)["track"]
    assert tracks["right"].tolist() == ["✓"] * 10 + ["✕"] * 5
    assert all("of Ann Ace" in name or "of Bea + Bo" in name for name in tracks["track"][:10])
    assert tracks["nearer than"].between(0, 100).all()
    assert tracks["nearer than"][:10].min() > tracks["nearer than"][10:].max()
    assert "10 of 15 tracks are right." in texts(app)
    assert set(lists(app)["tag"]["tag"]) == set(TAGS) - {"jazz"}
    assert lists(app)["artist"]["right"].tolist() == ["✓", "✓", "✕", "✕"]


def test_what_is_taken_away_comes_last(space: None) -> None:
    app = opened(ask=["jazz", "- metal"])
    require_sound(app)
    assert lists(app)["tag"]["tag"].iloc[-1] in ("doom", "-dash metal")
    assert any("taglab ask --space space --n 15 'jazz - metal'" in block.value or "tag:jazz" in block.value
               for block in app.code)  # fmt: skip


def test_a_track_marks_the_tags_it_has(space: None) -> None:
    app = opened(ask="track:jazz 3")
    require_sound(app)
    tags = lists(app)["tag"]
    assert dict(zip(tags["tag"], tags["right"], strict=True)) == {
        tag: "✓" if number < 3 else "✕" for number, tag in enumerate(TAGS)
    }
    assert "3 of 6 tags are right." in texts(app)
    assert lists(app)["artist"]["right"].tolist().count("✓") == 1


def test_names_that_look_like_a_query_are_names(space: None) -> None:
    app = opened()
    options = app.multiselect(key="ask").options
    for tag in (HOSTILE, "-dash metal"):
        (option,) = [one for one in options if tag.split()[-1] in one and not one.startswith("- ")][:1]
        require_sound(opened(ask=option))
    assert "artist: Bea + Bo" in options
    app = opened(ask=["artist: Bea + Bo", 'tag:"\\"><img/src=x/onerror=alert(1)> - blues"'])
    require_sound(app)
    assert len(lists(app)["tag"]) == 5


def test_an_unknown_name_is_left_out_and_what_is_alike_is_offered(space: None) -> None:
    app = opened(ask=["metal", "jaz"])
    assert "“jaz” is no tag, artist or track of this space" in texts(app)
    assert lists(app)["tag"]["tag"].iloc[0] in ("doom", "-dash metal")
    app.button(key="instead of jaz: tag jazz").click().run()
    assert app.multiselect(key="ask").value == ["metal", "jazz"]
    app = opened(ask="jazz +")
    assert "must be names between + and -" in texts(app)
    assert not app.dataframe


def test_terms_that_cancel_are_a_sentence(space: None) -> None:
    app = opened(ask=["jazz", "- tag:jazz"])
    assert not app.exception
    assert "cancel one another" in app.error[0].value


def test_the_best_track_is_heard_and_then_the_next(space: None, tmp_path: Path) -> None:
    shelve_sound(tmp_path / "wav")
    app = opened(ask="jazz")
    require_sound(app)
    assert app.get("audio")[0].proto.autoplay is False
    first = lists(app)["track"]["track"][0]
    assert f"**1** {first}" in texts(app)
    app.button(key="Next heard in space").click().run()
    assert f"**2** {lists(app)['track']['track'][1]}" in texts(app)
    assert app.get("audio")[0].proto.autoplay is True
    assert app.button(key="Previous heard in space").disabled is False


def test_a_track_without_sound_and_no_sound_at_all_are_sentences(space: None, tmp_path: Path) -> None:
    app = opened(ask="jazz")
    require_sound(app)
    assert "demo" in texts(app)
    assert not app.get("audio")


def test_two_spaces_stand_side_by_side(space: None) -> None:
    shelve_space("tilted", tilt=1.0)
    app = opened(ask="jazz", beside="tilted")
    require_sound(app)
    assert [subheader.value for subheader in app.subheader] == ["space", "tilted"]
    of_space, of_tilted = [one.value["right"].tolist() for one in app.dataframe if "track" in one.value]
    assert of_space[:10] == ["✓"] * 10
    assert of_tilted[:10] == ["✕"] * 10


def test_what_a_space_was_trained_on_must_be_there(space: None) -> None:
    remove_features("space")
    app = opened(ask="jazz")
    assert not app.exception
    assert "space" in app.error[0].value
    assert not app.dataframe


def test_a_link_to_a_space_that_is_gone_says_so(space: None) -> None:
    shelve_space("other")
    delete_joint_space("space")
    app = opened(space="space", ask="jazz")
    assert "asks for the joint space 'space', which is not here" in texts(app)
    assert lists(app)["track"]["right"].tolist()[:10] == ["✓"] * 10


def test_no_text_of_data_is_markup(space: None) -> None:
    app = opened(ask=f"tag:{json.dumps(HOSTILE)}")
    require_sound(app)
    assert len(lists(app)["tag"]) == 5


@pytest.fixture
def heard_space(taglab_home: Path, tmp_path: Path) -> Path:
    """A space of features of sound; returns the folder of the sound's files."""
    shelve_sound(tmp_path / "wav")
    shelve_heard_space()
    return tmp_path / "wav"


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    return app.file_uploader(key="clip to ask with").upload(name, content, "audio/wav").run()


def test_a_clip_is_put_into_the_query_and_not_kept(heard_space: Path) -> None:
    app = upload(opened(ask="jazz"), "../a clip.wav", (heard_space / "jazz 3.wav").read_bytes())
    require_sound(app)
    assert app.multiselect(key="ask").value == ["jazz", "clip: a_clip.wav"]
    assert lists(app)["track"]["rank"].tolist() == list(range(1, 16))
    assert not list((cache.home() / "uploads").glob("*"))
    app.multiselect(key="ask").set_value(["clip: a_clip.wav", "- track:jazz 3"]).run()
    assert "cancel one another" in app.error[0].value  # it lies where the track does that it is


def test_a_clip_is_heard_anew_once_features_of_that_name_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    def hear(name: str, path: Path, progress: object) -> np.ndarray:
        heard.append(name)
        return np.full(2, len(heard), np.float32)

    monkeypatch.setattr(clip, "encode_clip", hear)
    monkeypatch.setattr(clip, "add_term", lambda term: None)
    monkeypatch.setattr(clip, "working", lambda text: contextlib.nullcontext())
    monkeypatch.setattr(clip, "laid_down", lambda uploads: contextlib.nullcontext(Path()))
    monkeypatch.setattr(clip, "st", SimpleNamespace(session_state={}))
    given = SimpleNamespace(name="a.wav")
    places = [
        clip._heard(SimpleNamespace(is_run=False, features="mfcc", features_fingerprint=content), given, "1")
        for content in ("old", "old", "new")
    ]
    assert heard == ["mfcc", "mfcc"]
    assert [place[0] for place in places] == [1, 1, 2]


def test_a_link_says_that_its_clip_is_not_here(heard_space: Path) -> None:
    app = opened(ask=["jazz", "clip: a_clip.wav"])
    assert "The clip “a_clip.wav” is not here: clips are not kept" in texts(app)
    assert lists(app)["track"]["rank"].tolist() == list(range(1, 16))


def wav(seconds: float, peak: float = 0.3) -> bytes:
    buffer = io.BytesIO()
    times = np.arange(int(seconds * 16_000))
    soundfile.write(buffer, peak * np.sin(0.1 * times), 16_000, format="WAV")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("short.wav", wav(0.1), "lasts 0.10 s"),
        ("silent.wav", wav(2, 0.0), "is silent"),
        ("text.wav", b"not sound at all" * 100, "text.wav"),
        ("cut.wav", wav(2)[:60], "cut.wav"),
        ("empty.wav", b"", "is empty"),
        ("bomb.mp3", b"PK\x03\x04" + bytes(1000), "bomb.mp3"),
    ],
)
def test_a_clip_that_cannot_be_used_is_a_sentence(
    heard_space: Path, name: str, content: bytes, why: str
) -> None:
    app = upload(opened(ask="jazz"), name, content)
    assert not app.exception
    assert why in app.error[0].value.replace("\\", "")
    assert app.multiselect(key="ask").value == ["jazz"]
    assert lists(app)["track"]["rank"].tolist() == list(range(1, 16))
    assert not list((cache.home() / "uploads").glob("*"))


def test_a_clip_that_is_too_long_or_too_large_is_a_sentence(
    heard_space: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taglab.encoders.clips.LONGEST_S", 1.0)
    app = upload(opened(ask="jazz"), "long.wav", wav(2))
    assert not app.exception
    assert "lasts longer than" in app.error[0].value.replace("\\", "")
    monkeypatch.setattr("taglab.ui.retrieval.clip._LARGEST_MB", 1)
    app = upload(opened(ask="jazz"), "large.wav", wav(40))
    assert not app.exception
    assert "has 1 MB, and a clip may have 1 MB; cut it up" in app.error[0].value.replace("\\", "")
    assert lists(app)["track"]["rank"].tolist() == list(range(1, 16))
    with pytest.raises(DataError, match="has 2,048 MB"):
        clip.require_small(SimpleNamespace(name="x.mp3", size=2 << 30, read=None, seek=None))


def test_features_of_elsewhere_cannot_place_a_clip(space: None) -> None:
    app = upload(opened(ask="jazz"), "a.wav", wav(1))
    assert "encode them again" in app.error[0].value
    assert lists(app)["track"]["right"].tolist()[:10] == ["✓"] * 10


def map_state(app: AppTest) -> dict[str, object]:
    states = [json.loads(one.proto.mixed.json) for one in app.get("bidi_component") if one.proto.mixed.json]
    return next(state for state in states if state.get("role") == "map")


def test_the_map_shows_layers_and_the_query_among_its_answers(space: None) -> None:
    app = opened(ask=["jazz", "- metal"], view="Map", map="PCA")
    require_sound(app)
    state = map_state(app)
    assert state["shows"] == "jazz − metal"
    assert "Map of 30 tags, artists and tracks of space" in str(state["label"])
    app = opened(ask="jazz", view="Map", map="PCA", layers="Artists")
    require_sound(app)
    assert "Map of 4 tags, artists and tracks" in str(map_state(app)["label"])


def test_without_a_query_the_map_is_the_space(space: None) -> None:
    app = opened(view="Map", map="PCA")
    require_sound(app)
    assert map_state(app)["selected"] is None


def curves(app: AppTest) -> list[dict[str, dict[str, object]]]:
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return [{trace["name"]: trace for trace in figure["data"]} for figure in figures]


def test_precision_of_spaces_at_the_query_and_overall(space: None) -> None:
    shelve_space("tilted", tilt=1.0)
    shelve_space("unlike", held_out=0.3)
    app = opened(ask="jazz", view="Precision")
    require_sound(app)
    at_query, overall = curves(app)
    assert set(at_query) == {"space", "tilted", "the most it can be"}
    assert at_query["space"]["y"] == at_query["the most it can be"]["y"]
    assert at_query["tilted"]["y"] != at_query["space"]["y"]
    assert {"space", "tilted", "popularity"} <= set(overall)
    assert "Not compared: unlike" in texts(app)
    assert "any order has" in texts(app)
    assert "Artists like an artist" not in app.selectbox(key="task").options  # no pairs are known


def test_precision_says_when_nothing_is_asked_or_known(space: None) -> None:
    app = opened(view="Precision")
    require_sound(app)
    assert "Nothing is asked yet" in texts(app)
    assert len(curves(app)) == 1


def test_a_word_that_is_no_tag_is_asked_where_the_space_knows_words(taglab_home: Path) -> None:
    random = np.random.default_rng(0)
    words = ["smoky", "heavy", *sorted({word for tag in TAGS for word in tag.split()})]
    vectors = np.eye(5)[[0, 1, *([2] * (len(words) - 2))]] + 0.01 * random.normal(size=(len(words), 5))
    for word in ("jazz", "swing", "metal", "doom"):
        vectors[words.index(word)] = np.eye(5)[int(word in ("metal", "doom"))] + 0.01 * random.normal(size=5)
    kept = WordVectors("mine", tuple(words), vectors.astype(np.float32))
    kept.save(cache.Shelf(cache.VECTORS).path("mine"))
    space = shelve_space()
    save_joint_space(with_words(space, compose(kept, list(space.tags))), replace=True)
    app = opened(ask="smoky")
    require_sound(app)
    assert all("Ann" in name or "Bea" in name for name in lists(app)["track"]["track"][:10])
    assert "word:smoky" in app.code[0].value
    app = opened(ask=["smoky", "unheardof"])
    assert "“unheardof” is no tag, artist or track, and no word that it knows," in texts(app)


def test_a_run_is_asked_beside_a_space(space: None) -> None:
    run = f"run: {made_run('tagger', small_data()).name}"
    app = opened(space="space", beside=run, ask="jazz")
    require_sound(app)
    assert [subheader.value.replace("\\", "") for subheader in app.subheader] == ["space", run]
    of_run = [one.value for one in app.dataframe if "track" in one.value][1]
    assert set(of_run["right"]) == {"✓", "✕"}
    assert "A run has no artists." in texts(app)
    assert "the tracks are all held-out." in texts(app)
    app = opened(space=run, ask=["jazz", "- sad"], view="Precision")
    require_sound(app)
    assert set(curves(app)[0]) == {run, "the most it can be"}
    assert "Compare has the figures of runs" in texts(app)
    app = upload(opened(space=run, ask="jazz"), "a.wav", wav(1))
    require_sound(app)
    assert "has no checkpoint that could hear a clip" in texts(app)
    app = opened(space=run, view="Map", map="PCA", ask="jazz")
    require_sound(app)


def test_a_trained_run_hears_a_clip(taglab_home: Path) -> None:
    make_world(taglab_home)
    run = train(new_run(config_of(epochs=1, window_s=0.3)).name)
    store, name = open_audio("small"), run.predictions("test").tracks[0]
    buffer = io.BytesIO()
    soundfile.write(buffer, store.whole(int(store.rows([name])[0])), store.sample_rate_hz, format="WAV")
    app = upload(opened(space=f"run: {run.name}"), "its.wav", buffer.getvalue())
    require_sound(app)
    assert app.multiselect(key="ask").value == ["clip: its.wav"]
    tracks = lists(app)["track"]
    assert tracks["rank"].tolist() == list(range(1, len(tracks) + 1))
    assert not list((cache.home() / "uploads").glob("*"))


@pytest.mark.parametrize("kind", ["tags", "artists", "tracks"])
def test_vectors_of_the_space_are_kept_for_other_pages_once(space: None, kind: str) -> None:
    app = opened()
    app.segmented_control(key="kept kind").set_value(kind).run()
    app.button(key="keep vectors").click().run()
    require_sound(app)
    kept = open_features(f"space {kind}")
    assert (kept.kind, kept.measure) == (kind, "dot")
    assert f"'space {kind}' is kept" in texts(app)
    (line,) = (block.value for block in app.code if block.value.startswith("taglab joint-space vectors"))
    assert f"--name 'space {kind}'" in line
    assert opened().button(key="keep vectors").disabled == (kind == "tags")


def test_a_name_that_cannot_be_kept_is_a_sentence(space: None) -> None:
    app = opened()
    app.text_input(key="kept name of space tags").set_value("own").run()
    app.button(key="keep vectors").click().run()
    assert not app.exception
    assert "is that of word vectors" in app.error[0].value
