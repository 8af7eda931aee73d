"""Claims of chapter 2 on scores with known truth, and with the order and scores that were published."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel import standardised
from taglab.studies.claims import claims_table
from taglab.studies.design import SINGLE, STRATEGIES
from taglab.studies.design.analysis import strategy_differences, with_standard_scores
from taglab.studies.design.plan import DesignSettings, plan_runs
from taglab.studies.sources.claims import CLAIMS
from taglab.studies.sources.drawn import times_single
from taglab.studies.sources.evidence import Evidence
from taglab.studies.verdicts import decided

SHARED = Path(__file__).resolve().parents[3] / "../shared/data/oracles"
SOURCES = ("tag", "bpm", "year", "artist")
TASKS = ("genre", "tempo", "mood")
HELPS = {"tempo": {"bpm": 3.0}, "genre": {"tag": 1.0}, "mood": {"artist": 1.0}}
RUNS = plan_runs(DesignSettings(sources=SOURCES, single_repeats=3, all_repeats=3, fractional=50))

Means = Callable[[pd.DataFrame, str], "pd.Series[float]"]
Spread = Callable[[pd.DataFrame], "pd.Series[float]"]


def as_claimed(runs: pd.DataFrame, task: str) -> "pd.Series[float]":
    """Return means by which several sources, less sharing and further sources help, and bpm at tempo."""
    helped = sum(weight * runs[source] for source, weight in HELPS[task].items())
    size = runs["strategy"].map({**STRATEGIES, "MS-CR@2": 1.0})
    return helped + (runs["strategy"] != SINGLE) * 1.0 + 5.0 * size + 0.25 * runs["n"]


def evidence_of(
    means: Means, spread: Spread = lambda runs: runs["n"] * 0 + 0.3, runs: pd.DataFrame = RUNS, seed: int = 0
) -> Evidence:
    generator = np.random.default_rng(seed)
    parts = [
        runs.assign(
            run=range(len(runs)),
            task=task,
            score=means(runs, task) + spread(runs) * generator.standard_normal(len(runs)),
        )
        for task in TASKS
    ]
    scores = with_standard_scores(pd.concat(parts, ignore_index=True), SOURCES)
    return Evidence(scores, SOURCES, times_single())


def verdicts(evidence: Evidence) -> dict[str, str]:
    table = claims_table(CLAIMS, evidence)
    return dict(zip(table["claim"], table["here"], strict=True))


def test_claims_hold_where_scores_were_made_so() -> None:
    told = verdicts(evidence_of(as_claimed, lambda runs: 1.2 / runs["n"]))
    expected = {
        "more-sources-help", "spread-falls", "mss-cr-beats-all-but-ms-cr-2", "less-sharing-helps",
        "several-beat-one", "bpm-rules-tempo", "sizes",
    }  # fmt: skip
    assert {claim for claim, verdict in told.items() if verdict == "holds"} >= expected


def test_claims_are_contradicted_where_scores_are_the_other_way_round() -> None:
    told = verdicts(evidence_of(lambda runs, task: -as_claimed(runs, task)))
    expected = {
        "more-sources-help", "by-about-0.16", "mss-cr-beats-all-but-ms-cr-2", "mild-association",
        "less-sharing-helps", "several-beat-one", "bpm-rules-tempo",
    }  # fmt: skip
    assert {claim for claim, verdict in told.items() if verdict == "contradicted"} >= expected


def test_nothing_is_shown_by_noise() -> None:
    found = [verdicts(evidence_of(lambda runs, task: 0.0 * runs["n"], seed=seed)) for seed in range(2)]
    for told in found:
        told.pop("sizes")
        told.pop("repeats-alike")
    shown = sum(verdict in ("holds", "contradicted") for told in found for verdict in told.values())
    assert shown <= 2, found


def test_few_runs_decide_nothing() -> None:
    told = verdicts(evidence_of(as_claimed, runs=RUNS.head(12)))
    untested = {claim for claim, verdict in told.items() if verdict == "cannot be tested"}
    assert untested == set(CLAIMS) - {"sizes", "repeats-alike"}


def test_every_printed_figure_passes_its_rule() -> None:
    table = claims_table(CLAIMS, evidence_of(as_claimed))
    assert set(table["published"]) == {"holds"}
    assert table["rule"].str.len().min() > 20


def test_slope_difference_and_effect_are_those_that_scores_were_made_with() -> None:
    evidence = evidence_of(as_claimed)
    deviations = np.array([np.hypot(np.std(as_claimed(RUNS, task), ddof=1), 0.3) for task in TASKS])
    # With every further source the one that helps is more often there, too.
    helped = np.array([sum(HELPS[task].values()) / len(SOURCES) for task in TASKS])
    assert evidence.slope().low < np.mean((0.25 + helped) / deviations) < evidence.slope().high
    ends, p = evidence.difference("MSS-CR", "MS-SR@FC")
    assert ends.low < np.mean(4.0 / deviations) < ends.high
    back, _ = evidence.difference("MS-SR@FC", "MSS-CR")
    assert (back.estimate, back.low, back.high) == pytest.approx((-ends.estimate, -ends.high, -ends.low))
    assert (p < 0.05) == (ends.low > 0)
    alone = evidence.effect_of("bpm", "tempo")
    assert alone.low < 3.25 / deviations[1] < alone.high
    with pytest.raises(InvalidSetting, match="too few runs of several sources tell what self brings tempo"):
        evidence.effect_of("self", "tempo")


def test_spread_is_told_of_distances_from_the_line() -> None:
    falls, stays = (
        evidence_of(lambda runs, task: 0.0 * runs["n"], spread).spread_slope()
        for spread in (lambda runs: 1.0 / runs["n"], lambda runs: runs["n"] * 0 + 0.4)
    )
    assert falls.low > 0
    assert stays.low < 0 < stays.high
    assert falls.n == len(RUNS)


@pytest.mark.realdata
def test_the_published_order_tells_the_claims_from_scores_made_so() -> None:
    """352 runs in the order of Kim 2021, with scores as claimed."""
    names = ("self", "bpm", "year", "taste", "tag", "lyrics", "expert", "artist")
    table = pd.read_csv(SHARED / "kim2021_design" / "ExperimentalDesign.csv").head(352)
    strategies = dict(enumerate(("MSS-CR", "MS-CR@2", "MS-CR@4", "MS-CR@6", "MS-SR@FC"), 1))
    runs = table[[f"s{place}" for place in range(1, 9)]].set_axis(names, axis=1).astype(bool)
    runs = runs.assign(strategy=table["arc"].map(strategies), n=table["n"])
    alone = pd.DataFrame(np.tile(np.eye(8, dtype=bool), (6, 1)), columns=list(names))
    runs = pd.concat([alone.assign(strategy=SINGLE, n=1), runs], ignore_index=True)
    parts, generator = [], np.random.default_rng(0)
    for task in TASKS:
        score = as_claimed(runs, task) + 1.2 / runs["n"] * generator.standard_normal(len(runs))
        parts.append(runs.assign(run=range(len(runs)), task=task, score=score))
    scores = with_standard_scores(pd.concat(parts, ignore_index=True), names)
    told = verdicts(Evidence(scores, names, times_single()))
    for claim in (
        "more-sources-help",
        "spread-falls",
        "less-sharing-helps",
        "several-beat-one",
        "bpm-rules-tempo",
    ):
        assert told[claim] == "holds", claim


@pytest.mark.realdata
def test_real_scores_tell_models_apart_as_their_means_do() -> None:
    """Six models of 920 published scores in place of strategies, three measures in place of tasks."""
    table = pd.read_csv(SHARED / "hdpgmm_results" / "results_agg.csv", index_col=0)
    models = sorted(table["model"].unique())[: len(STRATEGIES)]
    table = table[table["model"].isin(models)].reset_index(drop=True)
    strategy = table["model"].map(dict(zip(models, STRATEGIES, strict=True)))
    scores = pd.DataFrame(
        {"run": table.index, "strategy": strategy, "task": table["dataset"], "score": table["score"]}
    )
    scores = scores.assign(first=True, second=scores["strategy"] != SINGLE)
    scores["n"] = scores["first"].astype(int) + scores["second"].astype(int)
    told = with_standard_scores(scores, ("first", "second"))
    means, differences = strategy_differences(told)
    cells = pd.Series(standardised(scores["score"], scores["task"])).groupby(
        [scores["strategy"], scores["task"]]
    )
    by_hand = cells.mean().groupby(level=0).mean()
    np.testing.assert_allclose(means.set_index("name")["estimate"], by_hand[means["name"]], atol=0.02)
    ends, _ = Evidence(told, ("first", "second"), times_single()).difference("MSS-CR", SINGLE)
    assert ends.estimate == pytest.approx(by_hand["MSS-CR"] - by_hand[SINGLE], abs=0.04)
    assert len(differences) == 15


def test_a_source_that_always_comes_with_another_is_not_told_apart() -> None:
    scores = evidence_of(as_claimed).scores
    scores = scores.assign(bpm=scores["tag"])
    twins = Evidence(scores, SOURCES, times_single())
    with pytest.raises(InvalidSetting, match="too few runs of several sources tell what bpm brings tempo"):
        twins.effect_of("bpm", "tempo")
    assert twins.effect_of("artist", "mood").low > 0


def test_figures_without_an_interval_decide_nothing() -> None:
    for ends in ((1.0, np.nan, np.nan), (np.nan, 0.1, 0.2), (1.0, 0.5, np.nan)):
        assert decided(*ends, 30, 0).verdict == "cannot be tested"
    assert decided(1.0, np.inf, np.nan, 30, 0).verdict == "holds"  # printed, and there is none to be had
