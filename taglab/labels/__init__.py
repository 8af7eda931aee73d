"""Label spaces: what a tagger is asked to predict, made from tags or clusters, edited, imported, saved."""

from taglab.labels.classes import LabelClass
from taglab.labels.coverage import LabelReport
from taglab.labels.edits import (
    Add,
    DropClass,
    DropTags,
    Edit,
    KeepClassesWith,
    KeepTags,
    Merge,
    Move,
    NewClass,
    Rename,
)
from taglab.labels.importing import (
    GenreList,
    list_text,
    parse_clusters,
    parse_genres_txt,
    parse_tag_list,
    read_cluster_json,
    read_genres_txt,
    read_tag_list,
    select_genres,
)
from taglab.labels.library import (
    delete_label_space,
    from_json,
    is_label_space,
    label_space_names,
    open_label_space,
    save_label_space,
    to_json,
)
from taglab.labels.making import from_classes, from_clusters, from_tags, from_top_tags
from taglab.labels.space import LABELS, LabelSpace, keep_classes_with
from taglab.metrics.balance import imbalance_ratios

__all__ = [
    "LABELS",
    "Add",
    "DropClass",
    "DropTags",
    "Edit",
    "GenreList",
    "KeepClassesWith",
    "KeepTags",
    "LabelClass",
    "LabelReport",
    "LabelSpace",
    "Merge",
    "Move",
    "NewClass",
    "Rename",
    "delete_label_space",
    "from_classes",
    "from_clusters",
    "from_json",
    "from_tags",
    "from_top_tags",
    "imbalance_ratios",
    "is_label_space",
    "keep_classes_with",
    "label_space_names",
    "list_text",
    "open_label_space",
    "parse_clusters",
    "parse_genres_txt",
    "parse_tag_list",
    "read_cluster_json",
    "read_genres_txt",
    "read_tag_list",
    "save_label_space",
    "select_genres",
    "to_json",
]
