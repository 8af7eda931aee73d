"""Which tags made the difference: explainers of recommenders, and of whatever scores items by tags."""

from taglab.recommend.explain.direct import IntegratedGradients, LeaveOneOut, RandomWeights, Saliency
from taglab.recommend.explain.explained import Explained, explained_user
from taglab.recommend.explain.explanation import READINGS, Explainer, Explanation, Reading
from taglab.recommend.explain.judging import Switching, deletion, fidelity, insertion, stability
from taglab.recommend.explain.lime import Lime
from taglab.recommend.explain.partial_dependence import PartialDependence
from taglab.recommend.explain.shapley import Shapley

__all__ = [
    "EXPLAINERS",
    "READINGS",
    "Explained",
    "Explainer",
    "Explanation",
    "IntegratedGradients",
    "LeaveOneOut",
    "Lime",
    "PartialDependence",
    "RandomWeights",
    "Reading",
    "Saliency",
    "Shapley",
    "Switching",
    "deletion",
    "explained_user",
    "fidelity",
    "insertion",
    "stability",
]

EXPLAINERS: dict[str, type[Explainer]] = {
    "random": RandomWeights,
    "partial-dependence": PartialDependence,
    "saliency": Saliency,
    "lime": Lime,
    "shapley": Shapley,
    "leave-one-out": LeaveOneOut,
    "integrated-gradients": IntegratedGradients,
}
"""Name → settings of a way to explain."""
