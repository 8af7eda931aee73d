"""Multilevel models against cases worked by hand, the likelihood written out, statsmodels and R's lme4."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import null_space
from scipy.stats import multivariate_normal

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel import (
    MultilevelModel,
    RandomTerm,
    bootstrap,
    bootstrap_intervals,
    fit_multilevel,
    marginal_rows,
    pairwise,
    standardised,
)

HDPGMM = Path(__file__).resolve().parents[3] / "../shared/data/oracles/hdpgmm_results/results_agg.csv"
ORACLE = Path(__file__).resolve().parents[3] / "../shared/data/oracles/multilevel"


def ones(n: int) -> pd.DataFrame:
    return pd.DataFrame({"mean": np.ones(n)})


def balanced(n_groups: int = 6, n_in_group: int = 5) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    groups = np.repeat(np.arange(n_groups), n_in_group)
    scores = 3 + 2 * generator.standard_normal(n_groups)[groups] + generator.standard_normal(len(groups))
    return scores, groups


def crossed(seed: int = 0) -> tuple[np.ndarray, pd.DataFrame, list[RandomTerm]]:
    """Scores of 8 tasks × 10 people, unbalanced, with a slope by task and a covariate."""
    generator = np.random.default_rng(seed)
    n = 300
    task, person = generator.integers(0, 8, n), generator.integers(0, 10, n)
    x = generator.standard_normal(n)
    scores = (
        1
        + 0.5 * x
        + 0.8 * generator.standard_normal(8)[task]
        + 0.6 * generator.standard_normal(10)[person]
        + 0.4 * generator.standard_normal(8)[task] * x
        + 0.5 * generator.standard_normal(n)
    )
    design = pd.DataFrame({"mean": np.ones(n), "x": x})
    return scores, design, [RandomTerm("task", task), RandomTerm("person", person), RandomTerm("x", task, x)]


def test_balanced_groups_by_hand() -> None:
    """REML of a balanced one-way layout is the analysis of variance: (MSB - MSW) / n and MSW."""
    scores, groups = balanced()
    means = scores.reshape(6, 5).mean(axis=1)
    within = ((scores - means[groups]) ** 2).sum() / (6 * 4)
    between = 5 * ((means - scores.mean()) ** 2).sum() / 5
    model = fit_multilevel(scores, ones(30), [RandomTerm("group", groups)])
    assert model.residual_variance == pytest.approx(within, rel=1e-6)
    assert model.variances[0] == pytest.approx((between - within) / 5, rel=1e-6)
    table = model.coefficients().iloc[0]
    assert table["estimate"] == pytest.approx(scores.mean())
    assert table["standard_error"] == pytest.approx(np.sqrt(between / 30), rel=1e-6)
    assert table["df"] == pytest.approx(
        5, rel=1e-4
    )  # as many as groups less one: Satterthwaite is exact here
    shrunk = (between - within) / between * (means - scores.mean())
    np.testing.assert_allclose(model.random_effects()["effect"], shrunk, rtol=1e-5)


def test_groups_that_differ_less_than_chance_have_no_variance() -> None:
    """Means that are all the same: MSB < MSW, so that the variance between groups is 0."""
    scores = np.tile([0.0, 1.0, 2.0], 4)
    model = fit_multilevel(scores, ones(12), [RandomTerm("group", np.repeat(np.arange(4), 3))])
    assert model.variances[0] == 0
    assert model.singular == ("group",)
    assert model.residual_variance == pytest.approx(8 / 11)
    assert model.notes() == [
        "singular: the variance of group is estimated as 0; the scores do not tell it from the residual"
    ]
    assert model.coefficients()["df"][0] == pytest.approx(11)


def covariance_of(model: MultilevelModel, random: list[RandomTerm], factors: np.ndarray) -> np.ndarray:
    """V written out, with each variance times a factor, the residual's last."""
    total = factors[-1] * model.residual_variance * np.eye(model.n)
    for term, variance, factor in zip(random, model.variances, factors, strict=False):
        values = np.ones(model.n) if term.values is None else term.values
        same = term.groups[:, None] == term.groups[None, :]
        total += factor * variance * same * np.outer(values, values)
    return total


@pytest.mark.parametrize("reml", [True, False])
def test_likelihood_is_that_of_the_normal_distribution_and_greatest(reml: bool) -> None:
    """REML is the likelihood of error contrasts: y on an orthonormal basis that the fixed effects leave."""
    scores, design, random = crossed()
    model = fit_multilevel(scores, design, random, reml=reml)
    x = design.to_numpy()

    def log_likelihood(factors: np.ndarray) -> float:
        covariance = covariance_of(model, random, factors)
        if not reml:
            mean = x @ np.linalg.solve(
                x.T @ np.linalg.solve(covariance, x), x.T @ np.linalg.solve(covariance, scores)
            )
            return float(multivariate_normal.logpdf(scores, mean, covariance))
        left = null_space(x.T)
        own = multivariate_normal.logpdf(left.T @ scores, cov=left.T @ covariance @ left)
        return float(own - np.linalg.slogdet(x.T @ x)[1] / 2)

    best = log_likelihood(np.ones(4))
    assert model.log_likelihood == pytest.approx(best, abs=1e-6)
    for number in range(4):
        for factor in (0.9, 1.1):
            assert log_likelihood(np.where(np.arange(4) == number, factor, 1.0)) < best


@pytest.mark.parametrize("reml", [True, False])
def test_generalised_least_squares(reml: bool) -> None:
    scores, design, random = crossed(1)
    model = fit_multilevel(scores, design, random, reml=reml)
    inverse = np.linalg.inv(covariance_of(model, random, np.ones(4)))
    x = design.to_numpy()
    covariance = np.linalg.inv(x.T @ inverse @ x)
    np.testing.assert_allclose(model.covariance, covariance, rtol=1e-8)
    np.testing.assert_allclose(model.estimates, covariance @ x.T @ inverse @ scores, rtol=1e-8)


@pytest.mark.parametrize("reml", [True, False])
def test_degrees_of_freedom_by_differences(reml: bool) -> None:
    """Satterthwaite's, from second differences of the likelihood and differences of the covariance."""
    scores, design, random = crossed(2)
    model = fit_multilevel(scores, design, random, reml=reml)
    x = design.to_numpy()

    def deviance(factors: np.ndarray) -> float:
        covariance = covariance_of(model, random, factors)
        inverse = np.linalg.inv(covariance)
        precision = x.T @ inverse @ x
        left = scores - x @ np.linalg.solve(precision, x.T @ inverse @ scores)
        log_x = np.linalg.slogdet(precision)[1] if reml else 0.0
        return float(np.linalg.slogdet(covariance)[1] + log_x + left @ inverse @ left)

    def covariance(factors: np.ndarray) -> np.ndarray:
        return np.linalg.inv(x.T @ np.linalg.inv(covariance_of(model, random, factors)) @ x)

    step = 1e-3 * np.eye(4)
    second = np.array(
        [[(deviance(1 + a + b) - deviance(1 + a - b) - deviance(1 - a + b) + deviance(1 - a - b)) / 4e-6
          for b in step] for a in step]
    )  # fmt: skip
    slopes = np.array([(covariance(1 + a) - covariance(1 - a)) / 2e-3 for a in step])
    for number in range(2):
        slope = slopes[:, number, number]
        expected = 2 * model.covariance[number, number] ** 2 / (slope @ (2 * np.linalg.inv(second)) @ slope)
        assert model.degrees_of_freedom(np.eye(2))[number] == pytest.approx(expected, rel=1e-3)


def test_as_statsmodels_with_one_grouping_factor() -> None:
    statsmodels = pytest.importorskip("statsmodels.formula.api")
    scores, design, random = crossed(3)
    table = pd.DataFrame({"y": scores, "x": design["x"], "task": random[0].groups})
    theirs = statsmodels.mixedlm(
        "y ~ x", table, groups="task", re_formula="0", vc_formula={"a": "1", "b": "0 + x"}
    ).fit(reml=True)
    ours = fit_multilevel(scores, design, [random[0], random[2]])
    np.testing.assert_allclose(ours.estimates, theirs.fe_params, rtol=1e-4)
    np.testing.assert_allclose(ours.variances, theirs.vcomp, rtol=2e-3)
    assert ours.residual_variance == pytest.approx(theirs.scale, rel=1e-3)
    assert ours.log_likelihood >= theirs.llf - 1e-6


def test_scale_and_shift_of_scores_change_what_they_should() -> None:
    scores, design, random = crossed(4)
    one, other = fit_multilevel(scores, design, random), fit_multilevel(100 * scores - 7, design, random)
    np.testing.assert_allclose(other.estimates, 100 * one.estimates - [7, 0], rtol=1e-6)
    np.testing.assert_allclose(other.variances, 1e4 * one.variances, rtol=1e-3)
    np.testing.assert_allclose(
        other.degrees_of_freedom(np.eye(2)), one.degrees_of_freedom(np.eye(2)), rtol=1e-2
    )
    assert one.r_squared() == pytest.approx(other.r_squared(), rel=1e-3)


def test_columns_that_follow_from_others_are_named() -> None:
    scores, design, random = crossed()
    design["again"] = 2 * design["x"] - design["mean"]
    model = fit_multilevel(scores, design, random)
    assert model.dropped == ("again",)
    assert model.names == ("mean", "x")
    assert model.notes()[0] == "again follows from other fixed effects and has no coefficient"
    with pytest.raises(InvalidSetting, match="'again' has no coefficient: it follows from others"):
        model.contrasts(pd.DataFrame({"again": [1.0]}, ["again"]))
    with pytest.raises(InvalidSetting, match="is none of the model"):
        model.contrasts(pd.DataFrame({"other": [1.0]}, ["other"]))


def test_marginal_means_count_levels_alike_whatever_their_number() -> None:
    scores, _, random = crossed()
    table = pd.DataFrame({"kind": np.where(np.arange(300) < 200, "a", "b"), "x": np.linspace(0, 1, 300)})
    table["other"] = np.where(np.arange(300) % 3 == 0, "u", "v")

    def design_of(rows: pd.DataFrame) -> pd.DataFrame:
        columns = {"mean": 1.0, "b": rows["kind"] == "b", "v": rows["other"] == "v", "x": rows["x"]}
        return pd.DataFrame(columns, rows.index).astype(float)

    rows = marginal_rows(design_of, table, "kind", at={"x": 0.25})
    expected = pd.DataFrame({"mean": 1.0, "b": [0.0, 1.0], "v": 0.5, "x": 0.25}, ["a", "b"])
    pd.testing.assert_frame_equal(rows, expected, check_names=False)
    model = fit_multilevel(scores, design_of(table), random[:1])
    difference = pairwise(model, rows).iloc[0]
    assert difference["estimate"] == pytest.approx(-model.estimates[1])
    # Of two means Tukey's test is Student's.
    assert difference["p"] == pytest.approx(model.coefficients()["p"][1], rel=1e-5)
    with pytest.raises(InvalidSetting, match="two means"):
        pairwise(model, rows.iloc[:1])


def test_bootstrap_varies_as_the_standard_errors_say() -> None:
    scores, design, random = crossed()
    model = fit_multilevel(scores, design, random)
    drawn = bootstrap(model, replicates=200, seed=3)
    errors = model.coefficients()["standard_error"].to_numpy()
    np.testing.assert_allclose(drawn[["mean", "x"]].std(), errors, rtol=0.25)
    np.testing.assert_allclose(drawn["variance residual"].mean(), model.residual_variance, rtol=0.05)
    table = bootstrap_intervals(model, replicates=100, seed=3)
    assert (table["low"] < table["estimate"]).all()
    assert (table["estimate"] < table["high"]).all()
    pd.testing.assert_frame_equal(table, bootstrap_intervals(model, replicates=100, seed=3))


def test_standardised_scores_of_a_group_have_mean_0_and_deviation_1() -> None:
    scores, groups = balanced()
    result = standardised(scores, groups).reshape(6, 5)
    np.testing.assert_allclose(result.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(result.std(axis=1, ddof=1), 1)


@pytest.mark.parametrize(
    ("scores", "groups", "message"),
    [
        ([1.0, 1.0, 2.0, 3.0], ["a", "a", "b", "b"], "the scores of a are all the same"),
        ([1.0, 2.0, np.nan, np.nan], ["a", "a", "b", "b"], "every score of b is missing"),
        ([1.0, 2.0, np.nan, 4.0], ["a", "a", "b", "b"], "1 of 4 scores are missing"),
    ],
)
def test_scores_that_cannot_be_standardised(scores: list[float], groups: list[str], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        standardised(scores, groups)


def refused(message: str, **changes: Any) -> None:
    scores, groups = balanced()
    whole = {"scores": scores, "design": ones(30), "random": [RandomTerm("group", groups)]}
    with pytest.raises(InvalidSetting, match=message):
        fit_multilevel(**(whole | changes))


def test_what_no_model_can_be_fitted_to() -> None:
    scores, groups = balanced()
    refused("one group only", random=[RandomTerm("group", np.zeros(30))])
    refused("a group for every observation", random=[RandomTerm("group", np.arange(30))])
    refused("needs a random term", random=[])
    refused("is 0 everywhere", random=[RandomTerm("group", groups, np.zeros(30))])
    refused("a group or a value is missing", random=[RandomTerm("group", groups, np.full(30, np.nan))])
    refused("of 30 observations", random=[RandomTerm("group", groups[:5])])
    refused("1 scores are missing", scores=np.where(np.arange(30) == 3, np.nan, scores))
    refused("must be of the same observations", scores=scores[:4])
    refused("account for every score without rest", scores=np.full(30, 2.0))
    refused("nothing is left for the residual", scores=groups.astype(float))
    refused("too few for 30 fixed effects", design=pd.DataFrame(np.eye(30)))
    refused("holds NaN", design=pd.DataFrame({"mean": np.full(30, np.nan)}))
    refused("no column other than 0", design=pd.DataFrame({"mean": np.zeros(30)}))


# Models E and F of chapter 5, and A of chapter 2; B, C and D are tested where chapter 2 is analysed.
EXPLAINERS = ["Random", "PDP", "Saliency", "LIME"]
STRATEGIES = ["SS-R", "MS-SR@FC", "MS-CR@6", "MS-CR@4", "MS-CR@2", "MSS-CR"]


def oracle(name: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((ORACLE / "r_lme4_emmeans.json").read_text())[name]
    return figures


def of_explainers(rows: pd.DataFrame) -> pd.DataFrame:
    design = pd.DataFrame({"mean": 1.0}, rows.index)
    for name in EXPLAINERS[1:]:
        design[name] = (rows["explainer"] == name).astype(float)
    design["log_omega"] = rows["log_omega"]
    for name in EXPLAINERS[1:]:
        design[f"{name}:log_omega"] = design[name] * rows["log_omega"]
    return design


def of_strategies(rows: pd.DataFrame) -> pd.DataFrame:
    design = pd.DataFrame({"mean": 1.0}, rows.index)
    for name in STRATEGIES[1:]:
        design[name] = (rows["strategy"] == name).astype(float)
    return design.assign(nstar=rows["nstar"])


def chapter_5() -> tuple[pd.DataFrame, MultilevelModel, MultilevelModel]:
    table = pd.read_csv(ORACLE / "ch5_simulated.csv")
    groups = table["ds"].to_numpy()
    of_explainer = [
        RandomTerm(name, groups, (table["explainer"] == name).to_numpy(np.float64)) for name in EXPLAINERS[1:]
    ]
    of_mainstream = RandomTerm("mainstream", groups, table["mainstream"].to_numpy())
    model_e = fit_multilevel(
        table["y"], of_explainers(table), [RandomTerm("ds", groups), *of_explainer, of_mainstream]
    )
    nested = [RandomTerm("user", table["user"].to_numpy()), RandomTerm("ds", groups)]
    return table, model_e, fit_multilevel(table["y"], of_explainers(table), nested)


def holds(model: MultilevelModel, figures: dict[str, Any], atol: float, variance_atol: float) -> None:
    theirs, ours = pd.DataFrame(figures["fixef"]), model.coefficients()
    np.testing.assert_allclose(ours["estimate"], theirs["Estimate"], rtol=0, atol=atol)
    np.testing.assert_allclose(ours["standard_error"], theirs["Std. Error"], rtol=0, atol=atol)
    np.testing.assert_allclose(ours["df"], theirs["df"], rtol=2e-3)
    variances = [row["vcov"] for row in figures["varcorr"]]
    np.testing.assert_allclose(model.variance_components()["variance"], variances, rtol=0, atol=variance_atol)
    assert model.log_likelihood == pytest.approx(figures["logLik"], abs=1e-4)


@pytest.mark.realdata
def test_model_a_as_lme4_and_emmeans() -> None:
    figures = oracle("A")
    table = pd.read_csv(ORACLE / "ch2_simulated.csv")
    used = table[["strategy", "nstar"]].assign(strategy=pd.Categorical(table["strategy"], STRATEGIES))
    model = fit_multilevel(table["y"], of_strategies(table), [RandomTerm("data", table["data"].to_numpy())])
    holds(model, figures, 1e-4, 1e-3)
    assert model.r_squared() == pytest.approx(
        (figures["r2"]["R2_marginal"], figures["r2"]["R2_conditional"]), abs=1e-4
    )
    rows = marginal_rows(of_strategies, used, "strategy")
    means, theirs = model.contrasts(rows), pd.DataFrame(figures["emm"])
    assert means["name"].tolist() == theirs["strategy"].tolist()
    for ours, name in {
        "estimate": "emmean",
        "standard_error": "SE",
        "low": "lower.CL",
        "high": "upper.CL",
    }.items():
        np.testing.assert_allclose(means[ours], theirs[name], rtol=0, atol=1e-4)
    pairs, theirs = pairwise(model, rows), pd.DataFrame(figures["pairs"])
    np.testing.assert_allclose(pairs["estimate"], theirs["estimate"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(pairs["p"], theirs["p.value"], rtol=0, atol=1e-4)


@pytest.mark.realdata
def test_model_e_as_lme4_and_emmeans() -> None:
    """To 1e-3 throughout: their optimiser stopped early."""
    figures = oracle("E")
    table, model, _ = chapter_5()
    holds(model, figures, 1e-3, 1e-3)
    assert model.log_likelihood >= figures["logLik"]
    # performance counts the intercept's variance only: no other term's covariate is a fixed effect itself.
    shares = (figures["r2"]["R2_marginal"], figures["r2"]["R2_conditional"])
    assert model.r_squared(counted=["ds"]) == pytest.approx(shares, abs=1e-3)
    assert model.r_squared()[0] < shares[0] - 0.1
    effects = model.random_effects().query("term == 'mainstream'").set_index("group")["effect"]
    theirs = pd.DataFrame(figures["ranef_mainstream"]).set_index("ds")["mainstream"]
    np.testing.assert_allclose(effects.reindex(theirs.index), theirs, rtol=0, atol=1e-3)
    used = table[["explainer", "log_omega"]].assign(explainer=pd.Categorical(table["explainer"], EXPLAINERS))
    emm, tukey = pd.DataFrame(figures["emm"]), pd.DataFrame(figures["pairs_tukey"])
    for log_omega in emm["log_omega"].unique():
        rows = marginal_rows(of_explainers, used, "explainer", at={"log_omega": log_omega})
        ours, theirs = model.contrasts(rows, asymptotic=True), emm[emm["log_omega"] == log_omega]
        assert ours["name"].tolist() == theirs["explainer"].tolist()
        for own, name in {"estimate": "emmean", "low": "asymp.LCL", "high": "asymp.UCL"}.items():
            np.testing.assert_allclose(ours[own], theirs[name], rtol=0, atol=1e-3)
        pairs, theirs = pairwise(model, rows, asymptotic=True), tukey[tukey["log_omega"] == log_omega]
        np.testing.assert_allclose(pairs["p"], theirs["p.value"], rtol=0, atol=1e-3)


@pytest.mark.realdata
def test_model_f_of_nested_groups_as_lme4() -> None:
    holds(chapter_5()[2], oracle("F"), 1e-4, 1e-3)


@pytest.mark.realdata
def test_real_scores_of_runs_within_trials_as_statsmodels() -> None:
    """920 scores of nine models on three data sets: trials within models within data sets, unbalanced."""
    statsmodels = pytest.importorskip("statsmodels.formula.api")
    table = pd.read_csv(HDPGMM, index_col=0)
    assert len(table) == 920
    table["standard"] = standardised(table["score"], table["dataset"])
    table["cell"] = table["dataset"] + " " + table["model"]
    table["trial_of_cell"] = table["cell"] + " " + table["trial"].astype(str)
    names = sorted(table["model"].unique())
    design = pd.DataFrame({name: (table["model"] == name).astype(float) for name in names})
    random = [RandomTerm(name, table[name].to_numpy()) for name in ("cell", "trial_of_cell")]
    ours = fit_multilevel(table["standard"], design, random)
    theirs = statsmodels.mixedlm(
        "standard ~ 0 + model", table, groups="cell", re_formula="1", vc_formula={"trial": "0 + C(trial)"}
    ).fit(reml=True)
    assert ours.log_likelihood >= theirs.llf - 1e-4
    np.testing.assert_allclose(
        ours.estimates, theirs.fe_params[[f"model[{name}]" for name in names]], atol=1e-3
    )
    assert ours.residual_variance == pytest.approx(theirs.scale, rel=1e-3)
    pairs = pairwise(ours, ours.effect_rows())
    assert len(pairs) == 36
    assert pairs["p"].between(0, 1).all()
