"""LIME of many items at once against the package `lime`, at equal perturbations."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.errors import MissingExtra
from taglab.recommend.explain import Explained, Lime
from taglab.recommend.explain.explained import Floats
from taglab.recommend.explain.lime import least_squares_of

N_ITEMS, N_TAGS, TAGS_OF_ITEM, OMEGA = 1_000, 500, (3, 16), 5
_REPEATS = 2


def synthetic_items(n_items: int = N_ITEMS, seed: int = 0) -> Explained:
    """Return items with some tags each, whose score is a curve of sums of tags."""
    drawn = np.random.default_rng(seed)
    counts = drawn.integers(*TAGS_OF_ITEM, n_items)
    columns = np.concatenate([np.sort(drawn.choice(N_TAGS, count, replace=False)) for count in counts])
    pointers = np.concatenate([[0], np.cumsum(counts)])
    tags = sparse.csr_array((np.ones(len(columns)), columns, pointers), shape=(n_items, N_TAGS))
    weights = drawn.standard_normal((N_TAGS, 16))

    def score(items: npt.NDArray[np.int64], rows: sparse.csr_array) -> Floats:
        return np.asarray(np.tanh(rows @ weights / 2).sum(axis=1), np.float64)

    return Explained(np.arange(n_items), tags, score)


def lime_of_many() -> list[Row]:
    """Explain items by five tags, both by the Lasso's path and ridge regression, one thread."""
    name = f"LIME of {N_ITEMS:,} items"
    try:
        from lime.lime_base import LimeBase
    except ImportError:
        return [Row(name, math.nan, math.nan, math.nan, "", str(MissingExtra("lime", "bench")))]
    explained, settings = synthetic_items(), Lime()
    perturbed = list(settings.perturbed(explained, 0))
    scores = [drawn.explained.masked_scores(drawn.masks) for drawn in perturbed]

    def ours(run: int) -> Floats:
        values = np.zeros(explained.own.shape)
        values[explained.own.there] = settings.explain(explained, 0).item(OMEGA).data
        return values

    def peer(run: int) -> Floats:
        values = np.zeros(explained.own.shape)
        base = LimeBase(lambda distances: distances)
        for drawn, of_part in zip(perturbed, scores, strict=True):
            for place, item in enumerate(drawn.rows):
                masks = drawn.masks[place, :, : drawn.explained.own.counts[place]].astype(np.float64)
                _, local, *_ = base.explain_instance_with_data(
                    masks, of_part[place][:, None], drawn.weights[place], 0, OMEGA, "lasso_path"
                )
                for column, value in local:
                    values[item, column] = value
        return values

    def fitted(run: int) -> Floats:
        values = np.zeros(explained.own.shape)
        for drawn, of_part in zip(perturbed, scores, strict=True):
            own = drawn.explained.own
            squares = least_squares_of(drawn.masks, drawn.weights, of_part)
            of_fewer = squares.ridge(settings.ridge, settings.chosen_by(squares, own)(OMEGA))
            values[drawn.rows, : own.shape[1]] = of_fewer
        return values

    note = (
        f"{settings.perturbations} perturbations an item, {TAGS_OF_ITEM[0]} to {TAGS_OF_ITEM[1] - 1} tags, "
        f"{OMEGA} of them kept"
    )
    ours(0)  # compiles
    rows = []
    for what, how in (
        ("fitted to given perturbations", fitted),
        ("and perturbations drawn and scored", ours),
    ):
        timed = alternate(how, peer, _REPEATS)
        largest = float(np.abs(timed.ours[-1] - timed.peers[-1]).max())
        rows.append(
            Row(
                f"{name} against lime, {what}", timed.ours_s, timed.peer_s, timed.peer_s / timed.ours_s,
                f"largest difference of a coefficient {largest:.1e}",
                f"{note}; the peer is given all perturbations and scores",
            )
        )  # fmt: skip
    return rows
