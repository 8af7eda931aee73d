"""The thesis's figures 7, 9 to 15 and 17 to 34, of published arrays and of data and runs here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab import embeddings
from taglab.cooccurrence import Cooccurrence
from taglab.errors import InvalidSetting
from taglab.figures.compare import histograms, run_colours
from taglab.figures.training import PANELS, Panel, training_curves
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
from taglab.studies.evidence import WITH_EPOCHS, Evidence, Figures

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
    pairs: Cooccurrence | None = None,
    progress: Progress = silent,
) -> list[Drawn]:
    """Return all of them, in order.

    Args:
        published: See `taglab.studies.thesis_tables.tables`, and for the next three.
        ours: See there.
        data: See there.
        vectors: See there.
        pairs: The published ones of figure 14, see `published_pairs`.
        progress: Told after each.
    """
    of_data = [_popularity, _projected, _capitals, _heat_map, _genre_map, _silhouettes]
    found = []
    for at, (number, title, draw) in enumerate(zip(_NUMBERS, _TITLES, of_data, strict=True)):
        here, said = None, _NO_DATA
        if data is not None:
            here, said = draw(_Looked(data, vectors, ours))
        theirs, told = (None, _NOT_PUBLISHED) if draw is not _heat_map else _published_heat_map(pairs)
        found.append(Drawn(f"Figure {number}", title, theirs, here, (told, said)))
        progress((at + 1) / (len(of_data) + 1), title)
    for number, title, names in _DISTRIBUTIONS:
        found.append(_distribution(number, title, names, published, ours))
    found.sort(key=lambda drawn: int(drawn.heading.split()[1]))
    progress(1.0, "figures drawn")
    return [*found, *(_curves(*each, published, ours) for each in _TRAINED)]


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
    pairs = class_cooccurrence(looked.ours, looked.data)
    return (None, _NO_RUN) if pairs is None else _heat_map_of(pairs)


def _published_heat_map(pairs: Cooccurrence | None) -> _Found:
    if pairs is None:
        return None, f"{_NO_ARRAYS}; {_TOLD_OF_PAIRS}"
    drawn, said = _heat_map_of(pairs)
    return drawn, f"{said}; {_TOLD_OF_PAIRS}"


_TOLD_OF_PAIRS = "the text tells 0.657 %, of a number of pairs that has the diagonal in it"


def _heat_map_of(pairs: Cooccurrence) -> _Found:
    from taglab.figures.cooccurrence import cooccurrence_heatmap

    normalised = pairs.normalised().toarray()
    above = pairs.pairs_above(0.5)
    said = f"{above} of {pairs.n_pairs} pairs lie above 0.5, {above / max(pairs.n_pairs, 1):.3%}"
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


def _both_averages(number: int, model: str, name: str) -> list[tuple[int, str, tuple[str, ...]]]:
    """Return what two figures show: a model's micro and its macro averages, of both networks."""
    networks = (f"thesis-{name}-waveform", f"thesis-{name}{_NET}")
    return [
        (number, f"{model}, micro-averaged", networks),
        (number + 1, f"{model}, macro-averaged", networks),
    ]


_CURVES: list[tuple[int, str, tuple[str, ...]]] = [
    *_both_averages(18, "Model 1", "1"),
    *_both_averages(20, "Model 2", "2"),
    *_both_averages(22, "Model 3.1", "3.1"),
    (24, "Model 3.2, GloVe Wikipedia, n = 100, k = 500", (f"thesis-3.2-glove-wikipedia-n100{_NET}",)),
    *(
        (number, f"Model 3.3, GloVe Wikipedia, n = 100, k = {k:,}", (f"thesis-3.3-k{k}{_NET}",))
        for number, k in ((25, 100), (26, 250), (27, 750), (28, 1_000))
    ),
    *_both_averages(29, "Model 3.4", "3.4"),
    *_both_averages(31, "Model 4.1", "4.1"),
    *_both_averages(33, "Model 4.2", "4.2"),
]
_SHOWN = {"auc-pr": "AUC-PR", "roc-auc": "AUC-ROC"}
_TRAINED = [(*each, panel) for each in _CURVES for panel in _SHOWN]
_ONLY_MACRO = "the published arrays tell of macro averages alone"


def _curves(
    number: int, title: str, names: Sequence[str], panel: str, published: Evidence, ours: Evidence
) -> Drawn:
    """Return a figure of appendix B: an average over training, of a model's networks."""
    shown = _averages(PANELS[panel], title)
    theirs, own = (_curve(each, names, shown) for each in (published, ours))
    said = (_told_of_curves(names, shown, theirs), "" if own is not None else _NO_RUN)
    return Drawn(f"Figure {number}", f"{title}: {_SHOWN[panel]} over training", theirs, own, said)


def _told_of_curves(names: Sequence[str], panel: Panel, drawn: go.Figure | None) -> str:
    """Return what is to be said of the published side of a figure of appendix B."""
    if not any(name in WITH_EPOCHS for name in names):
        return _NOT_PUBLISHED
    averages = {line for line, _ in panel.lines.values()}
    only_macro = "" if averages == {"macro"} else _ONLY_MACRO
    missing = "" if drawn is not None else _NO_ARRAYS if "macro" in averages else _NOT_PUBLISHED
    return "; ".join(filter(None, (missing, only_macro)))


def _averages(panel: Panel, title: str) -> Panel:
    """Return a panel with the averages alone that a figure's title names, or with both."""
    kept: Mapping[str, tuple[str, str]] = {
        column: line
        for column, line in panel.lines.items()
        if f"{line[0]}-averaged" in title or "averaged" not in title
    }
    return replace(panel, lines=kept)


def _curve(models: Evidence, names: Sequence[str], panel: Panel) -> go.Figure | None:
    """Return the curves of those models that kept them; None where none did."""
    parts = [
        models[name].epochs.assign(run=models[name].title)
        for name in names
        if name in models and models[name].epochs.reindex(columns=list(panel.lines)).notna().any(axis=None)
    ]
    return training_curves(pd.concat(parts, ignore_index=True), panel) if parts else None
