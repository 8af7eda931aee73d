"""A question's settings as arguments of a command: what each is called, read from them, and written again."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from taglab import settings
from taglab.errors import InvalidSetting
from taglab.progress import Progress
from taglab.settings import Flag, Group, OneOf, as_list
from taglab.verbs.report import Report

Place = tuple[str, ...]
Mark = TypeVar("Mark", Flag, Group)


class Unwritable(InvalidSetting):
    """A setting that no flag of a command can say, such as the rows of a table."""


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
        values = deepcopy(cls.usual(given))
        for place in sorted(given, key=lambda place: place in known and not known[place].chooses):
            _put(values, known.get(place), place, given[place])
        choices = [one for one in known.values() if one.chooses and not one.many and one.place[0] in values]
        for choice in sorted(choices, key=lambda one: bool(one.like)):
            if choice.like:
                values[choice.place[0]] = {**values.get(choice.like, {}), **values[choice.place[0]]}
            _settle(values, choice, known, given)
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
        many: Whether its group is a list, in which the one that chooses begins another entry.
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
    many: bool = False

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.flag.lstrip("-") or self.place[-1].replace("_", "-")

    @property
    def choices(self) -> tuple[str, ...]:
        """What it may be, where its type does not say."""
        return tuple(self.ask.options)

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
    texts = settings.described(model)
    sections = {name: title for title, names in getattr(model, "sections", {}).items() for name in names}
    for name, field in model.model_fields.items():
        if name in group.omit:
            continue
        usual = field.get_default(call_default_factory=True) if default is None else getattr(default, name)
        own = (*place, name)
        inner = _group_of(field, name, group)
        models, tag = _models(field.annotation, [*field.metadata, field])
        listed, tag_of_listed = _models(_item_of(field.annotation))
        if tag_of_listed:
            for one in _of_union(listed, tag_of_listed, own, inner, None):
                yield replace(one, many=True)
        elif models and tag:
            for one in _of_union(models, tag, own, inner, usual):
                yield replace(one, optional=one.optional or usual is None)
        elif models:
            of_model = usual if isinstance(usual, BaseModel) else None
            for one in _arguments(models[0], own, inner, of_model):
                yield replace(one, optional=one.optional or usual is None)
        else:
            title = f"{group.title}: {sections[name].lower()}" if name in sections else group.title
            yield replace(_of_field(field, own, group, usual, texts.get(name, "")), title=title)


def _group_of(field: FieldInfo, name: str, around: Group) -> Group:
    """Return how the settings within a setting are asked for."""
    own = around.groups.get(name) or _mark(field, Group) or Group()
    return replace(
        own, title=own.title or around.title, prefix=around.prefix + own.prefix, like=own.like or around.like
    )


def _of_field(field: FieldInfo, place: Place, group: Group, usual: Any, described: str) -> Argument:
    """Return the argument of one setting."""
    ask = group.flags.get(place[-1]) or _mark(field, Flag) or Flag()
    text = field.description or _plain(described)
    if callable(ask.choices):
        options = ask.options
        sentences = options.items() if isinstance(options, Mapping) else ()
        ask = replace(ask, choices=tuple(options))
        text = "; ".join([text, *(f"{choice}: {about}" for choice, about in sentences)])
    flag = _flag(place[-1], ask, group.prefix)
    return Argument(place, field, flag, ask, text, usual, group.title, group.about, group.like)


def _plain(described: str) -> str:
    return described.rstrip(".").replace("`", "")


def _of_union(
    models: Sequence[type[BaseModel]], tag: str, place: Place, group: Group, usual: Any
) -> Iterator[Argument]:
    """Yield which entry of a tagged union is taken, then the settings of all entries, each once.

    Args:
        models: The entries.
        tag: Name of the field that tells one from another.
        place: Of the union.
        group: How its settings are asked for.
        usual: What it is where nothing is given; None where it may be nothing, pydantic's undefined where
            it must be given.
    """
    names = {model: get_args(model.model_fields[tag].annotation)[0] for model in models}
    field = models[0].model_fields[tag]
    ask = replace(group.flags.get(tag) or Flag(), choices=tuple(names.values()))
    chosen = getattr(usual, tag, usual)
    meanings = {name: getattr(model, "about", "") for model, name in names.items()}
    texts = [f"{name}: {meaning}" for name, meaning in meanings.items() if meaning]
    about = "; ".join([_plain(settings.described(models[0]).get(tag, "")), *texts])
    yield replace(
        _of_field(field, (*place, tag), replace(group, flags={tag: ask}), chosen, about), chooses=True
    )
    shared: dict[Place, list[Argument]] = {}
    for model, name in names.items():
        of_model = usual if type(usual) is model else None
        for one in _arguments(model, place, group, of_model):
            if one.place != (*place, tag):
                shared.setdefault(one.place, []).append(replace(one, entries=(name,)))
    yield from (_as_one(arguments, len(models)) for arguments in shared.values())


def _as_one(sharing: Sequence[Argument], n_entries: int) -> Argument:
    """Return an argument that entries of a union share as one, which tells what it is in each."""
    texts: dict[str, list[str]] = {}
    for one in sharing:
        texts.setdefault(one.about, []).extend(one.entries)
    about = "; ".join(f"{', '.join(entries)}: {text}" for text, entries in texts.items())
    if len(texts) == 1 and len(sharing) == n_entries:
        about = sharing[0].about
    usual = sharing[0].default if all(one.default == sharing[0].default for one in sharing) else None
    entries = tuple(entry for one in sharing for entry in one.entries)
    return replace(sharing[0], about=about, default=usual, entries=entries)


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


def is_mapping(annotation: Any) -> bool:
    """Whether a field takes names with values, as synonyms of words."""
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _models(annotation: Any, marks: Sequence[Any] = ()) -> tuple[list[type[BaseModel]], str]:
    """Return the settings models a field takes, and the field that tells one of several from another.

    Args:
        annotation: Of the field; one of several may have None beside it.
        marks: What stands beside the annotation.
    """
    models: list[type[BaseModel]] = []
    tag = ""
    for mark in marks:
        if isinstance(mark, OneOf):
            return list(mark.entries.values()), mark.tag
        tag = getattr(mark, "discriminator", None) or tag
    for kind in kinds_of(annotation):
        if get_origin(kind) is Annotated:
            inner, *own = get_args(kind)
            more, tag_of_more = _models(inner, own)
            models, tag = [*models, *more], tag_of_more or tag
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            models.append(kind)
    return models, tag


def _item_of(annotation: Any) -> Any:
    """Return what a list holds; None of what is no list."""
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the groups of a question have where nothing else is given, as far as it is not usual."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        usual = field.get_default(call_default_factory=True)
        if isinstance(usual, BaseModel):
            values[name] = _unusual(usual)
    return values


def _unusual(values: BaseModel) -> dict[str, Any]:
    """Return what settings have that their model has not by itself; what groups within them have, too."""
    within = {name: inner for name, inner in _defaults(type(values)).items() if inner}
    return {**within, **values.model_dump(exclude_unset=True)}


def _value_in(values: Mapping[str, Any], place: Sequence[str]) -> Any:
    """Return what is at a place of nested values; an empty dict where there is nothing."""
    inner: Any = values
    for name in place:
        inner = inner.get(name, {})
    return inner


def _put(values: dict[str, Any], argument: Argument | None, place: Place, value: Any) -> None:
    """Put a value at its place; another entry of a tagged union than before begins anew."""
    *path, last = place
    inner = values
    for name in path:
        inner = inner.setdefault(name, {})
    if argument is not None and argument.chooses and value != inner.get(last, argument.default):
        inner.clear()
    inner[last] = value


def _settle(
    values: Mapping[str, Any], choice: Argument, known: Mapping[Place, Argument], given: Mapping[Place, Any]
) -> None:
    """Let a group be of the entry that is chosen, else of the usual one: without settings of other entries.

    Raises:
        InvalidSetting: If such a setting was given.
    """
    *path, tag = choice.place
    group = _value_in(values, path)
    if choice.default is not None and not choice.required:
        group.setdefault(tag, choice.default)
    chosen = group.get(tag)
    for place, argument in known.items():
        if list(place[: len(path)]) != path or not argument.entries or chosen in argument.entries:
            continue
        if place in given:
            raise InvalidSetting(
                f"{argument.flag} is not heeded by {choice.flag} {chosen}, but by "
                f"{' and '.join(argument.entries)}"
            )
        _value_in(values, place[:-1]).pop(place[-1], None)
        first = place[len(path)]
        if group.get(first) == {}:
            del group[first]


def _name_of(known: Mapping[Place, Argument], place: Sequence[int | str]) -> str:
    """Return what an argument is called, by the place pydantic names, which has entries and numbers in it."""
    names = [name for name in place if isinstance(name, str)]
    while names:
        ending = [one for one in known if one[-1] == names[-1] and _is_within(one, names)]
        if ending:
            return known[max(ending, key=len)].name
        names.pop()
    lists = {one.place[0]: one for one in known.values() if one.many and one.chooses}
    if place and place[0] in lists:
        return f"{lists[str(place[0])].flag} {place[-1]}"
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
        if argument.many:
            flags += _written_entries(question, argument) if argument.chooses else []
            continue
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
    known = [one for one in arguments(type(question)) if not one.many]
    given = {one.place: _value_at(question, one.place) for one in known}
    given = {place: value for place, value in given.items() if value not in (None, PydanticUndefined)}
    choosing = {one.place: one for one in known if one.chooses and one.place in given}
    values = deepcopy(type(question).usual(given))
    without = {place: value for place, value in given.items() if place not in choosing}
    before = type(question).usual(without)
    for (*path, last), one in choosing.items():
        _put(values, one, one.place, given[one.place])
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


def _written_entries(question: Question, choice: Argument) -> list[str]:
    """Return a list of settings as flags: which entry begins, then what differs from its defaults."""
    *path, tag = choice.place
    inner = [one for one in arguments(type(question)) if one.place[:-1] == tuple(path) and not one.chooses]
    flags: list[str] = []
    for entry in _value_at(question, tuple(path)):
        flags += _pair(choice.flag, getattr(entry, tag))
        for argument in inner:
            value = getattr(entry, argument.place[-1], PydanticUndefined)
            if value is PydanticUndefined:
                continue
            usual = type(entry).model_fields[argument.place[-1]].get_default(call_default_factory=True)
            if value != usual:
                flags += written(replace(argument, default=usual), value)
    return flags


def written(argument: Argument, value: Any) -> list[str]:
    """Return a setting as it is written on a command line.

    Raises:
        Unwritable: If no flag can say it.
    """
    flag = argument.flag
    if argument.ask.reads is not None:
        raise Unwritable(f"{flag} reads a file, and these values are in none")
    if isinstance(value, Mapping):
        return _written_pairs(argument, value)
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag.removeprefix('--')}"]
    if argument.ask.several:
        return [part for text in _texts(value) for part in _pair(flag, text)]
    if isinstance(value, tuple):
        return _pair(flag, as_list(value))
    return _pair(flag, "none" if value is None else str(value).replace("\t", "\\t"))


def _written_pairs(argument: Argument, value: Mapping[str, Any]) -> list[str]:
    """Return names with values as flags of two texts each, which come to those there are anyway."""
    usual, pairs = _flat(argument.default), _flat(value)
    if missing := set(usual) - set(pairs):
        raise Unwritable(f"{argument.flag} adds to what there is, and takes nothing away: {missing.pop()}")
    added = [pair for pair in pairs if pair not in usual]
    if any(text.startswith("-") for pair in added for text in pair):
        raise Unwritable(f"{argument.flag} takes no text that begins with a dash")
    return [text for pair in added for text in (argument.flag, *pair)]


def _flat(mapping: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, str(text))
        for name, value in mapping.items()
        for text in (value if isinstance(value, tuple) else (value,))
    ]


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
