"""Tables of what features are worth on tasks, and of two features' answers side by side."""

from __future__ import annotations

import pandas as pd

from taglab.encoders import encoder_name, is_baseline
from taglab.studies.transfer.scoring import Transfer, Transferred

SCORE_COLUMNS = (
    "task", "asks", "measure", "features", "encoder", "baseline", "mean", "low", "high", "deviation",
    "splits", "learned_from", "held_out",
)  # fmt: skip


def score_table(result: Transfer) -> pd.DataFrame:
    """Return a row for each task and features, task by task.

    Returns:
        `SCORE_COLUMNS`: the task's name, what it asks, its measure; the features, their encoder and whether
        they are a baseline; mean over splits with its 95 % interval, NaN of fewer than two splits; deviation
        over splits (n − 1); how many; tracks learned from and held out, mean over splits.
    """
    rows = []
    for asked, features, one in result:
        interval = one.interval
        rows.append(
            {
                "task": asked.task.model_dump(mode="json")["task"],
                "asks": asked.task.title,
                "measure": asked.task.measure,
                "features": features.name,
                "encoder": encoder_name(features),
                "baseline": is_baseline(features) or features.name in result.baselines,
                "mean": interval.estimate,
                "low": interval.low,
                "high": interval.high,
                "deviation": float(one.scores.std(ddof=1)) if len(one.scores) > 1 else float("nan"),
                "splits": len(one.scores),
                "learned_from": one.learned_from,
                "held_out": one.held_out,
            }
        )
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def split_table(result: Transfer) -> pd.DataFrame:
    """Return a row for each task, features and split: task, asks, measure, features, split, score."""
    rows = [
        (
            asked.task.model_dump(mode="json")["task"],
            asked.task.title,
            asked.task.measure,
            features.name,
            at + 1,
            score,
        )
        for asked, features, one in result
        for at, score in enumerate(one.scores.tolist())
    ]
    return pd.DataFrame(rows, columns=["task", "asks", "measure", "features", "split", "score"])


def answer_table(result: Transfer) -> pd.DataFrame:
    """Return a row for each task, features, split and track held out: with its truth, answer and merit."""
    tables = [
        one.answers.assign(
            task=asked.task.model_dump(mode="json")["task"], asks=asked.task.title, features=features.name
        )
        for asked, features, one in result
    ]
    table = pd.concat(tables, ignore_index=True)
    first = ["task", "asks", "features"]
    return table[[*first, *(name for name in table if name not in first)]]


def side_by_side(one: Transferred, other: Transferred) -> pd.DataFrame:
    """Return the answers of two features to one task, the greatest differences first.

    A track held out by several splits has the mean of its merits, and the answers of the first of them.

    Returns:
        `track`, `truth`, `answer` and `merit` of the first, `other answer` and `other merit` of the second,
        `difference` (merit less the other's) and `times` (splits that held it out); where differences are
        equal, in the order in which tracks were held out.
    """
    first, second = (_by_track(answers) for answers in (one.answers, other.answers))
    table = first.join(second[["answer", "merit"]].add_prefix("other "), how="inner")
    table["difference"] = table["merit"] - table["other merit"]
    order = table["difference"].abs().sort_values(ascending=False, kind="stable").index
    columns = ["truth", "answer", "merit", "other answer", "other merit", "difference", "times"]
    return table.loc[order, columns].reset_index()


def _by_track(answers: pd.DataFrame) -> pd.DataFrame:
    by = answers.groupby("track", sort=False)
    table = by[["truth", "answer"]].first()
    table["merit"] = by["merit"].mean()
    table["times"] = by.size()
    return table
