"""What is trained: a preset says what is usual, flags change it, and a copied command says only that."""

from typing import Any

import pytest

from taglab.audio.mels import MEL_PRESETS
from taglab.cli.commands import build_parser
from taglab.cli.options import question_of
from taglab.errors import InvalidSetting
from taglab.nets import NETWORKS
from taglab.training import PRESETS, preset
from taglab.verbs import GROWN, VERBS, shell_line
from taglab.verbs.studies import ReproduceModel
from taglab.verbs.sweeps import Make
from taglab.verbs.training import DryRun, Train

PARSER = build_parser()


def asked(*line: str) -> Any:
    family, entry = line[:2]
    if family in GROWN:
        question = GROWN[family].entries()[entry][1]
    else:
        question = VERBS[f"{family} {entry}" if family == "sweep" else family].question
    return question_of(PARSER.parse_args(line), question)


def asked_again(question: Any) -> Any:
    return asked(*shell_line(question)[1:])


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_what_the_library_makes_of_it(name: str) -> None:
    question = asked("dry-run", "--labels", "x", "--preset", name)
    assert question.config() == preset(name, {"labels": "x"})
    assert shell_line(question) == ["taglab", "dry-run", "--labels", "x", "--preset", name]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", ["tiny", "thesis-waveform"])
def test_a_preset_begins_another_network(name: str, network: str) -> None:
    question = asked("dry-run", "--labels", "x", "--preset", name, "--network", network)
    assert question.config() == preset(name, {"labels": "x", "network": {"network": network}})
    again = asked_again(question)
    assert again.config() == question.config()
    own = PRESETS[name]["network"]["network"] == network
    assert ("--network" in shell_line(question)) != own


def test_flags_change_what_a_preset_says_and_only_they_are_copied() -> None:
    line = ["dry-run", "--labels", "x", "--preset", "tiny", "--mels-n-mels", "40", "--epochs", "3"]
    question = asked(*line)
    mels = {"n_mels": 40, "n_fft": 1024, "hop": 512}
    assert question.config() == preset(
        "tiny", {"labels": "x", "network": {"mels": mels}, "train": {"epochs": 3}}
    )
    assert shell_line(question) == ["taglab", *line]
    # What the preset changed can be changed back.
    usual = asked("dry-run", "--labels", "x", "--preset", "tiny", "--width", "1")
    assert usual.network.width == 1
    assert asked_again(usual).config() == usual.config()


def test_a_spectrogram_is_named_and_changed() -> None:
    question = asked("dry-run", "--labels", "x", "--mels", "pons", "--mels-hop", "128")
    assert question.network.mels == MEL_PRESETS["pons"].model_copy(update={"hop": 128})
    assert shell_line(question) == [
        "taglab", "dry-run", "--labels", "x", "--mels", "pons", "--mels-hop", "128"
    ]  # fmt: skip
    named = asked("dry-run", "--labels", "x", "--network", "short-chunk", "--mels-hop", "128")
    own = NETWORKS["short-chunk"]().mels  # type: ignore[call-arg, attr-defined]
    assert named.network.mels == own.model_copy(update={"hop": 128})


@pytest.mark.parametrize("flags", [("--mels", "pons"), ("--mels-hop", "256"), ("--n-filters", "8")])
def test_what_a_network_does_not_have_is_refused(flags: tuple[str, str]) -> None:
    given = {("labels",): "x", ("network", "network"): "waveform"}
    place = {
        "--mels": ("mels",),
        "--mels-hop": ("network", "mels", "hop"),
        "--n-filters": ("network", "n_filters"),
    }
    with pytest.raises(InvalidSetting, match=f"{flags[0]} is not heeded by --network waveform, but by"):
        DryRun.asked({**given, place[flags[0]]: flags[1]})


def test_a_run_is_gone_on_with_as_it_was_made() -> None:
    assert asked("train", "my-run").run == "my-run"
    assert shell_line(Train(run="my-run")) == ["taglab", "train", "my-run"]
    for more in ({("data",): "demo"}, {("train", "epochs"): "3"}, {("network", "width"): "1"}):
        with pytest.raises(InvalidSetting, match="my-run is trained as it was made"):
            Train.asked({("run",): "my-run", **more})


def test_a_sweep_says_what_it_clusters_and_where_it_runs() -> None:
    line = [
        *("sweep", "make", "--name", "far", "-k", "2,3", "--fully-known", "--vary", "train.seed=0,1"),
        *("--launch", "--launch-where", "slurm", "--launch-gpus", "2"),
    ]
    question = asked(*line)
    assert isinstance(question, Make)
    assert (question.clusterings.ks, question.clusterings.lookup.fully_known) == ((2, 3), True)
    assert question.fields() == {"train.seed": (0, 1)}
    assert (question.where.where, question.where.gpus, question.config("x").train.epochs) == ("slurm", 2, 20)
    assert asked_again(question) == question


def test_a_recipe_is_changed_by_what_is_given_alone() -> None:
    assert asked("reproduce", "model-1").changes == {}
    question = asked("reproduce", "model-1", "--n-filters", "8", "--epochs", "3", "--mels", "pons")
    assert isinstance(question, ReproduceModel)
    mels = MEL_PRESETS["pons"].model_dump()
    assert question.changes == {"network": {"n_filters": 8, "mels": mels}, "train": {"epochs": 3}}
    assert asked_again(question).changes == question.changes
