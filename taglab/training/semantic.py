"""What the semantic loss needs of its run: how alike the classes are in meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab import embeddings
from taglab.batches import Material
from taglab.cache import content_key
from taglab.errors import InvalidSetting
from taglab.labels import LabelSpace
from taglab.losses import needs, similarity_of
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.settings import checked
from taglab.sources import open_folksonomy
from taglab.training.config import RunConfig
from taglab.vectors import TagVectors

# Unit vectors of float32 that cancel leave about 1e-7 a tag.
_CANCELLED = 1e-5


@dataclass(frozen=True, eq=False)
class LossMaterial:
    """What a loss is handed beside the batch.

    Attributes:
        parts: By the name of the loss's argument; nothing for a loss that needs nothing.
        without_vector: Classes whose negatives keep weight 1 for want of a vector.
    """

    parts: dict[str, Any] = field(default_factory=dict)
    without_vector: tuple[str, ...] = ()

    __repr__ = one_line

    def fingerprint(self) -> dict[str, str]:
        """Return what tells this material from others, for a checkpoint; nothing where it is none."""
        if not self.parts:
            return {}
        return {"loss_vectors": content_key(self.parts["similarity"].numpy())}


def class_vectors(space: LabelSpace, tags: TagVectors) -> npt.NDArray[np.float32]:
    """Return the vectors of classes: of each, the normalised sum of its tags' unit vectors (classes, dim).

    A class of which no tag has a vector, or whose tags cancel out, has a row of zeros.

    Source: Ros Perez 2021, section 9.
    """
    sums = np.zeros((len(space), tags.dim))
    for row, each in enumerate(space.classes):
        known = [tags.row(tag) for tag in each.tags if tag in tags]
        sums[row] = tags.vectors[known].sum(axis=0, dtype=np.float64)
    lengths = np.linalg.norm(sums, axis=1)
    known_rows = lengths > _CANCELLED
    unit = np.where(known_rows[:, None], sums / np.where(known_rows, lengths, 1)[:, None], 0)
    return unit.astype(np.float32)


def loss_material(
    config: RunConfig, space: LabelSpace, material: Material, progress: Progress = silent
) -> LossMaterial:
    """Return what the loss of a configuration needs.

    Args:
        config: Names the loss, γ and the vectors.
        space: The label space.
        material: The tracks.
        progress: Told how far it is.

    Raises:
        NotFound: If there are no vectors of that name.
        InvalidSetting: If no class has a vector.
    """
    if "similarity" not in needs(config.train.loss):
        return LossMaterial()
    data = open_folksonomy(config.data, between(progress, 0, 0.2))
    words = embeddings.resolve(config.train.loss_vectors, data, between(progress, 0.2, 0.9))
    # As the classes' own clustering looked up their tags, where it says so.
    lookup = checked(embeddings.Lookup, space.made_by.get("lookup", {}))
    vectors = class_vectors(space, embeddings.compose(words, space.tags, lookup))
    known = np.linalg.norm(vectors, axis=1) > 0
    if not known.any():
        raise InvalidSetting(
            f"loss_vectors={config.train.loss_vectors!r} must have a vector for at least one class; none of "
            "their words is known"
        )
    parts = {
        "similarity": similarity_of(vectors),
        "gamma": config.train.gamma,
        "most_positives": max(int(material.targets.sum(axis=1, dtype=np.int64).max()), 1),
    }
    without = tuple(name for name, is_known in zip(space.names, known, strict=True) if not is_known)
    return LossMaterial(parts, without)
