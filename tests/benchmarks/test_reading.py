"""The benchmarks of reading, at a size that takes no time; what they measure is not asserted."""

import math
import os

import pytest

from taglab import cache
from taglab.benchmarks import BENCHMARKS, reading


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {
        "N_TRACKS": 300, "N_TAGS": 200, "N_PAIRS": 2_000, "N_PEER_TRACKS": 60, "N_PEER_TAGS": 50,
        "N_PEER_PAIRS": 400, "N_WORDS": 120, "DIM": 8, "REPEATS": 1, "_CHUNK": 300,
    }.items():  # fmt: skip
        monkeypatch.setattr(reading, name, size)


def test_last_fm_is_read_as_pandas_reads_it() -> None:
    against_pandas, whole = BENCHMARKS["lastfm"]()
    same, _, tags, *_ = against_pandas.agreement.split()
    assert same == tags
    assert against_pandas.ratio == pytest.approx(against_pandas.peer_s / against_pandas.ours_s)
    assert whole.ours_s > 0
    assert math.isnan(whole.peer_s)
    assert 0.05 < float(whole.note.split()[0]) < 2


def test_vectors_opened_again_are_those_gensim_reads() -> None:
    before = os.environ["TAGLAB_HOME"]
    (row,) = BENCHMARKS["second-open"]()
    assert row.agreement == "largest difference 0e+00"
    assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
    assert str(cache.home()) == before
