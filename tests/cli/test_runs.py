"""`taglab runs`: from a file to a run, said something about, sent away and back."""

from pathlib import Path

import numpy as np
import pytest

from taglab.runs import published_names
from tests.cli.running import Shell


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.csv"
    path.write_text("label,auc_pr,auc_roc,counts\nrock,0.5,0.75,12\njazz,0.25,0.5,3\n")
    return path


def test_add_list_show(shell: Shell, table: Path) -> None:
    added = shell.json("runs", "add", table, "--group", "others", "--auc-pr", "interpolated")
    assert (added["name"], added["kind"], added["classes"], added["note"]) == ("theirs", "imported", 2, "")
    assert added["rows"][0] == {
        "label": "rock",
        "auc_pr": 0.5,
        "auc_roc": 0.75,
        "average_precision": None,
        "log_loss": None,
        "f1_at_half": None,
        "positives": 12,
    }
    listed = shell.json("runs", "list")
    assert [row["run"] for row in listed] == ["theirs"]
    assert listed[0]["auc_pr_macro"] == 0.375
    assert "theirs" in shell.text("runs", "list")
    shown = shell.json("runs", "show", "theirs")
    assert shown["config"] == {"source": "table", "file": "theirs.csv"}
    assert shown["last"]["roc_auc_macro"] == 0.625
    assert [row["label"] for row in shown["rows"]] == ["rock", "jazz"]
    assert shell.run("runs", "show", "theirs", "--epoch", "7") == 1
    assert "no figures of epoch 7" in shell.err
    assert shell.run("runs", "show", "theirs", "--epoch", "first") == 2


def test_lists_are_filtered(shell: Shell, table: Path) -> None:
    for name, group in (("a", "old"), ("b", "new")):
        shell.text("runs", "add", table, "--name", name, "--group", group)
    shell.text("runs", "tag", "a", "good", "first")

    def names(*options: str) -> list[str]:
        return sorted(row["run"] for row in shell.json("runs", "list", *options))

    assert names("--tag", "good", "--tag", "first") == ["a"]
    assert names("--group", "new") == ["b"]
    assert names("--kind", "trained") == []
    assert names("GOOD") == ["a"]
    assert len(names("--published")) == 2 + len(published_names())
    assert names("--kind", "published", "thesis", "3.4", "wave") == [
        "thesis-3.4-tags-waveform",
        "thesis-3.4-waveform",
    ]


def test_published_runs_are_shown_with_what_is_contradictory(shell: Shell) -> None:
    shown = shell.json("runs", "show", "thesis-3.3-k100-spectrogram")
    assert len(shown["rows"]) == 39
    assert shown["best"]["auc_pr_micro"] == 0.4225
    assert any("House" in note for note in shown["notes"])
    assert shown["decisions"][0]["tp"] == 0.2498
    assert shell.json("runs", "show", "thesis-1-spectrogram")["groups"][0]["auc_pr"] == 0.367
    for command in (["note", "x"], ["tag", "x"], ["title", "x"], ["delete"], ["export"]):
        assert shell.run("runs", command[0], "thesis-1-waveform", *command[1:]) == 1
        assert "published" in shell.err


def test_note_title_tag(shell: Shell, table: Path) -> None:
    shell.text("runs", "add", table)
    shell.text("runs", "note", "theirs", "as they sent it")
    shell.text("runs", "tag", "theirs", "b", "a", "b")
    said = shell.json("runs", "title", "theirs", "The others")
    assert said == {
        "name": "theirs",
        "title": "The others",
        "note": "as they sent it",
        "tags": ["b", "a"],
        "group": "",
    }
    assert shell.json("runs", "tag", "theirs")["tags"] == []


def test_export_delete_import(
    shell: Shell, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shell.text("runs", "add", table)
    before = shell.json("runs", "show", "theirs")
    exported = shell.json("runs", "export", "theirs")
    assert (tmp_path / exported["path"]).stat().st_size == exported["bytes"]
    deleted = shell.json("runs", "delete", "theirs")
    assert Path(deleted["moved_to"]).is_dir()
    assert shell.json("runs", "list") == []
    assert shell.run("runs", "show", "theirs") == 1
    shell.text("runs", "import", "theirs.zip")
    assert shell.json("runs", "show", "theirs") == before
    (tmp_path / "theirs.zip").write_bytes(b"PK\x03\x04 cut")
    assert shell.run("runs", "import", "theirs.zip") == 1
    assert shell.err.count("\n") == 1
    assert "was cut off" in shell.err


def test_scores_and_truth(shell: Shell, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    np.savez(tmp_path / "s.npz", y_true=random.random((50, 2)) < 0.5, y_score=random.random((50, 2)))
    added = shell.json("runs", "add", tmp_path / "s.npz", "--classes", "rock,jazz")
    assert [row["label"] for row in added["rows"]] == ["rock", "jazz"]
    assert shell.run("runs", "add", tmp_path / "nothing.csv") == 1
