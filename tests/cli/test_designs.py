"""`taglab design`: made, gone on with, scored, shown and removed."""

import shlex
from pathlib import Path

import pytest

from taglab import runs
from taglab.launch import LaunchSettings
from taglab.studies.design.kept import open_design
from tests.cli.running import Shell
from tests.studies.design.test_analysis import SOURCES, simulated
from tests.training.examples import make_world
from tests.training.test_sources import save_data

MAKE = ("design", "make", "--name", "kim", "--sources", ",".join(SOURCES))
SIZE = ("--single-repeats", "4", "--all-repeats", "3", "--fractional", "50")


def test_a_design_from_its_plan_to_what_it_tells(shell: Shell, tmp_path: Path) -> None:
    assert shell.json(*MAKE, *SIZE)["planned"] == 81
    shown = shell.json("design", "show", "kim")
    assert (shown["scored"], shown["rows"][0]["estimate"]) == (0, None)
    assert "nothing can be told of strategies yet" in shell.err
    scores = simulated(open_design("kim").runs)
    file = tmp_path / "scores.csv"
    scores.assign(number=scores["run"] + 1)[["number", "task", "score"]].to_csv(file, index=False)
    assert shell.json("design", "add-scores", "kim", str(file))["scored"] == 81
    shown = shell.json("design", "show", "kim")
    assert all(row["low"] < row["estimate"] < row["high"] for row in shown["rows"])
    pairs = shell.json("design", "show", "kim", "--what", "differences")["rows"]
    assert len(pairs) == 15
    assert shell.json("design", "extend", "kim", "--fractional", "50")["planned"] == 81
    assert shell.json("design", "list")[0]["tasks"] == 5
    assert shell.json("design", "remove", "kim") == {"removed": "kim"}


def test_what_cannot_be_is_a_sentence(shell: Shell, tmp_path: Path) -> None:
    assert shell.run("design", "make", "--name", "x", "--sources", "tag") == 2
    assert "give two to 8, not 1" in shell.err
    assert shell.run("design", "make", "--name", "x", "--strategies", "MS-CR@3") == 2
    assert "must be different ones of" in shell.err
    shell.json(*MAKE, *SIZE)
    assert shell.run("design", "show", "kim", "--what", "sources") == 1
    assert "no score of the design is there" in shell.err
    file = tmp_path / "scores.csv"
    file.write_text("number,task\n1,mood\n")
    assert shell.run("design", "add-scores", "kim", str(file)) == 1
    assert "no column 'score'" in shell.err
    assert shell.run("design", "show", "nothing") == 1


SMALL = ("--single-repeats", "1", "--all-repeats", "1", "--fractional", "0", "--strategies", "MS-CR@4")
LEARNED = (
    *("--source", "sounds=label-space,labels=sounds", "--source", "pitch=column,column=pitch"),
    *(
        "--data",
        "small",
        "--audio",
        "small",
        "--width",
        "0.0625",
        "--mels-n-mels",
        "32",
        "--mels-n-fft",
        "512",
    ),
    *("--mels-hop", "128", "--epochs", "1", "--batch-size", "8", "--window-s", "0.6", "--accelerator", "cpu"),
)


@pytest.fixture
def prepared(taglab_home: Path, shell: Shell) -> None:
    make_world(taglab_home)
    save_data()
    shell.json("design", "make", "--name", "small", "--sources", "sounds,pitch", *SMALL)
    shell.json("design", "prepare", "small", *LEARNED)


def test_the_next_run_is_told_as_a_line_that_makes_it(prepared: None, shell: Shell) -> None:
    told = shell.json("design", "next", "small", "--runs", "3")
    assert told["left"] == 3
    assert [row["sources"] for row in told["rows"]] == ["sounds", "pitch", "sounds pitch"]
    assert runs.run_names() == []
    made = shell.json(*shlex.split(told["rows"][2]["command"])[1:])
    by_line = runs.open_run(made["run"]).config
    (row,) = shell.json("design", "next", "small", "--make")["rows"]
    assert runs.open_run(row["run"]).about.group == "small"
    shell.json("design", "next", "small", "--runs", "2", "--make")
    last = runs.open_run(open_design("small").runs["run"].iloc[-1]).config
    assert by_line == last
    assert shell.json("design", "next", "small")["rows"] == []
    assert "all of its runs are made" in shell.err


def test_runs_are_launched_where_it_is_said(
    prepared: None, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = []
    monkeypatch.setattr("taglab.launch.submit", lambda run, settings: submitted.append((run, settings)))
    made = shell.json("design", "next", "small", "--runs", "2", "--launch", "--launch-gpus", "0")
    assert [run for run, _ in submitted] == [row["run"] for row in made["rows"]]
    assert {settings for _, settings in submitted} == {LaunchSettings(gpus=0)}
    assert shell.run("design", "next", "small", "--launch-gpus", "0") == 2
    assert "without --launch" in shell.err


def test_workers_are_one_array(prepared: None, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted = []

    def submit(name: str, settings: LaunchSettings, commands: list[list[str]]) -> str:
        submitted.append((name, settings, commands))
        return "17"

    monkeypatch.setattr("taglab.launch.submit_array", submit)
    asked = ("design", "work", "small", "--workers", "3", "--runs", "2", "--launch-partition", "long")
    assert shell.json(*asked) == {"name": "small", "workers": 3, "job": "17"}
    ((name, settings, commands),) = submitted
    assert (name, settings.where, settings.partition) == ("design small", "slurm", "long")
    assert len(commands) == 3
    assert commands[0][4:9] == ["taglab", "design", "work", "small", "--runs"]


def test_trained_scored_and_shown(prepared: None, shell: Shell) -> None:
    worked = shell.json("design", "work", "small", "--runs", "1")
    assert (len(worked["trained"]), worked["left"]) == (1, 2)
    task = (
        "--data",
        "small",
        "--task",
        "classification",
        "--column",
        "pitch",
        "--fewest",
        "2",
        "--splits",
        "2",
    )
    scored = shell.json("design", "score", "small", *task)
    assert (scored["scored"], scored["left"], scored["tasks"]) == (1, 0, ["pitch"])
    assert shell.json("design", "show", "small")["rows"][0]["scored"] == 1
    states = [row["state"] for row in shell.json("design", "show", "small", "--what", "runs")["rows"]]
    assert states == ["finished", "", ""]
