"""What every cleaning step is: settings that can plan."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd
import pydantic

from taglab.cleaning.plan import Decision, StepPlan, make_plan
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.settings import first_fault
from taglab.vectors import TagVectors

Decisions = tuple[Mapping[str, Decision], Mapping[str, pd.DataFrame]]


class Step(pydantic.BaseModel):
    """A step of a cleaning: its parameters, and what a person decided against it.

    Attributes:
        kind: What kind of step it is.
        rejected: Tags that stay as they are, whatever the step says of them.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    needs_vectors: ClassVar[bool] = False

    kind: str
    rejected: tuple[str, ...] = ()

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except pydantic.ValidationError as error:
            raise first_fault(error, "step") from error

    @pydantic.field_validator("rejected")
    @classmethod
    def _distinct(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(tags)))

    def plan(
        self, folksonomy: Folksonomy, vectors: TagVectors | None = None, progress: Progress = silent
    ) -> StepPlan:
        """Return what this would do to a folksonomy; nothing is changed.

        Args:
            folksonomy: As the steps before left it.
            vectors: What tags mean; only the steps that say so need them.
            progress: Told how far it is.

        Raises:
            InvalidSetting: If something the step needs is missing.
        """
        decisions, details = self.decide(folksonomy, vectors, progress)
        return make_plan(self.kind, folksonomy, decisions, self.rejected, details)

    def reject(self, *tags: str) -> Step:
        """Return the step with these tags left alone too."""
        return self.model_copy(update={"rejected": tuple(sorted({*self.rejected, *tags}))})

    def accept(self, *tags: str) -> Step:
        """Return the step with these tags no longer rejected."""
        return self.model_copy(update={"rejected": tuple(sorted(set(self.rejected) - set(tags)))})

    @abstractmethod
    def decide(self, folksonomy: Folksonomy, vectors: TagVectors | None, progress: Progress) -> Decisions:
        """Return decisions by tag, before rejections, and further tables by name."""

    @abstractmethod
    def describe(self) -> str:
        """Return what it does as a phrase."""
