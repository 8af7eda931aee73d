"""The study of Kim 2021, chapter 5: recommenders of data sets are learned, judged, explained and analysed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from taglab.cache import content_key, derived_path, kept
from taglab.errors import InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.recommend import (
    RECOMMENDERS,
    HeldOut,
    ItemTags,
    RecommenderMaterial,
    fit,
    hold_out,
    judge,
    material_of,
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
_TABLES = ("sizes", "accuracy", "ndcg", "fidelities", "explained")
_FORMAT = 1  # raised where figures are measured otherwise than before
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


def carry_out(
    materials: Sequence[RecommenderMaterial], settings: ExplanationStudy, progress: Progress = silent
) -> ExplanationFigures:
    """Learn, judge and explain recommenders of data sets; what was measured of one is kept.

    Args:
        materials: What is learned from, a data set each, with plays held out.
        settings: What is learned, and how explanations are held against it.
        progress: Told how far it is; what is stopped goes on with the next recommender when asked again.

    Raises:
        InvalidSetting, DataError, NotFound: As `material_of`, `hold_out`, `fit`, `judge` and
            `measure_fidelities`.
    """
    names = [material.data for material in materials]
    if len(set(names)) < len(names) or not names:
        raise InvalidSetting(f"data={', '.join(names)} must name data sets, each once")
    models = [(name, h) for name in (*EXPLAINED, *BASELINES) for h in _sizes_of(name, settings)]
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in _TABLES}
    for number, material in enumerate(materials):
        of_data = between(progress, number / len(materials), (number + 1) / len(materials))
        plays, tags = material_of(material, between(of_data, 0, 0.02, material.data))
        held = hold_out(plays, material.held_out)
        tables["sizes"].append(_sizes(material.data, held, tags))
        for place, (name, h) in enumerate(models):
            part = between(
                of_data, 0.02 + 0.98 * place / len(models), 0.02 + 0.98 * (place + 1) / len(models),
                f"{material.data} {name}",
            )  # fmt: skip
            about: dict[str, Any] = {"data": material.data, "recommender": name, "h": h}
            for kind, table in _measured(held, tags, name, h, settings, part).items():
                named = {} if kind in ("accuracy", "ndcg") else {"group": _group(about, settings)}
                columns = named if kind == "explained" else {**named, **about}
                tables[kind].append(table.assign(**columns)[[*columns, *table.columns]])
    joined = {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}
    fidelities = joined["fidelities"]
    analysis, lacks = None, ""
    try:
        analysis = analysed(fidelities, settings.explainers, seed=settings.seed)
    except InvalidSetting as error:
        lacks = str(error)
    return ExplanationFigures(settings, tuple(names), **joined, analysis=analysis, analysis_lacks=lacks)


def _sizes_of(name: str, settings: ExplanationStudy) -> tuple[int, ...]:
    """Return the sizes a recommender is learned in; 0 where it has none."""
    sized = {"h", "factors"} & set(RECOMMENDERS[name].model_fields)
    return settings.h if sized else (0,)


def recommender_settings(name: str, h: int, settings: ExplanationStudy) -> Any:
    """Return the settings of a recommender of the study."""
    given = {"h": h, "factors": h, "hidden": settings.hidden, "epochs": settings.epochs}
    kind = RECOMMENDERS[name]
    return kind.model_validate({key: value for key, value in given.items() if key in kind.model_fields})


def _measured(
    held: HeldOut, tags: ItemTags, name: str, h: int, settings: ExplanationStudy, progress: Progress
) -> dict[str, pd.DataFrame]:
    """Return what was measured of a recommender: `accuracy`, `ndcg`, and of those explained the rest."""
    asked = recommender_settings(name, h, settings)
    how = settings.model_dump(mode="json", exclude={"h", "hidden", "epochs"})
    key = content_key(
        _FORMAT, held.train.fingerprint, tags.fingerprint, held.asked.model_dump(mode="json"),
        held.test.indptr.astype(np.int64), held.test.indices.astype(np.int64), held.candidates,
        asked.model_dump(mode="json"), how,
    )  # fmt: skip

    def compute() -> dict[str, pd.DataFrame]:
        recommender = fit(asked, held.train, tags, settings.seed, between(progress, 0, 0.3, "learning"))
        judging = between(progress, 0.3, 0.4)
        judged = judge(recommender, held, settings.k, settings.users, settings.seed, judging)
        accuracy = pd.DataFrame([{**judged.row(), "seconds": recommender.seconds}])
        measured = {"accuracy": accuracy, "ndcg": pd.DataFrame({"user": judged.users, "ndcg": judged.ndcg})}
        if name not in EXPLAINED:
            return measured
        explaining = between(progress, 0.4, 1, "explaining")
        explained = measure_fidelities(recommender, settings, progress=explaining)
        row = {"items": explained.items, "tied": explained.tied, "left_out": explained.left_out}
        seconds = {f"{one}, s": seconds for one, seconds in explained.seconds.items()}
        return {**measured, "fidelities": explained.table, "explained": pd.DataFrame([{**row, **seconds}])}

    return kept(derived_path("explanations", key, ""), _read, compute, _write)


def _group(about: Mapping[str, Any], settings: ExplanationStudy) -> str:
    """Return what a recommender of a data set is called; with its size where there are several."""
    h = about["h"]
    return f"{about['data']}:{SHORT[about['recommender']]}" + (f" {h}" if len(settings.h) > 1 and h else "")


def _sizes(data: str, held: HeldOut, tags: ItemTags) -> pd.DataFrame:
    """Return how large a data set is, what is held out among it."""
    interactions = int(held.train.matrix.nnz + held.test.nnz)
    row = {
        "data": data, "users": held.train.n_users, "items": tags.n_items, "tags": tags.n_tags,
        "interactions": interactions, "density": interactions / (held.train.n_users * tags.n_items),
    }  # fmt: skip
    return pd.DataFrame([row])


def _write(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    folder.mkdir()
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)


def _read(folder: Path) -> dict[str, pd.DataFrame] | None:
    """Return what was kept; None where nothing is, or something damaged."""
    if not folder.is_dir():
        return None
    try:
        return {path.stem: pd.read_parquet(path) for path in sorted(folder.iterdir())}
    except (OSError, ValueError):
        return None
