"""From arguments to an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from taglab.cli.commands import build_parser
from taglab.cli.options import UsageError
from taglab.cli.report import emit, visible
from taglab.errors import TaglabError, out_of_memory
from taglab.verbs.report import Report

OK, FAILED, WRONG_USAGE, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        argv: Arguments without the program's name; those of the process where None.

    Returns:
        0 done; 1 something the user can mend, said in a sentence; 2 wrong usage; 130 interrupted; 141 the
        reader of the output went away.

    Raises:
        SystemExit: From argparse, after help (0) or wrong usage (2).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        args = build_parser().parse_args(_with_command(arguments))
        return _run(args)
    except BrokenPipeError:
        # Python flushes standard output once more at exit; there must be somewhere for it to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except TaglabError as error:
        return _say(str(error), FAILED)
    except OSError as error:
        # What is expected of files is told where they are used; this is for a disk or a pipe that fails.
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}{error.strerror or error}", FAILED)
    except MemoryError as error:
        return _say(out_of_memory(error), FAILED)
    except KeyboardInterrupt:
        return _say("interrupted; nothing of it was kept", INTERRUPTED)


def _run(args: argparse.Namespace) -> int:
    try:
        if args.cache is not None:
            os.environ["TAGLAB_HOME"] = str(args.cache.absolute())
        result = args.run(args)
        if isinstance(result, Report):
            emit(result, args)
            sys.stdout.flush()
            _say_what_is_not_kept()
            return OK
        return int(result)
    except UsageError as error:
        return _say(f"{error} (see `{args.program} --help`)", WRONG_USAGE)


def _say_what_is_not_kept() -> None:
    keeping = sys.modules.get("taglab.cache")  # what was never imported kept nothing
    why = keeping.why_not_kept() if keeping is not None else ""
    if why:
        _say(f"what was computed is not kept, and will be computed again: {why}", OK)


def _with_command(arguments: list[str]) -> list[str]:
    """Put `app` first where no command is named: `taglab --port 8600` opens the dashboard."""
    first = arguments[0] if arguments else ""
    if not first or (first.startswith("-") and first not in ("-h", "--help", "--version")):
        return ["app", *arguments]
    return arguments


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"taglab: {visible(' '.join(message.split()))}\n")
    return code
