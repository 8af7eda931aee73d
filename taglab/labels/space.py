"""`LabelSpace`: what a tagger is asked to predict, and the steps that made it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from scipy import sparse

from taglab.cache import content_key
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import coverage
from taglab.labels.classes import LabelClass
from taglab.labels.edits import Edit, KeepClassesWith, class_named

LABELS = "labels"
"""The task of a tagger: what its head and its targets are called."""


@dataclass(frozen=True)
class LabelSpace:
    """Classes, each a named set of tags. A tag may be in several classes, though clusters never share one.

    Nothing is changed in place: `edit`, `undo` and `redo` return another label space.

    Attributes:
        name: What it is called, and under which name it is saved.
        base: Classes before edits. Their order is the order of a tagger's outputs.
        made_by: The parameters that made `base`; anything JSON can hold.
        edits: What a person changed since, first to last.
        undone: What was undone and can be done again, the next one last.

    Raises:
        InvalidSetting: If there is no class, two share a name, or `made_by` is not JSON.
        NotFound: If an edit names what is not there.
    """

    name: str
    base: tuple[LabelClass, ...]
    made_by: Mapping[str, Any] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        if not self.base:
            raise InvalidSetting("a label space must hold at least one class; all were filtered out?")
        names = [label_class.name for label_class in self.base]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidSetting(f"class names must differ; {twice!r} stands twice")
        try:
            # Through JSON and back, so that a saved and an unsaved label space are equal.
            object.__setattr__(self, "made_by", json.loads(json.dumps(dict(self.made_by), allow_nan=False)))
        except (TypeError, ValueError) as error:
            raise InvalidSetting(f"made_by={self.made_by!r} must be what JSON can hold: {error}") from error
        len(self.classes)

    def __repr__(self) -> str:
        return (
            f"<LabelSpace {self.name}: {len(self)} classes, {len(self.tags)} tags, {len(self.edits)} edits>"
        )

    @cached_property
    def classes(self) -> tuple[LabelClass, ...]:
        """The classes after all edits."""
        classes = self.base
        for edit in self.edits:
            classes = edit.apply(classes)
        return classes

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes after all edits."""
        return tuple(label_class.name for label_class in self.classes)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """Distinct tags of all classes, in class order."""
        return tuple(dict.fromkeys(tag for label_class in self.classes for tag in label_class.tags))

    @cached_property
    def fingerprint(self) -> str:
        """Content key of the classes; how they came about is not part of it."""
        return content_key([[label_class.name, list(label_class.tags)] for label_class in self.classes])

    def class_named(self, name: str) -> LabelClass:
        """Return a class by name; raises NotFound."""
        return class_named(self.classes, name)

    def classes_of(self, tag: str) -> tuple[str, ...]:
        """Return the names of the classes that hold a tag."""
        return tuple(label_class.name for label_class in self.classes if tag in label_class.tags)

    def renamed(self, name: str) -> LabelSpace:
        """Return the same under another name."""
        return replace(self, name=name)

    def edit(self, edit: Edit) -> LabelSpace:
        """Return the label space with one more edit; what was undone before cannot be redone after it."""
        return replace(self, edits=(*self.edits, edit), undone=())

    def undo(self) -> LabelSpace:
        """Return the label space without its last edit.

        Raises:
            InvalidSetting: If there is none.
        """
        if not self.edits:
            raise InvalidSetting(f"label space {self.name!r} has no edit to undo")
        return replace(self, edits=self.edits[:-1], undone=(*self.undone, self.edits[-1]))

    def redo(self) -> LabelSpace:
        """Return the label space with the edit last undone.

        Raises:
            InvalidSetting: If nothing was undone since the last edit.
        """
        if not self.undone:
            raise InvalidSetting(f"label space {self.name!r} has nothing to redo")
        return replace(self, edits=(*self.edits, self.undone[-1]), undone=self.undone[:-1])

    def targets(self, folksonomy: Folksonomy) -> sparse.csr_array:
        """Return which track is in which class: a sparse array (tracks, classes) of 1, float32.

        `.toarray()` makes it dense. See `coverage.targets`.
        """
        return coverage.targets(self.classes, folksonomy)

    def report(self, folksonomy: Folksonomy) -> coverage.LabelReport:
        """Return what this covers of a folksonomy, and how even its classes are."""
        return coverage.report(self.classes, folksonomy)


def keep_classes_with(space: LabelSpace, tags: Iterable[str]) -> LabelSpace:
    """Return the label space with only the classes that hold one of these tags, as an edit.

    Source: Ros Perez, section 7.4, model 3.2.
    """
    return space.edit(KeepClassesWith(tags=tuple(tags)))
