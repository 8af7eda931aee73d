"""The benchmark of reading plays at a small size; what it measures is not asserted, what it reads is."""

from pathlib import Path

import pandas as pd
import pytest

from taglab.benchmarks import BENCHMARKS, plays


def test_plays_are_added_up_as_pandas_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plays.bulk_reading, "__defaults__", (3_000,))
    monkeypatch.setattr(plays, "USERS", 20)
    rows = BENCHMARKS["plays"]()
    assert len(rows) == 2
    for row in rows:
        assert row.agreement.startswith("as many pairs and plays, ")
        assert row.ratio == pytest.approx(row.peer_s / row.ours_s)


def test_a_table_is_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plays, "_WRITTEN_AT_ONCE", 40)
    plays.write_plays(tmp_path / "plays.csv", 100, "timestamp")
    rows = pd.read_csv(tmp_path / "plays.csv")
    assert list(rows.columns) == ["user", "track", "timestamp"]
    assert len(rows) == 100
