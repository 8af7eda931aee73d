"""`taglab compare-runs`: the Compare page's tables on the command line."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.labels import from_tags
from taglab.metrics.ranking import ranked
from taglab.runs import Run, RunWriter, change_about, create_run, open_run
from tests.cli.running import Shell
from tests.runs.examples import LABELS, made_run, small_data

# What was printed before metrics stood in one dictionary.
RECORDED = json.loads(Path(__file__).with_name("golden_compare.json").read_text(encoding="utf-8"))
PAIR = ("thesis-3.3-k100-spectrogram", "thesis-3.3-tags-spectrogram")


@pytest.fixture
def two() -> tuple[str, str]:
    data = small_data()
    return made_run("a", data, seed=0).name, made_run("b", data, seed=1).name


@pytest.mark.parametrize("asked", RECORDED)
def test_tables_are_those_that_were_recorded(shell: Shell, two: tuple[str, str], asked: str) -> None:
    rows = shell.json("compare-runs", *two, "--by", *asked.split())["rows"]
    for row, recorded in zip(rows, RECORDED[asked], strict=True):
        figures = {name: value for name, value in recorded.items() if isinstance(value, float)}
        assert {name: row[name] for name in figures} == pytest.approx(figures, rel=1e-9)
        assert {name: row[name] for name in recorded if name not in figures} == {
            name: value for name, value in recorded.items() if name not in figures
        }


@pytest.mark.parametrize("by", ["summary", "settings", "epoch", "label", "pair", "group", "counts"])
def test_every_table_of_published_runs(shell: Shell, by: str) -> None:
    found = shell.json("compare-runs", *PAIR, "--by", by)
    assert found["rows"]
    assert "unknown" in found["warning"]


def test_pairs_by_one_truth_have_intervals(shell: Shell, two: tuple[str, str]) -> None:
    path = shell.folder / "pairs.csv"
    shell.text(
        "compare-runs", *two, "--by", "pair", "--truth", "common", "--judge", two[1], "--moment", "test",
        "--metric", "auc_roc", "--out", path,
    )  # fmt: skip
    table = pd.read_csv(path)
    known = table[table["difference_p"].notna()]
    assert len(known) >= 3
    assert (known["difference_low"] <= known["difference"]).all()
    assert (known["difference_p_adjusted"] >= known["difference_p"]).all()
    assert (table["difference_reason"].notna() == table["difference_p"].isna()).all()
    assert "labels were compared" in shell.err


def test_repetitions_are_averaged(shell: Shell) -> None:
    made = [make_repetition(fold, value).name for fold, value in enumerate((0.3, 0.4, 0.35))]
    found = shell.json("compare-runs", *made, "--by", "repeats")
    (row,) = found["rows"]
    assert row["mean"] == pytest.approx(0.35)
    assert row["sd"] == pytest.approx(0.05)
    assert row["low"] < 0.35 < row["high"]
    assert (row["repetitions"], row["splits"], row["figures"]) == (3, 3, "held-out test")


def make_repetition(fold: int, value: float) -> Run:
    """Return a run on one of three folds, with a test figure."""
    train = {"folds": 3, "fold": fold}
    run = create_run({"data": "small", "labels": "x", "train": train}, from_tags(small_data(), LABELS), {})
    RunWriter(run).summarise(test={"ap_macro": value})
    change_about(run, split=f"{fold:032x}")
    return run


def test_one_truth_is_of_the_moment_that_is_asked_for(shell: Shell, two: tuple[str, str]) -> None:
    first = open_run(two[0])
    kept = first.predictions("validation")
    assert kept is not None
    upside_down = replace(kept, scores=1 - kept.scores)
    upside_down.save(first.folder / "predictions" / "validation-last.npz")
    values = {}
    for moment in ("best", "last"):
        asked = ["--by", "label", "--truth", "common", "--moment", moment, "--metric", "auc_roc"]
        rows = shell.json("compare-runs", *two, *asked)["rows"]
        values[moment] = [row["value"] for row in rows if row["run"] == two[0]]
    assert values["last"] == pytest.approx([1 - value for value in values["best"]])


def test_what_a_run_lacks_is_told(shell: Shell, two: tuple[str, str]) -> None:
    found = shell.json("compare-runs", two[0], PAIR[0], "--by", "label", "--metric", "average_precision")
    assert {row["run"] for row in found["rows"]} <= {two[0]}
    assert any(PAIR[0] in sentence for sentence in found["left_out"])


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["nowhere"], 1, "nowhere"),
        ([PAIR[0], "--by", "pair"], 2, "two runs"),
        ([PAIR[0], PAIR[0]], 2, "twice"),
        ([*PAIR, "--judge", "x"], 2, "--judge"),
        ([*PAIR, "--truth", "common"], 1, "kept no predictions"),
        ([*PAIR, "--by", "pair", "--metric", "average_precision"], 1, "no such results"),
    ],
)
def test_what_cannot_be_compared_ends_in_a_sentence(
    shell: Shell, argv: list[str], code: int, said: str
) -> None:
    by = [] if "--by" in argv else ["--by", "label"]
    assert shell.run("compare-runs", *argv, *by) == code
    assert said in shell.err
    assert "Traceback" not in shell.err


def test_stages_by_category_as_printed(shell: Shell, two: tuple[str, str]) -> None:
    stages = ("stage-1", "stage-2", "stage-3")
    found = shell.json("compare-runs", *stages, two[0], "--by", "group", "--metric", "auc_pr")
    printed = {row["run"]: row["value"] for row in found["rows"] if row["group"] == "descriptive"}
    assert [printed[stage] for stage in stages] == [0.1242, 0.1441, 0.1804]
    found = shell.json("compare-runs", *stages, "--by", "group", "--metric", "auc_roc")
    assert [row["value"] for row in found["rows"] if row["group"] == "genre"] == [0.8503, 0.8332, 0.8173]
    found = shell.json(
        "compare-runs", *stages, *PAIR, "--by", "group", "--metric", "auc_pr", "--grouping", "thesis"
    )
    assert {row["run"] for row in found["rows"]} == set(PAIR)
    assert sum("stage-" in sentence for sentence in found["left_out"]) == 3


def test_the_command_ranks_any_run_and_says_who_cannot_be(shell: Shell) -> None:
    made = made_run("one", small_data())
    published = "thesis-3.3-k100-spectrogram"
    told = shell.json("compare-runs", made.name, published, "--by", "queries", "--query", "label")
    (row,) = told["rows"]
    assert (row["run"], row["queries"]) == (made.name, len(made.classes))
    assert told["left_out"] == [f"{published} has kept no predictions (held-out test)"]
    by_track = shell.json("compare-runs", made.name, "--by", "queries")["rows"][0]
    predictions = made.predictions("test")
    assert predictions is not None
    assert by_track["queries"] == predictions.n_tracks
    expected = ranked(predictions.scores, predictions.truth).reciprocal_rank
    assert by_track["reciprocal_rank_macro"] == pytest.approx(np.nanmean(expected))
