"""What people would play next: recommenders that learn from plays, and from what tracks are like."""

from taglab.recommend.factorisation import (
    Factorisation,
    FactorisationSettings,
    factorise,
    objective,
)

__all__ = ["Factorisation", "FactorisationSettings", "factorise", "objective"]
