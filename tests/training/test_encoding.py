"""Tracks as a run's network knows them before its head."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from taglab.audio.library import open_audio
from taglab.errors import DataError, InvalidSetting
from taglab.labels import LABELS
from taglab.nets import NETWORKS, Encoded, Network
from taglab.runs import Run
from taglab.training import configuration, encode, new_run, predict, train
from taglab.training.checkpoints import load_checkpoint
from tests.cli.running import Shell
from tests.training.examples import config_of, fresh

FLAT_MELS = {"n_mels": 64, "n_fft": 2048, "hop": 256}  # high enough for every network


def trained_network(run: Run) -> Network:
    network = fresh(configuration(run)[0]).eval()
    network.load_state_dict(load_checkpoint(run.checkpoints / "best.pt", {})["network"])
    return network


def sound_of(*tracks: str) -> torch.Tensor:
    store = open_audio("small")
    return torch.from_numpy(np.stack([store.whole(int(row)) for row in store.rows(tracks)])) / 32_768


@pytest.mark.parametrize("name", NETWORKS)
def test_the_head_makes_of_an_encoding_what_the_run_predicts(name: str) -> None:
    """Of tracks that are one window long, scores are the head of the encoding."""
    clips = {"window_s": 1.2, "short_tracks": "pad"}
    # A hop of its own for the network that has no mels.
    config = config_of({"network": name, "mels": FLAT_MELS, "hop": 128, "width": 1 / 16}, epochs=1, **clips)
    run = train(new_run(config).name)
    vectors, predictions = encode(run, "test"), predict(run, "best", "test")
    assert (vectors.kind, vectors.missing) == ("tracks", ())
    assert vectors.ids == predictions.tracks
    network = trained_network(run)
    assert vectors.dim == network.encoder.dim
    encoded = Encoded(torch.empty(0), torch.empty(0), torch.from_numpy(vectors.vectors))
    with torch.no_grad():
        scores = torch.sigmoid(network.heads[LABELS](encoded)).numpy()
    np.testing.assert_allclose(scores, predictions.scores, atol=1e-6)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(sys, "argv", ["taglab"])
    return Shell(capsys, tmp_path)


@pytest.fixture
def run() -> Run:
    """A run with windows of 0.3 s on sound of 1 s, trained an epoch."""
    return train(new_run(config_of(epochs=1, window_s=0.3)).name)


def test_a_track_is_the_mean_of_its_windows(run: Run) -> None:
    vectors = encode(run, ["t7", "t3"])
    assert vectors.ids == ("t3", "t7")  # in the order of the sound
    (samples,) = sound_of("t7")
    windows = torch.stack([samples[start : start + 4_800] for start in (0, 4_800, 9_600, 11_200)])
    with torch.no_grad():
        wanted = trained_network(run).encoder(windows).encoding.mean(0)
    np.testing.assert_allclose(vectors.rows_of(["t7"])[0], wanted, atol=1e-6)


def test_every_track_with_sound_is_encoded_and_the_others_are_missing(run: Run) -> None:
    every = encode(run)
    assert list(every.ids) == open_audio("small").tracks["track"].tolist()
    some = encode(run, ["t5", "nowhere", "t2", "t5"])
    assert (some.ids, some.missing) == (("t2", "t5"), ("nowhere",))
    np.testing.assert_allclose(some.vectors, every.rows_of(["t2", "t5"]), atol=1e-6)
    assert encode(run, "train").fingerprint != every.fingerprint
    assert len(encode(run, "train")) == 46
    with pytest.raises(InvalidSetting, match="tracks='training' must be one of all, train, validation, test"):
        encode(run, "training")


def test_untrained_weights_are_those_that_training_begins_with() -> None:
    config = config_of(window_s=1.0, seed=4)
    run = new_run(config)
    vectors = encode(run, ["t0", "t1"], "untrained")
    with torch.no_grad():
        wanted = fresh(config).eval().encoder(sound_of("t0", "t1")).encoding
    np.testing.assert_allclose(vectors.vectors, wanted, atol=1e-6)
    assert "untrained" in vectors.name
    assert vectors.origin["weights"] == "untrained"
    with pytest.raises(DataError, match="training ended before the first checkpoint"):
        encode(run, ["t0"])
    trained = encode(train(run.name), ["t0", "t1"])
    assert not np.allclose(trained.vectors, vectors.vectors, atol=1e-3)


def test_the_command_writes_what_the_library_gives(shell: Shell, run: Run, tmp_path: Path) -> None:
    told = shell.json("encode", run.name, "--tracks", "test", "--out", tmp_path / "v.npz")
    vectors = encode(run, "test")
    assert (told["tracks"], told["dim"], told["missing"]) == (len(vectors), vectors.dim, [])
    with np.load(tmp_path / "v.npz") as kept:
        assert tuple(kept["ids"]) == vectors.ids
        np.testing.assert_allclose(kept["vectors"], vectors.vectors, atol=1e-6)
    shell.json("encode", run.name, "--weights", "untrained", "--out", tmp_path / "v.parquet")
    table = pd.read_parquet(tmp_path / "v.parquet")
    untrained = encode(run, "all", "untrained")
    assert table["track"].tolist() == list(untrained.ids)
    np.testing.assert_allclose(table.drop(columns="track"), untrained.vectors, atol=1e-6)
    assert shell.run("encode", run.name, "--out", tmp_path / "v.xlsx") == 2
