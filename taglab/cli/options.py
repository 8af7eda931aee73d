"""Options that several commands share, and options made from settings models."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
import types
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from taglab import settings
from taglab.cli.entries import BeginEntry, SetOfEntry
from taglab.cli.report import TABLE_WRITERS
from taglab.errors import InvalidSetting
from taglab.paths import typed_path

if TYPE_CHECKING:
    import pydantic
    from pydantic.fields import FieldInfo

    from taglab.verbs.question import Argument, Question

    Settings = TypeVar("Settings", bound=pydantic.BaseModel)

_HELP_WIDTH = 100
_LONGEST_CHOICES = 60
_MOST_SHOWN = 12
_NOT_GIVEN = object()  # argparse takes its own SUPPRESS, of a word that is not given, for a text to be read
DEST = "question "
"""Begins the names that arguments of a question have in argparse's namespace."""


def _help_formatter(prog: str) -> argparse.HelpFormatter:
    width = min(shutil.get_terminal_size().columns - 2, _HELP_WIDTH)
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=26, width=width)


class UsageError(Exception):
    """Options that do not go together, or a value outside what it may be."""


class Parser(argparse.ArgumentParser):
    """A parser that adds its arguments when it is first used, so that what they need is imported only then.

    Args:
        prog: How it is called.
        fill: Adds the arguments.
        description: What it does; wrapped where it is one paragraph.
        examples: Lines of shell, shown at the end of the help.
        returns: What `--json` writes, shown in the help.
        notes: Lines shown before the examples as they are.
    """

    def __init__(
        self,
        prog: str,
        *,
        fill: Callable[[Parser], None] | None = None,
        description: str = "",
        examples: str = "",
        returns: str = "",
        notes: str = "",
    ) -> None:
        super().__init__(prog=prog, formatter_class=_help_formatter, allow_abbrev=False)
        self.describe(description, examples, returns, notes)
        self._fill = fill

    def describe(self, description: str, examples: str, returns: str, notes: str = "") -> None:
        """Say what it does, how it is called, and what `--json` writes; see the arguments above."""
        self.description = description if "\n" in description else textwrap.fill(description, _HELP_WIDTH)
        ending = f"{notes.strip()}\n\n" if notes else ""
        ending += textwrap.fill(f"--json writes {returns}", _HELP_WIDTH) + "\n\n" if returns else ""
        if examples:
            ending += "examples:\n" + "\n".join(f"  {line}" for line in examples.strip().splitlines())
        self.epilog = ending or None

    def fill(self) -> None:
        """Add the arguments, if that was not done yet."""
        if self._fill is not None:
            fill, self._fill = self._fill, None
            fill(self)
            self.set_defaults(program=self.prog)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Add the arguments the first time, then parse."""
        self.fill()
        return super().parse_known_args(args, namespace)


def add_commands(parser: argparse.ArgumentParser, title: str = "commands") -> Any:
    """Let a parser take a command of its own; return what the commands are added to."""
    return parser.add_subparsers(title=title, metavar="COMMAND", required=True, parser_class=Parser)


def add_output(parser: argparse.ArgumentParser, table: bool = True) -> None:
    """Add `--json` and `--cache`; where a table comes out also `--out`, `--spreadsheet-safe` and `--all`."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="write JSON to standard output")
    if table:
        group.add_argument(
            "--out",
            type=table_path,
            metavar="FILE",
            help=f"write the whole table to FILE: {', '.join(TABLE_WRITERS)}",
        )
        group.add_argument(
            "--spreadsheet-safe",
            action="store_true",
            help="in a CSV, put an apostrophe before cells a spreadsheet would run as formulas (= + - @)",
        )
        group.add_argument("--all", action="store_true", help="show all rows, not the first 50 only")
    add_cache(group)


def add_cache(parser: Any) -> None:
    """Add `--cache`."""
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="FOLDER",
        help="where taglab keeps things (default: what TAGLAB_HOME names, else its own cache folder)",
    )


def table_path(text: str) -> Path:
    """Check the name of a table's file before anything is computed for it."""
    path = typed_path(text)
    if path.suffix.lower() not in TABLE_WRITERS:
        raise argparse.ArgumentTypeError(f"{text!r} must end in {', '.join(TABLE_WRITERS)}")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a folder")
    return path


def whole(least: int) -> Callable[[str], int]:
    """Return a type for whole numbers of at least `least`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,18}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, {least} or more")
        return int(text)

    return parse


def numbers(text: str) -> tuple[int, ...]:
    """Read a list of whole numbers for argparse; see `taglab.settings.numbers`."""
    try:
        return settings.numbers(text)
    except InvalidSetting as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_question(parser: Parser, question: type[Question], omit: Collection[str] = ()) -> None:
    """Add an argument for each setting of a question but those in `omit`, and the options of output."""
    add_arguments(parser, question, omit)
    add_output(parser, question.table)


def add_arguments(parser: Parser, question: type[Question], omit: Collection[str] = ()) -> None:
    """Add an argument for each setting of a question but those in `omit`."""
    from taglab.verbs.question import arguments

    titled: dict[str, Any] = {"": parser}
    asked = arguments(question)
    choices = {argument.place[:-1]: argument for argument in asked if argument.many and argument.chooses}
    has_words = any(argument.ask.word for argument in asked)  # which a flag of several values would take
    for argument in asked:
        if argument.place[0] in omit:
            continue
        if argument.title not in titled:
            about = textwrap.fill(argument.about_group, _HELP_WIDTH - 2) or None
            titled[argument.title] = parser.add_argument_group(argument.title, about)
        if argument.many:
            _add_of_entry(titled[argument.title], argument, choices[argument.place[:-1]])
        else:
            _add_argument(titled[argument.title], argument, has_words)
    for flag, now in question.renamed.items():
        parser.add_argument(flag, action=_Renamed, now=now)


def _add_argument(group: Any, argument: Argument, has_words: bool) -> None:
    ask, how = argument.ask, _reading_of(argument)
    dest = DEST + settings.dotted(argument.place)
    if ask.word:
        if get_origin(argument.field.annotation) is tuple:
            how |= {"nargs": "+" if argument.required else "*", "type": str}
        elif not argument.required:
            how["nargs"] = "?"
        group.add_argument(dest, default=_NOT_GIVEN, **how)
        return
    if ask.several:
        how |= {"action": "append"} if has_words else {"action": "extend", "nargs": "+"}
    flags = [argument.flag, *([f"-{ask.short}"] if ask.short else [])]
    group.add_argument(*flags, dest=dest, required=argument.required, default=argparse.SUPPRESS, **how)


def _add_of_entry(group: Any, argument: Argument, choice: Argument) -> None:
    """Add a flag of a list of settings: the one that begins an entry, or one for the entry begun last."""
    how, flags = _reading_of(argument), [argument.flag]
    how |= {"dest": DEST + settings.dotted(argument.place[:-1]), "default": argparse.SUPPRESS}
    if argument is choice:
        group.add_argument(*flags, action=BeginEntry, argument=argument, **how)
        return
    if argument.field.annotation is bool:
        flags.append(f"--no-{argument.flag.removeprefix('--')}")
        how = {**how, "nargs": 0}
    group.add_argument(*flags, **{**how, "action": SetOfEntry}, argument=argument, choice=choice)


def _reading_of(argument: Argument) -> dict[str, Any]:
    """Return how argparse reads an argument, and what its help says."""
    from taglab.verbs.question import is_mapping

    ask, default, annotation = argument.ask, argument.default, argument.field.annotation
    if is_mapping(annotation):
        how: dict[str, Any] = {"nargs": 2, "metavar": tuple(ask.metavar.split()), "type": str}
    elif ask.reads is not None:
        how = {"type": _path}
    elif ask.several:
        how = _reading_of_one(annotation)
    else:
        how = reading(argument.field, argument.choices)
    switch = annotation is bool and default is False and not argument.title
    if switch:
        how = {"action": "store_true"}
    choices, listing = how.get("choices", ()), ""
    if choices and (ask.several or len(",".join(map(str, choices))) > _LONGEST_CHOICES):  # breaks no line
        how["metavar"], listing = ask.metavar or "NAME", f"; one of {', '.join(map(str, choices))}"
    elif ask.metavar and not choices and not is_mapping(annotation):
        how["metavar"] = ask.metavar
    silent = switch or argument.required or argument.like or default in (None, (), "") or _is_long(default)
    shown = "" if silent else f" (default: {_shown(default)})"
    return {**how, "help": (argument.about + listing + shown).replace("%", "%%")}


def _reading_of_one(annotation: Any) -> dict[str, Any]:
    """Return how argparse reads one of several values, each of which is given by itself."""
    (item, *_) = get_args(annotation)
    if get_origin(item) is Literal:
        return {"type": str, "choices": get_args(item)}
    return {"type": _path if item is Path else str}


class _Renamed(argparse.Action):
    """Refuses a flag of earlier days with a sentence that names what is written now."""

    def __init__(self, *, now: str, **more: Any) -> None:
        super().__init__(**{**more, "nargs": "?", "default": argparse.SUPPRESS, "help": argparse.SUPPRESS})
        self._now = now

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        parser.error(f"{option_string} is written {self._now} now")


def question_of(args: argparse.Namespace, question: type[Question]) -> Question:
    """Return the question that the arguments of `add_question` ask.

    Raises:
        UsageError: Naming what is wrong and what it must be.
    """
    places = {
        tuple(name.removeprefix(DEST).split(".")): value
        for name, value in vars(args).items()
        if name.startswith(DEST) and value is not _NOT_GIVEN
    }
    try:
        return question.asked(places)
    except InvalidSetting as error:
        raise UsageError(str(error)) from error


def _is_long(default: Any) -> bool:
    """Whether a default would fill a help; what it is of then tells it in words."""
    return isinstance(default, Mapping) or (isinstance(default, tuple) and len(default) > _MOST_SHOWN)


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    return ",".join(map(str, default)) if isinstance(default, tuple | list) else str(default)


def reading(setting: FieldInfo, choices: Collection[str] | None = None) -> dict[str, Any]:
    """Return how argparse reads a field; what it lets through the model checks."""
    annotation = setting.annotation
    kinds = [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    listed = list(choices or ())
    literals = [kind for kind in kinds if get_origin(kind) is Literal]
    if len(literals) == len(kinds):
        listed += [choice for kind in literals for choice in get_args(kind)]
    elif literals:
        return {"type": str, "metavar": "N"}
    if listed:
        return {"choices": list(dict.fromkeys(listed)), "type": type(listed[0])}
    if bool in kinds:
        return {"action": argparse.BooleanOptionalAction}
    if any(get_origin(kind) is tuple for kind in kinds):
        items = next(get_args(kind)[0] for kind in kinds if get_origin(kind) is tuple)
        items = get_args(items)[0] if get_origin(items) is Annotated else items
        read = numbers if items is int else _listed
        return {"type": read if kinds == [annotation] else _or_none(read), "metavar": "LIST"}
    if Path in kinds:
        return {"type": _path, "metavar": "PATH"}
    if int in kinds or float in kinds:
        return {"type": str if kinds == [annotation] else _or_none(str), "metavar": "N"}
    return {"type": _text, "metavar": "TEXT"}


def _or_none(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a type that also takes "none", for a setting that may be without a value."""
    return lambda text: None if text.casefold() == "none" else read(text)


def _listed(text: str) -> tuple[str, ...]:
    return settings.listed(text)


def _path(text: str) -> Path:
    try:
        return typed_path(text)
    except InvalidSetting as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _text(text: str) -> str:
    """Read a text in which `\\t` may stand for a tab, which is hard to type in a shell."""
    return text.replace("\\t", "\t")
