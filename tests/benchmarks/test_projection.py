"""The projection benchmark, at a size that takes no time; what it measures is not asserted."""

import pytest

from taglab.benchmarks import projection
from taglab.benchmarks.clustering import made_up_vectors
from taglab.projection.points import VectorPoints


@pytest.mark.parametrize("part", ["_neighbours", "_trustworthiness", "_umap", "_tsne"])
def test_both_sides_are_timed_and_agree(part: str) -> None:
    points = VectorPoints(made_up_vectors(120, 8))
    row = getattr(projection, part)(points)
    assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
    assert "120" in row.note
    if part == "_neighbours":
        assert row.agreement.startswith(("100", "99"))
    if part == "_trustworthiness":
        assert float(row.agreement.removeprefix("difference ")) < 1e-3
