"""The networks one can train, by name: each a file with its settings model, which makes the encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from taglab.errors import InvalidSetting
from taglab.labels import LABELS
from taglab.nets.decoders import HEADS
from taglab.nets.encoder import Encoded, Encoder
from taglab.nets.heads import Head
from taglab.nets.kim_2_3 import KimSourcesSettings
from taglab.nets.kim_3_2 import KimArtistGroupsSettings
from taglab.nets.kim_4_1 import KimConsistencySettings
from taglab.nets.network import Network
from taglab.nets.settings import MelNetworkSettings, NetworkSettings, SoundNeeded
from taglab.nets.short_chunk import ShortChunkSettings
from taglab.nets.spectrogram import SpectrogramSettings
from taglab.nets.vgg import VGGSettings
from taglab.nets.waveform import WaveformSettings
from taglab.settings import OneOf, checked

__all__ = [
    "HEADS",
    "NETWORKS",
    "USUAL_NETWORK",
    "AnyNetwork",
    "Encoded",
    "Encoder",
    "Head",
    "MelNetworkSettings",
    "Network",
    "NetworkSettings",
    "SoundNeeded",
    "build",
    "build_network",
    "fitting",
    "network_settings",
]

NETWORKS: dict[str, type[NetworkSettings]] = {
    "waveform": WaveformSettings,
    "spectrogram": SpectrogramSettings,
    "vgg": VGGSettings,
    "short-chunk": ShortChunkSettings,
    "kim-2.3": KimSourcesSettings,
    "kim-3.2": KimArtistGroupsSettings,
    "kim-4.1": KimConsistencySettings,
}

USUAL_NETWORK = "spectrogram"
"""What is taken where none is named."""

AnyNetwork = Annotated[NetworkSettings, OneOf(NETWORKS, "network")]
"""One of them as a setting, told by its `network`."""


def network_settings(values: Mapping[str, Any]) -> NetworkSettings:
    """Return the settings of the network that values name, `USUAL_NETWORK` where they name none.

    Raises:
        InvalidSetting: If there is no such network, it has no such setting, or a value does not fit.
    """
    name = values.get("network", USUAL_NETWORK)
    if not isinstance(name, str) or name not in NETWORKS:
        raise InvalidSetting(f"network={name!r} must be one of {', '.join(NETWORKS)}")
    model = NETWORKS[name]
    for field in values:
        if field not in model.model_fields:
            has = ", ".join(own for own in model.model_fields if own != "network")
            raise InvalidSetting(f"{field} means nothing to network={name!r}, which has {has}")
    return checked(model, values)


def fitting(values: Mapping[str, Any], network: str = "") -> dict[str, Any]:
    """Return settings of one network without those that are of other networks only.

    So a preset made for one network begins another, and so are settings read that were kept when all
    networks had the same fields. What is a setting of none is left for `network_settings` to refuse.

    Args:
        values: Settings by field.
        network: The network they shall be for; the one they name where empty.
    """
    name = network or values.get("network", USUAL_NETWORK)
    if not isinstance(name, str) or name not in NETWORKS:
        return {**values, "network": name}
    others = {field for model in NETWORKS.values() for field in model.model_fields}
    foreign = others - set(NETWORKS[name].model_fields)
    return {**{field: value for field, value in values.items() if field not in foreign}, "network": name}


def build(settings: NetworkSettings, n_classes: int) -> Network:
    """Make a tagger with fresh weights, drawn from torch's generator: an encoder and one linear head.

    Raises:
        InvalidSetting: If there is no class.
    """
    return build_network(settings, {LABELS: ("linear", n_classes)})


def build_network(settings: NetworkSettings, heads: Mapping[str, tuple[str, int]]) -> Network:
    """Make a network with fresh weights, drawn from torch's generator: first the encoder, then each head.

    Args:
        settings: Of the network.
        heads: By task: a name in `HEADS`, and how many outputs it has.

    Raises:
        InvalidSetting: If there is no such head, or one without outputs.
    """
    encoder = settings.encoder()
    built: dict[str, Head] = {}
    for task, (name, n_outputs) in heads.items():
        if name not in HEADS:
            raise InvalidSetting(f"head={name!r} of the task {task!r} must be one of {', '.join(HEADS)}")
        built[task] = HEADS[name].behind(encoder, n_outputs, settings.dropout)
    return Network(encoder, built)
