"""Flags of networks: those that all have, and those that only some have."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

from taglab.cli.options import Parser, add_settings, settings_values

_MELS = "mels-"


def add_network(parser: Parser, omit: Collection[str] = ()) -> None:
    """Add a flag for every setting of every network, in a group for those that have it.

    Args:
        parser: Of the command.
        omit: Settings without a flag.
    """
    from taglab.nets import NETWORKS

    fields = dict.fromkeys(field for model in NETWORKS.values() for field in model.model_fields)
    owners = {
        field: [name for name, model in NETWORKS.items() if field in model.model_fields]
        for field in fields
        if field not in omit
    }
    for names in dict.fromkeys(tuple(names) for names in owners.values()):
        shared = [field for field in owners if owners[field] == list(names)]
        title = "the network" if len(names) == len(NETWORKS) else f"only of {' and '.join(names)}"
        group = parser.add_argument_group(title)
        model = NETWORKS[names[0]]
        add_settings(
            group,
            model,
            choices={"network": list(NETWORKS)},
            omit=[field for field in model.model_fields if field not in shared or field == "mels"],
        )
        if "mels" in shared:
            _add_mels(group)


def _add_mels(group: Any) -> None:
    from taglab.audio.mels import MEL_PRESETS, MelSettings

    about = "how sound becomes a spectrogram (default: thesis-code)"
    group.add_argument("--mels", choices=list(MEL_PRESETS), help=about)
    add_settings(group, MelSettings, prefix=_MELS)


def network_values(args: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of a network that were given on the command line."""
    from taglab.audio.mels import MEL_PRESETS, MelSettings
    from taglab.nets import NETWORKS

    values: dict[str, Any] = {}
    for model in NETWORKS.values():
        values |= settings_values(args, model)
    mels = settings_values(args, MelSettings, _MELS)
    named = vars(args).get("mels")
    if named is not None:
        mels = {**MEL_PRESETS[named].model_dump(), **mels}
    return {**values, "mels": mels} if mels else values
