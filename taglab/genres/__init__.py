"""Genres and what they divide into: classes that share their tracks, and subgenres by co-occurrence."""

from taglab.genres.choosing import (
    GENRE,
    ClassSettings,
    Genres,
    choose_genres,
    classes_named,
    classes_of_category,
    genre_tags,
    make_classes,
    most_popular_tags,
    most_used_tags,
    tag_categories,
)
from taglab.genres.kept import class_seconds, classes_are_kept, kept_categories, kept_classes
from taglab.genres.merging import class_pairs, merge_correlated
from taglab.genres.methods import silhouettes_over_k, ways
from taglab.genres.subgenres import (
    SUBGENRES,
    Subgenres,
    SubgenreSettings,
    divide,
    subgenre_space,
)
from taglab.genres.tables import divided_table, left_out_table, pairs_table, subgenre_table

__all__ = [
    "GENRE",
    "SUBGENRES",
    "ClassSettings",
    "Genres",
    "SubgenreSettings",
    "Subgenres",
    "choose_genres",
    "class_pairs",
    "class_seconds",
    "classes_are_kept",
    "classes_named",
    "classes_of_category",
    "divide",
    "divided_table",
    "genre_tags",
    "kept_categories",
    "kept_classes",
    "left_out_table",
    "make_classes",
    "merge_correlated",
    "most_popular_tags",
    "most_used_tags",
    "pairs_table",
    "silhouettes_over_k",
    "subgenre_space",
    "subgenre_table",
    "tag_categories",
    "ways",
]
