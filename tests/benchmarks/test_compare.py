"""The benchmark of Compare reads what it made up, and leaves the cache as it was."""

import os
from pathlib import Path

import pytest

from taglab import runs
from taglab.benchmarks import BENCHMARKS, compare


def test_made_up_runs_are_read_and_leave_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, taglab_home: Path
) -> None:
    for name, size in (("N_RUNS", 3), ("N_LABELS", 4), ("N_EPOCHS", 2), ("REPEATS", 1)):
        monkeypatch.setattr(compare, name, size)
    rows = BENCHMARKS["compare"]()
    assert [row.ours_s > 0 for row in rows] == [True] * 4
    assert "3 runs x 4 labels x 2 epochs" in rows[0].name
    assert os.environ["TAGLAB_HOME"] == str(taglab_home)
    assert runs.run_names() == []
    compare.fill_shelf(2, 4, 2)
    assert compare.first_view() == 8
