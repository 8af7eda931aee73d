"""`taglab stages`: the stages of collapsing on your data, their taggers, and maps made by others."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.loading import open_data
from taglab.cli.options import Parser, UsageError, add_commands, add_data, add_settings, finish, settings_of
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report

if TYPE_CHECKING:
    from taglab.folksonomy import Folksonomy
    from taglab.progress import Progress
    from taglab.vectors import TagVectors


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "stages",
        help="50 chosen tags, alone and with what collapses into them: show, curve, score, agree",
        description="Stage I has 50 chosen tags as they are, stage II adds the tags that hold their names, "
        "stage III those that lie near them. `taglab reproduce stage-1` and so on train on them.",
        fill=_fill,
        examples="""
taglab stages show --by category
taglab stages score run-1 run-2 run-3
taglab stages agree theirs.tsv --stage II
""",
    )


def _fill(parser: Parser) -> None:
    commands = add_commands(parser)
    commands.add_parser(
        "show",
        help="how frequent each class is in each stage",
        description="Make the three stages of a data set and show how frequent their classes are.",
        returns="{data, left_out: [tag], rows: [{stage, category, class, tags, tracks, prevalence, gain}]}",
        fill=_fill_show,
        examples="taglab stages show --data lastfm --vectors glove --out stages.csv",
    )
    commands.add_parser(
        "curve",
        help="how right stage III is on the demo, at several percentiles",
        description="Collapse the demo's tags at several cuts, and hold that against what they mean: how "
        "much of what is planted is found, and how much of what is collapsed is junk. Of other data that is "
        "not known.",
        returns="[{percentile, merged, precision, recall, junk, planted}]",
        fill=_fill_curve,
        examples="taglab stages curve --out curve.csv\ntaglab stages curve --percentiles 0.001,0.01,0.1",
    )
    commands.add_parser(
        "score",
        help="what taggers of the stages reach, by category, beside what was published",
        description="Score the test tracks of up to three runs, one a stage, against their own labels and "
        "against those of stage I, on the tracks that all have. Collapsing makes labels more frequent, and "
        "with that alone AUC-PR rises; by one truth it does not.",
        returns="[{truth, category, stage, labels, every metric by its name, prevalence}]",
        fill=_fill_score,
        examples="taglab stages score run-1 run-2 run-3",
    )
    commands.add_parser(
        "agree",
        help="how far a map made by others agrees with a stage",
        description="Hold a stage of a data set against a file of others: a line a tag, a tab, and the tag "
        "it was collapsed into. What only they have is sorted by how the tag holds the target: denied, as "
        "letters inside other words, as a slip, by meaning, as a whole word.",
        returns="{stage, tags, not_here, rows: [{target, both, only_ours, only_theirs, agreement, ...}]}",
        fill=_fill_agree,
        examples="taglab stages agree theirs.tsv --stage III --data lastfm --vectors glove",
    )


def _add_making(parser: Parser) -> None:
    from taglab.studies.collapsing.stages import StageSettings

    add_data(parser, min_count=False)
    parser.add_argument(
        "--vectors", default="own", metavar="NAME", help="word vectors of stage III (default: own)"
    )
    add_settings(parser.add_argument_group("how tags are collapsed"), StageSettings)


def _fill_show(parser: Parser) -> None:
    _add_making(parser)
    parser.add_argument("--by", choices=("class", "category"), default="class", help="what a row is")
    finish(parser, _show)


def _fill_curve(parser: Parser) -> None:
    from taglab.studies.collapsing.trials import PERCENTILES

    parser.add_argument(
        "--percentiles", default=",".join(f"{each:g}" for each in PERCENTILES), metavar="SHARES",
        help="shares below the cut, commas between (default: %(default)s)",
    )  # fmt: skip
    _add_making(parser)
    finish(parser, _curve)


def _fill_score(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="runs of one data set, one a stage")
    parser.add_argument("--by", choices=("class", "category"), default="category", help="what a row is")
    finish(parser, _score)


def _fill_agree(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the map: a tag, a tab, a target a line")
    parser.add_argument("--stage", choices=("II", "III"), default="II", help="ours (default: II)")
    parser.add_argument(
        "--pairs", action="store_true", help="every pair that differs, in place of a row a target"
    )
    _add_making(parser)
    finish(parser, _agree)


def _vectors(args: argparse.Namespace, data: Folksonomy, progress: Progress) -> TagVectors:
    from taglab import embeddings

    words = embeddings.resolve(args.vectors, data, progress)
    return embeddings.compose(words, data.tags["tag"].tolist())


def _show(args: argparse.Namespace) -> Report:
    from taglab.progress import between
    from taglab.studies.collapsing.stages import StageSettings, left_out, stage_prevalence, stage_spaces

    settings = settings_of(args, StageSettings)
    with progress_bar() as progress:
        data = open_data(args, between(progress, 0, 0.2))
        vectors = _vectors(args, data, between(progress, 0.2, 0.6))
        table = stage_prevalence(data, stage_spaces(data, vectors, settings, between(progress, 0.6, 1)))
    if args.by == "category":
        means = table.groupby(["category", "stage"], sort=False)[["tags", "tracks", "prevalence", "gain"]]
        table = means.mean().reset_index()
    return Report({"data": data.name, "left_out": list(left_out(data, settings))}, table)


def _curve(args: argparse.Namespace) -> Report:
    from taglab.progress import between
    from taglab.studies.collapsing.stages import StageSettings
    from taglab.studies.collapsing.trials import percentile_curve

    try:
        percentiles = [float(each) for each in args.percentiles.split(",")]
    except ValueError as error:
        raise UsageError(f"--percentiles: {args.percentiles!r} must be shares, commas between") from error
    step = settings_of(args, StageSettings).near()
    with progress_bar() as progress:
        data = open_data(args, between(progress, 0, 0.2))
        vectors = _vectors(args, data, between(progress, 0.2, 0.6))
        return Report(table=percentile_curve(data, vectors, percentiles, step, between(progress, 0.6, 1)))


def _score(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.errors import NotFound
    from taglab.runs import open_run
    from taglab.sources import open_folksonomy
    from taglab.studies.collapsing.stages import (
        by_category,
        published_categories,
        score_stages,
        stage_of,
        stage_space,
    )

    runs = [open_run(name) for name in args.runs]
    names = {str(run.config.get("data", "")) for run in runs}
    if len(names) != 1:
        raise UsageError("runs of one data set have one truth; these are of several")
    predictions = {}
    for run in runs:
        found = run.predictions("test")
        if found is None:
            raise NotFound(f"run {run.name!r} has kept no predictions of test tracks")
        space = run.label_space()
        stage = stage_of(space)
        if stage in predictions:
            raise UsageError(f"two runs are of stage {stage}")
        predictions[stage] = found
    with progress_bar() as progress:
        data = open_folksonomy(names.pop(), progress)
        scores = score_stages(dict(sorted(predictions.items())), data, stage_space(data, "I"))
    if args.by == "class":
        return Report({}, scores)
    published = published_categories()
    theirs = published[published["stage"].isin(list(predictions))]
    return Report({}, pd.concat([by_category(scores), theirs], ignore_index=True))


def _agree(args: argparse.Namespace) -> Report:
    from taglab.progress import between
    from taglab.studies.collapsing.stages import StageSettings, collapsed_into
    from taglab.studies.collapsing.trials import agreement, disagreements, parse_collapsed

    settings = settings_of(args, StageSettings)
    theirs = parse_collapsed(args.file.read_bytes(), str(args.file))
    with progress_bar() as progress:
        data = open_data(args, between(progress, 0, 0.2))
        vectors = _vectors(args, data, between(progress, 0.2, 0.6)) if args.stage == "III" else None
        ours = collapsed_into(data, args.stage, vectors, settings, between(progress, 0.6, 1))
    known = set(data.tags["tag"])
    common = {tag: targets for tag, targets in theirs.items() if tag in known}
    ours = {tag: ours.get(tag, ()) for tag in common}
    facts = {"stage": args.stage, "tags": len(common), "not_here": len(theirs) - len(common)}
    return Report(facts, (disagreements if args.pairs else agreement)(ours, common))
