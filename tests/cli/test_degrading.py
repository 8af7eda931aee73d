"""Degrading a file of sound in the shell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.running import Shell

RATE_HZ = 44_100


@pytest.fixture
def song(shell: Shell) -> Path:
    times = np.arange(2 * RATE_HZ) / RATE_HZ
    both = np.stack([np.sin(2 * np.pi * 440 * times), np.sin(2 * np.pi * 660 * times)], axis=1)
    soundfile.write(shell.folder / "song.flac", 0.3 * both, RATE_HZ)
    return shell.folder / "song.flac"


def test_a_file_is_degraded_at_its_own_rate_beside_itself(shell: Shell, song: Path) -> None:
    facts = shell.json("degrade", song, "--with", "pitch", "--by", "-2")
    out = song.with_name("song.pitch-2.wav")
    assert facts["written"] == str(out)
    assert facts["severity"] == pytest.approx(1 / 6)
    sound, rate_hz = soundfile.read(out)
    assert rate_hz == RATE_HZ
    assert sound.shape == (2 * RATE_HZ, 2)
    hz = np.abs(np.fft.rfft(sound[:, 0])).argmax() / 2
    assert hz == pytest.approx(440 * 2 ** (-2 / 12), abs=2)


def test_nothing_changes_where_the_identity_is_asked(shell: Shell, song: Path) -> None:
    same = shell.folder / "same.flac"
    facts = shell.json("degrade", song, "--with", "pink-noise", "--by", "inf", "--to", same)
    assert facts["magnitude"] == "inf"
    assert np.array_equal(soundfile.read(song)[0], soundfile.read(same)[0])


def test_noise_is_that_of_a_recording(shell: Shell, song: Path) -> None:
    times = np.arange(RATE_HZ // 2) / RATE_HZ
    soundfile.write(shell.folder / "hum.wav", 0.1 * np.sin(2 * np.pi * 5_000 * times), RATE_HZ)
    shell.json(
        "degrade", song, "--with", "environmental-noise", "--by", "0", "--noise", shell.folder / "hum.wav"
    )
    sound, _ = soundfile.read(song.with_name("song.environmental-noise+0.wav"))
    powers = np.abs(np.fft.rfft(sound[:, 0])) ** 2
    # Signal to noise is 0 dB over both channels, which are equally loud.
    assert powers[2 * 5_000 - 4 : 2 * 5_000 + 5].sum() == pytest.approx(powers[876:885].sum(), rel=0.05)


def test_sound_is_not_written_over_itself(shell: Shell, song: Path) -> None:
    before = song.read_bytes()
    assert shell.run("degrade", song, "--with", "gain", "--by", "3", "--to", song) == 1
    assert "is the sound itself; write to another file" in shell.err
    assert song.read_bytes() == before


def test_a_rate_beyond_all_use_is_refused_in_a_sentence(shell: Shell) -> None:
    fast = shell.folder / "fast.wav"
    soundfile.write(fast, 0.1 * np.ones(4_000), 384_000)
    assert shell.run("degrade", fast, "--with", "gain", "--by", "3") == 1
    assert "sample_rate_hz=384000 must be less than or equal to 192000" in shell.err


def test_degradations_depend_on_the_rate(shell: Shell) -> None:
    rows = {row["name"]: row for row in shell.json("degradations", "--rate", "44100")}
    assert rows["mp3"]["magnitudes"][-1] == 320
    rows = {row["name"]: row for row in shell.json("degradations")}
    assert rows["mp3"]["magnitudes"][-1] == 160
    assert rows["tempo"]["changes_nothing"] == "1"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--with", "mp3", "--by", "8"), "mp3 by 8 kb/s is not to be had at 44,100 Hz; there are: 32"),
        (("--with", "pitch", "--by", "1", "--noise", "x.wav"), "pitch takes no noise"),
        (("--with", "telephone", "--by", "1", "--impulse", "x.wav"), "x.wav: there is no such file"),
        (("--with", "hum", "--by", "1"), "hum"),
        (("--with", "gain", "--by", "3", "--to", "x.mp3"), "must end in .wav or .flac"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    shell: Shell, song: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    assert shell.run("degrade", song, *arguments) in (1, 2)
    assert sentence in shell.err
