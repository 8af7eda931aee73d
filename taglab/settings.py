"""Settings: what the page's form, the command's flags and the library share about a pydantic model."""

from __future__ import annotations

import csv
import inspect
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from taglab.errors import InvalidSetting
from taglab.reprs import one_line

if TYPE_CHECKING:
    import pydantic

    Settings = TypeVar("Settings", bound=pydantic.BaseModel)

_MOST_NUMBERS = 10_000
_PYDANTIC_RULE = "Input should "


@dataclass(frozen=True)
class Flag:
    """How a setting is asked for, where its name and type do not say it; stands in its annotation.

    Attributes:
        name: In place of `--name-of-the-field`, or of one dash and a name of one letter.
        metavar: What stands for its value in the command's help; two words of a name with its value.
        word: Whether it stands by itself on a command line, in the order of the fields.
        several: Whether it is given again and again, one text each time, which may hold a comma.
        named: Whether a copied command names it even where it is the default.
        choices: What it may be, such as the names in a dictionary; or what returns that, where it is asked:
            its help then tells of each where they stand with sentences.
        short: A letter that is its flag, too.
        reads: Makes the value of a file whose path is given.
    """

    name: str = ""
    metavar: str = ""
    word: bool = False
    several: bool = False
    named: bool = False
    choices: Collection[str] | Callable[[], Collection[str]] = ()
    short: str = ""
    reads: Callable[[Path], Any] | None = None

    @property
    def options(self) -> Collection[str]:
        """What it may be now."""
        return self.choices() if callable(self.choices) else self.choices


@dataclass(frozen=True)
class Group:
    """How settings that hold settings are asked for; stands in their annotation.

    Attributes:
        title: Above them in the help; those of the group around them where empty.
        about: A sentence under the title.
        prefix: Begins every flag.
        flags: Field → how it is asked for, in place of what its annotation says.
        groups: Field → the group within.
        omit: Fields that are not asked for.
        like: Of settings of one kind or another: name of the question's field whose values they have where
            nothing else is given.
    """

    title: str = ""
    about: str = ""
    prefix: str = ""
    flags: Mapping[str, Flag] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    omit: Collection[str] = ()
    like: str = ""


@dataclass(frozen=True, eq=False)
class OneOf:
    """A setting that is one of the models in a dictionary; stands in its annotation.

    The dictionary is looked into when a value is checked, or the setting asked for: what was added to it
    since is among its choices.

    Attributes:
        entries: Name → model; each has a field that holds its name.
        tag: That field.
    """

    entries: Mapping[str, type[pydantic.BaseModel]]
    tag: str

    __repr__ = one_line

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Check values by `of`."""
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(self.of, core_schema.any_schema())

    def of(self, value: Any) -> Any:
        """Return the settings that a value is, or that its fields name and hold.

        Raises:
            ValueError: If they name no model, or do not make it.
        """
        if isinstance(value, tuple(self.entries.values())):
            return value
        fields = dict(value) if isinstance(value, Mapping) else {}
        if fields.get(self.tag) not in self.entries:
            known = ", ".join(self.entries)
            raise ValueError(f"{self.tag}={fields.get(self.tag)!r} must be one of: {known}")
        return self.entries[fields[self.tag]].model_validate(fields)


def dotted(place: Sequence[int | str]) -> str:
    """Return where a field is in nested settings, as `train.epochs`."""
    return ".".join(map(str, place))


def checked(
    model: type[Settings], values: Mapping[str, Any], name: Callable[[Sequence[int | str]], str] = dotted
) -> Settings:
    """Make a model of values.

    Args:
        model: The settings.
        values: By field.
        name: What a field is called where something is wrong with it, by its place.

    Raises:
        InvalidSetting: Naming each field that is wrong, what it holds and what it must be.
    """
    import pydantic

    try:
        return model(**values)
    except pydantic.ValidationError as error:
        raise InvalidSetting("; ".join(_fault(one, name(one["loc"])) for one in error.errors())) from error


def _fault(fault: Any, field: str) -> str:
    """Return what is wrong: the field with what it holds, or, of fields that do not go together, the rule."""
    rule = str(fault["msg"]).removeprefix("Value error, ")
    if isinstance(fault["input"], Mapping):
        return f"{field}: {rule}" if field else rule
    given, rest = f"{field}={fault['input']!r}", rule.removeprefix(_PYDANTIC_RULE)
    return f"{given}: {rule}" if rest == rule else f"{given} must {rest}"


def flattened(values: pydantic.BaseModel | Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return settings, those within settings too, by dotted name: {"labels": "top", "train.epochs": 30}."""
    flat: dict[str, Any] = {}
    for name, value in dict(values).items():
        if hasattr(value, "model_fields_set") or (isinstance(value, Mapping) and value):
            flat |= flattened(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def first_fault(error: pydantic.ValidationError, whole: str) -> InvalidSetting:
    """Return the first thing wrong with a model as an error of ours.

    Args:
        error: What pydantic raised.
        whole: What the model is called, where the fault is of no single field.
    """
    problem = error.errors()[0]
    return InvalidSetting(_fault(problem, ".".join(map(str, problem["loc"])) or whole))


def numbers(text: str) -> tuple[int, ...]:
    """Read whole numbers: `10,20,50`, or `START:STOP:STEP` with STOP included (`10:50:10` is 10, 20, 30 …).

    Both may be mixed; blanks and a comma at the end do not matter, and a number that comes twice counts once.

    Raises:
        InvalidSetting: If it cannot be read so, falls, or stands for too many numbers.
    """
    read: dict[int, None] = {}
    for entry in text.strip().removesuffix(",").split(","):
        match = re.fullmatch(r"\s*(\d{1,9})\s*(?::\s*(\d{1,9})\s*(?::\s*(\d{1,9})\s*)?)?", entry)
        if match is None:
            raise InvalidSetting(f"{text[:60]!r} must be numbers such as 10,20,50 or START:STOP:STEP")
        start = int(match[1])
        stop, step = int(match[2] or start), int(match[3] or 1)
        if step == 0 or stop < start:
            raise InvalidSetting(f"{entry.strip()!r} must rise from START to STOP by a STEP of 1 or more")
        if len(read) + (stop - start) // step >= _MOST_NUMBERS:
            raise InvalidSetting(f"{text[:60]!r} stands for more than {_MOST_NUMBERS:,} numbers")
        read |= dict.fromkeys(range(start, stop + 1, step))
    return tuple(read)


def listed(text: str) -> tuple[str, ...]:
    """Read texts between commas; one that holds a comma stands in double quotes, as in a CSV file.

    Raises:
        InvalidSetting: If it cannot be read so.
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    except csv.Error as error:
        raise InvalidSetting(f"list={text[:60]!r} must be texts between commas ({error})") from error
    return tuple(part for row in rows for cell in row if (part := cell.strip()))


def as_list(texts: Iterable[Any]) -> str:
    """Write texts so that `listed` reads them."""
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow([str(text) for text in texts])
    return written.getvalue()


def about(model: type[pydantic.BaseModel]) -> str:
    """Return what a model's docstring says of the whole: all before its first section, as one paragraph."""
    text = inspect.getdoc(model) or ""
    return " ".join(re.split(r"^(?:Attributes|Args|Source|Raises):", text, maxsplit=1, flags=re.M)[0].split())


def described(model: type[pydantic.BaseModel]) -> dict[str, str]:
    """Return what the docstrings of a model and its bases say of each field under `Attributes:`, `Args:`."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        section = re.search(
            r"^(?:Attributes|Args):\n((?:[ \t]+.*\n?|\n)+)",
            inspect.cleandoc(base.__doc__ or ""),
            re.MULTILINE,
        )
        entries = re.findall(
            r"^ {4}(\w+)(?: \([^)]*\))?:\s*(.*(?:\n {5,}.*)*)", section[1] if section else "", re.MULTILINE
        )
        found |= {name: " ".join(text.split()) for name, text in entries if name in model.model_fields}
    return found
