"""Runs of a design: prepared, made in order, trained by workers, stopped and gone on with, scored."""

from pathlib import Path

import pytest

from taglab import launch
from taglab.errors import Cancelled, Conflict, InvalidSetting, StorageError
from taglab.runs import delete_run, open_run, run_names
from taglab.sources import open_folksonomy
from taglab.studies.design import DesignSettings
from taglab.studies.design.kept import Design, make_design, open_design
from taglab.studies.design.training import (
    config_of,
    make_next,
    prepare,
    questions_of,
    score_runs,
    to_score,
    work,
)
from taglab.studies.transfer import FIFTH, Classification, Splits
from taglab.training.source_config import SourceRun
from tests.training.examples import make_world
from tests.training.test_sources import config_of as training_of
from tests.training.test_sources import save_data

SETTINGS = DesignSettings(
    sources=("sounds", "pitch", "self"), strategies=("MS-CR@4", "MSS-CR"), single_repeats=1, all_repeats=1,
    fractional=2,
)  # fmt: skip
PITCH = Classification(column="pitch", fewest=2)
SPLITS = Splits(splits=2, split=FIFTH)


@pytest.fixture(autouse=True)
def world(taglab_home: Path) -> None:
    make_world(taglab_home)
    save_data()


def training() -> SourceRun:
    return training_of(epochs=1)


@pytest.fixture
def design() -> Design:
    make_design("small", SETTINGS)
    return prepare("small", training())


def test_a_run_has_the_sources_strategy_and_seed_of_its_row(design: Design) -> None:
    for row in design.runs.itertuples(index=False):
        config = config_of(design, row.number)
        assert {source.name for source in config.sources} == {
            name for name in SETTINGS.sources if getattr(row, name)
        }
        assert config.strategy == row.strategy.lower()
        assert config.train.seed == row.seed
        assert config.network == training().network


def test_runs_are_made_in_order_and_anew_where_they_were_deleted(design: Design) -> None:
    made = make_next("small", 2)
    assert [number for number, _ in made] == [1, 2]
    assert [run.about.group for _, run in made] == ["small", "small"]
    assert open_design("small").runs["run"].tolist()[:3] == [*(run.name for _, run in made), ""]
    delete_run(made[0][1].name)
    assert [number for number, _ in make_next("small", 1)] == [1]
    assert [number for number, _ in make_next("small", 100)] == list(range(3, 8))
    assert make_next("small") == []


@pytest.mark.parametrize("failure", [Conflict("made meanwhile"), StorageError("full"), KeyboardInterrupt()])
def test_a_run_that_the_design_cannot_take_does_not_stay(
    failure: BaseException, design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, runs: object) -> None:
        raise failure

    monkeypatch.setattr("taglab.studies.design.training.assign_runs", fail)
    with pytest.raises(type(failure)):
        make_next("small")
    assert not run_names()


def test_workers_train_what_was_left_then_the_next(design: Design) -> None:
    (_, left) = make_next("small")[0]
    assert work("small", 1) == [left.name]
    assert open_run(left.name).finished

    def stop(share: float, text: str) -> None:
        if "epoch 1" in text:
            raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        work("small", 1, stop)
    (begun,) = set(run_names()) - {left.name}
    assert launch.state(begun).state == "stopped"
    assert work("small", 1) == [begun]
    assert len(open_design("small").waiting) == 5


def test_what_others_train_is_passed_over(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (run.name for _, run in make_next("small", 2))
    trained = []

    def train(name: str, progress: object) -> None:
        if name == first:
            raise Conflict("another process trains it")
        trained.append(name)

    monkeypatch.setattr("taglab.studies.design.training.train_run", train)
    assert work("small", 1) == trained == [second]


def test_finished_runs_are_scored_once_and_told_of(design: Design) -> None:
    data = open_folksonomy("small")
    with pytest.raises(InvalidSetting, match="no run of design 'small' is finished yet"):
        score_runs("small", [PITCH], data, splits=SPLITS)
    work("small", 2)
    scored = score_runs("small", [PITCH], data, splits=SPLITS)
    assert scored.scores["number"].tolist() == [1, 2]
    assert scored.scores["score"].between(0, 1).all()
    assert to_score(scored, questions_of([PITCH], data, None, SPLITS)) == []
    again = score_runs("small", [PITCH], data, splits=SPLITS)
    assert again.scores.equals(scored.scores)
    once = Splits(splits=1, split=FIFTH.model_copy(update={"seed": 7}))
    assert len(to_score(scored, questions_of([PITCH], data, None, once))) == 2
    anew = score_runs("small", [PITCH], data, splits=once)
    assert anew.scores["number"].tolist() == [1, 2]
    assert (anew.scores["question"] != scored.scores["question"]).all()
    with pytest.raises(InvalidSetting, match="two tasks ask of 'pitch'"):
        score_runs("small", [PITCH, PITCH], data, splits=SPLITS)


def test_what_a_design_cannot_be_prepared_with(design: Design) -> None:
    make_design("bare", SETTINGS)
    with pytest.raises(InvalidSetting, match="nobody said yet what runs of design 'bare' learn from"):
        make_next("bare")
    with pytest.raises(InvalidSetting, match="'self' is not said"):
        prepare("bare", training_of("sounds=label-space,labels=sounds", "pitch=column,column=pitch"))
    make_design("two", SETTINGS.model_copy(update={"sources": ("sounds", "pitch")}))
    with pytest.raises(InvalidSetting, match="'self' is none of it"):
        prepare("two", training())
    prepare("small", training_of(epochs=2))
    make_next("small")
    with pytest.raises(Conflict, match="runs of design 'small' were made already"):
        prepare("small", training())
