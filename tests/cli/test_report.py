"""What commands say: text, JSON, files; harmless to a terminal and exact to a machine."""

import argparse
import errno
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.cli import progress as progress_module
from taglab.cli.progress import progress_bar
from taglab.cli.report import emit, facts_text, json_text, table_text, visible, write_table
from taglab.errors import StorageError
from taglab.verbs.report import Report, as_json, plain

NASTY = "\x1b]0;pwned\x07\x9b31m\u202e\nrow"


@given(st.text())
def test_nothing_visible_steers_a_terminal(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 or one in "\u202e\u2066" for one in shown)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_json_reads_back_as_it_was(value: Any) -> None:
    text = json_text(plain(value))
    assert json.loads(text) == value
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_plain_values() -> None:
    assert plain(
        {
            "a": np.float32(0.5),
            "b": np.nan,
            "c": pd.NA,
            "d": np.int64(3),
            "e": np.array([1.0, np.inf]),
            "f": (np.bool_(True), None),
            "g": Path("x"),
            "h": pd.NaT,
        }
    ) == {"a": 0.5, "b": None, "c": None, "d": 3, "e": [1.0, None], "f": [True, None], "g": "x", "h": None}


def test_json_is_a_list_of_rows_or_an_object_that_holds_it() -> None:
    table = pd.DataFrame({"tag": ["a"], "n": pd.array([None], dtype="Int64"), "members": [["x", "y"]]})
    rows = [{"tag": "a", "n": None, "members": ["x", "y"]}]
    assert as_json(Report(table=table)) == rows
    assert as_json(Report({"k": 3}, table)) == {"k": 3, "rows": rows}
    assert as_json(Report({"k": 3})) == {"k": 3}
    assert as_json(Report(table=table.head(0))) == []


def test_text_tables_align_and_clip() -> None:
    table = pd.DataFrame({"tag": ["rock", NASTY, "音楽"], "count": [1200, 3, 4], "share": [0.5, np.nan, 1e6]})
    lines = table_text(table, None).splitlines()
    assert lines[0].split() == ["tag", "count", "share"]
    assert lines[1].split() == ["rock", "1,200", "0.5"]
    assert lines[3].split() == ["音楽", "4", "1,000,000"]
    assert len(lines) == 4
    assert "\x1b" not in "".join(lines)
    assert all(len(line) <= 12 for line in table_text(table, 12).splitlines())
    assert table_text(table, 12).splitlines()[1].endswith("…")
    assert "no rows (tag, count, share)" in table_text(table.head(0), None)


def test_text_facts() -> None:
    text = facts_text(
        {
            "n": 1234,
            "none": [],
            "many": list("abcdefgh"),
            "yes": True,
            "of": {"k": 1},
            "rows": [{"a": 1}, {"a": 2}],
            "array": np.array([0.25, 0.5]),
        }
    )
    assert text.splitlines() == [
        "n      1,234",
        "none   none",
        "many   a, b, c, d, e, f +2",
        "yes    yes",
        "of     k=1",
        "rows   a=1",
        "       a=2",
        "array  0.25, 0.5",
        "",
    ]
    assert facts_text({}) == ""


def options(**values: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"json": False, "out": None, "all": False, **values})


def test_long_tables_say_what_they_leave_out(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(table=pd.DataFrame({"n": range(80)}))
    emit(report, options())
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 51
    assert "50 of 80 rows shown" in err
    emit(report, options(all=True))
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 81
    assert err == ""
    emit(report, options(json=True))
    assert len(json.loads(capsys.readouterr().out)) == 80


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".json"])
def test_files_hold_the_whole_table(tmp_path: Path, ending: str) -> None:
    table = pd.DataFrame(
        {"tag": ["a,\n", '"', "ไทย"], "count": [1, 2, 3], "members": [["x"], [], ["y", "z"]]}
    )
    path = tmp_path / f"table{ending}"
    write_table(table, path)
    if ending == ".csv":
        back = pd.read_csv(path)
        back["members"] = back["members"].map(json.loads)
    elif ending == ".parquet":
        back = pd.read_parquet(path)
        back["members"] = back["members"].map(list)
    else:
        back = pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))
    assert back.to_dict("list") == table.to_dict("list")
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.json"
    path.write_text("old")

    def full(*_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        with pytest.raises(StorageError, match="No space left"):
            write_table(pd.DataFrame({"a": [1]}), path)
    assert path.read_text() == "old"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "_DELAY_S", 0.0)
    for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress_bar() as report:
            for fraction in (0.0, 0.5, 0.2, 1.0, 7.0):
                report(fraction, f"training\x1b {fraction}")
        assert ("training" in stream.getvalue()) == drawn
        assert "training\x1b" not in stream.getvalue()


def test_no_bar_for_what_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar() as report:
        report(0.5, "quick")
    assert "quick" not in stream.getvalue()


def test_one_long_tag_does_not_push_the_numbers_away() -> None:
    table = pd.DataFrame({"tag": ["rock", "x" * 400], "count": [3, 1], "note": ["", "y" * 90]})
    lines = table_text(table, None).splitlines()
    assert [line.index(number) for line, number in zip(lines[1:], "31", strict=True)] == [66, 66]
    assert lines[2].startswith("x" * 59 + "…")
    assert lines[2].endswith("y" * 90)


def test_sentences_have_a_line_each() -> None:
    assert facts_text({"read": ["One is so.", "Another too."], "tags": ["a", "b"]}) == (
        "read  One is so.\n      Another too.\ntags  a, b\n\n"
    )


@pytest.mark.parametrize("safe", [True, False])
def test_cells_that_a_spreadsheet_would_run_are_told_and_can_be_written_as_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], safe: bool
) -> None:
    table = pd.DataFrame({"tag": ["=1+1", "dub"], "change": [-1.5, 2.0]})
    for ending in ("csv", "parquet", "json"):
        out = tmp_path / f"t.{ending}"
        emit(Report(table=table), argparse.Namespace(out=out, json=False, all=False, spreadsheet_safe=safe))
        warned = "1 cells begin with = + - or @" in capsys.readouterr().err
        assert warned == (ending == "csv" and not safe)
    assert pd.read_csv(tmp_path / "t.csv")["tag"].tolist() == ["'=1+1" if safe else "=1+1", "dub"]
    assert pd.read_parquet(tmp_path / "t.parquet")["tag"].tolist() == ["=1+1", "dub"]
    assert json.loads((tmp_path / "t.json").read_text())[0]["tag"] == "=1+1"
