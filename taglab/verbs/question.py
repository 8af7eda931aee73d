"""A question's settings as arguments of a command: what each is called, read from them, and written again."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from taglab import settings
from taglab.errors import InvalidSetting
from taglab.progress import Progress
from taglab.settings import Flag, Group, as_list
from taglab.verbs.report import Report

Place = tuple[str, ...]
Mark = TypeVar("Mark", Flag, Group)


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError("must lie in [0, 1]; given in percent?")
    return value


Share = Annotated[float, Flag(metavar="N", named=True), AfterValidator(_share)]
"""A number from 0 to 1."""


class Question(BaseModel):
    """What a verb is asked, and how it answers; a class of its own docstring for every verb.

    Attributes:
        returns: What `--json` writes.
        examples: Lines of shell.
        guide: Lines that its help shows as they are.
        table: Whether the answer may have a table.
        renamed: A flag of earlier days → what to write in its place.
        verb: Its name in the shell, where it is made for an entry of a dictionary.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    returns: ClassVar[str]
    examples: ClassVar[str]
    guide: ClassVar[str] = ""
    table: ClassVar[bool] = True
    renamed: ClassVar[Mapping[str, str]] = {}
    verb: ClassVar[str] = ""

    def answer(self, progress: Progress) -> Report:
        """Return what there is to say.

        Raises:
            TaglabError: What the room that is asked raises.
        """
        raise NotImplementedError

    @classmethod
    def usual(cls, given: Mapping[Place, Any]) -> dict[str, Any]:
        """Return what its groups have where nothing else is given, nested, as far as it is not in the models.

        Args:
            given: Values by the places of their arguments; some, such as a preset's name, say what is usual.
        """
        return _defaults(cls)

    @classmethod
    def asked(cls, given: Mapping[Place, Any]) -> Self:
        """Return the question that is asked with these values, by the places of their arguments.

        Raises:
            InvalidSetting: Naming each argument that is wrong, what it holds and what it must be.
        """
        known = {argument.place: argument for argument in arguments(cls)}
        values = cls.usual(given)
        for place in sorted(given, key=lambda place: not known[place].chooses):
            _put(values, known[place], given[place])
        for argument in known.values():
            if argument.chooses and argument.default is not None and argument.place[0] in values:
                _value_in(values, argument.place[:-1]).setdefault(argument.place[-1], argument.default)
        likes = [(argument.place[0], argument.like) for argument in known.values() if argument.like]
        for name, like in dict.fromkeys(likes):
            if name in values:
                values[name] = _alike(known, name, values.get(like, {}), values[name])
        _refuse_other_entries(known, given, values)
        return settings.checked(cls, values, lambda place: _name_of(known, place))


@dataclass(frozen=True)
class Argument:
    """One setting as an argument of a command.

    Attributes:
        place: Names of the fields that lead to it.
        field: The setting.
        flag: How it is given, as `--min-count`; empty for one that stands by itself.
        ask: What else its annotation says of how it is asked for.
        about: What it is.
        default: Its value where it is not given; pydantic's undefined where it must be.
        title: Of its group; empty for the question's own.
        about_group: A sentence under that title.
        like: Name of the question's field whose values its group has where nothing else is given.
        optional: Whether its group may be None; then what was set of it counts, and not what differs.
        entries: Entries of the tagged union that have it; empty where it is in none.
        chooses: Whether it says which entry is taken.
    """

    place: Place
    field: FieldInfo
    flag: str
    ask: Flag
    about: str
    default: Any
    title: str = ""
    about_group: str = ""
    like: str = ""
    optional: bool = False
    entries: tuple[str, ...] = ()
    chooses: bool = False

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.flag.lstrip("-") or self.place[-1].replace("_", "-")

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is PydanticUndefined


def arguments(question: type[BaseModel]) -> tuple[Argument, ...]:
    """Return the arguments of a question, those of its groups included, in the order of the fields; a word of
    several values comes last, for it takes what is left.
    """
    asked = _arguments(question, (), Group(), None)
    return tuple(sorted(asked, key=lambda one: one.ask.word and get_origin(one.field.annotation) is tuple))


def _arguments(
    model: type[BaseModel], place: Place, group: Group, default: BaseModel | None
) -> Iterator[Argument]:
    about = settings.described(model)
    for name, field in model.model_fields.items():
        if name in group.omit:
            continue
        usual = field.get_default(call_default_factory=True) if default is None else getattr(default, name)
        models = _models(field.annotation)
        if models:
            inner = group.groups.get(name) or _mark(field, Group) or Group()
            inner = replace(
                inner,
                title=inner.title or group.title,
                prefix=group.prefix + inner.prefix,
                like=inner.like or group.like,
            )
            optional = usual is None
            for argument in _within(models, field, (*place, name), inner, usual):
                yield replace(argument, optional=argument.optional or optional)
            continue
        ask = group.flags.get(name) or _mark(field, Flag) or Flag()
        ask = replace(ask, choices=ask.options)
        text = field.description or about.get(name, "").rstrip(".").replace("`", "")
        yield Argument(
            (*place, name), field, _flag(name, ask, group.prefix), ask, text, usual,
            group.title, group.about, group.like,
        )  # fmt: skip


def _within(
    models: Sequence[type[BaseModel]], field: FieldInfo, place: Place, group: Group, default: Any
) -> Iterator[Argument]:
    """Yield the arguments of settings within settings: of one model, or of each entry of a tagged union."""
    missing = None if default is None else PydanticUndefined
    if default is PydanticUndefined:
        default = None
    tag = field.discriminator
    if not isinstance(tag, str):
        yield from _arguments(models[0], place, group, default)
        return
    by_place: dict[Place, Argument] = {}
    texts: dict[Place, dict[str, list[str]]] = {}
    for model in models:
        (entry,) = get_args(model.model_fields[tag].annotation)
        for one in _arguments(model, place, group, default if type(default) is model else None):
            if one.place[-1] == tag:
                continue
            texts.setdefault(one.place, {}).setdefault(one.about, []).append(entry)
            earlier = by_place.get(one.place, one)
            by_place[one.place] = replace(earlier, entries=(*earlier.entries, entry))
    names = tuple(get_args(model.model_fields[tag].annotation)[0] for model in models)
    chosen = getattr(default, tag, missing)
    own = group.flags.get(tag) or Flag()
    yield Argument(
        (*place, tag), models[0].model_fields[tag], _flag(tag, own, group.prefix),
        replace(own, choices=names), _about_choice(models, tag), chosen,
        group.title, group.about, group.like, chooses=True,
    )  # fmt: skip
    for at, one in by_place.items():
        yield replace(one, about=_about_entries(texts[at], len(names)))


def _about_choice(models: Sequence[type[BaseModel]], tag: str) -> str:
    """Return what a tag chooses among, with what each model says it is about, where it says so."""
    about = settings.described(models[0]).get(tag, "").rstrip(".").replace("`", "")
    for model in models:
        (name,) = get_args(model.model_fields[tag].annotation)
        meaning = getattr(model, "about", "")
        about += f"; {name}: {meaning}" if meaning else ""
    return about


def _about_entries(texts: Mapping[str, Sequence[str]], n_entries: int) -> str:
    """Return what a setting is, by the entries that have it where not all do, or mean the same by it."""
    if len(texts) == 1:
        ((text, entries),) = texts.items()
        if len(entries) == n_entries:
            return text
    return "; ".join(f"{', '.join(entries)}: {text}" for text, entries in texts.items())


def _mark(field: FieldInfo, kind: type[Mark]) -> Mark | None:
    return next((mark for mark in field.metadata if isinstance(mark, kind)), None)


def _flag(name: str, ask: Flag, prefix: str) -> str:
    if ask.word:
        return ""
    written = ask.name.lstrip("-") or name.replace("_", "-")
    return f"-{written}" if len(prefix + written) == 1 else f"--{prefix}{written}"


def kinds_of(annotation: Any) -> list[Any]:
    """Return the types a field takes, without None."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [kind for kind in get_args(annotation) if kind is not type(None)]
    return [annotation]


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [kind for kind in kinds_of(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the groups of a question have where nothing else is given, as far as it is not usual."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        usual = field.get_default(call_default_factory=True)
        if isinstance(usual, BaseModel):
            values[name] = usual.model_dump(exclude_unset=True)
    return values


def _value_in(values: Mapping[str, Any], place: Sequence[str]) -> Any:
    """Return what is at a place of nested values; an empty dict where there is nothing."""
    inner: Any = values
    for name in place:
        inner = inner.get(name, {})
    return inner


def _put(values: dict[str, Any], argument: Argument, value: Any) -> None:
    """Put a value at its place; another entry of a tagged union than before begins anew."""
    *path, last = argument.place
    inner = values
    for name in path:
        inner = inner.setdefault(name, {})
    if argument.chooses and value != inner.get(last, argument.default):
        inner.clear()
    inner[last] = value


def _alike(
    known: Mapping[Place, Argument], name: str, like: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, Any]:
    """Return settings with those of another group that the entry they choose has, too."""
    within = {one.place[1]: one for one in known.values() if one.place[0] == name and len(one.place) == 2}
    chosen = {own.get(tag, like.get(tag, one.default)) for tag, one in within.items() if one.chooses}
    shared = {
        field: value
        for field, value in like.items()
        if field not in within or not within[field].entries or chosen & set(within[field].entries)
    }
    return {**shared, **own}


def _refuse_other_entries(
    known: Mapping[Place, Argument], given: Mapping[Place, Any], values: Mapping[str, Any]
) -> None:
    """Raise InvalidSetting where a setting is given that the chosen entry of a tagged union does not have."""
    for place in given:
        argument = known[place]
        if not argument.entries:
            continue
        choice = next(
            one for one in known.values() if one.chooses and one.place[:-1] == place[: len(one.place) - 1]
        )
        chosen = _value_in(values, choice.place[:-1]).get(choice.place[-1], choice.default)
        if chosen not in argument.entries:
            raise InvalidSetting(
                f"{argument.flag} is not heeded by {choice.flag} {chosen}, but by "
                f"{' and '.join(argument.entries)}"
            )


def _name_of(known: Mapping[Place, Argument], place: Sequence[int | str]) -> str:
    """Return what an argument is called, by the place pydantic names, which has entries and numbers in it."""
    names = [name for name in place if isinstance(name, str)]
    while names:
        ending = [one for one in known if one[-1] == names[-1] and _is_within(one, names)]
        if ending:
            return known[max(ending, key=len)].name
        names.pop()
    return settings.dotted(place)


def _is_within(place: Place, names: Sequence[str]) -> bool:
    """Whether the names of a place stand among others in their order."""
    rest = iter(names)
    return all(name in rest for name in place)


def command(verb: str, question: Question) -> list[str]:
    """Return the shell line that asks a question: what differs from the defaults, and what is always named.

    Args:
        verb: Its name, as in `VERBS`; what stands there in capitals is a word of the question.
        question: What is asked.
    """
    flags: list[str] = []
    words: list[str] = []
    usual = _usual_values(question)
    path = verb.split()
    inside = {word.lower() for word in path if word.isupper()}
    for argument in arguments(type(question)):
        value = _value_at(question, argument.place)
        if value is PydanticUndefined or argument.place[0] in inside:
            continue
        if argument.ask.word:
            words += _texts(value) if isinstance(value, tuple) else [] if value is None else [str(value)]
            continue
        if _is_named(question, argument, value, usual):
            flags += written(argument, value)
    apart = ["--"] if any(word.startswith("-") for word in words) else []
    shown = [str(getattr(question, word.lower())) if word.isupper() else word for word in path]
    return ["taglab", *shown, *flags, *apart, *words]


def _usual_values(question: Question) -> dict[str, Any]:
    """Return what the groups of a question have where nothing is given but which entries they are."""
    known = arguments(type(question))
    given = {one.place: _value_at(question, one.place) for one in known}
    given = {place: value for place, value in given.items() if value not in (None, PydanticUndefined)}
    choosing = {one.place: one for one in known if one.chooses and one.place in given}
    values = type(question).usual(given)
    without = {place: value for place, value in given.items() if place not in choosing}
    before = type(question).usual(without)
    for (*path, last), one in choosing.items():
        _put(values, one, given[one.place])
        _value_in(values, path)[last] = _value_in(before, path).get(last, one.default)
    return values


def _is_named(question: Question, argument: Argument, value: Any, usual: Mapping[str, Any]) -> bool:
    """Return whether a copied command names a setting."""
    if argument.optional and not argument.like:
        return argument.place[-1] in _value_at(question, argument.place[:-1]).model_fields_set
    return bool(argument.ask.named or value != _usual(question, argument, usual))


def _usual(question: Question, argument: Argument, usual: Mapping[str, Any]) -> Any:
    """Return the value an argument has where it is not given, the rest being as it is."""
    if argument.like:
        return _value_at(question, (argument.like, *argument.place[1:]))
    *path, last = argument.place
    if path and last in _value_in(usual, path):
        return _value_in(usual, path)[last]
    if argument.entries:
        holder = type(_value_at(question, argument.place[:-1]))
        return holder.model_fields[last].get_default(call_default_factory=True)
    return argument.default


def written(argument: Argument, value: Any) -> list[str]:
    """Return a setting as it is written on a command line."""
    flag = argument.flag
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag.removeprefix('--')}"]
    if argument.ask.several:
        return [part for text in _texts(value) for part in _pair(flag, text)]
    if isinstance(value, tuple):
        return _pair(flag, as_list(value))
    return _pair(flag, "none" if value is None else str(value).replace("\t", "\\t"))


def _texts(values: Sequence[Any]) -> list[str]:
    return [str(value) for value in values]


def _pair(flag: str, text: str) -> list[str]:
    if not text.startswith("-"):
        return [flag, text]
    return [f"{flag}={text}"] if flag.startswith("--") else [f"{flag}{text}"]


def _value_at(question: BaseModel, place: Place) -> Any:
    """Return a setting's value; pydantic's undefined where the chosen entry does not have it."""
    value: Any = question
    for name in place:
        value = getattr(value, name, PydanticUndefined)
    return value
