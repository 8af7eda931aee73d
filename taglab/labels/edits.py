"""What a person changes in a label space, each change a value that can be recorded, replayed and undone.

Classes keep their order; a class made anew comes last; a class left without tags goes away.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import pydantic

from taglab.errors import InvalidSetting, NotFound
from taglab.labels.classes import LabelClass
from taglab.settings import first_fault

Classes = tuple[LabelClass, ...]
Tags = Annotated[tuple[str, ...], pydantic.Field(min_length=1)]


class _Edit(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except pydantic.ValidationError as error:
            raise first_fault(error, "edit") from error

    @abstractmethod
    def apply(self, classes: Classes) -> Classes:
        """Return the classes after this edit.

        Raises:
            NotFound: If a class or tag it names is not there.
            InvalidSetting: If it would leave no class, or two of one name.
        """

    @abstractmethod
    def describe(self) -> str:
        """Return what it does as a phrase."""


class Move(_Edit):
    """Put tags into a class, taking them out of the one they are in.

    Attributes:
        tags: Tags that are in some class.
        to_class: Class that gets them.
        from_class: Class that loses them; None for every other that holds them.
    """

    kind: Literal["move"] = "move"
    tags: Tags
    to_class: str
    from_class: str | None = None

    def apply(self, classes: Classes) -> Classes:
        class_named(classes, self.to_class)
        _require_tags(classes, self.tags, self.from_class)
        moved = set(self.tags)
        changed: list[LabelClass | None] = []
        for label_class in classes:
            if label_class.name == self.to_class:
                changed.append(_with(label_class, self.tags))
            elif self.from_class in (None, label_class.name):
                changed.append(_without(label_class, moved))
            else:
                changed.append(label_class)
        return _filled(changed)

    def describe(self) -> str:
        return f"move {_few(self.tags)} to {self.to_class!r}"


class Add(_Edit):
    """Put tags into a class and leave them wherever else they are.

    Attributes:
        tags: Any tags, in a class or not.
        to_class: Class that gets them.
    """

    kind: Literal["add"] = "add"
    tags: Tags
    to_class: str

    def apply(self, classes: Classes) -> Classes:
        class_named(classes, self.to_class)
        return tuple(
            _with(label_class, self.tags) if label_class.name == self.to_class else label_class
            for label_class in classes
        )

    def describe(self) -> str:
        return f"add {_few(self.tags)} to {self.to_class!r}"


class Rename(_Edit):
    """Give a class another name, one no other class has."""

    kind: Literal["rename"] = "rename"
    cls: str
    new: str

    def apply(self, classes: Classes) -> Classes:
        class_named(classes, self.cls)
        if self.new != self.cls:
            _require_free(classes, self.new)
        return tuple(
            LabelClass(self.new, label_class.tags) if label_class.name == self.cls else label_class
            for label_class in classes
        )

    def describe(self) -> str:
        return f"rename {self.cls!r} to {self.new!r}"


class Merge(_Edit):
    """Put the tags of several classes into the first named, which keeps its name and place."""

    kind: Literal["merge"] = "merge"
    classes: Annotated[tuple[str, ...], pydantic.Field(min_length=2)]

    def apply(self, classes: Classes) -> Classes:
        if len(set(self.classes)) != len(self.classes):
            raise InvalidSetting(f"classes={self.classes!r} must differ to be merged")
        merged = [class_named(classes, name) for name in self.classes]
        into = _with(merged[0], [tag for label_class in merged[1:] for tag in label_class.tags])
        gone = set(self.classes[1:])
        return tuple(
            into if label_class is merged[0] else label_class
            for label_class in classes
            if label_class.name not in gone
        )

    def describe(self) -> str:
        return f"merge {', '.join(map(repr, self.classes[1:]))} into {self.classes[0]!r}"


class DropClass(_Edit):
    """Leave out a class, and with it its tags."""

    kind: Literal["drop-class"] = "drop-class"
    cls: str

    def apply(self, classes: Classes) -> Classes:
        class_named(classes, self.cls)
        return _filled([label_class for label_class in classes if label_class.name != self.cls])

    def describe(self) -> str:
        return f"drop the class {self.cls!r}"


class DropTags(_Edit):
    """Leave out tags.

    Attributes:
        tags: Tags that are in some class.
        from_class: Class that loses them; None for every class that holds them.
        from_list: Whether the tags are a list made for any label space (the thesis's `tags_remove.txt`): then
            one of them must be in a class, and the others that are in none do nothing.
    """

    kind: Literal["drop-tags"] = "drop-tags"
    tags: Tags
    from_class: str | None = None
    from_list: bool = False

    def apply(self, classes: Classes) -> Classes:
        if not (self.from_list and held_tags(classes, self.from_class).intersection(self.tags)):
            _require_tags(classes, self.tags, self.from_class)
        gone = set(self.tags)
        return _filled(
            [
                _without(label_class, gone) if self.from_class in (None, label_class.name) else label_class
                for label_class in classes
            ]
        )

    def describe(self) -> str:
        return f"drop {_few(self.tags)}" + (f" from {self.from_class!r}" if self.from_class else "")


class KeepTags(_Edit):
    """Leave out every tag but these; those of the list that are in no class do nothing."""

    kind: Literal["keep-tags"] = "keep-tags"
    tags: Tags

    def apply(self, classes: Classes) -> Classes:
        return _filled(
            [_without(label_class, set(label_class.tags).difference(self.tags)) for label_class in classes]
        )

    def describe(self) -> str:
        return f"keep only {_few(self.tags)}"


class NewClass(_Edit):
    """Make a class of tags, taking them out of the classes they are in (so a class can be split).

    Attributes:
        name: Its name, one no other class has.
        tags: Any tags, in a class or not.
    """

    kind: Literal["new-class"] = "new-class"
    name: str
    tags: Tags

    def apply(self, classes: Classes) -> Classes:
        taken = set(self.tags)
        rest = tuple(left for label_class in classes if (left := _without(label_class, taken)) is not None)
        _require_free(rest, self.name)
        return (*rest, LabelClass(self.name, tuple(dict.fromkeys(self.tags))))

    def describe(self) -> str:
        return f"make a class {self.name!r} of {_few(self.tags)}"


class KeepClassesWith(_Edit):
    """Keep only the classes that hold one of these tags.

    Source: Ros Perez, section 7.4, model 3.2: clusters without any of the tags chosen for model 2 go.
    """

    kind: Literal["keep-classes-with"] = "keep-classes-with"
    tags: Tags

    def apply(self, classes: Classes) -> Classes:
        wanted = set(self.tags)
        return _filled([label_class for label_class in classes if not wanted.isdisjoint(label_class.tags)])

    def describe(self) -> str:
        return f"keep the classes that hold one of {_few(self.tags)}"


Edit = Annotated[
    Move | Add | Rename | Merge | DropClass | DropTags | KeepTags | NewClass | KeepClassesWith,
    pydantic.Field(discriminator="kind"),
]


def class_named(classes: Iterable[LabelClass], name: str) -> LabelClass:
    """Return the class of this name.

    Raises:
        NotFound: If there is none; names those that differ by case only.
    """
    listed = list(classes)
    for label_class in listed:
        if label_class.name == name:
            return label_class
    near = [label_class.name for label_class in listed if label_class.name.casefold() == name.casefold()][:3]
    hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
    raise NotFound(f"no class {name!r} among the {len(listed)} of this label space{hint}")


def _require_free(classes: Classes, name: str) -> None:
    if any(label_class.name == name for label_class in classes):
        raise InvalidSetting(f"name={name!r} must be one that no class has yet; merge them instead?")


def held_tags(classes: Classes, from_class: str | None = None) -> set[str]:
    """Return the tags of a class, or of all where None.

    Raises:
        NotFound: If there is no such class.
    """
    where = classes if from_class is None else (class_named(classes, from_class),)
    return {tag for label_class in where for tag in label_class.tags}


def _require_tags(classes: Classes, tags: Iterable[str], from_class: str | None) -> None:
    held = held_tags(classes, from_class)
    for tag in tags:
        if tag not in held:
            place = "no class holds" if from_class is None else f"class {from_class!r} does not hold"
            raise NotFound(f"{place} the tag {tag!r} (tags are case-sensitive)")


def _with(label_class: LabelClass, tags: Iterable[str]) -> LabelClass:
    return LabelClass(label_class.name, tuple(dict.fromkeys((*label_class.tags, *tags))))


def _without(label_class: LabelClass, tags: set[str]) -> LabelClass | None:
    """Return the class less these tags, itself where it holds none of them, None where nothing is left."""
    if tags.isdisjoint(label_class.tags):
        return label_class
    left = tuple(tag for tag in label_class.tags if tag not in tags)
    return LabelClass(label_class.name, left) if left else None


def _filled(classes: Iterable[LabelClass | None]) -> Classes:
    left = tuple(label_class for label_class in classes if label_class is not None)
    if not left:
        raise InvalidSetting("this would leave no class at all; a label space needs at least one")
    return left


def _few(tags: tuple[str, ...], shown: int = 3) -> str:
    rest = f" and {len(tags) - shown} more" if len(tags) > shown else ""
    return ", ".join(map(repr, tags[:shown])) + rest
