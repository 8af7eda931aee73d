"""The thesis's figures 7, 9 to 15 and 17 to 34, of published arrays and of data and runs here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab import embeddings
from taglab.compare.groups import tag_groups
from taglab.cooccurrence import Cooccurrence
from taglab.embeddings import TagQuestion
from taglab.errors import InvalidSetting
from taglab.figures.compare import histograms, run_colours
from taglab.figures.training import Panel, training_curves
from taglab.folksonomy import Folksonomy
from taglab.genres import (
    Subgenres,
    SubgenreSettings,
    choose_genres,
    class_pairs,
    classes_of_category,
    divide,
)
from taglab.labels import LabelSpace
from taglab.metrics.ordering import linkage_order
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.runs import open_run
from taglab.runs.panels import panels
from taglab.studies.study_report import Drawn
from taglab.studies.thesis.evidence import WITH_EPOCHS, Evidence, Figures
from taglab.vectors import TagVectors

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["FIGURES", "Sides", "class_cooccurrence", "draw", "drawings"]

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
class Sides:
    """What figures are drawn of.

    Attributes:
        published: See `published_evidence`.
        ours: See `own_evidence`; empty where nothing was trained.
        data: For what needs no tagger; None leaves our side of it empty.
        tags: Word vectors of figures 10 and 11, and how words are looked up in them.
        pairs: See `published_pairs`.
    """

    published: Evidence
    ours: Evidence
    data: Folksonomy | None = None
    tags: TagQuestion = field(default_factory=TagQuestion)
    pairs: Cooccurrence | None = None

    __repr__ = one_line


def drawings(sides: Sides, progress: Progress = silent) -> list[Drawn]:
    """Return all figures, in order; progress is told after each."""
    found = []
    for name in FIGURES:
        found.append(draw(name, sides))
        progress(len(found) / len(FIGURES), name)
    return found


def draw(name: str, sides: Sides) -> Drawn:
    """Return one of `FIGURES`, of both sides."""
    heading, _, title = name.partition(": ")
    (published, why), (here, said) = FIGURES[name](sides)
    return Drawn(heading, title, published, here, (why, said))


_Found = tuple["go.Figure | None", str]
_Make = Callable[[Sides], tuple[_Found, _Found]]


@dataclass(frozen=True, eq=False)
class _Looked:
    """What figures of data are drawn of."""

    data: Folksonomy
    tags: TagQuestion
    ours: Evidence

    def vectors_of(self, tags: Sequence[str]) -> TagVectors:
        """Return the vectors of tags."""
        words = embeddings.resolve(self.tags.vectors, self.data)
        return embeddings.compose(words, tags, self.tags.lookup)

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
    composed = looked.vectors_of(tags["tag"].tolist())
    if len(composed) < 4:
        return None, f"{len(composed)} tags have a vector in {looked.tags.vectors!r}"
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

    composed = looked.vectors_of(_CAPITALS)
    if composed.missing or len(composed) < len(_CAPITALS):
        return None, f"{looked.tags.vectors!r} have no vector for {', '.join(composed.missing[:4])}"
    where = project(composed, ProjectionSettings(method="pca", dimensions=2))
    return pairs_plane(where.positions, list(composed.tags)), ""


def class_cooccurrence(ours: Evidence, data: Folksonomy) -> Cooccurrence | None:
    """Return how many tracks the clusters of model 3.3 at k = 100 share; None where no run has them."""
    space = _Looked(data, TagQuestion(), ours).clusters()
    return None if space is None else class_pairs(space, data)


def _heat_map(looked: _Looked) -> _Found:
    pairs = class_cooccurrence(looked.ours, looked.data)
    return (None, _NO_RUN) if pairs is None else _heat_map_of(pairs)


def _published_heat_map(sides: Sides) -> _Found:
    if sides.pairs is None:
        return None, f"{_NO_ARRAYS}; {_TOLD_OF_PAIRS}"
    drawn, said = _heat_map_of(sides.pairs)
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


def _of_data(here: Callable[[_Looked], _Found], published: Callable[[Sides], _Found] | None = None) -> _Make:
    def make(sides: Sides) -> tuple[_Found, _Found]:
        theirs = (None, _NOT_PUBLISHED) if published is None else published(sides)
        if sides.data is None:
            return theirs, (None, _NO_DATA)
        return theirs, here(_Looked(sides.data, sides.tags, sides.ours))

    return make


def _distribution(*names: str) -> _Make:
    def make(sides: Sides) -> tuple[_Found, _Found]:
        theirs, own = (_histograms(each, names) for each in (sides.published, sides.ours))
        return (theirs, "" if theirs is not None else _NO_ARRAYS), (own, "" if own is not None else _NO_RUN)

    return make


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


_ONLY_MACRO = "the published arrays tell of macro averages alone"


def _curves(panel: Panel, names: Sequence[str]) -> _Make:
    """Return what makes a figure of appendix B: averages over training, of one model's networks."""

    def make(sides: Sides) -> tuple[_Found, _Found]:
        theirs, own = (_curve(each, names, panel) for each in (sides.published, sides.ours))
        return (theirs, _told_of_curves(names, panel, theirs)), (own, "" if own is not None else _NO_RUN)

    return make


def _told_of_curves(names: Sequence[str], panel: Panel, drawn: go.Figure | None) -> str:
    """Return what is to be said of the published side of a figure of appendix B."""
    if not any(name in WITH_EPOCHS for name in names):
        return _NOT_PUBLISHED
    averages = {line for line, _ in panel.lines.values()}
    only_macro = "" if averages == {"macro"} else _ONLY_MACRO
    missing = "" if drawn is not None else _NO_ARRAYS if "macro" in averages else _NOT_PUBLISHED
    return "; ".join(filter(None, (missing, only_macro)))


def _curve(models: Evidence, names: Sequence[str], panel: Panel) -> go.Figure | None:
    """Return the curves of those models that kept them; None where none did."""
    parts = [
        models[name].epochs.assign(run=models[name].title)
        for name in names
        if name in models and models[name].epochs.reindex(columns=list(panel.lines)).notna().any(axis=None)
    ]
    return training_curves(pd.concat(parts, ignore_index=True), panel) if parts else None


_SHOWN = {"auc_pr": "AUC-PR", "auc_roc": "AUC-ROC"}
_AVERAGES = ("micro", "macro")


def _trained(number: int, title: str, *names: str, averages: Sequence[str] = _AVERAGES) -> dict[str, _Make]:
    """Return a figure of appendix B, in two parts."""
    return {
        f"Figure {number}: {title}: {shown} over training": _curves(_with(panels()[panel], averages), names)
        for panel, shown in _SHOWN.items()
    }


def _with(panel: Panel, averages: Sequence[str]) -> Panel:
    lines = {column: line for column, line in panel.lines.items() if line[0] in averages}
    return replace(panel, lines=lines)


def _of_both_networks(number: int, model: str) -> dict[str, _Make]:
    """Return two figures: a model's micro averages, and its macro averages."""
    names = (f"thesis-{model}-waveform", f"thesis-{model}{_NET}")
    found: dict[str, _Make] = {}
    for at, average in enumerate(_AVERAGES):
        title = f"Model {model}, {average}-averaged"
        found |= _trained(number + at, title, *names, averages=[average])
    return found


def _of_clusters(number: int, k: int) -> dict[str, _Make]:
    return _trained(number, f"Model 3.3, GloVe Wikipedia, n = 100, k = {k:,}", f"thesis-3.3-k{k}{_NET}")


FIGURES: dict[str, _Make] = {
    "Figure 7: How often tags are used": _of_data(_popularity),
    "Figure 9: AUC-PR per tag, models 1 and 2": _distribution(f"thesis-1{_NET}", f"thesis-2{_NET}"),
    "Figure 10: Tags in three dimensions (PCA)": _of_data(_projected),
    "Figure 11: Countries and capitals": _of_data(_capitals),
    "Figure 12: AUC-PR per raw cluster, model 3.1": _distribution(f"thesis-3.1{_NET}"),
    "Figure 13: AUC-PR of clusters and of tags, model 3.3": _distribution(_K100, f"thesis-3.3-tags{_NET}"),
    "Figure 14: Tracks in common, by pair of clusters": _of_data(_heat_map, _published_heat_map),
    "Figure 15: Map of a genre's tags": _of_data(_genre_map),
    "Figure 17: Silhouette of a genre's tags": _of_data(_silhouettes),
    **_of_both_networks(18, "1"),
    **_of_both_networks(20, "2"),
    **_of_both_networks(22, "3.1"),
    **_trained(24, "Model 3.2, GloVe Wikipedia, n = 100, k = 500", f"thesis-3.2-glove-wikipedia-n100{_NET}"),
    **_of_clusters(25, 100),
    **_of_clusters(26, 250),
    **_of_clusters(27, 750),
    **_of_clusters(28, 1_000),
    **_of_both_networks(29, "3.4"),
    **_of_both_networks(31, "4.1"),
    **_of_both_networks(33, "4.2"),
}
"""Name of a figure, as the thesis has it, → what makes the published side of it and ours."""
