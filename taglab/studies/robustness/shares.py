"""Measuring divided: shares of the changes, each worked on by whoever sees the cache folder.

A share is every n-th change. Distances are kept by content, so that shares need no merging: `consistency`
reads what they measured, and measures what an interrupted one left.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from taglab.audio.degrade import Recording, degradation
from taglab.audio.store import AudioStore
from taglab.errors import InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.studies.robustness.changes import ConsistencySettings
from taglab.studies.robustness.distances import opened
from taglab.studies.robustness.measuring import consistency_seconds

__all__ = ["measure_share", "share_table"]

_NAMED = 3


def measure_share(
    store: AudioStore,
    settings: ConsistencySettings,
    share: int,
    shares: int,
    recordings: Mapping[str, Recording] | None = None,
    progress: Progress = silent,
) -> int:
    """Measure the distances of one share of the changes, and keep them.

    Args:
        store: The sound.
        settings: As of `consistency`.
        share: Which, from 0.
        shares: How many there are.
        recordings: As of `consistency`.
        progress: Told how far it is; a share that is stopped goes on when asked again.

    Returns:
        Changes that were not kept before.

    Raises:
        InvalidSetting: If there is no such share, or as `consistency`.
        NotFound, DataError: As `consistency`.
    """
    if not 0 <= share < shares:
        raise InvalidSetting(f"share={share} must lie in 0 to {shares - 1}, for shares={shares}")
    _, measured = opened(store, settings, recordings)
    own = settings.changes(store.sample_rate_hz)[share::shares]
    lacking = [change for change in own if measured.lacking(*change)]
    for done, (name, magnitude) in enumerate(lacking):
        doing = f"{name} {magnitude:g} {degradation(name).unit}"
        part = between(progress, done / len(lacking), (done + 1) / len(lacking), doing)
        measured.distances(name, magnitude, part)
    return len(lacking)


def share_table(
    store: AudioStore,
    settings: ConsistencySettings,
    shares: int,
    recordings: Mapping[str, Recording] | None = None,
) -> pd.DataFrame:
    """Return how far each share is: `share`, `changes`, `kept`, `core_s` (seconds of a core left), `lacking`.

    Raises:
        InvalidSetting, NotFound: As `consistency`.
    """
    _, measured = opened(store, settings, recordings)
    wanted = settings.changes(store.sample_rate_hz)
    seconds = consistency_seconds(settings, len(store), store.sample_rate_hz) / len(wanted)
    rows = []
    for share in range(shares):
        parts = {change: measured.lacking(*change) for change in wanted[share::shares]}
        lacking = [f"{name} {magnitude:g}" for (name, magnitude), part in parts.items() if part]
        more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
        rows.append(
            {
                "share": share,
                "changes": len(parts),
                "kept": len(parts) - len(lacking),
                "core_s": round(seconds * sum(parts.values())),
                "lacking": ", ".join(lacking[:_NAMED]) + more,
            }
        )
    return pd.DataFrame(rows)
