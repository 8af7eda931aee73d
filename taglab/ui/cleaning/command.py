"""The shell lines that make what the Cleaning page shows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from taglab.cleaning import Categories, Cleaning, CollapseWords, ExplicitMap, Step
from taglab.cleaning.collapse_words import SYNONYMS
from taglab.ui.cleaning.work import Work
from taglab.ui.forms import settings_flags

_LONGEST = 2_000
_BY_FLAG = ("rejected", "assigned", "added", "synonyms", "entries")


def step_flags(step: Step) -> list[str] | None:
    """Return `--step` and the flags of a step; None where flags cannot say it."""
    if isinstance(step, ExplicitMap):
        return None
    plain = step.model_copy(
        update={name: value for name, value in _defaults(step).items() if name in _BY_FLAG}
    )
    flags = ["--step", step.kind, *settings_flags(plain)]
    flags += [f"--reject={tag}" for tag in step.rejected]
    pairs: list[tuple[str, str, str]] = []
    if isinstance(step, Categories):
        pairs += [("--assign", tag, category) for tag, category in step.assigned.items()]
        pairs += [("--add-word", name, word) for name, word in _pairs(step.added)]
    if isinstance(step, CollapseWords):
        further = _further(step.synonyms)
        if further is None:
            return None
        pairs += [("--synonym", target, word) for target, word in further]
    if any(text.startswith("-") for _, *texts in pairs for text in texts):
        return None
    return [*flags, *(part for pair in pairs for part in pair)]


def _defaults(step: Step) -> Mapping[str, object]:
    fields = type(step).model_fields.items()
    return {name: field.get_default(call_default_factory=True) for name, field in fields}


def _pairs(mapping: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [(key, text) for key, texts in mapping.items() for text in texts]


def _further(synonyms: Mapping[str, Sequence[str]]) -> list[tuple[str, str]] | None:
    """Return what synonyms have beyond those built in; None where they lack some of these."""
    built_in, asked = _pairs(SYNONYMS), _pairs(synonyms)
    return None if set(built_in) - set(asked) else [pair for pair in asked if pair not in built_in]


def _flags(cleaning: Cleaning) -> list[str] | None:
    """Return the flags of all steps that are on; None where they cannot say it, or at too great length."""
    flags: list[str] = []
    for step in cleaning.steps:
        own = step_flags(step)
        if own is None:
            return None
        flags += own
    return flags if len(shlex.join(flags)) <= _LONGEST else None


def _where(work: Work) -> list[str]:
    where = ["--data", work.name]
    if any(step.needs_vectors for step in work.draft.cleaning.steps):
        where += ["--vectors", work.vectors_name or ""]
    return where


def _given(work: Work) -> tuple[list[list[str]], str, list[str]]:
    """Return how the shell gets the steps: lines that go before, the name of a saved cleaning, flags.

    Flags where they can say it, and no name then; else the name of the cleaning, which a line reads from the
    exported steps unless it is saved as it is.
    """
    cleaning = work.draft.cleaning
    flags = _flags(cleaning)
    if flags is not None:
        return [], "", flags
    name = cleaning.name
    if work.draft.is_saved:
        return [], name, []
    return [["taglab", "clean", "import", f"{name}.json", "--name", name, "--replace"]], name, []


def preview_commands(work: Work, number: int) -> list[list[str]]:
    """Return the shell lines of one step's preview."""
    before, name, flags = _given(work)
    words = [name] if name else []
    return [*before, ["taglab", "clean", "preview", *words, *_where(work), "--at", str(number), *flags]]


def apply_commands(work: Work, new: str) -> list[list[str]]:
    """Return the shell lines that make the cleaned data."""
    before, name, flags = _given(work)
    words = [name] if name else []
    return [*before, ["taglab", "clean", "apply", *words, *_where(work), "--name", new, *flags]]


def collapsed_commands(work: Work, tag: str) -> list[list[str]]:
    """Return the shell lines that tell what went into a tag."""
    before, name, flags = _given(work)
    cleaning = ["--cleaning", name] if name else flags
    word = ["--", tag] if tag.startswith("-") else [tag]
    return [*before, ["taglab", "collapsed", *_where(work), *cleaning, *word]]
