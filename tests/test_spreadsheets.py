"""Cells that a spreadsheet would run."""

import io

import numpy as np
import pandas as pd
import pytest

from taglab.spreadsheets import n_formulas, without_formulas

TAGS = ["=cmd|' /C calc'!A0", "+1", "-2", "@sum", "\tx", "\rx", "rock", "a=b", "", None]


@pytest.mark.parametrize("dtype", ["str", object])
def test_an_apostrophe_stands_before_what_would_run_and_nothing_else_changes(dtype: object) -> None:
    table = pd.DataFrame(
        {"tag": pd.Series(TAGS, dtype=dtype), "change": np.linspace(-1, 1, len(TAGS)), "-x": 1}
    )
    assert n_formulas(table) == 7
    safe = without_formulas(table)
    assert safe.columns.tolist() == ["tag", "change", "'-x"]
    assert safe["tag"].tolist()[:9] == [f"'{tag}" for tag in TAGS[:6]] + TAGS[6:9]
    assert pd.isna(safe["tag"].iloc[9])
    assert safe["change"].equals(table["change"])
    assert table["tag"].tolist()[0] == TAGS[0]
    assert n_formulas(pd.read_csv(io.StringIO(safe.to_csv(index=False)))) == 0


def test_a_table_of_numbers_is_as_it_was() -> None:
    table = pd.DataFrame({"a": [-1.5, 2.0], "b": pd.Categorical(["x", "y"])})
    assert n_formulas(table) == 0
    assert without_formulas(table).equals(table)
    risky = pd.DataFrame({"b": pd.Categorical(["=x", "y", None])})
    assert without_formulas(risky)["b"].tolist()[:2] == ["'=x", "y"]
