"""The study of Kim 2021, chapter 5: recommenders of data sets are learned, judged, explained and analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from taglab.errors import InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.recommend import (
    RECOMMENDERS,
    RecommenderMaterial,
    judge,
    train_recommender,
)
from taglab.reprs import one_line
from taglab.studies.explanations.analysis import Analysis, analysed
from taglab.studies.explanations.fidelities import measure_fidelities
from taglab.studies.explanations.settings import ExplanationStudy

EXPLAINED = ("inn", "unn", "fm", "ncf")
"""Recommenders that know tags, as published: neighbours first."""
NEIGHBOURS, NETWORKS = EXPLAINED[:2], EXPLAINED[2:]
BASELINES = ("wrmf", "popular", "random")
"""Recommenders that are judged beside them."""
SHORT = {"inn": "iNN", "unn": "uNN", "fm": "FM", "ncf": "NCF", "wrmf": "WRMF", "popular": "Popular"}


@dataclass(frozen=True, eq=False)
class ExplanationFigures:
    """What the study brought.

    Attributes:
        settings: What was asked for.
        data: Names of the data sets.
        sizes: Of each: `data`, `users`, `items`, `tags`, `interactions`, `density` (table 5.1).
        accuracy: A row a recommender of a data set: `data`, `recommender`, `h`, and what `Judged.row` has.
        ndcg: `data`, `recommender`, `h`, `user`, `ndcg`.
        fidelities: `group`, `data`, `recommender`, `h`, `user`, `explainer`, `omega`, `tau`,
            `mainstreaminess`.
        explained: A row a recommender of a data set: `group`, `items` ranked, `tied` share, users `left_out`,
            and seconds an explainer.
        analysis: None where groups are too few; `analysis_lacks` says why.
        analysis_lacks: Why there is no analysis; empty where there is.
    """

    settings: ExplanationStudy
    data: tuple[str, ...]
    sizes: pd.DataFrame
    accuracy: pd.DataFrame
    ndcg: pd.DataFrame
    fidelities: pd.DataFrame
    explained: pd.DataFrame
    analysis: Analysis | None
    analysis_lacks: str = ""

    __repr__ = one_line


@dataclass
class _Rows:
    sizes: list[dict[str, Any]] = field(default_factory=list)
    accuracy: list[dict[str, Any]] = field(default_factory=list)
    explained: list[dict[str, Any]] = field(default_factory=list)
    ndcg: list[pd.DataFrame] = field(default_factory=list)
    fidelities: list[pd.DataFrame] = field(default_factory=list)


def carry_out(
    materials: Sequence[RecommenderMaterial], settings: ExplanationStudy, progress: Progress = silent
) -> ExplanationFigures:
    """Learn, judge and explain recommenders of data sets.

    Args:
        materials: What is learned from, a data set each, with plays held out.
        settings: What is learned, and how explanations are held against it.
        progress: Told how far it is.

    Raises:
        InvalidSetting, DataError, NotFound: As `train_recommender`, `judge` and `measure_fidelities`.
    """
    names = [material.data for material in materials]
    if len(set(names)) < len(names) or not names:
        raise InvalidSetting(f"data={', '.join(names)} must name data sets, each once")
    rows = _Rows()
    models = [(name, h) for name in (*EXPLAINED, *BASELINES) for h in _sizes_of(name, settings)]
    steps = [(material, name, h) for material in materials for name, h in models]
    for number, (material, name, h) in enumerate(steps):
        part = between(progress, number / len(steps), (number + 1) / len(steps), f"{material.data} {name}")
        _add_model(rows, material, name, h, settings, part)
    fidelities = pd.concat(rows.fidelities, ignore_index=True)
    analysis, lacks = None, ""
    try:
        analysis = analysed(fidelities, settings.explainers, seed=settings.seed)
    except InvalidSetting as error:
        lacks = str(error)
    return ExplanationFigures(
        settings, tuple(names), pd.DataFrame(rows.sizes), pd.DataFrame(rows.accuracy),
        pd.concat(rows.ndcg, ignore_index=True), fidelities, pd.DataFrame(rows.explained), analysis, lacks,
    )  # fmt: skip


def _sizes_of(name: str, settings: ExplanationStudy) -> tuple[int, ...]:
    """Return the sizes a recommender is learned in; 0 where it has none."""
    sized = {"h", "factors"} & set(RECOMMENDERS[name].model_fields)
    return settings.h if sized else (0,)


def recommender_settings(name: str, h: int, settings: ExplanationStudy) -> Any:
    """Return the settings of a recommender of the study."""
    given = {"h": h, "factors": h, "hidden": settings.hidden, "epochs": settings.epochs}
    kind = RECOMMENDERS[name]
    return kind.model_validate({key: value for key, value in given.items() if key in kind.model_fields})


def _add_model(
    rows: _Rows,
    material: RecommenderMaterial,
    name: str,
    h: int,
    settings: ExplanationStudy,
    progress: Progress,
) -> None:
    asked = recommender_settings(name, h, settings)
    recommender, held = train_recommender(
        asked, material, settings.seed, between(progress, 0, 0.3, "learning")
    )
    about: dict[str, Any] = {"data": material.data, "recommender": name, "h": h}
    judged = judge(recommender, held, settings.k, settings.users, settings.seed, between(progress, 0.3, 0.4))
    rows.accuracy.append({**about, **judged.row(), "seconds": recommender.seconds})
    rows.ndcg.append(pd.DataFrame({"user": judged.users, "ndcg": judged.ndcg}).assign(**about))
    if not any(size["data"] == material.data for size in rows.sizes):
        plays = recommender.plays
        rows.sizes.append(
            {
                "data": material.data, "users": plays.n_users, "items": recommender.n_items,
                "tags": recommender.n_tags, "interactions": int(plays.matrix.nnz + held.test.nnz),
                "density": (plays.matrix.nnz + held.test.nnz) / (plays.n_users * recommender.n_items),
            }
        )  # fmt: skip
    if name in EXPLAINED:
        explained = measure_fidelities(
            recommender, settings, progress=between(progress, 0.4, 1, "explaining")
        )
        group = f"{material.data}:{SHORT[name]}" + (f" {h}" if len(settings.h) > 1 and h else "")
        rows.fidelities.append(explained.table.assign(group=group, **about))
        rows.explained.append(
            {
                "group": group, "items": explained.items, "tied": explained.tied,
                "left_out": explained.left_out,
                **{f"{one}, s": seconds for one, seconds in explained.seconds.items()},
            }
        )  # fmt: skip
