"""What people would play next: learned from plays, from tags, and from what tracks are like."""

from taglab.recommend.baselines import ByChance, MostPopular
from taglab.recommend.explicit import as_plays
from taglab.recommend.factorisation import (
    Factorisation,
    FactorisationSettings,
    factorise,
    objective,
)
from taglab.recommend.fitting import RECOMMENDERS, AnyRecommender, fit
from taglab.recommend.holding_out import HeldOut, HoldingOut, hold_out
from taglab.recommend.item_tags import RULES, ItemTags
from taglab.recommend.judging import Judged, first_items, judge, open_scores, recommended
from taglab.recommend.library import (
    RecommenderMaterial,
    about_recommender,
    delete_recommender,
    material_of,
    open_recommender,
    recommender_folder,
    recommender_names,
    save_recommender,
    train_recommender,
)
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
    "HeldOut",
    "HoldingOut",
    "ItemNeighbours",
    "ItemTags",
    "Judged",
    "Learned",
    "MostPopular",
    "NeuralCollaborativeFiltering",
    "Recommender",
    "RecommenderMaterial",
    "RecommenderSettings",
    "SoundCosine",
    "TagRows",
    "UserNeighbours",
    "Wrmf",
    "about_recommender",
    "as_plays",
    "delete_recommender",
    "factorise",
    "first_items",
    "fit",
    "hold_out",
    "judge",
    "material_of",
    "objective",
    "open_recommender",
    "open_scores",
    "recommended",
    "recommender_folder",
    "recommender_names",
    "save_recommender",
    "train_recommender",
]
