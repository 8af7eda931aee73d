"""Precision-recall and ROC curves of one label, several runs on one pair of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from taglab.figures import curves as figures
from taglab.figures.curves import DrawnCurve, DrawnPoint
from taglab.figures.theme import visible
from taglab.metrics import METRICS
from taglab.metrics.curves import Curve, precision_recall_curve, roc_curve
from taglab.metrics.operating import OperatingPoint, best_f1, curve_of_decisions, operating_point
from taglab.metrics.thresholds import Confusion, auc_pr_interpolated, roc_auc_at_thresholds
from taglab.outcomes import Predictions
from taglab.ui.compare.compared import Compared
from taglab.ui.compare.sources import (
    Choice,
    Source,
    at_threshold,
    decisions_question,
    show_decided,
)
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal
from taglab.ui.remembered import remembered

Kind = Literal["pr", "roc"]

_AT_THRESHOLD, _BEST = "at the threshold", "best F1"
_SYMBOLS = {_AT_THRESHOLD: "circle", _BEST: "star"}


def show_curves(compared: Compared) -> None:
    """PR and ROC curves of a label, with operating points."""
    show_decided(compared, _curves)


def _curves(compared: Compared, choice: Choice) -> None:
    label, threshold, having = choice.label, choice.threshold, choice.having
    prevalence = [_prevalence(source, label) for source in having]
    pr, roc = (
        [
            curve
            for source in having
            if (curve := _drawn(source, label, threshold, kind, compared.metric)) is not None
        ]
        for kind in ("pr", "roc")
    )
    table = points_table(having, label, threshold)
    command = decisions_question(compared, choice, every_threshold=True)
    charts = {
        "PR curves": figures.pr_curves(pr, label, prevalence),
        "ROC curves": figures.roc_curves(roc, label),
    }
    for column, (key, figure) in zip(st.columns(2), charts.items(), strict=True):
        with column:
            alt = f"{key} of {visible(label)} for {len(having)} runs"
            st.plotly_chart(figure, config=picture_config(), key=key, alt=alt)
            export_panel(f"compare {key} {visible(label, 30)}", table, figure, command)
    st.dataframe(
        table,
        hide_index=True,
        key="operating points",
        column_config=_COLUMNS,
        alt="Points on the curves at the thresholds",
    )
    st.caption(_said(choice))


def _said(choice: Choice) -> str:
    parts = [f"{source.title}: {source.said}" for source in choice.having]
    said = "; ".join(parts) + ". Dashed: from counts at thresholds. "
    said += "Circle: the threshold above; star: best F1, chosen on these very tracks."
    if choice.lacking:
        said += f" No label “{choice.label}” in: {', '.join(choice.lacking)}."
    without = [source.title for source in choice.having if not _prevalence(source, choice.label) > 0]
    if without:
        said += f" No track truly has it in: {', '.join(without)}, so there is no curve."
    return literal(said)


def _prevalence(source: Source, label: str) -> float:
    first = source.decisions(label).iloc[0]
    return float(first["tp"] + first["fn"])


def _drawn(source: Source, label: str, threshold: float, kind: Kind, metric: str) -> DrawnCurve | None:
    """Return a run's curve with its points; None where the label has no positives or no negatives."""
    table = source.decisions(label)
    if table["recall"].isna().all() or (kind == "roc" and table["false_positive_rate"].isna().all()):
        return None
    if source.predictions is not None:
        curve = _curve(source.predictions, source.column(label), kind)
    else:
        curve = curve_of_decisions(table, kind)
    return DrawnCurve(
        name=source.title,
        colour=source.colour,
        x=curve.x,
        y=curve.y,
        thresholds=curve.thresholds,
        shape=curve.shape if source.counts is not None else "points",
        dashed=source.predictions is None,
        legend_note=_area(source, label, kind, curve, metric),
        points=[
            DrawnPoint(*_place(point, kind), point.threshold, meaning, _SYMBOLS[meaning])
            for meaning, point in _points(source, label, threshold).items()
        ],
    )


@remembered("small")
def _curve(predictions: Predictions, column: int, kind: Kind) -> Curve:
    draw = precision_recall_curve if kind == "pr" else roc_curve
    return draw(predictions.truth[:, column], predictions.scores[:, column])


def _area(source: Source, label: str, kind: Kind, curve: Curve, metric: str) -> str:
    """Return what is known of the area under a curve, by its right name; of PR curves the metric's."""
    if source.counts is None:
        return "printed points"
    of_scores = source.predictions is not None
    if kind == "roc":
        if of_scores:
            return f"AUC-ROC {curve.area:.4f}"
        one = _of_column(source.counts, source.column(label))
        return f"AUC-ROC {roc_auc_at_thresholds(one)[0]:.4f} (200 thresholds)"
    if of_scores and METRICS[metric].of_counts is not auc_pr_interpolated:
        return f"average precision {curve.area:.4f}"
    one = _of_column(source.counts, source.column(label))
    return f"AUC-PR {auc_pr_interpolated(one)[0]:.4f}, interpolated (200 thresholds)"


def _of_column(counts: Confusion, column: int) -> Confusion:
    part = slice(column, column + 1)
    return Confusion(
        counts.thresholds, counts.tp[:, part], counts.fp[:, part], counts.fn[:, part], counts.tn[:, part]
    )


def _points(source: Source, label: str, threshold: float) -> dict[str, OperatingPoint]:
    points, table = {}, source.decisions(label)
    row = at_threshold(table, threshold)
    if row is not None:
        points[_AT_THRESHOLD] = operating_point(table, row)
    best = best_f1(table) if source.counts is not None else None
    if best is not None:
        points[_BEST] = best
    return points


def _place(point: OperatingPoint, kind: Kind) -> tuple[float, float]:
    return (point.recall, point.precision) if kind == "pr" else (point.false_positive_rate, point.recall)


_COLUMNS: dict[str, Any] = {
    name: st.column_config.NumberColumn(title, format="%.3f")
    for name, title in {
        "threshold": "threshold",
        "precision": "precision",
        "recall": "recall",
        "false_positive_rate": "false positive rate",
        "f1": "F1",
        "prevalence": "prevalence (share of tracks)",
    }.items()
}


def points_table(having: Sequence[Source], label: str, threshold: float) -> pd.DataFrame:
    """Return the operating points, a row for each run and point.

    Returns:
        `run`, `point`, `threshold`, `precision`, `recall`, `false_positive_rate`, `f1`, `prevalence`,
        `source`.
    """
    rows = [
        {
            "run": source.title,
            "point": meaning,
            **vars(point),
            "prevalence": _prevalence(source, label),
            "source": source.said,
        }
        for source in having
        for meaning, point in _points(source, label, threshold).items()
    ]
    columns = ["run", "point", "threshold", "precision", "recall", "false_positive_rate", "f1", "prevalence"]
    return pd.DataFrame(rows, columns=[*columns, "source"])
