"""`taglab decisions` and `taglab co-predictions`."""

from pathlib import Path

import pytest

from tests.cli.running import Shell
from tests.runs.examples import made_run, small_data


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    data = small_data()
    made_run("first", data, seed=0)
    made_run("second", data, seed=1)
    return Shell(capsys, tmp_path)


def test_decisions_of_several_runs(told: Shell) -> None:
    rows = told.json("decisions", "made-first", "made-second", "--label", "rock")
    assert [row["run"] for row in rows] == ["made-first", "made-second"]
    for row in rows:
        assert row["tp"] + row["tn"] + row["fp"] + row["fn"] == pytest.approx(1)
        assert row["threshold"] == pytest.approx(100 / 199)
        assert row["tracks"] == 30
    every = told.json("decisions", "made-first", "--label", "rock", "--every-threshold")
    assert len(every) == 200


def test_printed_decisions_are_those_of_the_thesis(told: Shell) -> None:
    (row,) = told.json("decisions", "thesis-3.3-k1000-spectrogram", "--label", "rock", "--threshold", "0.331")
    assert (row["tp"], row["table"], row["tracks"]) == (0.1853, 20, None)


def test_what_is_not_there_is_told(told: Shell) -> None:
    told.text("decisions", "made-first", "thesis-1-spectrogram", "--label", "rock")
    assert "thesis-1-spectrogram has no decisions" in told.err
    assert told.run("decisions", "made-first", "--label", "polka") == 1
    assert "polka" in told.err
    assert told.run("decisions", "made-first", "--label", "rock", "--threshold", "50") == 2
    assert "percent" in told.err


def test_pairs_of_labels_and_the_tracks_behind_one(told: Shell) -> None:
    rows = told.json("co-predictions", "made-first", "--pairing", "truth-truth")
    assert len(rows) == 25
    pair = next(row for row in rows if (row["row"], row["column"]) == ("rock", "chill"))
    tracks = told.json(
        "co-predictions", "made-first", "--pairing", "truth-truth", "--row", "rock", "--column", "chill"
    )
    assert len(tracks) == pair["tracks"]
    assert all({"rock", "chill"} <= set(row["true"]) for row in tracks)
    both = told.json("co-predictions", "made-first", "--minus", "made-second")
    assert any(row["difference"] for row in both)
    assert told.run("co-predictions", "made-first", "--row", "rock") == 2
    assert told.run("co-predictions", "thesis-1-spectrogram") == 1
    assert "no predictions" in told.err
