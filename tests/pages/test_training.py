"""The Training page: start in one click, watch what is on disk, stop, resume, sweep; trouble in sentences."""

import json
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from taglab import labels, launch, runs
from taglab.cli.commands import build_parser
from taglab.cli.options import question_of
from taglab.errors import Unavailable
from taglab.labels import LabelClass, LabelSpace
from taglab.launch import LaunchSettings, RunState
from taglab.launch.permission import Visitor
from taglab.metrics import mean_columns
from taglab.metrics.thresholds import confusion
from taglab.nets import NETWORKS
from taglab.runs.process import identify
from taglab.runs.status import Status, write_status
from taglab.studies.thesis import recipes
from taglab.training import PRESETS, Pace, TrainConfig, new_run
from taglab.ui.training import dry_run as training_dry_run
from taglab.ui.training import form as training_form
from taglab.ui.training import start as training_start
from taglab.verbs import VERBS
from tests.pages.conftest import HERE
from tests.pages.framed import open_page
from tests.training.examples import config_of, make_world

ELSEWHERE = Visitor("taglab.example:8501", "192.168.1.7")
HOSTILE = '"><img/src=x/onerror=alert(1)>'


@pytest.fixture(scope="module")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("world") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        make_world(home)
    return home


@pytest.fixture(autouse=True)
def world(made_world: Path, taglab_home: Path) -> None:
    """Data, audio and a label space, in a cache folder of its own."""
    import shutil

    shutil.copytree(made_world, taglab_home)


@pytest.fixture(autouse=True)
def launched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What was launched, stopped and resumed; no test of a page starts a process."""
    told: list[tuple[str, str]] = []
    for verb in ("submit", "stop", "resume"):
        monkeypatch.setattr(launch, verb, lambda run, settings=None, verb=verb: told.append((verb, run)))
    return told


@pytest.fixture
def settings_told(monkeypatch: pytest.MonkeyPatch) -> list[LaunchSettings]:
    """How runs were launched."""
    told: list[LaunchSettings] = []
    monkeypatch.setattr(launch, "submit", lambda run, settings: told.append(settings))
    return told


def page(view: str = "New run", **url: str) -> AppTest:
    given = {"data": "small", "labels": "sounds", "audio": "small", **url}
    return open_page("training", view=view, **given)


def asked_of(command: str, verb: str) -> Any:
    """The question that a copied command asks."""
    return question_of(build_parser().parse_args(shlex.split(command)[1:]), VERBS[verb].question)


def words(app: AppTest) -> str:
    elements = [*app.markdown, *app.caption, *app.text, *app.error, *app.info, *app.success, *app.warning]
    return "\n".join(element.value for element in elements).replace("\\", "")


def charts(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def trained(epochs: int = 0, title: str = "", group: str = "", **train: object) -> runs.Run:
    """Make a run and write what training would have, without any."""
    run = new_run(config_of(**{"epochs": 4, **train}), group)
    writer, rng = runs.RunWriter(run), np.random.default_rng(0)
    for epoch in range(1, epochs + 1):
        for step in (1, 2):
            writer.step(
                {"epoch": epoch, "step": step, "steps_per_epoch": 2, "loss": 0.7, "clips_per_s": 40.0,
                 "memory_gib": 0.5, "time": time.time()}
            )  # fmt: skip
        truth = rng.random((20, 3)) < 0.5
        counts = confusion(truth, rng.random((20, 3)).astype(np.float32))
        table = pd.DataFrame({"label": list(run.classes), "auc_pr": 0.5, "auc_roc": 0.6})
        figures = dict.fromkeys(mean_columns(), 0.5)
        history = {"epoch": epoch, "train_loss": 0.7, "validation_loss": 0.6, "seconds": 10.0, **figures}
        writer.epoch({**history, "clips_per_s": 40.0, "learning_rate": 1e-3}, table, counts)
    if title:
        runs.set_title(run.name, title)
    return run


def doing(run: runs.Run, state: str, **more: object) -> None:
    process = identify() if state == "running" else None
    now = time.time()
    times = {"started_at": now - 60, "heartbeat_at": now, "queued_at": now - 70}
    write_status(run.folder, Status(state=state, process=process, launcher="local", **{**times, **more}))


def test_the_first_visit_trains_the_demo_in_one_click(launched: list) -> None:
    app = open_page("training").run()
    assert not app.exception
    assert "Train a first tagger" in [each.value for each in app.subheader]
    app.button(key="train demo").click().run()
    assert not app.exception
    ((verb, name),) = launched
    run = runs.open_run(name)
    assert verb == "submit"
    assert (run.config["data"], run.config["audio"]) == ("demo", "demo")
    assert run.config["train"]["epochs"] == PRESETS["tiny"]["train"]["epochs"]
    assert run.config["labels"] in labels.label_space_names()
    assert app.multiselect(key="run").value == [name]


@pytest.mark.parametrize("view", ["New run", "New sweep", "Runs", "Sweeps"])
def test_every_view_opens_by_its_link(view: str) -> None:
    doing(trained(2), "finished")
    app = page(view).run()
    assert not app.exception
    assert not app.error
    for block in app.code:
        if block.language == "bash":
            program, *arguments = shlex.split(block.value)
            assert program == "taglab"
            build_parser().parse_args(arguments)


def test_the_form_shows_every_setting_once() -> None:
    shown = [*training_form._FIRST]
    for names in TrainConfig.sections.values():
        shown += names
    assert sorted(shown) == sorted(TrainConfig.model_fields)


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_preset_fills_the_form(preset: str, launched: list) -> None:
    app = page(preset=preset).run()
    app.button(key="start").click().run()
    assert not app.exception
    config = runs.open_run(launched[0][1]).config
    for name, value in PRESETS[preset]["train"].items():
        assert config["train"][name] == value
    for name, value in PRESETS[preset]["network"].items():
        if name != "mels":
            assert config["network"][name] == value
    assert app.selectbox(key="network").value == PRESETS[preset]["network"]["network"]


def test_what_the_form_says_is_what_is_trained_and_copied(launched: list) -> None:
    app = page(preset="tiny").run()
    app.number_input(key="train tiny epochs").set_value(3).run()
    app.number_input(key="train tiny window_s").set_value(None).run()
    app.selectbox(key="train tiny schedule").set_value("cosine").run()
    app.toggle(key="train tiny shuffle").set_value(False).run()
    app.number_input(key="network tiny width").set_value(0.5).run()
    command = next(block.value for block in app.code if block.value.startswith("taglab train"))
    app.text_input(key="run note").set_value("why").run()
    app.button(key="start").click().run()
    assert not app.exception
    run = runs.open_run(launched[0][1])
    assert run.about.note == "why"
    train = run.config["train"]
    assert [train[name] for name in ("epochs", "window_s", "schedule", "shuffle")] == [
        3,
        None,
        "cosine",
        False,
    ]
    assert run.config["network"]["width"] == 0.5
    assert asked_of(command, "train").config().model_dump(mode="json") == run.config


def test_another_preset_brings_its_network_and_a_network_may_differ() -> None:
    app = page(preset="tiny").run()
    app.selectbox(key="preset").set_value("thesis-waveform").run()
    assert app.selectbox(key="network").value == "waveform"
    app.selectbox(key="network").set_value("vgg").run()
    assert not app.exception
    assert app.selectbox(key="network").value == "vgg"


@pytest.mark.parametrize("network", NETWORKS)
def test_only_what_the_network_has_is_shown_trained_and_copied(network: str, launched: list) -> None:
    app = page(preset="tiny").run()
    app.selectbox(key="network").set_value(network).run()
    assert not app.exception
    fields = NETWORKS[network].model_fields
    shown = {widget.key.removeprefix("network tiny ") for widget in app.number_input}
    chosen = {"network", "mels", "channels"}  # from a list
    own = {field for model in NETWORKS.values() for field in model.model_fields} - chosen
    assert shown & own == set(fields) - chosen
    assert any(box.key == "mels tiny" for box in app.selectbox) == ("mels" in fields)
    command = next(block.value for block in app.code if block.value.startswith("taglab train"))
    app.button(key="start").click().run()
    assert not app.exception
    config = runs.open_run(launched[0][1]).config
    assert set(config["network"]) == set(fields)
    assert asked_of(command, "train").config().model_dump(mode="json") == config


def test_how_long_it_takes_is_said_as_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Pace | None] = [None]
    monkeypatch.setattr(training_start, "measured_pace", lambda config, where: told[0])
    st.cache_resource.clear()
    assert "was not measured yet with this network and clips" in words(page().run())
    for pace, said in (
        (Pace("one", 12.0, None), "About 12.0 clips/s, as measured in one on other data"),
        (Pace("one", 12.0, 90.0), "About 2 min an epoch, 45 min in all, as measured in one ("),
    ):
        told[0] = pace
        st.cache_resource.clear()
        app = page(preset="tiny").run()
        assert not app.exception
        assert said in words(app)
    app.selectbox(key="launch where").set_value("slurm").run()
    assert "(the cluster); Dry run tells" in words(app)


def test_a_ready_label_space_is_made_when_it_is_needed(launched: list) -> None:
    app = open_page("training", labels="Top 50 tags (new)").run()
    assert labels.label_space_names() == ["sounds"]
    app.button(key="start").click().run()
    assert not app.exception
    assert runs.open_run(launched[0][1]).config["labels"] == "demo top 50"
    assert "demo top 50" in labels.label_space_names()


def test_a_wrong_setting_is_a_sentence_and_the_runs_stay() -> None:
    doing(trained(2), "finished")
    app = page().run()
    app.number_input(key="train tiny validation_share").set_value(0.95).run()
    assert not app.exception
    assert "validation_share and test_share must sum to less than 1" in words(app)
    assert charts(app)


def test_labels_of_other_data_are_a_sentence(launched: list) -> None:
    labels.save_label_space(LabelSpace("odd", (LabelClass("never heard", ("never heard",)),)))
    app = page(labels="odd").run()
    app.button(key="start").click().run()
    assert not app.exception
    assert "must have a tag of" in words(app)
    assert not launched
    assert runs.run_names() == []


def test_a_link_to_what_is_not_here_is_named() -> None:
    trained(1)
    app = page(labels="gone", audio="gone", run="gone").run()
    assert not app.exception
    for what in ("label space", "audio", "run"):
        assert f"The link asks for the {what} 'gone'" in words(app)


def test_a_running_run_shows_how_far_it_is_and_can_be_stopped(launched: list) -> None:
    run = trained(2)
    doing(run, "running")
    app = page().run()
    assert not app.exception
    bar = app.get("progress")[0].proto
    assert bar.value == 50
    assert bar.text.replace("\\", "").startswith("epoch 3 of 4, about 20 s left, 40 clips/s, 0.5 GiB")
    titles = [chart["layout"]["title"]["text"] for chart in charts(app)]
    assert titles[:2] == ["Loss", "AUC-PR, interpolated, validation"]
    app.button(key=f"stop {run.name}").click().run()
    assert launched == [("stop", run.name)]


def test_before_the_first_epoch_it_says_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained()
    doing(run, "running")
    bar = page().run().get("progress")[0].proto
    assert "Preparing" in bar.text
    waits = RunState("queued", "the 2nd of 3 that wait")
    monkeypatch.setattr(launch, "states", lambda names: dict.fromkeys(names, waits))
    monkeypatch.setattr(launch, "state", lambda name: waits)
    assert "2nd of 3 that wait" in page().run().get("progress")[0].proto.text


def test_steps_of_the_first_epoch_move_the_bar() -> None:
    run = trained()
    doing(run, "running")
    for step in (1, 2):
        row = {"epoch": 1, "step": step, "steps_per_epoch": 4, "loss": 0.6, "clips_per_s": 3.0}
        runs.RunWriter(run).step({**row, "memory_gib": 0.1, "time": 100.0 + 10 * step})
    app = page().run()
    assert app.get("progress")[0].proto.value == 12  # half of the first of four epochs
    assert "epoch 1 of 4, about 2 min left" in app.get("progress")[0].proto.text.replace("\\", "")
    assert len(charts(app)[0]["data"]) == 1


def test_a_dead_run_never_shows_as_running_and_can_be_resumed(launched: list) -> None:
    run = trained(1)
    process = identify().model_copy(update={"pid": 2**22 - 3})
    write_status(run.folder, Status(state="running", process=process, launcher="local", started_at=1.0))
    app = page().run()
    assert not app.exception
    assert not app.get("progress")
    assert "lost" in words(app)
    app.button(key=f"resume {run.name}").click().run()
    assert launched == [("resume", run.name)]


def test_a_failed_run_says_why_and_opens_its_log() -> None:
    run = trained()
    runs.RunWriter(run).log(f"it went <b>wrong</b> {HOSTILE}")
    doing(run, "failed", message=f"no class has a positive {HOSTILE}")
    app = page().run()
    assert not app.exception
    assert "no class has a positive" in app.error[0].value.replace("\\", "")
    assert "<img" not in app.error[0].value.replace("\\<", "")
    assert HOSTILE in next(block.value for block in app.code if "went" in block.value)
    opened = [part.label.replace("\\", "") for part in app.expander if part.proto.expanded]
    assert opened == [f"Log of {run.name}"]


def test_a_finished_run_says_how_it_ended() -> None:
    run = trained(4)
    doing(run, "finished")
    app = page().run()
    assert "4 of 4 epochs in 40 s; best epoch 1, validation: AUC-PR exact macro 0.500" in words(app)
    assert not [each for each in app.button if each.key in (f"stop {run.name}", f"resume {run.name}")]


def test_several_runs_are_drawn_over_one_another() -> None:
    first, second = trained(2, title="the first"), trained(3, seed=1)
    app = page(run=first.name).run()
    app.multiselect(key="run").set_value([first.name, second.name]).run()
    assert not app.exception
    drawn = {trace["customdata"][0][0] for trace in charts(app)[1]["data"] if "customdata" in trace}
    assert drawn == {first.name, second.name}
    assert "the first" in words(app)


def test_runs_of_different_splits_are_not_drawn_together_without_a_warning() -> None:
    first, second, other, elsewhere, new = (
        *(trained(2), trained(2, seed=1), trained(2, split_seed=1)),
        *(trained(2, window_s=0.5), trained(0, seed=2)),
    )
    on = {first: ("a", "b"), second: ("a", "b"), other: ("c", "b"), elsewhere: ("a", "d")}
    for run, (split, evaluated) in on.items():
        runs.change_about(run, split=split * 32, evaluated=evaluated * 32)
    app = page(run=first.name).run()
    app.multiselect(key="run").set_value([first.name, second.name, new.name]).run()
    assert not app.warning  # what has no figures yet stands on no axis
    app.multiselect(key="run").set_value([first.name, other.name]).run()
    assert not app.exception
    assert "come from different splits" in app.warning[0].value
    app.multiselect(key="run").set_value([first.name, elsewhere.name]).run()
    assert "were evaluated on different tracks" in app.warning[0].value


def test_a_sweep_over_the_split_is_warned_of() -> None:
    made = [trained(1, group="splits", split_seed=seed) for seed in (0, 1)]
    for run in made:
        runs.change_about(run, split="a" * 32, evaluated="b" * 32)
    app = page("Sweeps", sweep="splits").run()
    assert not app.warning
    runs.change_about(made[1], split="c" * 32)
    app = page("Sweeps", sweep="splits").run()
    assert not app.exception
    assert "come from different splits" in app.warning[0].value


def test_a_run_deleted_while_it_is_watched_is_told() -> None:
    first, second = trained(2), trained(2, seed=1)
    app = page(run=first.name).run()
    runs.delete_run(first.name)
    app.run()
    assert not app.exception
    assert "No longer there" in words(app)
    assert app.multiselect(key="run").value == [second.name]
    runs.delete_run(second.name)
    app.run()
    assert not app.exception
    assert "Train a first tagger" in [each.value for each in app.subheader]


def test_a_damaged_run_does_not_hide_the_others() -> None:
    good, bad = trained(2), trained(1, seed=1)
    (bad.folder / "about.json").write_text("{", encoding="utf-8")
    app = page("Runs").run()
    assert not app.exception
    table = app.dataframe[-1].value
    assert set(table["run"]) == {good.name, bad.name}
    assert table.set_index("run").loc[bad.name, "problem"]


def test_the_table_of_runs_has_their_states() -> None:
    states = {"finished": trained(2), "failed": trained(1, seed=1), "stopped": trained(0, seed=2)}
    for state, run in states.items():
        doing(run, state)
    table = page("Runs").run().dataframe[-1].value.set_index("run")
    for state, run in states.items():
        assert state in table.loc[run.name, "state"]
    assert table.loc[states["finished"].name, "epochs"] == 2


REFUSED = "it launches nothing: log in, or have it started with"


@pytest.fixture
def look_from(monkeypatch: pytest.MonkeyPatch) -> Callable[[Visitor], None]:
    """Change who looks at the dashboard."""
    return lambda visitor: monkeypatch.setattr("taglab.ui.visitors.visitor", lambda: visitor)


@pytest.fixture
def forged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that presses buttons that are disabled."""
    button = st.button
    monkeypatch.setattr(st, "button", lambda *given, disabled=False, **more: button(*given, **more))


def refused(app: AppTest) -> bool:
    return not app.exception and any(REFUSED in each.value.replace("\\", "") for each in app.error)


def test_visitors_may_launch_once_they_are_allowed_to(
    monkeypatch: pytest.MonkeyPatch, launched: list, look_from: Callable[[Visitor], None]
) -> None:
    look_from(ELSEWHERE)
    app = open_page("training").run()
    for key in ("train demo", "start", "dry run button"):
        assert app.button(key=key).disabled
    assert REFUSED in words(app)
    monkeypatch.setenv(launch.ALLOW_LAUNCH, "1")
    app = page().run()
    app.button(key="start").click().run()
    assert not app.exception
    assert [verb for verb, _ in launched] == ["submit"]


@pytest.mark.usefixtures("forged")
@pytest.mark.parametrize("key", ["train demo", "start", "dry run button"])
def test_a_click_that_is_not_allowed_makes_nothing(
    launched: list, look_from: Callable[[Visitor], None], key: str
) -> None:
    spaces = labels.label_space_names()
    look_from(ELSEWHERE)
    app = open_page("training", data="small", audio="small", labels="Top 50 tags (new)").run()
    assert refused(app.button(key=key).click().run())
    assert "dry run" not in app.session_state
    assert (runs.run_names(), labels.label_space_names(), launched) == ([], spaces, [])


@pytest.mark.usefixtures("forged")
def test_a_sweep_that_is_not_allowed_is_not_made(
    launched: list, look_from: Callable[[Visitor], None]
) -> None:
    app = page("New sweep").run()
    app.multiselect(key="sweep fields").set_value(["train.seed"]).run()
    look_from(ELSEWHERE)
    assert refused(app.button(key="start sweep").click().run())
    assert (runs.run_names(), launched) == ([], [])


@pytest.mark.parametrize(("state", "verb"), [("running", "stop"), ("stopped", "resume")])
def test_who_may_not_launch_stops_and_resumes_nothing(
    launched: list, look_from: Callable[[Visitor], None], state: str, verb: str
) -> None:
    run = trained(1)
    doing(run, state)
    app = page().run()
    look_from(ELSEWHERE)
    assert refused(app.button(key=f"{verb} {run.name}").click().run())
    assert app.button(key=f"{verb} {run.name}").disabled
    assert not launched


def test_ticked_runs_are_removed_by_those_who_may(look_from: Callable[[Visitor], None]) -> None:
    first, second = trained(1), trained(1, seed=1)
    doing(second, "running")
    app = page("Runs").run()
    tick(app, first.name, second.name)
    look_from(ELSEWHERE)
    assert refused(app.button(key="remove ticked").click().run())
    assert set(runs.run_names()) == {first.name, second.name}
    look_from(HERE)
    app.button(key="remove ticked").click().run()
    assert runs.run_names() == [second.name]
    assert "still active; stop it first" in words(app)


def tick(app: AppTest, *names: str) -> None:
    """Tick rows of the table of runs, as a click on them would."""
    table = app.dataframe[-1]
    rows = [list(table.value["run"]).index(name) for name in names]
    app.session_state["runs table"] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    app.run()


def test_a_refusal_that_comes_after_the_run_was_made_is_told(
    monkeypatch: pytest.MonkeyPatch, launched: list
) -> None:
    monkeypatch.setattr("taglab.launch.may_launch", lambda *_: REFUSED if runs.run_names() else None)
    app = page().run()
    assert refused(app.button(key="start").click().run())
    assert len(runs.run_names()) == 1
    assert not launched


def test_a_launch_that_is_refused_is_told_and_the_run_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(run: str, settings: object) -> None:
        raise Unavailable("sbatch says no <b>")

    monkeypatch.setattr(launch, "submit", refuse)
    app = page().run()
    app.button(key="start").click().run()
    assert not app.exception
    assert "sbatch says no" in words(app)
    assert len(runs.run_names()) == 1


def name_field(app: AppTest) -> TextInput:
    return next(each for each in app.text_input if each.label == "Name of the sweep")


def test_a_sweep_is_made_launched_and_tabled(launched: list) -> None:
    app = page("New sweep").run()
    assert "Choose at least one field" in words(app)
    app.multiselect(key="sweep fields").set_value(["train.learning_rate"]).run()
    app.text_input(key="sweep values train.learning_rate").set_value("1e-2,1e-3").run()
    name_field(app).set_value("rates").run()
    assert "Start 2 runs" in [each.label for each in app.button]
    app.button(key="start sweep").click().run()
    assert not app.exception
    assert [verb for verb, _ in launched] == ["submit", "submit"]
    table = page("Sweeps").run().dataframe[-1].value
    assert sorted(table["train.learning_rate"]) == [1e-3, 1e-2]
    again = page("New sweep").run()
    again.multiselect(key="sweep fields").set_value(["train.seed"]).run()
    name_field(again).set_value("rates").run()
    again.button(key="start sweep").click().run()
    assert "there is a sweep 'rates' already" in words(again)


def test_a_sweep_over_k_makes_its_label_spaces(launched: list) -> None:
    app = page("New sweep").run()
    app.button(key="sweep Model 3.3: k = 100 … 1000").click().run()
    assert app.text_input(key="sweep ks").value == "100,250,500,750,1000"
    assert app.text_input(key="sweep min_counts").value == "101"
    app.text_input(key="sweep ks").set_value("2,3,500").run()
    app.text_input(key="sweep min_counts").set_value("1").run()
    command = next(block.value for block in app.code if block.value.startswith("taglab sweep make"))
    clusterings = asked_of(command, "sweep make").clusterings
    assert (clusterings.ks, clusterings.min_counts, clusterings.vectors) == ((2, 3, 500), (1,), ("own",))
    app.button(key="start sweep").click().run()
    assert not app.exception
    assert len(launched) == 2
    assert "2 runs made. Left out: own, count ≥ 1, k = 500" in words(app)
    assert {"small own n1 k2", "small own n1 k3"} <= set(labels.label_space_names())


def test_a_sweep_runs_where_it_is_said(settings_told: list[LaunchSettings]) -> None:
    app = page("New sweep").run()
    app.multiselect(key="sweep fields").set_value(["train.seed"]).run()
    app.text_input(key="sweep values train.seed").set_value("0,1").run()
    app.selectbox(key="launch where").set_value("slurm").run()
    app.number_input(key="launch gpus").set_value(4).run()
    app.text_input(key="launch partition").set_value("no such place").run()
    assert not app.exception
    assert "partition='no such place'" in app.error[0].value.replace("\\", "")
    app.text_input(key="launch partition").set_value("long").run()
    command = next(block.value for block in app.code if block.value.startswith("taglab sweep make"))
    asked = asked_of(command, "sweep make")
    app.button(key="start sweep").click().run()
    assert not app.exception
    wanted = LaunchSettings(where="slurm", gpus=4, partition="long")
    assert settings_told == [wanted, wanted]
    assert asked.where == wanted


def test_offered_models_cluster_the_tags_that_the_recipes_do() -> None:
    counts = [values["min_counts"] for values in training_start._MODELS.values()]
    assert counts == [f"{recipes._OFTEN},{recipes._OFTENER}", f"{recipes._OFTEN}"]


@pytest.mark.parametrize("text", ["", "many", "0", "-1"])
def test_values_that_are_none_are_a_sentence(text: str) -> None:
    app = page("New sweep").run()
    app.toggle(key="sweep labels").set_value(True).run()
    app.text_input(key="sweep ks").set_value(text).run()
    assert not app.exception
    assert app.error


FOUND = {
    "parameters": 1234, "memory_gib": 0.5, "first_loss": 0.69, "clips_per_s": 12.0,
    "minutes_per_epoch": 2.0, "tracks": {"train": 3, "validation": 1}, "device": "CPU", "padded": 12,
    "left_out": [{"reason": "in no class", "tracks": 2, "examples": "t1"}],
}  # fmt: skip


class Tried:
    """A dry run that a test can hold, end and fail."""

    def __init__(self, config: object, asked: str) -> None:
        self.asked, self.epochs, self.over, self.error = asked, 20, False, ""

    def done(self) -> bool:
        return self.over

    def cancel(self) -> None:
        self.over = True

    def progress(self) -> tuple[float, str]:
        return 0.18, "decoding sound: 3 of 60"

    def result(self) -> dict:
        if self.error:
            raise Unavailable(self.error)
        return FOUND


def test_a_dry_run_tells_what_it_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_dry_run, "DryRunJob", Tried)
    app = page().run()
    app.button(key="dry run button").click().run()
    assert app.get("progress")[0].proto.value == 18
    assert "decoding sound: 3 of 60 (18%)" in app.get("progress")[0].proto.text.replace("\\", "")
    job = app.session_state["dry run"]
    job.over = True
    app.run()
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Parameters"] == "1,234"
    assert shown["20 epochs"] == "40 min"
    assert "12 of them are shorter than a clip" in words(app)
    assert "with the validation" in next(each.help for each in app.metric if each.label == "An epoch")
    app.number_input(key="train tiny epochs").set_value(5).run()
    assert "The form has changed" in words(app)
    job.error = "batch_size=32 must fit"
    app.run()
    assert "batch_size=32 must fit" in words(app)


def test_a_dry_run_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_dry_run, "DryRunJob", Tried)
    app = page().run()
    app.button(key="dry run button").click().run()
    job = app.session_state["dry run"]
    app.button(key="cancel dry run").click().run()
    assert job.over
    assert not app.metric
    assert not app.exception
