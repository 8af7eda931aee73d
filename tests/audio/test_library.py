"""The shelf of sound, and the demo's, which is made when it is first asked for."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from taglab import cache
from taglab.audio.library import (
    AudioFiles,
    add_audio,
    audio_files,
    audio_names,
    delete_audio,
    find_files,
    open_audio,
    refusals,
    remarks,
    resolve_audio,
    sounding,
    stem_table,
)
from taglab.audio.store import StoreSettings
from taglab.errors import Cancelled, InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.sources.demo import DemoSettings, read_demo

BRIEF = StoreSettings(min_duration_s=0.05)


def noise(path: Path, samples: int = 1_600, seed: int = 0) -> str:
    sound = np.random.default_rng(seed).uniform(-0.5, 0.5, samples)
    soundfile.write(path, sound, 16_000)
    return str(path)


def files_of(folder: Path, *tracks: str) -> AudioFiles:
    folder.mkdir(exist_ok=True)
    paths = [noise(folder / f"{track}.wav", seed=number) for number, track in enumerate(tracks)]
    return AudioFiles(pd.DataFrame({"track": list(tracks), "path": paths}))


def data_of(*tracks: str) -> Folksonomy:
    none = np.zeros(0, np.int64)
    return Folksonomy.from_codes("data", pd.DataFrame({"track": list(tracks)}), [], none, none)


def test_sound_is_added_opened_listed_and_removed(tmp_path: Path) -> None:
    assert audio_names() == ["demo"]
    added = add_audio(files_of(tmp_path, "a", "b"), "mine", BRIEF)
    assert audio_names() == ["demo", "mine"]
    opened = resolve_audio("mine", data_of("a"))
    np.testing.assert_array_equal(opened.whole(1), added.whole(1))
    add_audio(files_of(tmp_path, "c"), "mine", BRIEF)
    assert open_audio("mine").tracks["track"].tolist() == ["c"]
    delete_audio("mine")
    assert audio_names() == ["demo"]
    with pytest.raises(NotFound, match="no audio named 'mine'; there are: none yet"):
        resolve_audio("mine", data_of("a"))


def test_what_was_stopped_is_not_listed_and_can_be_gone_on_with(tmp_path: Path) -> None:
    files = files_of(tmp_path, "a", "b", "c")
    settings = StoreSettings(min_duration_s=0.05, tracks_per_shard=1)

    def stop(fraction: float, text: str) -> None:
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        add_audio(files, "mine", settings, progress=stop)
    assert audio_names() == ["demo"]
    with pytest.raises(NotFound, match="run it again to go on"):
        open_audio("mine")
    assert len(add_audio(files, "mine", settings)) == 3


@pytest.mark.parametrize(("name", "said"), [("demo", "kept for the sound"), ("../up", "must be 1 to 100")])
def test_unfit_names_are_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        add_audio(files_of(tmp_path, "a"), name, BRIEF)


def test_refusals_are_counted_by_reason(tmp_path: Path) -> None:
    files = files_of(tmp_path, "a", "b", "c")
    noise(tmp_path / "a.wav", 100)
    noise(tmp_path / "b.wav", 320)
    (tmp_path / "c.wav").write_bytes(b"")
    store = add_audio(files, "mine", BRIEF)
    assert refusals(store).to_dict("records") == [
        {"reason": "lasts … s, less than min_duration_s=…", "tracks": 2, "examples": "a, b"},
        {"reason": "the file is empty (… bytes); copy it again", "tracks": 1, "examples": "c"}
        | {"reason": "the file is empty (0 bytes); copy it again"},
    ]
    assert refusals(add_audio(files_of(tmp_path, "d"), "none refused", BRIEF)).empty


def test_long_work_tells_its_share(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    files_of(tmp_path / "music", "a", "b", "c", "d")
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "music")
    with audio_files(Path(packed), progress=lambda share, text: told.append((share, text))) as files:
        add_audio(files, "mine", BRIEF, progress=lambda share, text: told.append((share, text)))
    assert (0.5, "unpacking files: 2 of 4") in told
    assert (0.75, "decoding sound: 3 of 4") in told


def test_what_had_to_be_put_right_is_counted(tmp_path: Path) -> None:
    files = files_of(tmp_path, "a", "b", "c")
    for track, scale in (("b", 3e4), ("c", 2e4)):
        sound = np.random.default_rng(0).uniform(-scale, scale, 1_600)
        soundfile.write(tmp_path / f"{track}.wav", sound, 16_000, subtype="FLOAT")
    (row,) = remarks(add_audio(files, "mine", BRIEF)).to_dict("records")
    assert row["remark"].startswith("samples reach … times full scale, as whole numbers of … bits do")
    assert (row["tracks"], row["examples"]) == (2, "b, c")
    assert remarks(add_audio(files_of(tmp_path, "a"), "mine", BRIEF)).empty


def test_the_same_sound_in_other_files_is_known(tmp_path: Path) -> None:
    files = files_of(tmp_path, "a", "b", "c", "d", "e")
    sound, rate_hz = soundfile.read(tmp_path / "b.wav", dtype="int16")
    soundfile.write(tmp_path / "a.wav", sound, rate_hz, subtype="PCM_24")  # other bytes, the same samples
    (tmp_path / "e.wav").write_bytes((tmp_path / "c.wav").read_bytes())
    store = add_audio(files, "mine", BRIEF)
    assert store.copies == (("a", "b"), ("c", "e"))
    earlier = replace(store, tracks=store.tracks.drop(columns="content"))  # as before contents had a key
    assert earlier.copies == store.copies


def test_stores_of_earlier_versions_open(tmp_path: Path) -> None:
    store = add_audio(files_of(tmp_path, "a", "b"), "mine", BRIEF)
    store.tracks.drop(columns=["content", "remark"]).to_parquet(store.folder / "tracks.parquet")
    manifest = json.loads((store.folder / "store.json").read_text())
    del manifest["passed_over"]
    (store.folder / "store.json").write_text(json.dumps(manifest))
    opened = open_audio("mine")
    assert (opened.copies, opened.passed_over, remarks(opened).empty) == ((), {}, True)


def test_endings_passed_over_are_kept(tmp_path: Path) -> None:
    files_of(tmp_path, "a")
    for name in ("x.jpg", "y.JPG", "z.cue", ".hidden.mp3", "plain"):
        (tmp_path / name).write_bytes(b"")
    add_audio(find_files(tmp_path), "mine", BRIEF)
    assert open_audio("mine").passed_over == {".jpg": 2, ".cue": 1, "hidden": 1, "no ending": 1}


def test_which_tracks_of_the_data_have_sound(tmp_path: Path) -> None:
    files = files_of(tmp_path, "a", "b", "x", "y", "z")
    (tmp_path / "b.wav").write_bytes(b"")
    found = sounding(add_audio(files, "mine", BRIEF), data_of("a", "b", "c", "d"))
    assert found.with_sound == ("a",)
    assert found.refused == ("b",)
    assert found.missing == ("c", "d")
    assert found.others == 3


@pytest.fixture(scope="module")
def demo() -> Folksonomy:
    """A few tracks of the demo."""
    return read_demo().select_tracks([f"demo-{number:04d}" for number in range(1, 7)])


@pytest.fixture(scope="module")
def made(demo: Folksonomy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder in which they sound."""
    home = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        resolve_audio("demo", demo)
    return home


@pytest.fixture
def home(made: Path, taglab_home: Path) -> Path:
    shutil.copytree(made, taglab_home)
    return taglab_home


def test_the_demo_is_synthesised_once(demo: Folksonomy, home: Path) -> None:
    told: list[str] = []
    store = resolve_audio("demo", demo, lambda fraction, text: told.append(text))
    assert told == []
    assert store.folder == home / "audio" / "demo"
    assert store.tracks["track"].tolist() == demo.tracks["track"].tolist()
    assert set(store.samples) == {128_000}


def test_a_selection_of_the_demo_sounds_from_the_same_store(demo: Folksonomy, home: Path) -> None:
    some = demo.select_tracks(["demo-0002", "demo-0005"])
    assert resolve_audio("demo", some).folder == home / "audio" / "demo"


def test_another_demo_has_a_sound_of_its_own(demo: Folksonomy, home: Path) -> None:
    other = read_demo(DemoSettings(seed=1), "other").select_tracks(["demo-0001"])
    store = resolve_audio("demo", other)
    assert store.folder.is_relative_to(home / "derived" / "demo-audio")
    assert resolve_audio("demo", other).folder == store.folder
    kept = open_audio("demo")
    assert len(kept) == demo.n_tracks
    assert not np.array_equal(store.whole(0), kept.whole(0))


def test_a_damaged_sound_of_the_demo_is_made_anew(demo: Folksonomy, home: Path) -> None:
    samples = next((home / "audio" / "demo").glob("*.pcm"))
    samples.write_bytes(samples.read_bytes()[:-2])
    resolve_audio("demo", demo).verify()


def test_the_demo_needs_recipes(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="must be the demo: its tracks have no tempo_bpm"):
        resolve_audio("demo", data_of("a"))
    with pytest.raises(NotFound, match="is not made yet"):
        open_audio("demo")


def test_removing_the_demo_lets_it_be_made_again(home: Path) -> None:
    delete_audio("demo")
    assert audio_names() == ["demo"]
    assert cache.Shelf(cache.AUDIO).names() == []


def write_stems(folder: Path) -> None:
    """Write three mixes of a voice and a rest; the second voice is a sample short, the third is not there."""
    rng = np.random.default_rng(0)
    for name in ("mix", "voice", "rest"):
        (folder / name).mkdir(parents=True)
    for track in ("a", "b", "c"):
        voice, rest = rng.integers(-9_000, 9_000, (2, 16_000)).astype(np.int16)
        soundfile.write(folder / "mix" / f"{track}.wav", voice + rest, 16_000)
        soundfile.write(folder / "rest" / f"{track}.wav", rest, 16_000)
        if track != "c":
            soundfile.write(folder / "voice" / f"{track}.wav", voice[: 16_000 - (track == "b")], 16_000)


def stems_of(folder: Path) -> dict[str, AudioFiles]:
    return {stem: find_files(folder / stem) for stem in ("voice", "rest")}


def test_stems_lie_beside_their_tracks_and_add_up_to_them(tmp_path: Path) -> None:
    write_stems(tmp_path)
    settings = StoreSettings(min_duration_s=0.1)
    add_audio(find_files(tmp_path / "mix"), "mixes", settings, stems=stems_of(tmp_path))
    store = open_audio("mixes")
    assert list(store.stems) == ["rest", "voice"]
    voice, rest = store.stem_rows("voice"), store.stem_rows("rest")
    assert (voice >= 0).tolist() == [True, False, False]
    assert (rest >= 0).all()
    parts = store.stems["voice"].whole(int(voice[0])) + store.stems["rest"].whole(int(rest[0]))
    assert np.array_equal(parts, store.whole(0))
    table = stem_table(store).set_index("stem")
    assert table.loc["voice"].tolist() == [1, 1, 1, "b, c"]
    assert table.loc["rest"].tolist() == [3, 0, 0, ""]
    with pytest.raises(NotFound, match="stem='drums' is not kept beside this sound; there are: rest, voice"):
        store.stem_rows("drums")


def test_adding_anew_without_stems_leaves_none_of_before(tmp_path: Path) -> None:
    write_stems(tmp_path)
    settings = StoreSettings(min_duration_s=0.1)
    add_audio(find_files(tmp_path / "mix"), "mixes", settings, stems=stems_of(tmp_path))
    rest = {"rest": find_files(tmp_path / "rest")}
    assert list(add_audio(find_files(tmp_path / "mix"), "mixes", settings, stems=rest).stems) == ["rest"]
    assert add_audio(find_files(tmp_path / "mix"), "mixes", settings).stems == {}
    assert len(stem_table(open_audio("mixes"))) == 0


@pytest.mark.parametrize("stem", ["", "../voice", "a/b", "."])
def test_a_stem_is_a_word(tmp_path: Path, stem: str) -> None:
    write_stems(tmp_path)
    with pytest.raises(InvalidSetting, match="must be a word of letters"):
        add_audio(find_files(tmp_path / "mix"), "mixes", stems={stem: find_files(tmp_path / "rest")})
