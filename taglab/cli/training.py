"""Training runs, trying their configuration out, and asking them for predictions."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.options import Parser, UsageError, add_settings, finish, settings_values
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report

if TYPE_CHECKING:
    from taglab.runs import Run
    from taglab.training import RunConfig

_MELS = "mels-"
_PARTS = ("train", "validation", "test")
_TOLD = ("ap_macro", "ap_micro", "roc_auc_macro", "auc_pr_macro", "auc_pr_micro")


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "train",
        help="train a tagger, or go on with one",
        description="Train a run to its end, here and now. With the name of a run it goes on where its last "
        "checkpoint stands; with --labels it makes a run first, named by what differs from the defaults. "
        "`taglab launch` trains in the background.",
        returns="{run, epochs, best_epoch, parameters, validation: {ap_macro, ...}, test: {ap_macro, ...}}",
        fill=_fill_train,
        examples="""
taglab train --labels my-classes --preset tiny
taglab train --data mine --labels my-classes --audio mine --network waveform --epochs 30 --batch-size 32
taglab train --labels my-classes --width 0.5 --only-make
taglab train my-run
""",
    )
    commands.add_parser(
        "dry-run",
        help="what a training would take, from a few steps of it",
        description="Take a few steps of a training on the real data, keep nothing, and tell parameters, "
        "memory, speed, and what of the data would be left out.",
        returns="{device, parameters, memory_gib, first_loss, clips_per_s, minutes_per_epoch, window_s, "
        "tracks, padded, steps_per_epoch, without_positives, without_vector, rows: [{reason, tracks, "
        "examples}]}",
        fill=_fill_dry_run,
        examples="taglab dry-run --labels my-classes --preset thesis-spectrogram --batch-size 16",
    )
    commands.add_parser(
        "predict",
        help="what a trained run says of its tracks",
        description="Let a run's network hear a part of its tracks, whole, and write scores and truth to a "
        "file that `numpy.load` reads.",
        returns="{run, checkpoint, part, tracks, classes, file, ap_macro, ...}",
        fill=_fill_predict,
        examples="taglab predict my-run --part test --out scores.npz",
    )


def add_config(parser: Parser) -> None:
    """Add the flags that make a `RunConfig`."""
    # Read when torch is imported. By default its threads spin while they wait for one another; beside a
    # browser and a dashboard on the same cores a step then takes four times as long, or worse.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from taglab.audio.mels import MEL_PRESETS, MelSettings
    from taglab.losses import LOSSES
    from taglab.nets import NETWORKS, NetworkSettings
    from taglab.training import PRESETS, TrainConfig

    parser.add_argument("--data", metavar="NAME", help="data set (default: demo)")
    parser.add_argument("--labels", metavar="NAME", help="label space; see `taglab labels`")
    parser.add_argument("--audio", metavar="NAME", help="audio (default: that of the data set's name)")
    parser.add_argument(
        "--preset", choices=list(PRESETS), help="begin with these settings; flags change them"
    )
    network = parser.add_argument_group("the network")
    add_settings(network, NetworkSettings, choices={"network": list(NETWORKS)}, omit=("mels",))
    network.add_argument(
        "--mels", choices=list(MEL_PRESETS), help="how sound becomes a spectrogram (default: thesis-code)"
    )
    add_settings(network, MelSettings, prefix=_MELS)
    training = parser.add_argument_group("training")
    add_settings(training, TrainConfig, choices={"loss": list(LOSSES)})


def config_of(args: argparse.Namespace) -> RunConfig:
    """Return the configuration that the flags of `add_config` ask for."""
    from taglab.audio.mels import MEL_PRESETS, MelSettings
    from taglab.errors import InvalidSetting
    from taglab.nets import NetworkSettings
    from taglab.training import PRESETS, TrainConfig, merged, run_config

    if args.labels is None:
        raise UsageError("--labels must name the label space to be learned, or RUN a run to go on with")
    network: dict[str, Any] = settings_values(args, NetworkSettings)
    mels = settings_values(args, MelSettings, _MELS)
    if args.mels is not None:
        mels = {**MEL_PRESETS[args.mels].model_dump(), **mels}
    if mels:
        network["mels"] = mels
    data = args.data or "demo"
    values: dict[str, Any] = {
        "data": data,
        "labels": args.labels,
        "audio": args.audio or data,
        "network": network,
        "train": settings_values(args, TrainConfig),
    }
    try:
        return run_config(merged(PRESETS[args.preset] if args.preset else {}, values))
    except InvalidSetting as error:
        raise UsageError(str(error)) from error


def _fill_train(parser: Parser) -> None:
    parser.add_argument("run_name", nargs="?", metavar="RUN", help="a run to go on with")
    add_config(parser)
    made = parser.add_argument_group("the run that is made")
    made.add_argument("--group", default="", metavar="NAME", help="sweep or experiment it belongs to")
    made.add_argument("--note", default="", metavar="TEXT", help="a note of your own")
    made.add_argument(
        "--only-make", action="store_true", help="make it, do not train it; `taglab launch` does"
    )
    finish(parser, _train, table=False)


def _train(args: argparse.Namespace) -> Report | int:
    from taglab.runs import open_run
    from taglab.runs.process import first_of_several
    from taglab.training import new_run, train

    with progress_bar() as progress:
        if args.run_name is not None:
            _refuse_flags(args)
            run = open_run(args.run_name)
        else:
            run = new_run(config_of(args), args.group, args.note, progress)
            if args.only_make:
                return Report({"run": run.name}, notes=(f"`taglab launch {run.name}` trains it",))
            # Fabric starts the other processes of several devices with this command: of the same run.
            sys.argv[1:] = ["train", run.name]
            if args.cache is not None:
                os.environ["TAGLAB_HOME"] = str(Path(args.cache).absolute())
        run = train(run.name, progress)
    return _trained(run) if first_of_several() else 0


def _refuse_flags(args: argparse.Namespace) -> None:
    """A run that is there has its configuration already."""
    from taglab.audio.mels import MelSettings
    from taglab.nets import NetworkSettings
    from taglab.training import TrainConfig

    own = [args.data, args.labels, args.audio, args.preset, args.mels]
    given = any(value is not None for value in own) or args.group or args.note or args.only_make
    settings = (
        settings_values(args, NetworkSettings),
        settings_values(args, MelSettings, _MELS),
        settings_values(args, TrainConfig),
    )
    if given or any(settings):
        raise UsageError(f"{args.run_name} is trained as it was made; name a run or give settings, not both")


def _trained(run: Run) -> Report:
    summary = run.summary()
    figures = {
        part: {name: summary[part][name] for name in _TOLD if name in summary[part]}
        for part in ("validation", "test")
    }
    kept = ("epochs", "best_epoch", "parameters")
    return Report({"run": run.name, **{name: summary[name] for name in kept}, **figures})


def _fill_dry_run(parser: Parser) -> None:
    add_config(parser)
    finish(parser, _dry_run)


def _dry_run(args: argparse.Namespace) -> Report:
    from taglab.training import dry_run

    with progress_bar() as progress:
        tried = dry_run(config_of(args), progress)
    without = [
        {"class": row[0], **dict(zip(_PARTS, row[1:], strict=True))}
        for row in tried.without_positives[["class", *_PARTS]].itertuples(index=False, name=None)
    ]
    return Report(
        {
            "device": tried.device,
            "parameters": tried.parameters,
            "memory_gib": tried.memory_gib,
            "first_loss": tried.first_loss,
            "clips_per_s": tried.clips_per_s,
            "minutes_per_epoch": tried.minutes_per_epoch,
            "window_s": tried.window_s,
            "tracks": tried.tracks,
            "padded": tried.padded,
            "steps_per_epoch": tried.steps_per_epoch,
            "without_positives": without,
            "without_vector": list(tried.without_vector),
        },
        tried.left_out,
        notes=("the rows are tracks left out",) if len(tried.left_out) else (),
    )


def _fill_predict(parser: Parser) -> None:
    parser.add_argument("run_name", metavar="RUN", help="a run trained at least one epoch")
    parser.add_argument("--part", choices=_PARTS, default="test", help="which tracks (default: test)")
    parser.add_argument(
        "--checkpoint", choices=("best", "last"), default="best", help="of which epoch (default: best)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write scores and truth to FILE, an .npz")
    finish(parser, _predict, table=False)


def _predict(args: argparse.Namespace) -> Report:
    from taglab.runs import open_run
    from taglab.training import judge, predict

    if args.out is not None and args.out.suffix != ".npz":
        raise UsageError(f"--out {args.out} must end in .npz")
    run = open_run(args.run_name)
    with progress_bar() as progress:
        said = predict(run, args.checkpoint, args.part, progress)
    if args.out is not None:
        said.save(args.out)
    judged = judge(said)
    return Report(
        {
            "run": run.name,
            "checkpoint": args.checkpoint,
            "part": args.part,
            "tracks": said.n_tracks,
            "classes": said.n_classes,
            "file": args.out and str(args.out),
            **{name: judged.figures[name] for name in _TOLD},
        },
        notes=(judged.left_out,) if judged.left_out else (),
    )
