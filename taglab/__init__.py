"""taglab: tag semantics and music tagging, as a dashboard, a library and a command.

What people start with is here; each room (`taglab.embeddings`, `taglab.clustering`, …) has more. Nothing is
imported before it is asked for.

Examples:
    From the tags that listeners gave to the classes of a tagger:

    >>> import taglab
    >>> folksonomy = taglab.open_folksonomy("demo").select_tags(min_count=10)
    >>> folksonomy
    <Folksonomy demo: 1200 tracks, 389 tags, 8522 assignments>
    >>> vectors = taglab.compose(taglab.own_vectors(folksonomy), list(folksonomy.tags["tag"]))
    >>> clustering = taglab.cluster(vectors, taglab.SphericalKMeans(k=20))
    >>> clustering
    <Clustering spherical-k-means: 389 tags in 20 clusters>
    >>> space = taglab.from_clusters(clustering.tags, clustering.labels, folksonomy.counts())
    >>> space.targets(folksonomy).shape  # a SciPy sparse array (tracks, classes)
    (1200, 20)

    Tags of your own:

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"track": ["a", "a", "b"], "tag": ["rock", "pop", "rock"]})
    >>> taglab.Folksonomy.from_frame(rows)
    <Folksonomy frame: 2 tracks, 2 tags, 3 assignments>
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taglab.clustering import Agglomerative, Clustering, Hdbscan, SphericalKMeans, cluster
    from taglab.embeddings import (
        WordVectors,
        add_vectors,
        analogy,
        compose,
        open_vectors,
        own_vectors,
        read_vectors,
    )
    from taglab.embeddings.neighbours import neighbours
    from taglab.factors import make_targets
    from taglab.folksonomy import Folksonomy
    from taglab.interactions import Interactions
    from taglab.labels import LabelSpace, from_clusters, from_tags, from_top_tags, open_label_space
    from taglab.outcomes import Predictions, open_predictions
    from taglab.projection import Projection, ProjectionSettings, project
    from taglab.runs import Run, import_results, open_run
    from taglab.sources import add as add_data
    from taglab.sources import folksonomy_names, open_folksonomy, open_interactions
    from taglab.sources import read as read_data
    from taglab.targets import Targets
    from taglab.vectors import TagVectors, Vectors, open_features, save_features

    __version__: str

_ROOMS = {
    "Agglomerative": "clustering",
    "Clustering": "clustering",
    "Folksonomy": "folksonomy",
    "Hdbscan": "clustering",
    "Interactions": "interactions",
    "LabelSpace": "labels",
    "Predictions": "outcomes",
    "Projection": "projection",
    "ProjectionSettings": "projection",
    "Run": "runs",
    "SphericalKMeans": "clustering",
    "TagVectors": "vectors",
    "Targets": "targets",
    "Vectors": "vectors",
    "WordVectors": "embeddings",
    "add_data": "sources.add",
    "add_vectors": "embeddings",
    "analogy": "embeddings",
    "cluster": "clustering",
    "compose": "embeddings",
    "folksonomy_names": "sources",
    "from_clusters": "labels",
    "from_tags": "labels",
    "from_top_tags": "labels",
    "import_results": "runs",
    "make_targets": "factors",
    "neighbours": "embeddings",
    "open_features": "vectors",
    "open_folksonomy": "sources",
    "open_interactions": "sources",
    "open_label_space": "labels",
    "open_predictions": "outcomes",
    "open_run": "runs",
    "open_vectors": "embeddings",
    "own_vectors": "embeddings",
    "project": "projection",
    "read_data": "sources.read",
    "read_vectors": "embeddings",
    "save_features": "vectors",
}
"""What is offered here → the room it is of, and its name there where that is another."""

__all__ = [
    "Agglomerative",
    "Clustering",
    "Folksonomy",
    "Hdbscan",
    "Interactions",
    "LabelSpace",
    "Predictions",
    "Projection",
    "ProjectionSettings",
    "Run",
    "SphericalKMeans",
    "TagVectors",
    "Targets",
    "Vectors",
    "WordVectors",
    "add_data",
    "add_vectors",
    "analogy",
    "cluster",
    "compose",
    "folksonomy_names",
    "from_clusters",
    "from_tags",
    "from_top_tags",
    "import_results",
    "make_targets",
    "neighbours",
    "open_features",
    "open_folksonomy",
    "open_interactions",
    "open_label_space",
    "open_predictions",
    "open_run",
    "open_vectors",
    "own_vectors",
    "project",
    "read_data",
    "read_vectors",
    "save_features",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name == "__version__":
        value: Any = _version()
    elif name in _ROOMS:
        room, _, there = _ROOMS[name].partition(".")
        value = getattr(importlib.import_module(f"taglab.{room}"), there or name)
    else:
        raise AttributeError(f"module 'taglab' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("taglab")
    except PackageNotFoundError:  # imported from a source tree that is not installed
        return "0+source"
