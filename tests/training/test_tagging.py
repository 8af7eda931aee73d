"""New sound is tagged as the run's own: the same rate, windows and network, whatever files it comes in."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from taglab.audio.files import find_files
from taglab.audio.library import brief_audio, open_audio
from taglab.audio.store import StoreSettings
from taglab.cache import write_json
from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.joint_space.scored import space_of_scores
from taglab.runs import Run, layout, open_run
from taglab.training import configuration, new_run, predict, sound_format_of, tag_sound, train
from taglab.training.tagging import tag_clip
from tests.cli.running import Shell
from tests.training.examples import RATE_HZ, TAGS, config_of


@pytest.fixture
def run() -> Run:
    """A run with windows of 0.3 s on sound of 1 s, trained an epoch."""
    return train(new_run(config_of(epochs=1, window_s=0.3)).name)


def write_own_sound(run: Run, folder: Path) -> list[str]:
    """Write the sound of a run's test tracks as files, at its rate, and return their names."""
    folder.mkdir()
    store, names = open_audio("small"), list(run.predictions("test").tracks)
    for name in names:
        soundfile.write(folder / f"{name}.wav", store.whole(int(store.rows([name])[0])), RATE_HZ)
    return names


def test_files_with_the_runs_own_sound_have_its_own_predictions(run: Run, tmp_path: Path) -> None:
    names = write_own_sound(run, tmp_path / "new")
    own = run.predictions("test")
    settings = StoreSettings(sample_rate_hz=sound_format_of(run).sample_rate_hz, min_duration_s=0)
    with brief_audio(find_files(tmp_path / "new"), settings) as store:
        tagging = tag_sound(run, store)
    assert sorted(tagging.tracks) == sorted(names)
    assert tagging.classes == own.classes
    order = [tagging.tracks.index(name) for name in own.tracks]
    np.testing.assert_allclose(tagging.scores[order], own.scores, atol=1e-6)
    last = tag_sound(run, open_audio("small"), "last")
    assert len(last.tracks) == len(open_audio("small"))
    rows = [last.tracks.index(name) for name in own.tracks]
    np.testing.assert_allclose(last.scores[rows], predict(run, "last", "test").scores, atol=1e-6)


def test_a_clip_is_heard_as_its_sound_was(run: Run, tmp_path: Path) -> None:
    names = write_own_sound(run, tmp_path / "new")
    own = run.predictions("test")
    np.testing.assert_allclose(tag_clip(run, tmp_path / "new" / f"{names[0]}.wav"), own.scores[0], atol=1e-6)
    for name, samples, why in (
        ("short.wav", np.full(RATE_HZ // 10, 0.1), "lasts 0.10 s"),
        ("silent.wav", np.zeros(RATE_HZ), "is silent"),
    ):
        soundfile.write(tmp_path / name, samples, RATE_HZ)
        with pytest.raises(DataError, match=why):
            tag_clip(run, tmp_path / name)
    (tmp_path / "text.wav").write_text("not sound at all")
    with pytest.raises(DataError, match=r"text\.wav"):
        tag_clip(run, tmp_path / "text.wav")


def test_a_run_is_asked_as_a_space_also_with_a_clip(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(capsys, tmp_path)
    names = write_own_sound(run, tmp_path / "new")
    clip = tmp_path / "new" / f"{names[0]}.wav"
    ranked = shell.json("ask", TAGS[0], "--space", run.name, "-n", "3")
    predictions = run.predictions("test")
    scores = predictions.scores[:, predictions.classes.index(TAGS[0])]
    assert ranked["rows"][0]["track"] == predictions.tracks[int(np.argmax(scores))]
    heard = shell.json("ask", f'clip:"{clip}"', "--space", run.name)
    assert heard["query"][0]["kind"] == "clip"
    places = space_of_scores(predictions, run.name, {}).tracks.vectors
    nearest = np.argsort(-(places @ places[0]), kind="stable")
    assert heard["rows"][0]["track"] == predictions.tracks[int(nearest[0])]
    assert shell.run("ask", "clip:nowhere.wav", "--space", run.name) == 1
    assert "nowhere.wav" in shell.err


def test_scores_are_means_over_windows_that_cover_a_track(run: Run) -> None:
    tagging = tag_sound(run, open_audio("small"))
    assert tagging.sound.window_s == pytest.approx(0.3)
    windows = tagging.window_table()
    first = windows[windows["track"] == tagging.tracks[0]]
    assert first["start_s"].tolist() == pytest.approx([0.0, 0.3, 0.6, 0.7])  # the last ends with the track
    assert first["end_s"].tolist() == pytest.approx([0.3, 0.6, 0.9, 1.0])
    means = windows.groupby("track", sort=False)[list(tagging.classes)].mean()
    np.testing.assert_allclose(means.loc[list(tagging.tracks)], tagging.scores, atol=1e-6)
    best = tagging.best(2)
    assert len(best) == 2 * len(tagging.tracks)
    assert best["score"].iloc[0] == tagging.scores[0].max()
    assert tagging.table().columns.tolist() == ["track", *tagging.classes]


def test_a_run_is_asked_of_new_sound_when_its_own_is_gone(run: Run, taglab_home: Path) -> None:
    known = sound_format_of(run)
    assert (known.sample_rate_hz, known.window_samples) == (RATE_HZ, round(0.3 * RATE_HZ))
    store = open_audio("small")
    before = tag_sound(run, store).scores
    shutil.move(taglab_home / "audio/small", taglab_home / "audio/moved")
    moved = open_audio("moved")
    np.testing.assert_array_equal(tag_sound(run, moved).scores, before)
    # A run of before it was kept has to look at its data and sound.
    summary = run.summary()
    del summary["hears"]
    write_json(run.folder / layout.SUMMARY, summary)
    with pytest.raises(NotFound):
        tag_sound(run, moved)
    shutil.move(taglab_home / "audio/moved", taglab_home / "audio/small")
    assert sound_format_of(run) == known


def test_sound_of_another_rate_and_runs_of_results_are_refused(run: Run, tmp_path: Path) -> None:
    write_own_sound(run, tmp_path / "new")
    settings = StoreSettings(sample_rate_hz=8_000, min_duration_s=0)
    with (
        brief_audio(find_files(tmp_path / "new"), settings) as store,
        pytest.raises(InvalidSetting, match=r"has 8,000 samples a second, and the run takes 16,000"),
    ):
        tag_sound(run, store)
    with pytest.raises(InvalidSetting, match="holds results only"):
        tag_sound(open_run("thesis-3.3-k100-spectrogram"), open_audio("small"))


def test_the_command_tags_a_folder(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = write_own_sound(run, tmp_path / "new")
    soundfile.write(tmp_path / "new/short.wav", np.full(400, 0.1), RATE_HZ)
    (tmp_path / "new/notes.txt").write_text("")
    shell = Shell(capsys, tmp_path)
    told = shell.json("tag", run.name, tmp_path / "new", "--top", "2")
    assert (told["tracks"], told["window_s"], told["passed_over"]) == (len(names), 0.3, {".txt": 1})
    assert told["left_out"] == [
        {"reason": "shorter than the window of 0.3 s", "tracks": 1, "examples": "short"}
    ]
    own = run.predictions("test")
    scores = dict(zip(own.tracks, own.scores.max(1), strict=True))
    for row in told["rows"][::2]:
        assert row["score"] == pytest.approx(float(scores[row["track"]]), abs=1e-6)
    out = tmp_path / "windows.parquet"
    shell.text("tag", run.name, tmp_path / "new", "--rows", "windows", "--out", out)
    written = pd.read_parquet(out)
    assert written.columns.tolist() == ["track", "start_s", "end_s", *TAGS[:3]]
    assert len(written) == 4 * len(names)
    assert len(shell.json("tag", run.name, "small", "--rows", "tracks")["rows"]) == 60
    assert shell.run("predict", run.name, "--audio", "small") == 2
    assert "taglab tag RUN SOUND" in shell.err
    assert shell.run("tag", run.name, "small", "--out", "scores.npz") == 2
    assert shell.run("tag", run.name, tmp_path / "none") == 1
    assert "none: there is no such file" in shell.err


def test_copies_in_several_parts_are_told_and_kept_together(run: Run) -> None:
    assert configuration(run)[0].train.copies_together
    config = run.config
    del config["train"]["copies_together"]  # as runs of before have it
    write_json(run.folder / layout.CONFIG, config)
    assert not configuration(run)[0].train.copies_together
