"""What of a joint space's training is drawn, look by look: its precision, and how hard it is to go wrong."""

from __future__ import annotations

from taglab.figures.training import Panel
from taglab.joint_space.settings import TASKS

_DASHES = ("dot", "dash", "longdash", "dashdot", "longdashdot", "2px 6px")


def panels() -> dict[str, Panel]:
    """Return the panels of training curves by name."""
    return {
        "precision_at_3": Panel(
            "Precision at 3, validation",
            "precision at 3",
            {"precision_at_3_macro": ("mean over tasks", "solid"), **_by_task("precision_at_3")},
            share=True,
        ),
        "violations": Panel(
            "Steps that found a wrong output within the margin",
            "share of steps",
            _by_task("violations"),
            share=True,
            judged=False,
        ),
        "drawn": Panel(
            "Wrong outputs drawn until one was within the margin", "wrong outputs", _by_task("drawn"),
            judged=False, folded=True,
        ),
    }  # fmt: skip


def _by_task(figure: str) -> dict[str, tuple[str, str]]:
    return {f"{figure} {task}": (task, dash) for task, dash in zip(TASKS, _DASHES, strict=True)}
