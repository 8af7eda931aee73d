"""`taglab audio`: the sound of tracks, decoded once and kept."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.loading import openable
from taglab.cli.options import Parser, UsageError, add_commands, add_settings, finish, settings_of, whole
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report, records

if TYPE_CHECKING:
    import pandas as pd

    from taglab.audio.store import AudioStore
    from taglab.progress import Progress

_EXAMPLES = 5


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "audio",
        help="sound: list, add, show, check, remove",
        description="The sound of tracks: decoded, mixed to mono or stereo and resampled once, then "
        "read as fast as memory. That of the demo is synthesised when it is first used.",
        fill=_fill,
        examples="""
taglab audio add ~/music --name mine
taglab audio add files.csv --name mine --data mine
taglab audio list --data mine
taglab audio show mine --data mine
""",
    )


def _fill(parser: Parser) -> None:
    commands = add_commands(parser)
    commands.add_parser(
        "list",
        help="the sound there is",
        description="List the sound that was added; the demo's is made when it is first used.",
        returns="[{name, tracks, refused, hours, sample_rate_hz, channels[, with_sound]}], null where "
        "the demo's is not made yet",
        fill=_fill_list,
        examples="taglab audio list\ntaglab audio list --data mine",
    )
    commands.add_parser(
        "add",
        help="decode audio files and keep their sound under a name",
        description="Decode MP3, AAC (M4A), WMA, FLAC, WAV, AIFF, Ogg Vorbis, Opus and other audio files to "
        "their end, whatever a header announces, and keep their sound under a name; one of the same name is "
        "replaced. A file that cannot be used costs only itself, and is told with the reason; told are also "
        "what had to be put right, which tracks hold the same sound, and which endings were passed over. "
        "After an interruption the same command goes on where it was.",
        returns="{name, tracks, refused, hours, sample_rate_hz, channels, stems: [{stem, tracks, without, "
        "unequal, examples}], refusals: [{reason, tracks, examples}], remarks: [{remark, "
        "tracks, examples}], copies: [[track, ...]], passed_over: {ending: files}[, data: {...}]}",
        fill=_fill_add,
        examples="""
taglab audio add ~/music --name mine --data mine
taglab audio add files.csv --name mine            (columns track and path)
taglab audio add clips.zip --name clips --min-duration-s 1
taglab audio add stereo/ --name wide --sample-rate-hz 44100 --channels 2
taglab audio add mixes/ --name mixes --stem voice=stems/voice --stem rest=stems/rest
""",
    )
    commands.add_parser(
        "show",
        help="what sound there is under a name",
        description="Show how much sound there is, what was refused and why, and, with --data, how many "
        "tracks of a data set have sound.",
        returns="{name, tracks, refused, hours, shortest_s, longest_s, sample_rate_hz, channels, "
        "stems: [...], refusals: [...], remarks: [...], copies: [...], passed_over: {...}[, data: {name, "
        "tracks, with_sound, refused, missing, examples, others}], rows: [{track, duration_s, "
        "file_rate_hz, source, remark}]}, with --refused rows: [{track, source, reason}], with --missing "
        "rows: [{track, reason}]",
        fill=_fill_show,
        examples="""
taglab audio show demo --data demo
taglab audio show mine --refused --out refused.csv
taglab audio show mine --data mine --missing --out missing.csv
""",
    )
    commands.add_parser(
        "check",
        help="read everything and compare checksums",
        description="Read all kept sound and compare it with the checksums of when it was written.",
        returns="{name, shards, bytes, sound}",
        fill=lambda own: _fill_named(own, _check),
        examples="taglab audio check mine",
    )
    commands.add_parser(
        "remove",
        help="remove sound from the cache",
        description="Remove sound from the cache; the files it was made of are not touched.",
        returns="{removed}",
        fill=lambda own: _fill_named(own, _remove),
        examples="taglab audio remove mine",
    )


def _fill_list(parser: Parser) -> None:
    parser.add_argument(
        "--data", metavar="NAME", help="also tell how many tracks of this data set have sound"
    )
    finish(parser, _list)


def _fill_add(parser: Parser) -> None:
    from taglab.audio.store import StoreSettings
    from taglab.audio.streams import AUDIO_SUFFIXES

    parser.add_argument(
        "path",
        type=Path,
        metavar="PATH",
        help="a folder or .zip of audio files, each named as its track, or a table of track and path; "
        f"endings searched for: {' '.join(sorted(AUDIO_SUFFIXES))}",
    )
    parser.add_argument("--name", required=True, help="what to call it from now on")
    parser.add_argument(
        "--data",
        metavar="NAME",
        help="tell how many tracks of this data set have sound; where it knows the path of each track's file "
        "(MagnaTagATune, MTG-Jamendo), files are matched by it",
    )
    parser.add_argument(
        "--workers", type=whole(1), metavar="N", help="threads that decode (default: as many as cores)"
    )
    parser.add_argument(
        "--stem", action="append", default=[], type=_stem, metavar="NAME=PATH",
        help="a part of the same tracks, as the voice, kept aside: given like PATH; may come several times",
    )  # fmt: skip
    add_settings(parser.add_argument_group("how it is kept"), StoreSettings)
    finish(parser, _add, table=False)


def _stem(text: str) -> tuple[str, str]:
    name, sign, path = text.partition("=")
    if not (name and sign and path):
        raise argparse.ArgumentTypeError(f"{text!r} must be NAME=PATH")
    return name, path


def _fill_show(parser: Parser) -> None:
    parser.add_argument("audio", metavar="NAME", nargs="?", default="demo", help="sound (default: demo)")
    parser.add_argument("--data", metavar="NAME", help="tell how many tracks of this data set have sound")
    listed = parser.add_mutually_exclusive_group()
    listed.add_argument("--refused", action="store_true", help="list what was refused instead of the tracks")
    listed.add_argument(
        "--missing", action="store_true", help="list every track of --data that has no sound, and why"
    )
    finish(parser, _show)


def _fill_named(parser: Parser, run: Any) -> None:
    parser.add_argument("audio", metavar="NAME", help="sound")
    finish(parser, run, table=False)


def _list(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.audio.library import DEMO, audio_names, open_audio, sounding
    from taglab.errors import NotFound

    def row(name: str) -> dict[str, Any]:
        try:
            store = open_audio(name)
        except NotFound:
            if name != DEMO:
                raise
            return {"name": name}
        known = {} if data is None else {"with_sound": len(sounding(store, data).with_sound)}
        return {"name": name, **_size(store), **known}

    data = _data(args)
    rows, notes = openable(audio_names(), row)
    columns = [
        "name",
        "tracks",
        "refused",
        "hours",
        "sample_rate_hz",
        "channels",
        *(["with_sound"] if data else []),
    ]
    table = pd.DataFrame(rows, columns=columns)
    return Report(
        table=table.astype({name: "Int64" for name in columns if name not in ("name", "hours")}), notes=notes
    )


def _add(args: argparse.Namespace) -> Report:
    from taglab.audio.library import add_audio, audio_files
    from taglab.audio.store import StoreSettings
    from taglab.paths import typed_path
    from taglab.progress import between

    settings = settings_of(args, StoreSettings)
    with progress_bar() as progress:
        data = _data(args, progress)
        unpacking = between(progress, 0, 0.1)
        with contextlib.ExitStack() as held:
            files = held.enter_context(audio_files(typed_path(str(args.path)), data, unpacking))
            stems = {
                stem: held.enter_context(audio_files(typed_path(path), data)) for stem, path in args.stem
            }
            decoding = between(progress, 0.1, 1)
            store = add_audio(files, args.name, settings, args.workers, decoding, stems)
    return Report({"name": args.name, **_size(store), **_told(store), **_known(store, data)})


def _show(args: argparse.Namespace) -> Report:
    if args.missing and args.data is None:
        raise UsageError("--missing needs --data, which says what tracks there are")
    with progress_bar() as progress:
        data = _data(args, progress)
        store = _opened(args, progress)
    duration_s = store.samples / store.sample_rate_hz
    return Report(
        {
            "name": args.audio,
            **_size(store),
            "shortest_s": duration_s.min(initial=float("inf")),
            "longest_s": duration_s.max(initial=0),
            **_told(store),
            **_known(store, data),
        },
        _listed(args, store, data),
    )


def _listed(args: argparse.Namespace, store: AudioStore, data: Any) -> pd.DataFrame:
    import pandas as pd

    from taglab.audio.library import without_sound

    if args.refused:
        return store.refused
    if args.missing:
        return without_sound(store, data)
    return pd.DataFrame(
        {
            "track": store.tracks["track"],
            "duration_s": store.samples / store.sample_rate_hz,
            "file_rate_hz": store.tracks["file_rate_hz"],
            "source": store.tracks["source"],
            "remark": store.tracks["remark"],
        }
    )


def _check(args: argparse.Namespace) -> Report:
    with progress_bar() as progress:
        store = _opened(args, progress)
        store.verify(progress)
    size = 2 * store.channels * int(store.samples.sum())
    return Report({"name": args.audio, "shards": len(store.checksums), "bytes": size, "sound": True})


def _remove(args: argparse.Namespace) -> Report:
    from taglab.audio.library import delete_audio

    delete_audio(args.audio)
    return Report({"removed": args.audio})


def _opened(args: argparse.Namespace, progress: Progress) -> AudioStore:
    from taglab import sources
    from taglab.audio.library import DEMO, open_audio, resolve_audio

    if args.audio == DEMO:
        return resolve_audio(DEMO, sources.open_folksonomy(sources.DEMO, progress), progress)
    return open_audio(args.audio)


def _data(args: argparse.Namespace, progress: Any = None) -> Any:
    """Return the data set of `--data`, None where none was given."""
    if args.data is None:
        return None
    from taglab import sources
    from taglab.progress import silent

    return sources.open_folksonomy(args.data, progress or silent)


def _size(store: AudioStore) -> dict[str, Any]:
    return {
        "tracks": len(store),
        "refused": len(store.refused),
        "hours": float(store.samples.sum()) / store.sample_rate_hz / 3_600,
        "sample_rate_hz": store.sample_rate_hz,
        "channels": store.channels,
    }


def _told(store: AudioStore) -> dict[str, Any]:
    """Return what was refused, passed over, put right or kept twice."""
    from taglab.audio.library import refusals, remarks, stem_table

    return {
        "stems": records(stem_table(store)),
        "refusals": records(refusals(store)),
        "remarks": records(remarks(store)),
        "copies": [list(tracks) for tracks in store.copies],
        "passed_over": store.passed_over,
    }


def _known(store: AudioStore, data: Any) -> dict[str, Any]:
    """Return how many tracks of a data set have sound, under `data`; nothing where none was named."""
    if data is None:
        return {}
    from taglab.audio.library import sounding

    found = sounding(store, data)
    facts = {
        "name": data.name,
        "tracks": data.n_tracks,
        "with_sound": len(found.with_sound),
        "refused": len(found.refused),
        "missing": len(found.missing),
        "examples": list(found.missing[:_EXAMPLES]),
        "others": found.others,
    }
    return {"data": facts}
