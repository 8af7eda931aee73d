"""What people would play next: learned from plays, from tags, and from what tracks are like."""

from taglab.recommend.baselines import ByChance, MostPopular
from taglab.recommend.factorisation import (
    Factorisation,
    FactorisationSettings,
    factorise,
    objective,
)
from taglab.recommend.fitting import RECOMMENDERS, AnyRecommender, fit
from taglab.recommend.item_tags import RULES, ItemTags
from taglab.recommend.neighbours import ItemNeighbours
from taglab.recommend.recommender import Learned, Recommender, RecommenderSettings, TagRows

__all__ = [
    "RECOMMENDERS",
    "RULES",
    "AnyRecommender",
    "ByChance",
    "Factorisation",
    "FactorisationSettings",
    "ItemNeighbours",
    "ItemTags",
    "Learned",
    "MostPopular",
    "Recommender",
    "RecommenderSettings",
    "TagRows",
    "factorise",
    "fit",
    "objective",
]
