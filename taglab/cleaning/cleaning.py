"""`Cleaning`: an ordered list of steps, kept apart from the data, previewed, applied, undone, saved."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any

import pydantic

from taglab.cache import content_key
from taglab.cleaning.memory import Memory
from taglab.cleaning.plan import StepPlan
from taglab.cleaning.rounds import Rounds
from taglab.cleaning.step import Step
from taglab.cleaning.steps import AnyStep
from taglab.cleaning.tag_map import TagMap
from taglab.errors import DataError, InvalidSetting, TaglabError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors

_FORMAT = 1
_MAX_ROUNDS = 12


class Item(pydantic.BaseModel):
    """A step in a list, and whether it is on."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    step: Annotated[AnyStep, pydantic.Field(discriminator="kind")]
    on: bool = True


class _CleaningForm(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    format: Annotated[int, pydantic.Field(alias="taglab cleaning", ge=1, le=_FORMAT)]
    name: str
    steps: tuple[Item, ...]


@dataclass(frozen=True, eq=False)
class Cleaned:
    """What applying a cleaning gave.

    Attributes:
        folksonomy: The tags as they are after it, counted anew on distinct (track, tag) pairs.
        tag_map: What became of every tag there was.
        plans: What each step that is on did, all rounds taken together. Followed once in their order they
            lead every tag to where `tag_map` has it, and a row rejected is a merge less.
        rounds: How often the list was gone through until it changed nothing more; the last one included.
    """

    folksonomy: Folksonomy
    tag_map: TagMap
    plans: tuple[StepPlan, ...]
    rounds: int

    __repr__ = one_line


@dataclass(frozen=True)
class Cleaning:
    """An ordered list of steps. Nothing is changed in place; `undo` and `redo` give the list as it was.

    Attributes:
        name: What it is called.
        items: Steps, in the order in which they are applied.
        past: Lists before each change, the latest last; not saved.
        future: Lists that were undone, the next one last; not saved.
    """

    name: str
    items: tuple[Item, ...] = ()
    past: tuple[tuple[Item, ...], ...] = field(default=(), compare=False)
    future: tuple[tuple[Item, ...], ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, name: str, steps: Iterable[Step]) -> Cleaning:
        """Return a cleaning of these steps, all on."""
        return cls(name, tuple(Item(step=step) for step in steps))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that are on."""
        return tuple(item.step for item in self.items if item.on)

    @cached_property
    def fingerprint(self) -> str:
        """Content key of the steps that are on; the name is not part of it."""
        return content_key([step.model_dump(mode="json") for step in self.steps])

    def _changed(self, items: Iterable[Item]) -> Cleaning:
        return replace(self, items=tuple(items), past=(*self.past, self.items), future=())

    def add(self, step: Step, at: int | None = None) -> Cleaning:
        """Return the cleaning with one more step, last or at a position."""
        place = len(self.items) if at is None else at
        return self._changed((*self.items[:place], Item(step=step), *self.items[place:]))

    def replace_step(self, at: int, step: Step) -> Cleaning:
        """Return the cleaning with other parameters, or another step, at a position."""
        self._require(at)
        new = Item(step=step, on=self.items[at].on)
        return self._changed((*self.items[:at], new, *self.items[at + 1 :]))

    def remove(self, at: int) -> Cleaning:
        """Return the cleaning without the step at a position."""
        self._require(at)
        return self._changed((*self.items[:at], *self.items[at + 1 :]))

    def move(self, at: int, to: int) -> Cleaning:
        """Return the cleaning with the step at a position put at another."""
        self._require(at)
        self._require(to)
        others = [*self.items[:at], *self.items[at + 1 :]]
        return self._changed((*others[:to], self.items[at], *others[to:]))

    def turn(self, at: int, on: bool) -> Cleaning:
        """Return the cleaning with the step at a position on or off."""
        self._require(at)
        new = Item(step=self.items[at].step, on=on)
        return self._changed((*self.items[:at], new, *self.items[at + 1 :]))

    def become(self, items: Iterable[Item]) -> Cleaning:
        """Return the cleaning with another list of steps, as of a file; it can be undone like any change."""
        return self._changed(items)

    def renamed(self, name: str) -> Cleaning:
        """Return the cleaning under another name."""
        return replace(self, name=name)

    def undo(self) -> Cleaning:
        """Return the cleaning as it was before its last change; raises InvalidSetting if there is none."""
        if not self.past:
            raise InvalidSetting(f"cleaning {self.name!r} has no change to undo")
        return replace(self, items=self.past[-1], past=self.past[:-1], future=(*self.future, self.items))

    def redo(self) -> Cleaning:
        """Return the cleaning with the change last undone; raises InvalidSetting if there is none."""
        if not self.future:
            raise InvalidSetting(f"cleaning {self.name!r} has nothing to redo")
        return replace(self, items=self.future[-1], past=(*self.past, self.items), future=self.future[:-1])

    def _require(self, at: int) -> None:
        if not 0 <= at < len(self.items):
            raise InvalidSetting(f"at={at} must lie in [0, {len(self.items)}), the positions of the steps")

    def preview(
        self,
        folksonomy: Folksonomy,
        vectors: TagVectors | None = None,
        progress: Progress = silent,
        memory: Memory | None = None,
    ) -> tuple[StepPlan, ...]:
        """Return what each step that is on would do: the plans that `apply` follows, and nothing else."""
        return self.apply(folksonomy, vectors, progress=progress, memory=memory).plans

    def apply(
        self,
        folksonomy: Folksonomy,
        vectors: TagVectors | None = None,
        name: str | None = None,
        progress: Progress = silent,
        memory: Memory | None = None,
    ) -> Cleaned:
        """Clean a folksonomy.

        The list is gone through until nothing changes any more, so that applying the cleaning to its own
        result changes nothing. A tag that an early step drops or merges and a later one merges others into
        is kept whole. A tag's weight on a track is the largest of what merged into it.

        Args:
            folksonomy: What to clean.
            vectors: What tags mean, for the steps that need it; the same when applied again.
            name: Of the result; by default the folksonomy's own.
            progress: Told how far it is.
            memory: What previews found before, and what the next may find.

        Raises:
            InvalidSetting: If a step lacks what it needs, or steps undo one another for ever.
        """
        memory = memory or Memory(0)
        rounds = Rounds(folksonomy)
        known = memory.start(folksonomy)
        for number in range(_MAX_ROUNDS):
            part = between(progress, 1 - 0.5**number, 1 - 0.5 ** (number + 1))
            after, plans = memory.round(self.steps, known, vectors, part)
            if number == 0 or after is not known:
                rounds, cleaned = rounds.and_then(plans, after.folksonomy)
            if after is known:
                progress(1.0, "cleaned")
                final = replace(known.folksonomy, name=name or folksonomy.name)
                return Cleaned(final, rounds.tag_map(final), rounds.plans(), number + 1)
            # Further rounds are of this folksonomy alone, and would push out what the next preview asks for.
            memory = Memory(0)
            known = memory.start(cleaned)
        raise InvalidSetting(
            f"cleaning {self.name!r} does not come to rest: its steps undo one another; is a target of one "
            "step merged into something else by another?"
        )

    def to_json(self) -> str:
        """Return the text of a file that `from_json` reads."""
        form: dict[str, Any] = {
            "taglab cleaning": _FORMAT,
            "name": self.name,
            "steps": [item.model_dump(mode="json") for item in self.items],
        }
        return json.dumps(form, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, data: bytes | str, source: str) -> Cleaning:
        """Read a cleaning.

        Args:
            data: What `to_json` gave.
            source: Name of the file, for messages.

        Raises:
            DataError: If it is none.
        """
        try:
            form = _CleaningForm.model_validate_json(data)
        except pydantic.ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, problem["loc"]))
            raise DataError(source, f"is not a cleaning: {where}: {problem['msg']}") from error
        except TaglabError as error:
            raise DataError(source, f"is not a cleaning: {error}") from error
        return cls(form.name, form.steps)
