"""Single changes of a saved cleaning; its steps are counted from 1."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from taglab.cleaning import Categories, Cleaning, Step, open_cleaning
from taglab.errors import InvalidSetting
from taglab.progress import Progress
from taglab.settings import Flag
from taglab.verbs.cleaning import LISTED, position, saved
from taglab.verbs.question import Question
from taglab.verbs.report import Report

Tags = Annotated[tuple[str, ...], Flag(metavar="TAG", word=True), Field(min_length=1)]


class _Change(Question):
    """A change of a saved cleaning.

    Attributes:
        cleaning: A saved cleaning.
        step: Which step, counted from 1.
    """

    returns: ClassVar[str] = LISTED
    table: ClassVar[bool] = False

    cleaning: Annotated[str, Flag(metavar="CLEANING", word=True)]
    step: Annotated[int, Flag(metavar="N", word=True)] = Field(ge=1)

    def changed(self, cleaning: Cleaning, at: int) -> Cleaning:
        """Return the cleaning after the change of the step at a position counted from 0."""
        return cleaning.replace_step(at, self.replaced(cleaning.items[at].step))

    def replaced(self, step: Step) -> Step:
        """Return what the step becomes."""
        raise NotImplementedError

    def answer(self, progress: Progress) -> Report:
        """Return what the cleaning does now."""
        cleaning, revision = open_cleaning(self.cleaning)
        return saved(self.changed(cleaning, position(cleaning, self.step)), revision)


class TurnOn(_Change):
    """Turn a step on."""

    examples: ClassVar[str] = "taglab clean edit tidy on 2"

    def changed(self, cleaning: Cleaning, at: int) -> Cleaning:
        """Return the cleaning with the step on."""
        return cleaning.turn(at, True)


class TurnOff(_Change):
    """Turn a step off; it stays in the list."""

    examples: ClassVar[str] = "taglab clean edit tidy off 2"

    def changed(self, cleaning: Cleaning, at: int) -> Cleaning:
        """Return the cleaning with the step off."""
        return cleaning.turn(at, False)


class TakeOut(_Change):
    """Take a step out."""

    examples: ClassVar[str] = "taglab clean edit tidy drop 3"

    def changed(self, cleaning: Cleaning, at: int) -> Cleaning:
        """Return the cleaning without the step."""
        return cleaning.remove(at)


class Move(_Change):
    """Put a step at another position.

    Attributes:
        to: Where to, counted from 1.
    """

    examples: ClassVar[str] = "taglab clean edit tidy move 3 1"

    to: Annotated[int, Flag(metavar="TO", word=True)] = Field(ge=1)

    def changed(self, cleaning: Cleaning, at: int) -> Cleaning:
        """Return the cleaning with the step at its new position."""
        return cleaning.move(at, position(cleaning, self.to))


class Reject(_Change):
    """Leave tags alone in a step.

    Attributes:
        tags: Tags that stay as they are.
    """

    examples: ClassVar[str] = "taglab clean edit tidy reject 2 'in die'"

    tags: Tags

    def replaced(self, step: Step) -> Step:
        """Return the step with these tags rejected."""
        return step.reject(*self.tags)


class Accept(_Change):
    """Let a step have tags that were rejected.

    Attributes:
        tags: Tags that are rejected no longer.
    """

    examples: ClassVar[str] = "taglab clean edit tidy accept 2 'in die'"

    tags: Tags

    def replaced(self, step: Step) -> Step:
        """Return the step with these tags accepted."""
        return step.accept(*self.tags)


class Assign(_Change):
    """Put tags into a category by hand.

    Attributes:
        category: The category; any name will do.
        tags: Tags that are put into it.
    """

    examples: ClassVar[str] = "taglab clean edit tidy assign 1 mood 'rainy day'"

    category: Annotated[str, Flag(metavar="CATEGORY", word=True)]
    tags: Tags

    def replaced(self, step: Step) -> Step:
        """Return the step with these tags in the category."""
        if not isinstance(step, Categories):
            raise InvalidSetting(f"step {self.step} of {self.cleaning} is {step.kind}, not categories")
        for tag in self.tags:
            step = step.assign(tag, self.category)
        return step
