"""Figures kept in the cache: the same as computed, and never of files that are no longer there."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab import cache
from taglab.benchmarks.compare import fill_shelf
from taglab.outcomes import Predictions
from taglab.runs import RunWriter, layout, open_published, open_run, published_names
from taglab.runs import tables as comparison
from taglab.runs.tables import MOMENTS, results, summary_table


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The moments of which results were computed, not read."""
    seen: list[str] = []
    compute = comparison._results

    def counting(run: comparison.Run, moment: str) -> pd.DataFrame:
        seen.append(moment)
        return compute(run, moment)

    monkeypatch.setattr(comparison, "_results", counting)
    return seen


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_is_kept_is_what_was_computed(computed: list[str], moment: str) -> None:
    fill_shelf(1, 5, 3)
    run = open_run("run 0")
    plain = comparison._results(run, moment)
    first, again = results(run, moment), results(run, moment)
    assert computed == [moment, moment]  # ours, and the first; the second was read
    assert list(first.columns) == list(plain.columns)
    assert first["label"].tolist() == plain["label"].tolist()
    numbers = first.columns.drop("label")
    np.testing.assert_array_equal(first[numbers], plain[numbers].astype(np.float64))
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(summary_table({"a": run}), summary_table({"a": run}))


def test_a_run_that_is_written_again_is_read_again(computed: list[str]) -> None:
    fill_shelf(1, 5, 3)
    run = open_run("run 0")
    results(run)
    before = summary_table({"a": run})
    table = run.per_label_by_epoch()
    changed = table.assign(auc_pr=0.25)
    layout.write_per_label(run.folder / layout.PER_LABEL, dict(iter(changed.groupby("epoch"))))
    history = run.history().assign(auc_pr_macro=0.25)
    layout.write_lines(run.folder / layout.HISTORY, layout.rows_of(history))
    assert (results(run)["auc_pr"] == 0.25).all()
    assert len(computed) == 2
    assert not summary_table({"a": run}).equals(before)


def test_damage_to_what_is_kept_is_mended(computed: list[str], taglab_home: Path) -> None:
    fill_shelf(1, 5, 3)
    run = open_run("run 0")
    first = results(run)
    (kept,) = (cache.home() / "derived" / "run-figures").rglob("*.json")
    kept.write_bytes(kept.read_bytes()[:40])
    pd.testing.assert_frame_equal(results(run), first)
    results(run)
    assert len(computed) == 2


def test_of_published_runs_nothing_is_kept(computed: list[str]) -> None:
    run = open_published(published_names()[0])
    results(run)
    results(run)
    assert len(computed) == 2
    assert not (cache.home() / "derived").exists()


def test_a_finished_training_is_kept_before_anybody_asks(computed: list[str]) -> None:
    fill_shelf(1, 2, 1)
    run = open_run("run 0")
    truth = np.array([[True, False], [False, True]])
    said = Predictions(("t0", "t1"), run.classes, truth, truth.astype(np.float32))
    RunWriter(run).predictions("test", said)
    assert computed == ["last"]
    results(run)
    assert computed == ["last"]
