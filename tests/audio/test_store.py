"""The PCM store: what was put in comes out, broken files cost only themselves, a kill costs one shard."""

import json
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from taglab.audio import store as store_module
from taglab.audio.decode import Decoded
from taglab.audio.files import find_files
from taglab.audio.store import AudioStore, Sound, StoreSettings, open_store, write_store
from taglab.audio.windows import Windows, WindowSettings
from taglab.cache import content_key
from taglab.errors import Cancelled, DataError, InvalidSetting, NotFound, StorageError

SMALL = StoreSettings(min_duration_s=0.1, tracks_per_shard=4)


def pcm_of(number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    return rng.integers(-20_000, 20_000, 3_200 + 100 * number).astype(np.int16)


def write_files(folder: Path, n: int = 10) -> pd.DataFrame:
    """Write `n` files of noise, track "t3" holding `pcm_of(3)`."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number}.wav" for number in range(n)]
    for number, path in enumerate(paths):
        soundfile.write(path, pcm_of(number), 16_000)
    return pd.DataFrame({"track": [f"t{number}" for number in range(n)], "path": paths})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AudioStore:
    folder = tmp_path_factory.mktemp("store")
    return write_store(write_files(folder / "files"), folder / "pcm", SMALL, workers=2)


def test_what_was_put_in_comes_out(store: AudioStore) -> None:
    assert len(store.shards) == 3
    assert store.tracks["track"].tolist() == [f"t{number}" for number in range(10)]
    for row in range(10):
        np.testing.assert_array_equal(store.whole(row), pcm_of(row))
    store.verify()


@given(st.data())
def test_crops_are_the_stored_samples(store: AudioStore, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, 9), max_size=6))
    length = data.draw(st.integers(1, 3_200))
    starts = [data.draw(st.integers(0, 3_200 + 100 * row - length)) for row in rows]
    crops = store.crops(rows, starts, length)
    assert crops.shape == (len(rows), length)
    assert crops.dtype == np.int16
    for crop, row, start in zip(crops, rows, starts, strict=True):
        np.testing.assert_array_equal(crop, pcm_of(row)[start : start + length])


def test_crops_that_do_not_exist_are_refused(store: AudioStore) -> None:
    for rows, starts, length in [([10], [0], 5), ([-1], [0], 5), ([0], [-1], 5), ([0], [0], 3_201)]:
        with pytest.raises(InvalidSetting):
            store.crops(rows, starts, length)
    with pytest.raises(InvalidSetting):
        store.crops([0, 1], [0], 5)
    with pytest.raises(InvalidSetting):
        store.crops([0], [0], 0)
    with pytest.raises(InvalidSetting):
        store.crops([0], [3_200], 5, pad=True)


def test_crops_beyond_the_end_are_zeros_when_asked(store: AudioStore) -> None:
    crop = store.crops([0], [3_000], 500, pad=True)[0]
    np.testing.assert_array_equal(crop[:200], pcm_of(0)[3_000:])
    assert not crop[200:].any()


def test_rows_of_tracks(store: AudioStore) -> None:
    np.testing.assert_array_equal(store.rows(["t7", "unknown", "t0"]), [7, -1, 0])


def test_another_process_opens_its_own_maps(store: AudioStore) -> None:
    sent = pickle.dumps(store)
    assert len(sent) < 1_000
    np.testing.assert_array_equal(pickle.loads(sent).whole(2), pcm_of(2))  # noqa: S301


def test_fingerprint_is_of_the_sound_and_not_of_files_and_shards(store: AudioStore, tmp_path: Path) -> None:
    files = write_files(tmp_path / "files")
    one_shard = SMALL.model_copy(update={"tracks_per_shard": 100})
    again = write_store(files[::-1], tmp_path / "pcm", one_shard, workers=1)
    assert again.fingerprint == store.fingerprint
    soundfile.write(tmp_path / "files" / "3.wav", pcm_of(4), 16_000)
    replaced = write_store(files, tmp_path / "pcm", SMALL, workers=1)
    assert replaced.fingerprint != store.fingerprint
    others = [f"t{number}" for number in range(10) if number != 3]
    assert replaced.fingerprint_of(others) == store.fingerprint_of([*others[::-1], "unknown"])
    assert replaced.fingerprint_of(["t3"]) != store.fingerprint_of(["t3"])
    fewer = write_store(files[:9], tmp_path / "pcm", SMALL, workers=1)
    assert fewer.fingerprint not in (replaced.fingerprint, store.fingerprint)


def test_the_same_samples_at_another_rate_are_other_sound(store: AudioStore) -> None:
    faster = replace(store, settings=SMALL.model_copy(update={"sample_rate_hz": 8_000}))
    assert faster.fingerprint != store.fingerprint


def test_contents_of_an_earlier_store_are_read_once_and_kept(
    store: AudioStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def earlier() -> AudioStore:
        return replace(store, tracks=store.tracks.drop(columns="content"))

    def refuse(self: AudioStore, row: int) -> None:
        raise AssertionError(f"track {row} is read again")

    assert earlier().fingerprint == store.fingerprint
    partly = store.tracks.assign(content=store.tracks["content"].where(store.tracks.index > 3))
    assert replace(store, tracks=partly).fingerprint == store.fingerprint
    monkeypatch.setattr(AudioStore, "whole", refuse)
    assert earlier().fingerprint == store.fingerprint


def test_broken_files_are_named_and_cost_only_themselves(tmp_path: Path) -> None:
    files = write_files(tmp_path / "files")
    (tmp_path / "files/1.wav").write_bytes(b"")
    (tmp_path / "files/4.wav").write_bytes(b"noise" * 100)
    (tmp_path / "files/5.wav").unlink()
    soundfile.write(tmp_path / "files/9.wav", np.zeros(9_000), 16_000)
    store = write_store(files, tmp_path / "pcm", SMALL)
    assert store.tracks["track"].tolist() == ["t0", "t2", "t3", "t6", "t7", "t8"]
    for row, number in enumerate([0, 2, 3, 6, 7, 8]):
        np.testing.assert_array_equal(store.whole(row), pcm_of(number))
    reasons = dict(zip(store.refused["track"], store.refused["reason"], strict=True))
    assert list(reasons) == ["t1", "t4", "t5", "t9"]
    assert "empty" in reasons["t1"]
    assert "cannot be decoded" in reasons["t4"]
    assert "no such file" in reasons["t5"]
    assert "silent" in reasons["t9"]
    assert store.refused["source"].iloc[0].endswith("1.wav")


def test_a_store_of_nothing_but_broken_files_is_empty(tmp_path: Path) -> None:
    files = pd.DataFrame({"track": ["a"], "path": [tmp_path / "missing.wav"]})
    store = write_store(files, tmp_path / "pcm")
    assert len(store) == 0
    with pytest.raises(InvalidSetting, match="longest of the 0 tracks"):
        Windows.of(store)


def test_bad_requests(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="columns track and path"):
        write_store(pd.DataFrame({"track": []}), tmp_path / "pcm")
    with pytest.raises(InvalidSetting, match="at least one"):
        write_store(pd.DataFrame({"track": [], "path": []}), tmp_path / "pcm")
    twice = pd.DataFrame({"track": ["a", "a"], "path": ["x", "y"]})
    with pytest.raises(InvalidSetting, match="track='a' must be named once"):
        write_store(twice, tmp_path / "pcm")
    with pytest.raises(NotFound, match="make one first"):
        open_store(tmp_path / "pcm")


def test_other_files_of_the_folder_are_left_alone(tmp_path: Path) -> None:
    files = write_files(tmp_path / "files", 3)
    folder = tmp_path / "pcm"
    (folder / ".config.d").mkdir(parents=True)
    (folder / "2019-notes.json").write_text("{}")
    write_store(files, folder, SMALL)
    assert (folder / ".config.d").is_dir()
    assert (folder / "2019-notes.json").is_file()


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    write_store(write_files(tmp_path / "files", 2), tmp_path / "pcm", SMALL)
    for content, reason in [("{", "damaged"), ("[]", "must hold a JSON object"), ("{}", "format None")]:
        (tmp_path / "pcm/store.json").write_text(content)
        with pytest.raises(DataError, match=reason):
            open_store(tmp_path / "pcm")


def test_no_workers_and_no_folder_are_refused(tmp_path: Path) -> None:
    files = write_files(tmp_path / "files", 2)
    with pytest.raises(InvalidSetting, match="workers=0"):
        write_store(files, tmp_path / "pcm", SMALL, workers=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        write_store(files, tmp_path / "file", SMALL)


def shards_on_disk(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.pcm")}


def test_a_cancelled_run_goes_on_where_it_was(tmp_path: Path) -> None:
    files = write_files(tmp_path / "files")

    def stop_in_the_second_shard(fraction: float, text: str) -> None:
        if fraction > 0.5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        write_store(files, tmp_path / "pcm", SMALL, progress=stop_in_the_second_shard)
    before = shards_on_disk(tmp_path / "pcm")
    assert len(before) == 1
    with pytest.raises(NotFound, match="run it again"):
        open_store(tmp_path / "pcm")
    store = write_store(files, tmp_path / "pcm", SMALL)
    assert before.items() <= shards_on_disk(tmp_path / "pcm").items()
    for row in range(10):
        np.testing.assert_array_equal(store.whole(row), pcm_of(row))


WRITER = """
import sys, time, pandas as pd
from taglab.audio.store import StoreSettings, write_store
def slowly(fraction, text):
    print(fraction, flush=True)
    if fraction > 0.6:
        time.sleep(60)
write_store(pd.read_json(sys.argv[1]), __import__("pathlib").Path(sys.argv[2]),
            StoreSettings(min_duration_s=0.1, tracks_per_shard=4), workers=1, progress=slowly)
"""


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    files = write_files(tmp_path / "files")
    listed = tmp_path / "files.json"
    listed.write_text(json.dumps([{"track": t, "path": str(p)} for t, p in files.itertuples(index=False)]))
    command = [sys.executable, "-c", WRITER, str(listed), str(tmp_path / "pcm")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while float(process.stdout.readline()) <= 0.6:
            pass
        os.kill(process.pid, signal.SIGKILL)
    before = shards_on_disk(tmp_path / "pcm")
    assert len(before) == 1
    assert [path for path in (tmp_path / "pcm").iterdir() if path.name.startswith(".0")]  # cut off in a shard
    store = write_store(files, tmp_path / "pcm", SMALL)
    assert before.items() <= shards_on_disk(tmp_path / "pcm").items()
    assert not [path for path in (tmp_path / "pcm").iterdir() if path.name.startswith(".0")]
    for row in range(10):
        np.testing.assert_array_equal(store.whole(row), pcm_of(row))
    store.verify()


def test_a_changed_file_changes_only_its_shard(tmp_path: Path) -> None:
    files = write_files(tmp_path / "files")
    first = write_store(files, tmp_path / "pcm", SMALL)
    before = shards_on_disk(tmp_path / "pcm")
    soundfile.write(tmp_path / "files/5.wav", pcm_of(50), 16_000)
    second = write_store(files, tmp_path / "pcm", SMALL)
    after = shards_on_disk(tmp_path / "pcm")
    assert len(before.items() & after.items()) == 2
    assert len(after) == 3
    np.testing.assert_array_equal(second.whole(5), pcm_of(50))
    np.testing.assert_array_equal(first.whole(5), pcm_of(5))  # who had it open keeps what was there


def test_damage_is_found(tmp_path: Path) -> None:
    store = write_store(write_files(tmp_path / "files"), tmp_path / "pcm", SMALL)
    name = store.checksums[1][0]
    path = tmp_path / "pcm" / name
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="checksum"):
        open_store(tmp_path / "pcm").verify()
    path.write_bytes(content[:-2])
    with pytest.raises(DataError, match="make the store again"):
        open_store(tmp_path / "pcm")


def test_progress_counts_to_one(tmp_path: Path) -> None:
    told: list[float] = []
    write_store(
        write_files(tmp_path / "files"), tmp_path / "pcm", SMALL, progress=lambda f, t: told.append(f)
    )
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) >= 10


def test_the_window_is_the_shortest_track_unless_said(store: AudioStore) -> None:
    windows = Windows.of(store)
    assert windows.length == 3_200
    assert len(windows.rows) == 10
    assert not len(windows.refused)
    refusing = Windows.of(store, WindowSettings(duration_s=0.22))
    np.testing.assert_array_equal(refusing.refused, [0, 1, 2, 3])
    np.testing.assert_array_equal(refusing.rows, range(4, 9 + 1))
    padding = Windows.of(store, WindowSettings(duration_s=0.22, short_tracks="pad"))
    np.testing.assert_array_equal(padding.padded, [0, 1, 2, 3])
    assert len(padding.rows) == 10
    crop = padding.crops([0, 9], padding.middle_starts([0, 9]))
    assert not crop[0, 3_200:].any()
    np.testing.assert_array_equal(crop[1], pcm_of(9)[290 : 290 + 3_520])
    with pytest.raises(InvalidSetting, match="longest"):
        Windows.of(store, WindowSettings(duration_s=9))


def test_long_tracks_get_windows_of_15_s(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", rng.normal(0, 0.1, 16 * 16_000), 16_000)
    files = pd.DataFrame({"track": ["a", "b"], "path": [tmp_path / "a.wav", tmp_path / "b.wav"]})
    assert Windows.of(write_store(files, tmp_path / "pcm")).length == 15 * 16_000


def test_starts_fit_and_cover(store: AudioStore) -> None:
    windows = Windows.of(store, WindowSettings(duration_s=0.1))
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(10), 200)
    starts = windows.random_starts(rows, rng)
    assert (starts >= 0).all()
    assert (starts + 1_600 <= store.samples[rows]).all()
    assert len(np.unique(starts[rows == 9])) > 150
    np.testing.assert_array_equal(windows.consecutive_starts(0), [0, 1_600])
    np.testing.assert_array_equal(windows.consecutive_starts(7), [0, 1_600, 2_300])  # 700 left over
    np.testing.assert_array_equal(windows.consecutive_starts(9), [0, 1_600, 2_500])


def real(name: str) -> Path:
    folder = Path(__file__).resolve().parents[2] / "../shared/data" / name
    if not folder.is_dir():
        pytest.skip(f"needs the published data in {folder}")
    return folder


@pytest.mark.realdata
def test_real_music_and_samples_become_a_store(tmp_path: Path) -> None:
    excerpts = sorted(real("emotify").joinpath("audio").rglob("*.ogg"))[::15]
    sounds = sorted(real("sonic-pi").glob("*.flac"))
    paths = [*excerpts, *sounds]
    files = pd.DataFrame({"track": [f"{path.parent.name}/{path.stem}" for path in paths], "path": paths})
    store = write_store(files, tmp_path / "pcm", StoreSettings(min_duration_s=0.5))
    assert set(store.rows(files["track"].tolist()[: len(excerpts)])) == set(range(len(excerpts)))
    assert set(store.tracks["file_rate_hz"].iloc[: len(excerpts)]) == {16_000}
    assert len(store) + len(store.refused) == len(paths)
    assert store.refused["reason"].str.contains("lasts").all()
    info = soundfile.info(excerpts[0])
    assert store.samples[0] == info.frames
    assert Windows.of(store, WindowSettings(duration_s=15.0)).rows[: len(excerpts)].tolist() == list(
        range(len(excerpts))
    )
    store.verify()


def write_stereo(folder: Path, rate_hz: int = 44_100) -> None:
    """Write a second of a tone left and another right, one of a single channel, and one of six."""
    folder.mkdir()
    time_s = np.arange(rate_hz) / rate_hz
    left, right = 0.5 * np.sin(2 * np.pi * 440 * time_s), 0.25 * np.sin(2 * np.pi * 990 * time_s)
    soundfile.write(folder / "wide.wav", np.stack([left, right], 1), rate_hz, "PCM_16")
    soundfile.write(folder / "narrow.wav", left, rate_hz, "PCM_16")
    soundfile.write(folder / "round.wav", np.stack([left] * 6, 1), rate_hz, "PCM_16")


def stereo_store(folder: Path, **changes: Any) -> AudioStore:
    write_stereo(folder / "files")
    settings = StoreSettings(**{"sample_rate_hz": 44_100, "channels": 2, "min_duration_s": 0.5, **changes})
    return write_store(find_files(folder / "files").table, folder / "store", settings)


def test_left_and_right_are_kept_as_they_are(tmp_path: Path) -> None:
    store = stereo_store(tmp_path)
    assert (store.channels, store.sample_rate_hz) == (2, 44_100)
    assert sorted(store.tracks["track"]) == ["narrow", "wide"]
    assert store.samples.tolist() == [44_100, 44_100]
    (wide,) = store.rows(["wide"])
    kept, rate_hz = soundfile.read(tmp_path / "files" / "wide.wav", dtype="int16")
    assert rate_hz == 44_100
    assert np.array_equal(store.whole(int(wide)), kept)
    assert np.array_equal(store.mono(int(wide)), np.rint(kept.mean(1)))
    (narrow,) = store.rows(["narrow"])
    both = store.whole(int(narrow))
    assert np.array_equal(both[:, 0], both[:, 1])
    assert "left and right are not told" in store.refused["reason"].iloc[0]
    store.verify()
    again = open_store(tmp_path / "store")
    assert np.array_equal(again.whole(int(wide)), kept)


def test_stereo_is_resampled_channel_by_channel(tmp_path: Path) -> None:
    store = stereo_store(tmp_path, sample_rate_hz=22_050)
    samples = store.whole(int(store.rows(["wide"])[0])) / 32_768
    assert samples.shape == (22_050, 2)
    spectra = np.abs(np.fft.rfft(samples[2_000:20_000], axis=0))
    loudest_hz = spectra.argmax(0) * 22_050 / 18_000
    assert np.allclose(loudest_hz, [440, 990], atol=2)
    assert np.allclose(np.abs(samples).max(0), [0.5, 0.25], atol=0.01)


def test_crops_of_stereo_have_channels_before_samples(tmp_path: Path) -> None:
    store = stereo_store(tmp_path)
    rows = store.rows(["wide", "narrow"])
    crops = store.crops(rows, [100, 44_000], 300, pad=True)
    assert crops.shape == (2, 2, 300)
    assert np.array_equal(crops[0], store.whole(int(rows[0]))[100:400].T)
    assert np.array_equal(crops[1, :, :100], store.whole(int(rows[1]))[44_000:].T)
    assert not crops[1, :, 100:].any()
    with pytest.raises(InvalidSetting, match=r"must be \(2, 2, 300\) int16"):
        store.crops(rows, [0, 0], 300, out=np.empty((2, 300), np.int16))


def test_mono_stores_half_made_before_there_was_stereo_are_gone_on_with() -> None:
    """Their shards are named by a key that knows nothing of channels."""
    sounds = [Sound("t", "t.wav", "1", lambda: Decoded(np.ones(9, np.float32), 9, 9))]
    before = StoreSettings().model_dump(exclude={"channels"})
    listed = [["t", "t.wav", "1"]]
    expected = content_key(store_module._FORMAT, store_module._DECODING, before, listed)[:16]
    assert store_module._shard_key(sounds, StoreSettings()) == expected
    assert store_module._shard_key(sounds, StoreSettings(channels=2)) != expected
