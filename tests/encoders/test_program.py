"""A program of the user's own hears WAV files; whatever it does wrong is a sentence."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taglab.audio.store import AudioStore
from taglab.encoders import Program, encode_alike, encode_tracks, encoder_of
from taglab.errors import DataError, InvalidSetting
from taglab.studies.robustness.study import encoders_of
from taglab.vectors import open_features, save_features
from tests.cli.running import Shell
from tests.encoders.test_encoders import store_of
from tests.joint_space.shelved import shelve_sound, shelve_space

EMBED = """
import csv, pathlib, sys, wave
import numpy as np
word, folder, out = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
assert word == "a word; with $HOME"
rows = []
for path in sorted(folder.glob("*.wav"), reverse=True):
    with wave.open(str(path)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(float) / 32768
    spectrum = np.abs(np.fft.rfft(samples))
    rows.append((path.name, np.sqrt(np.mean(samples**2)), len(samples), *spectrum[:2]))
if out.endswith(".csv"):
    csv.writer(open(out, "w", newline="")).writerows([("name", "rms", "n", "a", "b"), *rows])
else:
    np.savez(out, ids=np.array([r[0] for r in rows]), vectors=np.array([r[1:] for r in rows]))
"""


def program(folder: Path, text: str, *words: str, **settings: Any) -> Program:
    path = folder / "embed.py"
    path.write_text(text)
    return Program(program=(sys.executable, str(path), *words), **settings)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AudioStore:
    return store_of(tmp_path_factory.mktemp("sound") / "store", list(range(5)))


@pytest.mark.parametrize(("writes", "clips_a_call"), [("npz", 500), ("csv", 2)])
def test_a_program_is_given_sound_and_its_vectors_are_taken_in_order(
    taglab_home: Path, tmp_path: Path, store: AudioStore, writes: Any, clips_a_call: int
) -> None:
    encoder = program(tmp_path, EMBED, "a word; with $HOME", writes=writes, clips_a_call=clips_a_call)
    features = encoder.encode(store, np.array([3, 0, 4]), {})
    assert features.shape == (3, 4)
    levels = [np.sqrt(np.mean((store.whole(row) / 32_768) ** 2)) for row in (3, 0, 4)]
    np.testing.assert_allclose(features[:, 0], levels, rtol=1e-5)
    assert (features[:, 1] == 16_000).all()


def test_features_of_a_program_are_made_of_other_sound_once_somebody_has_started_it(
    taglab_home: Path, tmp_path: Path, store: AudioStore
) -> None:
    encoder = program(tmp_path, EMBED, "a word; with $HOME")
    save_features(encode_tracks(encoder, store, name="mine"), "mine")
    with pytest.raises(InvalidSetting, match="which nobody has started here; if you trust it"):
        encode_alike("mine", store)
    encoder.permit()
    np.testing.assert_array_equal(encode_alike("mine", store).vectors, open_features("mine").vectors)
    assert encoders_of(("mine", "mine=instruments")) == {"mine": "IR"}
    assert encoders_of(("mine",)) == {"mine": "mine"}
    (tmp_path / "embed.py").write_text(EMBED + "# another version")
    with pytest.raises(InvalidSetting, match="made with what has changed since; encode them again"):
        encode_alike("mine", store)


def test_words_that_are_files_are_kept_with_their_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "embed.py").touch()
    (tmp_path / "python").touch()
    typed = Program(program=("python", "embed.py", "--fast", "fast", "./python"))
    kept = typed.with_whole_paths()
    whole = ("python", str(tmp_path / "embed.py"), "--fast", "fast", str(tmp_path / "python"))
    assert kept.program == whole
    before = kept.origin("")
    (tmp_path / "fast").touch()  # where features are opened later
    opened = encoder_of("program", kept.model_dump())
    assert opened == kept
    assert opened.origin("") == before


WRITE = "import os, sys, numpy as np; names = sorted(os.listdir(sys.argv[1]))\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("import sys; sys.exit('no such model')", "ended with exit status 1: no such model"),
        ("import os; os.kill(os.getpid(), 11)", "was stopped by signal 11"),
        ("import time; time.sleep(60)", "did not end within 1 s, and was stopped"),
        ("pass", "ended without writing vectors.npz, the file that its last word names"),
        ("import sys; open(sys.argv[2], 'w').write('no')", "wrote vectors.npz, which cannot be taken: "),
        (WRITE + "np.savez(sys.argv[2], ids=names[1:], vectors=np.ones((4, 3)))",
         r"wrote no vector of 1 of 5 files, such as 000000.wav of track 't0'"),
        (WRITE + "np.savez(sys.argv[2], ids=[*names, 'x'], vectors=np.ones((6, 3)))",
         "wrote a vector of 'x', and was given no such file"),
        (WRITE + "np.savez(sys.argv[2], ids=names, vectors=np.eye(5) + np.diag([0, 0, np.nan, 0, 0]))",
         "wrote NaN or infinity of 000002.wav, of track 't2'"),
        (WRITE + "np.savez(sys.argv[2], ids=names, vectors=np.full((5, 2), 1e300))",
         "wrote NaN or infinity of 000000.wav, of track 't0'"),
        (WRITE + "np.savez(sys.argv[2], ids=[*names, names[0]], vectors=np.ones((6, 3)))",
         "wrote two vectors of '000000.wav'"),
        (WRITE + "np.savez(sys.argv[2], words=names, vectors=np.ones((5, 3)))",
         "must hold the arrays ids and vectors; holds words, vectors"),
        (WRITE + "np.savez(sys.argv[2], ids=names, vectors=np.ones((4, 3)))",
         r"has vectors \(4, 3\) of float64, which must be \(5, numbers\) of numbers"),
        (WRITE + "np.savez(sys.argv[2], ids=np.arange(5), vectors=np.ones((5, 3)))",
         r"has ids \(5,\) of int64, which must be \(files,\) of text"),
    ],
)  # fmt: skip
def test_what_a_program_does_wrong_is_a_sentence(
    taglab_home: Path, tmp_path: Path, store: AudioStore, text: str, sentence: str
) -> None:
    encoder = program(tmp_path, text, timeout_s=1.0 if "sleep" in text else 60.0)
    with pytest.raises(DataError, match=sentence):
        encoder.encode(store, np.arange(5), {})


def test_other_dimensions_and_commands_that_are_none_are_refused(
    taglab_home: Path, tmp_path: Path, store: AudioStore
) -> None:
    text = WRITE + "np.savez(sys.argv[2], ids=names, vectors=np.ones((len(names), len(names))))"
    encoder = program(tmp_path, text, clips_a_call=4)
    with pytest.raises(DataError, match="wrote 1 numbers a file in one call, 4 before"):
        encoder.encode(store, np.arange(5), {})
    table = "open(sys.argv[2], 'w').write('name,a\\n000000.wav,1\\n000001.wav,inf\\n')"
    encoder = program(tmp_path, f"import sys; {table}", writes="csv")
    with pytest.raises(DataError, match=r"wrote NaN or infinity of 000001.wav, of track 't3'"):
        encoder.encode(store, np.array([2, 3]), {})
    with pytest.raises(DataError, match=r"no-such-command.*cannot be started: No such file"):
        Program(program=("no-such-command",)).encode(store, np.arange(2), {})


def test_zeros_are_taken_and_nothing_is_left_in_the_cache(
    taglab_home: Path, tmp_path: Path, store: AudioStore
) -> None:
    text = WRITE + "np.savez(sys.argv[2], ids=names, vectors=np.zeros((len(names), 3)))"
    features = program(tmp_path, text, clips_a_call=1).encode(store, np.arange(2), {})
    np.testing.assert_array_equal(features, np.zeros((2, 3)))
    assert [path for path in taglab_home.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("timeout_s", [float("inf"), float("nan"), 0])
def test_a_call_must_end_at_some_time(timeout_s: float) -> None:
    with pytest.raises(InvalidSetting, match="timeout_s"):
        encoder_of("program", {"program": ["true"], "timeout_s": timeout_s})


def test_a_call_may_take_very_long(taglab_home: Path, tmp_path: Path, store: AudioStore) -> None:
    text = WRITE + "np.savez(sys.argv[2], ids=names, vectors=np.ones((1, 3)))"
    assert program(tmp_path, text, timeout_s=1e308).encode(store, np.arange(1), {}).shape == (1, 3)


def test_a_program_is_measured_by_its_command(
    taglab_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(capsys, tmp_path)
    shelve_space()
    shelve_sound(tmp_path / "wav")
    path = tmp_path / "embed.py"
    path.write_text(EMBED)
    command = f'{sys.executable},{path},"a word; with $HOME"'
    on = ("--audio", "mine", "--data", "mine")
    assert shell.run("features", "encode", "program", "--name", "own", "--program", command, *on) == 0, (
        shell.err
    )
    settings = ("--clips", "5", "--clip-s", "0.5", "--degradations", "gain", "--no-sound")
    assert shell.run("consistency", "--features", "own", *settings, *on, "--json") == 0, shell.err
    assert '"own, Euclidean"' in shell.out
    assert open_features("own").origin["encoder"]["program"][2] == "a word; with $HOME"
