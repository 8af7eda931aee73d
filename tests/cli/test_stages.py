"""`taglab stages`: prevalence, scores of runs, and maps of others."""

import numpy as np
import pytest

from taglab.outcomes import Predictions
from taglab.runs import RunWriter, create_run
from taglab.sources import open_folksonomy
from taglab.studies.collapsing.stages import stage_space
from tests.cli.running import Shell


def test_show(shell: Shell) -> None:
    found = shell.json("stages", "show", "--by", "category")
    assert found["left_out"] == ["great", "hot", "funny"]
    assert len(found["rows"]) == 12
    genre = {row["stage"]: row for row in found["rows"] if row["category"] == "genre"}
    assert genre["I"]["prevalence"] < genre["II"]["prevalence"] < genre["III"]["prevalence"]
    few = shell.json("stages", "show", "--targets", "rock,happy", "--percentile", "0.01")
    assert [row["class"] for row in few["rows"]] == ["rock", "happy"] * 3


def test_curve(shell: Shell) -> None:
    rows = shell.json("stages", "curve", "--percentiles", "0.1,0.001")
    assert [row["percentile"] for row in rows] == [0.001, 0.1]
    assert rows[0]["recall"] < rows[1]["recall"]
    assert rows[0]["junk"] < rows[1]["junk"]
    assert shell.run("stages", "curve", "--percentiles", "much") == 2
    assert "percentiles='much'" in shell.err


@pytest.fixture
def trained() -> list[str]:
    """Runs of stages I and II that guess, with test tracks that overlap."""
    data = open_folksonomy("demo")
    names = []
    for number, stage in enumerate(("I", "II")):
        space = stage_space(data, stage)  # type: ignore[arg-type]
        run = create_run({"data": "demo"}, space, {"labels": space.name})
        rows = np.arange(100 * number, 700 + 100 * number)
        truth = space.targets(data)[rows].toarray() > 0
        scores = (np.random.default_rng(number).random(truth.shape) * 0.6 + 0.3 * truth).astype(np.float32)
        tracks = tuple(data.tracks["track"].iloc[rows])
        RunWriter(run).predictions("test", Predictions(tracks, space.names, truth, scores))
        names.append(run.name)
    return names


def test_score(shell: Shell, trained: list[str]) -> None:
    rows = shell.json("stages", "score", *trained)
    assert {(row["truth"], row["stage"]) for row in rows} == {
        (truth, stage) for truth in ("own", "I", "published") for stage in ("I", "II")
    }
    by = {(row["truth"], row["category"], row["stage"]): row for row in rows}
    assert by["published", "emotion", "II"]["auc_pr"] == 0.1072
    assert by["I", "genre", "II"]["average_precision"] < by["own", "genre", "II"]["average_precision"]
    single = shell.json("stages", "score", *trained, "--by", "class")
    assert {row["tracks"] for row in single if row["truth"] == "I"} == {600}


def test_agree(shell: Shell) -> None:
    path = shell.folder / "theirs.tsv"
    path.write_text("indie pop\tpop\nhappy\thappy\nacid jazz\tjazz\nnowhere to be found\trock\n")
    found = shell.json("stages", "agree", path)
    assert (found["stage"], found["not_here"]) == ("II", 1)
    rows = {row["target"]: row for row in found["rows"]}
    assert rows["pop"]["both"] == 1
    assert rows["indie"]["only_ours"] == 1
    pairs = shell.json("stages", "agree", path, "--pairs")["rows"]
    assert [(row["tag"], row["target"], row["side"]) for row in pairs] == [("indie pop", "indie", "ours")]


def test_what_cannot_be_done_ends_in_a_sentence(shell: Shell, trained: list[str]) -> None:
    for argv, code, said in (
        (["score", "stage-1"], 1, "no predictions"),
        (["score", trained[0], trained[0]], 1, "two runs are of stage I"),
        (["agree", shell.folder / "none.tsv"], 1, "none.tsv"),
        (["show", "--percentile", "0.7"], 2, "percentile"),
        (["show", "--targets", "no such tag"], 1, "none of the tags"),
    ):
        assert shell.run("stages", *argv) == code, argv
        assert said in shell.err
        assert "Traceback" not in shell.err
