"""Cleaning a folksonomy: steps as data, previewed, applied, undone, exported as a map."""

from taglab.cleaning.cleaning import Cleaned, Cleaning, Item
from taglab.cleaning.explicit import Entry, ExplicitMap
from taglab.cleaning.filters import PRESETS, Filters
from taglab.cleaning.normal_form import NormalForm
from taglab.cleaning.plan import Decision, StepPlan
from taglab.cleaning.spelling import normal, spelling_key, words
from taglab.cleaning.step import Step
from taglab.cleaning.steps import CLEANING_STEPS
from taglab.cleaning.tag_map import TagMap, parse_tsv, remap

__all__ = [
    "CLEANING_STEPS",
    "PRESETS",
    "Cleaned",
    "Cleaning",
    "Decision",
    "Entry",
    "ExplicitMap",
    "Filters",
    "Item",
    "NormalForm",
    "Step",
    "StepPlan",
    "TagMap",
    "normal",
    "parse_tsv",
    "remap",
    "spelling_key",
    "words",
]
