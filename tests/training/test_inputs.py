"""A run is of what it was made of: sound or labels that were replaced under the same name are told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from taglab import launch
from taglab.cache import AUDIO, FOLKSONOMIES, VECTORS, Shelf, write_json
from taglab.compare.inputs import inputs_table, inputs_warning, settings_with_inputs
from taglab.embeddings import WordVectors
from taglab.errors import DataError, InputsChanged
from taglab.folksonomy import Folksonomy
from taglab.launch.local import LocalLauncher
from taglab.runs import Run, RunWriter, open_run
from taglab.runs.status import Status, read_status, write_status
from taglab.sources import open_folksonomy
from taglab.training import TrainConfig, new_run, predict, train
from taglab.training.checkpoints import LAST, load_checkpoint, save_checkpoint
from taglab.training.made_for import WITHOUT_EFFECT, settings_with_effect
from tests.cli.running import Shell
from tests.training.examples import config_of, save_sound
from tests.training.test_running import shell, until_the_second_epoch

__all__ = ["shell"]


def save(data: Folksonomy) -> None:
    data.save(Shelf(FOLKSONOMIES).path("small"))


def shuffle_tags() -> None:
    """Give every track the tags of another; names, counts and the number of tracks stay."""
    data = open_folksonomy("small")
    rows = np.random.default_rng(0).permutation(data.n_tracks)
    save(replace(data, matrix=sparse.csr_array(data.matrix[rows])))


def replace_sound() -> None:
    save_sound(seed=1)


def retitle() -> None:
    data = open_folksonomy("small")
    save(replace(data, tracks=data.tracks.assign(title="new"), tags=data.tags.assign(category="sound")))


def replace_vectors(seed: int = 1) -> None:
    words = ("low", "high", "noise", "loud")
    values = np.random.default_rng(seed).standard_normal((4, 3)).astype(np.float32)
    WordVectors("words", words, values).save(Shelf(VECTORS).path("words"))


CHANGES: list[tuple[Callable[[], None], str]] = [
    (shuffle_tags, "its data have other tracks, or others in the classes of 'sounds', than when it was made"),
    (replace_sound, "the audio 'small' holds other sound of its tracks than when it was made"),
]


def test_a_run_keeps_what_it_is_made_of() -> None:
    run = new_run(config_of())
    data = open_folksonomy("small")
    assert set(run.inputs) == {"data", "audio", "targets"}
    assert run.inputs["data"].model_dump() == {"name": "small", "fingerprint": data.fingerprint}
    assert [run.inputs[kind].name for kind in ("audio", "targets")] == ["small", "sounds"]
    assert new_run(config_of(seed=3)).inputs == run.inputs
    assert set(new_run(config_of(loss="semantic-bce")).inputs) == {"data", "audio", "targets", "vectors"}


@pytest.mark.parametrize(("change", "sentence"), CHANGES, ids=["tags", "sound"])
@pytest.mark.parametrize("begin", [lambda run: run, until_the_second_epoch], ids=["new", "begun"])
def test_what_was_replaced_is_not_trained_on(
    change: Callable[[], None], sentence: str, begin: Callable[[Run], Run]
) -> None:
    run = begin(new_run(config_of()))
    before = len(run.history())
    change()
    with pytest.raises(InputsChanged, match=f"cannot be trained: {sentence}; bring back what it was made of"):
        train(run.name)
    assert len(run.history()) == before
    assert len(train(new_run(config_of()).name).history()) == 2  # the cure


@pytest.mark.parametrize(("change", "sentence"), CHANGES, ids=["tags", "sound"])
def test_what_was_replaced_is_refused_before_a_process_is_started(
    change: Callable[[], None], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(LocalLauncher, "submit", lambda self, run, *more: started.append(run))
    run = until_the_second_epoch(new_run(config_of()))
    stopped = Status(state="stopped", launcher="local")
    write_status(run.folder, stopped)
    change()
    with pytest.raises(InputsChanged, match=f"cannot be trained: {sentence}; bring back what it was made of"):
        launch.resume(run.name)
    assert (started, read_status(run.folder)) == ([], stopped)
    other = new_run(config_of(seed=1))
    write_status(other.folder, stopped)
    launch.resume(other.name)
    assert started == [other.name]


@pytest.mark.parametrize(("change", "sentence"), CHANGES, ids=["tags", "sound"])
def test_what_was_replaced_is_not_predicted_on(
    change: Callable[[], None], sentence: str, shell: Shell
) -> None:
    run = train(new_run(config_of(epochs=1)).name)
    change()
    with pytest.raises(InputsChanged, match=f"cannot predict its test tracks: {sentence}"):
        predict(run)
    assert shell.run("predict", run.name) == 1
    assert sentence in shell.err
    assert "make a new run of the same settings" in shell.err


def test_what_it_does_not_learn_from_may_change_and_is_told() -> None:
    run = until_the_second_epoch(new_run(config_of()))
    retitle()
    whole = train(run.name)
    assert (
        "the data set 'small' is another than when it was made, in nothing that it learns" in whole.log_tail()
    )
    assert predict(whole).n_tracks == whole.predictions("test").n_tracks
    now = inputs_table(whole).set_index("input")["now"]
    assert now.to_dict() == {"data": "changed", "audio": "as it was", "targets": "as it was"}


def test_sound_of_other_tracks_may_come_and_go() -> None:
    run = until_the_second_epoch(new_run(config_of()))
    save_sound(more=5)
    assert len(train(run.name).history()) == 2


def test_other_vectors_are_not_gone_on_with_but_predictions_need_none() -> None:
    replace_vectors(seed=0)
    config = config_of(loss="semantic-bce", loss_vectors="words")
    begun, ended = until_the_second_epoch(new_run(config)), train(new_run(config).name)
    replace_vectors(seed=1)
    with pytest.raises(InputsChanged, match="the vectors 'words' are others than when it was made"):
        train(begun.name)
    assert predict(ended).n_tracks == 5
    replace_vectors(seed=0)
    assert len(train(begun.name).history()) == 2


def test_runs_of_before_are_opened_as_before_and_not_known() -> None:
    run = until_the_second_epoch(new_run(config_of()))
    (run.folder / "inputs.json").unlink()
    assert run.inputs == {}
    assert len(train(run.name).history()) == 2
    assert predict(run).n_tracks == 5
    table = inputs_table(run)
    assert table["name"].tolist() == ["small", "small", "sounds"]
    assert set(table["now"]) == {"not known"}
    assert settings_with_inputs(run)["content"]["audio"] == "not known"


def test_sound_that_is_made_later_is_kept_when_training_begins() -> None:
    run = new_run(config_of(epochs=1))
    whole = run.inputs
    RunWriter(run).inputs({kind: one for kind, one in whole.items() if kind != "audio"})
    assert "audio" not in run.inputs
    train(run.name)
    assert run.inputs == whole


def test_a_damaged_file_of_inputs_is_told() -> None:
    run = new_run(config_of())
    for value in ([], {"data": {"name": "small"}}, {"data": {"name": "small", "fingerprint": "x"}}, {"a": 1}):
        write_json(run.folder / "inputs.json", value)
        with pytest.raises(DataError, match=r"inputs\.json"):
            _ = run.inputs


def test_what_is_gone_is_told() -> None:
    run = new_run(config_of())
    Shelf(AUDIO).delete("small")
    table = inputs_table(run).set_index("input")
    assert table["now"].to_dict() == {"data": "as it was", "audio": "not there", "targets": "as it was"}
    assert table.loc["audio", "fingerprint"] == run.inputs["audio"].fingerprint
    Shelf(FOLKSONOMIES).delete("small")
    assert set(inputs_table(run)["now"]) == {"not there"}


def test_compared_runs_that_had_other_things_of_one_name_are_warned_of(shell: Shell) -> None:
    first, like = new_run(config_of()), new_run(config_of(seed=1))
    assert inputs_warning({"first": first, "like": like}) is None
    replace_sound()
    third = new_run(config_of(seed=2))
    runs = {"first": first, "like": like, "third": third}
    warning = inputs_warning(runs)
    assert warning is not None
    assert "“first”, “like” had other sound under the name “small” than “third”" in warning
    assert "other data" not in warning
    retitle()
    assert "had other data under" in (inputs_warning({"a": third, "b": new_run(config_of(seed=3))}) or "")
    told = shell.json("compare-runs", first.name, third.name, "--by", "settings")
    assert "other sound under the name “small”" in told["warning"]
    row = next(row for row in told["rows"] if row["setting"] == "content.audio")
    assert row[first.name] == first.inputs["audio"].fingerprint[:8]
    shown = shell.json("runs", "show", first.name)
    assert {row["input"]: row["now"] for row in shown["inputs"]}["audio"] == "changed"


def test_every_setting_is_with_effect_or_named_as_without() -> None:
    assert set(TrainConfig.model_fields) >= WITHOUT_EFFECT
    told = set(settings_with_effect(TrainConfig(weight_decay=0.1)))
    assert told == set(TrainConfig.model_fields) - WITHOUT_EFFECT
    # What checkpoints of before it do not name is left out where nothing comes of it.
    assert told - set(settings_with_effect(TrainConfig())) == {"weight_decay"}


def edit_config(run: Run, **train: object) -> None:
    config = run.config
    write_json(run.folder / "config.json", {**config, "train": {**config["train"], **train}})


def test_settings_with_effect_are_held_against_the_checkpoint_and_others_are_not() -> None:
    run = until_the_second_epoch(new_run(config_of()))
    edit_config(run, learning_rate=0.5)
    with pytest.raises(DataError, match=r"its train differs \(learning_rate is 0.001, not 0.5\)"):
        train(run.name)
    edit_config(run, learning_rate=0.001, epochs=3, metric_interval_steps=7, checkpoint_minutes=99)
    assert len(train(run.name).history()) == 3


def test_checkpoints_of_before_say_nothing_of_settings_and_inputs(taglab_home: Path) -> None:
    run = until_the_second_epoch(new_run(config_of()))
    path = run.checkpoints / LAST
    content = load_checkpoint(path, {})
    since = ("train", "inputs")
    earlier = {name: value for name, value in content["made_for"].items() if name not in since}
    save_checkpoint(path, {**content, "format": 1, "made_for": earlier})
    assert load_checkpoint(path, {})["format"] == 1
    edit_config(run, seed=5)
    assert len(train(run.name).history()) == 2
    save_checkpoint(path, {**content, "made_for": earlier})
    with pytest.raises(DataError, match="its train"):
        load_checkpoint(path, content["made_for"])


def test_a_checkpoint_of_other_sound_is_not_gone_on_with_by_a_run_of_before() -> None:
    run = until_the_second_epoch(new_run(config_of()))
    (run.folder / "inputs.json").unlink()
    replace_sound()
    with pytest.raises(DataError, match="its inputs differs \\(audio is"):
        train(run.name)


def test_inputs_are_named_as_files_of_a_run_are() -> None:
    run = new_run(config_of())
    assert open_run(run.name).inputs == run.inputs
    assert pd.read_json(run.folder / "inputs.json").columns.tolist() == list(run.inputs)
