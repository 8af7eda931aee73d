"""What the Genres page looks at: the classes, which of them are genres, and how genres are divided."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pydantic
import streamlit as st

from taglab import labels
from taglab.cooccurrence import Cooccurrence, NpmiSettings
from taglab.embeddings import OWN, SkipGramSettings, TagSkipGramSettings, open_vectors
from taglab.folksonomy import Folksonomy
from taglab.genres import (
    GENRE,
    ClassSettings,
    Genres,
    SubgenreSettings,
    choose_genres,
    class_pairs,
    class_seconds,
    classes_are_kept,
    classes_named,
    classes_of_category,
    kept_categories,
    kept_classes,
)
from taglab.labels import LabelSpace, list_text, open_label_space, parse_genres_txt, select_genres
from taglab.progress import Progress
from taglab.settings import checked
from taglab.ui.forms import setting_widget
from taglab.ui.loaders import folksonomy
from taglab.ui.long_work import LongWork, await_work
from taglab.ui.messages import guard, literal, working
from taglab.ui.own_training import await_own_vectors
from taglab.ui.pickers import bound_choice, bound_number, choose_among, pick_data, pick_lookup, pick_vectors
from taglab.ui.remembered import remembered

_SAVED = "saved"
_OF: dict[str, str] = {
    "genre-clusters": "Genre tags, clustered",
    "genre-tags": "Genre tags, a class each",
    "top-tags": "Most used tags, a class each",
    "clusters": "All tags, clustered",
    _SAVED: "A saved label space",
}
_HEEDED = {
    "genre-clusters": ("min_count", "k"),
    "genre-tags": ("min_count", "n"),
    "top-tags": ("min_count", "n"),
    "clusters": ("min_count", "k"),
}
_LABELS = {
    "min_count": "Minimum count (tracks)",
    "n": "Classes at most",
    "k": "Clusters, k (not set: √ of the tags)",
    "k_min": "Least k",
    "k_max": "Most k",
    "total": "NPMI: counts are divided by",
    "tracks": "NPMI: tracks looked at",
}
_NAMED = 5
_LIST_HELP = (
    "One name of a class, or a tag that it holds, a line. Or the two lines of the thesis code's genres.txt: "
    "positions of classes counted from 0, and pairs of positions to merge."
)


@dataclass(frozen=True, eq=False)
class Material:
    """What the page looks at.

    Attributes:
        name: Of the data set.
        data: The data set, all of its tags.
        space: The classes.
        asked: Fields of a verb's question that name the classes.
    """

    name: str
    data: Folksonomy
    space: LabelSpace
    asked: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Choice:
    """Which classes are genres.

    Attributes:
        genres: The genres, merged.
        m: How much of the rarer one's tracks two must share to be merged.
        asked: Fields of a verb's question that ask for the same.
    """

    genres: Genres
    m: float
    asked: Mapping[str, Any]

    @property
    def space(self) -> LabelSpace:
        """The genres as a label space."""
        return self.genres.space


def pick_material() -> Material:
    """Let data and classes be chosen, in the sidebar, and open or make them."""
    with st.sidebar:
        name = pick_data()
    with working("Opening the data") as progress:
        data = folksonomy(name, progress)
    with st.sidebar:
        saved = labels.label_space_names()
        options = [of for of in _OF if of != _SAVED or saved]
        of = st.selectbox(
            "Classes", options, format_func=_OF.__getitem__, key="classes",
            bind=bound_choice("classes", "choice of classes", {name: _OF[name] for name in options}),
            help="Which sets of tags are looked at: made here from the tags, or saved on another page.",
        )  # fmt: skip
        if of == _SAVED:
            return _opened(name, data, saved)
        settings = _pick_class_settings(of)
    _await_classes(data, settings)
    with working("Making classes") as progress:
        space = _made(data, settings, progress)
    heeded = {field: getattr(settings, field) for field in ("of", "vectors", "lookup", *_HEEDED[of])}
    usual = {field for field in heeded if field != "of" and heeded[field] == getattr(ClassSettings(), field)}
    classes = ClassSettings(**{field: value for field, value in heeded.items() if field not in usual})
    return Material(name, data, space, {"data": name, "classes": classes})


def _opened(name: str, data: Folksonomy, saved: Sequence[str]) -> Material:
    chosen = choose_among("labels", "Label space", saved, 0, "label space")
    space, _ = open_label_space(chosen)
    origin = space.made_by.get("data")
    if origin not in (None, name):
        st.caption(literal(f"Made from {origin}; tracks are counted in {name}."))
    return Material(name, data, space, {"data": name, "labels": chosen})


def _pick_class_settings(of: str) -> ClassSettings:
    values: dict[str, Any] = {"of": of}
    if of in ("genre-clusters", "clusters"):
        values["vectors"] = pick_vectors()
        values["lookup"] = pick_lookup()
    return checked(ClassSettings, values | url_widgets(ClassSettings, "class_", _HEEDED[of]))


def url_widgets(model: type[pydantic.BaseModel], prefix: str, names: Sequence[str]) -> dict[str, Any]:
    """Draw a widget for some settings of a model, each in the URL under its name after a prefix.

    Returns:
        What they hold, by name.
    """
    values: dict[str, Any] = {}
    for name in names:
        key = f"{prefix}{name}"
        default = model.model_fields[name].get_default()
        is_number = default is None or (isinstance(default, int | float) and not isinstance(default, bool))
        bind = bound_number(key, f"{name.replace('_', ' ')} =", -1e12, 1e12) if is_number else "query-params"
        label = _LABELS.get(name, "")
        values |= setting_widget(model, name, key, label=label, key=key, bind=bind, persist_state="session")
    return values


def _await_classes(data: Folksonomy, settings: ClassSettings) -> None:
    """Return once classes are there or soon made; else show the way to them, and stop."""
    if settings.clusters and settings.vectors == OWN:
        await_own_vectors(data)
    if classes_are_kept(data, settings):
        return
    n_used = int((data.tags["count"] >= settings.min_count).sum())
    await_work(
        LongWork(
            key=f"classes {data.fingerprint} {settings.model_dump_json()}",
            module="taglab.genres.class_process",
            given=json.dumps({"data": data.name, "settings": settings.model_dump(mode="json")}),
            title=f"Classes of {data.name}",
            lacking=f"These classes are not made yet. Making them of {n_used:,} tags",
            verb="Make them",
            meanwhile="Other classes can be chosen meanwhile: a higher minimum count is faster.",
            seconds=_seconds(data, settings),
        )
    )


@remembered("tiny")
def _seconds(data: Folksonomy, settings: ClassSettings) -> float:
    dim = 0
    if settings.clusters:
        dim = SkipGramSettings().dim if settings.vectors == OWN else open_vectors(settings.vectors).dim
    return class_seconds(data, settings, dim)


@remembered("medium")
def _made(data: Folksonomy, settings: ClassSettings, _progress: Progress) -> LabelSpace:
    return kept_classes(data, settings, _progress)


def pairs_of(material: Material, space: LabelSpace) -> Cooccurrence:
    """Return the pairs of classes of a label space."""
    with working("Counting pairs") as progress:
        return _pairs(space, material.data, progress)


@remembered("medium")
def _pairs(space: LabelSpace, data: Folksonomy, _progress: Progress) -> Cooccurrence:
    return class_pairs(space, data, _progress)


def pick_genres(material: Material) -> Choice:
    """Let the classes that are genres be chosen, in the sidebar. In the URL as `choose`, `keep`, `m` …"""
    with st.sidebar:
        st.subheader("Genres")
        how = st.segmented_control(
            "Which classes are genres", list(_PICKERS), default="By category", key="choose",
            bind=bound_choice("choose", "way to choose", list(_PICKERS)), required=True,
        )  # fmt: skip
        space, kept, asked = _PICKERS[how](material)
        m = st.slider(
            "Merge at m", 1.0, 3.0, 1.5, 0.05, key="m", bind=bound_number("m", "m =", 1, 3),
            help="Two genres become one if they share more than 1/m of the rarer one's tracks: at 1.5 two "
            "thirds (the thesis's), at 3 one third, at 1 nothing is merged.",
        )  # fmt: skip
    with working("Counting pairs") as progress:
        genres = _chosen(space, material.data, kept, float(m), progress)
    return Choice(genres, float(m), {**asked, "m": float(m)})


_Picked = tuple[LabelSpace, tuple[str, ...], Mapping[str, Any]]


@remembered("medium")
def _chosen(
    space: LabelSpace, data: Folksonomy, kept: tuple[str, ...], m: float, _progress: Progress
) -> Genres:
    return choose_genres(space, data, kept, m, progress=_progress)


def _by_category(material: Material) -> _Picked:
    categories = _categories(material.data)
    options = sorted({*map(str, categories.unique()), GENRE}, key=lambda name: (name != GENRE, name))
    category = choose_among(
        "category", "Category", options, 0, "category",
        help="A class is of the category of its most used tag: as the data set has it, else by word lists.",
    )  # fmt: skip
    kept = classes_of_category(material.space, material.data, category, categories)
    if not kept:
        st.caption(literal(f"No class's most used tag is of the category {category!r}; all are taken."))
        return material.space, material.space.names, {}
    return material.space, kept, {"category": category}


@remembered("small")
def _categories(data: Folksonomy) -> pd.Series:
    return kept_categories(data)


def _by_hand(material: Material) -> _Picked:
    names = list(material.space.names)
    categories = _categories(material.data)
    likely = list(classes_of_category(material.space, material.data, categories=categories)) or names
    if "keep" in st.session_state:
        st.session_state["keep"] = [name for name in st.session_state["keep"] if name in set(names)]
    kept = st.multiselect("Genres", names, likely, key="keep", bind="query-params", placeholder="Classes")
    if not kept:
        st.caption("None is chosen; all are taken.")
    return _named(material, tuple(kept) or material.space.names)


def _named(material: Material, kept: tuple[str, ...]) -> _Picked:
    if set(kept) == set(material.space.names):
        return material.space, material.space.names, {}
    return material.space, kept, {"keep": kept}


def _from_list(material: Material) -> _Picked:
    @guard()
    def take_up() -> None:
        upload = st.session_state["genre list file"]
        if upload is not None:
            st.session_state["genre_list"], notes = list_text(upload.getvalue(), upload.name)
            for note in notes:
                st.toast(literal(note), icon=":material/translate:")

    st.file_uploader("From a file", type=["txt"], key="genre list file", on_change=take_up)
    text = st.text_area("List", key="genre_list", bind="query-params", height=110, help=_LIST_HELP)
    if text.lstrip().startswith("["):
        positions = parse_genres_txt(text.encode(), "the list")
        sets = {each.name: each.tags for each in material.space.classes}
        made_by = {**material.space.made_by, "genres_txt": text}
        space = labels.from_classes(
            select_genres(sets, positions), None, made_by, f"{material.space.name} genres.txt"
        )
        return space, space.names, {"genres_txt": Path("genres.txt")}
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    kept, absent = classes_named(material.space, lines)
    if absent:
        more = f" and {len(absent) - _NAMED:,} more" if len(absent) > _NAMED else ""
        st.caption(literal(f"No class is or holds {', '.join(map(repr, absent[:_NAMED]))}{more}."))
    if not kept:
        st.caption("The list names no class yet; all are taken.")
    return _named(material, kept or material.space.names)


def _every(material: Material) -> _Picked:
    return material.space, material.space.names, {}


_PICKERS: dict[str, Callable[[Material], _Picked]] = {
    "By category": _by_category,
    "By hand": _by_hand,
    "From a list": _from_list,
    "All classes": _every,
}


_METHODS = {"npmi": "NPMI", "tag-embeddings": "Tag embeddings"}
_OF_METHOD = {"npmi": ("linkage",), "tag-embeddings": ("restarts", "seed")}
_OF_ALL = ("k_min", "k_max", "keep_main_tag", "drop_rare", "drop_singletons")


def pick_subgenre_settings() -> SubgenreSettings:
    """Let the way genres are divided be chosen. In the URL as `method`, and each setting after `sub_`."""
    method = st.segmented_control(
        "Divide by", list(_METHODS), default="npmi", format_func=_METHODS.__getitem__, key="divide_by",
        bind=bound_choice("divide_by", "way to divide", _METHODS), required=True, persist_state="session",
        help="NPMI: which tags share tracks more than by chance, merged from the nearest up (model 4.1). Tag "
        "embeddings: vectors trained on which tags of the genre stand together, by k-means (model 4.2).",
    )  # fmt: skip
    with st.popover("Settings", icon=":material/tune:"):
        values = url_widgets(SubgenreSettings, "sub_", (*_OF_ALL, *_OF_METHOD[method]))
        if method == "npmi":
            npmi = url_widgets(NpmiSettings, "npmi_", list(NpmiSettings.model_fields))
            values["npmi"] = checked(NpmiSettings, npmi)
        else:
            trained = url_widgets(TagSkipGramSettings, "train_", list(TagSkipGramSettings.model_fields))
            values["skip_gram"] = checked(TagSkipGramSettings, trained)
    return checked(SubgenreSettings, {"method": method, **values})


def members_column(space: LabelSpace) -> pd.Series:
    """Return the tags of each class as a column of lists."""
    return pd.Series([list(each.tags) for each in space.classes], dtype=object)
