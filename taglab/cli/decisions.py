"""What runs decided about labels: right and wrong at a threshold, and which labels go together."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from taglab.cli.options import Parser, UsageError, finish
from taglab.cli.report import Report

if TYPE_CHECKING:
    from typing import Any

    from taglab.outcomes import Predictions

_USUAL = 100 / 199  # what the thesis calls 0.50


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "decisions",
        help="right and wrong decisions of runs on a label",
        description="Show true and false positives and negatives of runs on a label, as shares of all "
        "tracks, with precision, recall and F1: at one of the 200 thresholds, or at all of them, which make "
        "the precision-recall and ROC curves.",
        returns="[{run, threshold, tp, tn, fp, fn, precision, recall, false_positive_rate, f1, tracks, "
        "source}]",
        fill=_fill_decisions,
        examples="""
taglab decisions thesis-3.3-k100-spectrogram thesis-3.3-k1000-spectrogram --label rock
taglab decisions my-run --label jazz --moment test --every-threshold --out jazz.csv
""",
    )
    commands.add_parser(
        "co-predictions",
        help="which labels a run predicts together",
        description="Count tracks by pairs of labels: of the tracks truly of a row, or predicted of it, the "
        "share that the column is predicted of. With --minus another run's shares beside, on the labels and "
        "tracks both have; with --row and --column the tracks behind one pair.",
        returns="[{row, column, tracks, share}], with --row and --column [{track, score, true, predicted}]",
        fill=_fill_pairs,
        examples="""
taglab co-predictions my-run --moment test --out pairs.csv
taglab co-predictions my-run --row metal --column rock
""",
    )


def _add_common(parser: Parser, moment: str) -> None:
    from taglab.runs.tables import MOMENTS

    parser.add_argument(
        "--threshold",
        type=float,
        default=_USUAL,
        metavar="T",
        help="a label is predicted where its score is at least T (default: 0.503, the thesis's 0.50)",
    )
    parser.add_argument(
        "--moment",
        choices=tuple(MOMENTS),
        default=moment,
        help=f"last or best epoch on validation tracks, or held-out test (default: {moment})",
    )


def _fill_decisions(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="names of runs")
    parser.add_argument("--label", required=True, metavar="LABEL", help="on which label")
    _add_common(parser, "last")
    parser.add_argument("--every-threshold", action="store_true", help="all thresholds known, not one")
    finish(parser, _decisions)


def _decisions(args: argparse.Namespace) -> Report:
    import numpy as np
    import pandas as pd

    from taglab.compare.decisions import decided
    from taglab.errors import NotFound
    from taglab.metrics.thresholds import THRESHOLDS
    from taglab.runs import open_run

    _check_threshold(args.threshold)
    nearest = THRESHOLDS[np.abs(THRESHOLDS - args.threshold).argmin()]
    parts, notes = [], []
    for name in args.runs:
        known = decided(open_run(name), args.moment)
        if known is None or args.label not in known.classes:
            what = "decisions of that moment" if known is None else f"label {args.label!r}"
            notes.append(f"{name} has no {what}")
            continue
        table = known.decisions(args.label)
        if not args.every_threshold:
            table = table[np.isclose(table["threshold"], nearest, rtol=0, atol=1e-9)]
        parts.append(table.assign(run=name, source=known.said))
    if not parts:
        raise NotFound(f"none of these runs tells of {args.label!r}: {'; '.join(notes)}")
    together = pd.concat(parts, ignore_index=True)
    return Report(table=together[["run", *together.columns.drop("run")]], notes=tuple(notes))


def _check_threshold(threshold: float) -> None:
    if not 0 <= threshold <= 1:
        raise UsageError(f"--threshold {threshold:g} must lie in 0 to 1; given in percent?")


def _fill_pairs(parser: Parser) -> None:
    from taglab.compare.co_prediction import PAIRINGS

    parser.add_argument("run_name", metavar="RUN", help="a run that kept predictions")
    parser.add_argument("--minus", metavar="RUN", help="another one, whose shares are subtracted")
    _add_common(parser, "best")
    parser.add_argument(
        "--pairing",
        choices=tuple(PAIRINGS),
        default=next(iter(PAIRINGS)),
        help="; ".join(f"{name}: {each.title}" for name, each in PAIRINGS.items()),
    )
    parser.add_argument("--row", metavar="LABEL", help="with --column: tracks behind this pair")
    parser.add_argument("--column", metavar="LABEL", help="with --row")
    finish(parser, _pairs)


def _pairs(args: argparse.Namespace) -> Report:
    from taglab.compare.co_prediction import (
        co_prediction,
        on_common_ground,
        pair_table,
        tracks_behind_pair,
        tracks_table,
    )

    _check_threshold(args.threshold)
    if (args.row is None) != (args.column is None) or (args.row is not None and args.minus is not None):
        raise UsageError("--row and --column go together, and without --minus")
    one = _predictions(args.run_name, args.moment)
    if args.row is not None:
        rows = tracks_behind_pair(one, args.threshold, args.pairing, args.row, args.column)
        return Report(table=tracks_table(one, rows, args.threshold, args.column))
    second = None
    if args.minus is not None:
        one, other = on_common_ground(one, _predictions(args.minus, args.moment))
        second = co_prediction(other, args.threshold, args.pairing)
    return Report(table=pair_table(co_prediction(one, args.threshold, args.pairing), second, one.classes))


def _predictions(name: str, moment: str) -> Predictions:
    from taglab.compare.decisions import decided
    from taglab.errors import NotFound
    from taglab.runs import open_run

    known = decided(open_run(name), moment)
    if known is None or known.predictions is None:
        raise NotFound(f"{name} has kept no predictions of that moment; --moment best or test may have them")
    return known.predictions
