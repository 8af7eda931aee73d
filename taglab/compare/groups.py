"""Labels by what kind of tag they are: the thesis's eight groups, or the categories of stage I."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from taglab.cleaning.categories import UNCATEGORISED, Categories
from taglab.cleaning.collapse_words import STAGE_1
from taglab.runs.published import PublishedRun
from taglab.runs.run import Run

# Of the thesis's hundred tags those that its author grouped otherwise than the word lists do.
_BY_HAND = {
    "sexy": "Meaningless",
    "soundtrack": "Meaningless",
    "singer-songwriter": "Miscellaneous",
    "instrumental": "Miscellaneous",
    "ambient": "Miscellaneous",
    "lounge": "Miscellaneous",
}


GROUPS = (
    "Genres", "Instruments", "Dates", "Voices", "Emotions", "Nationalities", "Meaningless", "Miscellaneous",
    UNCATEGORISED,
)  # fmt: skip
"""The thesis's groups of tags in its order, and what is in none."""


GROUPINGS = {"thesis": GROUPS, "stages": (*STAGE_1, UNCATEGORISED)}
"""Ways to group labels → their groups: the thesis's eight, or the categories of stage I's chosen tags."""


_CATEGORY_OF = {tag: category for category, tags in STAGE_1.items() for tag in tags}


@functools.lru_cache(maxsize=64)
def tag_groups(labels: tuple[str, ...]) -> Mapping[str, str]:
    """Return the tag group of each label, one of `GROUPS`: by the words it holds.

    The thesis's hundred tags are in the groups its author put them.

    Source: Ros Perez 2021, tables 8 and 32.
    """
    by_words = Categories(scheme="thesis").categories(labels)
    return {label: _BY_HAND.get(label.casefold(), group) for label, group in by_words.items()}


def by_group(rows: pd.DataFrame, grouping: str = "thesis") -> pd.DataFrame:
    """Return the mean over the labels of each tag group.

    Args:
        rows: As `stacked` gives; labels without a value are left out.
        grouping: One of `GROUPINGS`.

    Returns:
        `run`, `group` (in the order of the grouping), `value`, `labels` (how many).

    Source: Ros Perez 2021, tables 10 and 13.
    """
    order = list(dict.fromkeys(rows["run"]))
    known = rows[rows["value"].notna()]
    if grouping == "stages":
        known = known.assign(group=known["label"].map(_CATEGORY_OF).fillna(UNCATEGORISED))
    means = known.groupby(["run", "group"])["value"].agg(["mean", "size"]).reset_index()
    means.columns = pd.Index(["run", "group", "value", "labels"])
    groups = GROUPINGS[grouping]
    pairs = zip(means["run"], means["group"], strict=True)
    rank = np.array([order.index(run) * len(groups) + groups.index(group) for run, group in pairs], np.int64)
    return means.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)


def printed_groups(runs: Mapping[str, Run], metric: str, grouping: str = "thesis") -> pd.DataFrame:
    """Return the means by tag group that were printed of published runs.

    Args:
        runs: Title → run; those that are not published, or of another grouping, have no rows.
        metric: "auc_pr" or "auc_roc"; of others nothing is printed.
        grouping: One of `GROUPINGS`.

    Returns:
        As `by_group`; `labels` is NaN where it is not told.
    """
    found = []
    for title, run in runs.items():
        table = run.groups() if isinstance(run, PublishedRun) else pd.DataFrame()
        if metric in table:
            here = table[table["group"].isin(GROUPINGS[grouping]) & table[metric].notna()]
            found += [
                (title, group, value, float(len(STAGE_1[group])) if group in STAGE_1 else np.nan)
                for group, value in zip(here["group"], here[metric], strict=True)
            ]
    return pd.DataFrame(found, columns=["run", "group", "value", "labels"])


def grouping_of(rows: pd.DataFrame, runs: Mapping[str, Run]) -> str:
    """Return in which groups runs are best seen: "stages" where all that they have is of those.

    Args:
        rows: As `stacked` gives.
        runs: Title → run; of published ones, printed groups count as well.
    """
    chosen = rows["label"].isin(list(_CATEGORY_OF))
    printed = [printed_groups(runs, "auc_pr", name) for name in GROUPINGS]
    of_thesis, of_stages = (len(table) for table in printed)
    return "stages" if chosen.all() and not of_thesis and len(chosen) + of_stages else "thesis"
