"""A dozen users, twenty items and seven tags, and every recommender in a small form."""

from typing import Any

import numpy as np

from taglab.interactions import Interactions
from taglab.recommend import (
    ByChance,
    Ease,
    FactorisationMachines,
    ItemNeighbours,
    ItemTags,
    MostPopular,
    NeuralCollaborativeFiltering,
    SoundCosine,
    UserNeighbours,
    Wrmf,
)

TRAINED: dict[str, Any] = {"epochs": 2, "batch_size": 16, "validation": 0.2, "learning_rate": 0.05}
SETTINGS: dict[str, Any] = {
    "inn": ItemNeighbours(),
    "inn-low": ItemNeighbours(h=3),
    "inn-linear": ItemNeighbours(normalised=False, weighing="counts"),
    "unn": UserNeighbours(),
    "unn-low": UserNeighbours(h=3),
    "unn-linear": UserNeighbours(normalised=False, weighing="counts"),
    "fm": FactorisationMachines(h=4, **TRAINED),
    "ncf": NeuralCollaborativeFiltering(h=4, hidden=16, **TRAINED),
    "wrmf": Wrmf(h=4, sweeps=3),
    "ease": Ease(l2=3.0),
    "sound": SoundCosine(features="heard"),
    "popular": MostPopular(),
    "random": ByChance(),
}


def small_world(seed: int = 0) -> tuple[Interactions, ItemTags]:
    """Return plays, where the last user has none, and tags: item 3 has none, item 5 all."""
    drawn = np.random.default_rng(seed)
    counts = drawn.poisson(0.5, (12, 20))
    counts[-1] = 0
    there = drawn.random((20, 7)) < 0.3
    there[3], there[5] = False, True
    users, items = [f"u{at}" for at in range(12)], [f"i{at}" for at in range(20)]
    rows, columns = np.nonzero(counts)
    plays = Interactions.from_codes("small", users, items, rows, columns, counts[rows, columns])
    tags = ItemTags.from_matrix(items, [f"t{at}" for at in range(7)], np.asarray(there, float))
    return plays, tags
