"""`RECOMMENDERS`: every way to recommend, by name, and how one is fitted."""

from __future__ import annotations

import time
from typing import Annotated, Any

from pydantic import BaseModel

from taglab.errors import InvalidSetting
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.recommend.baselines import ByChance, MostPopular
from taglab.recommend.item_tags import ItemTags
from taglab.recommend.linear import Ease, SoundCosine, Wrmf
from taglab.recommend.neighbours import ItemNeighbours
from taglab.recommend.neural import FactorisationMachines, NeuralCollaborativeFiltering
from taglab.recommend.recommender import Recommender
from taglab.recommend.user_neighbours import UserNeighbours
from taglab.settings import OneOf

RECOMMENDERS: dict[str, type[BaseModel]] = {
    "inn": ItemNeighbours,
    "unn": UserNeighbours,
    "fm": FactorisationMachines,
    "ncf": NeuralCollaborativeFiltering,
    "wrmf": Wrmf,
    "ease": Ease,
    "sound": SoundCosine,
    "popular": MostPopular,
    "random": ByChance,
}
"""Name → settings model, a `RecommenderSettings`."""

AnyRecommender = Annotated[BaseModel, OneOf(RECOMMENDERS, "recommender")]
"""The settings of any recommender."""


def fit(
    settings: Any, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
) -> Recommender:
    """Learn a recommender.

    Args:
        settings: One of the models in `RECOMMENDERS`.
        plays: Counts of users and items; a user may have none.
        tags: Of the same items in the same order.
        seed: Of all that is drawn.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If plays and tags are of other items, or plays are ratings, or nobody played anything.
    """
    if tags.items != plays.tracks:
        raise InvalidSetting(
            f"tags {tags!r} must be of the items that were played, in their order; ItemTags.of makes such"
        )
    if plays.kind != "counts":
        raise InvalidSetting(f"plays of kind={plays.kind!r} must be counts; as_plays makes ratings such")
    if not plays.matrix.nnz:
        raise InvalidSetting(f"plays {plays!r} must hold a play; nobody played any of the items")
    began = time.perf_counter()
    learned = settings.learn(plays, tags, seed, progress)
    recommender: Recommender = settings.fitted(plays, tags, learned, time.perf_counter() - began)
    return recommender
