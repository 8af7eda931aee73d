"""One class of a label space, and how classes get their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taglab.errors import InvalidSetting
from taglab.suffixes import free_name


@dataclass(frozen=True)
class LabelClass:
    """A named set of tags.

    Attributes:
        name: What the class is called; by default its most used tag.
        tags: Its tags, most used first where counts were known. At least one, each once.

    Raises:
        InvalidSetting: If there is no tag, a tag stands twice, or the name is blank.
    """

    name: str
    tags: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InvalidSetting(f"name={self.name!r} must hold a visible character to name a class")
        if not self.tags:
            raise InvalidSetting(f"class {self.name!r} must hold at least one tag")
        if len(set(self.tags)) != len(self.tags):
            raise InvalidSetting(f"tags of class {self.name!r} must differ; one stands twice")
        try:
            "\n".join((self.name, *self.tags)).encode()
        except UnicodeEncodeError as error:
            raise InvalidSetting(
                f"class {self.name!r} holds half a character (a lone surrogate); text cut in the middle?"
            ) from error


NUMBERED = " ({})"
"""What tells classes of one name apart."""


def named_classes(
    tag_sets: Sequence[Sequence[str]], wanted: Sequence[str] | None = None
) -> tuple[LabelClass, ...]:
    """Name tag sets so that no two names are equal.

    A class takes the name wanted, by default its first (most used) tag. Where several want one name, the
    first in order has it and the others get a number in brackets, once all plain names are given out.

    Args:
        tag_sets: Tags of each class, most used first; empty sets are left out.
        wanted: A name for each of them; None for the first tag of each.
    """
    wishes = [
        (name if name.strip() else "(blank)", tuple(tags))
        for name, tags in zip(wanted or [next(iter(tags), "") for tags in tag_sets], tag_sets, strict=True)
        if len(tags)
    ]
    taken: set[str] = set()
    names: list[str | None] = []
    for name, _ in wishes:
        names.append(None if name in taken else name)
        taken.add(name)
    classes = []
    for given, (name, tags) in zip(names, wishes, strict=True):
        final = given if given is not None else free_name(name, taken, NUMBERED)
        taken.add(final)
        classes.append(LabelClass(final, tags))
    return tuple(classes)
