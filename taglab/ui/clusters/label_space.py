"""The label space in the making: from the clusters on the screen, filtered, edited, reported, saved.

Until something is edited the draft follows the clustering; from then on it stays, and says so when the
clustering has moved on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab import labels
from taglab.clustering import Clusterer, Clustering
from taglab.errors import TaglabError
from taglab.figures.clusters import class_sizes
from taglab.figures.map_groups import group_colours, group_places
from taglab.figures.theme import visible
from taglab.labels import LabelSpace
from taglab.labels.classes import NUMBERED
from taglab.projection import Projection, ProjectionSettings
from taglab.suffixes import free_name
from taglab.ui.clusters.material import Clustered, Material
from taglab.ui.export import copy_as_command, export_panel, picture_config
from taglab.ui.messages import literal
from taglab.ui.pickers import bound_choice
from taglab.ui.remembered import remembered
from taglab.ui.tag_map import MapClasses
from taglab.verbs.label_edits import edit_question
from taglab.verbs.labels import MakeClusters, Show

_DRAFT = "label space draft"
_TOLD = "label space told"
_NAME = "label space name"
_LINK = "label_space"
_TAGS_SHOWN = 2000
_ABSENT_NAMED = 5
_NO_CLASS = "no class"
_BARS = 300
_BARS_HEIGHT_PX = 420


@dataclass(frozen=True, eq=False)
class _Draft:
    """A label space being worked on.

    Attributes:
        space: As it is now.
        origin: What it was made from: the key of a clustering, or the name it was opened under.
        revision: Of the saved file it was opened from or saved to; None before.
        saved: Its content when last opened or saved, to tell whether there is something to lose.
    """

    space: LabelSpace
    origin: str
    revision: int | None = None
    saved: str = ""


def show_label_space(material: Material, made: Clustered, rows: npt.NDArray[np.intp]) -> None:
    """Show the draft, what it covers, and ways to change and keep it."""
    if material.kind != "tags":
        _say_what_clusters_are_for(material)
        return
    draft = _current(material, made.clustering)
    _say_if_other(material, made.clustering, draft)
    _put_in_link(draft)
    _tell()
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_report(material, draft.space)
    with right:
        _show_open()
        _show_filter(material, draft, rows)
        _show_edits(material, draft, rows)
        _show_steps(draft)
        _show_save(material, draft, made)


def _say_what_clusters_are_for(material: Material) -> None:
    """Say that classes are of tags, and what clusters of artists or tracks can be made into."""
    st.info(
        literal(
            f"The classes of a label space are sets of tags, and the vectors {material.vectors_name} are of "
            f"{material.kind}: their clusters are to be looked at, compared and exported here. Targets of a "
            "tagger are made of such vectors as factors, how much of each of k clusters a track has: on "
            "Data, under Targets, or by this line."
        )
    )
    copy_as_command(
        ["taglab", "targets", "factors", "--data", material.name, "--features", material.vectors_name]
    )


def _origin(material: Material, clustering: Clustering) -> str:
    return f"{material.vectors.fingerprint} {clustering.settings.model_dump_json()}"


def _fresh(material: Material, clustering: Clustering) -> _Draft:
    space = labels.from_clusters(
        clustering.tags,
        clustering.labels,
        material.data.counts(),
        material.question.record() | clustering.parameters(),
        f"{material.name} k{clustering.k}",
    )
    return _Draft(space, _origin(material, clustering))


def _current(material: Material, clustering: Clustering) -> _Draft:
    """Return the draft; a new one when the clustering changed and nothing would be lost."""
    draft: _Draft | None = st.session_state.get(_DRAFT) or _linked()
    origin = _origin(material, clustering)
    if draft is None or (draft.origin != origin and not draft.space.edits and draft.revision is None):
        draft = _fresh(material, clustering)
        _keep(draft)
    return draft


def _say_if_other(material: Material, clustering: Clustering, draft: _Draft) -> None:
    """Say where the draft is not of the clustering of the page, and offer one that is."""
    if draft.origin == _origin(material, clustering):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        what = f"{literal(draft.space.name)} ({len(draft.space)} classes, {_edits(draft)})"
        st.info(f"This is {what}, not the clusters of this page.")
        if st.button("Start anew from the clusters", key="label space anew"):
            _keep(_fresh(material, clustering))
            st.rerun()


def classes_on_map(material: Material, made: Clustered, where: Projection) -> MapClasses:
    """Return the classes of the draft as the map shows them; tags in several are in the first of these."""
    space = _current(material, made.clustering).space
    return _classes_on_map(space, material, made.clustering.settings, where.settings, made, where)


@remembered("small")
def _classes_on_map(
    space: LabelSpace,
    material: Material,
    settings: Clusterer,
    projection: ProjectionSettings,
    _made: Clustered,
    _where: Projection,
) -> MapClasses:
    n = len(space)
    first: dict[str, int] = {}
    for number, label_class in enumerate(space.classes):
        for tag in label_class.tags:
            first.setdefault(tag, number)
    of_tags = np.fromiter((first.get(tag, -1) for tag in material.vectors.ids), np.int32)
    preferred = _made.colours[_main_clusters(of_tags, _made.clustering.labels, n)]
    colours = group_colours(_where.positions, of_tags, n, preferred=preferred)
    places = group_places(_where.positions, of_tags, n)
    return MapClasses.with_rest(of_tags, space.names, colours, places, _NO_CLASS, "Class")


def _main_clusters(
    classes: npt.NDArray[np.int32], clusters: npt.NDArray[np.int32], n: int
) -> npt.NDArray[np.intp]:
    """Return the cluster that most of each class's tags are in, array (n,); the first for none."""
    shared = np.zeros((n, int(clusters.max(initial=0)) + 1), np.int64)
    both = (classes >= 0) & (clusters >= 0)
    np.add.at(shared, (classes[both], clusters[both]), 1)
    main: npt.NDArray[np.intp] = shared.argmax(axis=1)
    return main


def _linked() -> _Draft | None:
    """Open the label space that a pasted link names; say so where it is not here."""
    name = st.query_params.get(_LINK)
    if name is None:
        return None
    try:
        draft = _opened(name)
    except TaglabError as error:
        said = f"The link asks for the label space {name!r}, which cannot be opened: {error}"
        st.warning(literal(said), icon=":material/link_off:")
        return None
    _keep(draft)
    return draft


def _opened(name: str) -> _Draft:
    space, revision = labels.open_label_space(name)
    return _Draft(space, f"saved as {space.name}", revision, space.fingerprint)


def _put_in_link(draft: _Draft) -> None:
    """Let the URL name the label space that is open, as it was saved last."""
    wanted = draft.space.name if draft.revision is not None else None
    if st.query_params.get(_LINK) == wanted:
        return
    if wanted is None:
        del st.query_params[_LINK]
    else:
        st.query_params[_LINK] = wanted


def _edits(draft: _Draft) -> str:
    number = len(draft.space.edits)
    return "no edits" if not number else f"{number} edit{'s' if number > 1 else ''}"


def _keep(draft: _Draft) -> None:
    if _DRAFT not in st.session_state or st.session_state[_DRAFT].space.name != draft.space.name:
        st.session_state[_NAME] = draft.space.name
    st.session_state[_DRAFT] = draft


def _try(act: Callable[[], str | None]) -> None:
    """Do something to the draft in a callback; what it says, or what went wrong, is told in the panel."""
    try:
        told = act()
        st.session_state[_TOLD] = (True, told or "")
    except TaglabError as error:
        st.session_state[_TOLD] = (False, str(error))


def _tell() -> None:
    went_well, told = st.session_state.pop(_TOLD, (True, ""))
    if told and went_well:
        st.success(literal(told), icon=":material/check:")
    elif told:
        st.error(literal(told), icon=":material/error:")


def _edit(edit: labels.Edit) -> str:
    draft: _Draft = st.session_state[_DRAFT]
    _keep(_Draft(draft.space.edit(edit), draft.origin, draft.revision, draft.saved))
    return ""


def _apply(edit: labels.Edit) -> None:
    """Make an edit from the form, and empty the form's name once it is given."""
    _try(lambda: _edit(edit))
    went_well, _ = st.session_state[_TOLD]
    for key in ("rename to", "new class name"):
        if went_well and key in st.session_state:
            st.session_state[key] = ""


def _show_report(material: Material, space: LabelSpace) -> None:
    report = space.report(material.data)
    with st.container(horizontal=True):
        st.metric("Classes", f"{len(space):,}")
        st.metric("Assignments covered", f"{report.share_of_counts:.1%}", help="Of all (track, tag) pairs")
        st.metric("Tracks covered", f"{report.share_of_tracks:.1%}", help="Tracks with at least one class")
        st.metric(
            "Mean imbalance ratio",
            f"{report.mean_imbalance_ratio:,.1f}",
            help="The largest class's tracks over each class's, averaged; 1 is even.",
        )
    ranked = report.classes.assign(
        members=pd.Series([list(each.tags) for each in space.classes], dtype=object)
    ).sort_values("tracks", ascending=False, kind="stable")
    figure = class_sizes(ranked.head(_BARS))
    with st.container(height=_BARS_HEIGHT_PX, border=False):
        st.plotly_chart(
            figure, config=picture_config(), key="class sizes", alt="Tracks in each class, most first"
        )
    if len(ranked) > _BARS:
        st.caption(f"bars of the first {_BARS:,} of {len(ranked):,} classes, in the order of the table")
    shown = ranked.assign(
        members=[", ".join(visible(tag, 30) for tag in tags[:8]) for tags in ranked["members"]]
    )
    st.dataframe(
        shown[["class", "tags", "tracks", "imbalance_ratio", "members"]],
        hide_index=True,
        height=380,
        key="class table",
        column_config={
            "members": st.column_config.TextColumn("most used tags", width="large"),
            "imbalance_ratio": st.column_config.NumberColumn("imbalance ratio", format="%.1f"),
        },
        alt="Classes with their tags and tracks",
    )
    notes = []
    if space.made_by.get("left_out"):
        notes.append(f"{space.made_by['left_out']:,} tags were in no cluster, and so became part of no class")
    if report.empty_classes:
        notes.append(f"{report.empty_classes} classes have no track and are left out of the mean")
    if report.unknown_tags:
        notes.append(f"{len(report.unknown_tags)} tags of classes are not among the tags on this page")
    if report.shared_tags:
        notes.append(f"{len(report.shared_tags)} tags are in several classes")
    if notes:
        st.caption("; ".join(notes) + ".")
    export_panel(f"{space.name} classes", ranked, figure)


def _show_open() -> None:
    names = labels.label_space_names()
    if not names:
        return

    def open_it() -> None:
        def act() -> str:
            draft = _opened(st.session_state["label space to open"])
            _keep(draft)
            return f"{draft.space.name} is open."

        _try(act)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Saved label spaces", names, key="label space to open")
        st.button("Open", key="open label space", on_click=open_it)


def _show_filter(material: Material, draft: _Draft, rows: npt.NDArray[np.intp]) -> None:
    """Keep the classes that hold one of some tags (thesis, model 3.2)."""
    selected = [material.vectors.ids[row] for row in rows]

    def keep() -> None:
        typed = [line.strip() for line in st.session_state["keep with"].splitlines() if line.strip()]
        wanted = tuple(typed or selected)
        held = {tag for each in draft.space.classes for tag in each.tags}
        absent = [repr(visible(tag, 30)) for tag in wanted if tag not in held]
        more = f" and {len(absent) - _ABSENT_NAMED:,} more" if len(absent) > _ABSENT_NAMED else ""
        told = f"No class holds {', '.join(absent[:_ABSENT_NAMED])}{more}." if absent else ""
        _try(lambda: _edit(labels.KeepClassesWith(tags=wanted)) or told)

    with st.expander("Keep only classes that hold one of these tags", icon=":material/filter_alt:"):
        st.text_area(
            "Tags, one a line",
            key="keep with",
            height=110,
            placeholder=f"empty: the {len(selected)} selected tags" if selected else "rock\njazz\nvoice",
        )
        st.button("Keep these", key="keep classes", on_click=keep)


def _show_edits(material: Material, draft: _Draft, rows: npt.NDArray[np.intp]) -> None:
    """A form for each kind of edit; tags are those selected, or picked from the class."""
    kinds: dict[str, Callable[[_Draft, tuple[str, ...]], labels.Edit | None]] = {
        "Rename": _rename,
        "Merge": _merge,
        "Move tags": _move,
        "Drop tags": _drop_tags,
        "Drop class": _drop_class,
        "New class": _new_class,
    }
    selected = tuple(material.vectors.ids[row] for row in rows)
    with st.expander("Edit", expanded=True, icon=":material/edit:"):
        kind = st.segmented_control(
            "Edit",
            list(kinds),
            default="Rename",
            key="edit_kind",
            bind=bound_choice("edit_kind", "edit", list(kinds)),
            required=True,
            label_visibility="collapsed",
        )
        edit = kinds[kind](draft, selected)
        st.button(
            kind, key="apply edit", type="primary", disabled=edit is None,
            on_click=(lambda: _apply(edit)) if edit is not None else None,
        )  # fmt: skip


def _pick_class(label: str, draft: _Draft, key: str) -> str:
    return str(st.selectbox(label, draft.space.names, key=key, format_func=lambda name: visible(name, 60)))


def _pick_tags(draft: _Draft, selected: tuple[str, ...], key: str) -> tuple[str, tuple[str, ...]]:
    """Let a class and some of its tags be picked; of the selected tags, those in it to begin with."""
    name = _pick_class("From class", draft, f"{key} from")
    members = draft.space.class_named(name).tags if name in draft.space.names else ()
    wanted = set(selected)
    offered = [tag for row, tag in enumerate(members) if row < _TAGS_SHOWN or tag in wanted]
    widget = f"{key} tags of {name}"
    _take_selected(widget, [tag for tag in members if tag in wanted])
    chosen = st.multiselect("Tags", offered, key=widget, format_func=lambda tag: visible(tag, 60))
    if len(offered) < len(members):
        st.caption(
            f"To pick from are the first {_TAGS_SHOWN:,} of {len(members):,} tags and those selected; "
            "select others on the map or in the tag table."
        )
    return name, tuple(chosen)


def _take_selected(widget: str, here: list[str]) -> None:
    """Put the selected tags into a widget whenever others are selected than when it was last drawn."""
    seen = f"{widget}, selected"
    if st.session_state.get(seen) != here:
        st.session_state[seen] = here
        st.session_state[widget] = here


def _rename(draft: _Draft, selected: tuple[str, ...]) -> labels.Edit | None:
    old = _pick_class("Class", draft, "rename class")
    new = st.text_input("New name", key="rename to")
    return labels.Rename(cls=old, new=new.strip()) if new.strip() else None


def _merge(draft: _Draft, selected: tuple[str, ...]) -> labels.Edit | None:
    chosen = st.multiselect(
        "Classes, the first gives its name", draft.space.names, key="merge classes",
        format_func=lambda name: visible(name, 60),
    )  # fmt: skip
    return labels.Merge(classes=tuple(chosen)) if len(chosen) > 1 else None


def _move(draft: _Draft, selected: tuple[str, ...]) -> labels.Edit | None:
    name, tags = _pick_tags(draft, selected, "move")
    to = _pick_class("To class", draft, "move to")
    return labels.Move(tags=tags, to_class=to, from_class=name) if tags and to != name else None


def _drop_tags(draft: _Draft, selected: tuple[str, ...]) -> labels.Edit | None:
    name, tags = _pick_tags(draft, selected, "drop")
    return labels.DropTags(tags=tags, from_class=name) if tags else None


def _drop_class(draft: _Draft, selected: tuple[str, ...]) -> labels.Edit | None:
    return labels.DropClass(cls=_pick_class("Class", draft, "drop class"))


def _new_class(draft: _Draft, selected: tuple[str, ...]) -> labels.Edit | None:
    if not selected:
        st.text("Select tags on the map or in a table; they become the class.")
        return None
    free = free_name(selected[0], draft.space.names, NUMBERED)
    name = st.text_input("Name", key="new class name", placeholder=visible(free, 40))
    st.caption(f"Takes the {len(selected):,} selected tags out of their classes.")
    return labels.NewClass(name=name.strip() or free, tags=selected)


def _show_steps(draft: _Draft) -> None:
    """What was edited, and the way back and forth."""

    def turn(way: Callable[[LabelSpace], LabelSpace]) -> None:
        now: _Draft = st.session_state[_DRAFT]
        _keep(_Draft(way(now.space), now.origin, now.revision, now.saved))

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Undo", key="undo edit", icon=":material/undo:", disabled=not draft.space.edits,
            on_click=lambda: turn(LabelSpace.undo),
        )  # fmt: skip
        st.button(
            "Redo", key="redo edit", icon=":material/redo:", disabled=not draft.space.undone,
            on_click=lambda: turn(LabelSpace.redo),
        )  # fmt: skip
        st.caption(_edits(draft))
    for number, edit in enumerate(draft.space.edits, start=1):
        st.text(visible(f"{number}. {edit.describe()}", 160))


def _show_save(material: Material, draft: _Draft, made: Clustered) -> None:
    def save() -> None:
        def act() -> str:
            now: _Draft = st.session_state[_DRAFT]
            name = st.session_state[_NAME].strip()
            revision = now.revision if name == now.space.name else None
            space = now.space.renamed(name)
            new = labels.save_label_space(space, revision)
            _keep(_Draft(space, now.origin, new, space.fingerprint))
            return f"Saved as {name}."

        _try(act)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", key=_NAME, persist_state="session")
        st.button("Save", key="save label space", type="primary", icon=":material/save:", on_click=save)
    st.download_button(
        "JSON", labels.to_json(draft.space), f"{draft.space.name}.json", "application/json",
        key="label space json", on_click="ignore", icon=":material/download:",
    )  # fmt: skip
    _show_commands(material, draft, made)


def _show_commands(material: Material, draft: _Draft, made: Clustered) -> None:
    """Show the shell lines that make the draft; of what was opened, the one that gives it."""
    name = draft.space.name
    if draft.origin == _origin(material, made.clustering):
        st.caption("The shell lines that make and edit the clusters under this name")
        make = MakeClusters(name=name, tags=material.question, clustering=made.clustering.settings)
        copy_as_command(make, *(edit_question(name, edit) for edit in draft.space.edits))
    elif draft.revision is not None:
        st.caption("The shell line that shows it, as it was saved last")
        copy_as_command(Show(name=name))
