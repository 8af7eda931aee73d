"""Every verb: its examples parse, its copied command asks the same again, its help names every setting."""

import argparse
import re
import shlex
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from hypothesis import assume, given
from hypothesis import settings as run
from hypothesis import strategies as st

from taglab import settings
from taglab.cli.commands import build_parser
from taglab.cli.options import question_of
from taglab.errors import InvalidSetting
from taglab.progress import silent
from taglab.verbs import VERBS, Verb, shell_line
from taglab.verbs.question import Argument, Place, Question, arguments, kinds_of

PARSER = build_parser()
every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
# "--" alone argparse takes out wherever it stands.
NAMES = st.text("abz ,-'\"é\N{SNOWMAN}=", min_size=1, max_size=12).filter(
    lambda text: text == text.strip() and text != "--"
)


def parsed(line: list[str], verb: Verb) -> Question:
    assert line[0] == "taglab"
    return question_of(PARSER.parse_args(line[1:]), verb.question)


def commands_below(parser: argparse.ArgumentParser) -> Iterator[argparse._SubParsersAction]:
    yield from (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))


def own_parser(verb: Verb) -> Any:
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


@every_verb
def test_the_copied_command_asks_the_same_again(verb: Verb) -> None:
    asked = list(arguments(verb.question))
    in_path = {word.lower() for word in verb.name.split() if word.isupper()}

    @given(st.data())
    @run(max_examples=10, deadline=None)
    def holds(data: st.DataObject) -> None:
        chosen: dict[Place, Any] = {}
        for argument in asked:
            if argument.required or data.draw(st.booleans(), argument.name):
                chosen[argument.place] = data.draw(values(argument), argument.name)
                # A name in the middle of a command cannot begin with a dash.
                assume(argument.place[0] not in in_path or not chosen[argument.place].startswith("-"))
        try:
            question = verb.question.asked(chosen)
        except InvalidSetting:
            return
        again = parsed(shell_line(question), verb)
        assert again.model_dump() == question.model_dump()

    holds()


@every_verb
def test_its_examples_are_its_own_and_parse(verb: Verb) -> None:
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
def test_its_help_names_every_setting(verb: Verb) -> None:
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
    verb: Verb, capsys: pytest.CaptureFixture[str]
) -> None:
    for flag, now in verb.question.renamed.items():
        with pytest.raises(SystemExit) as leaving:
            own_parser(verb).parse_args([flag, "x"])
        assert leaving.value.code == 2
        assert f"{flag} is written {now} now" in capsys.readouterr().err


@every_verb
def test_what_is_wrong_is_called_by_its_flag(verb: Verb) -> None:
    for argument in arguments(verb.question):
        if kinds_of(argument.field.annotation) == [int]:
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


def keys(returns: str) -> set[str]:
    """Names of the facts, or of the columns, that a verb says its JSON has; those in brackets it may have."""
    inner = returns[returns.index("{") + 1 :]
    depth, text = 0, ""
    for letter in inner:
        depth += (letter in "[{") - (letter in "]}")
        if depth < 0:
            break
        if depth == 0 and letter not in "]}":
            text += letter
    return {part.partition(":")[0].strip() for part in text.split(",")} - {"", "..."}


ON_AN_EMPTY_SHELF = (
    "data list", "data sources", "vectors list", "labels list", "audio list", "queue", "cache show",
    "cache prune",
)  # fmt: skip


@pytest.mark.parametrize("name", ON_AN_EMPTY_SHELF)
def test_json_has_the_keys_that_the_help_tells_of(name: str) -> None:
    question = VERBS[name].question
    report = question.asked({}).answer(silent)
    assert report.table is not None
    told = {*report.facts, "rows"} if report.facts else set(map(str, report.table.columns))
    assert told == keys(question.returns)
