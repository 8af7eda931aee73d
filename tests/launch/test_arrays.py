"""Encoding, and measuring consistency, shared by processes: here, and as an array of a SLURM cluster."""

import sys
from pathlib import Path

import numpy as np
import pytest

from taglab.audio.library import open_audio
from taglab.encoders import MfccStatistics, encode_tracks
from taglab.errors import Unavailable
from taglab.launch import LaunchSettings, submit_array
from taglab.vectors import feature_names, open_features
from tests.cli.running import Shell
from tests.launch.running import until
from tests.training.examples import make_world

ENCODE = ("features", "encode", "mfcc-statistics", "--name", "shared", "--audio", "small", "--data", "small")


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taglab_home: Path
) -> Shell:
    monkeypatch.setattr(sys, "argv", ["taglab"])
    make_world(taglab_home)
    return Shell(capsys, tmp_path)


def at_once() -> np.ndarray:
    return encode_tracks(MfccStatistics(), open_audio("small")).vectors


def test_processes_of_this_machine_share_an_encoding(shell: Shell) -> None:
    answer = shell.json(*ENCODE, "--shards", "2")
    assert (answer["ids"], answer["encoder"]) == (60, "mfcc-statistics")
    np.testing.assert_allclose(open_features("shared").vectors, at_once(), rtol=1e-5, atol=1e-5)


@pytest.mark.slurm
@pytest.mark.usefixtures("cluster")
def test_an_array_of_jobs_shares_an_encoding(shell: Shell, taglab_home: Path) -> None:
    answer = shell.json(*ENCODE, "--shards", "3", "--launcher", "slurm", "--time-minutes", "5")
    assert (answer["parts"], answer["done"]) == (1, 0)
    assert answer["job"].isdigit()
    assert until(lambda: "shared" in feature_names())
    np.testing.assert_allclose(open_features("shared").vectors, at_once(), rtol=1e-5, atol=1e-5)
    assert not (taglab_home / "encoding" / "shared").exists()


CONSISTENCY = (
    "--audio", "small", "--data", "small", "--features", "shared", "--clips", "6", "--clip-s", "0.5",
    "--degradations", "pink-noise,gain",
)  # fmt: skip


@pytest.mark.slurm
@pytest.mark.usefixtures("cluster")
def test_an_array_of_jobs_measures_consistency(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.json(*ENCODE)
    shares = ("consistency-shares", *CONSISTENCY, "--shares", "3")
    before = shell.json(*shares, "--do", "tell")
    assert (before["left"], before["changes"], before["job"]) == (3, 10, "")
    assert [row["kept"] for row in before["rows"]] == [0, 0, 0]
    launched = shell.json(*shares, "--launch-where", "slurm", "--launch-time-minutes", "5")
    assert launched["job"].isdigit()
    assert until(lambda: shell.json(*shares, "--do", "tell")["left"] == 0)
    by_jobs = shell.json("consistency", *CONSISTENCY)
    # Asked again, nothing is left to launch.
    assert shell.json(*shares, "--launch-where", "slurm")["job"] == ""
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("TAGLAB_HOME", str(elsewhere))
    make_world(elsewhere)
    shell.json(*ENCODE)
    assert shell.json("consistency", *CONSISTENCY)["rows"] == by_jobs["rows"]


def test_without_slurm_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="SLURM is not on this machine"):
        submit_array("x", LaunchSettings(where="slurm"), [["true"]])
