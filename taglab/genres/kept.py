"""What the page of genres asks for again and again, kept in the cache: categories of tags, classes."""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
import pandas as pd

from taglab.cache import content_key, derived_path, kept, recalled
from taglab.cleaning import WORD_LISTS, word_list
from taglab.embeddings import vectors_key
from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.genres.choosing import (
    RESTARTS,
    ClassSettings,
    categories_of,
    make_classes,
    means_genre,
    tag_categories,
)
from taglab.labels import LabelSpace, from_json, to_json
from taglab.progress import Progress, silent

# Raised when the rules change by which categories are told and classes made.
_MAKER = 1
_SAMPLED_TAGS = 2_000
# Of one core. A product is of one tag's component with one cluster's, in all rounds of a start.
_SECONDS_A_CATEGORY, _SECONDS_A_TAG, _SECONDS_A_PRODUCT = 2.5e-5, 5e-5, 2.5e-9


def kept_categories(folksonomy: Folksonomy, progress: Progress = silent) -> pd.Series:
    """Return `tag_categories` of a folksonomy: those of the cache, or computed now and kept.

    Args:
        folksonomy: Whose tags.
        progress: Told how far it is.
    """
    tags = folksonomy.tags["tag"].tolist()
    values = kept(
        _categories_path(folksonomy),
        lambda path: _read_categories(path, len(tags)),
        lambda: tag_categories(folksonomy, progress).tolist(),
        lambda path, categories: pd.DataFrame({"category": categories}).to_parquet(path),
    )
    return pd.Series(values, index=tags, dtype="str")


def _categories_path(folksonomy: Folksonomy) -> Path:
    return derived_path("tag-categories", content_key(_rules_key(), folksonomy.fingerprint), ".parquet")


@functools.cache
def _rules_key() -> str:
    return content_key(_MAKER, {name: word_list(name) for name in WORD_LISTS})


def _read_categories(path: Path, n_tags: int) -> list[str] | None:
    try:
        categories: list[str] = pd.read_parquet(path)["category"].tolist()
    except (OSError, ValueError, KeyError):
        return None
    return categories if len(categories) == n_tags else None


def kept_classes(
    folksonomy: Folksonomy, settings: ClassSettings | None = None, progress: Progress = silent
) -> LabelSpace:
    """Return `make_classes` of a folksonomy: those of the cache, or made now and kept.

    Args:
        folksonomy: Whose tags.
        settings: How; the defaults where None.
        progress: Told how far it is.

    Raises:
        InvalidSetting: As `make_classes`.
        NotFound: As `make_classes`.
    """
    settings = settings or ClassSettings()
    return kept(
        _classes_path(folksonomy, settings),
        _read_classes,
        lambda: make_classes(folksonomy, settings, progress),
        _write_classes,
    )


def _classes_path(folksonomy: Folksonomy, settings: ClassSettings) -> Path:
    vectors = vectors_key(settings.vectors, folksonomy) if settings.clusters else ""
    asked = settings.model_dump(mode="json")
    # What is made bears the name of the data.
    key = content_key(_rules_key(), folksonomy.name, folksonomy.fingerprint, vectors, asked)
    return derived_path("classes", key, ".json")


def _read_classes(path: Path) -> LabelSpace | None:
    try:
        return from_json(path.read_bytes(), str(path))
    except (OSError, DataError):
        return None


def _write_classes(path: Path, space: LabelSpace) -> None:
    path.write_text(to_json(space), encoding="utf-8")


def classes_are_kept(folksonomy: Folksonomy, settings: ClassSettings) -> bool:
    """Return whether the cache has these classes, so that `kept_classes` takes no time."""
    return recalled(_classes_path(folksonomy, settings), _read_classes) is not None


def class_seconds(folksonomy: Folksonomy, settings: ClassSettings, dim: int) -> float:
    """Estimate how long `kept_categories` and `kept_classes` take, in seconds of one core.

    Args:
        folksonomy: Whose tags.
        settings: How classes are made.
        dim: Components of the vectors that are clustered.
    """
    seconds = _SECONDS_A_CATEGORY * folksonomy.n_tags
    if not settings.clusters:
        return seconds
    used = folksonomy.tags[(folksonomy.tags["count"] >= settings.min_count).to_numpy(bool)]
    n_tags = float(len(used))
    if settings.of_genres and len(used):
        sample = used.iloc[np.linspace(0, len(used) - 1, min(_SAMPLED_TAGS, len(used))).astype(int)]
        n_tags *= float(means_genre(categories_of(sample)).mean())
    k = settings.k or math.sqrt(n_tags)
    return seconds + n_tags * (_SECONDS_A_TAG + RESTARTS * k * dim * _SECONDS_A_PRODUCT)
