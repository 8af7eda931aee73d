"""The cleaning on the screen: the list of steps in the making, the data it is for, and what it would do."""

from __future__ import annotations

import contextlib
import contextvars
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import streamlit as st

from taglab.cache import content_key
from taglab.cleaning import (
    CLEANING_STEPS,
    Cleaned,
    Cleaning,
    Memory,
    Step,
    first_cleaning,
    open_cleaning,
)
from taglab.errors import TaglabError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress
from taglab.ui.loaders import composed_tags, folksonomy
from taglab.ui.messages import literal, working
from taglab.ui.pickers import pick_data, pick_vectors
from taglab.ui.remembered import remembered
from taglab.vectors import TagVectors

_DRAFT = "cleaning draft"
_TOLD = "cleaning told"
_STOPPED = "cleaning stopped"
_LINK = "steps"
_CHOSEN = "step"
_NAMED = "cleaning"
# Addresses beyond some thousand characters are cut by mail programs and proxies.
_LONGEST_LINK = 4000
_MOST_TAGS_KEPT = 4_000_000
_PATIENCE_S = 0.7

TITLES = {kind: kind.replace("-", " ").capitalize() for kind in CLEANING_STEPS}
"""Kind of step → what it is called on the page: as in the command."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A cleaning being worked on.

    Attributes:
        cleaning: As it is now.
        chosen: Position of the step that is looked at; 0 where there is none.
        revision: Of the saved file it was opened from or saved to; None before.
        saved: Its content when last opened or saved; "" before.
        turn: Grows when widgets must show anew what the draft holds.
    """

    cleaning: Cleaning
    chosen: int = 0
    revision: int | None = None
    saved: str = ""
    turn: int = 0

    @property
    def step(self) -> Step | None:
        """The step that is looked at."""
        items = self.cleaning.items
        return items[self.chosen].step if items else None

    @property
    def is_saved(self) -> bool:
        """Whether it lies under its name as it is now."""
        return bool(self.saved) and self.saved == self.cleaning.to_json()


@dataclass(frozen=True, eq=False)
class Work:
    """What is cleaned, and how.

    Attributes:
        name: Of the data set.
        vectors_name: Of the word vectors; None where no step needs any.
        data: The data set.
        vectors: Of all its tags, where a step needs them.
        draft: The cleaning.
    """

    name: str
    vectors_name: str | None
    data: Folksonomy
    vectors: TagVectors | None
    draft: Draft

    @property
    def key(self) -> str:
        """Content key of all that decides what comes out."""
        meaning = self.vectors.fingerprint if self.vectors is not None else ""
        return content_key(self.name, self.data.fingerprint, meaning, self.draft.cleaning.fingerprint)


@remembered("one")
def memory() -> Memory:
    """What steps did, shared by all visitors."""
    return Memory(_MOST_TAGS_KEPT)


def current_draft() -> Draft:
    """Return the cleaning in the making; at first that of the link, else what every cleaning begins with."""
    if _DRAFT not in st.session_state:
        st.session_state[_DRAFT] = _first_draft()
    draft: Draft = st.session_state[_DRAFT]
    return draft


def _first_draft() -> Draft:
    chosen = st.query_params.get(_CHOSEN, "1")[:4]
    draft = Draft(first_cleaning("cleaning"))
    try:
        if (text := st.query_params.get(_LINK)) is not None:
            draft = Draft(_expanded(text))
        elif (name := st.query_params.get(_NAMED)) is not None:
            cleaning, revision = open_cleaning(name)
            draft = Draft(cleaning, revision=revision, saved=cleaning.to_json())
    except TaglabError as error:
        st.session_state[_TOLD] = (False, str(error))
    last = len(draft.cleaning.items) - 1
    at = int(chosen) - 1 if chosen.isdecimal() else 0
    return Draft(draft.cleaning, max(0, min(at, last)), draft.revision, draft.saved)


def _compact(cleaning: Cleaning) -> str:
    """Return the steps as a text for a link: what differs from the defaults."""
    items = []
    for item in cleaning.items:
        form: dict[str, Any] = item.step.model_dump(mode="json", exclude_defaults=True)
        items.append({"kind": item.step.kind, **form, **({} if item.on else {"on": False})})
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"))


def _expanded(text: str) -> Cleaning:
    """Read what `_compact` wrote; raises DataError."""
    try:
        items = json.loads(text)
        forms = [{"on": item.pop("on", True), "step": item} for item in items]
    except (ValueError, AttributeError, TypeError, RecursionError):
        forms = [{"step": {"kind": "?"}}]
    whole = {"taglab cleaning": 1, "name": "cleaning", "steps": forms}
    return Cleaning.from_json(json.dumps(whole), "the link")


def keep(draft: Draft) -> None:
    """Make this the draft."""
    last = max(0, len(draft.cleaning.items) - 1)
    chosen = min(draft.chosen, last)
    st.session_state[_DRAFT] = Draft(draft.cleaning, chosen, draft.revision, draft.saved, draft.turn)


def change(cleaning: Cleaning, chosen: int | None = None, anew: bool = True) -> None:
    """Give the draft another list of steps.

    Args:
        cleaning: With it.
        chosen: Position of the step to look at from now on; as before where None.
        anew: Whether widgets must show anew what it holds; not where one of them made the change.
    """
    old = current_draft()
    place = old.chosen if chosen is None else chosen
    keep(Draft(cleaning, place, old.revision, old.saved, old.turn + anew))


def choose_step(at: int) -> None:
    """Look at another step."""
    old = current_draft()
    keep(Draft(old.cleaning, at, old.revision, old.saved, old.turn))


def show_in_link(draft: Draft) -> bool:
    """Put the draft into the URL: its name where saved as it is, else its steps; False if it is too long."""
    cleaning = draft.cleaning
    text, name = "", ""
    if draft.is_saved:
        name = cleaning.name
    elif cleaning != first_cleaning(cleaning.name):
        text = _compact(cleaning)
    fits = len(text) <= _LONGEST_LINK
    chosen = str(draft.chosen + 1) if draft.chosen else ""
    for key, value in ((_LINK, text if fits else ""), (_NAMED, name), (_CHOSEN, chosen)):
        if st.query_params.get(key, "") != value:
            if value:
                st.query_params[key] = value
            else:
                del st.query_params[key]
    return fits


def attempt(act: Callable[[], str]) -> None:
    """Do something in a callback; what it says, or what went wrong, is told on the page."""
    try:
        st.session_state[_TOLD] = (True, act())
    except TaglabError as error:
        st.session_state[_TOLD] = (False, str(error))


def tell(text: str) -> None:
    """Say something on the next run of the page."""
    st.session_state[_TOLD] = (True, text)


def show_told() -> None:
    """Show what was to be said."""
    went_well, told = st.session_state.pop(_TOLD, (True, ""))
    if told and went_well:
        st.success(literal(told), icon=":material/check:")
    elif told:
        st.error(literal(told), icon=":material/error:")


def pick_work() -> Work:
    """Let data, and vectors where a step needs them, be chosen in the sidebar, and open them."""
    draft = current_draft()
    needs = any(item.step.needs_vectors for item in draft.cleaning.items)
    with st.sidebar:
        name = pick_data()
        vectors_name = pick_vectors() if needs else None
    with working("Opening the data") as progress:
        data = folksonomy(name, progress)
        vectors = None
        if vectors_name is not None and any(step.needs_vectors for step in draft.cleaning.steps):
            vectors = composed_tags(name, vectors_name, 1, progress=progress)
    return Work(name, vectors_name, data, vectors, draft)


def cleaned(work: Work) -> Cleaned | None:
    """Return what the steps do, all rounds taken together, and what comes out; None where it was stopped.

    What is shown and what is saved are both this.
    """
    if st.session_state.get(_STOPPED) == work.key:
        _offer_to_go_on(work.key)
        return None
    with _stoppable("Previewing", work.key) as progress:
        return applied(work, progress)


def applied(work: Work, progress: Progress) -> Cleaned:
    """Return what the steps do, from what is kept if it was done before."""
    return _cleaned(work.draft.cleaning, work.data, work.vectors, progress)


@remembered("large")
def _cleaned(
    cleaning: Cleaning, data: Folksonomy, vectors: TagVectors | None, _progress: Progress
) -> Cleaned:
    return cleaning.apply(data, vectors, progress=_progress, memory=memory())


def _offer_to_go_on(key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text("Stopped; nothing was changed.")
        st.button("Go on", key=f"go on {key}", icon=":material/play_arrow:",
                  on_click=lambda: st.session_state.pop(_STOPPED, None))  # fmt: skip


@contextlib.contextmanager
def _stoppable(text: str, key: str) -> Iterator[Progress]:
    """Show, once it takes longer than a moment, a progress bar and a button that ends the body."""
    slot = st.empty()
    begun = time.monotonic()
    outside = contextvars.copy_context()
    drawn: list[Any] = []

    def stop() -> None:
        st.session_state[_STOPPED] = key

    def draw(fraction: float, said: str) -> None:
        if not drawn:
            row = slot.container(horizontal=True, vertical_alignment="center")
            drawn.append(row.empty())
            row.button("Stop", key=f"stop {key}", icon=":material/stop:", on_click=stop)
        drawn[0].progress(min(max(fraction, 0.0), 1.0), literal(said or text))

    def report(fraction: float, text: str) -> None:
        if time.monotonic() - begun > _PATIENCE_S:
            outside.run(draw, fraction, text)

    try:
        yield report
    finally:
        slot.empty()
