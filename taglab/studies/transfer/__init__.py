"""What features are worth on tasks they were not made for (Kim 2021, chapter 2)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from taglab.settings import OneOf
from taglab.studies.transfer.columns import Classification, Regression
from taglab.studies.transfer.offered import offered_tasks, usual_tasks
from taglab.studies.transfer.recommendation import Recommendation
from taglab.studies.transfer.scoring import (
    FIFTH,
    Asked,
    Splits,
    Transfer,
    Transferred,
    ask,
    kept_transferred,
    transfer,
    transfer_seconds,
    transferred,
)
from taglab.studies.transfer.segments import SegmentClassification, macro_f1
from taglab.studies.transfer.tables import answer_table, score_table, side_by_side, split_table
from taglab.studies.transfer.task import Judged, Problem, Task

__all__ = [
    "FIFTH",
    "TASKS",
    "AnyTask",
    "Asked",
    "Classification",
    "Judged",
    "Problem",
    "Recommendation",
    "Regression",
    "SegmentClassification",
    "Splits",
    "Task",
    "Transfer",
    "Transferred",
    "answer_table",
    "ask",
    "kept_transferred",
    "macro_f1",
    "offered_tasks",
    "score_table",
    "side_by_side",
    "split_table",
    "transfer",
    "transfer_seconds",
    "transferred",
    "usual_tasks",
]

TASKS: dict[str, type[BaseModel]] = {
    "classification": Classification,
    "regression": Regression,
    "recommendation": Recommendation,
    "segments": SegmentClassification,
}
"""Name → settings model, a `Task`."""

AnyTask = Annotated[BaseModel, OneOf(TASKS, "task")]
"""The settings of any task."""
