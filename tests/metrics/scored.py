"""Truth and scores for tests of tagging metrics."""

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst


@st.composite
def truth_and_scores(
    draw: st.DrawFn, levels: int = 6, max_tracks: int = 40, max_classes: int = 4
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]:
    """Draw both (tracks, classes), scores with many ties, in [0, 1], of either precision."""
    shape = draw(st.tuples(st.integers(1, max_tracks), st.integers(1, max_classes)))
    truth = draw(npst.arrays(np.bool_, shape))
    steps = draw(npst.arrays(np.int8, shape, elements=st.integers(0, levels)))
    return truth, (steps / levels).astype(draw(st.sampled_from([np.float32, np.float64])))


def learnt(
    n_tracks: int, n_classes: int, seed: int = 0, decimals: int | None = None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float32]]:
    """Return truth of different prevalence and scores that know something of it."""
    random = np.random.default_rng(seed)
    truth = random.random((n_tracks, n_classes)) < np.linspace(0.05, 0.5, n_classes)
    scores = 0.7 * random.random((n_tracks, n_classes)) + 0.3 * truth
    return truth, (scores if decimals is None else scores.round(decimals)).astype(np.float32)
