"""The list of steps on the screen: order, on and off, settings, undo; saved, opened, read from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

import streamlit as st

from taglab import cleaning as room
from taglab.cleaning import CLEANING_STEPS, UNCATEGORISED, Categories, Step, StepPlan
from taglab.settings import checked, described
from taglab.ui.cleaning.work import (
    TITLES,
    Draft,
    Work,
    attempt,
    change,
    choose_step,
    current_draft,
    keep,
    tell,
)
from taglab.ui.forms import label_of, settings_widgets
from taglab.ui.messages import guard, literal
from taglab.ui.uploads import ask_for_file
from taglab.verbs.question import is_mapping

_NAME = "cleaning name"
_ELSEWHERE = ("kind", "rejected", "entries", "assigned", "drop_categories")


def show_steps(work: Work, plans: Sequence[StepPlan]) -> None:
    """The list, each step with what it does."""
    draft = work.draft
    place = 0
    for at, item in enumerate(draft.cleaning.items):
        plan = None
        if item.on:
            plan = plans[place] if place < len(plans) else None
            place += 1
        _show_row(draft, at, _effect(plan) if item.on else "off")
    if not draft.cleaning.items:
        st.text("No steps: the tags stay as they are.")
    with st.popover("Add a step", icon=":material/add:", width="stretch"):
        for kind, model in CLEANING_STEPS.items():
            st.button(
                TITLES[kind],
                key=f"add {kind}",
                help=_about(model),
                width="stretch",
                on_click=_add,
                args=(kind,),
            )
    with st.container(horizontal=True):
        st.button(
            "Undo", key="undo step", icon=":material/undo:", width="stretch",
            disabled=not draft.cleaning.past,
            on_click=lambda: change(current_draft().cleaning.undo()),
        )  # fmt: skip
        st.button(
            "Redo", key="redo step", icon=":material/redo:", width="stretch",
            disabled=not draft.cleaning.future,
            on_click=lambda: change(current_draft().cleaning.redo()),
        )  # fmt: skip


def _about(model: type[Step]) -> str:
    return literal((model.__doc__ or "").strip().split("\n")[0])


def _add(kind: str) -> None:
    now = current_draft().cleaning
    change(now.add(CLEANING_STEPS[kind]()), len(now.items))


def _effect(plan: StepPlan | None) -> str:
    """Say in a few words what a step does."""
    if plan is None:
        return "not previewed"
    tags = plan.summary.set_index("action")["tags"]
    verbs = (("merge", "merges"), ("drop", "drops"), ("category", "categorises"))
    done = [f"{verb} {tags[action]:,}" for action, verb in verbs if tags[action]]
    return ", ".join(done) or "changes nothing"


def _show_row(draft: Draft, at: int, effect: str) -> None:
    item = draft.cleaning.items[at]
    title = f"{at + 1}. {TITLES[item.step.kind]}"
    key = f"{draft.turn} {at}"
    with st.container(horizontal=True, vertical_alignment="center", gap=None, wrap=False):
        st.toggle(
            f"{title} is on", item.on, key=f"on {key}", label_visibility="collapsed",
            on_change=lambda: change(
                current_draft().cleaning.turn(at, st.session_state[f"on {key}"]), anew=False
            ),
        )  # fmt: skip
        st.button(
            f"**{title}**  \n{effect}", key=f"choose {at}", on_click=choose_step, args=(at,), width="stretch",
            type="secondary" if at == draft.chosen else "tertiary",
        )  # fmt: skip
        for icon, word, to in (("arrow_upward", "up", at - 1), ("arrow_downward", "down", at + 1)):
            st.button(
                "", key=f"{word} {at}", icon=f":material/{icon}:", help=f"Move {word}", type="tertiary",
                disabled=not 0 <= to < len(draft.cleaning.items),
                on_click=lambda to=to: change(current_draft().cleaning.move(at, to), to),
            )  # fmt: skip
        st.button(
            "", key=f"remove {at}", icon=":material/close:", help="Take this step out", type="tertiary",
            on_click=lambda: change(current_draft().cleaning.remove(at)),
        )  # fmt: skip


def show_settings(draft: Draft) -> None:
    """The settings of the step that is looked at; what they hold becomes the step's at once."""
    step = draft.step
    if step is None:
        return
    st.caption(_about(type(step)))
    with guard():
        asked = _form(draft, step)
        if asked != step:
            change(draft.cleaning.replace_step(draft.chosen, asked), anew=False)
            st.rerun()


def _form(draft: Draft, step: Step) -> Step:
    key = f"setting {draft.turn} {draft.chosen} {step.kind}"
    model = type(step)
    lists = {name: field for name, field in model.model_fields.items() if _is_text(name, field)}
    asked = settings_widgets(model, key, omit=(*_ELSEWHERE, *lists), initial=step)
    values = {name: getattr(asked, name) for name in model.model_fields}
    if "drop_categories" in model.model_fields:
        values["drop_categories"] = _pick_categories(draft, values["drop_categories"], key)
    help_of = described(model)
    for name, field in lists.items():
        value, pairs = getattr(step, name), is_mapping(field.annotation)
        write, read = (_mapping_text, _mapping) if pairs else (_lines, _listed)
        label = f"{label_of(name, field)}{'' if pairs else ', one a line'}"
        with st.expander(label + (f" ({len(value)})" if value else ""), key=f"{key} {name} open"):
            text = st.text_area(
                label, write(value), key=f"{key} {name}", height=160, help=help_of.get(name),
                label_visibility="collapsed",
            )  # fmt: skip
        # What was not touched stays as it is, even where lines of text cannot say it.
        values[name] = value if text == write(value) else read(text)
    _tell_by_hand(step)
    return checked(model, values)


def _is_text(name: str, field: Any) -> bool:
    """Return whether a field is written as text, a line an entry."""
    if name in _ELSEWHERE:
        return False
    annotation = field.annotation
    return is_mapping(annotation) or (get_origin(annotation) is tuple and get_args(annotation)[0] is str)


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(texts)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _mapping_text(mapping: Mapping[str, Sequence[str]]) -> str:
    return "\n".join(f"{key} = {', '.join(texts)}" for key, texts in mapping.items())


def _mapping(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _listed(text):
        key, _, texts = line.partition("=")
        found[key.strip()] = tuple(part.strip() for part in texts.split(",") if part.strip())
    return found


def _pick_categories(draft: Draft, chosen: Sequence[str], key: str) -> tuple[str, ...]:
    """Let categories to drop be picked, of those that the steps before put tags into."""
    before = [item.step for item in draft.cleaning.items[: draft.chosen] if item.on]
    known = [name for step in before if isinstance(step, Categories) for name in offered_categories(step)]
    options = list(dict.fromkeys((*known, *chosen)))
    if not options:
        st.caption("To drop categories, put the step Categories before this one.")
        return ()
    picked = st.multiselect("Categories to drop", options, list(chosen), key=f"{key} drop_categories")
    return tuple(picked)


def offered_categories(step: Categories) -> tuple[str, ...]:
    """Return the categories a tag may be put into by hand."""
    return tuple(dict.fromkeys((*step.order, UNCATEGORISED, *step.assigned.values())))


def _tell_by_hand(step: Step) -> None:
    said = []
    if step.rejected:
        said.append(f"{len(step.rejected):,} rejected by hand")
    if isinstance(step, Categories) and step.assigned:
        said.append(f"{len(step.assigned):,} put into a category by hand")
    if said:
        st.caption("; ".join(said))


def show_shelf(draft: Draft) -> None:
    """Save under a name, open what was saved, read a file."""
    if _NAME not in st.session_state:
        st.session_state[_NAME] = draft.cleaning.name
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name of the cleaning", key=_NAME, persist_state="session", max_chars=100)
        st.button("Save", key="save cleaning", icon=":material/save:", on_click=lambda: attempt(_save))
    names = room.cleaning_names()
    if names:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox("Saved cleanings", names, key="cleaning to open")
            st.button("Open", key="open cleaning", on_click=lambda: attempt(_open))
    with st.popover("Import", icon=":material/upload:", width="stretch"), guard():
        what = "steps that were exported (.json), or a table of what becomes of each tag (.tsv)"
        given = ask_for_file("cleaning file", what, several=False)
        if st.button("Import", key="import cleaning", type="primary"):
            with given as path:
                read = room.read_cleaning(path.read_bytes(), path.name)
            change(current_draft().cleaning.become(read.items), 0)
            tell(f"{path.name} is imported: {len(read.items)} steps. Undo brings back what was there.")
            st.rerun()


def _save() -> str:
    now = current_draft()
    name = st.session_state[_NAME].strip()
    revision = now.revision if name == now.cleaning.name else None
    named = now.cleaning.renamed(name)
    new = room.save_cleaning(named, revision)
    keep(Draft(named, now.chosen, new, named.to_json(), now.turn))
    return f"Saved as {name}."


def _open() -> str:
    cleaning, revision = room.open_cleaning(st.session_state["cleaning to open"])
    now = current_draft()
    # Undo brings back what was there.
    opened = now.cleaning.renamed(cleaning.name).become(cleaning.items)
    keep(Draft(opened, 0, revision, cleaning.to_json(), now.turn + 1))
    st.session_state[_NAME] = cleaning.name
    return f"{cleaning.name} is open."
