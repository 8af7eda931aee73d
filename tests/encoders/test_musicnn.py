"""musicnn's tags as a run of results, with made-up weights in place of the published ones."""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.audio.decode import Decoded
from taglab.audio.store import AudioStore, Sound, StoreSettings, write_sounds
from taglab.cache import AUDIO, FOLKSONOMIES, Shelf
from taglab.encoders import MusicnnNetwork, musicnn_predictions
from taglab.errors import InvalidSetting, Unavailable
from taglab.folksonomy import Folksonomy
from taglab.nets.musicnn import TAGS
from taglab.runs import open_run
from tests.cli.running import Shell
from tests.nets.checkpoints import musicnn_tensors, write_checkpoint

RATE_HZ = 16_000


def noise(number: int, seconds: float) -> Decoded:
    samples = 0.1 * np.random.default_rng(number).standard_normal(round(seconds * RATE_HZ))
    return Decoded(samples.astype(np.float32), RATE_HZ, RATE_HZ)


@pytest.fixture
def store(taglab_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AudioStore:
    """Twelve tracks of 3.2 s, the last of 1 s, and a package musicnn."""
    write_checkpoint(tmp_path / "packages" / "musicnn" / "MTT_musicnn", musicnn_tensors())
    monkeypatch.syspath_prepend(tmp_path / "packages")
    sounds = [Sound(f"t{n}", "s", "1", partial(noise, n, 3.2 if n < 11 else 1.0)) for n in range(12)]
    with ThreadPoolExecutor(1) as threads:
        return write_sounds(sounds, Shelf(AUDIO).path("mine"), StoreSettings(min_duration_s=0.5), threads)


@pytest.fixture
def data(taglab_home: Path) -> Folksonomy:
    """Every track is "Rock", every other "seen live" too, and every third "piano"."""
    rows = [*range(12), *range(0, 12, 2), *range(0, 12, 3)]
    codes = [0] * 12 + [1] * 6 + [2] * 4
    table = pd.DataFrame({"track": [f"t{n}" for n in range(12)]})
    data = Folksonomy.from_codes(
        "mine", table, ["Rock", "seen live", "piano"], np.array(rows), np.array(codes)
    )
    data.save(Shelf(FOLKSONOMIES).path("mine"))
    return data


def test_tags_that_both_have_are_told_of_tracks_with_sound_enough(
    store: AudioStore, data: Folksonomy
) -> None:
    network = MusicnnNetwork()
    predictions = musicnn_predictions(network, store, data, ["t3", "t4", "t11"])
    assert predictions.tracks == ("t3", "t4")
    assert predictions.classes == ("rock", "piano")
    np.testing.assert_array_equal(predictions.truth, [[True, True], [True, False]])
    every = network.tag_probabilities(store, store.rows(["t4"]))
    places = [TAGS["MTT"].index(tag) for tag in predictions.classes]
    np.testing.assert_array_equal(predictions.scores[1], every[0, places])
    assert all(len(set(tags)) == 50 for tags in TAGS.values())


def test_the_command_keeps_a_run_of_results(
    store: AudioStore, data: Folksonomy, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["taglab"])
    answer = Shell(capsys, tmp_path).json("features", "tag", "heard", "--audio", "mine", "--data", "mine")
    run = open_run("heard")
    assert (answer["run"], answer["classes"], run.kind) == ("heard", 2, "imported")
    assert "trained by them on MTT" in run.about.note


def test_what_cannot_be_tagged_is_refused(store: AudioStore, data: Folksonomy) -> None:
    with pytest.raises(InvalidSetting, match="no track has three seconds of sound"):
        musicnn_predictions(MusicnnNetwork(), store, data, ["t11", "nowhere"])
    with pytest.raises(InvalidSetting, match="has none of the 50 tags"):
        musicnn_predictions(MusicnnNetwork(), store, data.select_tags(names=["seen live"]), ["t3"])
    with pytest.raises(Unavailable, match="pip install --no-deps musicnn"):
        MusicnnNetwork(trained_on="MSD").encode(store, np.arange(1), {})
