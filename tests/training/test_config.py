"""Configurations: what they refuse, how they are written, and how they name a run."""

import json
import re
from typing import Any

import pytest

from taglab.audio.mels import MEL_PRESETS
from taglab.errors import InvalidSetting, NotFound
from taglab.nets import NETWORKS, build, network_settings
from taglab.settings import described
from taglab.training import (
    PRESETS,
    RunConfig,
    TrainConfig,
    as_of_today,
    differing,
    merged,
    preset,
    run_config,
)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_configuration(name: str) -> None:
    config = preset(name, {"labels": "x"})
    assert config.labels == "x"
    assert build(config.network, 3).n_parameters() > 0


def test_an_unknown_preset_names_the_others() -> None:
    with pytest.raises(NotFound, match="tiny"):
        preset("huge", {"labels": "x"})


def test_values_go_before_the_presets() -> None:
    config = preset("tiny", {"labels": "x", "train": {"epochs": 3}, "network": {"mels": {"n_mels": 40}}})
    assert config.train.epochs == 3
    assert config.network.mels.n_mels == 40
    assert config.train.batch_size == PRESETS["tiny"]["train"]["batch_size"]


def test_merging_leaves_both_as_they_were() -> None:
    under: dict[str, Any] = {"a": {"b": 1, "c": 2}, "d": 3}
    assert merged(under, {"a": {"c": 5}, "e": {"f": 1}}) == {"a": {"b": 1, "c": 5}, "d": 3, "e": {"f": 1}}
    assert under == {"a": {"b": 1, "c": 2}, "d": 3}


@pytest.mark.parametrize(("name", "n_filters"), [("pons", 16), ("thesis-text", 32)])
def test_presets_of_the_papers_set_filters_as_well_as_mels(name: str, n_filters: int) -> None:
    network = preset(name, {"labels": "x"}).network
    assert (network.network, network.n_filters) == ("spectrogram", n_filters)
    assert network.mels == MEL_PRESETS[name]
    assert (network.mels.n_mels, network.mels.n_fft, network.mels.hop) == (96, 512, 256)


def test_the_defaults_are_the_papers() -> None:
    config = TrainConfig()
    assert (config.batch_size, config.learning_rate, config.loss) == (64, 1e-3, "bce")
    split = config.split_settings()
    assert (round(split.train, 9), split.validation, split.test) == (0.8, 0.1, 0.1)
    assert config.early_stopping_patience is None
    assert config.drop_unlabelled_tracks


def test_a_run_kept_before_there_were_folds_has_the_split_it_had() -> None:
    kept = TrainConfig().model_dump(mode="json")
    for name in ("stratified", "folds", "fold"):
        del kept[name]
    assert run_config({"labels": "x", "train": kept}).train.split_settings() == TrainConfig().split_settings()
    folds = TrainConfig(folds=5, fold=2, stratified=True, split_seed=3).split_settings()
    assert (folds.folds, folds.fold, folds.stratified, folds.seed) == (5, 2, True, 3)


def test_what_differs_names_the_run() -> None:
    config = run_config(
        {"labels": "x", "network": {"mels": {"n_mels": 64}}, "train": {"epochs": 3, "devices": [0, 1]}}
    )
    assert differing(config) == {
        "labels": "x",
        "network.mels.n_mels": 64,
        "train.epochs": 3,
        "train.devices": [0, 1],
    }


def test_a_run_of_another_network_is_named_by_what_that_one_has() -> None:
    config = preset("tiny", {"labels": "x", "network": {"network": "waveform"}})
    assert config.network == network_settings({"network": "waveform", "width": 0.25, "dropout": 0.1})
    base = preset("tiny", {"labels": "x"})
    assert differing(config, base) == {"network.network": "waveform"}
    filters = preset("tiny", {"labels": "x", "network": {"n_filters": 8}})
    told = differing(filters, config)
    assert (told["network.network"], told["network.n_filters"]) == ("spectrogram", 8)


def test_a_configuration_of_when_all_networks_had_the_same_settings_is_read() -> None:
    mels = MEL_PRESETS["pons"].model_dump(mode="json")
    kept = {"network": "waveform", "mels": mels, "n_filters": 32, "width": 0.5, "dropout": 0.25}
    config = run_config(as_of_today({"labels": "x", "network": kept}))
    assert config.network == network_settings({"network": "waveform", "width": 0.5, "dropout": 0.25})
    spectrogram = run_config(as_of_today({"labels": "x", "network": {**kept, "network": "spectrogram"}}))
    assert (spectrogram.network.n_filters, spectrogram.network.mels) == (32, MEL_PRESETS["pons"])
    with pytest.raises(InvalidSetting, match="means nothing to network='waveform'"):
        run_config({"labels": "x", "network": kept})
    for broken in ({"network": "transformer"}, [], {"network": "vgg", "colour": 1}):
        with pytest.raises(InvalidSetting, match="network"):
            run_config(as_of_today({"labels": "x", "network": broken}))


def test_a_configuration_comes_back_from_json() -> None:
    config = preset("tiny", {"labels": "x", "train": {"devices": [1, 0], "early_stopping_patience": 3}})
    assert run_config(json.loads(json.dumps(config.model_dump(mode="json")))) == config


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "labels"),
        ({"labels": ""}, "labels"),
        ({"labels": "x", "netwrk": {}}, "netwrk"),
        ({"labels": "x", "network": {"network": "transformer"}}, "must be one of waveform"),
        ({"labels": "x", "train": {"loss": "hinge"}}, "must be one of bce"),
        ({"labels": "x", "train": {"batch_size": 0}}, "train.batch_size=0"),
        ({"labels": "x", "train": {"epochs": True, "learning_rate": -1}}, "learning_rate"),
        ({"labels": "x", "train": {"precision": "8-bit"}}, "precision"),
        ({"labels": "x", "train": {"devices": [0, 0]}}, "distinct"),
        ({"labels": "x", "train": {"validation_share": 0.6, "test_share": 0.5}}, "less than 1"),
        ({"labels": "x", "train": {"by_artist": True, "published_split": True}}, "published"),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        run_config(values)


@pytest.mark.parametrize("model", [TrainConfig, RunConfig, *NETWORKS.values()])
def test_every_field_is_described(model: Any) -> None:
    assert set(described(model)) == set(model.model_fields)


def test_every_setting_of_a_training_gives_its_reason_or_source() -> None:
    reason = re.compile(r"thesis|et al\. \d{4}|Keras|because|so that|\bfor\b")
    assert [name for name, said in described(TrainConfig).items() if not reason.search(said)] == []
