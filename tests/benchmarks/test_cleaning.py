"""The benchmark of typos, at a size that takes no time; what it measures is not asserted."""

import math

import pytest

from taglab.benchmarks import BENCHMARKS, cleaning
from taglab.cleaning import CLEANING_STEPS


def test_typos_are_the_same_as_the_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "N_TAGS", 4_000)
    monkeypatch.setattr(cleaning, "N_SAMPLE", 1_000)
    monkeypatch.setattr(cleaning, "_REPEATS", 1)
    sample, whole = BENCHMARKS["typos"]()
    assert sample.ratio == pytest.approx(sample.peer_s / sample.ours_s)
    same, found, peers = (
        int(word.rstrip(",")) for word in sample.agreement.split() if word.rstrip(",").isdigit()
    )
    assert same == found == peers
    assert whole.name == "typos, 4000 tags"
    assert math.isnan(whole.peer_s)


def test_every_step_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "N_TAGS", 1_000)
    rows = BENCHMARKS["cleaning"]()
    assert [row.name.split(",")[0] for row in rows] == list(CLEANING_STEPS)
    changed = [int(row.note.split()[0].replace(",", "")) for row in rows]
    left = [int(row.name.split(", ")[1].removesuffix(" tags").replace(",", "")) for row in rows]
    # What is merged is gone, but for tags that become another spelling alone.
    assert all(after >= before - n for before, after, n in zip(left, left[1:], changed, strict=False))
    assert left[-1] < left[0] == 1_000


def test_made_up_tags_are_distinct_and_the_same_every_time() -> None:
    tags = cleaning.made_up_tags(500, seed=1)
    assert len(set(tags)) == 500
    assert tags == cleaning.made_up_tags(500, seed=1)
    counts = cleaning.folksonomy_of(tags).tags["count"]
    assert counts.is_monotonic_decreasing
    assert counts.iloc[0] == 50_000
