"""What an earlier version wrote opens in this one: a cache folder, kept as it was and never made anew.

A failure here means that what people have on their disks no longer opens. The cure is in the code that reads,
not in the kept files.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taglab import sources
from taglab.audio.library import audio_names, open_audio, refusals, remarks
from taglab.cleaning import open_applied, open_cleaning
from taglab.embeddings import compose, open_vectors, vector_names
from taglab.labels import open_label_space
from taglab.projection import Projection
from taglab.runs import import_run, open_run, run_names, runs_table
from taglab.runs.checking import check_run
from taglab.runs.status import read_status
from taglab.runs.tables import results
from taglab.training import configuration, is_finished, new_run, predict, train
from taglab.training.tagging import tag_sound
from tests.golden.generate import LOSSES, N_TRACKS, RATE_HZ, VECTORS

KEPT = Path(__file__).parent / "cache"


@pytest.fixture(autouse=True)
def kept_home(taglab_home: Path) -> Path:
    """Every test has a copy of the kept folder as its own cache folder."""
    shutil.copytree(KEPT, taglab_home)
    return taglab_home


def ended() -> dict[str, Any]:
    """Return what the unfinished run came to on the day it was made, where it was not interrupted."""
    values: dict[str, Any] = json.loads((KEPT / "ended.json").read_text())
    return values


def test_the_data_set_opens() -> None:
    data = sources.open_folksonomy("small")
    assert (data.n_tracks, data.n_tags, data.n_assignments) == (N_TRACKS, 5, 49)
    assert list(data.tracks.columns) == ["track", "artist", "title", "year"]
    assert data.tracks.iloc[3].tolist() == ["t3", "artist 1", "Song 3", 1983]
    assert data.tracks["artist"].isna().sum() == 4
    assert dict(zip(data.tags["tag"], data.tags["category"], strict=True))["noise"] == "timbre"
    assert data.matrix.data.min() == 1
    assert data.matrix.data.max() == 5
    assert data.dropped[0].examples == ("t98", "t99")
    assert data.reading == ("column 1 is the track",)


def test_the_sound_opens_sample_by_sample() -> None:
    assert "small" in audio_names()
    store = open_audio("small")
    assert (len(store), store.sample_rate_hz, len(store.shards)) == (N_TRACKS - 1, RATE_HZ, 3)
    store.verify()
    digest = hashlib.sha256(b"".join(store.whole(row).tobytes() for row in range(len(store))))
    assert digest.hexdigest()[:16] == "ce9b108f37d74c3d"
    assert refusals(store)["examples"].tolist() == ["t23"]
    assert remarks(store)["examples"].tolist() == ["t3"]


def test_the_vectors_open() -> None:
    assert vector_names() == ["words"]
    words = open_vectors("words")
    assert list(words.words) == list(VECTORS)
    np.testing.assert_allclose(words.vectors, list(VECTORS.values()), rtol=1e-6)
    lone = compose(words, ["high"])
    np.testing.assert_allclose(lone.vectors[0], np.array([0, 1, 0.1]) / np.sqrt(1.01), rtol=1e-6)


def test_the_label_space_opens_with_its_edits() -> None:
    space, _ = open_label_space("sounds")
    assert space.names == ("low", "high", "noisy")
    assert space.tags == ("low", "high", "noise")
    assert space.made_by == {"data": "small", "method": "by hand"}
    assert space.redo().names == ("deep", "high", "noisy")
    assert space.targets(sources.open_folksonomy("small")).sum(axis=0).tolist() == [13, 12, 12]


def test_the_cleaning_opens_and_so_does_what_it_made() -> None:
    cleaning, _ = open_cleaning("tidy")
    assert [step.kind for step in cleaning.steps] == ["normal-form", "map"]
    tidy, small = sources.open_folksonomy("small-tidy"), sources.open_folksonomy("small")
    assert sorted(tidy.tags["tag"]) == ["bass", "high", "loud", "noise"]
    applied = open_applied(tidy)
    assert (applied.data, applied.cleaning.steps) == ("small", cleaning.steps)
    assert sorted(cleaning.apply(small).folksonomy.tags["tag"]) == sorted(tidy.tags["tag"])


def test_the_map_opens(kept_home: Path) -> None:
    (path,) = (kept_home / "derived" / "projections").rglob("*.npz")
    projection = Projection.open(path)
    assert (projection.method, projection.positions.shape) == ("pca", (5, 2))
    assert projection.explained_variance.sum() == pytest.approx(projection.scree[:2].sum())


def test_all_runs_are_listed_and_sound() -> None:
    assert run_names() == ["finished", "imported", "unfinished"]
    table = runs_table().set_index("run")
    assert (table["problem"] == "").all()
    assert table.loc["finished", "note"] == "the finished one"
    for name in run_names():
        check_run(open_run(name).folder)


def test_the_finished_run_opens() -> None:
    run = open_run("finished")
    assert is_finished(run)
    assert run.history()["ap_macro"].tolist() == pytest.approx([0.8630, 0.7977], abs=1e-4)
    assert run.summary()["best_epoch"] == 1
    assert run.per_label("best")["label"].tolist() == ["low", "high", "noisy"]
    assert read_status(run.folder).state == "finished"
    assert len(run.steps()) == 4
    for part, tracks in (("test", 6), ("validation", 5), ("validation-last", 5)):
        kept = run.predictions(part)
        assert (kept.n_tracks, kept.split) == (tracks, run.about.split)
    assert results(run, "test")["average_precision"].mean() == pytest.approx(0.8005, abs=1e-4)
    config, space = configuration(run)
    assert (config.train.epochs, config.network.width) == (2, 1 / 32)
    assert space.names == run.classes


def test_the_finished_run_predicts_as_it_did() -> None:
    run = open_run("finished")
    kept, again = run.predictions("test"), predict(run)
    assert again.tracks == kept.tracks
    np.testing.assert_allclose(again.scores, kept.scores, atol=1e-5)
    np.testing.assert_array_equal(again.truth, kept.truth)
    tagging = tag_sound(run, open_audio("small"))
    rows = [tagging.tracks.index(track) for track in kept.tracks]
    np.testing.assert_allclose(tagging.scores[rows], kept.scores, atol=1e-5)


def test_the_unfinished_run_goes_on_as_it_would_have() -> None:
    run = open_run("unfinished")
    assert not is_finished(run)
    assert list(run.history()["epoch"]) == [1]
    whole = train("unfinished")
    assert "going on from epoch 2, step 1" in whole.log_tail()
    assert whole.history()["ap_macro"].tolist() == pytest.approx(ended()["ap_macro"], abs=1e-6)
    np.testing.assert_allclose(whole.predictions("test").scores, ended()["scores"], atol=1e-4)


def test_a_run_of_before_can_be_made_again() -> None:
    again = train(new_run(configuration(open_run("unfinished"))[0]).name)
    np.testing.assert_allclose(again.predictions("test").scores, ended()["scores"], atol=1e-4)


def test_imported_results_open() -> None:
    run = open_run("imported")
    assert (run.kind, run.about.note) == ("imported", "of another program")
    assert run.per_label()["average_precision"].tolist() == [0.5, 0.25]


def test_an_exported_run_comes_back(kept_home: Path) -> None:
    run = import_run(kept_home / "finished.zip", "theirs")
    assert run.history()["ap_macro"].tolist() == open_run("finished").history()["ap_macro"].tolist()
    assert run.predictions("test").tracks == open_run("finished").predictions("test").tracks


def test_the_kept_folder_is_whole_and_small() -> None:
    assert set(LOSSES) <= {path.name for path in (KEPT / "runs").iterdir()}
    assert sum(path.stat().st_size for path in KEPT.rglob("*") if path.is_file()) < 1_000_000
