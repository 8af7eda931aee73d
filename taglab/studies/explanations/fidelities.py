"""How true explanations of a recommender are, over its users."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import DataError
from taglab.metrics.fidelity import tau_ap_a
from taglab.metrics.mainstreaminess import mainstreaminess
from taglab.progress import Progress, counted, silent
from taglab.recommend.explain import EXPLAINERS, Explained, explained_user
from taglab.recommend.recommender import Recommender
from taglab.reprs import one_line
from taglab.studies.explanations.settings import FidelitySettings

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fidelities:
    """How true explanations of a recommender are.

    Attributes:
        table: A row for each user, explainer and number of tags: `user` (its row), `explainer`, `omega`,
            `tau` (τ_AP,a), `mainstreaminess`.
        seconds: Explainer → seconds for all items of a user, in the mean.
        items: Most items ranked for a user.
        tied: Share of items that scored as another of the same user did, and rank in the order of rows.
        left_out: Users that could not be explained, for none of their items has a tag.
    """

    table: pd.DataFrame
    seconds: dict[str, float]
    items: int
    tied: float
    left_out: int

    __repr__ = one_line


def explained_items(recommender: Recommender, user: int, top: int, others: int, seed: int = 0) -> Ints:
    """Return the items of highest scores that a user has not played, and some drawn of the rest.

    Args:
        recommender: What scores.
        user: Row of the user.
        top: How many of the highest, best first; of equal scores the first rows.
        others: How many of the rest.
        seed: Of those drawn.
    """
    unplayed = np.setdiff1d(np.arange(recommender.n_items), recommender.history(user))
    order = unplayed[np.argsort(-recommender.scores(user, unplayed), kind="stable")]
    first, rest = order[:top], order[top:]
    drawn = np.random.default_rng([seed, user]).choice(rest, min(others, len(rest)), replace=False)
    return np.concatenate([first, np.sort(drawn)]).astype(np.int64)


def drawn_users(recommender: Recommender, most: int, seed: int = 0) -> Ints:
    """Return users with a history, drawn where they are many (users,).

    Raises:
        DataError: If nobody has one.
    """
    users = np.flatnonzero(recommender.plays.per_user())
    if not len(users):
        raise DataError(recommender.plays.name, "has no user with a history, of whom anything could be told")
    if len(users) > most:
        users = np.sort(np.random.default_rng(seed).choice(users, most, replace=False))
    return users


def measure_fidelities(
    recommender: Recommender,
    settings: FidelitySettings,
    users: Ints | None = None,
    progress: Progress = silent,
) -> Fidelities:
    """Explain a recommender to users, and hold explanations against its rankings.

    Args:
        recommender: What is explained.
        settings: Which explainers, items and numbers of tags.
        users: Rows of users; those of `drawn_users` where None.
        progress: Told after every user.

    Raises:
        DataError: If nobody has a history, or no item a tag.
        InvalidSetting: If an explainer cannot explain this recommender.
    """
    users = drawn_users(recommender, settings.users, settings.seed) if users is None else users
    overlap = mainstreaminess(recommender.plays.matrix)
    rows: list[dict[str, Any]] = []
    seconds = dict.fromkeys(settings.explainers, 0.0)
    items, tied, n_items, left_out = 0, 0, 0, 0
    for number, user in enumerate(users):
        progress(number / len(users), counted("users", number, len(users)))
        asked = explained_items(recommender, int(user), settings.top, settings.others, settings.seed)
        if len(asked) < 2 or not recommender.tags.matrix[asked].nnz:
            left_out += 1
            continue
        explained = explained_user(recommender, int(user), asked)
        items, n_items = max(items, len(asked)), n_items + len(asked)
        tied += len(asked) - len(np.unique(explained.scores))
        for name, omega, tau, took_s in _taus(explained, settings, settings.seed + int(user)):
            rows.append({"user": int(user), "explainer": name, "omega": omega, "tau": tau})
            seconds[name] += took_s
    if not rows:
        raise DataError(recommender.plays.name, "has no user of whose items one has a tag")
    table = pd.DataFrame(rows)
    table["mainstreaminess"] = overlap[table["user"].to_numpy()]
    n_users = len(users) - left_out
    mean_s = {name: total / n_users for name, total in seconds.items()}
    return Fidelities(table, mean_s, items, tied / n_items, left_out)


def _taus(explained: Explained, settings: FidelitySettings, seed: int) -> list[tuple[str, int, float, float]]:
    """Return explainer, number of tags, fidelity, and seconds, which the first of an explainer's rows has."""
    omegas = sorted({min(omega, explained.n_tags) for omega in settings.omegas})
    rows = []
    for name in settings.explainers:
        began = time.perf_counter()
        explanation = EXPLAINERS[name]().explain(explained, seed)
        took_s = time.perf_counter() - began
        for omega in omegas:
            approximated = explanation.approximated(settings.reading, omega)
            rows.append((name, omega, tau_ap_a(explained.scores, approximated, ties="order"), took_s))
            took_s = 0.0
    return rows
