"""`taglab quality`, and `--member` of `taglab vectors add`."""

import zipfile
from pathlib import Path

import pytest

from tests.cli.running import Shell


@pytest.fixture
def named(mine: Shell) -> Shell:
    vectors = mine.folder / "vectors.txt"
    vectors.write_text("athens 1 0 0\ngreece 1 1 0\noslo 0.2 0 1\nnorway 0.2 1 1.2\nrock 0 1 0\n")
    mine.text("vectors", "add", vectors, "--name", "places")
    (mine.folder / "pairs.txt").write_text("athens greece 8\noslo norway 9\nathens norway 2\nnone rock 3\n")
    (mine.folder / "asked.txt").write_text("Athens Greece Oslo Norway\nathens greece bern switzerland\n")
    return mine


def test_without_files_our_own_small_set_is_taken_and_named_so(mine: Shell) -> None:
    found = mine.json("quality", "--data", "mine")
    assert found["built_in"] is True
    assert {row["set"] for row in found["rows"]} == {"music-pairs", "music-analogies"}
    assert "written and graded by the makers of taglab" in mine.err


def test_files_give_correlation_accuracy_and_coverage(named: Shell) -> None:
    found = named.json(
        "quality", "--data", "mine", "--vectors", "places,own",
        "--pairs", named.folder / "pairs.txt", "--analogies", named.folder / "asked.txt",
    )  # fmt: skip
    assert found["built_in"] is False
    assert not named.err.count("makers of taglab")
    rows = {(row["set"], row["vectors"]): row for row in found["rows"]}
    assert (rows["pairs", "places"]["covered"], rows["pairs", "places"]["asked"]) == (3, 4)
    assert rows["asked", "places"]["value"] == 1
    assert rows["asked", "places"]["coverage"] == 0.5
    assert rows["asked", "own"]["value"] is None


def test_single_pairs_and_questions_are_rows_too(named: Shell) -> None:
    where = ["--data", "mine", "--vectors", "places", "--pairs", named.folder / "pairs.txt"]
    rows = named.json("quality", *where, "--by", "pairs")["rows"]
    assert len(rows) == 3
    assert abs(rows[0]["apart"]) >= abs(rows[-1]["apart"])
    assert named.run("quality", *where, "--by", "questions") == 2
    out = named.folder / "questions.csv"
    named.text(
        "quality", "--data", "mine", "--vectors", "places", "--analogies", named.folder / "asked.txt",
        "--by", "questions", "--out", out,
    )  # fmt: skip
    assert "Norway" in out.read_text()


def test_a_file_of_the_other_kind_is_one_sentence(named: Shell) -> None:
    assert named.run("quality", "--data", "mine", "--pairs", named.folder / "asked.txt") == 1
    assert "asked.txt, line 1: must be two words and a number" in named.err
    assert named.run("quality", "--data", "mine", "--analogies", named.folder / "nowhere.txt") == 1
    assert "there is no such file" in named.err


def test_one_of_several_files_of_a_zip_is_added(mine: Shell) -> None:
    path: Path = mine.folder / "glove.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("two.txt", "rock 1 2\npop 2 1\n")
        archive.writestr("three.txt", "rock 1 2 3\npop 2 1 3\n")
    assert mine.run("vectors", "add", path, "--name", "glove") == 1
    assert "two.txt, three.txt" in mine.err
    assert "--member" in mine.err
    assert mine.json("vectors", "add", path, "--name", "glove", "--member", "three.txt")["dim"] == 3
    assert mine.json("vectors", "add", path, "--name", "glove", "--member", "two.txt")["dim"] == 2
    assert mine.run("vectors", "add", path, "--name", "glove", "--member", "four.txt") == 1
    assert "holds no 'four.txt'" in mine.err
