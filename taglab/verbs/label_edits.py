"""Single steps by which a saved label space is changed; each can be undone."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from taglab.labels import (
    Add,
    DropClass,
    DropTags,
    Edit,
    KeepClassesWith,
    KeepTags,
    LabelSpace,
    Merge,
    Move,
    NewClass,
    Rename,
    open_label_space,
    save_label_space,
)
from taglab.progress import Progress
from taglab.settings import Flag
from taglab.verbs.labels import SPACE, SomeTags, described
from taglab.verbs.opening import list_notes
from taglab.verbs.question import Question
from taglab.verbs.report import Report

Class = Annotated[str, Flag(metavar="CLASS", word=True)]
ToClass = Annotated[str, Flag("--to", metavar="CLASS")]
FromClass = Annotated[str | None, Flag("--from", metavar="CLASS")]


class _Change(Question):
    """A change of a label space.

    Attributes:
        space: Label space.
        new_name: Save under another, new name.
    """

    returns: ClassVar[str] = SPACE
    renamed: ClassVar[dict[str, str]] = {"--as": "--name"}

    space: Annotated[str, Flag(metavar="SPACE", word=True)]
    new_name: Annotated[str | None, Flag("--name", metavar="NAME")] = None

    def changed(self, space: LabelSpace) -> LabelSpace:
        """Return the label space after the change."""
        raise NotImplementedError

    def notes(self, space: LabelSpace) -> tuple[str, ...]:
        """Return what to say of the change, by the label space before it."""
        return ()

    def answer(self, progress: Progress) -> Report:
        """Return what the label space holds now."""
        before, revision = open_label_space(self.space)
        after = self.changed(before)
        if self.new_name is not None:
            after = after.renamed(self.new_name)
        save_label_space(after, revision if self.new_name is None else None)
        read = list_notes(getattr(self, "tags_file", None))
        return described(after, (*read, *self.notes(before), f"saved as {after.name}"))


class _Step(_Change):
    """One edit; its fields are asked for under their names.

    Attributes:
        makes: The edit.
    """

    makes: ClassVar[type[Any]]

    def edit(self) -> Edit:
        """Return the edit that is asked for."""
        edit: Edit = self.makes(**self.fields())
        return edit

    def fields(self) -> dict[str, Any]:
        """Return what the edit holds."""
        return {name: getattr(self, name) for name in self.makes.model_fields if hasattr(self, name)}

    def changed(self, space: LabelSpace) -> LabelSpace:
        """Return the label space after the edit."""
        return space.edit(self.edit())


class _TagStep(_Step, SomeTags):
    """An edit of tags."""

    def fields(self) -> dict[str, Any]:
        """Return what the edit holds, the tags in the file among them."""
        return {**super().fields(), "tags": self.all_tags}


class _ListStep(_TagStep):
    """An edit of tags that may be a list made for any label space."""

    def notes(self, space: LabelSpace) -> tuple[str, ...]:
        """Say how many tags of a list are in no class, and so did nothing."""
        tags = self.all_tags
        absent = len(set(tags).difference(space.tags))
        return (f"{absent:,} of the {len(tags):,} tags are in no class and did nothing",) if absent else ()


class MoveTags(_TagStep):
    """Move tags to another class.

    Attributes:
        to_class: Class that gets them.
        from_class: Class that loses them (default: all).
    """

    examples: ClassVar[str] = "taglab labels edit genres move hardcore --to punk --from metal"
    makes: ClassVar[type[Any]] = Move

    to_class: ToClass
    from_class: FromClass = None


class AddTags(_TagStep):
    """Put tags into a class and leave them where they are, too.

    Attributes:
        to_class: Class that gets them.
    """

    examples: ClassVar[str] = "taglab labels edit genres add 'trip hop' --to electronic"
    makes: ClassVar[type[Any]] = Add

    to_class: ToClass


class RenameClass(_Step):
    """Give a class another name.

    Attributes:
        cls: A class.
        new: Its name from now on.
    """

    examples: ClassVar[str] = "taglab labels edit genres rename 'hip hop' rap"
    makes: ClassVar[type[Any]] = Rename

    cls: Class
    new: Annotated[str, Flag(metavar="NEW", word=True)]


class MergeClasses(_Step):
    """Put classes into one.

    Attributes:
        classes: First the class that keeps its name, then those that go into it.
    """

    examples: ClassVar[str] = "taglab labels edit genres merge electronic techno house"
    makes: ClassVar[type[Any]] = Merge

    classes: Annotated[tuple[str, ...], Flag(metavar="CLASS", word=True)] = Field(min_length=2)


class LeaveOutClass(_Step):
    """Leave out a class and its tags.

    Attributes:
        cls: A class.
    """

    examples: ClassVar[str] = "taglab labels edit genres drop-class 'seen live'"
    makes: ClassVar[type[Any]] = DropClass

    cls: Class


class LeaveOutTags(_ListStep):
    """Leave out tags.

    Attributes:
        from_class: Class that loses them (default: all).
    """

    examples: ClassVar[str] = "taglab labels edit genres drop-tags --tags-file unwanted.txt"
    makes: ClassVar[type[Any]] = DropTags

    from_class: FromClass = None

    def fields(self) -> dict[str, Any]:
        """Return what the edit holds; a file is a list made for any label space."""
        return {**super().fields(), "from_list": self.tags_file is not None}


class KeepOnlyTags(_ListStep):
    """Leave out all tags but these."""

    examples: ClassVar[str] = "taglab labels edit genres keep-tags --tags-file genres.txt"
    makes: ClassVar[type[Any]] = KeepTags


class MakeClass(_TagStep):
    """Make a class of tags, splitting the ones they are in.

    Attributes:
        name: Its name.
    """

    examples: ClassVar[str] = "taglab labels edit genres new-class doom 'doom metal' 'sludge metal'"
    makes: ClassVar[type[Any]] = NewClass

    name: Class


class KeepClasses(_TagStep):
    """Leave out classes that hold none of these tags."""

    examples: ClassVar[str] = "taglab labels edit genres keep-classes-with rock jazz pop"
    makes: ClassVar[type[Any]] = KeepClassesWith


class Undo(_Change):
    """Take back the last step."""

    examples: ClassVar[str] = "taglab labels edit genres undo"

    def changed(self, space: LabelSpace) -> LabelSpace:
        """Return the label space before its last step."""
        return space.undo()


class Redo(_Change):
    """Do again what was undone last."""

    examples: ClassVar[str] = "taglab labels edit genres redo"

    def changed(self, space: LabelSpace) -> LabelSpace:
        """Return the label space after the step that was undone last."""
        return space.redo()


_BY_EDIT: dict[type, type[_Step]] = {
    step.makes: step
    for step in (
        MoveTags, AddTags, RenameClass, MergeClasses, LeaveOutClass, LeaveOutTags, KeepOnlyTags, MakeClass,
        KeepClasses,
    )
}  # fmt: skip


def edit_question(space: str, edit: Edit) -> Question:
    """Return the question that makes an edit of the saved label space of this name."""
    step = _BY_EDIT[type(edit)]
    fields = {name: value for name, value in edit if name in step.model_fields}
    return step(space=space, **fields)
