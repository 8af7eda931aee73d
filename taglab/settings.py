"""Settings: what the page's form, the command's flags and the library share about a pydantic model."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from taglab.errors import InvalidSetting

if TYPE_CHECKING:
    import pydantic

    Settings = TypeVar("Settings", bound=pydantic.BaseModel)


def checked(model: type[Settings], values: Mapping[str, Any]) -> Settings:
    """Make a model of values.

    Raises:
        InvalidSetting: Naming each field that is wrong, what it holds and what it must be.
    """
    import pydantic

    try:
        return model(**values)
    except pydantic.ValidationError as error:
        said = (
            f"{'.'.join(map(str, fault['loc'])) or model.__name__}={fault['input']!r}: {fault['msg']}"
            for fault in error.errors()
        )
        raise InvalidSetting("; ".join(said)) from error


def described(model: type[pydantic.BaseModel]) -> dict[str, str]:
    """Return what a model's docstring says of each field, under `Attributes:` or `Args:`."""
    section = re.search(
        r"^(?:Attributes|Args):\n((?:[ \t]+.*\n?|\n)+)", inspect.getdoc(model) or "", re.MULTILINE
    )
    if section is None:
        return {}
    entries = re.findall(r"^ {4}(\w+)(?: \([^)]*\))?:\s*(.*(?:\n {5,}.*)*)", section.group(1), re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
