"""What scores of a design tell, on simulated scores with known truth and against R's lme4."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress
from scipy.stats import t as student

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel import MultilevelModel
from taglab.studies.design.analysis import (
    by_best_source,
    by_strategy,
    linear_fits,
    single_source_association,
    size_model,
    source_variances,
    spread_of_repeats,
    strategy_differences,
    strategy_means,
    strategy_model,
    with_standard_scores,
)
from taglab.studies.design.plan import STRATEGIES, DesignSettings, plan_runs

ORACLE = Path(__file__).resolve().parents[3] / "../shared/data/oracles/multilevel"
KIM_SOURCES = ["self", "bpm", "year", "taste", "tag", "lyrics", "cdr_tag", "artist"]
SOURCES = ("tag", "bpm", "year", "artist")
TASKS = ("genre", "tempo", "mood", "plays", "instrument")


def simulated(runs: pd.DataFrame | None = None, seed: int = 0) -> pd.DataFrame:
    """Scores of a small design: bpm rules tempo, tag and artist help elsewhere, sharing less helps."""
    generator = np.random.default_rng(seed)
    runs = (
        plan_runs(DesignSettings(sources=SOURCES, single_repeats=4, all_repeats=3, fractional=50))
        if runs is None
        else runs
    )
    parts = []
    for number, task in enumerate(TASKS):
        helps = {"tempo": {"bpm": 3.0}}.get(task, {"tag": 0.8, "artist": 0.8})
        score = sum(weight * runs[source] for source, weight in helps.items())
        score = score + runs["strategy"].map(STRATEGIES) + 0.4 * generator.standard_normal(len(runs))
        parts.append(runs.assign(run=range(len(runs)), task=task, score=0.5 + (number + 1) * 0.01 * score))
    return pd.concat(parts, ignore_index=True)


def test_columns_that_the_models_need() -> None:
    table = with_standard_scores(simulated(), SOURCES)
    np.testing.assert_allclose(table.groupby("task")["standard"].mean(), 0, atol=1e-9)
    assert table.loc[table["strategy"] == "SS-R", "extra"].eq(0).all()
    assert table.loc[table["n"] == 4, "extra"].eq(2).all()
    assert table.loc[table["strategy"] == "MS-CR@4", "size"].eq(0.6).all()


def test_runs_that_are_not_scored_yet_are_left_out() -> None:
    scores = simulated()
    scores.loc[scores["run"] == 3, "score"] = np.nan
    assert 3 not in set(with_standard_scores(scores, SOURCES)["run"])


def test_less_sharing_helps_where_it_was_made_to() -> None:
    table = with_standard_scores(simulated(), SOURCES)
    means = strategy_means(table)
    assert list(dict.fromkeys(means["strategy"])) == list(STRATEGIES)
    assert means["runs"].sum() == table["run"].nunique()
    assert (means["low"] < means["high"]).all()
    model = size_model(table)
    size = model.coefficients().set_index("name").loc["size"]
    assert size["low"] > 0
    by_strategy, pairs = strategy_differences(table)
    assert by_strategy["name"].tolist() == list(STRATEGIES)
    assert len(pairs) == 15
    most = pairs[(pairs["first"] == "SS-R") & (pairs["second"] == "MSS-CR")].iloc[0]
    assert most["estimate"] < 0
    assert most["p"] < 0.05


def test_variance_is_of_the_sources_that_matter() -> None:
    table = with_standard_scores(simulated(), SOURCES)
    variances = source_variances(table, SOURCES)
    percent = variances.pivot_table(index="task", columns="source", values="percent")
    assert percent.loc["tempo", "bpm"] > 90
    assert (percent.loc[["genre", "mood", "plays"], ["tag", "artist"]].sum(axis=1) > 80).all()
    np.testing.assert_allclose(percent.sum(axis=1), 100)
    points, (r, low, high) = single_source_association(table, variances)
    assert len(points) == len(SOURCES) * len(TASKS)
    assert low < r < high
    assert r > 0.5  # sources that help alone are those that help among others, here


def test_two_level_variance_by_hand() -> None:
    """Balanced, one source of two levels: its variance is (MSB - MSW) / n of the one-way layout."""
    runs = pd.DataFrame(
        {
            "run": range(8), "strategy": "MSS-CR", "a": [True] * 4 + [False] * 4, "b": True, "c": True,
            "n": [3] * 4 + [2] * 4, "task": "t", "score": [5.0, 6, 7, 8, 1, 2, 3, 4],
        }
    )  # fmt: skip
    table = with_standard_scores(runs, ["a", "b", "c"])
    variances = source_variances(table, ["a", "b", "c"]).set_index("source")
    between, within, scale = 4 * 2 * 2.0**2, 10 / 6, runs["score"].var()
    assert variances.loc["a", "variance"] == pytest.approx((between - within) / 4 / scale, rel=1e-5)
    assert variances.loc["a", "percent"] == pytest.approx(100)
    assert np.isnan(variances.loc["b", "variance"])  # in every run: nothing tells


def test_spread_of_repeats_by_hand() -> None:
    table = with_standard_scores(simulated(), SOURCES)
    shares = spread_of_repeats(table, SOURCES).set_index(["task", "source"])
    own = table[(table["strategy"] == "SS-R") & table["bpm"] & (table["task"] == "mood")]
    assert shares.loc[("mood", "bpm"), "share"] == pytest.approx(own["standard"].std())
    assert (shares["runs"] == 4).all()


@pytest.mark.parametrize("finished", [16, 31, 40, 81])
def test_whatever_is_finished_is_told_of(finished: int) -> None:
    """After single sources; after all sources; in the midst of the third phase; at the end."""
    scores = simulated()
    table = with_standard_scores(scores[scores["run"] < finished], SOURCES)
    means = strategy_means(table)
    assert means[["estimate", "low", "high"]].notna().all(axis=None)
    # A mean that only one number of sources stands for is that of its runs.
    if finished == 31:
        own = table[table["strategy"] == "MSS-CR"].groupby("task")["standard"].mean().mean()
        told = means.loc[means["strategy"] == "MSS-CR", "estimate"].item()
        assert told == pytest.approx(own, abs=0.05)


def test_variances_of_their_own_are_often_nothing_and_that_is_said() -> None:
    model = strategy_model(with_standard_scores(simulated(), SOURCES), pooled=False)
    assert model.singular
    assert model.notes()[-1].startswith("singular: the variance of")


def test_a_random_effect_of_runs() -> None:
    """Where a run is good or bad at every task, its scores are no independent witnesses."""
    scores = simulated()
    luck = pd.Series(np.random.default_rng(1).standard_normal(scores["run"].nunique()))
    scores["score"] += 0.02 * scores["run"].map(luck) * (1 + scores["task"].map(TASKS.index))
    table = with_standard_scores(scores, SOURCES)
    plain, by_run = (strategy_model(table, by_run=by_run) for by_run in (False, True))
    assert dict(zip(by_run.terms, by_run.variances, strict=True))["run"] > 0.1
    wider = by_run.coefficients()["standard_error"] > plain.coefficients()["standard_error"]
    assert wider.all()


def test_scores_by_strategy_are_means_over_tasks_or_of_one() -> None:
    table = with_standard_scores(simulated(), SOURCES)
    points, single = by_strategy(table)
    assert len(points) == 81 - 16
    row = points.iloc[0]
    assert row["score"] == pytest.approx(table.loc[table["run"] == row["run"], "standard"].mean())
    assert single == pytest.approx(table.loc[table["strategy"] == "SS-R", "standard"].mean())
    of_mood, _ = by_strategy(table, "mood")
    assert set(of_mood["score"]) <= set(table.loc[table["task"] == "mood", "standard"])
    assert list(dict.fromkeys(points["group"])) == list(STRATEGIES)[1:]
    assert by_strategy(table[table["strategy"] != "SS-R"])[1] is None


def test_the_best_source_of_a_task() -> None:
    table = with_standard_scores(simulated(), SOURCES)
    points, best = by_best_source(table, SOURCES, "tempo")
    assert best == "bpm"
    means = points.groupby("group")["score"].mean()
    assert means["with bpm"] > means["without"]
    with pytest.raises(InvalidSetting, match="tempo: no source was scored alone"):
        by_best_source(table[table["n"] > 1], SOURCES, "tempo")


def test_lines_are_least_squares_with_the_interval_of_the_mean() -> None:
    """Against SciPy's slope, and the textbook's interval at the mean of n: s / √N."""
    generator = np.random.default_rng(0)
    n = np.repeat([2, 3, 4], 5)
    points = pd.DataFrame({"group": "a", "n": n, "score": 0.3 * n + generator.standard_normal(15)})
    fits = linear_fits(points)
    theirs = linregress(points["n"], points["score"])
    np.testing.assert_allclose(fits["estimate"], theirs.intercept + theirs.slope * np.array([2, 3, 4]))
    left = points["score"] - theirs.intercept - theirs.slope * points["n"]
    half = student.ppf(0.975, 13) * np.sqrt((left @ left) / 13 / 15)
    assert fits.loc[1, "high"] - fits.loc[1, "estimate"] == pytest.approx(half)
    assert linear_fits(points[points["n"] == 2]).empty
    few = linear_fits(points.groupby("n").head(1).head(2))
    assert few[["low", "high"]].isna().all(axis=None)


def refused(message: str, scores: pd.DataFrame) -> None:
    with pytest.raises(InvalidSetting, match=message):
        with_standard_scores(scores, SOURCES)


def test_scores_that_tell_nothing() -> None:
    scores = simulated()
    refused("strategy='MS-CR@3' must be one of", scores.replace({"strategy": {"MS-CR@4": "MS-CR@3"}}))
    refused("no score of mood is there", scores.assign(score=scores["score"].where(scores["task"] != "mood")))
    refused("no score of the design is there", scores.head(0))
    refused("the scores of genre, tempo, mood are all the same", scores.assign(score=1.0))
    refused("n must be the number of sources", scores.assign(n=3))


def test_models_that_cannot_be_fitted() -> None:
    scores = simulated()
    one_task = with_standard_scores(scores[scores["task"] == "mood"], SOURCES)
    with pytest.raises(InvalidSetting, match="needs two target tasks"):
        strategy_model(one_task)
    singles = with_standard_scores(scores[scores["strategy"] == "SS-R"], SOURCES)
    with pytest.raises(InvalidSetting, match="two strategies or more"):
        size_model(singles)
    with pytest.raises(InvalidSetting, match="no run of several sources"):
        source_variances(singles, SOURCES)
    every = with_standard_scores(scores[scores["n"] == 4], SOURCES)
    with pytest.raises(InvalidSetting, match="no source is there in some runs"):
        source_variances(every, SOURCES)


def chapter_2(standardised: bool) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The simulated scores of Kim's design, standardised for model B only, and what R made of them."""
    raw = pd.read_csv(ORACLE / "ch2_simulated.csv").rename(columns={"data": "task", "y": "score"})
    raw[list(KIM_SOURCES)] = raw[list(KIM_SOURCES)].astype(bool)
    table = with_standard_scores(raw, KIM_SOURCES)
    if not standardised:
        table["standard"] = table["score"]
    return table, json.loads((ORACLE / "r_lme4_emmeans.json").read_text())


def holds(model: MultilevelModel, figures: dict[str, Any]) -> None:
    theirs, ours = pd.DataFrame(figures["fixef"]), model.coefficients()
    np.testing.assert_allclose(ours["estimate"], theirs["Estimate"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(ours["standard_error"], theirs["Std. Error"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(ours["df"], theirs["df"], rtol=1e-3)
    variances = [row["vcov"] for row in figures["varcorr"]]
    np.testing.assert_allclose(model.variance_components()["variance"], variances, rtol=1e-3)
    assert model.log_likelihood == pytest.approx(figures["logLik"], abs=1e-5)
    assert bool(model.singular) == figures["singular"]


@pytest.mark.realdata
def test_size_model_as_lme4() -> None:
    table, figures = chapter_2(standardised=True)
    holds(size_model(table), figures["B"])


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "pooled"), [("C", True), ("D", False)])
def test_strategy_model_as_lme4(name: str, pooled: bool) -> None:
    table, figures = chapter_2(standardised=False)
    holds(strategy_model(table, pooled), figures[name])


@pytest.mark.realdata
def test_strategy_means_are_the_truth_that_scores_were_simulated_with() -> None:
    table, _ = chapter_2(standardised=False)
    truth = json.loads((ORACLE / "truth.json").read_text())["ch2"]
    means = strategy_means(table)
    expected = [
        truth["b0"][row.strategy] + truth["b1"][row.strategy] * max(row.n - 2, 0)
        for row in means.itertuples(index=False)
    ]
    assert (means["low"].to_numpy() < expected).mean() > 0.8
    assert (means["high"].to_numpy() > expected).mean() > 0.8
