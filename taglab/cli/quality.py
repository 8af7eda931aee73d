"""How good word vectors are: word similarity and analogies, with what share of them is known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.loading import open_data
from taglab.cli.options import Parser, UsageError, add_data, add_settings, add_vectors, finish, settings_of
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report

if TYPE_CHECKING:
    import pandas as pd

    from taglab.embeddings.judging import Judged
    from taglab.embeddings.quality_sets import QualitySet


def add_to(commands: Any) -> None:
    """Add the command of this module."""
    commands.add_parser(
        "quality",
        help="are the vectors any good? (word similarity, analogies)",
        description="Hold word vectors against pairs of words that people scored (Spearman's correlation of "
        "score and cosine) and against analogies (share answered right, among those whose words are known). "
        "Published sets are text files; without any the small set that comes with taglab is taken, which its "
        "makers wrote and graded themselves.",
        returns="{built_in, rows: [{set, section, vectors, measure, value, low, high, asked, covered, "
        "coverage}]}, or by pairs rows: [{set, vectors, a, b, score, similarity, rank_people, rank_vectors, "
        "apart}], or by questions rows: [{set, vectors, a, b, c, d, section, answer, right}]",
        fill=_fill,
        examples="""
taglab quality
taglab quality --vectors glove --pairs EN-MEN-TR-3k.txt EN-SIMLEX-999.txt --analogies questions-words.txt
taglab quality --vectors glove --other twitter --pairs word-similarity.zip --by pairs --out pairs.csv""",
    )


def _fill(parser: Parser) -> None:
    from taglab.embeddings.judging import JudgingSettings

    files = parser.add_argument_group("what the vectors are held against")
    what = "each a text file, also .gz, or a .zip or a folder of several"
    files.add_argument(
        "--pairs", type=Path, nargs="+", action="extend", default=[], metavar="FILE",
        help=f"two words and a score a line; {what}",
    )  # fmt: skip
    files.add_argument(
        "--analogies", type=Path, nargs="+", action="extend", default=[], metavar="FILE",
        help=f"four words a line, a line `: NAME` begins a section; {what}",
    )  # fmt: skip
    add_settings(files, JudgingSettings)
    parser.add_argument(
        "--other",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="more word vectors, beside these",
    )
    parser.add_argument(
        "--by",
        choices=("sections", "sets", "pairs", "questions"),
        default="sections",
        help="what the rows are (default: sections, and the whole set); pairs: furthest from people first",
    )
    add_data(parser, min_count=False)
    add_vectors(parser)
    finish(parser, _quality)


def _quality(args: argparse.Namespace) -> Report:
    from taglab import embeddings
    from taglab.embeddings.judging import JudgingSettings, judge

    lookup, settings = settings_of(args, embeddings.Lookup), settings_of(args, JudgingSettings)
    sets, built_in = _sets(args)
    judged: list[Judged] = []
    with progress_bar() as progress:
        data = open_data(args, progress)
        for name in dict.fromkeys([args.vectors, *args.other]):
            words = embeddings.resolve(name, data, progress)
            judged += judge(words, sets, lookup, settings, progress)
    notes = (
        ("the built-in set is small, and written and graded by the makers of taglab alone",)
        if built_in
        else ()
    )
    return Report({"built_in": built_in}, table=_rows(judged, args.by), notes=notes)


def _sets(args: argparse.Namespace) -> tuple[list[QualitySet], bool]:
    """Return the sets that were named, else our own, and whether it is that."""
    from taglab.embeddings.quality_sets import built_in_sets, distinct, read_sets

    if not args.pairs and not args.analogies:
        return list(built_in_sets()), True
    read = [one for path in args.pairs for one in read_sets(path, "pairs")]
    read += [one for path in args.analogies for one in read_sets(path, "analogies")]
    return list(distinct(read)), False


def _rows(judged: list[Judged], by: str) -> pd.DataFrame:
    from taglab.embeddings.judging import pair_rows, question_rows, summarise

    if by in ("sections", "sets"):
        return summarise(judged, sections=by == "sections")
    table = pair_rows(judged) if by == "pairs" else question_rows(judged)
    if table is None:
        raise UsageError(f"--by {by} needs a set of them")
    return table
