"""Features set to tasks: planted truth, chance, splits, what is kept, and refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from taglab import cache
from taglab.batches import SplitSettings
from taglab.errors import DataError, InvalidSetting
from taglab.metrics.repeated import mean_interval
from taglab.progress import silent
from taglab.studies.transfer import (
    TASKS,
    Asked,
    Classification,
    Recommendation,
    Regression,
    SegmentClassification,
    Splits,
    answer_table,
    ask,
    kept_transferred,
    offered_tasks,
    score_table,
    side_by_side,
    split_table,
    transfer,
    transferred,
    usual_tasks,
)
from taglab.studies.transfer.scoring import _path
from taglab.studies.transfer.task import standardised
from taglab.vectors import Vectors
from tests.studies.transfer.examples import GENRES, N_TRACKS, THREE, junk, small_data, small_plays, telling

EXAMPLES = {
    "classification": Classification(column="genre", epochs=60),
    "regression": Regression(column="tempo", epochs=120),
    "recommendation": Recommendation(factors=8, alpha=2.0),
    "segments": SegmentClassification(column="genre", epochs=20),
}


def asked_of(task, *features: Vectors, splits: Splits = THREE) -> Asked:
    data, plays = small_data(), small_plays()
    return ask(task, task.problem(data, plays), data, features, splits)


def test_there_is_an_example_of_every_task() -> None:
    assert set(EXAMPLES) == set(TASKS)
    assert all(type(EXAMPLES[name]) is model for name, model in TASKS.items())


@pytest.mark.parametrize("name", EXAMPLES)
def test_telling_features_do_every_task_better_than_junk(name: str) -> None:
    asked = asked_of(EXAMPLES[name], telling(), junk())
    good, bad = transferred(asked, telling()), transferred(asked, junk())
    assert len(good.scores) == 3
    assert good.scores.mean() > bad.scores.mean() + 0.2
    assert good.scores.max() <= EXAMPLES[name].best
    assert good.less(bad).low > 0
    assert set(good.answers["split"]) == {1, 2, 3}
    assert good.answers["merit"].mean() > bad.answers["merit"].mean()


def test_accuracy_and_r_squared_are_those_of_the_answers_kept() -> None:
    result = transferred(asked_of(EXAMPLES["classification"], telling()), telling())
    right = result.answers.assign(right=result.answers["truth"] == result.answers["answer"])
    np.testing.assert_allclose(right.groupby("split")["right"].mean(), result.scores)
    np.testing.assert_array_equal(right["right"], right["merit"] == 1)
    assert set(right["truth"]) == set(GENRES)
    result = transferred(asked_of(EXAMPLES["regression"], telling()), telling())
    for split, rows in result.answers.groupby("split"):
        truth = rows["truth"].astype(float)
        score = 1 - (rows["merit"] ** 2).sum() / ((truth - truth.mean()) ** 2).sum()
        assert score == pytest.approx(result.scores[split - 1], abs=1e-3)  # the text has six digits


def test_only_tracks_of_known_truth_and_features_are_asked_about() -> None:
    asked = asked_of(EXAMPLES["classification"], telling(tracks=100), junk())
    assert len(asked.problem.tracks) == N_TRACKS - 1
    assert (len(asked.tracks), asked.without) == (99, 20)
    answers = transferred(asked, telling(tracks=100)).answers
    assert "t000" not in set(answers["track"])
    assert set(answers["track"]) <= {f"t{row:03d}" for row in range(100)}


def test_a_track_held_out_is_never_learned_from() -> None:
    asked = asked_of(EXAMPLES["regression"], telling())
    for train, test in asked.parts:
        assert not set(train) & set(test)
        assert len(train) + len(test) == N_TRACKS
        assert len(test) == pytest.approx(0.2 * N_TRACKS, abs=1)
    assert len({tuple(test) for _, test in asked.parts}) == 3


def test_what_is_the_same_for_all_learned_from_is_not_blown_up() -> None:
    column = np.full((10, 1), 0.1, np.float32)
    column[7:] = 0.2
    scaled = standardised(column, np.arange(7))
    np.testing.assert_allclose(scaled[:7], 0, atol=1e-6)
    np.testing.assert_allclose(scaled[7:], 0.1, atol=1e-6)


def test_recommending_is_the_same_whatever_users_are_ranked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asked_of(EXAMPLES["recommendation"], telling())
    rows, (train, test) = asked.rows, asked.parts[0]
    array = telling().rows_of(asked.problem.tracks)
    whole = asked.problem.judge(array, rows[train], rows[test], 0, silent)
    monkeypatch.setattr("taglab.studies.transfer.recommendation._SCORES_AT_ONCE", 7 * len(test))
    by_parts = asked.problem.judge(array, rows[train], rows[test], 0, silent)
    assert by_parts.score == pytest.approx(whole.score, abs=1e-6)
    pd.testing.assert_frame_equal(by_parts.answers, whole.answers, rtol=1e-6)


def test_a_label_space_of_a_columns_name_is_another_task() -> None:
    assert Classification(labels="genre").title != Classification(column="genre").title


def test_what_is_held_out_cannot_be_told_from_itself() -> None:
    ids = telling().ids
    by_number = Vectors.of("tracks", ids, np.arange(1, N_TRACKS + 1)[:, None], "numbers", "euclidean")
    asked = asked_of(Regression(column="chance", epochs=50), by_number)
    assert transferred(asked, by_number).scores.max() < 0.3


def test_folds_hold_out_every_track_once() -> None:
    splits = Splits(splits=5, split=SplitSettings(folds=5, by_artist=True))
    asked = asked_of(EXAMPLES["classification"], telling(), splits=splits)
    held_out = np.concatenate([test for _, test in asked.parts])
    assert sorted(held_out) == list(range(N_TRACKS - 1))
    with pytest.raises(ValueError, match="at most the number of folds, 4"):
        Splits(splits=5, split=SplitSettings(folds=4))


def test_a_published_split_is_repeated_with_other_seeds_alone() -> None:
    data = small_data()
    parts = np.where(np.arange(N_TRACKS) % 4 == 0, "test", "train").astype(object)
    parts[1] = "validation"
    data.tracks["split"] = parts
    splits = Splits(splits=2, split=SplitSettings(published=True))
    task = EXAMPLES["classification"]
    asked = ask(task, task.problem(data, None), data, [junk()], splits)
    assert not asked.is_redrawn
    np.testing.assert_array_equal(asked.parts[0][1], asked.parts[1][1])
    result = transferred(asked, junk())
    interval = mean_interval(result.scores, 0.0)
    assert (result.interval.low, result.interval.high) == pytest.approx(
        (interval.low, interval.high), nan_ok=True
    )


def test_intervals_allow_for_splits_that_share_tracks() -> None:
    result = transferred(asked_of(EXAMPLES["regression"], junk()), junk())
    ratio = result.held_out / result.learned_from
    assert 0.2 < ratio < 0.3
    assert result.interval.low == mean_interval(result.scores, ratio).low
    assert result.interval.low < mean_interval(result.scores).low


def test_what_was_computed_is_kept_by_content_and_a_damaged_one_computed_again() -> None:
    task = EXAMPLES["classification"]
    asked = asked_of(task, telling())
    assert kept_transferred(asked, telling()) is None
    first = transferred(asked, telling())
    again = kept_transferred(asked_of(task, telling("another name")), telling("another name"))
    assert again is not None
    np.testing.assert_array_equal(again.scores, first.scores)
    pd.testing.assert_frame_equal(again.answers, first.answers)
    others = (
        asked_of(task.model_copy(update={"epochs": 61}), telling()),
        asked_of(task, telling(), splits=Splits(splits=3, split=SplitSettings(seed=1))),
        asked_of(task, telling(), junk(), telling("x", 90)),
    )
    assert all(kept_transferred(other, telling()) is None for other in others)
    (_path(asked, telling()) / "answers.parquet").write_bytes(b"PAR1")
    assert kept_transferred(asked, telling()) is None
    np.testing.assert_array_equal(transferred(asked, telling()).scores, first.scores)
    assert (cache.home() / cache.DERIVED / "transfer").is_dir()


def test_tables_have_a_row_for_each_of_what_they_are_of() -> None:
    asked = [asked_of(task, telling(), junk()) for task in EXAMPLES.values()]
    result = transfer(asked, [telling(), junk()])
    scores = score_table(result)
    assert scores[["task", "asks", "features"]].to_numpy().tolist()[:3] == [
        ["classification", "genre", "telling"], ["classification", "genre", "junk"],
        ["regression", "tempo", "telling"],
    ]  # fmt: skip
    assert not (scores["low"] > scores["mean"]).any()  # where all splits have one score there is none
    assert not scores["baseline"].any()
    splits = split_table(result)
    assert len(splits) == len(EXAMPLES) * 2 * 3
    means = splits.groupby(["asks", "features"], sort=False)["score"].mean()
    np.testing.assert_allclose(means, scores["mean"])
    answers = answer_table(result)
    assert len(answers) == sum(len(one.answers) for *_, one in result)
    with pytest.raises(InvalidSetting, match="one name stand twice"):
        transfer(asked, [telling(), telling()])


def test_side_by_side_has_what_one_gets_right_and_the_other_wrong_first() -> None:
    asked = asked_of(EXAMPLES["classification"], telling(), junk())
    table = side_by_side(transferred(asked, telling()), transferred(asked, junk()))
    assert table["track"].is_unique
    assert table["difference"].abs().is_monotonic_decreasing
    first = table.iloc[0]
    assert (first["merit"], first["other merit"]) == (1, 0)
    assert first["truth"] == first["answer"] != first["other answer"]


def test_what_a_data_set_can_set_is_offered() -> None:
    data, plays = small_data(), small_plays()
    assert [(type(task).__name__, task.title) for task in offered_tasks(data, plays)] == [
        ("Classification", "genre"), ("Regression", "tempo"), ("Regression", "chance"),
        ("Recommendation", "plays"),
    ]  # fmt: skip
    assert [task.title for task in usual_tasks(data, plays)] == ["genre", "tempo", "plays"]
    assert [task.title for task in usual_tasks(data, None)] == ["genre", "tempo"]
    of_genre = replace(data, tracks=data.tracks[["track", "artist", "title", "genre"]])
    assert [task.title for task in usual_tasks(of_genre, plays)] == ["genre", "plays"]


def test_a_column_called_plays_is_told_from_the_task_of_plays() -> None:
    data, plays = small_data(), small_plays()
    of_plays = replace(data, tracks=data.tracks.rename(columns={"genre": "plays"}))
    titles = [task.title for task in offered_tasks(of_plays, plays)]
    assert titles == ["column plays", "tempo", "chance", "plays"]
    assert [task.title for task in usual_tasks(of_plays, plays)][-1] == "plays"
    assert len(set(titles)) == len(titles)


def test_what_cannot_be_asked_is_a_sentence() -> None:
    data, plays = small_data(), small_plays()
    for task, fault, sentence in (
        (Classification(column="mood"), InvalidSetting, "column='mood' must be one of"),
        (Classification(column="title"), DataError, "0 classes of 5 tracks or more"),
        (
            Regression(column="genre"),
            DataError,
            r"has text in the column 'genre' \(\d+ of \d+ cells, such as '.*'\); empty these",
        ),
        (Recommendation(min_tracks=500), DataError, "no user of 500 tracks"),
    ):
        with pytest.raises(fault, match=sentence):
            task.problem(data, plays)
    with pytest.raises(InvalidSetting, match="small has no plays"):
        Recommendation().problem(data, None)
    data.tracks["same"] = 3.0
    with pytest.raises(DataError, match="one number only"):
        Regression(column="same").problem(data, None)
    elsewhere = Vectors.of("tracks", ["a", "b"], np.eye(2), "elsewhere")
    with pytest.raises(InvalidSetting, match="0 tracks to learn from and 0 held out"):
        asked_of(EXAMPLES["classification"], elsewhere)
    with pytest.raises(InvalidSetting, match="must be of tracks, not of tags"):
        asked_of(EXAMPLES["classification"], Vectors.of("tags", ["a"], [[1.0]], "words"))
