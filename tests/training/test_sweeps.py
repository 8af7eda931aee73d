"""Grids of settings and of label spaces: every cell once, what cannot be is listed, one table at the end."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab import runs
from taglab.errors import InvalidSetting, NotFound
from taglab.metrics import mean_columns
from taglab.suffixes import free_name
from taglab.training import RunConfig, train
from taglab.training.sweeps import (
    grid,
    groups,
    make_runs,
    parse_values,
    sweep_cells,
    sweep_table,
    sweepable,
    varied,
)
from tests.training.examples import config_of


@given(
    st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(["plateau", "cosine", "constant"]), min_size=1, max_size=3, unique=True),
)
def test_a_grid_holds_every_combination_once(epochs: list[int], schedules: list[str]) -> None:
    made = grid(config_of(), {"train.epochs": epochs, "train.schedule": schedules})
    found = [(config.train.epochs, config.train.schedule) for config in made]
    assert found == [(number, schedule) for number in epochs for schedule in schedules]
    assert {config.network for config in made} == {config_of().network}


def test_fields_within_fields_and_texts_are_taken() -> None:
    made = grid(config_of(), {"network.mels.n_mels": ["16", 24], "train.learning_rate": ["1e-2"]})
    assert [config.network.mels.n_mels for config in made] == [16, 24]
    assert made[0].train.learning_rate == 0.01


def test_networks_are_swept_with_what_each_has() -> None:
    made = grid(config_of({"n_filters": 8}), {"network.network": ["spectrogram", "waveform"]})
    assert made[0] == config_of({"n_filters": 8})
    assert made[1].network == config_of({"network": "waveform"}).network
    fields = {"network.network": ["waveform"], "network.n_filters": [8, 16]}
    with pytest.raises(InvalidSetting, match="n_filters means nothing to network='waveform'"):
        grid(config_of(), fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"train.epoch": [1]}, "did you mean train.epochs"),
        ({"nonsense": [1]}, "none a sweep can vary"),
        ({"train": [1]}, "none a sweep can vary"),
        ({"train.epochs": []}, "no value"),
        ({"train.epochs": [0]}, "train.epochs=0"),
        ({"train.loss": ["no such loss"]}, "no such loss"),
        ({"train.seed": range(501)}, "at most 500"),
    ],
)
def test_what_is_no_grid_is_told(fields: dict, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        grid(config_of(), fields)


def test_every_single_field_can_be_swept() -> None:
    known = sweepable(config_of())
    assert {"data", "labels", "train.window_s", "network.mels.n_fft"} <= set(known)
    for name, value in known.items():
        assert grid(config_of(), {name: [value]}) == [config_of()]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1e-3, 1e-4", (1e-3, 1e-4)),
        ("none,5", (None, 5)),
        ("True, false", (True, False)),
        ("vgg,spectrogram,vgg", ("vgg", "spectrogram")),
        (" 7 ,", (7,)),
        ("0:3", (0, 1, 2, 3)),
        ("1, 10:30:10, none", (1, 10, 20, 30, None)),
        ("[1]", ("[1]",)),
    ],
)
def test_values_are_read_as_what_they_are(text: str, values: tuple) -> None:
    assert parse_values(text) == values


@pytest.mark.parametrize("text", ["", " , ,"])
def test_no_value_is_told(text: str) -> None:
    with pytest.raises(InvalidSetting, match="one or more"):
        parse_values(text)


def test_a_range_of_values_is_refused_as_a_range_of_numbers_is() -> None:
    with pytest.raises(InvalidSetting, match="must rise from START to STOP"):
        parse_values("5:1")


def test_a_sweep_is_a_group_with_one_table() -> None:
    cells = sweep_cells(config_of(), {"train.learning_rate": [1e-2, 1e-3], "train.seed": [0, 1]})
    made = make_runs(cells.configs, "rates", "why not")
    assert len({run.name for run in made}) == 4
    assert {run.about.group for run in made} == {"rates"}
    assert {run.about.note for run in made} == {"why not"}
    table = sweep_table("rates")
    assert list(table.columns) == [
        "run", "train.learning_rate", "train.seed", "classes", "epochs", *mean_columns()
    ]  # fmt: skip
    assert table[["train.learning_rate", "train.seed"]].to_numpy().tolist() == [
        [1e-3, 0], [1e-3, 1], [1e-2, 0], [1e-2, 1]
    ]  # fmt: skip
    assert table[list(mean_columns())].isna().all(axis=None)
    assert set(table["classes"]) == {3}
    assert groups() == ["rates"]
    assert sweep_table("another").empty


def test_a_sweep_tells_average_precision_and_says_which_area_is_interpolated() -> None:
    (run,) = make_runs([config_of(epochs=1)], "one")
    train(run.name)
    row = sweep_table("one").iloc[0]
    assert row["ap_macro"] == pytest.approx(run.history()["ap_macro"][0])


def test_label_spaces_are_made_by_cell_and_what_cannot_be_is_listed() -> None:
    from taglab.training.label_spaces import LabelGrid

    labels = LabelGrid(min_counts=(1, 30), ks=(2, 3, 50))
    cells = sweep_cells(config_of(), {"train.seed": [0, 1]}, labels)
    assert len(cells.notes) == 2
    assert "k = 50: more clusters than tags" in cells.notes[0]
    make_runs(cells.configs, "by k")
    table = sweep_table("by k")
    assert {"k", "min_count", "train.seed"} <= set(table.columns)
    assert "labels" not in table.columns
    assert table["classes"].tolist() == table["k"].tolist()
    assert len(table) == 8


def test_no_run_is_left_of_a_sweep_that_cannot_be_made() -> None:
    good = config_of()
    bad = good.model_copy(update={"labels": "not there"})
    with pytest.raises(NotFound):
        make_runs([good, bad], "half")
    assert runs.run_names() == []


def test_a_sweep_has_a_name_and_no_run_twice() -> None:
    with pytest.raises(InvalidSetting, match="what to call"):
        make_runs([config_of()], "  ")
    with pytest.raises(InvalidSetting, match="the same"):
        make_runs([config_of(), config_of()], "twice")


def test_only_what_differs_is_a_column() -> None:
    found = varied([{"a": 1, "b": [1, 2], "c": None}, {"a": 1, "b": [3], "c": 2.5}])
    pd.testing.assert_frame_equal(found, pd.DataFrame({"b": ["1, 2", "3"], "c": [None, 2.5]}))
    assert varied([]).empty


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert free_name("sweep", []) == "sweep"
    assert free_name("sweep", ["sweep", "sweep 2"]) == "sweep 3"


def test_the_thesis_grids_are_as_large_as_theirs() -> None:
    """Sections 7.3 and 7.4: six models, and five."""
    base = RunConfig(labels="x")
    vectors, counts = ["word2vec", "wikipedia", "twitter"], [100, 500]
    names = [f"{name} {count}" for name in vectors for count in counts]
    assert len(grid(base, {"labels": names})) == 6
    assert len(grid(base, {"labels": [f"k{k}" for k in (100, 250, 500, 750, 1000)]})) == 5
