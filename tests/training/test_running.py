"""Runs from the first command to their predictions, a kill in between."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from taglab.errors import Cancelled, Conflict, DataError, InvalidSetting, NotFound
from taglab.labels import open_label_space, save_label_space
from taglab.outcomes import open_predictions
from taglab.runs import Run, create_run, open_run, published_names, split_warning_of
from taglab.runs.status import read_status
from taglab.training import (
    configuration,
    differing,
    dry_run,
    evaluate,
    is_finished,
    new_run,
    predict,
    run_config,
    train,
)
from taglab.training.running import _about_classes
from tests.cli.running import Shell
from tests.training.examples import RATE_HZ, TAGS, config_of, small_material, space_of

FLAGS = [
    *("--data", "small", "--labels", "sounds", "--width", "0.125", "--batch-size", "8"),
    *("--mels-n-mels", "16", "--mels-n-fft", "512", "--mels-hop", "256", "--accelerator", "cpu"),
]
UNTIMED = ["seconds", "clips_per_s", "memory_gib"]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(sys, "argv", ["taglab"])
    return Shell(capsys, tmp_path)


def test_a_run_from_command_to_predictions(shell: Shell) -> None:
    told = shell.json("train", *FLAGS, "--epochs", "2", "--note", "first")
    run = open_run(told["run"])
    assert run.about.note == "first"
    assert told["epochs"] == 2
    assert told["test"]["ap_macro"] == pytest.approx(run.summary()["test"]["ap_macro"])
    assert list(run.history()["epoch"]) == [1, 2]
    assert read_status(run.folder).state == "finished"
    log = run.log_tail()
    for said in ("46 train tracks", "left out 4 tracks: in no class", "epoch 2 of 2", "test, epoch"):
        assert said in log
    for part in ("validation", "test"):
        said = run.predictions(part)
        assert said.classes == TAGS[:3] == run.classes
        assert said.split == run.about.split
    assert run.predictions("validation").evaluated == run.about.evaluated
    last = run.predictions("validation-last")
    assert last.tracks == run.predictions("validation").tracks
    figures = evaluate(last).figures
    assert figures["ap_macro"] == pytest.approx(run.history()["ap_macro"][1], abs=1e-12)
    kept = {path.stem for path in (run.folder / "predictions").iterdir()}
    assert kept == {"validation", "validation-last", "test"}  # nothing that is read nowhere
    # What validation gave by epoch is what the kept predictions give.
    best = told["best_epoch"]
    figures = evaluate(run.predictions("validation")).figures
    assert figures["ap_macro"] == pytest.approx(run.history()["ap_macro"][best - 1], abs=1e-12)
    kept = run.per_label(best).set_index("label")["average_precision"]
    again = evaluate(run.predictions("validation")).per_label.set_index("label")["average_precision"]
    pd.testing.assert_series_equal(kept, again, rtol=1e-8)
    assert run.confusion().tp.shape == (200, 3)


def test_a_finished_run_is_left_alone(shell: Shell) -> None:
    name = shell.json("train", *FLAGS, "--epochs", "1")["run"]
    folder = open_run(name).folder
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert shell.json("train", name)["epochs"] == 1
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_predicting_again_gives_what_was_kept(shell: Shell, tmp_path: Path) -> None:
    name = shell.json("train", *FLAGS, "--epochs", "1")["run"]
    out = tmp_path / "scores.npz"
    told = shell.json("predict", name, "--out", out)
    kept, written = open_run(name).predictions("test"), open_predictions(out)
    np.testing.assert_allclose(written.scores, kept.scores, atol=1e-6)
    assert written.tracks == kept.tracks
    assert told["tracks"] == len(kept.tracks)
    assert predict(open_run(name), "last", "train").n_tracks == 46
    assert shell.run("predict", name, "--out", "scores.csv") == 2


def test_a_later_change_of_the_label_space_does_not_reach_the_run() -> None:
    run = new_run(config_of(epochs=1))
    space, revision = open_label_space("sounds")
    save_label_space(space_of("loud").renamed("sounds"), revision)
    assert run.label_space().names == space.names
    assert train(run.name).classes == TAGS[:3]


def until_the_second_epoch(run: Run) -> Run:
    """Train a run until it begins its second epoch."""

    def stop(fraction: float, text: str) -> None:
        if "epoch 2 of" in text:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        train(run.name, stop)
    return run


def test_runs_under_way_tell_when_their_figures_are_of_other_tracks() -> None:
    first, like, unlabelled, other = (
        until_the_second_epoch(new_run(config_of(**changes)))
        for changes in ({}, {"seed": 1}, {"drop_unlabelled_tracks": False}, {"split_seed": 1})
    )
    assert list(first.history()["epoch"]) == [1]
    assert split_warning_of([first, like]) is None
    assert "evaluated on different tracks" in (split_warning_of([first, unlabelled]) or "")
    assert "different splits" in (split_warning_of([first, other]) or "")
    before = first.about
    train(first.name)
    assert first.about == before


def test_killed_amid_an_epoch_it_goes_on_as_if_nothing_had_been(taglab_home: Path) -> None:
    # Many steps after the one that is waited for, lest it ends before it is killed.
    config = config_of(epochs=5, checkpoint_minutes=0, metric_interval_steps=1)
    whole, killed = train(new_run(config).name), new_run(config)
    command = [sys.executable, "-m", "taglab", "train", killed.name]
    # Sums come out alike only with as many threads.
    alike = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen(command, env=alike)
    try:
        wait_for_step(killed, 7, process)
        with pytest.raises(Conflict, match="is being trained already"):
            train(killed.name)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not is_finished(killed)
    assert len(killed.history()) < 5
    left = list((killed.folder / "checkpoints").glob("last.pt"))
    assert left, "the last checkpoint is whole"
    train(killed.name)
    one, other = whole.history(), killed.history()
    pd.testing.assert_frame_equal(one.drop(columns=UNTIMED), other.drop(columns=UNTIMED))
    steps = ["epoch", "step", "loss"]
    pd.testing.assert_frame_equal(whole.steps()[steps], killed.steps()[steps])
    assert (whole.predictions().scores == killed.predictions().scores).all()
    assert "going on from epoch" in killed.log_tail()


def wait_for_step(run: Run, number: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until so many steps are measured."""
    until = time.monotonic() + 120
    while len(run.steps()) < number:
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < until
        time.sleep(0.005)


def test_what_is_not_there_is_told_before_a_run_is_made(shell: Shell) -> None:
    for field in ("data", "labels", "audio"):
        with pytest.raises(NotFound, match="nowhere"):
            new_run(run_config(config_of().model_dump() | {field: "nowhere"}))
    other = space_of("polka").renamed("other")
    save_label_space(other)
    with pytest.raises(InvalidSetting, match="labels='other' must have a tag of 'small'"):
        new_run(run_config(config_of().model_dump() | {"labels": "other"}))
    assert shell.run("train", "--data", "small") == 2
    assert "--labels" in shell.err
    assert shell.run("train", "nothing") == 1
    assert shell.run("train", "nothing", "--epochs", "3") == 2
    assert "not both" in shell.err
    assert shell.run("train", *FLAGS, "--test-share", "0.95") == 2
    assert "less than 1" in shell.err


def test_a_published_run_cannot_be_trained() -> None:
    with pytest.raises(InvalidSetting, match="results only"):
        train(published_names()[0])


def test_predicting_before_the_first_epoch_says_so() -> None:
    with pytest.raises(DataError, match="before the first checkpoint"):
        predict(new_run(config_of()))


def test_a_configuration_edited_into_nonsense_is_told() -> None:
    config = config_of()
    values = config.model_dump(mode="json") | {"netwrk": 3}
    run = create_run(values, space_of(*TAGS[:3]), differing(config))
    with pytest.raises(InvalidSetting, match="netwrk"):
        configuration(run)


def test_only_make_makes_a_run_to_launch(shell: Shell) -> None:
    told = shell.json("train", *FLAGS, "--only-make", "--group", "sweep")
    run = open_run(told["run"])
    assert run.about.group == "sweep"
    assert run.history().empty
    assert "taglab launch" in shell.err
    assert configuration(run)[0].network.mels.n_mels == 16


def test_a_dry_run_keeps_nothing(taglab_home: Path) -> None:
    before = sorted(taglab_home.rglob("*"))
    tried = dry_run(config_of())
    assert sorted(taglab_home.rglob("*")) == before
    assert tried.tracks == {"train": 46, "validation": 5, "test": 5}
    assert tried.steps_per_epoch == 5
    assert tried.window_s * RATE_HZ == 16_000
    assert tried.first_loss == pytest.approx(np.log(2), abs=0.3)
    assert 0 < tried.minutes_per_epoch == pytest.approx(40 / tried.clips_per_s / 60, rel=0.2)
    assert tried.parameters > 1000
    assert list(tried.left_out["tracks"]) == [4]


def test_the_dry_run_command_tells_what_is_left_out(shell: Shell) -> None:
    told = shell.json("dry-run", *FLAGS)
    assert told["rows"] == [{"reason": "in no class", "tracks": 4, "examples": "t7, t22, t37, t52"}]
    assert told["tracks"]["train"] == 46
    assert told["padded"] == 0


def test_padded_tracks_are_counted_in_dry_run_and_log(shell: Shell) -> None:
    flags = (*FLAGS, "--window-s", "1.5", "--short-tracks", "pad")
    told = shell.json("dry-run", *flags)
    assert told["padded"] == sum(told["tracks"].values()) == 56
    run = open_run(shell.json("train", *flags, "--epochs", "1")["run"])
    assert "padded 56 tracks with zeros: shorter than the window of 1.5 s" in run.log_tail()


def test_classes_that_reach_the_cap_of_their_weight_are_counted() -> None:
    config = config_of(class_weighting=True, class_weight_cap=7).train
    material = small_material(config_of())
    train = material.of("train")
    assert "class_weight_cap" not in " ".join(_about_classes(material, config))
    material.targets[train[5:], 1] = False  # at most 5 of 46: 1 in 8 would be 5.75
    assert "1 classes are so rare that class_weight_cap=7 bounds" in " ".join(
        _about_classes(material, config)
    )


def test_threads_of_the_command_leave_the_cores_to_others_while_they_wait(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert shell.run("train", "--help") == 0
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    assert shell.run("train", "--help") == 0
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
