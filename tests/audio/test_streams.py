"""What is decoded to its end counts, whatever a header announces; what cannot be is told."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from taglab.audio.decode import DecodeSettings, decode, to_int16
from taglab.audio.streams import AUDIO_SUFFIXES
from taglab.errors import DataError
from tests.audio.coded import encode, flac_in_ogg, joined, patched, tone

RATE_HZ = 44_100
BRIEF = DecodeSettings(min_duration_s=0.1)
# An encoder's padding, a frame or two, is no more than this.
PADDING_S = 0.08


def lasts_s(path: Path) -> float:
    return len(decode(path, BRIEF).samples) / BRIEF.sample_rate_hz


def remarks(path: Path) -> tuple[str, ...]:
    return decode(path, BRIEF).remarks


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        *[("a.m4a", "aac"), ("a.aac", "aac"), ("a.mp4", "alac"), ("a.wma", "wmav2"), ("a.ac3", "ac3")],
        *[("a.mp2", "mp2"), ("a.mp3", "libmp3lame"), ("a.wv", "wavpack"), ("a.tta", "tta")],
        *[("a.webm", "libopus"), ("a.w64", "pcm_s24le"), ("a.wav", "pcm_u8")],
    ],
)
def test_what_listeners_collect_is_heard_at_its_pitch(tmp_path: Path, name: str, codec: str) -> None:
    rate_hz = 48_000 if codec == "libopus" else RATE_HZ
    path = encode(tmp_path / name, tone(1234.0, rate_hz), rate_hz, codec)
    samples = decode(path).samples
    assert len(samples) / 16_000 == pytest.approx(4.0, abs=PADDING_S)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert spectrum.argmax() * 16_000 / len(samples) == pytest.approx(1234.0, abs=0.5)
    assert samples.std() == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    assert Path(name).suffix in AUDIO_SUFFIXES


@pytest.mark.parametrize("rates", [(32_000, 192_000), (192_000, 32_000)])
def test_an_mp3_without_a_count_is_read_to_its_end(tmp_path: Path, rates: tuple[int, int]) -> None:
    """Taken from the rate of its first frame alone, its length would be 22 s, or under 3 s."""
    parts = [
        encode(tmp_path / f"{rate}.mp3", tone(440.0, RATE_HZ), RATE_HZ, "libmp3lame", rate, write_xing="0")
        for rate in rates
    ]
    path = joined(tmp_path / "a.mp3", *parts)
    assert lasts_s(path) == pytest.approx(8.0, abs=2 * PADDING_S)
    assert not any("announces" in remark for remark in remarks(path))


def test_joined_mp3s_are_read_to_the_last(tmp_path: Path) -> None:
    for name, rate_hz, channels in (("1", RATE_HZ, 1), ("2", 22_050, 2)):
        soundfile.write(tmp_path / f"{name}.mp3", tone(440.0, rate_hz, 4.0, channels), rate_hz)
    path = joined(tmp_path / "all.mp3", *[tmp_path / f"{name}.mp3" for name in "121"])
    # Between two files the second one's count of frames sounds as a frame of silence.
    assert lasts_s(path) == pytest.approx(12.0, abs=3 * PADDING_S)
    (remark,) = [each for each in remarks(path) if "announces" in each]
    assert remark.startswith("lasts 12.")
    assert remark.endswith("and is kept whole")


def unknown_length(path: Path) -> Path:
    """Write a FLAC whose STREAMINFO tells no number of samples, as a streaming encoder does."""
    soundfile.write(path, tone(440.0, RATE_HZ), RATE_HZ)
    head = path.read_bytes()[21:26]
    return patched(path, 21, bytes([head[0] & 0xF0, 0, 0, 0, 0]))


def streamed_wav(path: Path, announced: int) -> Path:
    """Write a WAV whose header announces so many bytes of samples."""
    soundfile.write(path, tone(440.0, RATE_HZ), RATE_HZ)
    at = path.read_bytes().index(b"data") + 4
    patched(path, 4, struct.pack("<I", announced))
    return patched(path, at, struct.pack("<I", announced))


def chained(path: Path, subtype: str, rates_hz: tuple[int, int]) -> Path:
    """Write two Ogg streams one after the other, the second in stereo."""
    for number, rate_hz in enumerate(rates_hz, 1):
        sound = tone(440.0, rate_hz, 2.0, number)
        soundfile.write(path.with_suffix(f".{number}"), sound, rate_hz, format="OGG", subtype=subtype)
    return joined(path, path.with_suffix(".1"), path.with_suffix(".2"))


def test_valid_files_of_unknown_length_are_no_damaged_ones(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "whole.flac", tone(440.0, RATE_HZ), RATE_HZ)
    paths = [
        unknown_length(tmp_path / "a.flac"),
        streamed_wav(tmp_path / "0.wav", 0),
        streamed_wav(tmp_path / "1.wav", 0xFFFFFFFF),
        streamed_wav(tmp_path / "2.wav", 0x7FFFFFFF),
        chained(tmp_path / "a.ogg", "VORBIS", (RATE_HZ, RATE_HZ)),
        chained(tmp_path / "b.ogg", "VORBIS", (RATE_HZ, 22_050)),
        chained(tmp_path / "a.opus", "OPUS", (48_000, 48_000)),
        flac_in_ogg(tmp_path / "f.oga", tmp_path / "whole.flac"),
    ]
    for path in paths:
        assert lasts_s(path) == pytest.approx(4.0, abs=PADDING_S), path.name
        assert remarks(path) == (), path.name
    for path in (paths[0], paths[-1]):
        np.testing.assert_array_equal(decode(path).samples, decode(tmp_path / "whole.flac").samples)


def test_a_wav_cut_off_is_told_by_its_header(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(440.0, RATE_HZ, 8.0), RATE_HZ)
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"breaks off after 4\.0 of 8\.0 s"):
        decode(tmp_path / "a.wav")


def test_an_ogg_without_a_last_page_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.opus"
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 48_000 * 8)
    soundfile.write(path, sound, 48_000, format="OGG", subtype="OPUS")
    assert remarks(path) == ()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert lasts_s(path) < 5
    assert remarks(path) == ("has no last page; it was cut off, or recorded from a stream",)


def test_what_a_damaged_frame_takes_is_told_and_many_are_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 10 * RATE_HZ)
    path = tmp_path / "a.flac"
    soundfile.write(path, noise, RATE_HZ)
    size = path.stat().st_size
    patched(path, size // 2, b"\0" * 8)
    # The parser leaves the one frame out, 4,096 samples.
    assert remarks(path) == ("lacks 0.09 of 10.0 s, which are damaged or cut off",)
    for tenth in range(1, 10):
        patched(path, size * tenth // 10 + 99, b"\0" * 8)
    with pytest.raises(DataError, match=r"breaks off after 9\.\d of 10\.0 s"):
        decode(path)


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_floats_in_the_scale_of_whole_numbers_are_brought_to_full_scale(tmp_path: Path, bits: int) -> None:
    scale = 2.0 ** (bits - 1)
    sound = tone(440.0, 16_000)
    soundfile.write(tmp_path / "a.wav", sound * scale, 16_000, subtype="FLOAT")
    decoded = decode(tmp_path / "a.wav")
    np.testing.assert_allclose(decoded.samples, sound, atol=1e-6)
    assert decoded.remarks == (
        f"samples reach {0.5 * scale:,.6g} times full scale, as whole numbers of {bits} bits do, and were "
        f"divided by {scale:,.0f}",
    )


def test_what_overshoots_a_little_is_clipped_and_counted(tmp_path: Path) -> None:
    sound = tone(440.0, 16_000)
    sound[100:103] = [1.5, -1.25, 1.0]
    soundfile.write(tmp_path / "a.wav", sound, 16_000, subtype="FLOAT")
    decoded = decode(tmp_path / "a.wav")
    assert decoded.remarks == ("2 samples beyond full scale are clipped, the loudest at 1.50",)
    assert to_int16(decoded.samples[100:103]).tolist() == [32_767, -32_768, 32_767]


def test_a_mix_far_too_loud_is_brought_down_by_its_peak(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", 20 * tone(440.0, 16_000), 16_000, subtype="FLOAT")
    decoded = decode(tmp_path / "a.wav")
    assert np.abs(decoded.samples).max() == pytest.approx(1.0, abs=1e-6)
    (remark,) = decoded.remarks
    assert remark.endswith("times full scale and were brought down by that")


def test_numbers_that_are_no_sound_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", 1e30 * tone(440.0, 16_000), 16_000, subtype="FLOAT")
    with pytest.raises(DataError, match="times full scale; are they sound"):
        decode(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.m4a"])
@pytest.mark.parametrize(
    "content", ["ffconcat version 1.0\nfile {}\n", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n"]
)
def test_a_list_of_other_files_is_not_followed(tmp_path: Path, name: str, content: str) -> None:
    soundfile.write(tmp_path / "private.wav", tone(440.0, 16_000), 16_000)
    (tmp_path / name).write_text(content.format("private.wav"))
    with pytest.raises(DataError, match="cannot be decoded"):
        decode(tmp_path / name)


def test_an_ending_that_nothing_reads_is_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"MThd" + bytes(100))
    with pytest.raises(DataError, match=r"\.mid is not read; read are \.aac, .*\.wma"):
        decode(tmp_path / "a.mid")


def test_titles_in_any_encoding_are_no_hindrance(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", tone(440.0, RATE_HZ), RATE_HZ, "libmp3lame", id3v2_version="0")
    title = b"TIT2" + struct.pack(">IH", 4, 0) + b"\x03M\xfc" + b"\xff"  # said to be UTF-8, and is not
    tag = b"ID3\x03\0\0" + bytes([0, 0, 0, len(title)]) + title
    path.write_bytes(tag + path.read_bytes())
    assert lasts_s(path) == pytest.approx(4.0, abs=PADDING_S)


@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg", "wav", "m4a", "wma"])
def test_flipped_bytes_give_sound_or_a_sentence(tmp_path: Path, suffix: str) -> None:
    codecs = {"mp3": "libmp3lame", "ogg": "libopus", "wav": "pcm_s16le", "m4a": "aac", "wma": "wmav2"}
    rate_hz = 24_000 if suffix == "ogg" else 22_050
    path = encode(tmp_path / f"a.{suffix}", tone(440.0, rate_hz, 1.0), rate_hz, codecs.get(suffix, suffix))
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        content = np.frombuffer(whole, np.uint8).copy()
        places = rng.integers(0, len(content) if rng.random() < 0.5 else min(600, len(content)), 8)
        content[places] = rng.integers(0, 256, len(places))
        path.write_bytes(content.tobytes())
        try:
            decoded = decode(path, DecodeSettings(min_duration_s=0.01, max_duration_s=60))
        except DataError as error:
            assert error.path == str(path)  # noqa: PT017  # either outcome is right
        else:
            assert np.isfinite(decoded.samples).all()
            assert len(decoded.samples) <= 60 * 16_000
