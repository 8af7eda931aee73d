"""Settings: what the page's form, the command's flags and the library share about a pydantic model."""

from __future__ import annotations

import csv
import inspect
import io
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from taglab.errors import InvalidSetting

if TYPE_CHECKING:
    import pydantic

    Settings = TypeVar("Settings", bound=pydantic.BaseModel)

_MOST_NUMBERS = 10_000


def checked(model: type[Settings], values: Mapping[str, Any]) -> Settings:
    """Make a model of values.

    Raises:
        InvalidSetting: Naming each field that is wrong, what it holds and what it must be.
    """
    import pydantic

    try:
        return model(**values)
    except pydantic.ValidationError as error:
        raise InvalidSetting("; ".join(map(_told, error.errors()))) from error


def _told(fault: Any) -> str:
    """Return what is wrong: the field with what it holds, or, of fields that do not go together, the rule."""
    field = ".".join(map(str, fault["loc"]))
    said = str(fault["msg"]).removeprefix("Value error, ")
    if isinstance(fault["input"], Mapping):
        return f"{field}: {said}" if field else said
    return f"{field}={fault['input']!r}: {said}"


def first_fault(error: pydantic.ValidationError, whole: str) -> InvalidSetting:
    """Return the first thing wrong with a model as an error of ours.

    Args:
        error: What pydantic raised.
        whole: What the model is called, where the fault is of no single field.
    """
    problem = error.errors()[0]
    field = ".".join(map(str, problem["loc"])) or whole
    return InvalidSetting(f"{field}={problem['input']!r} must be otherwise: {problem['msg']}")


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


def described(model: type[pydantic.BaseModel]) -> dict[str, str]:
    """Return what a model's docstring says of each field, under `Attributes:` or `Args:`."""
    section = re.search(
        r"^(?:Attributes|Args):\n((?:[ \t]+.*\n?|\n)+)", inspect.getdoc(model) or "", re.MULTILINE
    )
    if section is None:
        return {}
    entries = re.findall(r"^ {4}(\w+)(?: \([^)]*\))?:\s*(.*(?:\n {5,}.*)*)", section.group(1), re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
