"""Stages I to III as classes of one folksonomy, and what they are scored against."""

import numpy as np
import pytest
from hypothesis import given

from taglab.cleaning import (
    STAGE_1,
    STAGE_1_TAGS,
    Cleaning,
    Step,
)
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import from_json, from_top_tags, to_json
from taglab.outcomes import Predictions
from taglab.runs import RunWriter, create_run
from taglab.sources.demo import demo_truth, read_demo
from taglab.studies.collapsing.stages import (
    STAGES,
    StageSettings,
    by_category,
    categories_of_runs,
    collapsed_into,
    left_out,
    score_stages,
    stage_prevalence,
    stage_runs,
    stage_space,
    stage_spaces,
)
from taglab.studies.thesis import reproducing
from taglab.studies.thesis.recipes import RecipeSettings, plan
from taglab.vectors import TagVectors
from tests.cleaning.made import folksonomies, folksonomy, with_counts
from tests.cleaning.test_cleaning import vectors_of

SOME = StageSettings(targets=("rock", "metal", "happy", "80s"), percentile=0.3)


@pytest.fixture(scope="module")
def demo() -> Folksonomy:
    return read_demo()


def planted(demo: Folksonomy, noise: float = 0.6) -> TagVectors:
    """Vectors near their family's."""
    truth = demo_truth(demo)
    families = truth["family"].astype("category").cat.codes.to_numpy()
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(families.max() + 1, 16))
    return TagVectors.from_any(
        truth["tag"].tolist(), centres[families] + noise * rng.normal(size=(len(truth), 16)), "planted"
    )


def test_a_stage_is_its_targets_with_what_is_collapsed_into_them() -> None:
    made = with_counts(
        {
            "Rock": 9,
            "rock": 3,
            "metal": 8,
            "British rock metal": 4,
            "happy": 3,
            "not happy": 2,
            "90s metal": 1,
        }
    )
    one, two = (stage_space(made, stage, settings=SOME) for stage in ("I", "II"))
    assert {each.name: each.tags for each in one.classes} == {
        "rock": ("Rock", "rock"), "metal": ("metal",), "happy": ("happy",),
    }  # fmt: skip
    assert {each.name: each.tags for each in two.classes} == {
        "rock": ("Rock", "British rock metal", "rock"),
        "metal": ("metal", "British rock metal", "90s metal"),
        "happy": ("happy",),
    }
    assert one.made_by["absent"] == ["80s"]
    assert (one.made_by.get("several"), two.made_by["several"]) == (None, True)
    assert left_out(made, SOME) == ("80s",)
    assert from_json(to_json(two), "two.json") == two


def test_targets_that_are_not_there_take_no_tags_away() -> None:
    made = with_counts({"rock": 3, "80s rock": 2})
    assert collapsed_into(made, "II", settings=SOME)["80s rock"] == ("rock",)
    with pytest.raises(InvalidSetting, match="none of the tags"):
        stage_space(made, "I", settings=StageSettings(targets=("soul",)))


def test_stage_three_adds_to_stage_two_what_lies_near(demo: Folksonomy) -> None:
    vectors = planted(demo)
    spaces = stage_spaces(demo, vectors)
    assert [space.name for space in spaces.values()] == list(STAGES)
    assert len({space.names for space in spaces.values()}) == 1
    one, two, three = (
        {(tag, each.name) for each in space.classes for tag in each.tags} for space in spaces.values()
    )
    assert one < two < three
    assert set(spaces["III"].made_by["absent"]) == set(STAGE_1_TAGS) - set(spaces["I"].names)
    with pytest.raises(InvalidSetting, match="needs vectors"):
        stage_space(demo, "III")
    with pytest.raises(InvalidSetting, match="stage='IV'"):
        stage_space(demo, "IV")  # type: ignore[arg-type]


@given(made=folksonomies)
def test_the_truth_of_a_stage_is_that_of_the_collapsed_folksonomy(made: Folksonomy) -> None:
    vectors = vectors_of(made)
    if left_out(made, SOME) or len(vectors) < 3:
        return
    steps: list[Step] = [SOME.words(), SOME.near()]
    for stage, cleaning in (("II", steps[:1]), ("III", steps)):
        space = stage_space(made, stage, vectors, SOME)  # type: ignore[arg-type]
        cleaned = Cleaning.of("stage", cleaning).apply(made, vectors).folksonomy
        again = stage_space(cleaned, "I", settings=SOME)
        assert (space.targets(made) != again.targets(cleaned)).nnz == 0


def test_prevalence_rises_by_stage(demo: Folksonomy) -> None:
    spaces = stage_spaces(demo, planted(demo))
    table = stage_prevalence(demo, spaces)
    assert table.groupby("stage").size().nunique() == 1
    assert set(table["category"]) == set(STAGE_1)
    wide = table.pivot(index="class", columns="stage", values="tracks")
    assert (wide["I"] <= wide["II"]).all()
    assert (wide["II"] <= wide["III"]).all()
    assert (table.loc[table["stage"] == "I", "gain"] == 1).all()
    truth = spaces["III"].targets(demo)
    assert table.loc[table["stage"] == "III", "tracks"].tolist() == truth.sum(axis=0).tolist()


def heard(made: Folksonomy, stage: str, rows: np.ndarray, seed: int = 0) -> Predictions:
    """What a tagger might say of tracks."""
    space = stage_space(made, stage, planted(made))  # type: ignore[arg-type]
    truth = space.targets(made)[rows].toarray() > 0
    scores = np.random.default_rng(seed).random(truth.shape) * 0.4 + 0.5 * truth
    return Predictions(
        tracks=tuple(made.tracks["track"].iloc[rows]),
        classes=space.names,
        truth=truth,
        scores=scores.astype(np.float32),
    )


def test_each_stage_is_scored_against_its_own_truth_and_the_firsts(demo: Folksonomy) -> None:
    rng = np.random.default_rng(1)
    predictions = {
        stage: heard(demo, stage, rng.permutation(demo.n_tracks)[:900]) for stage in STAGES.values()
    }
    first = stage_space(demo, "I")
    scores = score_stages(predictions, demo, first)
    assert set(scores["truth"]) == {"own", "I"}
    assert (scores.loc[scores["truth"] == "own", "tracks"] == 900).all()
    common = set.intersection(*(set(each.tracks) for each in predictions.values()))
    against = scores[scores["truth"] == "I"]
    assert (against["tracks"] == len(common)).all()
    # One truth for all stages, so that positives are the same.
    positives = against.pivot(index="label", columns="stage", values="positives")
    assert positives.nunique(axis=1).eq(1).all()
    means = by_category(scores)
    assert list(dict.fromkeys(means["category"])) == [*STAGE_1, "all"]
    own = means[(means["truth"] == "own") & (means["category"] == "all")].set_index("stage")
    assert own["average_precision"].eq(1).all()
    judged = means[(means["truth"] == "I") & (means["category"] == "all")].set_index("stage")
    # What was collapsed in is wrong by the first truth.
    assert judged["average_precision"].is_monotonic_decreasing
    row = means[(means["truth"] == "I") & (means["category"] == "genre") & (means["stage"] == "II")].iloc[0]
    part = against[(against["category"] == "genre") & (against["stage"] == "II")]
    assert row["auc_roc"] == pytest.approx(part["auc_roc"].mean())
    assert row["labels"] == part["average_precision"].notna().sum()


def test_runs_of_stages_are_found_and_scored(demo: Folksonomy) -> None:
    runs = []
    for number, stage in enumerate(("I", "II", "II")):
        rows = np.arange(50 * number, 700 + 50 * number)
        run = create_run({"data": "demo"}, stage_space(demo, stage), {"labels": stage})  # type: ignore[arg-type]
        RunWriter(run).predictions("test", heard(demo, stage, rows))
        runs.append(run)
    unlike = create_run({"data": "demo"}, from_top_tags(demo, 5, "top"), {"labels": "top"})
    found = stage_runs([unlike, *runs])
    assert {stage: run.name for stage, run in found.items()} == {"I": runs[0].name, "II": runs[1].name}
    means = categories_of_runs(found, demo)
    assert set(zip(means["truth"], means["stage"], strict=True)) == {
        (truth, stage) for truth in ("own", "I") for stage in ("I", "II")
    }


def test_scores_need_predictions(demo: Folksonomy) -> None:
    with pytest.raises(InvalidSetting, match="at least one stage"):
        score_stages({}, demo, stage_space(demo, "I"))
    apart = {
        "I": heard(demo, "I", np.arange(10)), "II": heard(demo, "II", np.arange(10, 20)),
    }  # fmt: skip
    with pytest.raises(InvalidSetting, match="no track in common"):
        score_stages(apart, demo, stage_space(demo, "I"))  # type: ignore[arg-type]


def test_case_is_of_no_matter() -> None:
    made = folksonomy([(0, "SINGER-SONGWRITER"), (1, "Singer-Songwriter"), (2, "singer songwriter")])
    found = stage_space(made, "I")
    assert found.class_named("singer-songwriter").tags == ("SINGER-SONGWRITER", "Singer-Songwriter")
    assert len(stage_space(made, "II").class_named("singer-songwriter").tags) == 3


def test_epochs_of_a_stage_are_told_once_and_what_is_published_is_the_readmes() -> None:
    planned = plan("stage-1", RecipeSettings())
    runs = reproducing.make(planned, preset="tiny", changes={"train": {"epochs": 1}})
    made = reproducing.report(planned, runs)
    epochs = [(each.here, each.thesis) for each in made.differs if "epochs" in each.what]
    assert epochs == [("1", "")]
    data = next(each for each in made.differs if each.what == "data")
    assert data.thesis == "522,367 Last.fm tags of the Million Song Dataset"
    assert "readme" in set(made.table["whose"])
    assert "thesis" not in set(made.table["whose"])
