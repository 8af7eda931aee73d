"""`taglab sweep`: made, shown, listed; what does not go together is wrong usage."""

from pathlib import Path

import pytest

from taglab import labels, runs
from taglab.launch import LaunchSettings
from tests.cli.running import Shell
from tests.training.examples import make_world

WORLD = ("--data", "small", "--preset", "tiny")
MAKE = ("sweep", "make", *WORLD, "--name")


@pytest.fixture(autouse=True)
def world(taglab_home: Path) -> None:
    make_world(taglab_home)


def test_a_sweep_over_settings_is_made_shown_and_listed(shell: Shell) -> None:
    made = shell.json(
        *(*MAKE, "rates", "--labels", "sounds", "--epochs", "2", "--note", "why"),
        *("--vary", "train.learning_rate=1e-2,1e-3", "--vary", "train.window_s=none,0.5"),
    )
    assert (made["group"], made["left_out"], len(made["rows"])) == ("rates", [], 4)
    assert {row["train.window_s"] for row in made["rows"]} == {None, 0.5}
    assert {runs.open_run(name).about.note for name in runs.run_names()} == {"why"}
    assert {runs.open_run(name).config["train"]["epochs"] for name in runs.run_names()} == {2}
    shown = shell.json("sweep", "show", "rates")
    assert {row["state"] for row in shown} == {"stopped"}
    assert shown[0]["auc_pr_macro"] is None
    assert shell.json("sweep", "list") == [{"group": "rates", "runs": 4}]


def test_a_sweep_is_launched_where_it_is_said(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr("taglab.launch.submit", lambda run, settings: told.append((run, settings)))
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    vary = ("--labels", "sounds", "--vary", "train.seed=0,1")
    where = ("--launch", "--launch-where", "slurm", "--launch-gpus", "4", "--launch-partition", "long")
    made = shell.json(*MAKE, "far", *vary, *where)
    assert [run for run, _ in told] == [row["run"] for row in made["rows"]]
    assert {settings for _, settings in told} == {LaunchSettings(where="slurm", gpus=4, partition="long")}


def test_what_cannot_be_launched_is_not_made(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    vary = ("--labels", "sounds", "--vary", "train.seed=0,1")
    assert shell.run(*MAKE, "far", *vary, "--launch", "--launch-where", "slurm") == 1
    assert "SLURM is not on this machine" in shell.err
    assert shell.run(*MAKE, "far", *vary, "--launch-gpus", "4") == 2
    assert "without --launch" in shell.err
    assert shell.run(*MAKE, "far", *vary, "--launch", "--launch-nodes", "2") == 2
    assert runs.run_names() == []


def test_figures_of_different_splits_are_warned_of(shell: Shell) -> None:
    made = shell.json(*MAKE, "splits", "--labels", "sounds", "--vary", "train.split_seed=0,1")
    for row, letter in zip(made["rows"], "ab", strict=True):
        run = runs.open_run(row["run"])
        runs.change_about(run, split=letter * 32, evaluated="c" * 32)
        runs.RunWriter(run).summarise(epochs=1)
    shell.text("sweep", "show", "splits")
    assert "come from different splits" in shell.err


def test_a_sweep_over_clusterings_makes_label_spaces(shell: Shell) -> None:
    made = shell.json(*MAKE, "by k", "-k", "2,3,90", "--cluster-seed", "4", "--keep", "all")
    assert [row["k"] for row in made["rows"]] == [2, 3]
    assert made["left_out"] == ["own, count ≥ 1, k = 90: more clusters than tags with a vector of their own"]
    space, _ = labels.open_label_space("small own n1 k3 all")
    assert space.made_by["seed"] == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say what is varied"),
        (("--labels", "sounds", "-k", "2"), "take one"),
        (("--labels", "sounds", "--vary", "train.seed"), "FIELD=VALUES"),
        (("--labels", "sounds", "--vary", "train.seed="), "one or more"),
        (("--vary", "train.seed=1"), "--labels must name"),
    ],
)
def test_wrong_usage_is_told(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    assert shell.run(*MAKE, "x", *arguments) == 2
    assert said in shell.err
    assert runs.run_names() == []


def test_what_cannot_be_is_a_sentence(shell: Shell) -> None:
    vary = ("--labels", "sounds", "--vary", "train.seed=0,1")
    assert shell.run(*MAKE, "x", "--labels", "sounds", "--vary", "train.sed=0") == 1
    assert "did you mean train.seed?" in shell.err
    assert shell.run(*MAKE, "x", *vary) == 0
    assert shell.run(*MAKE, "x", *vary) == 1
    assert "already" in shell.err
    assert shell.run("sweep", "show", "y") == 1
    assert "there are: x" in shell.err
