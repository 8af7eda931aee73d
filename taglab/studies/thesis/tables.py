"""The thesis's tables 7 to 30 and 34, as printed and as data and runs here give them, and model 5's by γ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from taglab import embeddings
from taglab.cleaning import PRESETS
from taglab.compare.groups import GROUPS, tag_groups
from taglab.compare.intervals import pair_intervals
from taglab.embeddings import TagQuestion
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.metrics.tagging import tagging_scores
from taglab.outcomes import Predictions
from taglab.runs import open_published, published_names
from taglab.studies.pages import Section
from taglab.studies.thesis.evidence import (
    MEANS,
    TOLD_AT,
    Evidence,
    Figures,
    gammas_of,
    judged_alike,
    without_counterpart,
)
from taglab.studies.thesis.models import NETWORKS

__all__ = ["tables"]


# Counts of the most used tags, table 7, and of groups, table 8.
_MOST_USED = (
    ("rock", 101_071), ("pop", 69_159), ("alternative", 55_777), ("indie", 48_175), ("electronic", 46_270),
    ("female vocalists", 42_565), ("favorites", 39_921), ("Love", 34_901), ("dance", 33_618), ("00s", 31_432),
    ("alternative rock", 30_334), ("jazz", 30_152), ("beautiful", 29_421), ("singer-songwriter", 27_910),
    ("metal", 27_430), ("chillout", 27_276), ("male vocalists", 27_269), ("Awesome", 26_248),
    ("classic rock", 25_771), ("soul", 24_702),
)  # fmt: skip
_OF_GROUPS = (
    ("Genres", 961_402, 22_358), ("Instruments", 29_539, 14_769), ("Dates", 136_983, 19_569),
    ("Voices", 110_457, 22_091), ("Emotions", 260_768, 15_339), ("Nationalities", 63_068, 15_767),
    ("Meaningless", 260_850, 16_303), ("Miscellaneous", 116_245, 16_606),
)  # fmt: skip
_NEAR_JAZZ = (
    "kappe jazz", "fonky jazz", "clasic jazz", "lekkere jazz", "jazz cwcafe", "jazz blues", "jazz-blues",
    "blues jazz", "jazz funk", "jazz-funk",
)  # fmt: skip
_NET, _WAVE = "-spectrogram", "-waveform"
_KS = ("k100", "k250", "k500", "k750", "k1000")
_NO_DATA = "no data set is looked at"
_NO_RUN = "no run here stands for a model of this table"
_MANY = 100
_BY_OWN = TagQuestion()


def tables(
    published: Evidence,
    ours: Evidence,
    data: Folksonomy | None = None,
    tags: TagQuestion = _BY_OWN,
) -> list[Section]:
    """Return all of them, in order.

    Args:
        published: See `published_evidence`.
        ours: See `own_evidence`; empty where nothing was trained.
        data: For the tables that need no tagger; None leaves them at what is printed.
        tags: Word vectors of table 14, and how words are looked up in them.
    """
    made = [*_of_data(data, tags), *(make(published, ours) for make in _TABLES)]
    return [*sorted(made, key=lambda section: int(section.heading.split()[1])), _by_gamma(ours)]


def _of_data(data: Folksonomy | None, tags: TagQuestion) -> list[Section]:
    said = _NO_DATA if data is None else ""
    removed = sorted(PRESETS["thesis"])
    most = pd.DataFrame(_MOST_USED, columns=["tag", "tracks"])
    groups = pd.DataFrame(_OF_GROUPS, columns=["group", "tracks, all tags", "tracks, mean"])
    near = pd.DataFrame({"tag": _NEAR_JAZZ})
    jazz, about = (None, said) if data is None else _nearest(data, tags)
    return [
        Section("Table 7", "Most used tags", most, None if data is None else _most_used(data), said),
        Section("Table 8", "Groups of the 100 most used tags", groups,
                None if data is None else _groups_of(data), said),
        Section("Table 11", "Tags left out", pd.DataFrame({"tag": removed}),
                None if data is None else _removed(data), said),
        Section("Table 14", "Closest tags to “jazz”", near, jazz, about),
    ]  # fmt: skip


def _most_used(data: Folksonomy, n: int = 20) -> pd.DataFrame:
    return data.tags[["tag", "count"]].head(n).rename(columns={"count": "tracks"}).reset_index(drop=True)


def _groups_of(data: Folksonomy) -> pd.DataFrame:
    top = data.tags[["tag", "count"]].head(_MANY)
    groups = tag_groups(tuple(map(str, top["tag"])))
    found = top.assign(group=[groups[str(tag)] for tag in top["tag"]]).groupby("group")["count"]
    table = found.agg(["sum", "mean", "size"]).reindex([group for group in GROUPS if group in found.groups])
    table.columns = pd.Index(["tracks, all tags", "tracks, mean", "tags"])
    return table.reset_index()


def _removed(data: Folksonomy) -> pd.DataFrame:
    out = {tag.casefold() for tag in PRESETS["thesis"]}
    top = data.tags["tag"].head(_MANY)
    return pd.DataFrame({"tag": [tag for tag in top if str(tag).casefold() in out]}, dtype=object)


def _nearest(data: Folksonomy, tags: TagQuestion) -> tuple[pd.DataFrame | None, str]:
    try:
        near = embeddings.neighbours(tags.of_words(data).vectors, "jazz")
    except (InvalidSetting, NotFound) as error:
        return None, str(error)
    return near[["tag", "similarity"]], f"by the vectors {tags.vectors!r}"


def _notes(names: Sequence[str], number: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        if name in published_names():
            noted = open_published(name).noted()
            mine = noted["table"].map(lambda tables: str(number) in tables.split(";"))
            found |= dict.fromkeys(noted.loc[mine, "note"])
    return tuple(found)


Make = Callable[[Evidence, Evidence], Section]


def _summary(number: int, title: str, *names: str, recipe: str = "") -> Make:
    """Return what makes a table of means.

    Args:
        number: Of the table.
        title: What it is of.
        names: Published models in it.
        recipe: Whose models without a published counterpart are shown too, as such.
    """

    def make(published: Evidence, ours: Evidence) -> Section:
        known = [(ours[name].title, ours[name]) for name in names if name in ours]
        here = _means([*known, *_unmatched(ours, recipe)])
        printed = _means([(published[name].title, published[name]) for name in names])
        said = "" if here is not None else _NO_RUN
        return Section(f"Table {number}", title, printed, here, said, _notes(names, number))

    return make


def _unmatched(ours: Evidence, recipe: str) -> list[tuple[str, Figures]]:
    return [
        (f"{model}, {network}: nothing is published of it", figures)
        for network in NETWORKS
        for model, figures in without_counterpart(ours, recipe, network).items()
    ]


def _means(models: Sequence[tuple[str, Figures]]) -> pd.DataFrame | None:
    if not models:
        return None
    rows = [
        {"model": title, **{metric: each.means.get(metric, np.nan) for metric in MEANS}}
        for title, each in models
    ]
    return pd.DataFrame(rows)


def _by_gamma(ours: Evidence) -> Section:
    """Return model 5's figures by γ, and on test tracks the differences from γ = 0, tracks drawn again."""
    rows = []
    for network in NETWORKS:
        gammas = gammas_of(ours, network)
        plain = gammas[0.0].predictions("test") if 0.0 in gammas else None
        for gamma, each in gammas.items():
            means = {metric: each.means.get(metric, np.nan) for metric in MEANS}
            rows.append({"network": network, "γ": gamma, **means, **_on_test(each, plain, gamma)})
    said = _GAMMA_SAID if rows else _NO_RUN
    return Section(
        "Section 9", "Model 5: the semantic loss, by γ", None, pd.DataFrame(rows) if rows else None, said
    )


_GAMMA_SAID = (
    "auc_pr and roc_auc: each of its best epoch on validation tracks. The rest: exact AUC-PR on test tracks, "
    "and by how much it is above that of γ = 0 on the same tracks, with 95 % intervals, tracks drawn again"
)
_ENDS = {"": "", " low": "_low", " high": "_high"}


def _on_test(figures: Figures, plain: Predictions | None, gamma: float) -> dict[str, float]:
    """Return micro and macro AUC-PR on test tracks, and their differences from γ = 0; NaN where unknown."""
    ours = figures.predictions("test")
    found = {f"test {mean}": np.nan for mean in ("micro", "macro")}
    found |= {f"test {mean}, from γ = 0{end}": np.nan for mean in ("micro", "macro") for end in _ENDS}
    if ours is not None:
        scores = tagging_scores(ours.truth, ours.scores)
        found["test micro"] = scores.micro_average_precision
        found["test macro"] = scores.macro_average_precision
    if gamma and ours is not None and plain is not None and judged_alike(ours, plain):
        pairs = pair_intervals({"γ": ours, "0": plain}, "γ", "0").difference.set_index("mean")
        for end, column in _ENDS.items():
            values = pairs[f"average_precision{column}"]
            found |= {f"test {mean}, from γ = 0{end}": float(values[mean]) for mean in ("micro", "macro")}
    return found


def _by_groups(number: int, title: str, name: str) -> Make:
    def make(published: Evidence, ours: Evidence) -> Section:
        printed = open_published(name).groups()
        printed = printed[printed["table"] == number][["group", "auc_pr"]].reset_index(drop=True)
        here = _group_means(ours[name]) if name in ours else None
        said = "" if here is not None else _NO_RUN
        return Section(f"Table {number}", title, printed, here, said, _notes([name], number))

    return make


def _group_means(figures: Figures) -> pd.DataFrame:
    values = figures.per_label.dropna()
    groups = tag_groups(tuple(map(str, values.index)))
    found = values.groupby([groups[str(label)] for label in values.index]).agg(["mean", "size"])
    table = found.reindex([group for group in GROUPS if group in found.index])
    table.columns = pd.Index(["auc_pr", "labels"])
    return table.rename_axis("group").reset_index()


def _extremes(number: int, title: str, most: bool) -> Make:
    name, other = f"thesis-3.1{_NET}", f"thesis-1{_NET}"

    def make(published: Evidence, ours: Evidence) -> Section:
        printed = open_published(name).printed_by_label()
        printed = printed[printed["table"] == number][["label", "counts", "auc_pr", "position"]]
        here = None
        if name in ours and len(ours[name].counts):
            here = _extreme_labels(ours[name], ours.get(other), most)
        said = "counts are of the validation tracks here, of all there" if here is not None else _NO_RUN
        return Section(f"Table {number}", title, printed.reset_index(drop=True), here, said)

    return make


def _extreme_labels(figures: Figures, tags: Figures | None, most: bool, n: int = 5) -> pd.DataFrame:
    known = figures.counts[figures.counts.index.isin(figures.per_label.dropna().index)]
    chosen = known.sort_values(ascending=not most, kind="stable").head(n)
    rank = figures.per_label.rank(ascending=False, method="first")
    table = pd.DataFrame(
        {
            "label": chosen.index.to_numpy(object),
            "counts": chosen.to_numpy(),
            "auc_pr": figures.per_label[chosen.index].to_numpy(),
            "position": rank[chosen.index].to_numpy(),
        }
    )
    if tags is not None:
        table["auc_pr of the tag"] = tags.per_label.reindex(chosen.index).to_numpy()
    return table


def _decisions(number: int, label: str, first: str, second: str, titles: tuple[str, str]) -> Make:
    names = (first, second)

    def make(published: Evidence, ours: Evidence) -> Section:
        parts = []
        for name, title in zip(names, titles, strict=True):
            printed = open_published(name).decisions()
            mine = printed[(printed["table"] == number) & (printed["label"] == label)]
            parts.append(mine[["threshold", "tp", "tn", "fp", "fn"]].assign(model=title))
        here, said = _decided(ours, names, titles, label)
        title = f"Decisions on “{label}”, as shares of all tracks"
        table = pd.concat(parts, ignore_index=True)
        return Section(f"Table {number}", title, table, here, said, _notes(names, number))

    return make


def _decided(
    ours: Evidence, names: Sequence[str], titles: Sequence[str], label: str
) -> tuple[pd.DataFrame | None, str]:
    known = [name for name in names if name in ours and ours[name].decisions is not None]
    if not known:
        return None, _NO_RUN
    shared = [each for each in ours[known[0]].classes if all(each in ours[name].classes for name in known)]
    if not shared:
        return None, "the models here have no class in common"
    counts = ours[known[0]].counts
    other = label not in shared
    taken = str(counts.reindex(shared).idxmax()) if other else label
    rows = []
    for name, title in zip(names, titles, strict=True):
        if name not in known:
            continue
        figures = ours[name]
        decisions, column = figures.decisions, figures.classes.index(taken)
        if decisions is None:
            continue
        for threshold in TOLD_AT:
            row = int(np.searchsorted(decisions.thresholds, threshold))
            tp, tn, fp, fn = decisions.normalised(row)[:, column]
            rows.append({"threshold": threshold, "tp": tp, "tn": tn, "fp": fp, "fn": fn, "model": title})
    said = f"no class “{label}” here; this is of “{taken}”, the most used they share" if other else ""
    return pd.DataFrame(rows), said


def _genres(published: Evidence, ours: Evidence) -> Section:
    names = {
        "in model 3.3": f"thesis-3.3-k100{_NET}",
        "model 3.4": f"thesis-3.4{_NET}",
        "its most used tags": f"thesis-3.4-tags{_NET}",
    }
    printed = {}
    for title, name in names.items():
        rows = open_published(name).printed_by_label()
        printed[title] = rows[rows["table"] == 27].set_index("label")["auc_pr"]
    table = pd.DataFrame(printed).rename_axis("genre").reset_index()
    known = {title: ours[name].per_label for title, name in names.items() if name in ours}
    here = None
    if names["model 3.4"] in ours:
        here = pd.DataFrame(known).reindex(list(ours[names["model 3.4"]].classes))
        here = here.rename_axis("genre").reset_index()
    said = "" if here is not None else _NO_RUN
    return Section("Table 27", "AUC-PR of genres", table, here, said, _notes(list(names.values()), 27))


def _label_by_label(published: Evidence, ours: Evidence) -> Section:
    clusters, tags = f"thesis-3.3-k100{_NET}", f"thesis-3.3-tags{_NET}"
    printed = {}
    for title, name in (("clusters", clusters), ("tags", tags)):
        rows = open_published(name).printed_by_label()
        mine = rows[rows["table"] == 34].set_index("label")
        printed[title], printed[f"counts, {title}"] = mine["auc_pr"], mine["counts"]
    table = _with_difference(pd.DataFrame(printed))
    here = None
    if clusters in ours and tags in ours:
        pairs = {title: ours[name] for title, name in (("clusters", clusters), ("tags", tags))}
        columns = {title: each.per_label for title, each in pairs.items()}
        columns |= {f"counts, {title}": each.counts for title, each in pairs.items()}
        here = _with_difference(pd.DataFrame(columns))
    said = "" if here is not None else _NO_RUN
    return Section("Table 34", "Clusters and tags, label by label", table, here, said,
                   _notes([clusters, tags], 34))  # fmt: skip


def _with_difference(table: pd.DataFrame) -> pd.DataFrame:
    both = table.assign(difference=table["clusters"] - table["tags"])
    return both.sort_values("difference", ascending=False).rename_axis("label").reset_index()


_GRID = tuple(
    f"thesis-3.2-{vectors}-n{n}{_NET}"
    for vectors in ("word2vec", "glove-wikipedia", "glove-twitter")
    for n in (100, 500)
)


def _both(model: str) -> tuple[str, str]:
    return f"thesis-{model}{_WAVE}", f"thesis-{model}{_NET}"


_CLUSTERS_TAGS = (f"thesis-3.3-k100{_NET}", f"thesis-3.3-tags{_NET}", ("clusters", "tags"))
_BY_K = (f"thesis-3.3-k100{_NET}", f"thesis-3.3-k1000{_NET}", ("k = 100", "k = 1000"))

_TABLES: tuple[Make, ...] = (
    _summary(9, "Model 1: the most used tags", *_both("1")),
    _by_groups(10, "Mean AUC-PR by group of tags, model 1", f"thesis-1{_NET}"),
    _summary(12, "Model 2: filtered tags", *_both("2")),
    _by_groups(13, "Mean AUC-PR by group of tags, model 2", f"thesis-2{_NET}"),
    _summary(15, "Model 3.1: raw clusters", *_both("3.1"), recipe="model-3.1"),
    _extremes(16, "The most used clusters", True),
    _extremes(17, "The least used clusters", False),
    _summary(18, "Model 3.2: vectors and least counts", *_GRID, recipe="model-3.2"),
    _summary(
        19, "Model 3.3: number of clusters", *(f"thesis-3.3-{k}{_NET}" for k in _KS), recipe="model-3.3"
    ),
    _decisions(20, "rock", *_BY_K),
    _decisions(21, "chill", *_BY_K),
    _summary(22, "Model 3.3: clusters", *_both("3.3-k100")),
    _summary(23, "Model 3.3: most used tags of the clusters", *_both("3.3-tags")),
    _decisions(24, "rock", *_CLUSTERS_TAGS),
    _decisions(25, "chill", *_CLUSTERS_TAGS),
    _summary(26, "Model 3.4: genres", *_both("3.4"), recipe="model-3.4"),
    _genres,
    _summary(28, "Model 3.4: most used tag of each genre", *_both("3.4-tags")),
    _summary(29, "Model 4.1: subgenres by NPMI", *_both("4.1"), recipe="model-4.1"),
    _summary(30, "Model 4.2: subgenres by tag embeddings", *_both("4.2"), recipe="model-4.2"),
    _label_by_label,
)
