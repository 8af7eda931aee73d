"""Intervals of few positives cover what they should, near chance and near perfection."""

import numpy as np

from tests.studies.run_coverage import covered


def test_intervals_cover_where_positives_are_few_and_models_near_perfect() -> None:
    for tracks, positives, strength in ((20, 5, 3.0), (100, 10, 0.0)):
        for row in covered(tracks, positives, strength, 200):
            assert row["covered"] > 0.9, row
            assert np.isfinite(row["width"])
