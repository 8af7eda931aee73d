"""The steps a cleaning can have, by kind."""

from __future__ import annotations

from taglab.cleaning.categories import Categories
from taglab.cleaning.collapse_embeddings import CollapseEmbeddings
from taglab.cleaning.collapse_words import CollapseWords
from taglab.cleaning.explicit import ExplicitMap
from taglab.cleaning.filters import Filters
from taglab.cleaning.normal_form import NormalForm
from taglab.cleaning.step import Step
from taglab.cleaning.typos import Typos
from taglab.cleaning.word_forms import WordForms

AnyStep = (
    NormalForm | WordForms | Typos | Categories | CollapseWords | CollapseEmbeddings | Filters | ExplicitMap
)

CLEANING_STEPS: dict[str, type[Step]] = {
    "normal-form": NormalForm,
    "word-forms": WordForms,
    "typos": Typos,
    "categories": Categories,
    "collapse-words": CollapseWords,
    "collapse-embeddings": CollapseEmbeddings,
    "filters": Filters,
    "map": ExplicitMap,
}
"""In the order in which they are best applied; a step is planned by its own `plan`."""
