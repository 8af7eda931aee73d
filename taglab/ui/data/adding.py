"""The dialogs that bring something new: a data set, word vectors from a file, word vectors trained here."""

from __future__ import annotations

import contextlib
from pathlib import Path

import streamlit as st

from taglab import cache, embeddings, sources
from taglab.errors import InvalidSetting
from taglab.settings import described
from taglab.ui.dialogs import dialog
from taglab.ui.export import copy_as_command
from taglab.ui.forms import settings_widgets
from taglab.ui.loaders import folksonomy
from taglab.ui.messages import guard, literal, working
from taglab.ui.pickers import choose
from taglab.ui.uploads import ask_for_file, ask_for_member
from taglab.verbs.data import adders
from taglab.verbs.vectors import TRAININGS, Add, Embed


def new_name(kind: str, key: str, taken: list[str]) -> str:
    """Let a name be typed for something new; say so where there is one of that name already."""
    name = st.text_input("Name", key=key, placeholder=f"what to call the {kind}", max_chars=100).strip()
    if name in taken:
        st.caption("There is one of this name already; it will be replaced.")
    return name


def needs_name(name: str, kind: str) -> None:
    """Raise InvalidSetting where a name is empty or unfit for a shelf."""
    if not name:
        raise InvalidSetting(f"name is empty; say what to call the {kind}")
    cache.Shelf(kind).path(name)


@dialog("Add data")
def add_data_panel() -> None:
    """Read a data set from an upload, a path or the network, and choose it."""
    kinds = {name: source for name, source in sources.SOURCES.items() if name != "demo"}
    kind = st.selectbox(
        "Kind of data",
        list(kinds),
        index=list(kinds).index("table"),
        format_func=lambda name: kinds[name].title,
        key="new data source",
    )
    source = kinds[kind]
    st.caption(literal(f"{source.about} Needed: {source.files}"))
    with guard():
        given = ask_for_file(f"new data {kind}", source.files, several=True)
        download = bool(source.remote) and st.toggle(
            "Download it instead", key=f"new data {kind} download", help=_download_text(source)
        )
        name = new_name("data", "new data name", sources.folksonomy_names())
        with st.expander("Reading options"):
            settings = settings_widgets(source.settings, f"new data {kind}", omit=source.more_files)
            more = {field: _ask_for_more(source, field) for field in source.more_files}
        if st.button("Add", key="new data add", type="primary", icon=":material/add:"):
            needs_name(name, cache.FOLKSONOMIES)
            with working("Reading") as progress, contextlib.ExitStack() as files:
                path = None if download else files.enter_context(given)
                update = {field: files.enter_context(file) for field, file in more.items() if file}
                sources.add(kind, path, name, settings.model_copy(update=update), progress)
            choose("data", name)
        place = {} if download else {"path": Path("PATH")}
        files_named = {field: Path("FILE") for field, file in more.items() if file}
        fields = {"name": name or "NAME", "settings": settings.model_copy(update=files_named), **place}
        copy_as_command(adders()[kind][1].model_validate(fields))


def _ask_for_more(source: sources.Source, field: str) -> contextlib.AbstractContextManager[Path] | None:
    """Let a file that goes with the data be given; None where none is."""
    key = f"new data {source.name} {field}"
    st.caption(literal(described(source.settings)[field]))
    given = ask_for_file(key, field.replace("_", " "), several=False)
    return given if st.session_state[f"{key} upload"] or st.session_state[f"{key} path"].strip() else None


def _download_text(source: sources.Source) -> str:
    sizes = [remote.size_bytes for remote in source.remote]
    size = f"{sum(filter(None, sizes)) / 1e6:,.0f} MB" if all(sizes) else "size not known beforehand"
    return f"{len(source.remote)} file(s), {size}; needs the internet"


@dialog("Add word vectors")
def add_vectors_panel() -> None:
    """Read word vectors from an upload or a path, and choose them."""
    what = "GloVe or word2vec text, word2vec binary, fastText .vec (also packed), .npy and its words, .npz"
    with guard():
        given = ask_for_file("new vectors", what, several=True)
        member = ask_for_member("new vectors")
        name = new_name("vectors", "new vectors name", embeddings.vector_names())
        if st.button("Add", key="new vectors add", type="primary", icon=":material/add:"):
            needs_name(name, cache.VECTORS)
            with given as path, working("Reading") as progress:
                embeddings.add_vectors(path, name, progress, member)
            choose("vectors", name)
        copy_as_command(Add(path=Path("PATH"), name=name or "NAME", member=member or None))


_ABOUT_TRAINING = {
    "skip-gram": "Skip-gram, negative sampling: words that stand on the same tracks come to lie together.",
    "tag-skip-gram": "Vectors of whole tags, each trained to foretell all other tags of a track (model 4.2).",
}


@dialog("Train word vectors")
def train_vectors_panel(data: str) -> None:
    """Train word vectors on a data set's own tag lists, and choose them."""
    titles = {"skip-gram": "Skip-gram over words", "tag-skip-gram": "Skip-gram over tags"}
    method = st.segmented_control(
        "Method", list(TRAININGS), default="skip-gram", format_func=titles.__getitem__, key="own method",
        required=True,
    )  # fmt: skip
    st.caption(_ABOUT_TRAINING[method])
    with guard():
        name = new_name("vectors", "own vectors name", embeddings.vector_names())
        training = settings_widgets(TRAININGS[method], f"own {method}", omit=("method",))
        if st.button("Train", key="own vectors train", type="primary", icon=":material/model_training:"):
            needs_name(name, cache.VECTORS)
            with working("Training") as progress:
                trained = training.train(folksonomy(data), name, progress)
                trained.save(cache.Shelf(cache.VECTORS).path(name))
            choose("vectors", name)
        copy_as_command(Embed(name=name or "NAME", data=data, training=training))
