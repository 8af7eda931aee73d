"""Variants that were rendered otherwise are read from their table, at the place their clip has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from taglab.audio.degrade import DEGRADATIONS, degrade, read_variants
from taglab.audio.degrade.loudness import loudness
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


def test_variants_are_known_by_their_sound(table: Path) -> None:
    before = read_variants(table).key
    assert read_variants(table).key == before
    soundfile.write(table.parent / "a-pitch.wav", melody(2, 3), RATE_HZ, "FLOAT")
    table.touch()
    assert read_variants(table).key != before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("clip,kind,magnitude\na,pitch,2\n", "must have columns clip, kind, magnitude, file; has clip"),
        ("clip,kind,magnitude,file\n", "has no row"),
        ("clip,kind,magnitude,file\na,,2,a-pitch.wav\n", "line 2.*lacks a value"),
        ("clip,kind,magnitude,file\na,timbre,2,a-pitch.wav\n", "kind 'timbre', which must be one of pitch"),
        ("clip,kind,magnitude,file\na,pitch,13,a-pitch.wav\n", "'13'; pitch must lie from -12 to 12"),
        ("clip,kind,magnitude,file\na,pitch,high,a-pitch.wav\n", "'high'; pitch must lie"),
        ("clip,kind,magnitude,file\na,pitch,2,none.wav\n", "none.wav', and there is no such file"),
        (2 * "clip,kind,magnitude,file\na,pitch,2,a-pitch.wav\n", "has the kind 'kind'"),
        ("clip,kind,magnitude,file" + 2 * "\na,pitch,2,a-pitch.wav", "has pitch 2 of 'a' twice"),
    ],
)
def test_a_table_that_is_none_is_refused(table: Path, text: str, sentence: str) -> None:
    table.write_text(text)
    with pytest.raises(DataError, match=sentence):
        read_variants(table)
