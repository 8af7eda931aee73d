"""Configurations with a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taglab.audio.mels import MEL_PRESETS
from taglab.errors import NotFound
from taglab.nets import fitting
from taglab.training.config import RunConfig, differing, run_config

PRESETS: dict[str, dict[str, Any]] = {
    "tiny": {
        "network": {
            "network": "spectrogram",
            "width": 0.25,
            "dropout": 0.1,  # a quarter of the units: silencing half of them leaves too few
            "mels": {"n_mels": 48, "n_fft": 1024, "hop": 512},
        },
        "train": {
            "epochs": 30,
            "batch_size": 16,
            "learning_rate": 3e-3,
            "schedule": "cosine",
            "window_s": 3.0,
        },
    },
    # For some hundreds of tracks on a CPU: few weights, shared over pitch as well as time, and loudness kept.
    "small-music": {
        "network": {
            "network": "vgg",
            "width": 0.5,
            "dropout": 0.3,
            "mels": {
                "n_mels": 64,
                "n_fft": 1024,
                "hop": 512,
                "compression": "log10",
                "standardise": False,
            },
        },
        "train": {
            "epochs": 40,
            "batch_size": 16,
            "learning_rate": 2e-3,
            "schedule": "cosine",
            "window_s": 3.0,
        },
    },
    "pons": {
        "network": {
            "network": "spectrogram",
            "n_filters": 16,
            "mels": MEL_PRESETS["pons"].model_dump(mode="json"),
        },
        "train": {"batch_size": 64, "learning_rate": 1e-3},
    },
    "thesis-text": {
        "network": {
            "network": "spectrogram",
            "n_filters": 32,  # section 5 says so; the code that goes with it, thesis-spectrogram, has 16
            "mels": MEL_PRESETS["thesis-text"].model_dump(mode="json"),
        },
        "train": {"epochs": 20},
    },
    "thesis-spectrogram": {"network": {"network": "spectrogram"}, "train": {"epochs": 20}},
    "thesis-waveform": {"network": {"network": "waveform"}, "train": {"epochs": 20}},
}
"""Name → what of `RunConfig` it sets."""


def preset(name: str, values: Mapping[str, Any] | None = None) -> RunConfig:
    """Return a preset's configuration.

    Args:
        name: In `PRESETS`.
        values: Fields set over those of the preset, nested as in `RunConfig`; `labels` must be among them.

    Raises:
        NotFound: If there is no such preset.
        InvalidSetting: If a value is not what it may be.
    """
    if name not in PRESETS:
        raise NotFound(f"no preset named {name!r}; there are: {', '.join(PRESETS)}")
    return run_config(settings_over(PRESETS[name], values or {}))


def naming(config: RunConfig) -> dict[str, Any]:
    """Return what names a run: what differs from the defaults, or, where that is less to say, from a preset.

    Args:
        config: Of the run.

    Returns:
        Dotted name of a setting → its value, as {"preset": "tiny", "labels": "genres"}.
    """
    told = [differing(config)]
    told += [{"preset": name, **differing(config, preset(name, {"labels": " "}))} for name in PRESETS]
    return min(told, key=len)


def settings_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested settings of a run, those of `over` before those of `under`.

    Where `over` names a network, settings in `under` that are of other networks only are left out.
    """
    network = over.get("network", {}).get("network")
    if network is not None:
        under = {**under, "network": fitting(under.get("network", {}), network)}
    return merged(under, over)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested settings, those of `over` before those of `under`."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result
