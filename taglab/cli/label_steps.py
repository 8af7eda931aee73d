"""The steps of `taglab labels edit`: what each is called, what it takes, and the edit it makes.

Each sets `step`: a function from the parsed arguments to an edit, or "undo" or "redo".
"""

from __future__ import annotations

from collections.abc import Callable

from taglab.cli.options import Parser, add_tags, tags_of


def _step_move(parser: Parser) -> None:
    from taglab.labels import Move

    add_tags(parser, "a tag that is in a class")
    parser.add_argument("--to", required=True, metavar="CLASS", help="class that gets them")
    parser.add_argument(
        "--from", dest="from_class", metavar="CLASS", help="class that loses them (default: all)"
    )
    parser.set_defaults(
        step=lambda args: Move(tags=tags_of(args), to_class=args.to, from_class=args.from_class)
    )


def _step_add(parser: Parser) -> None:
    from taglab.labels import Add

    add_tags(parser, "any tag")
    parser.add_argument("--to", required=True, metavar="CLASS", help="class that gets them")
    parser.set_defaults(step=lambda args: Add(tags=tags_of(args), to_class=args.to))


def _step_rename(parser: Parser) -> None:
    from taglab.labels import Rename

    parser.add_argument("cls", metavar="CLASS")
    parser.add_argument("new", metavar="NEW")
    parser.set_defaults(step=lambda args: Rename(cls=args.cls, new=args.new))


def _step_merge(parser: Parser) -> None:
    from taglab.labels import Merge

    parser.add_argument("into", metavar="CLASS", help="class that keeps its name")
    parser.add_argument("others", nargs="+", metavar="OTHER", help="class that goes into it")
    parser.set_defaults(step=lambda args: Merge(classes=(args.into, *args.others)))


def _step_drop_class(parser: Parser) -> None:
    from taglab.labels import DropClass

    parser.add_argument("cls", metavar="CLASS")
    parser.set_defaults(step=lambda args: DropClass(cls=args.cls))


def _step_drop_tags(parser: Parser) -> None:
    from taglab.labels import DropTags

    add_tags(parser, "a tag that is in a class")
    parser.add_argument(
        "--from", dest="from_class", metavar="CLASS", help="class that loses them (default: all)"
    )
    parser.set_defaults(
        step=lambda args: DropTags(
            tags=tags_of(args), from_class=args.from_class, from_list=args.tags_file is not None
        )
    )


def _step_keep_tags(parser: Parser) -> None:
    from taglab.labels import KeepTags

    add_tags(parser, "a tag to keep")
    parser.set_defaults(step=lambda args: KeepTags(tags=tags_of(args)))


def _step_new_class(parser: Parser) -> None:
    from taglab.labels import NewClass

    parser.add_argument("new", metavar="CLASS", help="its name")
    add_tags(parser, "a tag of it, taken out of the class it is in")
    parser.set_defaults(step=lambda args: NewClass(name=args.new, tags=tags_of(args)))


def _step_keep_classes_with(parser: Parser) -> None:
    from taglab.labels import KeepClassesWith

    add_tags(parser, "a tag")
    parser.set_defaults(step=lambda args: KeepClassesWith(tags=tags_of(args)))


def _step_undo(parser: Parser) -> None:
    parser.set_defaults(step="undo")


def _step_redo(parser: Parser) -> None:
    parser.set_defaults(step="redo")


# What an edit does, what follows its name in an example, and what adds its arguments.
STEPS: dict[str, tuple[str, str, Callable[[Parser], None]]] = {
    "move": ("move tags to another class", "hardcore --to punk --from metal", _step_move),
    "add": (
        "put tags into a class and leave them where they are, too",
        "'trip hop' --to electronic",
        _step_add,
    ),
    "rename": ("give a class another name", "'hip hop' rap", _step_rename),
    "merge": ("put classes into one", "electronic techno house", _step_merge),
    "drop-class": ("leave out a class and its tags", "'seen live'", _step_drop_class),
    "drop-tags": ("leave out tags", "--tags-file unwanted.txt", _step_drop_tags),
    "keep-tags": ("leave out all tags but these", "--tags-file genres.txt", _step_keep_tags),
    "new-class": (
        "make a class of tags, splitting the ones they are in",
        "doom 'doom metal' 'sludge metal'",
        _step_new_class,
    ),
    "keep-classes-with": (
        "leave out classes that hold none of these tags",
        "rock jazz pop",
        _step_keep_classes_with,
    ),
    "undo": ("take back the last step", "", _step_undo),
    "redo": ("do again what was undone last", "", _step_redo),
}
