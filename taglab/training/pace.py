"""How long an epoch is likely to take: as long as it took a run like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from taglab.errors import DataError
from taglab.runs import Run, open_run, run_names
from taglab.training.config import RunConfig, as_of_today

_SPEED = ("window_s", "batch_size", "precision", "compile", "devices", "nodes")
_LENGTH = ("steps_per_epoch", "validation_share", "test_share")


@dataclass(frozen=True)
class Pace:
    """How fast a run was trained.

    Attributes:
        run: Its name.
        clips_per_s: Trained in its last epoch.
        epoch_s: Seconds an epoch took, validation included where it had more than one; None where it was of
            other data or another length.
    """

    run: str
    clips_per_s: float
    epoch_s: float | None


def measured_pace(config: RunConfig, device: str) -> Pace | None:
    """Return how fast the newest run of the same network, clips and device was, one of the same data first.

    Args:
        config: What is to be trained.
        device: On what; see `trained_on`.

    Returns:
        None where there is no such run; those trained before runs told their device are none.
    """
    wanted = config.model_dump(mode="json")
    alike = [run for name in run_names() if _is_alike(run := open_run(name), wanted, device)]
    if not alike:
        return None
    # False before True: of other data last.
    newest = sorted(alike, key=lambda run: (_is_as_long(run.config, wanted), run.about.created))[-1]
    epoch_s = _epoch_s(newest) if _is_as_long(newest.config, wanted) else None
    return Pace(newest.name, float(newest.history()["clips_per_s"].iloc[-1]), epoch_s)


def _is_alike(run: Run, wanted: Mapping[str, Any], device: str) -> bool:
    try:
        if run.kind != "trained" or run.summary().get("device") != device:
            return False
        config, history = as_of_today(run.config), run.history()
    except DataError:
        return False
    measured = "clips_per_s" in history and history["clips_per_s"].tail(1).gt(0).any()
    return bool(measured) and config.get("network") == wanted["network"] and _same(config, wanted, _SPEED)


def _is_as_long(config: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    same_data = all(config.get(name) == wanted[name] for name in ("data", "audio"))
    return same_data and _same(config, wanted, _LENGTH)


def _same(config: Mapping[str, Any], wanted: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return all(config.get("train", {}).get(name) == wanted["train"][name] for name in names)


def _epoch_s(run: Run) -> float:
    """Return what an epoch took, usually: from the end of its training to the end of the next one's."""
    between = run.steps().groupby("epoch")["time"].max().diff().median()
    return float(between if between > 0 else run.history()["seconds"].median())
