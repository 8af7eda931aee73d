"""Training runs, trying their configuration out, and asking them for predictions."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from taglab.cli.networks import add_network, network_values
from taglab.cli.options import Parser, UsageError, add_settings, finish, settings_values, whole
from taglab.cli.progress import progress_bar
from taglab.cli.report import TABLE_WRITERS, write_table
from taglab.verbs.report import Report, records

if TYPE_CHECKING:
    from taglab.audio.store import AudioStore, StoreSettings
    from taglab.progress import Progress
    from taglab.runs import Run
    from taglab.training import RunConfig
    from taglab.vectors import Vectors

Part = Literal["train", "validation", "test"]
_PARTS = ("train", "validation", "test")


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
        "tracks, padded, torn_copies, steps_per_epoch, without_positives, without_vector, rows: [{reason, "
        "tracks, examples}]}",
        fill=_fill_dry_run,
        examples="taglab dry-run --labels my-classes --preset thesis-spectrogram --batch-size 16",
    )
    commands.add_parser(
        "predict",
        help="what a trained run says of its tracks, or of new sound",
        description="Let a run's network hear a part of its tracks, whole, and write scores and truth to a "
        "file that `numpy.load` reads; or, with --audio, tag new sound: files are decoded as the run hears "
        "them, cut into its windows, and each label's score is the mean over a track's windows.",
        returns="{run, checkpoint, part, tracks, classes, file, ap_macro, ...}, with --audio {run, "
        "checkpoint, tracks, classes, sample_rate_hz, window_s, left_out: [{reason, tracks, examples}], "
        "remarks: [...], passed_over: {...}, rows: [{track, label, score}]}, or rows of tracks or windows "
        "with a score a label",
        fill=_fill_predict,
        examples="""
taglab predict my-run --part test --out scores.npz
taglab predict my-run --audio ~/new-songs --top 3
taglab predict my-run --audio songs.zip --rows windows --out windows.parquet
taglab predict my-run --audio mine                  (sound that was added)
""",
    )
    commands.add_parser(
        "encode",
        help="tracks as vectors, by the layer before a run's head",
        description="Write what a run's network knows of tracks before its head: one vector a track, the "
        "mean over its windows. With --weights untrained the network is taken as training began.",
        returns="{run, weights, tracks, dim, missing: [track, ...], file}",
        fill=_fill_encode,
        examples="""
taglab encode my-run --out tracks.npz                        (arrays ids and vectors)
taglab encode my-run --tracks test --out tracks.parquet
taglab encode my-run --weights untrained --out random.npz
taglab encode my-run --audio other --out others.npz          (sound that was added)
""",
    )


def add_config(parser: Parser) -> None:
    """Add the flags that make a `RunConfig`."""
    # Read when torch is imported. By default its threads spin while they wait for one another; beside a
    # browser and a dashboard on the same cores a step then takes four times as long, or worse.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from taglab.training import PRESETS, TrainConfig, train_choices

    parser.add_argument("--data", metavar="NAME", help="data set (default: demo)")
    parser.add_argument("--labels", metavar="NAME", help="label space; see `taglab labels`")
    parser.add_argument("--audio", metavar="NAME", help="audio (default: that of the data set's name)")
    parser.add_argument(
        "--preset", choices=list(PRESETS), help="begin with these settings; flags change them"
    )
    add_network(parser)
    training = parser.add_argument_group("training")
    add_settings(training, TrainConfig, choices=train_choices())


def config_of(args: argparse.Namespace) -> RunConfig:
    """Return the configuration that the flags of `add_config` ask for."""
    from taglab.errors import InvalidSetting
    from taglab.training import PRESETS, TrainConfig, run_config, settings_over

    if args.labels is None:
        raise UsageError("--labels must name the label space to be learned, or RUN a run to go on with")
    data = args.data or "demo"
    values: dict[str, Any] = {
        "data": data,
        "labels": args.labels,
        "audio": args.audio or data,
        "network": network_values(args),
        "train": settings_values(args, TrainConfig),
    }
    try:
        return run_config(settings_over(PRESETS[args.preset] if args.preset else {}, values))
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
    from taglab.training import TrainConfig

    own = [args.data, args.labels, args.audio, args.preset]
    given = any(value is not None for value in own) or args.group or args.note or args.only_make
    if given or network_values(args) or settings_values(args, TrainConfig):
        raise UsageError(f"{args.run_name} is trained as it was made; name a run or give settings, not both")


def _trained(run: Run) -> Report:
    from taglab.metrics import mean_columns

    summary = run.summary()
    figures = {
        part: {name: summary[part][name] for name in mean_columns() if name in summary[part]}
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
            "torn_copies": [list(same) for same in tried.torn_copies],
            "steps_per_epoch": tried.steps_per_epoch,
            "without_positives": without,
            "without_vector": list(tried.without_vector),
        },
        tried.left_out,
        notes=("the rows are tracks left out",) if len(tried.left_out) else (),
    )


def _fill_encode(parser: Parser) -> None:
    from taglab.training.running import Weights

    parser.add_argument("run_name", metavar="RUN", help="a run; trained, but for --weights untrained")
    parser.add_argument(
        "--tracks", choices=("all", *_PARTS), default="all",
        help="every track of the sound, or a part of the run's own (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--audio", metavar="NAME", help="other sound, that was added (default: the run's own)"
    )
    parser.add_argument(
        "--weights", choices=get_args(Weights), default="best",
        help="of the best epoch on validation, of the last, or as training began (default: best)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=_vectors_path, metavar="FILE", required=True,
        help="an .npz of the arrays ids and vectors, or a table of a row a track: "
        + ", ".join(TABLE_WRITERS),
    )  # fmt: skip
    finish(parser, _encode, table=False)


def _vectors_path(text: str) -> Path:
    from taglab.paths import typed_path

    path = typed_path(text)
    if path.suffix.lower() not in (".npz", *TABLE_WRITERS):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .npz, {', '.join(TABLE_WRITERS)}")
    return path


def _encode(args: argparse.Namespace) -> Report:
    from taglab.audio.library import open_audio
    from taglab.runs import open_run
    from taglab.training import encode

    if args.audio is not None and args.tracks != "all":
        raise UsageError("--tracks names a part of the run's own tracks, and --audio other sound; give one")
    run = open_run(args.run_name)
    store = None if args.audio is None else open_audio(args.audio)
    with progress_bar() as progress:
        vectors = encode(run, args.tracks, args.weights, store, progress)
    _write_vectors(vectors, args.out)
    facts = {"tracks": len(vectors), "dim": vectors.dim, "missing": list(vectors.missing)}
    return Report({"run": run.name, "weights": args.weights, **facts, "file": str(args.out)})


def _write_vectors(vectors: Vectors, path: Path) -> None:
    import numpy as np
    import pandas as pd

    from taglab.cache import replacing

    if path.suffix.lower() == ".npz":
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, ids=np.array(vectors.ids), vectors=vectors.vectors)
        return
    table = pd.DataFrame(vectors.vectors, columns=[str(number) for number in range(vectors.dim)])
    table.insert(0, vectors.column, list(vectors.ids))
    write_table(table, path)


def _fill_predict(parser: Parser) -> None:
    parser.add_argument("run_name", metavar="RUN", help="a run trained at least one epoch")
    parser.add_argument("--part", choices=_PARTS, help="which of its own tracks (default: test)")
    parser.add_argument(
        "--checkpoint", choices=("best", "last"), default="best", help="of which epoch (default: best)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write scores and truth to FILE, an .npz; with --audio the rows, to .csv, .parquet or .json",
    )
    new = parser.add_argument_group("new sound")
    new.add_argument(
        "--audio",
        metavar="SOUND",
        help="a folder or .zip of audio files, a table of track and path, or the name of added sound",
    )
    new.add_argument(
        "--rows",
        choices=("labels", "tracks", "windows"),
        default="labels",
        help="the best labels of each track, or every label's score by track or by window (default: labels)",
    )
    new.add_argument("--top", type=whole(1), default=5, metavar="N", help="labels of each track (default: 5)")
    new.add_argument("--workers", type=whole(1), metavar="N", help="threads that decode")
    new.add_argument("--all", action="store_true", help="show all rows, not the first 50 only")
    finish(parser, _predict, table=False)


def _predict(args: argparse.Namespace) -> Report:
    from taglab.runs import open_run
    from taglab.training import evaluate, predict

    if args.audio is not None:
        return _tag(args)
    if args.out is not None and args.out.suffix != ".npz":
        raise UsageError(f"--out {args.out} must end in .npz")
    run = open_run(args.run_name)
    with progress_bar() as progress:
        part: Part = args.part or "test"
        predictions = predict(run, args.checkpoint, part, progress)
    if args.out is not None:
        predictions.save(args.out)
    evaluation = evaluate(predictions)
    return Report(
        {
            "run": run.name,
            "checkpoint": args.checkpoint,
            "part": part,
            "tracks": predictions.n_tracks,
            "classes": predictions.n_classes,
            "file": args.out and str(args.out),
            **evaluation.figures,
        },
        notes=(evaluation.left_out,) if evaluation.left_out else (),
    )


def _tag(args: argparse.Namespace) -> Report:
    """Tag new sound."""
    from taglab.audio.library import remarks
    from taglab.progress import between
    from taglab.runs import open_run
    from taglab.training import sound_format_of, tag_sound

    if args.part is not None:
        raise UsageError("--part is of the run's own tracks, and --audio of new sound; give one of them")
    if args.out is not None and args.out.suffix.lower() not in TABLE_WRITERS:
        raise UsageError(f"--out {args.out} must end in {', '.join(TABLE_WRITERS)} with --audio")
    run = open_run(args.run_name)
    with progress_bar() as progress:
        sound = sound_format_of(run, between(progress, 0, 0.05))
        with _sound(args, sound.store_settings, between(progress, 0.05, 0.7)) as store:
            tagging = tag_sound(run, store, args.checkpoint, between(progress, 0.7, 1))
            told = {"remarks": records(remarks(store)), "passed_over": store.passed_over}
    tables = {
        "labels": lambda: tagging.best(args.top),
        "tracks": tagging.table,
        "windows": tagging.window_table,
    }
    return Report(
        {
            "run": run.name,
            "checkpoint": args.checkpoint,
            "tracks": len(tagging.tracks),
            "classes": len(tagging.classes),
            "sample_rate_hz": sound.sample_rate_hz,
            "window_s": sound.window_s,
            "left_out": records(tagging.left_out),
            **told,
        },
        tables[args.rows](),
    )


@contextlib.contextmanager
def _sound(args: argparse.Namespace, settings: StoreSettings, progress: Progress) -> Iterator[AudioStore]:
    """Give the sound that `--audio` names: what was added under a name, or files, decoded for a while."""
    from taglab.audio.library import audio_files, audio_names, brief_audio, open_audio
    from taglab.paths import typed_path
    from taglab.progress import between

    path = typed_path(args.audio)
    if args.audio in audio_names() and not path.exists():
        yield open_audio(args.audio)
        return
    unpacking, decoding = between(progress, 0, 0.1), between(progress, 0.1, 1)
    with (
        audio_files(path, progress=unpacking) as files,
        brief_audio(files, settings, args.workers, decoding) as store,
    ):
        yield store
