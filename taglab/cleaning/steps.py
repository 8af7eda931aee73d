"""The steps a cleaning can have, by kind."""

from __future__ import annotations

from taglab.cleaning.categories import Categories
from taglab.cleaning.collapse_words import CollapseWords
from taglab.cleaning.explicit import ExplicitMap
from taglab.cleaning.filters import Filters
from taglab.cleaning.normal_form import NormalForm
from taglab.cleaning.step import Step

AnyStep = NormalForm | Categories | CollapseWords | Filters | ExplicitMap

CLEANING_STEPS: dict[str, type[Step]] = {
    "normal-form": NormalForm,
    "categories": Categories,
    "collapse-words": CollapseWords,
    "filters": Filters,
    "map": ExplicitMap,
}
"""In the order in which they are best applied; a step is planned by its own `plan`."""
