"""Variants that were rendered otherwise are read from their table, at the place their clip has."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from taglab.audio.degrade import DEGRADATIONS, degrade, read_variants
from taglab.audio.degrade.loudness import loudness
from taglab.audio.degrade.variants import checked_variants
from taglab.errors import DataError, InvalidSetting

RATE_HZ = 8_000


def melody(beats_per_s: float, semitones: float, channels: int = 1, seconds: float = 6.0) -> np.ndarray:
    """Return a sine whose every beat has a pitch of its own, (samples,) or (samples, 2)."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    beats = np.floor(times * beats_per_s + 1e-6)
    hz = 200 * 2 ** ((beats + semitones) / 12)
    wave = (0.3 * np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ)).astype(np.float32)
    return wave if channels == 1 else np.stack([wave, 0.5 * wave], axis=1)


def pitches(samples: np.ndarray, beats_per_s: float) -> list[int]:
    """Return what semitone above 200 Hz the middle of every beat has."""
    beat = round(RATE_HZ / beats_per_s)
    middles = [samples[at + beat // 4 : at + 3 * beat // 4] for at in range(0, len(samples) - beat + 1, beat)]
    peaks = [np.fft.rfft(one * np.hanning(len(one)), 1 << 16) for one in middles]
    return [round(12 * np.log2(np.abs(one).argmax() * RATE_HZ / (1 << 16) / 200)) for one in peaks]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two clips of six beats, each also two semitones higher, and a quarter faster."""
    rows = []
    for clip in ("a", "b"):
        for kind, magnitude, sound in (
            ("pitch", 2, melody(2, 2)),
            ("tempo", 1.25, melody(2.5, 0, seconds=4.8)),
        ):
            file = f"{clip}-{kind}.wav"
            soundfile.write(tmp_path / file, sound, RATE_HZ, "FLOAT")
            rows.append((clip, kind, magnitude, file))
    path = tmp_path / "variants.csv"
    pd.DataFrame(rows, columns=["clip", "kind", "magnitude", "file"]).to_csv(path, index=False)
    return path


def test_a_variant_is_taken_from_the_place_its_clip_has(table: Path) -> None:
    variants = read_variants(table)
    assert variants.magnitudes("pitch") == (2,)
    assert variants.among(["a", "folder/b.ogg", "c"]) == {"a", "folder/b.ogg"}
    original = melody(2, 0)[2 * RATE_HZ : 5 * RATE_HZ]  # from the fourth beat on
    assert pitches(original, 2) == [4, 5, 6, 7, 8, 9]
    higher = degrade(original, RATE_HZ, "rendered-pitch", 2, 0, variants, "folder/b.ogg", 2.0)
    assert higher.shape == original.shape
    assert pitches(higher, 2) == [6, 7, 8, 9, 10, 11]
    faster = degrade(original, RATE_HZ, "rendered-tempo", 1.25, 0, variants, "a", 2.0)
    assert len(faster) == pytest.approx(len(original) / 1.25, abs=1)
    assert pitches(faster, 2.5) == [4, 5, 6, 7, 8, 9]
    assert loudness(faster, RATE_HZ) == pytest.approx(loudness(original, RATE_HZ), abs=0.1)
    stereo = degrade(melody(2, 0, 2)[: 3 * RATE_HZ], RATE_HZ, "rendered-pitch", 2, 0, variants, "a")
    assert stereo.shape == (3 * RATE_HZ, 2)


@pytest.mark.parametrize("name", [name for name, one in DEGRADATIONS.items() if one.rendered])
def test_the_identity_needs_no_variant_and_returns_its_input(name: str) -> None:
    sound = melody(2, 0)
    assert degrade(sound, RATE_HZ, name, DEGRADATIONS[name].identity) is sound


def test_what_is_not_there_is_told(table: Path) -> None:
    variants, sound = read_variants(table), melody(2, 0)
    for given, track, magnitude, sentence in (
        (None, "a", 2.0, "rendered pitch is read from a table of rendered variants, and none is given"),
        (variants, "c", 2.0, "the table of variants has no pitch 2 of 'c'; of this kind it has 2"),
        (variants, "a", 1.0, "has no pitch 1 of 'a'"),
        (sound, "a", 2.0, "rendered-pitch takes no recording"),
    ):
        with pytest.raises(InvalidSetting, match=sentence):
            degrade(sound, RATE_HZ, "rendered-pitch", magnitude, 0, given, track)
    with pytest.raises(InvalidSetting, match="pink-noise takes no variants"):
        degrade(sound, RATE_HZ, "pink-noise", 3.0, 0, variants, "a")
    with pytest.raises(DataError, match=r"lasts 6\.00 s, and 7\.00 s are needed"):
        degrade(sound[: 4 * RATE_HZ], RATE_HZ, "rendered-pitch", 2.0, 0, variants, "a", 3.0)


def rendered_long_ago(path: Path, seconds: int) -> None:
    """Let a file be as old as one that is no longer looked at anew."""
    os.utime(path, (time.time() - seconds,) * 2)


@pytest.mark.parametrize("age_s", [0, 3_600])
def test_variants_are_known_by_their_sound(table: Path, age_s: int) -> None:
    for path in table.parent.iterdir():
        rendered_long_ago(path, 2 * age_s)
    before = read_variants(table)
    assert read_variants(table).key == before.key
    higher = table.parent / "a-pitch.wav"
    soundfile.write(higher, melody(2, 3), RATE_HZ, "FLOAT")  # as long as before
    rendered_long_ago(higher, age_s)
    after = read_variants(table)
    assert after.key != before.key
    assert pitches(after.sound("pitch", 2, "a", 0, RATE_HZ, RATE_HZ, 1), 2) == [3, 4]
    with pytest.raises(DataError, match="has changed since the table of variants was read"):
        before.sound("pitch", 2, "a", 0, RATE_HZ, RATE_HZ, 1)
    higher.unlink()
    with pytest.raises(DataError, match=r"a-pitch\.wav.*no such file"):
        read_variants(table)


def test_a_variant_that_is_gone_is_told(table: Path) -> None:
    variants = read_variants(table)
    (table.parent / "b-tempo.wav").unlink()
    with pytest.raises(DataError, match=r"b-tempo\.wav.*no such file"):
        variants.key  # noqa: B018


def test_a_clip_of_several_tracks_is_refused(table: Path) -> None:
    variants = read_variants(table)
    for tracks in (["A/a.ogg", "B/a.ogg", "b"], ["a", "B/a.ogg"]):
        with pytest.raises(InvalidSetting, match=r"clip 'a' .* may be .*a.* or 'B/a\.ogg'; write whole ids"):
            variants.among(tracks)
    assert variants.among(["A/c.ogg", "B/c.ogg", "b"]) == {"b"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"clip": [["a"], "b"]}, None),
        ({"kind": [["pitch"], "pitch"]}, r"line 2.*kind .*pitch.*must be one of"),
        ({"magnitude": [[2], 2]}, r"line 2.*magnitude '\[2\]'"),
        ({"file": [["a"], "b-pitch.wav"]}, "line 2.*no such file"),
        ({"clip": ["a", None]}, "line 3: lacks a value"),
    ],
)
def test_parquet_of_anything_is_read_or_refused(table: Path, change: dict, sentence: str | None) -> None:
    usual = {"clip": ["a", "b"], "kind": 2 * ["pitch"], "magnitude": [2, 2]}
    values = {**usual, "file": ["a-pitch.wav", "b-pitch.wav"], **change}
    objects = pd.DataFrame(values, index=[0, 0], dtype=object)
    ends = {"pitch": (-12.0, 0.0, 12.0)}
    if sentence is None:
        assert checked_variants(table, objects, ends)["clip"].tolist() == ["['a']", "b"]
    else:
        with pytest.raises(DataError, match=sentence):
            checked_variants(table, objects, ends)


def test_parquet_whose_index_repeats_is_read(table: Path) -> None:
    usual = pd.read_csv(table).set_axis([0, 0, 1, 1])
    usual.to_parquet(table.with_suffix(".parquet"))
    assert read_variants(table.with_suffix(".parquet")).key == read_variants(table).key


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "clip,kind,magnitude\na,pitch,2\n",
            "must have columns clip, kind, magnitude, file, each once; has clip",
        ),
        ("clip,kind,magnitude,file\n", "has no row"),
        ("clip,kind,magnitude,file\na,,2,a-pitch.wav\n", "line 2.*lacks a value"),
        ("clip,kind,magnitude,file\na,timbre,2,a-pitch.wav\n", "kind 'timbre', which must be one of pitch"),
        ("clip,kind,magnitude,file\na,pitch,13,a-pitch.wav\n", "'13'; pitch must lie from -12 to 12"),
        ("clip,kind,magnitude,file\na,pitch,high,a-pitch.wav\n", "'high'; pitch must lie"),
        ("clip,kind,magnitude,file\na,pitch,0,a-pitch.wav\n", "pitch 0, which is the clip as it is"),
        ("clip,kind,magnitude,file\na,tempo,1,a-pitch.wav\n", "tempo 1, which is the clip as it is"),
        (
            f"clip,kind,magnitude,file\na,pitch,2,{300 * 'x'}.wav\n",
            "line 2.*xx', which cannot be read .File name",
        ),
        ("clip,kind,magnitude,file\na,pitch,2,none.wav\n", "none.wav', and there is no such file"),
        (2 * "clip,kind,magnitude,file\na,pitch,2,a-pitch.wav\n", "has the kind 'kind'"),
        ("clip,kind,magnitude,file" + 2 * "\na,pitch,2,a-pitch.wav", "has pitch 2 of 'a' twice"),
    ],
)
def test_a_table_that_is_none_is_refused(table: Path, text: str, sentence: str) -> None:
    table.write_text(text)
    with pytest.raises(DataError, match=sentence):
        read_variants(table)
