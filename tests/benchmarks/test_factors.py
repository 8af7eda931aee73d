"""The documents that pLSA is timed on, and that ours and the peer's factors agree on them."""

import numpy as np
import pytest

from taglab.benchmarks import factors


def test_the_documents_are_as_many_and_as_long_as_asked() -> None:
    counts = factors.synthetic_documents(300, 200, 20, 5)
    assert counts.shape[0] == 300
    assert counts.shape[1] <= 200
    assert counts.sum() == 300 * 20
    assert (counts.sum(axis=0) > 0).all()


def test_ours_and_the_peer_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"N_DOCUMENTS": 200, "N_TERMS": 100, "K": 4, "ITERATIONS": 3}.items():
        monkeypatch.setattr(factors, name, value)
    (row,) = factors.plsa()
    assert row.ours_s > 0
    assert float(row.agreement.split()[-1]) < 1e-8
    assert np.isfinite(row.ratio)
