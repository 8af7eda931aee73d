"""Trainings whose outcome stays in the cache: of the same material and settings there is one only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from taglab.cache import content_key, derived_path, kept
from taglab.errors import TaglabError
from taglab.joint_space.fitting import FittedSpace, fit_space
from taglab.joint_space.library import read_space, write_space
from taglab.joint_space.material import JointMaterial
from taglab.joint_space.settings import JointSpaceSettings
from taglab.progress import Progress, silent

# Raised when training changes, so that what was trained earlier is not taken for what it gives now.
_TRAINER = 1
_SPACE, _HISTORY = "space", "history.parquet"


def fit_kept(
    material: JointMaterial, settings: JointSpaceSettings, name: str = "", progress: Progress = silent
) -> FittedSpace:
    """Return what `fit_space` gives: that of the cache, or trained now and kept there.

    Args:
        material: Tracks, features, artists, tags, parts.
        settings: See `JointSpaceSettings`.
        name: What the space is called.
        progress: Told after some thousand steps; may raise to stop.

    Raises:
        InvalidSetting: As `fit_space`.
    """
    key = content_key(_TRAINER, material.fingerprint, settings.model_dump(mode="json"))
    fitted = kept(
        derived_path("joint-space-fits", key, ""),
        _read,
        lambda: fit_space(material, settings, progress=progress),
        _write,
    )
    return replace(fitted, space=replace(fitted.space, name=name))


def _read(folder: Path) -> FittedSpace | None:
    """Return what lies in a folder; None where there is nothing, or something damaged."""
    try:
        space = read_space(folder / _SPACE)
        return FittedSpace(space, pd.read_parquet(folder / _HISTORY), int(space.about["steps"]))
    except (OSError, ValueError, KeyError, TaglabError):
        return None


def _write(folder: Path, fitted: FittedSpace) -> None:
    folder.mkdir()
    write_space(fitted.space, folder / _SPACE)
    fitted.history.to_parquet(folder / _HISTORY)
