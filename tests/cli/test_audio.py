"""`taglab audio`: what is decoded, what is refused and why, and who of a data set has sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.running import Shell


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Sound for tracks 1, 2 and 9; the files of 3 and 4 cannot be used."""
    folder = tmp_path / "music"
    folder.mkdir()
    for track, seconds in (("1", 4), ("2", 5), ("9", 4), ("3", 1)):
        sound = np.random.default_rng(int(track)).uniform(-0.5, 0.5, seconds * 8_000)
        soundfile.write(folder / f"{track}.wav", sound, 8_000)
    (folder / "4.mp3").write_bytes(b"no music at all")
    return folder


def test_adding_says_what_was_refused_and_who_has_sound(mine: Shell, music: Path) -> None:
    added = mine.json("audio", "add", music, "--name", "sound", "--data", "mine")
    assert (added["tracks"], added["refused"], added["sample_rate_hz"]) == (3, 2, 16_000)
    assert {row["examples"]: row["reason"] for row in added["refusals"]} == {
        "3": "lasts 1.00 s, less than min_duration_s=3",
        "4": "cannot be decoded (no sound is found in it); the file may be damaged",
    }
    known = {"name": "mine", "tracks": 7, "with_sound": 2, "refused": 2, "missing": 3, "others": 1}
    assert added["data"] == known | {"examples": ["5", "6", "7"]}


def test_every_track_without_sound_is_listed_with_its_reason(mine: Shell, music: Path) -> None:
    mine.text("audio", "add", music, "--name", "sound")
    rows = mine.json("audio", "show", "sound", "--data", "mine", "--missing")["rows"]
    assert [row["track"] for row in rows] == ["3", "4", "5", "6", "7"]
    assert "lasts 1.00 s" in rows[0]["reason"]
    assert "cannot be decoded" in rows[1]["reason"]
    assert {row["reason"] for row in rows[2:]} == {"no file was given"}
    assert mine.run("audio", "show", "sound", "--missing") == 2
    assert "needs --data" in mine.err
    assert mine.run("audio", "show", "sound", "--data", "mine", "--missing", "--refused") == 2


def test_list_show_check_remove(mine: Shell, music: Path) -> None:
    mine.text("audio", "add", music, "--name", "sound", "--min-duration-s", "0.5", "--workers", "1")
    assert mine.json("audio", "list") == [
        {
            "name": "demo",
            "tracks": None,
            "refused": None,
            "hours": None,
            "sample_rate_hz": None,
            "channels": None,
        },
        {
            "name": "sound",
            "tracks": 4,
            "refused": 1,
            "hours": pytest.approx(14 / 3_600),
            "sample_rate_hz": 16_000,
            "channels": 1,
        },
    ]
    assert mine.json("audio", "list", "--data", "mine")[1]["with_sound"] == 3
    shown = mine.json("audio", "show", "sound")
    assert (shown["shortest_s"], shown["longest_s"]) == (1, 5)
    assert shown["rows"][0] == {
        "track": "1",
        "duration_s": 4,
        "file_rate_hz": 8_000,
        "source": str(music / "1.wav"),
        "remark": "",
    }
    assert [row["track"] for row in mine.json("audio", "show", "sound", "--refused")["rows"]] == ["4"]
    assert mine.json("audio", "check", "sound")["bytes"] == 14 * 32_000
    assert mine.json("audio", "remove", "sound") == {"removed": "sound"}
    assert mine.run("audio", "show", "sound") == 1
    assert "no audio named 'sound'" in mine.err


def test_copies_remarks_and_what_was_passed_over_are_told(mine: Shell, music: Path) -> None:
    (music / "8.wav").write_bytes((music / "1.wav").read_bytes())
    (music / "cover.jpg").write_bytes(b"")
    for verb in (("add", music, "--name", "sound"), ("show", "sound")):
        told = mine.json("audio", *verb)
        assert told["copies"] == [["1", "8"]]
        assert told["passed_over"] == {".jpg": 1}
        assert told["remarks"] == []


def test_what_is_not_there_is_said_to_be_missing(mine: Shell) -> None:
    for name in ("none.zip", "none.csv", "none"):
        assert mine.run("audio", "add", mine.folder / name, "--name", "sound") == 1
        assert f"{name}: there is no such file" in mine.err
        assert "TAGLAB_HOME" not in mine.err


def test_a_table_names_the_files(mine: Shell, music: Path) -> None:
    table = mine.folder / "files.csv"
    table.write_text("track,path\na,music/1.wav\nb,music/none.wav\n")
    added = mine.json("audio", "add", table, "--name", "sound")
    assert (added["tracks"], added["refused"]) == (1, 1)
    assert "there is no such file" in added["refusals"][0]["reason"]


def test_a_changed_byte_is_found(mine: Shell, music: Path, taglab_home: Path) -> None:
    mine.text("audio", "add", music, "--name", "sound")
    samples = next((taglab_home / "audio" / "sound").glob("*.pcm"))
    content = bytearray(samples.read_bytes())
    content[1_000] ^= 1
    samples.write_bytes(content)
    assert mine.run("audio", "check", "sound") == 1
    assert "its checksum is wrong" in mine.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("nowhere", "--name", "x"), "there is no such file"),
        ((".", "--name", "demo"), "kept for the sound of the demo"),
        (("music", "--name", "x", "--data", "none"), "no folksonomies named 'none'"),
    ],
)
def test_what_cannot_be_added_is_a_sentence(
    mine: Shell, music: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(mine.folder)
    assert mine.run("audio", "add", *argv) == 1
    assert said in mine.err
    assert len(mine.err.strip().splitlines()) == 1


def test_a_damaged_one_does_not_hide_the_others(mine: Shell, music: Path, taglab_home: Path) -> None:
    for name in ("broken", "sound"):
        mine.text("audio", "add", music, "--name", name)
    next((taglab_home / "audio" / "broken").glob("*.pcm")).unlink()
    assert [row["name"] for row in mine.json("audio", "list")] == ["demo", "sound"]
    assert "is missing" in mine.err


def test_stereo_and_stems_are_kept_as_asked(mine: Shell, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for part, frames in (("mix", 44_100), ("voice", 44_100), ("rest", 44_000)):
        (tmp_path / part).mkdir()
        noise = rng.uniform(-0.5, 0.5, (frames, 2))
        soundfile.write(tmp_path / part / "one.wav", noise, 44_100)
    flags = ["--sample-rate-hz", "22050", "--channels", "2", "--min-duration-s", "0.5"]
    stems = ["--stem", f"voice={tmp_path / 'voice'}", "--stem", f"rest={tmp_path / 'rest'}"]
    told = mine.json("audio", "add", tmp_path / "mix", "--name", "wide", *flags, *stems)
    assert (told["channels"], told["sample_rate_hz"]) == (2, 22_050)
    assert told["stems"] == [
        {"stem": "rest", "tracks": 0, "without": 0, "unequal": 1, "examples": "one"},
        {"stem": "voice", "tracks": 1, "without": 0, "unequal": 0, "examples": ""},
    ]
    assert mine.json("audio", "show", "wide")["stems"] == told["stems"]
    assert mine.json("audio", "check", "wide")["bytes"] == 2 * 2 * 22_050
    assert mine.run("audio", "add", tmp_path / "mix", "--name", "wide", "--stem", "voice") == 2
