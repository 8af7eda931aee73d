"""Recommenders under names: kept with what they learned, opened beside the plays they learned from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from taglab.archives import read_arrays
from taglab.cache import RECOMMENDERS, Shelf, locked, read_manifest, read_whole, replacing, write_checksums
from taglab.errors import Conflict, DataError, InputsChanged, InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, between, silent
from taglab.recommend.explicit import as_plays
from taglab.recommend.fitting import AnyRecommender, fit
from taglab.recommend.holding_out import HeldOut, HoldingOut, hold_out
from taglab.recommend.item_tags import ItemTags
from taglab.recommend.recommender import Recommender
from taglab.runs import layout, open_run, run_names
from taglab.settings import Flag, checked
from taglab.sources import open_folksonomy, plays_of

_SHELF = Shelf(RECOMMENDERS)
_FORMAT = 1
_ABOUT, _LEARNED = "recommender.json", "learned.npz"
_LARGEST_BYTES = 16 << 30


class RecommenderMaterial(BaseModel):
    """What recommenders learn from.

    Attributes:
        data: Data set with plays or ratings.
        tags_by: Items have their "own" tags; those of all items of their "artist"; or, "own-else-artist",
            their own, and where there are none those of the artist.
        min_tracks: Users of fewer items are left out, and then again, until none is left to go.
        min_users: Items of fewer users are left out.
        min_count: Only tags of so many items or more.
        least_rating: What a rating must be to count as a play, where there are ratings.
        held_out: How plays are held out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Annotated[str, Flag(metavar="NAME", named=True)] = "demo"
    tags_by: Literal["own", "artist", "own-else-artist"] = "own"
    min_tracks: int = Field(1, ge=1)
    min_users: int = Field(1, ge=1)
    min_count: int = Field(1, ge=1)
    least_rating: float | None = Field(None, allow_inf_nan=False)
    held_out: HoldingOut = HoldingOut()


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    recommender: AnyRecommender


def material_of(asked: RecommenderMaterial, progress: Progress = silent) -> tuple[Interactions, ItemTags]:
    """Return plays of users and items that are active enough, and the tags of the items.

    Raises:
        NotFound: If there is no such data set.
        InvalidSetting: If it has no plays, or a setting is out of range.
        DataError: If nobody is active enough.
    """
    folksonomy: Folksonomy = open_folksonomy(asked.data, progress)
    plays = plays_of(asked.data)
    if plays is None:
        raise InvalidSetting(
            f"{asked.data} has no plays, and recommending learns from plays; those of a table are added with "
            "it (taglab data add table FILE --plays FILE)"
        )
    plays = as_plays(plays, asked.least_rating).select_active(asked.min_tracks, asked.min_users)
    if not plays.matrix.nnz:
        raise DataError(
            asked.data,
            f"has no user of {asked.min_tracks} items that {asked.min_users} users played; let them be fewer",
        )
    tags = ItemTags.of(folksonomy, plays.tracks, asked.tags_by)
    return plays, tags.select_tags(tags.items_per_tag() >= asked.min_count)


def train_recommender(
    settings: Any, asked: RecommenderMaterial, seed: int = 0, progress: Progress = silent
) -> tuple[Recommender, HeldOut]:
    """Learn a recommender of a data set's plays, but for those held out.

    Raises:
        NotFound, InvalidSetting, DataError: As `material_of`, `hold_out` and `fit`.
    """
    plays, tags = material_of(asked, between(progress, 0, 0.2))
    held = hold_out(plays, asked.held_out)
    return fit(settings, held.train, tags, seed, between(progress, 0.2, 1)), held


def recommender_names() -> list[str]:
    """Return the names of all that are kept, sorted; those of runs have the run's name."""
    of_runs = (name for name in run_names() if (open_run(name).folder / layout.RECOMMENDER).is_dir())
    return sorted({*_SHELF.names(), *of_runs})


def recommender_folder(name: str) -> Path:
    """Return where a recommender of a name lies or would lie: on the shelf, or in the finished run so named.

    Raises:
        InvalidSetting: If the name could be mistaken for a path.
    """
    if name not in _SHELF.names() and name in run_names():
        folder = open_run(name).folder / layout.RECOMMENDER
        if folder.is_dir():
            return folder
    return _SHELF.path(name)


def _folder_of(name: str) -> Path:
    """Return where a recommender lies; raises NotFound if it does not, naming all that do."""
    folder = recommender_folder(name)
    if folder.is_dir():
        return folder
    try:
        return _SHELF.find(name)  # it may be being replaced
    except NotFound as error:
        known = ", ".join(recommender_names()) or "none yet"
        raise NotFound(f"no recommender {name!r}; there are: {known}") from error


def save_recommender(
    recommender: Recommender, name: str, asked: RecommenderMaterial, replace: bool = False
) -> None:
    """Keep a recommender under a name.

    Args:
        recommender: What was learned of `asked`.
        name: Under which.
        asked: Of what it learned.
        replace: Whether one of the same name gives way.

    Raises:
        InvalidSetting: If the name could be mistaken for a path.
        Conflict: If there is one of this name that is not to give way.
        StorageError: If the disk is full or the place cannot be written.
    """
    folder = _SHELF.path(name)
    with locked(folder):
        if folder.exists() and not replace:
            raise Conflict(f"there is a recommender named {name!r} already; take another name or replace it")
        write_recommender(recommender, folder, asked)


def write_recommender(recommender: Recommender, folder: Path, asked: RecommenderMaterial) -> None:
    """Write a recommender to a folder, whole or not at all; one that is there gives way.

    Raises:
        StorageError: If the disk is full or the place cannot be written.
    """
    about = {
        "format": _FORMAT,
        "settings": recommender.settings.model_dump(mode="json"),
        "material": asked.model_dump(mode="json"),
        "plays": recommender.plays.fingerprint,
        "tags": recommender.tags.fingerprint,
        "seconds": recommender.seconds,
    }
    with replacing(folder) as temporary:
        temporary.mkdir()
        (temporary / _ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
        arrays: dict[str, Any] = dict(recommender.learned)
        np.savez(temporary / _LEARNED, **arrays)
        write_checksums(temporary, (_ABOUT, _LEARNED))


def about_recommender(name: str) -> dict[str, Any]:
    """Return what is kept of a recommender beside what it learned.

    Raises:
        NotFound: If there is none.
        DataError: If it is damaged, or of a newer format.
    """
    folder = _folder_of(name)
    return read_whole(folder, lambda: _about(folder))


def open_recommender(
    name: str, progress: Progress = silent
) -> tuple[Recommender, HeldOut, RecommenderMaterial]:
    """Return a recommender, what was held out from it, and of what it learned.

    Raises:
        NotFound: If there is none, or its data set is gone.
        DataError: If it is damaged, or of a newer format.
        InputsChanged: If its data set has other plays or tags by now.
    """
    folder = _folder_of(name)
    about = read_whole(folder, lambda: _about(folder))
    asked = checked(RecommenderMaterial, about["material"])
    plays, tags = material_of(asked, progress)
    held = hold_out(plays, asked.held_out)
    train = held.train
    if (train.fingerprint, tags.fingerprint) != (about["plays"], about["tags"]):
        raise InputsChanged(
            f"{name} learned from other plays or tags than {asked.data} has now; train it again"
        )
    settings: Any = checked(_Kept, {"recommender": about["settings"]}).recommender
    learned = read_arrays(folder / _LEARNED, _LARGEST_BYTES)
    return settings.fitted(train, tags, learned, float(about["seconds"])), held, asked


def delete_recommender(name: str) -> None:
    """Remove a recommender for good.

    Raises:
        NotFound: If there is none.
        Conflict: If it is a run's, which goes with the run.
    """
    if recommender_folder(name).parent != _SHELF.folder:
        raise Conflict(f"{name!r} is the recommender of a run, and goes with it: taglab runs delete {name}")
    _SHELF.delete(name)


def _about(folder: Path) -> dict[str, Any]:
    about = read_manifest(folder, _ABOUT, "train it again")
    if about.get("format", 0) > _FORMAT:
        raise DataError(folder, f"was written by a newer taglab (format {about['format']})")
    missing = {"settings", "material", "plays", "tags", "seconds"} - set(about)
    if missing:
        raise DataError(folder, f"does not tell its {min(missing)}; train it again")
    return dict(about)
