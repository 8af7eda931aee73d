"""Cleaning a folksonomy: steps as data, previewed, applied, undone, exported as a map."""

from taglab.cleaning.categories import SCHEMES, UNCATEGORISED, Categories
from taglab.cleaning.cleaning import Cleaned, Cleaning, Item
from taglab.cleaning.collapse_embeddings import CollapseEmbeddings, Fit, around_the_cut, distances_from, fit
from taglab.cleaning.collapse_words import STAGE_1, STAGE_1_TAGS, CollapseWords
from taglab.cleaning.explicit import Entry, ExplicitMap
from taglab.cleaning.filters import PRESETS, Filters
from taglab.cleaning.lexicon import WORD_LISTS, word_list
from taglab.cleaning.library import (
    Applied,
    cleaning_names,
    delete_cleaning,
    first_cleaning,
    open_applied,
    open_cleaning,
    read_cleaning,
    save_cleaned,
    save_cleaning,
)
from taglab.cleaning.memory import Memory
from taglab.cleaning.normal_form import NormalForm
from taglab.cleaning.plan import Decision, StepPlan
from taglab.cleaning.review import count_flow, counts_by_category, review_table, step_effects, went_into
from taglab.cleaning.spelling import normal, spelling_key, words
from taglab.cleaning.step import Step
from taglab.cleaning.steps import CLEANING_STEPS
from taglab.cleaning.tag_map import TagMap, parse_tsv, remap
from taglab.cleaning.typos import Typos
from taglab.cleaning.word_forms import WordForms

__all__ = [
    "CLEANING_STEPS",
    "PRESETS",
    "SCHEMES",
    "STAGE_1",
    "STAGE_1_TAGS",
    "UNCATEGORISED",
    "WORD_LISTS",
    "Applied",
    "Categories",
    "Cleaned",
    "Cleaning",
    "CollapseEmbeddings",
    "CollapseWords",
    "Decision",
    "Entry",
    "ExplicitMap",
    "Filters",
    "Fit",
    "Item",
    "Memory",
    "NormalForm",
    "Step",
    "StepPlan",
    "TagMap",
    "Typos",
    "WordForms",
    "around_the_cut",
    "cleaning_names",
    "count_flow",
    "counts_by_category",
    "delete_cleaning",
    "distances_from",
    "first_cleaning",
    "fit",
    "normal",
    "open_applied",
    "open_cleaning",
    "parse_tsv",
    "read_cleaning",
    "remap",
    "review_table",
    "save_cleaned",
    "save_cleaning",
    "spelling_key",
    "step_effects",
    "went_into",
    "word_list",
    "words",
]
