"""Verbs as commands: the parser of each, made from its question when it is first used."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from taglab.cli.options import DEST, Parser, add_commands, add_question, question_of
from taglab.cli.progress import progress_bar
from taglab.parallel import let_idle_threads_sleep
from taglab.verbs import FAMILIES, GROWN, VERBS, Verb
from taglab.verbs.report import Report

if TYPE_CHECKING:
    from taglab.verbs.question import Question


def add_to(commands: Any) -> None:
    """Add a command for every verb, those of a family below its first words."""
    places: dict[str, Any] = {"": commands}
    for verb in VERBS.values():
        *family, name = verb.name.split()
        _family(places, family).add_parser(
            name, help=verb.about, fill=lambda own, verb=verb: _open(own, verb)
        )
    for verb in GROWN.values():
        *family, name = verb.name.split()
        _family(places, family).add_parser(
            name, help=verb.about, fill=lambda own, verb=verb: _grow(own, verb)
        )


def _open(parser: Parser, verb: Verb) -> None:
    _let_idle_threads_sleep(verb)
    fill(parser, verb.question, verb.name)


def _grow(parser: Parser, verb: Verb) -> None:
    """Add a command for every verb that is made of a dictionary."""
    _let_idle_threads_sleep(verb)
    commands, entries = add_commands(parser), verb.entries()
    questions = [question for _, question in entries.values()]
    firsts = [question.examples.strip().splitlines()[0] for question in questions]
    guides = dict.fromkeys(question.guide for question in questions)  # many have the same
    parser.describe(_sentence(verb.about), "\n".join(firsts), "", "\n\n".join(filter(None, guides)))
    for name, (about, question) in entries.items():
        commands.add_parser(name, help=about, fill=lambda own, question=question: fill(own, question))


def _let_idle_threads_sleep(verb: Verb) -> None:
    if verb.computes:
        # Beside a browser and a dashboard on the same cores a step of torch takes four times as long else.
        let_idle_threads_sleep()


def _family(places: dict[str, Any], words: list[str]) -> Any:
    """Return what the commands of a family are added to; a word in capitals is one of the question."""
    plain = [word for word in words if not word.isupper()]
    path = " ".join(plain)
    if path not in places:
        about = FAMILIES[path]
        above = _family(places, plain[:-1])
        parser = above.add_parser(plain[-1], help=about, description=_sentence(about))
        for word in words:
            if word.isupper():
                parser.add_argument(DEST + word.lower(), metavar=word)
        places[path] = add_commands(parser)
    return places[path]


def _sentence(about: str) -> str:
    return f"{about[0].upper()}{about[1:]}."


def fill(parser: Parser, question: type[Question], path: str = "") -> None:
    """Add a verb's arguments, but for words of its path in capitals, and what its help says."""
    from taglab.settings import about

    parser.describe(about(question), question.examples, question.returns, question.guide)
    add_question(parser, question, [word.lower() for word in path.split() if word.isupper()])
    parser.set_defaults(run=lambda args: _answer(args, question))


def _answer(args: argparse.Namespace, asked: type[Question]) -> Report:
    question = question_of(args, asked)
    with progress_bar() as progress:
        return question.answer(progress)
