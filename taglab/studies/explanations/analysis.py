"""What fidelity depends on: a multilevel model of explainers, numbers of tags, users and groups.

    tau ~ explainer · log ω + (1 | group) + (explainer | group, one variance each) + (m | group) + (1 | user)

A group is a recommender of a data set, m how mainstream a user is. Kim 2021, eq. 5.2, has two intercepts of
one variance, and none for the user, although a user's fidelities are of one user: with (1 | user) in place of
the second intercept the model can be told apart from others, and its errors are those of users. As printed,
m has no slope common to all groups, so that its variance holds the mean slope, too; `common_slope` adds one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel import MultilevelModel, RandomTerm, fit_multilevel, marginal_rows
from taglab.reprs import one_line

_MOST_USERS = 1_500  # effects of users, whose matrix is dense


@dataclass(frozen=True, eq=False)
class Analysis:
    """What fidelity depends on.

    Attributes:
        model: The model.
        fixed: Share of the variance that fixed effects account for (Nakagawa's marginal R²).
        whole: That of fixed and random ones together (conditional R²).
        means: Marginal means: `explainer`, `omega`, `estimate`, `low`, `high`.
        variances: `term`, `variance`.
        slopes: Effect of m by group: `group`, `effect`.
        users: Users the model is fitted to, of all groups.
    """

    model: MultilevelModel
    fixed: float
    whole: float
    means: pd.DataFrame
    variances: pd.DataFrame
    slopes: pd.DataFrame
    users: int

    __repr__ = one_line


def analysed(
    table: pd.DataFrame, explainers: Sequence[str], common_slope: bool = False, seed: int = 0
) -> Analysis:
    """Fit the model.

    Args:
        table: `group`, `user` (of its group), `explainer`, `omega`, `tau`, `mainstreaminess`.
        explainers: In their order; the first is what the others are held against.
        common_slope: Whether m has a slope common to all groups.
        seed: Of the users drawn where they are too many.

    Raises:
        InvalidSetting: If there are fewer than two groups or explainers, or one number of tags only.
    """
    if table["group"].nunique() < 2 or len(explainers) < 2 or table["omega"].nunique() < 2:
        raise InvalidSetting(
            "the analysis needs two recommenders or data sets, two explainers and two numbers of tags; "
            "measure more"
        )
    used = _fewer_users(table.dropna(subset=["tau", "mainstreaminess"]), seed)
    used = used.assign(
        explainer=pd.Categorical(used["explainer"], list(explainers)), log_omega=np.log(used["omega"]),
        m=used["mainstreaminess"],
    )  # fmt: skip
    design_of = partial(fixed_effects, explainers=tuple(explainers), common_slope=common_slope)
    read = ["explainer", "log_omega", *(["m"] if common_slope else [])]
    model = fit_multilevel(used["tau"], design_of(used), random_terms(used, explainers))
    fixed, whole = model.r_squared()
    effects = model.random_effects()
    of_m = effects[effects["term"] == "mainstreaminess"][["group", "effect"]].reset_index(drop=True)
    if common_slope:
        shared = float(model.estimates[model.names.index("m")])
        effect = of_m["effect"].to_numpy(np.float64) + shared
        of_m = pd.DataFrame({"group": of_m["group"], "effect": effect})
    n_users = used[["group", "user"]].drop_duplicates().shape[0]
    return Analysis(
        model, fixed, whole, _means(model, design_of, used[read], sorted(used["omega"].unique())),
        model.variance_components(), of_m, n_users,
    )  # fmt: skip


def fixed_effects(rows: pd.DataFrame, explainers: Sequence[str], common_slope: bool) -> pd.DataFrame:
    """Return the design: intercept, explainers but the first, log ω, and their products."""
    design = pd.DataFrame({"intercept": 1.0}, rows.index)
    for name in explainers[1:]:
        design[name] = (rows["explainer"] == name).astype(float)
    design["log_omega"] = rows["log_omega"]
    for name in explainers[1:]:
        design[f"{name}:log_omega"] = design[name] * rows["log_omega"]
    return design.assign(m=rows["m"]) if common_slope else design


def random_terms(rows: pd.DataFrame, explainers: Sequence[str]) -> list[RandomTerm]:
    """Return the random effects: of groups, alone, by explainer and by m; and of users within them."""
    groups = rows["group"].to_numpy()
    of_explainers = [
        RandomTerm(name, groups, (rows["explainer"] == name).to_numpy().astype(np.float64))
        for name in explainers[1:]
    ]
    users = (rows["group"] + "\n" + rows["user"].astype(str)).to_numpy()
    return [
        RandomTerm("intercept", groups),
        *of_explainers,
        RandomTerm("mainstreaminess", groups, rows["m"].to_numpy(np.float64)),
        RandomTerm("user", users),
    ]


def _means(
    model: MultilevelModel,
    design_of: Callable[[pd.DataFrame], pd.DataFrame],
    used: pd.DataFrame,
    omegas: Sequence[int],
) -> pd.DataFrame:
    parts = []
    for omega in omegas:
        rows = marginal_rows(design_of, used, "explainer", at={"log_omega": float(np.log(omega))})
        means = model.contrasts(rows)[["name", "estimate", "low", "high"]].rename(
            columns={"name": "explainer"}
        )
        parts.append(means.assign(omega=omega))
    return pd.concat(parts, ignore_index=True)


def _fewer_users(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the same of as many users as the model bears, as many of every group."""
    users = table[["group", "user"]].drop_duplicates()
    if len(users) <= _MOST_USERS:
        return table
    of_a_group = max(_MOST_USERS // users["group"].nunique(), 2)
    shuffled = users.sample(frac=1, random_state=np.random.default_rng(seed))
    kept = shuffled.groupby("group").head(of_a_group)
    return table.merge(kept, on=["group", "user"])
