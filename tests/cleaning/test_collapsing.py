"""Stages II and III: what is collapsed into what."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from taglab.cleaning import (
    STAGE_1,
    STAGE_1_TAGS,
    Cleaning,
    CollapseEmbeddings,
    CollapseWords,
    around_the_cut,
    distances_from,
    fit,
)
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.sources.demo import demo_truth, read_demo
from taglab.vectors import TagVectors
from tests.cleaning.made import with_counts

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def demo() -> Folksonomy:
    return read_demo()


def test_the_fifty_of_stage_one() -> None:
    assert [len(tags) for tags in STAGE_1.values()] == [18, 18, 9, 5]
    assert len(set(STAGE_1_TAGS)) == 50


@pytest.mark.parametrize(
    ("tag", "targets"),
    [
        ("British rock metal", ("british", "rock", "metal")),
        ("Alternative Rock band", ("alternative rock",)),
        ("classic jazz rock", ("jazz", "rock")),
        ("synthpop", ("pop",)),
        ("UK hits of the eighties", ("british", "80s")),
        ("90's dance", ("90s", "dance")),
        ("girl singer songwriter", ("singer-songwriter",)),
        ("chill-out", ("chillout",)),
        ("my favourite", ("favorite",)),
        ("not sad", None),
        ("i hate rock", None),
        ("metallica", None),
        ("rockabilly", None),
        ("popular", None),
        ("photo", None),
        ("", None),
    ],
)
def test_whole_words_decide(tag: str, targets: tuple[str, ...] | None) -> None:
    assert CollapseWords().plan(with_counts({tag: 1})).mapping.get(tag) == targets


def test_stage_two_as_the_source_tells_it() -> None:
    made = with_counts(
        {"rock": 9, "metal": 8, "hip hop": 4, "British rock metal": 3, "hiphop": 2, "80s metal": 1}
    )
    step = CollapseWords(targets=("rock", "metal", "hip hop"))
    assert step.plan(made).mapping == {
        "British rock metal": ("rock", "metal"), "hiphop": ("hip hop",), "80s metal": ("metal",),
    }  # fmt: skip
    one = step.model_copy(update={"several": False}).plan(made).mapping
    assert one["British rock metal"] == ("metal",)
    cleaned = Cleaning.of("II", [step]).apply(made)
    assert cleaned.folksonomy.counts().to_dict() == {"rock": 9, "metal": 8, "hip hop": 4}
    assert cleaned.tag_map.into("metal")["tag"].tolist() == ["British rock metal", "80s metal"]
    with pytest.raises(NotFound, match="no tag became 'hiphop'"):
        cleaned.tag_map.into("hiphop")


def test_targets_are_the_most_used_spelling() -> None:
    made = with_counts({"Mellow": 9, "MELLOW": 2, "mellow songs": 1})
    assert CollapseWords().plan(made).mapping == {"mellow songs": ("Mellow",), "MELLOW": ("Mellow",)}


def test_stage_two_on_the_demo(demo: Folksonomy) -> None:
    """Of merges, the share whose target is of the tag's family; of compounds, the share that is found."""
    truth = demo_truth(demo).set_index("tag")
    mapping = CollapseWords().plan(demo).mapping
    meaning = truth["concept"].to_dict()
    families = truth.groupby("concept")["family"].first().to_dict()
    near = [
        bool(
            {families[each] for each in truth.loc[tag, ["concept", "also"]] if each}
            & set(truth.loc[list(to), "family"])
        )
        for tag, targets in mapping.items()
        if (to := [target for target in targets if target in meaning])
    ]
    wanted = {meaning[tag] for tag in STAGE_1_TAGS if tag in meaning}
    compounds = truth[truth["kind"].isin(["compound", "unknown"])]
    planted = [
        (tag, each)
        for tag, row in compounds.iterrows()
        for each in (row["concept"], row["also"])
        if each in wanted
    ]
    found = [each in {meaning.get(to) for to in mapping.get(tag, ())} for tag, each in planted]
    assert [len(mapping), round(sum(near) / len(near), 3), round(sum(found) / len(found), 3)] == GOLDEN[
        "collapse-words"
    ]


def ring(n: int = 200) -> TagVectors:
    """A target, three tags beside it, a tag without a vector, and many anywhere."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(n, 20))
    vectors[1:4] = vectors[0] + 0.05 * rng.normal(size=(3, 20))
    vectors[4] = 0
    return TagVectors.from_any(["happy", "a", "b", "c", "none", *(f"far {i}" for i in range(n - 5))], vectors)


def test_stage_three_takes_the_nearest() -> None:
    vectors = ring()
    made = with_counts({tag: 3 - (tag != "happy") for tag in (*vectors.tags, "none")})
    step = CollapseEmbeddings(targets=("happy", "sad", "80s"))
    plan = step.plan(made, vectors)
    assert plan.mapping == dict.fromkeys("abc", ("happy",))
    kept = plan.table.set_index("tag").loc["none"]
    assert (kept["action"], kept["reason"]) == ("keep", "has no vector in these vectors")
    left_out = plan.details["left_out"]
    assert dict(zip(left_out["target"], left_out["reason"], strict=True)) == {
        "sad": "has no vector", "80s": "has no vector",
    }  # fmt: skip
    row = plan.details["fits"].set_index("target").loc["happy"]
    assert row["inside"] == 3
    assert row["tags"] == len(vectors) - 1
    near = around_the_cut(vectors, "happy", row["cut"], n=3)
    assert near["inside"].tolist() == [True] * 3 + [False] * 3
    assert near["distance"].is_monotonic_increasing


def test_a_tag_inside_several_cuts_goes_to_the_nearest_or_to_all() -> None:
    base = np.array(
        [[1, 0, 0], [1, 0.3, 0], [1, 0.1, 0], *np.random.default_rng(1).normal(size=(60, 3)) - [2, 0, 0]]
    )
    vectors = TagVectors.from_any(["happy", "calm", "between", *(f"x{i}" for i in range(60))], base)
    made = with_counts(dict.fromkeys(vectors.tags, 1))
    step = CollapseEmbeddings(targets=("happy", "calm"), percentile=0.02)
    assert step.plan(made, vectors).mapping["between"] == ("happy",)
    both = step.model_copy(update={"several": True})
    assert both.plan(made, vectors).mapping["between"] == ("happy", "calm")


def test_what_says_the_opposite_stays_though_it_lies_near() -> None:
    base = np.random.default_rng(1).normal(size=(60, 3)) - [2, 0, 0]
    tags = ["dark", "light", "darkish", "light dark", *(f"x{i}" for i in range(60))]
    near = [[1, 0, 0], [1, 0.01, 0], [1, 0.02, 0], [1, 0.03, 0]]
    vectors = TagVectors.from_any(tags, np.array([*near, *base]))
    plan = CollapseEmbeddings(targets=("dark",), percentile=0.05).plan(
        with_counts(dict.fromkeys(tags, 1)), vectors
    )
    assert set(plan.mapping) == {"darkish", "light dark"}
    row = plan.table.set_index("tag").loc["light"]
    assert row["reason"] == "says another thing than 'dark', which it lies near"


def test_numeric_targets_only_if_chosen() -> None:
    tags = ["80s", *(f"t{i}" for i in range(20))]
    vectors = TagVectors.from_any(tags, np.random.default_rng(0).normal(size=(21, 5)))
    made = with_counts(dict.fromkeys(tags, 1))
    off = CollapseEmbeddings(targets=("80s",), percentile=0.2)
    assert not off.plan(made, vectors).mapping
    assert off.plan(made, vectors).details["left_out"]["reason"].tolist() == ["numeric"]
    on = CollapseEmbeddings(targets=("80s",), percentile=0.2, numeric=True)
    assert on.plan(made, vectors).mapping


def test_targets_with_one_vector_do_not_share_tags() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 5))
    rows[1] = 2 * rows[0]
    tags = ["rock", "indie rock", *(f"t{i}" for i in range(38))]
    plan = CollapseEmbeddings(targets=("rock", "indie rock"), percentile=0.2).plan(
        with_counts(dict.fromkeys(tags, 1)), TagVectors.from_any(tags, rows)
    )
    assert plan.details["left_out"]["reason"].tolist() == ["has the same vector as 'rock'"]
    assert "indie rock" not in plan.mapping
    assert set(plan.mapping.values()) == {("rock",)}


def test_it_needs_vectors() -> None:
    with pytest.raises(InvalidSetting, match="needs vectors"):
        CollapseEmbeddings().plan(with_counts({"a": 1}))
    few = TagVectors.from_any(["a"], np.ones((1, 2)))
    with pytest.raises(InvalidSetting, match="3 are needed"):
        CollapseEmbeddings().plan(with_counts({"a": 1}), few)


@given(st.integers(0, 20), st.floats(0.0005, 0.4))
def test_the_cut_is_the_normals(seed: int, percentile: float) -> None:
    distances = np.random.default_rng(seed).normal(1.2, 0.1, 300)
    found = fit(distances, percentile)
    foreign = stats.norm(*stats.norm.fit(distances))
    assert found.normal_cut == pytest.approx(foreign.ppf(percentile))
    assert found.empirical_cut == pytest.approx(np.percentile(distances, 100 * percentile))
    assert found.p_normal == pytest.approx(stats.normaltest(distances).pvalue)


def test_distances_are_those_of_the_vectors() -> None:
    vectors = ring()
    expected = np.linalg.norm(vectors.vectors - vectors.vectors[7], axis=1)
    np.testing.assert_allclose(distances_from(vectors, vectors.tags[7]), expected, atol=1e-3)


def test_equal_vectors_have_a_fit() -> None:
    vectors = TagVectors.from_any(["happy", "a", "b", "c"], np.ones((4, 3)))
    plan = CollapseEmbeddings(targets=("happy",)).plan(
        with_counts(dict.fromkeys("abc", 1) | {"happy": 2}), vectors
    )
    assert plan.details["fits"]["sd"].tolist() == pytest.approx([0.0], abs=1e-6)
    assert isinstance(plan.details["fits"], pd.DataFrame)


def test_more_is_collapsed_and_more_of_it_junk_as_the_percentile_rises(demo: Folksonomy) -> None:
    truth = demo_truth(demo).set_index("tag")
    families = truth["family"].astype("category").cat.codes.to_numpy()
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(families.max() + 1, 16))
    vectors = TagVectors.from_any(
        truth.index.tolist(), centres[families] + 0.6 * rng.normal(size=(len(truth), 16)), "planted"
    )
    found, junk = [], []
    for percentile in (0.001, 0.01, 0.05, 0.2):
        mapping = CollapseEmbeddings(percentile=percentile).plan(demo, vectors).mapping
        right = [truth["family"][tag] == truth["family"][target] for tag, (target,) in mapping.items()]
        found.append(sum(right))
        junk.append(1 - sum(right) / len(right))
    assert found == sorted(found)
    assert junk == sorted(junk)
    assert found[-1] > found[0]
    assert junk[-1] > junk[0]
