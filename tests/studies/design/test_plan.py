"""Designs: what they hold, that every beginning is balanced, and how they compare with the published one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from taglab.errors import InvalidSetting
from taglab.studies.design.plan import (
    SHARING,
    SOURCES,
    DesignSettings,
    alias_matrix,
    extra_sources,
    plan_runs,
)

PUBLISHED = (
    Path(__file__).resolve().parents[3] / "../shared/data/oracles/kim2021_design/ExperimentalDesign.csv"
)
NAMES = list(SOURCES)


def spread(counts: pd.Series) -> int:
    return int(counts.max() - counts.min())


def greatest_alias(runs: pd.DataFrame, sources: list[str]) -> float:
    matrix = alias_matrix(runs, sources).loc[sources, sources].abs().to_numpy()
    return float(np.nanmax(np.where(np.eye(len(sources), dtype=bool), np.nan, matrix)))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_kims_design(seed: int) -> None:
    """48 + 25 + 352 runs; more balanced and less aliased than those that were run (see below)."""
    settings = DesignSettings(seed=seed)
    assert settings.possible == 1_230
    assert settings.planned == 425
    runs = plan_runs(settings)
    assert runs["phase"].value_counts().to_dict() == {1: 48, 2: 25, 3: 352}
    single, every, some = (runs[runs["phase"] == phase] for phase in (1, 2, 3))
    assert (single["strategy"] == "SS-R").all()
    assert (single[NAMES].sum() == 6).all()
    assert (every["n"] == 8).all()
    assert (every["strategy"].value_counts() == 5).all()
    assert not some.duplicated(["strategy", *NAMES]).any()
    assert spread(some[NAMES].sum()) <= 3
    assert spread(some["strategy"].value_counts()) <= 7
    n = some["n"].value_counts().sort_index()
    assert list(n.index) == [2, 3, 4, 5, 6, 7]
    assert spread(n.loc[2:6]) <= 1
    assert n[7] == 40  # all there are
    assert greatest_alias(some, NAMES) <= 0.15
    assert runs["seed"].is_unique


def test_every_beginning_is_balanced() -> None:
    some = plan_runs(DesignSettings(single_repeats=0, all_repeats=0, seed=5))
    for end in range(20, 353, 12):
        runs = some.head(end)
        assert spread(runs[NAMES].sum()) <= 2
        assert spread(runs["strategy"].value_counts().reindex(SHARING, fill_value=0)) <= 1
        assert spread(runs["n"].value_counts().reindex(range(2, 7), fill_value=0)) <= 1
        assert greatest_alias(runs, NAMES) <= (0.5 if end < 100 else 0.25)


def test_longer_designs_begin_with_shorter_ones() -> None:
    short, long = (plan_runs(DesignSettings(fractional=number, seed=3)) for number in (30, 60))
    pd.testing.assert_frame_equal(short, long.head(len(short)))
    other = plan_runs(DesignSettings(fractional=30, seed=4))
    assert not short.drop(columns="seed").equals(other.drop(columns="seed"))


def test_all_runs_there_are() -> None:
    settings = DesignSettings(
        sources=("a", "b", "c"), strategies=("MSS-CR", "MS-SR@FC"), single_repeats=2, all_repeats=1,
        fractional=10_000,
    )  # fmt: skip
    assert settings.possible == 6
    runs = plan_runs(settings)
    assert len(runs) == settings.planned == 6 + 2 + 6
    assert (runs.loc[runs["phase"] == 3, "n"] == 2).all()
    assert len(plan_runs(settings.model_copy(update={"sources": ("a", "b")}))) == 4 + 2


@given(m=st.integers(2, 5), seed=st.integers(0, 100), number=st.integers(0, 40))
def test_any_design(m: int, seed: int, number: int) -> None:
    names = list(SOURCES[:m])
    settings = DesignSettings(sources=tuple(names), fractional=number, seed=seed)
    runs = plan_runs(settings)
    assert len(runs) == settings.planned
    assert (runs[names].sum(axis=1) == runs["n"]).all()
    assert ((runs["n"] == 1) == (runs["strategy"] == "SS-R")).all()
    some = runs[runs["phase"] == 3]
    assert some["n"].between(2, m - 1).all()
    assert not some.duplicated(["strategy", *names]).any()


def test_alias_matrix_by_hand() -> None:
    runs = pd.DataFrame(
        {
            "strategy": ["MSS-CR", "MSS-CR", "MS-SR@FC", "MS-SR@FC"],
            "a": [True, True, False, False],
            "b": [True, False, True, False],
            "c": [True, True, True, True],
            "n": [3, 2, 2, 1],
        }
    )
    matrix = alias_matrix(runs, ["a", "b", "c"])
    assert matrix.loc["a", "b"] == pytest.approx(0)
    assert matrix.loc["a", "MSS-CR"] == pytest.approx(1)
    assert matrix.loc["a", "MS-SR@FC"] == pytest.approx(-1)
    assert matrix.loc["a", "number of sources"] == pytest.approx(1 / np.sqrt(2))
    assert matrix.loc["c"].isna().all()
    with pytest.raises(InvalidSetting, match="two runs or more"):
        alias_matrix(runs.head(1), ["a", "b", "c"])


def test_extra_sources_by_hand() -> None:
    strategy = pd.Series(["SS-R", "MSS-CR", "MS-SR@FC", "MS-CR@2"])
    assert extra_sources(strategy, pd.Series([1, 2, 8, 5])).tolist() == [0, 0, 6, 3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sources": ("tag",)}, "give two to 8, not 1"),
        ({"sources": tuple("abcdefghi")}, "give two to 8, not 9"),
        ({"sources": ("tag", "tag")}, "must be different names"),
        ({"sources": ("tag", "score")}, "what a column of the design is called"),
        ({"strategies": ("MS-CR@3",)}, "must be different ones of MS-SR@FC, MS-CR@6"),
        ({"strategies": ("SS-R", "MSS-CR")}, "SS-R is that of one source, and always there"),
        ({"strategies": ()}, "strategies=none"),
    ],
)
def test_designs_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DesignSettings(**changes)


@pytest.mark.realdata
def test_more_balanced_and_less_aliased_than_the_published_design(seen: Callable[[str], None]) -> None:
    theirs = pd.read_csv(PUBLISHED).head(352)
    columns = ["self", "bpm", "year", "taste", "tag", "lyrics", "cdr_tag", "artist"]
    theirs = theirs.rename(columns=dict(zip([f"s{at}" for at in range(1, 9)], columns, strict=True)))
    theirs["strategy"] = theirs["arc"].map(
        dict(enumerate(["MSS-CR", "MS-CR@2", "MS-CR@4", "MS-CR@6", "MS-SR@FC"], 1))
    )
    published = greatest_alias(theirs, columns)
    assert published == pytest.approx(0.1888, abs=1e-4)
    assert spread(theirs[columns].sum()) == 3
    assert spread(theirs["strategy"].value_counts()) == 7
    aliases, of_sources, of_strategies = [], [], []
    for seed in range(20):
        ours = plan_runs(DesignSettings(sources=tuple(columns), single_repeats=0, all_repeats=0, seed=seed))
        aliases.append(greatest_alias(ours, columns))
        of_sources.append(spread(ours[columns].sum()))
        of_strategies.append(spread(ours["strategy"].value_counts()))
        assert spread(ours["n"].value_counts().reindex(range(2, 7))) <= 1
    seen(
        f"designs of 352 runs, 20 seeds: greatest correlation of two sources {max(aliases):.3f} (published "
        f"{published:.3f}), most less least used source {max(of_sources)}, strategy {max(of_strategies)}"
    )
    assert max(aliases) < 0.13 < published
    assert max(of_sources) <= 2
    assert max(of_strategies) <= 2


def test_every_run_has_a_seed_that_a_training_takes() -> None:
    seeds = plan_runs(DesignSettings(sources=("a", "b", "c"), fractional=3, seed=2**31 - 1))["seed"]
    assert seeds.is_unique
    assert seeds.between(0, 2**32 - 1).all()
