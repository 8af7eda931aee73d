"""What of a run's history is drawn by epoch: its loss, every metric of predictions, its speed and rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taglab.figures.training import Panel
from taglab.metrics import mean_columns, metrics_of

__all__ = ["panels", "panels_of_loss", "panels_of_sources"]

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
_DASHES_OF_LINES = ("solid", "dot", "dash", "longdash", "dashdot", "longdashdot")
_DASHES = {"macro": "solid", "micro": "dot"}


def panels() -> dict[str, Panel]:
    """Return the panels of training curves by name: those of metrics by the metric's, one metric each."""
    return {
        "loss": _LOSS,
        **{name: _of_metric(name) for name in metrics_of()},
        "speed": _SPEED,
        "rate": _RATE,
    }


def panels_of_loss(axis: str) -> dict[str, Panel]:
    """Return the panels of a run that is judged by its loss alone; `axis` names that, with its unit."""
    return {"loss": replace(_LOSS, axis=axis), "speed": _SPEED, "rate": _RATE}


def panels_of_sources(sources: Sequence[str]) -> dict[str, Panel]:
    """Return the panels of a network of several sources: its losses, how often tracks came, its speed.

    Args:
        sources: Names, as in the columns of the history.
    """
    if len(sources) < 2:
        return panels_of_loss("loss")
    validated = {"validation_loss": ("all sources, validation", "solid")}
    return {
        # A step's loss is of one source, and stands beside those of sources.
        "loss": replace(_LOSS, axis="loss (sum over sources)", lines=validated, step=""),
        "loss by source": Panel(
            "Loss by source, validation", "loss", _by_source("validation_loss", sources), by_line=True
        ),
        "training loss by source": Panel(
            "Loss by source, training",
            "loss",
            _by_source("train_loss", sources),
            judged=False,
            step="loss",
            by_line=True,
        ),
        "passes": Panel(
            "How often each source's tracks were gone through",
            "passes",
            _by_source("passes", sources),
            judged=False,
            by_line=True,
        ),
        "speed": _SPEED,
        "rate": _RATE,
    }


def _by_source(figure: str, sources: Sequence[str]) -> dict[str, tuple[str, str]]:
    return {f"{figure} {source}": (source, _DASHES_OF_LINES[at % 6]) for at, source in enumerate(sources)}


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
