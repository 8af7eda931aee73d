"""The benchmarks of recommenders at a small size; what they measure is not asserted."""

import pytest

from taglab.benchmarks import BENCHMARKS, recommenders


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {
        "USERS": 40, "ITEMS": 60, "FACTORS": 8, "PLACES": 5, "_USERS_AT_ONCE": 20, "STEP_USERS": 40,
        "STEP_ITEMS": 60, "STEP_TAGS": 9, "TAGS_AN_ITEM": 2, "_STEPS": 1,
    }  # fmt: skip
    for name, size in sizes.items():
        monkeypatch.setattr(recommenders, name, size)


@pytest.mark.parametrize(("name", "rows"), [("recommend-lists", 1), ("recommend-step", 2)])
def test_it_returns_rows(name: str, rows: int) -> None:
    measured = BENCHMARKS[name]()
    assert len(measured) == rows
    assert all(row.ours_s > 0 and row.note for row in measured)
