"""The thesis's figures 7, 9 to 15, 17 and of appendix B, of published arrays and of data and runs here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab import embeddings
from taglab.cooccurrence import Cooccurrence
from taglab.errors import InvalidSetting
from taglab.figures.compare import histograms, run_colours
from taglab.figures.training import PANELS, training_curves
from taglab.folksonomy import Folksonomy
from taglab.genres import (
    Subgenres,
    SubgenreSettings,
    choose_genres,
    class_pairs,
    classes_of_category,
    divide,
    linkage_order,
)
from taglab.labels import LabelSpace
from taglab.progress import Progress, silent
from taglab.runs import open_run
from taglab.runs.comparison import tag_groups
from taglab.studies.evidence import Evidence, Figures

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Drawn", "class_cooccurrence", "drawings"]

_NET = "-spectrogram"
_K100 = f"thesis-3.3-k100{_NET}"
_NO_DATA = "no data set is looked at"
_NO_RUN = "no run here stands for these models"
_NOT_PUBLISHED = "published as a picture only"
_NO_ARRAYS = "drawn from the published arrays, where their folder is given"
_CAPITALS = (
    "Germany", "Berlin", "France", "Paris", "Spain", "Madrid", "Portugal", "Lisbon", "Austria", "Vienna",
    "Japan", "Tokyo",
)  # fmt: skip
_MOST_PROJECTED = 2_000


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure of the thesis.

    Attributes:
        heading: "Figure 9".
        title: What it shows.
        published: Drawn of the published arrays; None where that cannot be.
        here: Drawn of data and runs here; None where that cannot be.
        said: Why one is missing, a phrase for either; empty where none is.
    """

    heading: str
    title: str
    published: go.Figure | None
    here: go.Figure | None
    said: tuple[str, str]


def drawings(
    published: Evidence,
    ours: Evidence,
    data: Folksonomy | None = None,
    vectors: str = embeddings.OWN,
    progress: Progress = silent,
) -> list[Drawn]:
    """Return all of them, in order; arguments as of `taglab.studies.thesis_tables.tables`."""
    of_data = [_popularity, _projected, _capitals, _heat_map, _genre_map, _silhouettes]
    found = []
    for at, (number, title, draw) in enumerate(zip(_NUMBERS, _TITLES, of_data, strict=True)):
        here, said = None, _NO_DATA
        if data is not None:
            here, said = draw(_Looked(data, vectors, ours))
        found.append(Drawn(f"Figure {number}", title, None, here, (_NOT_PUBLISHED, said)))
        progress((at + 1) / (len(of_data) + 1), title)
    for number, title, names in _DISTRIBUTIONS:
        found.append(_distribution(number, title, names, published, ours))
    found.sort(key=lambda drawn: int(drawn.heading.split()[1]))
    progress(1.0, "figures drawn")
    return [*found, *_curves(published, ours)]


_NUMBERS = (7, 10, 11, 14, 15, 17)
_TITLES = (
    "How often tags are used",
    "Tags in three dimensions (PCA)",
    "Countries and capitals",
    "Tracks in common, by pair of clusters",
    "Map of a genre's tags",
    "Silhouette of a genre's tags",
)
_DISTRIBUTIONS = (
    (9, "AUC-PR per tag, models 1 and 2", (f"thesis-1{_NET}", f"thesis-2{_NET}")),
    (12, "AUC-PR per raw cluster, model 3.1", (f"thesis-3.1{_NET}",)),
    (13, "AUC-PR of clusters and of tags, model 3.3", (_K100, f"thesis-3.3-tags{_NET}")),
)
_Found = tuple["go.Figure | None", str]


@dataclass(frozen=True, eq=False)
class _Looked:
    """What figures of data are drawn of."""

    data: Folksonomy
    vectors: str
    ours: Evidence

    def clusters(self) -> LabelSpace | None:
        """Return the classes of model 3.3 at the thesis's k = 100."""
        return open_run(self.ours[_K100].run).label_space() if _K100 in self.ours else None

    def genre(self, method: str) -> Subgenres | None:
        """Return its genre of most tags, divided."""
        space = self.clusters()
        if space is None:
            return None
        try:
            keep = classes_of_category(space, self.data)
            genres = choose_genres(space, self.data, keep).space
        except InvalidSetting:
            return None
        largest = max(genres.classes, key=lambda each: len(each.tags))
        return divide(self.data, largest, SubgenreSettings(method=method))


def _popularity(looked: _Looked) -> _Found:
    from taglab.figures.data import popularity_curve

    return popularity_curve(looked.data.tags), ""


def _projected(looked: _Looked) -> _Found:
    from taglab.figures.clusters import tag_map
    from taglab.projection import ProjectionSettings, project

    tags = looked.data.tags.head(_MOST_PROJECTED)
    words = embeddings.resolve(looked.vectors, looked.data)
    composed = embeddings.compose(words, tags["tag"].tolist())
    if len(composed) < 4:
        return None, f"{len(composed)} tags have a vector in {looked.vectors!r}"
    where = project(composed, ProjectionSettings(method="pca", dimensions=3))
    counts = looked.data.counts().reindex(list(composed.tags)).to_numpy()
    groups = tag_groups(tuple(composed.tags))
    names = list(dict.fromkeys(groups[tag] for tag in composed.tags))
    table = pd.DataFrame({"tag": list(composed.tags), "count": counts, "silhouette": 0.0})
    table["cluster"] = [names.index(groups[tag]) for tag in composed.tags]
    shares = ", ".join(f"{share:.1%}" for share in np.asarray(where.explained_variance)[:3])
    said = f"explained variance {shares}; at most {_MOST_PROJECTED:,} tags, coloured by group"
    return tag_map(table, where.positions, names, title="Tags, PCA"), said


def _capitals(looked: _Looked) -> _Found:
    from taglab.figures.embeddings import pairs_plane
    from taglab.projection import ProjectionSettings, project

    composed = embeddings.compose(embeddings.resolve(looked.vectors, looked.data), _CAPITALS)
    if composed.missing or len(composed) < len(_CAPITALS):
        return None, f"{looked.vectors!r} have no vector for {', '.join(composed.missing[:4])}"
    where = project(composed, ProjectionSettings(method="pca", dimensions=2))
    return pairs_plane(where.positions, list(composed.tags)), ""


def class_cooccurrence(ours: Evidence, data: Folksonomy) -> Cooccurrence | None:
    """Return how many tracks the clusters of model 3.3 at k = 100 share; None where no run has them."""
    space = _Looked(data, "", ours).clusters()
    return None if space is None else class_pairs(space, data)


def _heat_map(looked: _Looked) -> _Found:
    from taglab.figures.cooccurrence import cooccurrence_heatmap

    pairs = class_cooccurrence(looked.ours, looked.data)
    if pairs is None:
        return None, _NO_RUN
    normalised = pairs.normalised().toarray()
    above, n = pairs.pairs_above(0.5), max(pairs.n_pairs, 1)
    said = f"{above} of {pairs.n_pairs} pairs lie above 0.5, {above / n:.3%} (published: 5 of 741, 0.675 %)"
    return cooccurrence_heatmap(normalised, pairs.names, pairs.dense(), linkage_order(normalised)), said


def _clusters_of(found: Subgenres) -> tuple[dict[str, int], list[str]]:
    of_tag = {tag: number for number, tags in enumerate(found.clusters) for tag in tags}
    return of_tag, [tags[0] for tags in found.clusters]


def _genre_map(looked: _Looked) -> _Found:
    from taglab.figures.cooccurrence import genre_map
    from taglab.figures.theme import plain
    from taglab.projection import ProjectionSettings, project_distances

    found = looked.genre("npmi")
    if found is None:
        return None, "no class of model 3.3 here says a genre"
    if len(found.tags) < 4:
        return None, f"the genre has {len(found.tags)} tags that share tracks"
    method = "tsne" if len(found.tags) > 8 else "pca"
    where = project_distances(found.distances, ProjectionSettings(method=method, perplexity=5))
    of_tag, names = _clusters_of(found)
    counts = looked.data.counts().reindex(list(found.tags)).to_numpy()
    clusters = [of_tag.get(tag, -1) for tag in found.tags]
    table = pd.DataFrame({"tag": list(found.tags), "count": counts, "cluster": clusters})
    table["said"] = ["" if cluster >= 0 else "in no cluster" for cluster in clusters]
    title = f"{plain(found.genre, 40)}: {method} of 1 − NPMI"
    return genre_map(table, where.positions, names, found.main_tag, title), ""


def _silhouettes(looked: _Looked) -> _Found:
    from taglab.figures.clusters import silhouette_plot

    found = looked.genre("tag-embeddings")
    if found is None or found.clustering is None:
        return None, "no genre here has tags enough to be divided by tag embeddings"
    made = found.clustering
    table = pd.DataFrame({"tag": list(made.tags), "cluster": made.labels, "silhouette": found.silhouettes})
    return silhouette_plot(table, [made.members(number)[0] for number in range(made.k)]), ""


def _distribution(
    number: int, title: str, names: Sequence[str], published: Evidence, ours: Evidence
) -> Drawn:
    theirs, own = (_histograms(each, names) for each in (published, ours))
    said = ("" if theirs is not None else _NO_ARRAYS, "" if own is not None else _NO_RUN)
    return Drawn(f"Figure {number}", title, theirs, own, said)


_LEAST_DRAWN = 20


def _histograms(models: Evidence, names: Sequence[str]) -> go.Figure | None:
    """Return histograms of all the models; None where one has so few labels that it is but a table's part."""
    if any(name not in models for name in names):
        return None
    parts = []
    for name in names:
        figures = models[name]
        values = figures.per_label.dropna()
        if figures.decisions is None and len(values) < _LEAST_DRAWN:
            return None
        share = figures.counts.reindex(values.index).astype(float) / _tracks(figures)
        columns = {"label": values.index, "value": values.to_numpy(), "prevalence": share.to_numpy()}
        parts.append(pd.DataFrame(columns).assign(run=figures.title, count=np.nan))
    table = pd.concat(parts, ignore_index=True)
    return histograms(table, run_colours(list(table["run"].unique())), "AUC-PR, interpolated")


def _tracks(figures: Figures) -> float:
    if figures.decisions is None:
        return np.nan
    return float(figures.decisions.positives[0] + figures.decisions.negatives[0])


def _curves(published: Evidence, ours: Evidence) -> list[Drawn]:
    """Return appendix B: training curves of each model."""
    drawn = []
    for name in published:
        theirs, own = (_curve(each.get(name)) for each in (published, ours))
        if theirs is not None or own is not None:
            said = ("" if theirs is not None else _NOT_PUBLISHED, "" if own is not None else _NO_RUN)
            title = f"Training curves, {published[name].title}"
            drawn.append(Drawn("Appendix B", title, theirs, own, said))
    return drawn


def _curve(figures: Figures | None) -> go.Figure | None:
    if figures is None or not len(figures.epochs):
        return None
    rows = figures.epochs.assign(run=figures.title)
    return training_curves(rows, PANELS["auc-pr"])
