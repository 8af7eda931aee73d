"""`taglab design`: made, gone on with, scored, shown and removed."""

from pathlib import Path

from taglab.studies.design.kept import open_design
from tests.cli.running import Shell
from tests.studies.design.test_analysis import SOURCES, simulated

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
