"""The paper's tables 1 to 7 and its wins and losses, as printed and as they are here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from taglab.joint_space import JointSpace
from taglab.metrics.paired import interval_over_queries
from taglab.runs import open_published, published_names
from taglab.studies.joint_space.claims import COMPARISONS, compared
from taglab.studies.joint_space.cost import one_vs_rest_mib, space_mib
from taglab.studies.joint_space.training import (
    BIG_TASKS,
    ONE_VS_REST,
    TAG_KS,
    Judged,
    StudyFigures,
)
from taglab.studies.pages import Section

_BIG_KS = (1, 6)
_NEIGHBOURS = 5
_OWN_TAGS = 10
_NO_TAGS, _NO_ARTISTS = "the data have no tags", "the data name no artists"
_PRINTED_NEIGHBOURS = {
    "female opera": "opera, operatic, woman, male opera, female singer",
    "hip hop": "rap, talking, funky, punk, funk",
    "middle eastern": "eastern, sitar, indian, oriental, india",
    "flute": "flutes, wind, clarinet, oboe, horn",
    "techno": "electronic, dance, synth, electro, trance",
    "ambient": "new age, spacey, synth, electronic, slow",
    "celtic": "irish, fiddle, folk, medieval, female singer",
}
_PRINTED_SIZES = (
    ("training and validation tracks", 16_289, 275_930), ("test tracks", 6_499, 66_072),
    ("tags", 160, np.nan), ("artists", np.nan, 26_972),
)  # fmt: skip
_PRINTED_FEATURES = 9_168  # MFCC and SAI, which alone give the sizes of table 7, of Big-data too
_PRINTED_COSTS = (
    # model, data, Y, seconds, printed MB; times of one-vs-rest for TagATune are not legible
    ("one-vs-rest", "TagATune", 160, np.nan, 11.3),
    ("MUSLSE d = 100", "TagATune", 160, 0.006, 7.2),
    ("one-vs-rest", "Big-data", 26_972, 2.0, 1_850.0),
    ("MUSLSE d = 100", "Big-data", 26_972, 0.045, 27.7),
)


def tables(figures: StudyFigures) -> list[Section]:
    """Return all of them, in order."""
    return [
        _sizes(figures),
        _of_tags(figures, 2, "Tag prediction", _in_table_2),
        _of_tags(figures, 3, "WARP and AUC", _in_table_3),
        _neighbours(figures),
        _of_tags(figures, 5, "Size of the space", lambda model: model.startswith("WARP")),
        _big_data(figures),
        _cost(figures),
        _wins(figures),
    ]


def _in_table_3(model: str) -> bool:
    return model.startswith(("WARP", "AUC")) and "one space" not in model


def _in_table_2(model: str) -> bool:
    return not model.startswith("AUC") and "one space" not in model


def _sizes(figures: StudyFigures) -> Section:
    published = pd.DataFrame(_PRINTED_SIZES, columns=["what", "TagATune", "Big-data"])
    here = pd.DataFrame({"what": list(figures.sizes), figures.data: list(figures.sizes.values())})
    left_out = [f"left out {row.tracks:,} tracks: {row.reason}" for row in figures.left_out.itertuples()]
    return Section("Table 1", "Data", published, here, "; ".join(left_out))


def _printed_rows(table: int, ks: Sequence[int]) -> pd.DataFrame:
    rows = []
    for name in published_names():
        run = open_published(name)
        if run.source["tag"] == "joint space" and table in run.config["tables"]:
            task, _, features = run.printed["what"].partition(" from ")
            means = run.precisions().set_index("k")["precision"]
            figures = {f"p@{k}": float(means.get(k, np.nan)) for k in ks}
            rows.append({"model": run.printed["model"], "of": task, "features": features, **figures})
    return pd.DataFrame(rows)


def means_table(figures: StudyFigures, judged: Sequence[Judged], ks: Sequence[int]) -> pd.DataFrame:
    """Return mean precision at k over queries, its interval at the first k, and the most it could be.

    Returns:
        A row for each: model, features, queries, p@k of every k, low and high of the first, and after the
        models of each features and task a row "ceiling".
    """
    rows = []
    for place, key in enumerate(judged):
        table = figures.precisions[key]
        ends = interval_over_queries(table[f"p@{ks[0]}"])
        means = {f"p@{k}": float(table[f"p@{k}"].mean()) for k in ks}
        shared = {"task": key.task, "features": key.features, "queries": len(table)}
        interval = {f"p@{ks[0]} low": ends.low, f"p@{ks[0]} high": ends.high}
        rows.append({"model": key.model, **shared, **means, **interval})
        following = judged[place + 1] if place + 1 < len(judged) else None
        if following is None or (following.task, following.features) != (key.task, key.features):
            most = {f"p@{k}": float(table[f"ceiling@{k}"].mean()) for k in ks}
            rows.append({"model": "ceiling", **shared, **most})
    return pd.DataFrame(rows)


def _of_tags(figures: StudyFigures, number: int, title: str, wanted: Callable[[str], bool]) -> Section:
    judged = [
        Judged("tags", model, features)
        for features in figures.features
        for model in figures.models("tags", features)
        if wanted(model)
    ]
    published = _printed_rows(number, TAG_KS).drop(columns="of")
    if not judged:
        return Section(f"Table {number}", title, published, None, _NO_TAGS)
    here = means_table(figures, judged, TAG_KS).drop(columns="task")
    said = "m × d: an ensemble, whose scores are the mean of m spaces' of d; the paper's d > 100 are such."
    return Section(f"Table {number}", title, published, here, said)


def _neighbours(figures: StudyFigures) -> Section:
    published = pd.DataFrame(_PRINTED_NEIGHBOURS.items(), columns=["tag", "neighbours"])
    title = f"The {_NEIGHBOURS} nearest tags, by dot product"
    if figures.space is None:
        return Section("Table 4", title, published, None, _NO_TAGS)
    return Section("Table 4", title, published, nearest_tags(figures.space))


def nearest_tags(space: JointSpace) -> pd.DataFrame:
    """Return the nearest tags of the paper's examples that the space has, and of its own most used.

    Returns:
        tag, neighbours (nearest first, commas between).
    """
    asked = [tag for tag in _PRINTED_NEIGHBOURS if tag in space.tags]
    asked += [tag for tag in space.tags[:_OWN_TAGS] if tag not in asked]
    scores = space.tag_vectors @ space.tag_vectors.T
    np.fill_diagonal(scores, -np.inf)
    row_of = {tag: row for row, tag in enumerate(space.tags)}
    nearest = [np.argsort(-scores[row_of[tag]], kind="stable")[:_NEIGHBOURS] for tag in asked]
    names = [", ".join(space.tags[row] for row in rows.tolist()) for rows in nearest]
    return pd.DataFrame({"tag": asked, "neighbours": names})


def _big_data(figures: StudyFigures) -> Section:
    published = _printed_rows(6, _BIG_KS)
    title = "Artists, songs and similar songs: one task and all at once"
    judged = [
        Judged(task, model, figures.features[0])
        for task in BIG_TASKS
        for model in figures.models(task, figures.features[0])
    ]
    if not judged:
        return Section("Table 6", title, published, None, _NO_ARTISTS)
    here = means_table(figures, judged, _BIG_KS)
    said = "Similar songs: the others of the same artist. Queries of songs are artists."
    return Section("Table 6", title, published, here, said)


def _cost(figures: StudyFigures) -> Section:
    by_formula = [
        (space_mib(y, _PRINTED_FEATURES, 100) if "MUSLSE" in model else one_vs_rest_mib(y, _PRINTED_FEATURES))
        for model, _, y, _, _ in _PRINTED_COSTS
    ]
    columns = ["model", "data", "outputs", "seconds", "printed MB"]
    published = pd.DataFrame(_PRINTED_COSTS, columns=columns).assign(**{"MiB, |S| = 9,168": by_formula})
    rows = []
    for task, cost in figures.cost.items():
        shared = {"of": task, "outputs": cost.outputs, "inputs": cost.inputs, "non-zeros": cost.non_zeros}
        for model, times, mib in (
            (ONE_VS_REST, cost.one_vs_rest_s, cost.one_vs_rest_mib),
            (f"joint space d = {cost.dim}", cost.space_s, cost.space_mib),
        ):
            rows.append({"model": model, **shared, "ms": 1e3 * float(np.median(times)), "MiB": mib})
    said = (
        "Median over songs, on arrays in memory, one song each; doubles. The printed time of one-vs-rest "
        "on TagATune is not legible; on Big-data the text tells 2 s and 1.85 GB."
    )
    return Section("Table 7", "Time and memory to rank for one song", published, pd.DataFrame(rows), said)


def comparisons_table(figures: StudyFigures) -> pd.DataFrame:
    """Return all comparisons of two models on the same queries.

    Returns:
        first, second, task, features, k, wins, losses, draws, difference, low, high, p (of the signed-rank
        test; NaN where all are draws).
    """
    rows = []
    for comparison in (pair for comparisons in COMPARISONS for pair in comparisons(figures)):
        first, second, k = comparison
        pair = compared(figures, comparison)
        features = dict.fromkeys((first.features, second.features))
        ends = pair.difference
        rows.append(
            {
                "first": first.model, "second": second.model, "task": first.task,
                "features": " against ".join(features), "k": k, "wins": pair.wins, "losses": pair.losses,
                "draws": pair.draws, "difference": ends.estimate, "low": ends.low, "high": ends.high,
                "p": ends.p,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).drop_duplicates(ignore_index=True)


def _wins(figures: StudyFigures) -> Section:
    printed = {"first": "MUSLSE", "second": "one-vs-rest", "features": "MFCC", "k": 3}
    published = pd.DataFrame([{**printed, "wins": 2_341, "losses": 1_940, "draws": 2_117}])
    note = "2,341 + 1,940 + 2,117 = 6,398, where table 1 has 6,499 clips; 101 may have no tags."
    said = "Intervals: 95 %, queries drawn again. p: Wilcoxon's signed-rank test; the text says rank sum."
    title = "Wins, losses and draws, query by query"
    return Section("Section 6.4", title, published, comparisons_table(figures), said, (note,))
