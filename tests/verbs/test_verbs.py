"""Every verb: its examples parse, its copied command asks the same again, its help names every setting."""

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_args, get_origin

import pytest
from hypothesis import assume, given
from hypothesis import settings as run
from hypothesis import strategies as st

from taglab import settings
from taglab.cli.commands import build_parser
from taglab.cli.options import question_of
from taglab.errors import InvalidSetting
from taglab.verbs import GROWN, VERBS, shell_line
from taglab.verbs.question import Argument, Place, Question, arguments, is_mapping, kinds_of


@dataclass(frozen=True)
class Declared:
    """A verb by its name; one that is made for an entry of a dictionary, too."""

    name: str
    question: type[Question]


PARSER = build_parser()
MADE = {
    f"{verb.name} {name}": Declared(f"{verb.name} {name}", question)
    for verb in GROWN.values()
    for name, (_, question) in verb.entries().items()
}
ALL = {name: Declared(name, verb.question) for name, verb in VERBS.items()} | MADE
every_verb = pytest.mark.parametrize("verb", ALL.values(), ids=list(ALL))
# "--" alone argparse takes out wherever it stands.
NAMES = st.text("abz ,-'\"é\N{SNOWMAN}=", min_size=1, max_size=12).filter(
    lambda text: text == text.strip() and text != "--"
)


def parsed(line: list[str], verb: Declared) -> Question:
    assert line[0] == "taglab"
    return question_of(PARSER.parse_args(line[1:]), verb.question)


def commands_below(parser: argparse.ArgumentParser) -> Iterator[argparse._SubParsersAction]:
    yield from (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))


def own_parser(verb: Declared) -> Any:
    parser: Any = PARSER
    for word in verb.name.split():
        if not word.isupper():
            (below,) = commands_below(parser)
            parser = below.choices[word]
            parser.fill()
    return parser


def bound(argument: Argument, rule: str, otherwise: float) -> float:
    found = [getattr(one, rule) for one in argument.field.metadata if getattr(one, rule, None) is not None]
    return found[0] if found else otherwise


def values(argument: Argument) -> st.SearchStrategy[Any]:
    """What may stand for an argument, as its parser gives it; some of it the question refuses."""
    if argument.ask.options:
        return st.sampled_from(list(argument.ask.options))
    if is_mapping(argument.field.annotation):
        one = NAMES if str in get_args(argument.field.annotation)[1:] else NAMES.map(lambda text: (text,))
        return st.dictionaries(NAMES, one, min_size=1, max_size=2).map(
            lambda own: {**argument.default, **own}
        )
    kinds = kinds_of(argument.field.annotation)
    if any(get_origin(kind) is tuple for kind in kinds):
        item = next(get_args(kind)[0] for kind in kinds if get_origin(kind) is tuple)
        item = get_args(item)[0] if get_args(item) and not isinstance(get_args(item)[0], str) else item
        choices = get_args(item)
        one = st.sampled_from(choices) if choices else st.integers(1, 99) if item is int else NAMES
        return st.lists(one, min_size=1, max_size=3, unique=True).map(tuple)
    for kind in kinds:
        if get_args(kind):
            return st.sampled_from(get_args(kind))
        if kind is bool:
            return st.booleans()
        if kind is int:
            low = int(bound(argument, "ge", bound(argument, "gt", -1) + 1))
            return st.integers(low, min(low + 40, int(bound(argument, "le", 1e6))))
        if kind is float:
            low = float(bound(argument, "ge", bound(argument, "gt", 0)))
            return st.floats(low, float(bound(argument, "le", bound(argument, "lt", low + 10))))
    return NAMES


def literals(argument: Argument) -> list[Any]:
    return [value for kind in kinds_of(argument.field.annotation) for value in get_args(kind)]


def entries(asked: Sequence[Argument], choice: Argument, draw: st.DataObject) -> list[dict[str, Any]]:
    """A list of settings, each of the kind and with the settings that are drawn."""
    tag, inner = choice.place[-1], [one for one in asked if one.place[:-1] == choice.place[:-1]]
    listed: list[dict[str, Any]] = []
    for kind in draw.draw(st.lists(st.sampled_from(choice.choices), max_size=3), choice.name):
        listed.append({tag: kind})
        for one in inner:
            if kind in one.entries and one.ask.reads is None and draw.draw(st.booleans(), one.name):
                listed[-1][one.place[-1]] = draw.draw(values(one), one.name)
    return listed


@every_verb
def test_the_copied_command_asks_the_same_again(verb: Declared) -> None:
    asked = list(arguments(verb.question))
    in_path = {word.lower() for word in verb.name.split() if word.isupper()}

    @given(st.data())
    @run(max_examples=10, deadline=None)
    def holds(data: st.DataObject) -> None:
        chosen: dict[Place, Any] = {}
        for argument in asked:
            if argument.many:
                if argument.chooses:
                    chosen[argument.place[:-1]] = entries(asked, argument, data)
            elif argument.required or data.draw(st.booleans(), argument.name):
                chosen[argument.place] = data.draw(values(argument), argument.name)
                # A name in the middle of a command cannot begin with a dash.
                assume(argument.place[0] not in in_path or not chosen[argument.place].startswith("-"))
        try:
            question = verb.question.asked(chosen)
            line = shell_line(question)
        except InvalidSetting:
            return
        again = parsed(line, verb)
        assert again.model_dump() == question.model_dump()

    holds()


@every_verb
def test_what_is_asked_changes_no_preset(verb: Declared) -> None:
    asked = list(arguments(verb.question))
    named = [one for one in asked if one.place == ("preset",)]
    names = [name for one in named for name in one.choices or literals(one)]
    presets: list[dict[Place, Any]] = [{("preset",): name} for name in names] or [{}]
    for preset in presets:
        before = repr(verb.question.usual(preset))
        others = {
            argument.place: (*argument.choices, "\N{SNOWMAN}")[0]
            for argument in asked
            if not argument.many and argument.place not in preset
        }
        with suppress(InvalidSetting):
            verb.question.asked({**preset, **others})
        assert repr(verb.question.usual(preset)) == before


@every_verb
def test_its_examples_are_its_own_and_parse(verb: Declared) -> None:
    lines = verb.question.examples.strip().splitlines()
    assert lines
    for line in lines:
        words = [word for word in verb.name.split() if not word.isupper()]
        assert shlex.split(line)[1 : 1 + len(words[:1])] == words[:1]
        assert isinstance(parsed(shlex.split(line.split("   ")[0]), verb), verb.question)


def without_breaks(text: str) -> str:
    """Text of which a help, which breaks lines at hyphens, too, can be asked whether it holds it."""
    return "".join(text.split())


@every_verb
def test_its_help_names_every_setting(verb: Declared) -> None:
    help_text = without_breaks(own_parser(verb).format_help())
    in_path = {word.lower() for word in verb.name.split() if word.isupper()}
    for argument in arguments(verb.question):
        if argument.place[0] in in_path:
            continue
        assert argument.about, f"{verb.name}: {argument.place} is not described"
        assert without_breaks(argument.about) in help_text
        assert argument.flag in help_text
    assert without_breaks(settings.about(verb.question)) in help_text
    assert without_breaks(verb.question.returns) in help_text


@every_verb
def test_flags_of_earlier_days_are_refused_with_what_is_written_now(
    verb: Declared, capsys: pytest.CaptureFixture[str]
) -> None:
    for flag, now in verb.question.renamed.items():
        with pytest.raises(SystemExit) as leaving:
            own_parser(verb).parse_args([flag, "x"])
        assert leaving.value.code == 2
        assert f"{flag} is written {now} now" in capsys.readouterr().err


@every_verb
def test_what_is_wrong_is_called_by_its_flag(verb: Declared) -> None:
    for argument in arguments(verb.question):
        if kinds_of(argument.field.annotation) == [int] and not argument.many:
            required = {one.place: "x" for one in arguments(verb.question) if one.required}
            with pytest.raises(InvalidSetting, match=re.escape(argument.name)):
                verb.question.asked({**required, argument.place: "many"})


def test_a_family_has_an_about_and_a_verb_its_place() -> None:
    from taglab.verbs import FAMILIES

    families = {
        " ".join(words[:length])
        for words in ([word for word in name.split() if not word.isupper()] for name in VERBS)
        for length in range(1, len(words))
    }
    assert families == set(FAMILIES)
    assert len({verb.place for verb in VERBS.values()}) == len(VERBS)
    assert all(verb.question.__doc__ for verb in VERBS.values())


def test_one_flag_of_a_group_leaves_what_else_the_group_usually_has() -> None:
    line = ["taglab", "targets", "artist-groups", "--split-folds", "3"]
    split = parsed(line, ALL["targets artist-groups"]).model_dump()["settings"]["split"]
    assert (split["by_artist"], split["folds"]) == (True, 3)
