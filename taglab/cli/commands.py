"""All commands: their names, what they are for, and the modules that carry them out."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from taglab.cli import dashboard, verbs
from taglab.cli.options import Parser, add_commands

_ABOUT = """taglab: how listeners tag music, what the tags mean, and what a tagger could learn of them.

`taglab` alone opens the dashboard. Everything its pages do is a command, too. Without --data a command
works on the built-in demo, without --vectors on word vectors trained on that data set itself.
`taglab COMMAND --help` tells more of each, with examples."""

_EXAMPLES = """
taglab                                                open the dashboard in the browser
taglab data add table mine.csv --name mine            read a table of tracks and tags
taglab neighbours jazz                                the tags nearest to "jazz" in the demo
taglab vectors add glove.6B.200d.txt --name glove     read word vectors
taglab scan --data mine --vectors glove -k 50:300:50  how many clusters?
taglab cluster --data mine --vectors glove -k 100 --min-count 100 --name classes
taglab labels show classes --data mine                what the classes cover
"""

_EXIT = """exit codes: 0 done, 1 something you can mend (one sentence on standard error), 2 wrong usage,
130 interrupted."""


class _Version(argparse.Action):
    """Prints the version; looked up only when asked, for it takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        from taglab import __version__

        sys.stdout.write(f"taglab {__version__}\n")
        parser.exit()


def build_parser() -> Parser:
    """Return the parser of the whole command; arguments of single commands are added when they are used."""
    parser = Parser(prog="taglab", description=_ABOUT, examples=_EXAMPLES)
    parser.epilog = f"{parser.epilog}\n\n{_EXIT}"
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    commands = add_commands(parser)
    commands.add_parser(
        "app",
        help="open the dashboard (also what `taglab` alone does)",
        description="Serve the dashboard to the browser of this machine, until Ctrl-C.",
        fill=dashboard.fill_app,
        examples="taglab\ntaglab app --port 8600 --cache ~/taglab-cache",
    )
    verbs.add_to(commands)
    return parser
