"""What of a run's history is drawn by epoch: its loss, every metric of predictions, its speed and rate."""

from __future__ import annotations

from taglab.figures.training import Panel
from taglab.metrics import mean_columns, metrics_of

__all__ = ["panels"]

_LOSS = Panel(
    "Loss",
    "loss (mean over classes)",
    {"validation_loss": ("validation", "solid"), "train_loss": ("training", "dot")},
    step="loss",
)
_SPEED = Panel(
    "Speed of training", "clips per second", {"clips_per_s": ("", "solid")}, judged=False, step="clips_per_s"
)
_RATE = Panel(
    "Learning rate", "learning rate", {"learning_rate": ("", "solid")}, log=True, judged=False, folded=True
)
_DASHES = {"macro": "solid", "micro": "dot"}


def panels() -> dict[str, Panel]:
    """Return the panels of training curves by name: those of metrics by the metric's, one metric each."""
    return {
        "loss": _LOSS,
        **{name: _of_metric(name) for name in metrics_of()},
        "speed": _SPEED,
        "rate": _RATE,
    }


def _of_metric(name: str) -> Panel:
    metric = metrics_of()[name]
    columns = {mean.average: column for column, mean in mean_columns().items() if mean.name == name}
    return Panel(
        f"{metric.title}, validation",
        metric.axis,
        {columns[average]: (average, dash) for average, dash in _DASHES.items() if average in columns},
        share=metric.range == (0.0, 1.0),
        folded=metric.folded,
    )
