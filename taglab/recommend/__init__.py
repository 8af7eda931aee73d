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
from taglab.recommend.linear import Ease, SoundCosine, Wrmf
from taglab.recommend.neighbours import ItemNeighbours
from taglab.recommend.neural import FactorisationMachines, NeuralCollaborativeFiltering
from taglab.recommend.recommender import Learned, Recommender, RecommenderSettings, TagRows
from taglab.recommend.user_neighbours import UserNeighbours

__all__ = [
    "RECOMMENDERS",
    "RULES",
    "AnyRecommender",
    "ByChance",
    "Ease",
    "Factorisation",
    "FactorisationMachines",
    "FactorisationSettings",
    "ItemNeighbours",
    "ItemTags",
    "Learned",
    "MostPopular",
    "NeuralCollaborativeFiltering",
    "Recommender",
    "RecommenderSettings",
    "SoundCosine",
    "TagRows",
    "UserNeighbours",
    "Wrmf",
    "factorise",
    "fit",
    "objective",
]
