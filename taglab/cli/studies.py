"""Whole experiments: the thesis's models, carried out on other data and set beside what was published."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.networks import add_network, network_values
from taglab.cli.options import Parser, UsageError, add_settings, finish, settings_of, settings_values
from taglab.cli.progress import progress_bar
from taglab.paths import typed_path
from taglab.verbs.report import Report

if TYPE_CHECKING:
    import pandas as pd

    from taglab.studies.thesis.recipes import Plan
    from taglab.studies.thesis.reproducing import Reproduction

_FLAGS = {"ks": "-k", "min_counts": "--min-count", "seed": "--cluster-seed", "gammas": "--sweep-gamma"}


_FROM_THEIR_CODE = """
what the parameters of the thesis's code are here:
  frontend                    --network waveform, spectrogram
  --tfrecords-dir             taglab audio add, then --audio
  --lastfm                    taglab data add lastfm, then --data
  --config                    flags, or --preset thesis-spectrogram; thesis-text has the mels and the
                              F = 32 of its text, pons those of Pons et al.
  --filter, --filter-path     taglab labels edit NAME drop-tags --tags-file tags_remove.txt
  --dictionary-dir            taglab labels import clusters.json
  --genre-path                taglab labels import clusters.json --genres genres.txt, or taglab genres
  --multi-db                  any number of label spaces on one data set: --labels
  --multi-db-default          the same
  --multi-tag                 micro and macro averages are always both kept
  --save-PR, --save-ROC       kept in every run: per_label_by_epoch.csv
  --save-confusion-matrix     kept in every run: confusion.npz
  --save-tags-path            kept in every run: classes.json
  --save-coocurrence-matrix-path  taglab cooccurrence --matrix FILE
  --epochs, --steps-per-epoch, --no-shuffle  the same
  --update-freq               --metric-interval-steps
  --cuda 0 1                  --devices 0,1
  --gamma                     --loss semantic-bce --gamma
  --custom-loss-embeddings-path  --loss-vectors
  --built-in, --verbose       nothing: there is one loop, and taglab log RUN
"""


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "reproduce",
        help="a published model, trained on your data and set beside what was published of it",
        description="Make the label spaces of a model of the Ros Perez thesis, or of a stage of "
        "collapsing, train its taggers here and now, "
        "one after the other, and set their figures beside the published ones, with what differs in data and "
        "settings said above. What is trained already is taken as it is; what was interrupted is gone on "
        "with. `all` carries out every model of the thesis, for both networks unless --network is given.",
        returns="{recipe, title, source, differs: [{what, here, thesis}], rows: [{model, whose, figures, "
        "epoch, classes, the means of every metric, as ap_micro, ap_macro, run}]}",
        fill=_fill,
        notes=_FROM_THEIR_CODE,
        examples="""
taglab reproduce model-1 --preset tiny --epochs 5
taglab reproduce model-1 --data lastfm --audio msd --network waveform
taglab reproduce model-3.2 --data lastfm --audio msd --vectors word2vec,wikipedia,twitter
taglab reproduce model-3.3 --data lastfm --audio msd --vectors wikipedia --only-make
taglab reproduce stage-3 --network waveform --preset tiny
taglab reproduce all --preset tiny --report thesis.html
""",
    )
    commands.add_parser(
        "report",
        help="the thesis's tables, figures and claims beside what was found here, as one HTML file",
        description="Set every table, figure and claim of the Ros Perez thesis beside what runs made by "
        "`taglab reproduce` give, trained to the end or not. Nothing is trained. Without --data the "
        "published side stands alone.",
        returns="{data, file, rows: [{claim, says, source, rule, published, published why, here, here why}]}"
        ", where published and here are holds, contradicted (the interval lies on the other side), not "
        "shown (which is no refutation) or cannot be tested",
        fill=_fill_report,
        examples="taglab report --html thesis.html\ntaglab report --data demo --arrays thesis-results --json",
    )


def _fill(parser: Parser) -> None:
    from taglab.embeddings import Lookup
    from taglab.studies.thesis.recipes import RECIPES, RecipeSettings
    from taglab.training import PRESETS, TrainConfig, train_choices

    told = "; ".join(f"{name}, {recipe.title}" for name, recipe in RECIPES.items())
    told = f"all; {told}"
    parser.add_argument("recipe", choices=["all", *RECIPES], metavar="RECIPE", help=told)
    add_settings(parser, RecipeSettings, flags=_FLAGS, omit=("lookup",))
    add_settings(parser.add_argument_group("looking up tags in the vectors"), Lookup)
    parser.add_argument("--audio", metavar="NAME", help="audio (default: that of the data set's name)")
    parser.add_argument(
        "--preset", choices=list(PRESETS), help="begin with these settings in place of the thesis's"
    )
    parser.add_argument(
        "--only-make", action="store_true", help="make the runs, do not train them; `taglab launch` does"
    )
    _add_report(parser, "--report")
    add_network(parser, omit=("network", "mels"))
    add_settings(parser.add_argument_group("training"), TrainConfig, choices=train_choices())
    finish(parser, _reproduce)


def _add_report(parser: Parser, flag: str) -> None:
    group = parser.add_argument_group("the report")
    group.add_argument(
        flag, dest="report", type=_html_path, metavar="FILE.html",
        help="write tables, figures and claims of the whole thesis, published beside ours, to this file",
    )  # fmt: skip
    group.add_argument(
        "--arrays", type=Path, metavar="FOLDER",
        help="folder of the arrays published with the thesis: figures by label and decisions of ten models, "
        "and the co-occurrence of figure 14",
    )  # fmt: skip


def _html_path(text: str) -> Path:
    path = typed_path(text)
    if path.suffix.lower() != ".html" or path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} must be a file that ends in .html")
    return path


def _fill_report(parser: Parser) -> None:
    from taglab.studies.thesis.models import NETWORKS

    parser.add_argument("--data", metavar="NAME", help="data set whose runs stand on our side")
    parser.add_argument("--vectors", default="own", metavar="NAME", help="word vectors of figures 10 and 11")
    parser.add_argument(
        "--network", choices=NETWORKS, default=NETWORKS[0], help="whose runs decide on claims"
    )
    _add_report(parser, "--html")
    finish(parser, _report)


def _report(args: argparse.Namespace) -> Report:
    return _reported(args, args.data, None, args.vectors, args.network)


def _reported(
    args: argparse.Namespace, data: str | None, differs: pd.DataFrame | None, vectors: str, network: Any
) -> Report:
    """Gather the report, write it where that is asked, and tell the claims."""
    from taglab.studies.thesis.report import gather, write_report

    with progress_bar() as progress:
        figures = args.report is not None
        found = gather(data, differs, args.arrays, vectors, network, figures, progress)
    facts: dict[str, Any] = {"data": data}
    notes = []
    if args.report is not None:
        written = write_report(found, args.report)
        facts["file"] = str(written[0])
        notes += [f"wrote {path}" for path in written]
    return Report(facts, found.claims, notes=tuple(notes))


def _reproduce_all(args: argparse.Namespace, changes: dict[str, Any]) -> Report:
    from taglab.embeddings import Lookup
    from taglab.studies.thesis.models import NETWORKS, reproduce_all
    from taglab.studies.thesis.recipes import RecipeSettings

    settings = settings_of(args, RecipeSettings, lookup=settings_values(args, Lookup))
    given = "network" in settings_values(args, RecipeSettings)
    networks = (settings.network,) if given else NETWORKS
    with progress_bar() as progress:
        thesis = reproduce_all(settings, networks, args.audio, args.preset, changes, args.only_make, progress)
    if args.report is not None:
        vectors = settings.vectors[-2:][0] if settings.vectors else "own"
        return _reported(args, settings.data, thesis.differs(), vectors, networks[0])
    left_out = {" ".join(cell): reason for cell, reason in thesis.left_out.items()}
    notes = ["`taglab report` sets them beside the thesis, claim by claim"]
    return Report({"data": settings.data, "left_out": left_out}, thesis.table(), notes=tuple(notes))


def _reproduce(args: argparse.Namespace) -> Report:
    from taglab.embeddings import Lookup
    from taglab.progress import between
    from taglab.studies.thesis.recipes import RecipeSettings, plan
    from taglab.studies.thesis.reproducing import make, report, reproduce
    from taglab.training import TrainConfig

    settings = settings_of(args, RecipeSettings, lookup=settings_values(args, Lookup))
    changes = {
        "network": network_values(args),
        "train": settings_values(args, TrainConfig),
    }
    if args.recipe == "all":
        return _reproduce_all(args, changes)
    if args.report is not None or args.arrays is not None:
        raise UsageError("--report and --arrays are of the whole thesis: `taglab reproduce all`, or `report`")
    with progress_bar() as progress:
        planned = plan(args.recipe, settings, between(progress, 0, 0.05))
        asked = (planned, args.audio, args.preset, changes)
        if args.only_make:
            return _told(planned, report(planned, make(*asked, progress)))
        return _told(planned, reproduce(*asked, between(progress, 0.05, 1)))


def _told(planned: Plan, found: Reproduction) -> Report:
    from taglab.runs import open_published
    from taglab.studies.thesis.recipes import RECIPES
    from taglab.training import is_finished

    recipe = RECIPES[planned.recipe]
    facts = {
        "recipe": planned.recipe,
        "title": recipe.title,
        "source": recipe.source,
        "differs": [{name: said for name, said in vars(each).items() if said} for each in found.differs],
    }
    unfinished = [run.name for run in found.runs.values() if not is_finished(run)]
    notes = [f"`taglab launch {' '.join(unfinished)}` trains them"] if unfinished else []
    beside = {
        found.runs[model.name].name: model.published
        for model in planned.models
        if model.published is not None
    }
    for run, published in [pair for pair in beside.items() if pair[0] not in unfinished][:1]:
        if len(open_published(published).per_label()):
            line = f"taglab compare-runs {run} {published} --by pair --metric auc_pr"
            notes.append(f"label by label: {line}")
    return Report(facts, found.table, notes=tuple(notes))
