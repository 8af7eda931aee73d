"""The proof on the demo: its judge tells learned from not learned, and a small network is put before it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from taglab.audio.decode import Decoded
from taglab.audio.store import Sound, StoreSettings, write_sounds
from taglab.audio.synth import recipe_sources
from taglab.cache import AUDIO, FOLKSONOMIES, Shelf
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.metrics.intervals import BootstrapSettings, paired_bootstrap
from taglab.metrics.tagging import tagging_scores
from taglab.outcomes import Predictions, split_fingerprint
from taglab.sources.demo import DemoSettings, demo_truth, read_demo
from taglab.studies.thesis.demo_proof import (
    AUDIBLE,
    JUNK,
    DemoProof,
    DemoProofSettings,
    holm,
    judge_demo,
    prove_demo,
)

RATE_HZ = 16_000
DRAWS = BootstrapSettings(replicates=200)
# Signal put into the scores of a label's own tracks, by what the label depends on and its group.
HEARD = {"genres": 2.5, "emotions": 1.2}


@pytest.fixture(scope="module")
def demo() -> Folksonomy:
    return read_demo(DemoSettings(tracks=400, artists=60, tags=500))


def said(demo: Folksonomy, only_audible: bool = False, junk_heard: float = 0.0, seed: int = 0) -> Predictions:
    """Return what a tagger might say that hears genres well, moods less, and junk as told."""
    truth = demo_truth(demo).head(100)
    if only_audible:
        truth = truth[truth["basis"] == "sound"]
    tags = tuple(truth["tag"])
    has = demo.matrix[:, [demo.tag_row(tag) for tag in tags]].toarray() > 0
    rng = np.random.default_rng(seed)
    strength = [
        junk_heard if row.basis == "listener" else HEARD.get(str(row.group), 2.0)
        for row in truth.itertuples()
    ]
    logits = rng.standard_normal((demo.n_tracks, 100))[:, : len(tags)] - 3 + has * np.array(strength)
    tracks = tuple(demo.tracks["track"].astype(str))
    return Predictions(
        tracks=tracks,
        classes=tags,
        truth=has,
        scores=(1 / (1 + np.exp(-logits))).astype(np.float32),
        split=split_fingerprint(tracks, ["test"] * len(tracks)),
    )


@pytest.fixture(scope="module")
def proof(demo: Folksonomy) -> DemoProof:
    return judge_demo(said(demo), said(demo, only_audible=True), demo, DRAWS)


def test_a_tagger_that_hears_and_does_not_cheat_passes(proof: DemoProof) -> None:
    assert set(proof.verdicts.values()) == {True}
    assert len(proof.of(JUNK)) >= 10
    assert len(proof.significant(AUDIBLE)) > 0.8 * len(proof.of(AUDIBLE))
    assert len(proof.junk_missed) < 0.3 * len(proof.of(JUNK))


def test_one_that_knows_junk_is_caught(demo: Folksonomy) -> None:
    found = judge_demo(said(demo, junk_heard=2.0), said(demo, only_audible=True), demo, DRAWS)
    failed = [rule for rule, holds in found.verdicts.items() if not holds]
    assert failed == ["no junk label is told from chance", "genres > moods > junk"]
    assert len(found.junk_missed) > 0.5 * len(found.of(JUNK))


def test_one_that_hears_nothing_is_caught(demo: Folksonomy) -> None:
    raw = said(demo)
    deaf = replace(raw, scores=np.random.default_rng(1).random(raw.scores.shape).astype(np.float32))
    found = judge_demo(deaf, deaf, demo, DRAWS)
    assert found.audible_lift < 2
    assert not found.significant(JUNK)
    assert sum(found.verdicts.values()) == 2


def test_figures_are_those_of_the_metrics(demo: Folksonomy, proof: DemoProof) -> None:
    raw = said(demo)
    scores = tagging_scores(raw.truth, raw.scores)
    audible = (demo_truth(demo).head(100)["basis"] == "sound").to_numpy()
    expected = scores.average_precision[audible].mean() / scores.prevalence[audible].mean()
    assert proof.audible_lift == pytest.approx(expected)
    assert proof.labels["roc_auc"].to_numpy() == pytest.approx(scores.roc_auc)
    steps = proof.steps.set_index(["first", "second", "metric"])
    means = proof.groups.set_index("group")
    difference = steps.loc[("genres", "moods", "roc_auc")]
    assert difference["difference"] == pytest.approx(means["roc_auc"]["genres"] - means["roc_auc"]["moods"])
    assert difference["low"] < difference["difference"] < difference["high"]
    assert proof.common == audible.sum() == proof.filtering.average_precision.estimate.size


def test_filtered_and_raw_are_paired_on_what_both_have(demo: Folksonomy, proof: DemoProof) -> None:
    raw, filtered = said(demo), said(demo, only_audible=True)
    alone = raw.select_classes(filtered.classes)
    expected = paired_bootstrap(filtered.truth, filtered.scores, alone.scores, DRAWS)
    assert proof.filtering.average_precision.macro == expected.average_precision.macro


def test_holm_by_hand() -> None:
    given = np.array([0.01, np.nan, 0.04, 0.03, 0.005])
    assert holm(given) == pytest.approx([0.03, np.nan, 0.06, 0.06, 0.02], nan_ok=True)
    assert (holm(given)[[0, 2, 3, 4]] >= false_discovery_control(given[[0, 2, 3, 4]])).all()
    assert holm(np.array([])).shape == (0,)


def test_what_cannot_be_judged_is_told(demo: Folksonomy) -> None:
    raw = said(demo)
    with pytest.raises(InvalidSetting, match="one split"):
        judge_demo(raw, replace(raw, split=split_fingerprint(["a"], ["test"])), demo)
    renamed = replace(raw, classes=("no such tag", *raw.classes[1:]))
    with pytest.raises(InvalidSetting, match="no such tag"):
        judge_demo(renamed, renamed, demo)
    other = Folksonomy.from_codes("other", demo.tracks[["track"]], ["a"], np.array([0]), np.array([0]))
    with pytest.raises(InvalidSetting, match="must be the demo"):
        judge_demo(raw, raw, other)


def tones(demo: Folksonomy, tags: list[str], row: int) -> Decoded:
    """Return a second of noise in which each of the tags that a track has is a tone of its own."""
    rng, time_s = np.random.default_rng(row), np.arange(RATE_HZ) / RATE_HZ
    heard = 0.02 * rng.standard_normal(RATE_HZ)
    for place, tag in enumerate(tags):
        if demo.matrix[row, demo.tag_row(tag)]:
            heard += 0.1 * np.sin(2 * np.pi * 150 * 1.5**place * time_s + rng.uniform(0, 6))
    return Decoded(heard.astype(np.float32), RATE_HZ, RATE_HZ)


def test_small(taglab_home: Path) -> None:
    """On 200 tracks of a second the labels that sound are learned, and junk is not."""
    demo = read_demo(DemoSettings(tracks=200, artists=40, tags=500))
    demo.save(Shelf(FOLKSONOMIES).path("demo"))
    truth = demo_truth(demo).head(100)
    audible = truth.loc[truth["basis"] == "sound", "tag"].head(9).tolist()
    sounds = [
        Sound(str(track), source, "", partial(tones, demo, audible, row))
        for row, (track, source) in enumerate(zip(demo.tracks["track"], recipe_sources(demo), strict=True))
    ]
    with ThreadPoolExecutor(1) as threads:
        write_sounds(sounds, Shelf(AUDIO).path("demo"), StoreSettings(min_duration_s=0.5), threads)
    settings = DemoProofSettings(epochs=12, test_share=0.3, replicates=200)
    changes = {
        "network": {"width": 0.125, "mels": {"n_mels": 32, "n_fft": 1024, "hop": 512}},
        "train": {"window_s": 1.0},
    }
    proof = prove_demo(settings, changes)
    reached = proof.labels.set_index("label").loc[audible]
    assert proof.runs["raw"].config["train"]["by_artist"]
    assert reached["roc_auc"].mean() > 0.75
    assert (reached["average_precision"] / reached["prevalence"]).mean() > 1.5
    assert not proof.significant(JUNK)
    assert proof.common < len(proof.labels)
    again = prove_demo(settings, changes)
    assert again.runs["raw"].name == proof.runs["raw"].name
    assert again.labels.equals(proof.labels)
