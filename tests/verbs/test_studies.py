"""What is reproduced: an entry for every recipe, for all of the thesis, and for other works."""

import re
from pathlib import Path

import pytest

from taglab.studies.joint_space.claims import CLAIMS
from taglab.studies.thesis.recipes import RECIPES
from taglab.verbs import GROWN, shell_line
from tests.cli.running import Shell
from tests.joint_space.world import make_world


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(capsys, tmp_path)


def test_every_recipe_has_an_entry() -> None:
    assert set(GROWN["reproduce"].entries()) == {
        "all", *RECIPES, "artist-groups", "consistency", "explanations", "joint-space", "sources",
    }  # fmt: skip


def test_its_help_lists_them_and_the_parameters_of_the_thesis_code(shell: Shell) -> None:
    shown = shell.text("reproduce", "--help")
    for name in ("all", *RECIPES, "artist-groups", "consistency", "explanations", "joint-space", "sources"):
        assert re.search(rf"^    {re.escape(name)}\s", shown, flags=re.MULTILINE)
    assert shown.count("--tfrecords-dir") == 1
    assert "--tfrecords-dir" in shell.text("reproduce", "model-1", "--help")
    assert "--tfrecords-dir" not in shell.text("reproduce", "joint-space", "--help")


def test_what_is_of_the_whole_thesis_is_named_where_it_is_asked_of_one_model(shell: Shell) -> None:
    for flag in ("--report", "--arrays"):
        assert shell.run("reproduce", "model-1", flag, "x") == 2
        assert f"{flag} is written `taglab reproduce all {flag}` now" in shell.err
    assert shell.run("reproduce", "all", "--report", "x.pdf") == 2
    assert "must be a file that ends in .html" in shell.err


def test_the_paper_of_the_joint_space_is_carried_out(shell: Shell) -> None:
    make_world()
    line = [
        *("reproduce", "joint-space", "--data", "planted", "--features", "codes", "--dim", "8"),
        *("--steps", "2000", "--validate-every", "1000", "--learning-rates", "0.02", "--limits", "3"),
        *("--members", "1", "--wider", "12", "--songs-timed", "2", "--split-train", "0.6"),
        *("--split-validation", "0.2", "--split-test", "0.2"),
    ]
    path = shell.folder / "space.html"
    answer = shell.json(*line, "--report", path, "--keep", "paper")
    assert "kept the joint space paper-tags" in shell.err
    assert (answer["data"], answer["tracks"], answer["file"]) == ("planted", 120, str(path))
    assert [row["claim"] for row in answer["rows"]] == list(CLAIMS)
    assert {row["published"] for row in answer["rows"]} == {"holds"}
    assert "Table 7" in path.read_text(encoding="utf-8")
    assert shell.run("joint-space", "reproduce", "--features", "codes") == 2
    for kept in ("paper-tags", "paper-artists"):
        scored = shell.json("joint-space", "score", kept)
        assert scored["features"] == "codes"
        assert scored["rows"][0]["p@1"] > 0
    assert shell.run(*line, "--keep", "x", "--split-file", path) == 2
    assert "--keep goes without --tags-file and --split-file" in shell.err


def test_a_recipe_is_copied_by_its_name() -> None:
    question = GROWN["reproduce"].entries()["model-3.2"][1]
    assert shell_line(question()) == ["taglab", "reproduce", "model-3.2"]
