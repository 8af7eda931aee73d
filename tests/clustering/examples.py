"""Vectors that the clustering tests share."""

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from taglab.vectors import TagVectors

FloatArray = npt.NDArray[np.float32]


def unit(vectors: npt.ArrayLike) -> FloatArray:
    array = np.asarray(vectors, float)
    return (array / np.linalg.norm(array, axis=1, keepdims=True)).astype(np.float32)


def planted(
    k: int, size: int, dim: int, noise: float, seed: int = 0
) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Vectors around k random directions, `size` each, in random order; and which direction each is of."""
    random = np.random.default_rng(seed)
    truth = random.permutation(np.repeat(np.arange(k), size))
    centres = unit(random.standard_normal((k, dim)))
    return unit(centres[truth] + noise * random.standard_normal((k * size, dim))), truth


def tag_vectors(vectors: npt.ArrayLike, name: str = "made up") -> TagVectors:
    array = unit(vectors)
    return TagVectors(tuple(f"tag {row}" for row in range(len(array))), array, name=name)


@st.composite
def unit_vectors(draw: st.DrawFn, least: int = 1, most: int = 50) -> FloatArray:
    """Unit vectors; a few may be given several times."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(least, most))
    vectors = unit(random.standard_normal((n, draw(st.integers(2, 10)))))
    return vectors[random.integers(n, size=n)] if draw(st.booleans()) else vectors
