"""The benchmark of the table of runs, at a size that takes no time."""

import os

import pytest

from taglab.benchmarks import BENCHMARKS, runs
from taglab.runs import run_names


def test_the_table_agrees_with_the_figures_of_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "N_RUNS", 3)
    monkeypatch.setattr(runs, "N_CLASSES", 4)
    monkeypatch.setattr(runs, "N_EPOCHS", 2)
    home = os.environ["TAGLAB_HOME"]
    (row,) = BENCHMARKS["runs-table"]()
    assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
    assert float(row.agreement.split()[-1]) < 1e-8
    assert os.environ["TAGLAB_HOME"] == home
    assert run_names() == [], "they were in a folder of their own"
