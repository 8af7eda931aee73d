"""Recommenders: lists for many users, steps of networks against the same fed ready-made."""

from __future__ import annotations

import math
import resource
import time

import numpy as np
from scipy import sparse

from taglab.benchmarks.recommending import synthetic_plays
from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.interactions import Interactions
from taglab.recommend import (
    FactorisationMachines,
    ItemTags,
    NeuralCollaborativeFiltering,
    Wrmf,
    first_items,
    open_scores,
)

USERS, ITEMS, FACTORS, PLACES = 1_000, 100_000, 128, 100
STEP_USERS, STEP_ITEMS, STEP_TAGS, TAGS_AN_ITEM = 4_000, 20_000, 2_000, 10
_MIB = 1 << 20
_STEPS = 10
_USERS_AT_ONCE = 100


def _tags(n_items: int, n_tags: int, per_item: int) -> ItemTags:
    drawn = np.random.default_rng(1)
    there = sparse.coo_array(
        (
            np.ones(n_items * per_item),
            (np.repeat(np.arange(n_items), per_item), drawn.integers(0, n_tags, n_items * per_item)),
        ),
        shape=(n_items, n_tags),
    )
    return ItemTags.from_matrix(
        [f"i{at}" for at in range(n_items)], [f"t{at}" for at in range(n_tags)], there
    )


def _named(kind: str, size: int) -> list[str]:
    return [f"{kind}{at}" for at in range(size)]


def _plays(matrix: sparse.csr_array) -> Interactions:
    pairs = matrix.tocoo()
    users, items = (
        [f"{kind}{at}" for at in range(size)] for kind, size in zip("ui", matrix.shape, strict=True)
    )
    return Interactions.from_codes("synthetic", users, items, pairs.row, pairs.col, pairs.data)


def _peak_mib() -> float:
    """Return the most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def scoring() -> list[Row]:
    """Lists of 100 for a thousand users over all items, what they played left out."""
    drawn = np.random.default_rng(0)
    settings = Wrmf(h=FACTORS)
    learned = {
        "users": drawn.standard_normal((USERS, FACTORS)).astype(np.float32),
        "items": drawn.standard_normal((ITEMS, FACTORS)).astype(np.float32),
    }
    plays = _plays(synthetic_plays(USERS, ITEMS, 50))
    model = settings.fitted(plays, _tags(ITEMS, 100, 1), learned, 0.0)
    order = np.arange(ITEMS)
    began, cpu = time.perf_counter(), time.process_time()
    for start in range(0, USERS, _USERS_AT_ONCE):
        first_items(open_scores(model, np.arange(start, start + _USERS_AT_ONCE)), PLACES, order)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    note = f"CPU {cpu:.1f} s; the process had at most {_peak_mib():,.0f} MiB"
    name = f"lists of {PLACES} for {USERS:,} users × {ITEMS:,} items × h = {FACTORS}"
    return [Row(name, seconds, math.nan, math.nan, "", note)]


def step_of_networks() -> list[Row]:
    """Steps with drawing and batching, against steps of the same module fed the same batches ready-made."""
    from taglab.recommend.learning import NetworkTraining

    plays = _plays(synthetic_plays(STEP_USERS, STEP_ITEMS, 50))
    tags = _tags(STEP_ITEMS, STEP_TAGS, TAGS_AN_ITEM)
    rows = []
    for settings in (FactorisationMachines(), NeuralCollaborativeFiltering()):
        training = NetworkTraining(settings, plays, tags, 0)
        order = training.all_pairs.order(1)
        ready = [training.batch(1, step, order) for step in range(_STEPS)]

        def ours(run: int, training: NetworkTraining = training, order: np.ndarray = order) -> list[float]:
            return [training.step(training.batch(1, step, order)) for step in range(_STEPS)]

        def fed(run: int, training: NetworkTraining = training, ready: list = ready) -> list[float]:  # type: ignore[type-arg]
            return [training.step(given) for given in ready]

        timed = alternate(ours, fed, 3)
        share = timed.ours_s / timed.peer_s - 1
        rows.append(
            Row(
                name=f"{_STEPS} steps of {settings.recommender}, h = {settings.h}, against ready-made",
                ours_s=timed.ours_s,
                peer_s=timed.peer_s,
                ratio=timed.ratio,
                agreement=f"drawing and batching add {share:.0%} to the module's own time",
                note=f"{settings.batch_size:,} plays a step, {settings.negatives} drawn beside each",
            )
        )
    return rows
