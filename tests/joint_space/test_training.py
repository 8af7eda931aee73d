"""Joint spaces as runs: the same bit for bit however often they were stopped, asked when done."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab import launch
from taglab.cache import VECTORS, Shelf
from taglab.embeddings import WordVectors
from taglab.errors import Cancelled, Conflict, DataError, InputsChanged, InvalidSetting, NotFound
from taglab.joint_space import (
    delete_joint_space,
    joint_space_names,
    new_space_run,
    open_joint_space,
    train_space,
)
from taglab.joint_space.checkpoints import LAST, read_standing
from taglab.joint_space.training import joint_space_run
from taglab.progress import silent
from taglab.runs import Run, delete_run, export_run, import_run, layout, open_run, runs_table
from taglab.runs.status import read_status
from taglab.verbs.joint_space import Ask, List
from tests.joint_space.world import config_of, make_world


@pytest.fixture(autouse=True)
def world(taglab_home: Path) -> None:
    make_world()


def stopped_after(run: Run, looks: int) -> None:
    """Train a run until so many looks are on the disk, then stop it amid its steps."""

    def stop(share: float, text: str) -> None:
        if len(run.history()) >= looks and "step" in text:
            raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        train_space(run.name, stop)


def figures(run: Run) -> pd.DataFrame:
    return run.history().drop(columns="seconds")


def test_stopped_between_a_checkpoint_and_its_row_no_look_is_lost() -> None:
    run = new_space_run(config_of())
    stopped_after(run, 2)
    rows = run.history()
    history = run.folder / layout.HISTORY
    lines = history.read_text().splitlines(keepends=True)
    history.write_text("".join(lines[:-1]))
    assert len(run.history()) == len(rows) - 1
    config = json.loads((run.folder / layout.CONFIG).read_text())
    config["space"]["steps"] = int(rows["steps"].iloc[-1])
    (run.folder / layout.CONFIG).write_text(json.dumps(config))
    train_space(run.name)
    pd.testing.assert_frame_equal(open_run(run.name).history(), rows)


def test_stopped_twice_it_ends_as_if_nothing_had_been() -> None:
    whole, broken = (new_space_run(config_of()) for _ in range(2))
    assert whole.name != broken.name
    train_space(whole.name)
    stopped_after(broken, 1)
    status = read_status(broken.folder)
    assert status is not None
    assert status.state == "stopped"
    assert not broken.finished
    assert launch.state(broken.name).state == "stopped"
    stopped_after(broken, 3)
    assert len(broken.history()) == 3
    train_space(broken.name)
    assert broken.finished
    pd.testing.assert_frame_equal(figures(broken), figures(whole))
    one, other = open_joint_space(whole.name), open_joint_space(broken.name)
    np.testing.assert_array_equal(one.feature_vectors, other.feature_vectors)
    assert one.fingerprint == other.fingerprint


def test_what_is_told_of_a_run_as_it_goes(tmp_path: Path) -> None:
    run = new_space_run(config_of(), group="mine", note="a note")
    assert run.name.startswith("kind-joint-space+data-planted+features-codes")
    assert launch.state(run.name).detail == "not launched yet"
    assert joint_space_names() == []
    assert {kind: one.name for kind, one in run.inputs.items()} == {"data": "planted", "features": "codes"}
    train_space(run.name)
    history, summary = run.history(), run.summary()
    assert (history["seconds"] > 1e-4).all()
    assert list(history["epoch"]) == list(range(1, len(history) + 1))
    assert history["steps"].iloc[-1] == 2_000 * len(history)
    best = history.loc[history["precision_at_3_macro"].idxmax()]
    assert summary["best_epoch"] == best["epoch"]
    assert summary["best"]["precision_at_3 tags"] == best["precision_at_3 tags"]
    assert 0 < summary["test"]["precision_at_3_macro"] <= 1
    assert summary["parameters"] == 8 * (12 + 8 + 16)
    assert "24 validation tracks" in run.log_tail()
    assert launch.kind_of(run).epochs(run.config) == 6
    row = runs_table().iloc[0]
    assert (row["kind"], row["group"], row["epochs"], row["problem"]) == ("trained", "mine", len(history), "")


def test_a_finished_run_is_a_joint_space() -> None:
    run = train_space(new_space_run(config_of()).name)
    assert joint_space_names() == [run.name]
    (listed,) = List().answer(silent).table.to_dict("records")  # type: ignore[union-attr]
    assert (listed["name"], listed["data"], listed["features"]) == (run.name, "planted", "codes")
    answered = Ask(query="tag 0", space=run.name, by="tags", n=1).answer(silent)
    assert answered.table is not None
    assert answered.table["tag"].tolist() == ["tag 1"], "the other of its group"
    with pytest.raises(InvalidSetting, match="is part of a run"):
        delete_joint_space(run.name)
    delete_run(run.name)
    with pytest.raises(NotFound):
        open_joint_space(run.name)


def test_runs_travel_with_their_space(tmp_path: Path) -> None:
    run = train_space(new_space_run(config_of(steps=4_000)).name)
    space = open_joint_space(run.name)
    path = export_run(run.name, tmp_path / "run.zip")
    delete_run(run.name)
    again = import_run(path, "theirs")
    assert again.finished
    assert open_joint_space("theirs").fingerprint == space.fingerprint


def test_other_features_under_the_name_are_refused() -> None:
    run = new_space_run(config_of())
    make_world(seed=1)
    with pytest.raises(InputsChanged, match="the features 'codes' are others than when it was made"):
        train_space(run.name)
    status = read_status(run.folder)
    assert status is not None
    assert status.state == "failed"


def keep_words(*words: str, seed: int = 0) -> None:
    vectors = np.random.default_rng(seed).normal(size=(len(words), 3)).astype(np.float32)
    WordVectors("mine", words, vectors).save(Shelf(VECTORS).path("mine"))


def test_a_run_learns_where_words_lie() -> None:
    keep_words("tag", *map(str, range(8)), "smoky")
    config = config_of(steps=2_000).model_copy(update={"words": "mine"})
    run = new_space_run(config)
    assert run.inputs["vectors"].name == "mine"
    space = open_joint_space(train_space(run.name).name)
    assert space.about["words"]["name"] == "mine"
    answered = Ask(query="word:smoky", space=run.name, by="tags", n=3).answer(silent)
    assert answered.table is not None
    assert len(answered.table) == 3


def test_words_that_changed_or_are_too_few_are_told_before_training() -> None:
    keep_words("tag", *map(str, range(8)))
    run = new_space_run(config_of().model_copy(update={"words": "mine"}))
    keep_words("tag", *map(str, range(8)), seed=1)
    with pytest.raises(InputsChanged, match="the vectors 'mine' are others than when it was made"):
        train_space(run.name)
    keep_words("0", "1")
    few = new_space_run(config_of().model_copy(update={"words": "mine"}))
    with pytest.raises(InvalidSetting, match="have a vector for 2 of the 8 tags"):
        train_space(few.name)
    assert few.history().empty
    with pytest.raises(NotFound):
        new_space_run(config_of().model_copy(update={"words": "none"}))


def test_what_cannot_be_learned_is_refused_before_a_run_is_made() -> None:
    with pytest.raises(InvalidSetting, match="has nothing to learn"):
        new_space_run(config_of().model_copy(update={"min_count": 10_000}))
    with pytest.raises(NotFound):
        new_space_run(config_of().model_copy(update={"features": "none"}))
    with pytest.raises(InvalidSetting, match="epochs"):
        joint_space_run({**config_of().model_dump(), "epochs": 3})
    assert runs_table().empty


def test_a_damaged_checkpoint_is_told() -> None:
    run = new_space_run(config_of())
    stopped_after(run, 1)
    path = run.checkpoints / LAST
    assert read_standing(path).taken == 2_000
    np.savez(path, random=np.zeros(1, np.uint64))
    with pytest.raises(DataError, match="no checkpoint of a joint space"):
        train_space(run.name)


def test_a_run_that_is_trained_elsewhere_is_left_alone() -> None:
    run = new_space_run(config_of())
    launch_status = {"state": "queued", "launcher": "local"}
    (run.folder / "status.json").write_text(json.dumps(launch_status))
    with pytest.raises(Conflict, match="waits in the queue"):
        train_space(run.name)
    assert not open_run(run.name).finished
