"""What asks in a shell for what the Cleaning page shows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taglab.ui.cleaning.work import Work
from taglab.verbs import shell_line
from taglab.verbs.cleaning import Apply, Collapsed, Import, New, Preview
from taglab.verbs.question import Question, Unwritable

_LONGEST = 2_000


def _can_be_flags(work: Work) -> bool:
    """Whether flags can say all steps that are on, and at no great length."""
    steps = work.draft.cleaning.steps
    try:
        return bool(steps) and len(shlex.join(shell_line(New(name="x", steps=steps)))) <= _LONGEST
    except Unwritable:
        return False


def _asked(work: Work) -> tuple[list[Question], Mapping[str, Any]]:
    """Return what goes before a question, and what the question asks of which data.

    Steps by flags where these can say it; else the name of the cleaning, which is read from the exported
    steps first unless it is saved as it is.
    """
    cleaning = work.draft.cleaning
    needs_vectors = any(step.needs_vectors for step in cleaning.steps)
    tags = {"data": work.name, **({"vectors": work.vectors_name} if needs_vectors else {})}
    if _can_be_flags(work):
        return [], {"tags": tags, "steps": cleaning.steps}
    name = cleaning.name
    read = Import(path=Path(f"{name}.json"), name=name, replace=True)
    return [] if work.draft.is_saved else [read], {"tags": tags, "cleaning": name}


def preview_questions(work: Work, number: int) -> list[Question]:
    """Return what asks for one step's preview."""
    before, asked = _asked(work)
    return [*before, Preview.model_validate({**asked, "at": number})]


def apply_questions(work: Work, new: str) -> list[Question]:
    """Return what makes the cleaned data."""
    before, asked = _asked(work)
    return [*before, Apply.model_validate({**asked, "name": new})]


def collapsed_questions(work: Work, tag: str) -> list[Question]:
    """Return what tells what went into a tag."""
    before, asked = _asked(work)
    return [*before, Collapsed.model_validate({**asked, "tag": tag})]
