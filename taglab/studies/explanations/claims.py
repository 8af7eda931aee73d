"""What the chapter claims, each with a rule, fixed before any training, by which figures decide on it.

What is counted are users, of every data set its own: of a user all recommenders and numbers of tags count
together, in the mean, unless the claim is about these. A claim holds where the mean difference is at least
the least that counts and the 95 % interval over users drawn again lies above 0; where there are several
differences, of the weakest. It is contradicted where an interval lies below 0. One training stands behind a
recommender, so that no rule knows how much another seed would change.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from taglab.metrics.intervals import Interval
from taglab.metrics.paired import interval_over_queries
from taglab.metrics.validation import DoubleArray
from taglab.studies.claims import Claim
from taglab.studies.explanations.measuring import NEIGHBOURS, NETWORKS, ExplanationFigures
from taglab.studies.explanations.published import VARIANCES
from taglab.studies.verdicts import HOLDS, NOT_SHOWN, Judgement, decided, untested, weakest

ORDER = ("lime", "saliency", "partial-dependence", "random")
LEAST_USERS = 20
LEAST_TAU = 0.01
"""Least difference of two fidelities, or of two nDCG."""
_REPLICATES = 200


def better(first: str, second: str, figures: ExplanationFigures) -> Judgement:
    """Judge that one explainer is truer than another, of the same users."""
    by_user = _by_user(figures.fidelities, "explainer", "tau").dropna()
    if not {first, second} <= set(by_user):
        return untested(f"{first} or {second} was not measured")
    return _named(_over_users(by_user[first] - by_user[second]), f"{first} less {second}")


def _in_order(figures: ExplanationFigures) -> Judgement:
    return weakest([better(one, other, figures) for one, other in itertools.pairwise(ORDER)])


def _more_tags(figures: ExplanationFigures) -> Judgement:
    """Judge that every explainer but chance gains by the logarithm of the number of tags."""
    table = figures.fidelities
    if table["omega"].nunique() < 2:
        return untested("one number of tags only was measured")
    parts = []
    for explainer in [name for name in figures.settings.explainers if name != "random"]:
        of_one = table[table["explainer"] == explainer]
        by_omega = _by_user(of_one, "omega", "tau")
        log_omega = np.log(by_omega.columns.to_numpy(np.float64))
        weights = (log_omega - log_omega.mean()) / np.square(log_omega - log_omega.mean()).sum()
        parts.append(_named(_over_users(by_omega.dropna() @ weights), f"{explainer}, by log ω"))
    return weakest(parts) if parts else untested("chance alone was measured")


def _neighbours_are_easier(figures: ExplanationFigures) -> Judgement:
    known = figures.fidelities[figures.fidelities["explainer"] != "random"]
    by_user = _by_user(known, "recommender", "tau").dropna()
    return _over_users(by_user[list(NEIGHBOURS)].mean(axis=1) - by_user[list(NETWORKS)].mean(axis=1))


def _neighbours_are_less_accurate(figures: ExplanationFigures) -> Judgement:
    by_user = _by_user(figures.ndcg, "recommender", "ndcg")
    networks, neighbours = by_user[list(NETWORKS)].mean(axis=1), by_user[list(NEIGHBOURS)].mean(axis=1)
    return _over_users((networks - neighbours).dropna())


def slopes_by_mainstreaminess(table: pd.DataFrame, recommenders: Sequence[str]) -> DoubleArray:
    """Return slopes of fidelity by mainstreaminess, a data set and recommender each (data sets, …)."""
    of_these = table[table["recommender"].isin(recommenders)]
    slopes = []
    for _, group in of_these.groupby(["data", "recommender"]):
        m, tau = group["mainstreaminess"].to_numpy(), group["tau"].to_numpy()
        spread = np.square(m - m.mean()).sum()
        slopes.append(((m - m.mean()) @ tau) / spread if spread > 0 else np.nan)
    return np.array(slopes, np.float64)


def _mainstream_matters_to_networks(figures: ExplanationFigures) -> Judgement:
    known = figures.fidelities[figures.fidelities["explainer"] != "random"]
    keys = ["data", "user", "recommender", "mainstreaminess"]
    by_user = known.groupby(keys)["tau"].mean().reset_index()
    users = by_user[["data", "user"]].drop_duplicates().reset_index(drop=True)
    if len(users) < LEAST_USERS:
        return untested(f"{len(users)} users, {LEAST_USERS} are needed", len(users))
    row_of = by_user.merge(users.reset_index(names="row"), on=["data", "user"])["row"].to_numpy()
    of_user = [np.flatnonzero(row_of == row) for row in range(len(users))]
    drawn = np.random.default_rng(figures.settings.seed)

    def difference(rows: pd.DataFrame) -> float:
        steep, flat = (np.abs(slopes_by_mainstreaminess(rows, names)) for names in (NETWORKS, NEIGHBOURS))
        return float(np.nanmean(steep) - np.nanmean(flat))

    replicates = []
    for _ in range(_REPLICATES):
        chosen = drawn.integers(0, len(users), len(users))
        replicates.append(difference(by_user.iloc[np.concatenate([of_user[one] for one in chosen])]))
    low, high = np.quantile(replicates, [0.025, 0.975])
    return decided(difference(by_user), float(low), float(high), len(users), LEAST_TAU, "users")


def _mainstream_varies_most(figures: ExplanationFigures) -> Judgement:
    if figures.analysis is None:
        return untested(figures.analysis_lacks)
    variances = figures.analysis.variances.set_index("term")["variance"]
    others = variances.drop(["mainstreaminess", "user", "residual"], errors="ignore")
    return _counted(float(variances["mainstreaminess"] - others.max()), others.idxmax())


def _mainstream_varied_most() -> Judgement:
    variances = VARIANCES.set_index("term")["variance"]
    others = variances.drop("mainstreaminess")
    return _counted(float(variances["mainstreaminess"] - others.max()), others.idxmax())


def _counted(difference: float, next_term: object) -> Judgement:
    verdict = HOLDS if difference > 0 else NOT_SHOWN
    return Judgement(verdict, difference, np.nan, np.nan, 0, f"more than {next_term}; without an interval")


def _by_user(table: pd.DataFrame, by: str, value: str) -> pd.DataFrame:
    """Return means, a row a user of a data set, a column a level of what they are told apart by."""
    return table.pivot_table(index=["data", "user"], columns=by, values=value, aggfunc="mean")


def _over_users(values: pd.Series) -> Judgement:
    """Judge that a value of users is above 0 in the mean."""
    if len(values) < LEAST_USERS:
        return untested(f"{len(values)} users, {LEAST_USERS} are needed", len(values))
    ends: Interval = interval_over_queries(values.to_numpy(np.float64))
    return decided(ends.estimate, ends.low, ends.high, len(values), LEAST_TAU, "users")


def _named(judgement: Judgement, of: str) -> Judgement:
    """Return a judgement that says what it is of, before why."""
    return replace(judgement, reason=": ".join(filter(None, (of, judgement.reason))))


def _drawn_only() -> Judgement:
    return untested("the figures are drawn, and no number is printed")


CLAIMS: dict[str, Claim[ExplanationFigures]] = {
    "order": Claim(
        "LIME explains best, then saliency, then partial dependence, then chance.",
        "section 5.4.2, figures 5.3 and 5.5",
        f"each less the next in mean tau, at least {LEAST_TAU}, the interval above 0; of the weakest pair",
        _in_order, _drawn_only,
    ),
    "more tags": Claim(
        "The more tags count, the better the explanations, but for chance.",
        "section 5.4.2, figure 5.3",
        f"slope of tau by log ω, at least {LEAST_TAU}, the interval above 0; of the weakest explainer",
        _more_tags, _drawn_only,
    ),
    "neighbours easier": Claim(
        "Neighbourhood recommenders are easier to explain than FM and NCF.",
        "section 5.4.2, figure 5.3",
        f"mean tau of iNN and uNN less that of FM and NCF, at least {LEAST_TAU}, the interval above 0",
        _neighbours_are_easier, _drawn_only,
    ),
    "neighbours less accurate": Claim(
        "Neighbourhood recommenders are less accurate than FM and NCF.",
        "section 5.4.1, figure 5.2",
        f"mean nDCG of FM and NCF less that of iNN and uNN, at least {LEAST_TAU}, the interval above 0",
        _neighbours_are_less_accurate, _drawn_only,
    ),
    "mainstream": Claim(
        "How mainstream a user is matters more to explanations of FM and NCF than to those of neighbours.",
        "section 5.4.2, figures 5.4 and 5.6",
        "mean magnitude of the slope of tau by mainstreaminess of FM and NCF, less that of iNN and uNN, at "
        f"least {LEAST_TAU}, the interval over users above 0",
        _mainstream_matters_to_networks, _drawn_only,
    ),
    "variance": Claim(
        "Mainstreaminess has the largest variance component.",
        "section 5.4.2",
        "the variance of its slopes over groups is above all others but the users' and the residual's",
        _mainstream_varies_most, _mainstream_varied_most,
    ),
}  # fmt: skip
"""Key → claim."""
