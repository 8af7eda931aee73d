"""Autoencoders and voice separation as runs: resumed bit for bit, measured, asked what they hear."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from taglab import launch
from taglab.audio.decode import Decoded
from taglab.audio.library import open_audio
from taglab.audio.store import STEMS, Sound, StoreSettings, write_sounds
from taglab.cache import AUDIO, FOLKSONOMIES, Shelf
from taglab.compare.inputs import inputs_table
from taglab.encoders import ENCODERS
from taglab.errors import Cancelled, InputsChanged, InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.progress import silent
from taglab.runs import Run, export_run, import_run
from taglab.settings import checked
from taglab.training import encode
from taglab.training.checkpoints import load_checkpoint
from taglab.training.dry_running import dry_run_spectra
from taglab.training.spectra import (
    encode_stem_windows,
    fresh_spectrum_network,
    measure_spectra,
    new_spectrum_run,
    spectrum_material,
    train_spectra,
)
from taglab.training.spectrum_config import PRESETS, SpectrumRun, SpectrumTraining, spectrum_run
from taglab.training.spectrum_tasks import SPECTRUM_TASKS, band_statistics
from taglab.verbs.spectra import DryRun, Measure, Train

RATE_HZ = 8_000
N_TRACKS = 20
UNSUNG = (3, 7)
LENGTH = RATE_HZ + 1_000


def sounds(number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a voice, which is high, and what is below it."""
    rng, time_s = np.random.default_rng([number, seed]), np.arange(LENGTH) / RATE_HZ
    voice = 0.2 * np.sin(2 * np.pi * rng.choice((2_250.0, 2_900.0)) * time_s)
    rest = 0.2 * np.sin(2 * np.pi * rng.choice((200.0, 850.0)) * time_s) + 0.02 * rng.standard_normal(LENGTH)
    return voice.astype(np.float32), rest.astype(np.float32)


def save_sound(seed: int = 0, voice_seed: int | None = None) -> None:
    folder, settings = Shelf(AUDIO).path("sung"), StoreSettings(sample_rate_hz=RATE_HZ, min_duration_s=0.1)
    mixtures, voices = [], []
    for number in range(N_TRACKS):
        voice, rest = sounds(number, seed)
        if number in UNSUNG:
            voice = np.zeros_like(voice)
        mixtures.append((f"t{number}", voice + rest))
        apart = voice if voice_seed is None else sounds(number, voice_seed)[0]
        voices += [(f"t{number}", apart)] * (number not in UNSUNG)
    for where, kept in ((folder, mixtures), (folder / STEMS / "voice", voices)):
        source = f"{where.name} {seed} {voice_seed}"
        given = [
            Sound(track, source, "", partial(Decoded, samples, RATE_HZ, RATE_HZ)) for track, samples in kept
        ]
        with ThreadPoolExecutor(1) as threads:
            write_sounds(given, where, settings, threads)


@pytest.fixture(autouse=True)
def world(taglab_home: Path) -> None:
    """Twenty tracks of a second, in all but two of which a high voice sings."""
    table = pd.DataFrame({"track": [f"t{number}" for number in range(N_TRACKS)]})
    codes = np.zeros(N_TRACKS, np.int64)
    Folksonomy.from_codes("sung", table, ["music"], np.arange(N_TRACKS), codes).save(
        Shelf(FOLKSONOMIES).path("sung")
    )
    save_sound()


def config_of(task: str = "autoencoder", **train: Any) -> SpectrumRun:
    return spectrum_run(
        {
            "data": "sung",
            "audio": "sung",
            "task": {"task": task},
            "network": {"width": 1 / 16, "n_fft": 256, "hop": 64, "dropout": 0.0},
            "split": {"train": 0.6, "validation": 0.2, "test": 0.2},
            "train": {
                "epochs": 2, "batch_size": 4, "window_s": 1.05, "accelerator": "cpu", "learning_rate": 1e-2,
                "metric_interval_steps": 1, **train,
            },
        }
    )  # fmt: skip


def figures(run: Run) -> pd.DataFrame:
    return run.history().drop(columns=["seconds", "clips_per_s", "memory_gib"])


@pytest.mark.parametrize("task", SPECTRUM_TASKS)
def test_contract_of_every_task(task: str, tmp_path: Path) -> None:
    config = config_of(task, epochs=1)
    run = new_spectrum_run(config)
    assert run.name.startswith(task)
    assert launch.kind_of(run) is launch.RUN_KINDS["spectra"]
    train_spectra(run.name)
    assert run.finished
    summary, (column, _) = run.summary(), config.task.figure
    assert np.isfinite(summary["test"][column])
    table = measure_spectra(run)
    assert summary["test"][column] == pytest.approx(table[column].mean())
    assert set(table["track"]) <= {f"t{number}" for number in range(N_TRACKS)}
    assert config.task.axis in {panel.axis for panel in launch.kind_of(run).panels(run.config).values()}
    assert train_spectra(run.name).name == run.name  # is left alone
    vectors = ENCODERS["run"](run=run.name).encode(open_audio("sung"), np.arange(3), None)
    assert vectors.shape == (3, 16)
    assert np.isfinite(vectors).all()
    assert not np.allclose(vectors, encode(run, ["t0", "t1", "t2"], "untrained").vectors)
    back = import_run(export_run(run.name, tmp_path / "run.zip"), "again")
    assert np.array_equal(encode(back, ["t1"]).vectors, encode(run, ["t1"]).vectors)
    assert dict(zip(inputs_table(run)["input"], inputs_table(run)["now"], strict=True)) == dict.fromkeys(
        run.inputs, "as it was"
    )


def test_stopped_it_ends_as_if_nothing_had_been() -> None:
    config = config_of("voice-separation", checkpoint_minutes=0)
    whole, broken = new_spectrum_run(config), new_spectrum_run(config)
    train_spectra(whole.name)

    def stop(share: float, text: str) -> None:
        if "epoch 1 of 2, step 2" in text:
            raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        train_spectra(broken.name, stop)
    assert launch.state(broken.name).state == "stopped"
    train_spectra(broken.name)
    pd.testing.assert_frame_equal(figures(broken), figures(whole))
    one, other = (load_checkpoint(run.checkpoints / "last.pt", {})["network"] for run in (whole, broken))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_windows_are_encoded_with_the_level_of_their_voice() -> None:
    run = new_spectrum_run(config_of("voice-separation", epochs=1))
    train_spectra(run.name)
    heard = encode_stem_windows(run)
    table = heard.windows
    assert heard.encodings.shape == (len(table), 16)
    tested = [f"t{number}" for number in range(N_TRACKS) if number not in UNSUNG]
    assert set(table["track"]) <= set(tested)
    # Two windows cover a track: one from its start, one up to its end. A sine of 0.2 lies 16.99 dB below 1.
    assert table.groupby("track", sort=False)["start_s"].apply(list).tolist() == (
        [pytest.approx([0.0, LENGTH / RATE_HZ - 1.05], abs=1e-3)] * table["track"].nunique()
    )
    assert table["stem_dbfs"].to_numpy() == pytest.approx(20 * np.log10(0.2 / np.sqrt(2)), abs=0.02)
    whole = encode(run, table["track"].unique().tolist()).vectors
    means = heard.encodings.reshape(-1, 2, 16).mean(axis=1)
    np.testing.assert_allclose(means, whole, rtol=1e-4, atol=1e-6)
    other = new_spectrum_run(config_of("autoencoder"))
    with pytest.raises(InvalidSetting, match="learned autoencoder; only voice separation knows a stem"):
        encode_stem_windows(other)


def test_a_voice_is_told_from_the_rest_once_that_is_learned() -> None:
    run = new_spectrum_run(config_of("voice-separation", epochs=8))
    assert set(run.inputs) == {"data", "audio", "stem"}
    train_spectra(run.name)
    after, before = measure_spectra(run), measure_spectra(run, weights="untrained")
    assert after["sdr"].mean() > before["sdr"].mean() + 2
    assert (after["sdr_ideal"] > after["sdr"]).all()
    assert (after["sdr_ideal"] > 20).all(), "voice and rest share no bin"
    # The voice is as loud as the rest: the mixture's distortion is the rest.
    assert after["sdr_mixture"].mean() == pytest.approx(0, abs=1)
    tracks = spectrum_material(spectrum_run(run.config)).tracks
    assert not {f"t{number}" for number in UNSUNG} & set(tracks.tracks)
    assert "without the stem 'voice'" in set(tracks.left_out["reason"])


def test_an_autoencoder_gives_back_more_than_the_mean_spectrum() -> None:
    narrow = config_of(epochs=30, learning_rate=3e-3)
    wide = narrow.network.model_copy(
        update={"width": 1 / 4}
    )  # of one channel nothing is learned but the mean
    run = new_spectrum_run(narrow.model_copy(update={"network": wide}))
    assert set(run.inputs) == {"data", "audio"}
    train_spectra(run.name)
    table = measure_spectra(run)
    assert 0.5 < table["mse_mean_spectrum"].mean() < 2
    assert table["mse"].mean() < 0.95 * table["mse_mean_spectrum"].mean()
    assert len(measure_spectra(run, "train")) == 12


def test_what_the_verbs_answer() -> None:
    config = config_of(epochs=1)
    asked = {
        "data": "sung", "network": config.network, "split": config.split, "train": config.train,
    }  # fmt: skip
    made = checked(Train, {**asked, "only_make": True}).answer(silent)
    name = str(made.facts["run"])
    assert "taglab launch" in made.notes[0]
    tried = checked(DryRun, asked).answer(silent)
    assert tried.facts["representation"] == 16
    measured = Measure(name=name, weights="untrained").answer(silent)
    assert list(measured.table.columns) == ["track", "mse", "mse_mean_spectrum"]
    figures = pd.DataFrame(measured.facts["measured"]).set_index("figure")
    mean = measured.table["mse"].mean()
    assert figures.loc["mse", "low"] <= mean <= figures.loc["mse", "high"]
    assert figures.loc["mse", "mean"] == pytest.approx(mean)


def test_the_mean_spectrum_is_that_of_the_training_tracks() -> None:
    material = spectrum_material(config_of()).tracks
    mean, deviation = band_statistics(material, 256, 64)
    loud = (mean > mean.median() + 3).nonzero().flatten() * RATE_HZ / 256
    assert loud.min() < 900
    assert loud.max() > 2_200
    assert (deviation > 0).all()
    again = band_statistics(material, 256, 64)
    assert torch.equal(mean, again[0])


def test_another_voice_is_refused_by_what_was_trained_on_the_first() -> None:
    run = new_spectrum_run(config_of("voice-separation", epochs=1))
    plain = new_spectrum_run(config_of(epochs=1))
    save_sound(voice_seed=9)
    with pytest.raises(InputsChanged, match="the stem 'voice' holds other sound than when it was made"):
        train_spectra(run.name)
    assert inputs_table(run).set_index("input").loc["stem", "now"] == "changed"
    train_spectra(plain.name)  # has no use for the voice


def test_a_dry_run_tells_what_it_would_take() -> None:
    tried = dry_run_spectra(config_of())
    assert tried.parameters == fresh_spectrum_network(config_of()).n_parameters()
    assert tried.first_loss == pytest.approx(1, abs=0.4)
    assert tried.tracks == {"train": 12, "validation": 4, "test": 4}


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    with pytest.raises(InvalidSetting, match="hop=200 must be at most 128, half of n_fft"):
        spectrum_run({"network": {"n_fft": 256, "hop": 200}})
    with pytest.raises(InvalidSetting, match="task='remix' must be one of: autoencoder, voice-separation"):
        spectrum_run({"task": {"task": "remix"}})
    drums = {**config_of().model_dump(), "task": {"task": "voice-separation", "stem": "drums"}}
    with pytest.raises(NotFound, match="stem='drums' is not kept beside this sound; there are: voice"):
        new_spectrum_run(spectrum_run(drums))
    with pytest.raises(NotFound, match="no audio named 'gone'"):
        new_spectrum_run(spectrum_run({**drums, "audio": "gone"}))
    with pytest.raises(InvalidSetting, match=r"window_s=0\.5 must be longer for this network"):
        dry_run_spectra(config_of(window_s=0.5))


def test_presets_and_what_names_a_run() -> None:
    for name, preset in PRESETS.items():
        config = spectrum_run({**preset, "data": "sung", "audio": "sung"})
        assert new_spectrum_run(config).name.startswith(name.removeprefix("tiny-"))
    own = set(SpectrumTraining.model_fields) - {"epochs", "batch_size", "learning_rate"}
    assert {field for fields in SpectrumTraining.sections.values() for field in fields} == own
